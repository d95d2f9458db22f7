"""The figures of a run: what each is called, what it means, and whether more of it is better."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from askdoc.evaluation import metrics
from askdoc.evaluation.scores import RECALLS, Outcome
from askdoc.types import Certainty

Figures = dict[str, float | None]
"""Values by name, rounded; None where there is nothing to reckon one from."""

Of = Callable[[Sequence[Outcome]], float]
PLACES = 4
OWN = ("read", "written")  # tokens of the model that writes
JUDGE = ("judge read", "judge written")  # tokens, beside those of who writes
JUDGED = ("faithfulness", "relevance")  # what a judge says
PERCENTILES = (95, 99)  # of seconds, beside the median
Price = tuple[float, float]
"""Of a million tokens that a language model reads, and of a million that it writes."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of all the outcomes of a system; ``means`` says in plain words what it tells."""

    name: str
    group: str
    means: str
    of: Of
    higher: bool = True


def mean(name: str, of: str = "scores") -> Of:
    """The mean of a score, or of the ``tokens`` of a language model, over what has it."""

    def of_all(outcomes: Sequence[Outcome]) -> float:
        counts = (getattr(each, of) for each in outcomes)
        values = [count[name] for count in counts if name in count]
        return statistics.fmean(values) if values else math.nan

    return of_all


def judged(name: str, outcomes: Sequence[Outcome]) -> tuple[int, int]:
    """How many are right of how many that can be judged: of all, or of the answerable ones."""
    kept = [each for each in outcomes if name == "right" or each.answerable]
    known = [each.right for each in kept if each.right is not None]
    return sum(known), len(known)


def right(outcomes: Sequence[Outcome]) -> float:
    """The share of right answers and right refusals among all that can be judged."""
    good, of = judged("right", outcomes)
    return good / of if of else math.nan


def right_answers(outcomes: Sequence[Outcome]) -> float:
    """The share of the answerable questions that are answered right."""
    return right([each for each in outcomes if each.answerable])


def refusals(at: int) -> Of:
    """Precision (0), recall (1) or F1 (2) of abstaining."""

    def of(outcomes: Sequence[Outcome]) -> float:
        known = [each for each in outcomes if each.answerable is not None]
        refused = [not each.answered for each in known]
        return metrics.abstention(refused, [bool(each.answerable) for each in known])[at]

    return of


def auroc(outcomes: Sequence[Outcome]) -> float:
    """How well the confidence tells answerable from unanswerable questions."""
    yes = [each.confidence for each in outcomes if each.answerable is True]
    no = [each.confidence for each in outcomes if each.answerable is False]
    return metrics.auroc(yes, no)


def sure_and_right(
    outcomes: Sequence[Outcome], answered: bool = False
) -> tuple[list[float], list[bool]]:
    """Each confidence with whether the question was answered, and right.

    A refusal is no right answer here, even where it is wise: risk asks what would be wrong if all
    of a coverage were answered. ``answered`` leaves the refusals out.
    """
    pairs = [
        (each.confidence, bool(each.right and each.answered))
        for each in outcomes
        if each.right is not None and (each.answered or not answered)
    ]
    return [sure for sure, _ in pairs], [is_right for _, is_right in pairs]


def aurc(outcomes: Sequence[Outcome]) -> float:
    """The mean risk over all coverages."""
    return metrics.aurc(*sure_and_right(outcomes))


def calibration(outcomes: Sequence[Outcome]) -> float:
    """How far the confidence of the answers given is from the share that is right."""
    return metrics.calibration_error(*sure_and_right(outcomes, answered=True))


GROUPS: dict[str, dict[str, tuple[str, Of | None]]] = {
    # What has no function of its own is the mean of the scores of that name.
    "Overall": {
        "right": ("questions answered right, or rightly refused", right),
        "value": ("1 for each right, less 1, .25 or .5 for a wrong sure, unsure or refused", None),
    },
    "Answers": {
        "right answers": ("answerable questions that are answered right", right_answers),
        "must include": ("of what an answer must say, the part that it says", None),
        "answer in quote": ("answerable questions where a cited quote holds the answer", None),
        "token F1": ("words shared with the expected answer (quotes are longer)", None),
        "exact match": ("answers that are, word for word, the expected one", None),
    },
    "Finding": {
        **{f"recall@{k}": (f"relevant documents among the first {k}", None) for k in RECALLS},
        "ndcg@10": ("how high the relevant documents stand; 1 is the best order", None),
        "mrr@10": ("one by the rank of the first relevant document", None),
        "all facts@5": ("questions with all their facts in the first 5 hits", None),
        "all facts@10": ("questions with all their facts in the first 10 hits", None),
    },
    "Citing": {
        "relevant cited": ("answers that cite a relevant document", None),
        "citation recall": ("sentences with a citation of the evidence", None),
        "citation precision": ("citations that are of the evidence", None),
        "exactness": ("citations whose quote is, to the byte, what the document says", None),
        "localisation IoU": ("how closely a citation marks the evidence", None),
        "localisation F1": ("the same as a harmonic mean", None),
    },
    "Abstaining": {
        "abstention precision": ("refusals that are right", refusals(0)),
        "abstention recall": ("unanswerable questions that are refused", refusals(1)),
        "abstention F1": ("both of these in one", refusals(2)),
        "AUROC": ("how often an answerable question is the surer one; .5 is guessing", auroc),
        "AURC": ("mean share of wrong answers, from the surest one to all", aurc),
        "calibration error": (
            "how far the confidence is from the share that is right",
            calibration,
        ),
    },
    "Judged by a model": {
        "faithfulness": ("of what an answer states, the part that its citations carry", None),
        "relevance": ("answers that tell what was asked, be it true or not", None),
    },
    "Cost": {
        "tokens read": ("tokens that a language model read for a question", mean("read", "tokens")),
        "tokens written": ("tokens that it wrote", mean("written", "tokens")),
        "judge's tokens read": ("tokens that a judge read for an answer", mean(JUDGE[0], "tokens")),
        "judge's tokens written": ("tokens that it wrote", mean(JUDGE[1], "tokens")),
    },
}
LOWER = ("AURC", "calibration error", *GROUPS["Cost"])  # of these, less is better
FIGURES = {
    name: Figure(name, group, means, of or mean(name), name not in LOWER)
    for group, figures_of in GROUPS.items()
    for name, (means, of) in figures_of.items()
}


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Every figure, rounded to four places."""
    values = {name: figure.of(outcomes) for name, figure in FIGURES.items()}
    return {
        name: None if math.isnan(value) else round(value, PLACES) for name, value in values.items()
    }


def by_certainty(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """For each certainty, how many questions that can be judged got it, and how many are right."""
    judged = [each for each in outcomes if each.right is not None]
    return {
        certainty.value: {
            "questions": sum(each.certainty == certainty for each in judged),
            "right": sum(each.certainty == certainty and bool(each.right) for each in judged),
        }
        for certainty in Certainty
    }


def speed(seconds: Sequence[Mapping[str, float]]) -> Figures:
    """The median seconds of each step under its name, and of a whole question as ``p50``.

    With them their 95th and 99th percentiles, as ``read p95`` and ``p95``.
    """
    steps = dict.fromkeys(step for each in seconds for step in each)
    taken = {step: [each.get(step, 0.0) for each in seconds] for step in steps}
    taken[""] = [sum(each.values()) for each in seconds]
    speeds: Figures = {}
    for step, of in taken.items():
        if of:
            speeds[step or "p50"] = round(statistics.median(of), PLACES)
            for part in PERCENTILES:
                last = sorted(of)[math.ceil(part / 100 * len(of)) - 1]
                speeds[f"{step} p{part}".strip()] = round(last, PLACES)
    return speeds


def used(outcomes: Sequence[Outcome], price: Price | None) -> dict[str, float]:
    """The tokens that language models read and wrote in all, and what they cost; none of neither.

    ``price`` is that of a million tokens read, and of a million written, by who writes the answers
    and by who judges them.
    """
    total: Counter[str] = Counter()
    for each in outcomes:
        total.update(each.tokens)
    told: dict[str, float] = dict(total)
    if price and told:
        counted = ((total[n], total[of_judge]) for n, of_judge in zip(OWN, JUDGE, strict=True))
        cost = sum(sum(counts) * of for counts, of in zip(counted, price, strict=True))
        told["price"] = round(cost / 1_000_000, 6)
    return told


def agreement(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float | None]]:
    """What came of a judge, and how far it agrees with what is counted; none without a judge.

    For faithfulness and for relevance: how many answers were judged, and how many were not, since
    the reply could not be read; for how many the same is counted, the share of these on which both
    agree, and Cohen's kappa.
    """
    every = [_judged_and_counted(each) for each in outcomes if each.judged]
    return {name: _agreement([pairs[name] for pairs in every]) for name in JUDGED} if every else {}


def differs(outcome: Outcome) -> bool:
    """Whether a judge says otherwise than what is counted."""
    pairs = _judged_and_counted(outcome).values() if outcome.judged else ()
    return any(None not in pair and len(set(pair)) == 2 for pair in pairs)


def _judged_and_counted(outcome: Outcome) -> dict[str, tuple[bool | None, bool | None]]:
    """What a judge says, and what is counted of the same; None where either is not known.

    *Faithful*, which is carried whole, is held against the support of the citations, and *relevant*
    against *right*.
    """
    carried, relevant, supported = (
        outcome.judged[name] for name in ("carried", "relevant", "supported")
    )
    faithful = None if carried is None else all(carried)
    return dict(zip(JUDGED, ((faithful, supported), (relevant, outcome.right)), strict=True))


def _agreement(pairs: Sequence[tuple[bool | None, bool | None]]) -> dict[str, float | None]:
    judged = [pair for pair in pairs if pair[0] is not None]
    both = [(one, other) for one, other in judged if one is not None and other is not None]
    same, kappa = metrics.agreement(both)
    return {
        "judged": len(judged),
        "not judged": len(pairs) - len(judged),
        "compared": len(both),
        "agreement": None if math.isnan(same) else round(same, PLACES),
        "kappa": None if math.isnan(kappa) else round(kappa, PLACES),
    }
