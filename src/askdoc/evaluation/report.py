"""The report: a run as one HTML page that needs nothing else and explains itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from askdoc.evaluation.comparison import Comparison
from askdoc.evaluation.figures import FIGURES, right, sure_and_right
from askdoc.evaluation.metrics import bins, risk_coverage
from askdoc.evaluation.plots import SHARE, Axis, Series, plot
from askdoc.evaluation.run import ASKDOC, BASELINE, Run
from askdoc.evaluation.scores import RECALLS, Outcome

BEFORE = "before"  # the column of the run that --against names
HEADLINES = {
    "right": "of all questions were answered right, or rightly refused",
    "right answers": "of the questions that can be answered got the right answer",
    "abstention recall": "of the questions that the documents do not answer were refused",
    "abstention precision": "of the refusals were right: there was nothing to find",
    "recall@5": "of the documents that should be found were among the first five",
    "exactness": "of the quotes are, letter by letter, what the document says",
}
STAGES = {
    "not indexed": "nothing of the document could be read",
    "not found": "neither search leg brought the document up",
    "repeats another": "its passage says the same as a better one, and was folded into it",
    "fused too low": "too many passages of others stood before it, so that it was not read",
    "reranked too low": "it was read, and others were judged better",
    "no sentence chosen": "no sentence of it was judged to answer",
    "judged unanswerable": "its sentence was chosen, but the confidence was too low to answer",
    "wrong sentence": "the document was used, but what was said is not what was asked for",
    "wrong document": "another document was quoted",
    "abstained": "the answer was refused",
    "answered what it cannot know": "the documents do not hold the answer, and one was given",
}

Columns = Mapping[str, Sequence[Outcome]]


def report(
    found: Run, before: Run | None, comparisons: Mapping[str, Comparison], fallen: Sequence[str]
) -> str:
    """The page of a run, beside the baseline in it and the run before, where there are such."""
    # Imported where first used: only this needs it.
    from jinja2 import Environment, StrictUndefined

    # Questions, answers and documents are others' text: all of it is escaped.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(Path(__file__).with_name("report.html").read_text("utf-8"))
    columns = dict(found.outcomes)
    figures = dict(found.figures)
    seconds = dict(found.seconds)
    speed = dict(found.speed)
    if before:
        columns[BEFORE], seconds[BEFORE] = before.outcomes[ASKDOC], before.seconds[ASKDOC]
        figures[BEFORE], speed[BEFORE] = before.figures[ASKDOC], before.speed[ASKDOC]
    failing = [each for each in found.outcomes[ASKDOC] if each.right is False]
    return page.render(
        run=found,
        counts=Counter(each.answerable for each in found.outcomes[ASKDOC]),
        figures=figures,
        speed=speed,
        groups=[
            (group, list(each)) for group, each in groupby(FIGURES.values(), lambda f: f.group)
        ],
        headlines={
            name: means
            for name, means in HEADLINES.items()
            if figures[ASKDOC].get(name) is not None
        },
        comparisons=comparisons,
        fallen=fallen,
        plots=plots(columns, figures, seconds),
        kinds=kinds(columns),
        failing=failing,
        lost=Counter(each.lost for each in failing),
        stages=STAGES,
        others={
            name: {each.id: each for each in outcomes}
            for name, outcomes in columns.items()
            if name != ASKDOC
        },
        baseline=BASELINE in columns,
    )


def plots(
    columns: Columns,
    figures: Mapping[str, Mapping[str, float | None]],
    seconds: Mapping[str, Sequence[Mapping[str, float]]],
) -> list[tuple[str, str]]:
    """Each plot as SVG, and how to read it."""
    risk = [Series(name, risk_coverage(*sure_and_right(each))) for name, each in columns.items()]
    reliability = [_reliability(name, each) for name, each in columns.items()]
    recall = [
        Series(name, [(k, value) for k in RECALLS if (value := of[f"recall@{k}"]) is not None])
        for name, of in figures.items()
    ]
    share = Axis("share", 1, SHARE)
    slowest = max((sum(each.values()) for every in seconds.values() for each in every), default=0)
    waits = Axis(
        "seconds", slowest or 1, [(slowest * n / 4, f"{slowest * n / 4:.2g}") for n in range(5)]
    )
    return [
        (
            plot("Risk against coverage", _named(share, "share of the questions, surest first"),
                 _named(share, "share of them wrong"), risk),
            "If only the surest questions were answered, how many would be wrong? Low and flat is "
            "good. Refused questions stand at the end, and count as wrong if they were answered.",
        ),
        (
            plot("Reliability of the confidence", _named(share, "confidence"),
                 _named(share, "share that is right"), reliability, diagonal=True),
            "Of the answers given with a confidence of .8, eight in ten should be right: dots on "
            "the broken line. Above it askdoc is too modest, below it too sure. Larger dots stand "
            "for more answers.",
        ),
        (
            plot("Recall by k", Axis("first k documents", 10, [(k, str(k)) for k in RECALLS]),
                 _named(share, "share found"), recall),
            "How many of the documents that should be found are among the first k. High and to "
            "the left is good.",
        ),
        (
            plot("Seconds", waits, _named(share, "share of the questions done"),
                 [_waiting(name, each) for name, each in seconds.items()]),
            "How many questions were done after so many seconds. Steep and to the left is good.",
        ),
    ]  # fmt: skip


def kinds(columns: Columns) -> list[tuple[str, int, list[float]]]:
    """Each kind of question: how many there are, and each system's share of right ones."""
    names = sorted({each.kind for each in columns[ASKDOC] if each.kind})
    return [
        (
            kind,
            sum(each.kind == kind for each in columns[ASKDOC]),
            [right([each for each in every if each.kind == kind]) for every in columns.values()],
        )
        for kind in names
    ]


def _named(axis: Axis, label: str) -> Axis:
    return Axis(label, axis.most, axis.marks)


def _reliability(name: str, outcomes: Sequence[Outcome]) -> Series:
    """A dot for each bin of confidence."""
    found = bins(*sure_and_right(outcomes, answered=True))
    most = max((count for count, _, _ in found), default=1)
    points = [(sure, share) for _, sure, share in found]
    return Series(name, points, [count / most for count, _, _ in found])


def _waiting(name: str, seconds: Sequence[Mapping[str, float]]) -> Series:
    """The share of the questions that took no longer, for each time."""
    taken = sorted(sum(each.values()) for each in seconds)
    return Series(name, [(wait, (n + 1) / len(taken)) for n, wait in enumerate(taken)])
