"""Fits the few weights that turn the signals of an answer and of a hit into probabilities.

python -m evals.training.fit DATA --work FOLDER

The questions are of parts of the sets on which neither the reader was trained nor anything is
reported: an article of squad2 with its near misses, a fifth of nq_open_oracle, halves of
clapnq_dev, cranfield and multihoprag, and a fifth of nq_open_oracle asked of squad2, which cannot
answer them. Writes `src/askdoc/answer/calibration.json`.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from askdoc.evaluation import metrics
from askdoc.evaluation.questions import Question
from askdoc.types import Span
from evals.sets import Part

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


def ask(part: Part, questions: Sequence[Question]) -> Iterator[Asked]:
    """What is found for each question in the documents of a part."""
    index = part.assistant.index
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


def gather(data: Path, place: Path) -> tuple[list[Asked], list[Asked], list[Asked]]:
    """All questions to fit on: of the sets, those that squad2 answers, and those from outside."""
    parts = {name: Part(data, name, place) for name in SETS}
    asked = {name: list(ask(part, part.tuning(SETS[name]))) for name, part in parts.items()}
    outside = [
        replace(question, answerable=False, answers=(), relevant=(), facts=())
        for question in parts["nq_open_oracle"].tuning(OUTSIDE, seed=2)
    ]
    own = [each for each in asked["squad2"] if each.question.answerable]
    of_sets = [each for of_set in asked.values() for each in of_set]
    return of_sets, own, list(ask(parts["squad2"], outside))


def main() -> None:
    """Reads the command line, fits and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    of_sets, own, outside = gather(arguments.data, arguments.work / "corpora")
    asked = [*of_sets, *outside]
    weights = {**known_weights(), "fitted on": {}}
    # Which sentences are chosen depends on the weights so far: the answers come last.
    for name, samples_of in (
        ("ranking", passages_of), ("sentence", sentences_of), ("answer", answers_of)
    ):  # fmt: skip
        samples = samples_of(asked)
        weights[name] = {key: round(w, 4) for key, w in FITS[name](samples).items()}
        weights["fitted on"][name] = sum(map(len, samples))
        WEIGHTS.write_text(json.dumps(weights, indent=2) + "\n", "utf-8")
        known_weights.cache_clear()
    print(WEIGHTS.read_text("utf-8"))
    print(f"all but those from outside\n{refusals(of_sets)}")
    print(f"those from outside, and what squad2 can answer\n{refusals([*own, *outside])}")


if __name__ == "__main__":
    main()
