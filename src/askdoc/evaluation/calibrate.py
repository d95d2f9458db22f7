"""Fits the few weights that turn the signals of a passage, a sentence and an answer into trust.

Both ``askdoc calibrate`` and `evals/training/fit.py` fit them like this.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askdoc.answer.calibration import WEIGHTS, Calibration, Weights, bundled, stored
from askdoc.answer.evidence import choose, judged, signals
from askdoc.answer.pipeline import Findings, find
from askdoc.answer.query import contextualize
from askdoc.assistant import Assistant
from askdoc.errors import BadInput
from askdoc.evaluation import metrics
from askdoc.evaluation.questions import Corpus, Question, questions
from askdoc.evaluation.run import OnQuestion, save
from askdoc.evaluation.sets import QUESTIONS, settings_of_set
from askdoc.index.index import check_settings
from askdoc.settings import BUNDLED_READER, Settings
from askdoc.types import Span

SHIPPED = Path(__file__).with_name("calibration")
"""A set of our own that brings its documents, on which nothing was trained."""

FEWEST = 20  # right answers, and as many others, that weights are fitted on
PARTS = 5  # of the questions: each is judged by weights that were fitted on the others
PENALTY = 0.003  # of large weights, a question
PLACES = 4  # decimals of a weight

Sample = tuple[dict[str, float], bool]
"""Signals, and whether what they speak for is right."""
Groups = Sequence[Sequence[Sample]]
"""The samples of each question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what askdoc finds for it."""

    question: Question
    findings: Findings

    @property
    def wanted(self) -> bool:
        """Whether it is known which words answer."""
        return bool(self.question.short_answers or self.question.facts)

    @property
    def tells(self) -> bool:
        """Whether it is known if what was found holds the answer."""
        return bool(self.findings.evidence) and (self.wanted or self.question.answerable is False)

    def holds(self, span: Span) -> bool:
        """Whether a text has one of the answers, or one of the facts that the answer rests on."""
        if self.question.facts:
            return metrics.supports((span.source, span.start, span.end), self.question.evidence)
        return metrics.says(span.text, self.question.short_answers) == 1

    def is_right(self, span: Span) -> bool:
        """Whether a text answers; where nobody knows the words, its document does."""
        return span.source in self.question.relevant and (not self.wanted or self.holds(span))


@dataclass(frozen=True, slots=True)
class Reached:
    """How far confidences can be trusted.

    ``error`` is the calibration error of the answers that are shown, ``precision`` and ``recall``
    are those of the refusals; all are 0 to 1, and NaN where there are none.
    """

    error: float
    precision: float
    recall: float

    def __str__(self) -> str:
        return (
            f"calibration error {self.error:.3f}; "
            f"refusals: precision {self.precision:.2f}, recall {self.recall:.2f}"
        )


def ask(
    assistant: Assistant,
    asked: Sequence[Question],
    fitted: Calibration | None = None,
    on_question: OnQuestion = lambda system, done, of: None,
) -> Iterator[Asked]:
    """What is found for each question in the documents of an assistant."""
    for done, question in enumerate(asked):
        on_question("asking", done, len(asked))
        query = contextualize(question.question, question.history, assistant.index)
        yield Asked(question, find(assistant.index, query, fitted=fitted))


def passages_of(asked: Sequence[Asked], fitted: Calibration) -> list[list[Sample]]:
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


def sentences_of(asked: Sequence[Asked], fitted: Calibration) -> list[list[Sample]]:
    """For each question, the signals of each sentence, and whether it answers."""
    samples = [
        [
            (sentence.signals, each.is_right(sentence.span))
            for sentence in judged(each.findings.query, each.findings.ranked, fitted)
        ]
        for each in asked
        if each.question.answerable and each.wanted
    ]
    return [sentences for sentences in samples if any(right for _, right in sentences)]


def answers_of(asked: Sequence[Asked], fitted: Calibration) -> list[list[Sample]]:
    """For each question, the signals of its answer, and whether that holds what was asked for."""
    samples = []
    for each in asked:
        if each.tells:
            query, best = each.findings.query, each.findings.ranked
            # Anew, since other weights choose other sentences; as many as are shown.
            every = judged(query, best, fitted)
            evidence = choose(query, every, doubtful=True) or each.findings.evidence
            right = any(each.holds(sentence.quote) for sentence in evidence)
            told = signals(query, best, evidence)
            samples.append([(told, bool(each.question.answerable and right))])
    return samples


def logistic(groups: Groups, known: Weights) -> dict[str, float]:
    """Weights and bias by logistic regression on standardised signals.

    A signal that is the same in all samples, as the size of the one corpus that was asked, teaches
    nothing: it keeps its known weight.
    """
    # Imported where first used: they take seconds that no other command should pay.
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    samples = [sample for group in groups for sample in group]
    x, names = matrix(samples)
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=1 / (PENALTY * len(x)), max_iter=1000)
    model.fit(scaler.transform(x), [right for _, right in samples])
    kept = np.array([known.get(name, 0.0) for name in names])
    plain = np.where(np.ptp(x, axis=0) == 0, kept, model.coef_[0] / scaler.scale_)
    bias = float(model.intercept_[0] - plain @ scaler.mean_)
    return {"bias": bias} | {name: float(w) for name, w in zip(names, plain, strict=True)}


def conditional(groups: Groups, known: Weights) -> dict[str, float]:
    """Weights by conditional logistic regression (McFadden, 1974): which sentence is right.

    Several right ones of a question are counted together. scikit-learn has no such model.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    _, names = matrix(groups[0])
    most = max(map(len, groups))
    x = np.zeros((len(groups), most, len(names)))
    right, there = np.zeros((2, len(groups), most), bool)
    for at, group in enumerate(groups):
        x[at, : len(group)] = matrix(group)[0]
        right[at, : len(group)] = [is_right for _, is_right in group]
        there[at, : len(group)] = True

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.where(there, x @ weights, -np.inf)
        every = logsumexp(logits, axis=1, keepdims=True)
        good = logsumexp(np.where(right, logits, -np.inf), axis=1, keepdims=True)
        pull = np.exp(logits - every) - np.where(right, np.exp(logits - good), 0.0)
        penalty = PENALTY * len(groups) * weights
        slope = 2 * penalty + np.einsum("gs,gsn->n", pull, x)
        return float(penalty @ weights + (every - good).sum()), slope

    best = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x
    return {"bias": 0.0} | {name: float(w) for name, w in zip(names, best, strict=True)}


def matrix(samples: Sequence[Sample]) -> tuple[NDArray[np.float64], list[str]]:
    """The signals as rows of numbers, and the names of the columns."""
    names = list(samples[0][0])
    return np.array([[of[name] for name in names] for of, _ in samples], float), names


Fit = Callable[[Groups, Weights], dict[str, float]]
SamplesOf = Callable[[Sequence[Asked], Calibration], list[list[Sample]]]

HEADS: dict[str, tuple[SamplesOf, Fit]] = {
    "ranking": (passages_of, logistic),
    "sentence": (sentences_of, conditional),
    "answer": (answers_of, logistic),
}
"""What the weights under each name are fitted on, and how.

Which sentences are chosen depends on the weights before: the answers come last.
"""


def fit(
    asked: Sequence[Asked], heads: Sequence[str], known: Calibration
) -> tuple[Calibration, dict[str, int]]:
    """Known weights with those under some names fitted anew, and on how many samples they were."""
    fitted, counts = known, {}
    for name in heads:
        samples_of, fit_of = HEADS[name]
        samples = samples_of(asked, fitted)
        weights = fit_of(samples, known.weights[name])
        rounded = {signal: round(weight, PLACES) for signal, weight in weights.items()}
        fitted = Calibration({**fitted.weights, name: rounded})
        counts[name] = sum(map(len, samples))
    return fitted, counts


def reached(
    parts: Sequence[Sequence[Asked]],
    fitted: Calibration,
    thresholds: Sequence[float],
    anew: bool = True,
) -> list[Reached]:
    """How far the confidence can be trusted, refusing below each threshold.

    ``anew``: each part is judged by answer weights that were fitted on all the others.
    """
    samples = [answers_of(part, fitted) for part in parts]
    sure: list[float] = []
    for part in samples:
        own = fitted
        if anew:
            others = [group for other in samples if other is not part for group in other]
            own = Calibration({"answer": logistic(others, fitted.weights["answer"])})
        sure += [own.probability("answer", told) for ((told, _),) in part]
    right = [is_right for part in samples for ((_, is_right),) in part]
    answerable = [bool(each.question.answerable) for part in parts for each in part if each.tells]
    return [_reached(sure, right, answerable, threshold) for threshold in thresholds]


def _reached(
    sure: Sequence[float], right: Sequence[bool], answerable: Sequence[bool], threshold: float
) -> Reached:
    """The same, of the confidence in each answer and whether it is right, for one threshold."""
    shown = [value >= threshold for value in sure]
    error = metrics.calibration_error(list(compress(sure, shown)), list(compress(right, shown)))
    precision, recall, _ = metrics.abstention([not each for each in shown], answerable)
    return Reached(error, precision, recall)


def calibrate(
    settings: Settings,
    path: Path | None = None,
    on_question: OnQuestion = lambda system, done, of: None,
) -> tuple[Reached, Reached]:
    """Fits the weights for the embedder and the reader of the settings, and keeps them.

    What the bundled weights reach, and what the new ones do on questions that they were not fitted
    on. ``path`` has questions about the corpus; without it those that ship are asked about
    documents of their own. Raises BadInput for questions that cannot be used, or are too few.
    """
    check_settings(settings)
    known, path_of = bundled(), path or SHIPPED / QUESTIONS
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        of, sources = settings, None
        if path is None:
            beside = settings.model_copy(update={"index": Path(place), "chroma_url": None})
            of, sources = settings_of_set(SHIPPED, beside)
        assistant = Assistant.from_folder(settings=of)
        chosen = questions(path_of, Corpus(assistant, sources))
        asked = list(ask(assistant, chosen, known, on_question))
        assistant.index.close()
    right = [is_right for ((_, is_right),) in answers_of(asked, known)]
    if min(sum(right), len(right) - sum(right)) < FEWEST:
        raise BadInput(
            f"{path_of} gives {sum(right)} right answers and {len(right) - sum(right)} that are "
            f"not: at least {FEWEST} of each are needed"
        )
    # The logits of another reader are on a scale of their own, and they rank and choose, too.
    heads = ["answer"] if settings.reader == BUNDLED_READER else list(HEADS)
    fitted, _ = fit(asked, heads, known)
    _keep(settings, fitted)
    parts = [asked[part::PARTS] for part in range(PARTS)]
    at = [settings.threshold]
    (before,), (after,) = reached([asked], known, at, anew=False), reached(parts, fitted, at)
    return before, after


def _keep(settings: Settings, fitted: Calibration) -> None:
    """Writes weights beside those of other embedders and readers; over a file that is none."""
    try:
        every = stored(settings)
    except BadInput:
        every = {}
    readers = {**every.get(settings.embedder, {}), settings.reader: fitted.weights}
    text = json.dumps({**every, settings.embedder: readers}, indent=2)
    save(settings.index_folder, {WEIGHTS.name: text + "\n"})
