"""Fits the few weights that turn the signals of an answer and of a hit into probabilities.

python -m evals.training.fit DATA --work FOLDER [--only answer] [--sets squad2 …]

The questions are of parts of the sets on which neither the reader was trained nor anything is
reported: an article of squad2 with its near misses, a fifth of nq_open_oracle, halves of
clapnq_dev, cranfield and multihoprag, a fifth of nq_open_oracle asked of squad2, which cannot
answer them, and the small folders of `evals/training/folders.py`. Writes
`src/askdoc/answer/calibration.json`, with --only the weights of that name alone.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from askdoc.answer.calibration import WEIGHTS
from askdoc.answer.calibration import weights as known_weights
from askdoc.answer.evidence import choose, confidence, judged, signals
from askdoc.answer.pipeline import Findings, find
from askdoc.answer.query import contextualize
from askdoc.assistant import Assistant
from askdoc.evaluation import metrics
from askdoc.evaluation.questions import Question
from askdoc.types import Span
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
THRESHOLDS = (0.1, 0.15, 0.2, 0.3, 0.5, 0.7)  # for which the refusals are told
PENALTY = 0.003  # of large weights, a question

Weights = dict[str, float]
Sample = tuple[dict[str, float], bool]
"""Signals, and whether what they speak for is right."""
Fit = Callable[[Sequence[Sequence[Sample]]], Weights]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what askdoc finds for it."""

    question: Question
    findings: Findings

    @property
    def wanted(self) -> bool:
        """Whether it is known which words answer."""
        return bool(self.question.short_answers or self.question.facts)

    def holds(self, span: Span) -> bool:
        """Whether a text has one of the answers, or one of the facts that the answer rests on."""
        if self.question.facts:
            return metrics.supports((span.source, span.start, span.end), self.question.evidence)
        return metrics.says(span.text, self.question.short_answers) == 1

    def is_right(self, span: Span) -> bool:
        """Whether a text answers; where nobody knows the words, its document does."""
        return span.source in self.question.relevant and (not self.wanted or self.holds(span))


def ask(assistant: Assistant, questions: Sequence[Question]) -> Iterator[Asked]:
    """What is found for each question in the documents of an assistant."""
    index = assistant.index
    for question in questions:
        query = contextualize(question.question, question.history, index)
        yield Asked(question, find(index, query))


def passages_of(asked: Sequence[Asked]) -> list[list[Sample]]:
    """For each question, the signals of each passage that was read, and whether it is right."""
    return [
        [
            (item.signals, each.is_right(item.passage))
            for item in each.findings.ranked
            if item.signals
        ]
        for each in asked
        if each.question.answerable
    ]


def sentences_of(asked: Sequence[Asked]) -> list[list[Sample]]:
    """For each question, the signals of each sentence, and whether it answers."""
    samples = [
        [
            (sentence.signals, each.is_right(sentence.span))
            for sentence in judged(each.findings.query, each.findings.ranked)
        ]
        for each in asked
        if each.question.answerable and each.wanted
    ]
    return [sentences for sentences in samples if any(right for _, right in sentences)]


def answers_of(asked: Sequence[Asked]) -> list[list[Sample]]:
    """For each question, the signals of its answer, and whether that holds what was asked for."""
    samples = []
    for each in asked:
        query, best = each.findings.query, each.findings.ranked[: each.findings.k]
        evidence = choose(query, best)  # anew: other weights choose other sentences
        if evidence and (each.wanted or not each.question.answerable):
            right = any(each.holds(sentence.span) for sentence in evidence)
            told = signals(query, best, evidence)
            samples.append([(told, bool(each.question.answerable and right))])
    return samples


def refusals(asked: Sequence[Asked]) -> str:
    """For each threshold, how many refusals are right, and how many of those due there are."""
    answerable = [bool(each.question.answerable) for each in asked]
    sure = []
    for each in asked:
        query, best = each.findings.query, each.findings.ranked[: each.findings.k]
        sure.append(confidence(query, best, choose(query, best)))
    lines = []
    for threshold in THRESHOLDS:
        refused = [value < threshold for value in sure]
        precision, recall, _ = metrics.abstention(refused, answerable)
        lines.append(f"threshold {threshold}: precision {precision:.2f}, recall {recall:.2f}")
    return "\n".join(lines)


def logistic(groups: Sequence[Sequence[Sample]]) -> Weights:
    """Weights and bias by logistic regression on standardised signals."""
    samples = [sample for group in groups for sample in group]
    x, names = matrix(samples)
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=1 / (PENALTY * len(x)), max_iter=1000)
    model.fit(scaler.transform(x), [right for _, right in samples])
    plain = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - plain @ scaler.mean_)
    return {"bias": bias} | {name: float(w) for name, w in zip(names, plain, strict=True)}


def conditional(groups: Sequence[Sequence[Sample]]) -> Weights:
    """Weights by conditional logistic regression (McFadden, 1974): which sentence is right.

    Several right ones of a question are counted together. scikit-learn has no such model.
    """
    _, names = matrix(groups[0])
    choices = [(matrix(group)[0], [right for _, right in group]) for group in groups]

    def loss(weights: NDArray[np.float64]) -> float:
        total = PENALTY * len(choices) * float(weights @ weights)
        for x, right in choices:
            logits = x @ weights
            total += float(logsumexp(logits) - logsumexp(logits[right]))
        return total

    best = minimize(loss, np.zeros(len(names)), method="L-BFGS-B").x
    return {"bias": 0.0} | {name: float(w) for name, w in zip(names, best, strict=True)}


def matrix(samples: Sequence[Sample]) -> tuple[NDArray[np.float64], list[str]]:
    """The signals as rows of numbers, and the names of the columns."""
    names = list(samples[0][0])
    return np.array([[of[name] for name in names] for of, _ in samples], float), names


FITS: dict[str, Fit] = {"ranking": logistic, "sentence": conditional, "answer": logistic}
"""How the weights under each name are fitted."""


def gather(data: Path, place: Path, sets: Sequence[str]) -> tuple[list[Asked], list[Asked]]:
    """All questions to fit on: those of the sets and from outside, and those of small folders."""
    foreign = [row for row in lines(data / "nq_open_oracle" / "queries.jsonl") if _kept(row)]
    random.Random(2).shuffle(foreign)
    outside = [
        Question(f"outside-{number}", row["question"], answerable=False)
        for number, row in enumerate(foreign)
    ]
    of_sets = []
    for name in sets:
        part = Part(data, name, place)
        of_sets += list(ask(part.assistant, part.tuning(SETS[name])))
        if name == "squad2":
            of_sets += list(ask(part.assistant, outside[:OUTSIDE]))
        print(f"{name}: {len(of_sets)} questions so far", flush=True)
    of_folders = []
    unused = [question.question for question in outside[OUTSIDE:]]
    for assistant, questions in folders(data, place / "folders", unused):
        of_folders += list(ask(assistant, questions))
        print(f"{assistant.index.corpus.name}: {len(of_folders)} of folders", flush=True)
    return of_sets, of_folders


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
    parser.add_argument("--only", choices=FITS, help="fit the weights of this name alone")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    arguments = parser.parse_args()
    place = arguments.work / "corpora"
    of_sets, of_folders = gather(arguments.data, place, arguments.sets)
    weights = {**known_weights()}
    # Which sentences are chosen depends on the weights so far: the answers come last.
    for name, samples_of in (
        ("ranking", passages_of), ("sentence", sentences_of), ("answer", answers_of)
    ):  # fmt: skip
        if arguments.only not in (None, name):
            continue
        samples = samples_of([*of_sets, *of_folders])
        weights[name] = {key: round(w, 4) for key, w in FITS[name](samples).items()}
        weights["fitted on"][name] = sum(map(len, samples))
        WEIGHTS.write_text(json.dumps(weights, indent=2) + "\n", "utf-8")
        known_weights.cache_clear()
    print(WEIGHTS.read_text("utf-8"))
    print(f"large sets\n{refusals(of_sets)}\nsmall folders\n{refusals(of_folders)}")


if __name__ == "__main__":
    main()
