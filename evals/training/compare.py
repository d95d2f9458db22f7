"""Compares readers on questions that none of them was trained on and nothing is reported on.

python -m evals.training.compare DATA OLD.onnx NEW.onnx

For each: how often the sentence with the highest logit is a right one, inside the right passage;
and how well the logits tell passages that answer from those that do not (the area under the ROC
curve: .5 by chance, 1 always), for near misses of each kind and for questions from outside, where
the best of four passages counts on both sides.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from askdoc.answer.encoding import encode
from askdoc.answer.reader import OUTPUTS
from askdoc.ingest.chunker import chunk
from askdoc.onnx import session
from evals.training.examples import SIZE, Example, Shelf, Shown, examples, read_passage
from evals.training.questions import TRIED, Questions, questions

MOST = 150  # examples of each kind

Case = tuple[str, bool, Example]  # the measure, whether something answers, and the passages


@dataclass(frozen=True, slots=True)
class Told:
    """What a reader makes of a case: the best logits of its sentences and passages, its choice."""

    measure: str
    able: bool
    sentence: float
    whole: float
    chosen: bool | None


class OneReader:
    """A reader by its ONNX file."""

    def __init__(self, model: Path) -> None:
        self._session = session(model, OUTPUTS)

    def read(self, question: str, shown: Shown) -> tuple[list[float], float]:
        """The logits of each sentence and of the passage."""
        tokens = encode(question, shown.frame, shown.text, shown.spans)
        logits, whole = self._session.run(None, tokens.feed())
        return [float(logit) for logit in logits[0]], float(whole[0])

    def told(self, case: Case) -> Told:
        """What it makes of a case."""
        measure, able, example = case
        found = [self.read(example.question, shown) for shown in example.passages]
        logits, verdicts = found[0][0], example.passages[0].right
        chosen = verdicts[int(np.argmax(logits))] if logits and able else None
        best = max((logit for logits, _ in found for logit in logits), default=-10.0)
        return Told(measure, able, best, max(whole for _, whole in found), chosen)


def area(able: Sequence[float], unable: Sequence[float]) -> float:
    """The chance that one that answers is above one that does not."""
    if not able or not unable:
        return float("nan")
    over = np.subtract.outer(np.asarray(able), np.asarray(unable))
    return float((over > 0).mean() + 0.5 * (over == 0).mean())


def cases(data: Path) -> list[Case]:
    """Everything that is measured."""
    found = list(questions(data, TRIED))
    every: dict[str, list[Case]] = defaultdict(list)
    for name, example in examples(found, Random(1)):
        able = any(any(shown.right) for shown in example.passages)
        first = Example(example.kind, example.question, example.passages[:1])
        if able and not any(example.passages[0].right):
            continue
        every[f"{name}/{able}"].append((name, able, first))
        if not able and not example.kind.startswith("yes/no"):
            every[example.kind].append((example.kind, able, first))
        if example.kind.startswith("yes/no"):
            every[f"yes/no {able}"].append(("yes/no", able, first))
    for case in (*outside(found), *own(found)):
        every[f"{case[0]}/{case[1]}"].append(case)
    for group in every.values():
        Random(2).shuffle(group)
    return [case for name in sorted(every) for case in every[name][: most(name)]]


def most(name: str) -> int:
    """How many of a kind are read."""
    return 1000 if name.startswith("own") else MOST


def outside(found: Sequence[Questions]) -> Iterable[Case]:
    """Questions with the four passages that resemble them most, of their own set and of another."""
    with tempfile.TemporaryDirectory() as place:
        shelves = {part.name: Shelf.filled(part, Path(place)) for part in found}
        for home, away in (
            ("nq_open_oracle", "selqa"),
            ("selqa", "nq_open_oracle"),
            ("fairytaleqa", "nq_open_oracle"),
            ("squad2", "nq_open_oracle"),
        ):
            part = next(part for part in found if part.name == home)
            for asked in Random(3).sample([a for a in part.asked if a.answerable], 60):
                own = [read_passage(p, ()) for p in shelves[home].near(asked.question, 4)]
                there = [read_passage(p, ()) for p in shelves[away].near(asked.question, 4)]
                if own and there:
                    yield "outside", True, Example("", asked.question, tuple(own))
                    yield "outside", False, Example("", asked.question, tuple(there))


def own(found: Sequence[Questions]) -> Iterable[Case]:
    """Our own questions, as they were written."""
    for asked in found[-1].asked:
        for passage in chunk(asked.document, SIZE):
            shown = read_passage(passage, asked.answers)
            yield "own", asked.answerable, Example("", asked.question, (shown,))


def table(told: Sequence[Told]) -> dict[str, list[float]]:
    """For each measure: questions, right choices, and the areas of both logits.

    Near misses of a kind are held against everything that answers.
    """
    able = [item for item in told if item.able and item.measure not in ("outside", "own")]
    rows: dict[str, list[float]] = {}
    for measure in dict.fromkeys(item.measure for item in told):
        those = [item for item in told if item.measure == measure]
        yes = [item for item in those if item.able] or able
        no = [item for item in those if not item.able]
        chosen = [item.chosen for item in yes if item.chosen is not None]
        rows[measure] = [
            len(those),
            sum(chosen) / len(chosen) if any(chosen) else float("nan"),
            area([item.sentence for item in yes], [item.sentence for item in no]),
            area([item.whole for item in yes], [item.whole for item in no]),
        ]
    return rows


def main() -> None:
    """Reads the command line and prints the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    arguments = parser.parse_args()
    every = cases(arguments.data)
    print(f"{len(every)} cases; choice of the sentence, area by sentence, area by passage")
    figures = {}
    for model in arguments.models:
        reader = OneReader(model)
        figures[str(model)] = rows = table([reader.told(case) for case in every])
        print(model)
        for measure, (count, choice, sentence, whole) in rows.items():
            print(f"  {measure:22} {count:5.0f} {choice:6.3f} {sentence:6.3f} {whole:6.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
