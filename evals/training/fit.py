"""Fits the few weights that turn the signals of an answer and of a hit into probabilities.

python -m evals.training.fit DATA --work FOLDER [--only answer] [--sets squad2 …]

The questions are of parts of the sets on which neither the reader was trained nor anything is
reported: an article of squad2 with its near misses, a fifth of nq_open_oracle, halves of
clapnq_dev, cranfield and multihoprag, a fifth of nq_open_oracle asked of squad2, which cannot
answer them, the small folders of `evals/training/folders.py`, our own folders to tune on, and the
tuning half of the questions on the corpus that ships. Writes
`src/askdoc/answer/calibration.json`, with --only the weights of that name alone, and tells the
calibration error on each corpus by weights that were fitted on all the others.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from askdoc.answer.calibration import WEIGHTS, bundled
from askdoc.evaluation.calibrate import HEADS, Asked, ask, fit, reached
from askdoc.evaluation.questions import Question
from evals.folders import folders as own_folders
from evals.folders import shipped
from evals.sets import Part, Row, lines, part_of
from evals.training.folders import folders

SETS = {
    "squad2": 300,
    "nq_open_oracle": 250,
    "clapnq_dev": 200,
    "cranfield": 112,
    "multihoprag": 80,
}
OUTSIDE = 250
OWN_TIMES = 3  # that our own folders and corpus count: they are most like what people have
THRESHOLDS = (0.0, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7)  # for which it is told what is reached


def gather(data: Path, place: Path, sets: Sequence[str]) -> Iterator[list[Asked]]:
    """All questions to fit on, corpus by corpus: the sets, and then the small folders."""
    foreign = [row for row in lines(data / "nq_open_oracle" / "queries.jsonl") if _kept(row)]
    random.Random(2).shuffle(foreign)
    outside = [
        Question(f"outside-{number}", row["question"], answerable=False)
        for number, row in enumerate(foreign)
    ]
    for name in sets:
        part = Part(data, name, place)
        chosen = part.tuning(SETS[name]) + (outside[:OUTSIDE] if name == "squad2" else [])
        yield list(ask(part.assistant, chosen, bundled()))
    unused = [question.question for question in outside[OUTSIDE:]]
    for assistant, chosen in folders(data, place / "folders", unused):
        yield list(ask(assistant, chosen, bundled()))
    ours = [*own_folders(place / "own", "tune"), shipped(place / "shipped", "tune")]
    for corpus, chosen in ours:
        yield list(ask(corpus.assistant, chosen, bundled())) * OWN_TIMES


def _kept(row: Row) -> bool:
    """Whether a question of nq_open_oracle is one of those that nothing is trained on."""
    return part_of(row["question"], (("train", 0.8), ("tune", 0.2))) == "tune"


def main() -> None:
    """Reads the command line, fits and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", choices=HEADS, help="fit the weights of this name alone")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    arguments = parser.parse_args()
    corpora: list[list[Asked]] = []
    for asked in gather(arguments.data, arguments.work / "corpora", arguments.sets):
        corpora.append(asked)
        print(f"{len(corpora)} corpora, {sum(map(len, corpora))} questions so far", flush=True)
    heads = [arguments.only] if arguments.only else list(HEADS)
    fitted, counts = fit([each for asked in corpora for each in asked], heads, bundled())
    before = json.loads(WEIGHTS.read_text("utf-8"))["fitted on"]
    weights = {"fitted on": {**before, **counts}, **fitted.weights}
    WEIGHTS.write_text(json.dumps(weights, indent=2) + "\n", "utf-8")
    print(WEIGHTS.read_text("utf-8"))
    print("each corpus by weights that were fitted on all the others")
    for threshold, what in zip(THRESHOLDS, reached(corpora, fitted, THRESHOLDS), strict=True):
        print(f"threshold {threshold}: {what}")


if __name__ == "__main__":
    main()
