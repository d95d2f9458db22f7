"""Fits the few weights that turn the signals of an answer and of a hit into chances.

python -m evals.training.fit DATA --work FOLDER

The questions are of parts of the sets on which neither the reader was trained nor anything is
reported: an article of squad2 with its near misses, a fifth of nq_open_oracle, halves of
clapnq_dev, cranfield and multihoprag, and a fifth of nq_open_oracle asked of squad2, which cannot
answer them. Writes `src/askdoc/answer/calibration.json`.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from askdoc.answer.calibration import WEIGHTS
from askdoc.answer.calibration import weights as known_weights
from askdoc.answer.evidence import Evidence, choose, confidence, judged, signals
from askdoc.answer.pipeline import find
from askdoc.answer.query import Query, contextualize
from askdoc.answer.retrieve import Candidate
from askdoc.types import Passage
from evals.sets import Part, Row, source_of

SETS = {
    "squad2": 300,
    "nq_open_oracle": 250,
    "clapnq_dev": 200,
    "cranfield": 112,
    "multihoprag": 80,
}
OUTSIDE = 250
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)  # for which the refusals are told
PENALTY = 0.003  # of large weights, a question

Vector = NDArray[np.float64]
Sample = tuple[dict[str, float], bool]


@dataclass(slots=True)
class Seen:
    """A question, and the candidates that were read for it."""

    part: Part
    question: Row
    query: Query
    ranked: list[Candidate]

    @property
    def wanted(self) -> bool:
        """Whether it is known which words answer."""
        return bool(self.question["answers"] or self.question.get("evidence"))

    def right(self, passage: Passage, text: str) -> bool:
        """Whether a text of a passage answers; where nobody knows the words, its document does."""
        gold = {source_of(str(id)) for id in self.question["gold_ids"]}
        return passage.source in gold and (not self.wanted or holds(text, self.question))


def holds(text: str, question: Row) -> bool:
    """Whether a text has one of the answers, or one of the facts that the answer rests on."""
    facts = [item["fact"] for item in question.get("evidence") or []]
    folded = re.sub(r"\W+", " ", text.casefold())
    return any(
        f" {words} " in f" {folded} " or (facts and folded.strip() in words)
        for words in (
            re.sub(r"\W+", " ", str(wanted).casefold()).strip()
            for wanted in (facts or question.get("answers") or [])
        )
        if words
    )


def answers(chosen: Sequence[Evidence], question: Row) -> bool:
    """Whether a sentence that was chosen holds the answer."""
    return question["answerable"] and any(holds(item.span.text, question) for item in chosen)


def seen(part: Part, questions: Sequence[Row]) -> Iterator[Seen]:
    """What is read for each question, of a part's documents."""
    index = part.assistant.index
    for question in questions:
        query = contextualize(question["question"], (), index)
        ranked = find(index, query).ranked
        yield Seen(part, question, query, [item for item in ranked if item.judgement])


def passages_of(found: Sequence[Seen]) -> list[Sample]:
    """The signals of each passage that was read, and whether it is a right one."""
    rows = []
    for item in found:
        if item.question["answerable"]:
            for each in item.ranked:
                right = item.right(each.passage, each.passage.text)
                rows.append((each.signals, right))
    return rows


def sentences_of(found: Sequence[Seen]) -> list[list[Sample]]:
    """For each question, the signals of each sentence, and whether it answers."""
    rows = []
    for item in found:
        if item.question["answerable"] and item.wanted:
            every = [
                (each.signals, item.right(each.passage, each.span.text))
                for each in judged(item.query, item.ranked)
            ]
            if any(right for _, right in every):
                rows.append(every)
    return rows


def answers_of(found: Sequence[Seen]) -> list[Sample]:
    """The signals of each answer, and whether it holds what was asked for."""
    rows = []
    for item in found:
        index = item.part.assistant.index
        best = item.ranked[: index.settings.k]
        chosen = choose(item.query, best)
        if chosen and (item.wanted or not item.question["answerable"]):
            told = signals(item.query, best, chosen)
            rows.append((told, answers(chosen, item.question)))
    return rows


def refusals(found: Sequence[Seen]) -> str:
    """For each threshold, how many refusals are right, and how many of those due there are."""
    sure = []
    for item in found:
        index = item.part.assistant.index
        best = item.ranked[: index.settings.k]
        chosen = choose(item.query, best)
        sure.append((confidence(item.query, best, chosen), item.question["answerable"]))
    lines = []
    for threshold in THRESHOLDS:
        refused = [able for chance, able in sure if chance < threshold]
        right, every = refused.count(False), [able for _, able in sure].count(False)
        precision, recall = right / max(1, len(refused)), right / every
        lines.append(f"threshold {threshold}: precision {precision:.2f}, recall {recall:.2f}")
    return "\n".join(lines)


def gathered(data: Path, place: Path) -> list[Seen]:
    """What comes of all questions to fit on."""
    found: list[Seen] = []
    parts = {}
    for name, most in SETS.items():
        parts[name] = part = Part(data, name, place)
        wanted = "tune" if name in ("squad2", "nq_open_oracle") else "train"
        questions = [q for q in part.questions if part.part(q) == wanted]
        random.Random(1).shuffle(questions)
        found += seen(part, questions[:most])
        print(f"{name}: {len(questions[:most])} questions", flush=True)
    outside = [
        {**question, "answerable": False, "gold_ids": [], "answers": []}
        for question in parts["nq_open_oracle"].questions
        if parts["nq_open_oracle"].part(question) == "tune"
    ]
    random.Random(2).shuffle(outside)
    found += seen(parts["squad2"], outside[:OUTSIDE])
    return found


def fitted(rows: Sequence[Sample]) -> dict[str, Any]:
    """Weights by logistic regression, by Newton's method on standardised signals."""
    names = list(rows[0][0])
    x = np.array([[row[name] for name in names] for row, _ in rows], float)
    y = np.array([right for _, right in rows], float)
    middle, width = x.mean(0), x.std(0) + 1e-9
    scaled = np.hstack([(x - middle) / width, np.ones((len(x), 1))])
    weights = np.zeros(scaled.shape[1])
    for _ in range(50):
        chances = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (y - chances) - PENALTY * len(y) * np.append(weights[:-1], 0)
        bend = (scaled * (chances * (1 - chances))[:, None]).T @ scaled
        bend += np.diag([PENALTY * len(y)] * len(names) + [1e-6])
        weights += np.linalg.solve(bend, slope)
    plain: Vector = weights[:-1] / width
    bias = float(weights[-1] - (plain * middle).sum())
    return {
        "bias": round(bias, 4),
        **{name: round(float(weight), 4) for name, weight in zip(names, plain, strict=True)},
    }


def chosen_by(rows: Sequence[Sequence[Sample]]) -> dict[str, Any]:
    """Weights by conditional logistic regression (McFadden, 1974): which sentence is the right one.

    Several right ones of a question are counted together.
    """
    names = list(rows[0][0][0])
    groups = [
        (np.array([[told[name] for name in names] for told, _ in row]), [r for _, r in row])
        for row in rows
    ]

    def lost(weights: Vector) -> float:
        total = PENALTY * len(groups) * float(weights @ weights)
        for x, right in groups:
            logits = x @ weights
            total += float(logsumexp(logits) - logsumexp(logits[right]))
        return total

    found = minimize(lost, np.zeros(len(names)), method="L-BFGS-B").x
    return {"bias": 0.0} | {
        name: round(float(weight), 4) for name, weight in zip(names, found, strict=True)
    }


def main() -> None:
    """Reads the command line, fits and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    found = gathered(arguments.data, arguments.work / "corpora")
    passages, sentences = passages_of(found), sentences_of(found)
    weights = {"ranking": fitted(passages), "sentence": chosen_by(sentences)}
    WEIGHTS.write_text(json.dumps({**known_weights(), **weights}, indent=2) + "\n", "utf-8")
    known_weights.cache_clear()  # which sentences are chosen depends on the weights so far
    told = answers_of(found)
    weights["answer"] = fitted(told)
    counts = {"passages": len(passages), "questions": len(sentences), "answers": len(told)}
    WEIGHTS.write_text(json.dumps({"fitted on": counts, **weights}, indent=2) + "\n", "utf-8")
    known_weights.cache_clear()
    print(WEIGHTS.read_text("utf-8"))
    outside = found[-OUTSIDE:]
    own = [item for item in found[:-OUTSIDE] if item.part is outside[0].part]
    own = [item for item in own if item.question["answerable"]]
    print(f"all but those from outside\n{refusals(found[:-OUTSIDE])}")
    print(f"those from outside, and what squad2 can answer\n{refusals([*own, *outside])}")


if __name__ == "__main__":
    main()
