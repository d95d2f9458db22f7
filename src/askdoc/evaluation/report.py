"""The report: a run as one HTML page that needs nothing else and explains itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from askdoc.evaluation.comparison import Comparison, reworded
from askdoc.evaluation.figures import (
    FIGURES,
    Figures,
    by_certainty,
    differs,
    figures,
    right,
    sure_and_right,
)
from askdoc.evaluation.groups import groups, intervals
from askdoc.evaluation.metrics import bins, risk_coverage
from askdoc.evaluation.run import ASKDOC, Run
from askdoc.evaluation.scores import RECALLS, Outcome

MOST_GROUPS = 50  # of which the report shows every figure
BEFORE = "before"  # the column of the run that --against names

Columns = Mapping[str, Sequence[Outcome]]
Seconds = Mapping[str, Sequence[Mapping[str, float]]]


def report(
    run: Run, before: Run | None, comparisons: Mapping[str, Comparison], dropped: Sequence[str]
) -> str:
    """The page of a run, beside the baseline in it and the run before, where there are such."""
    # Imported where first used: only this needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Questions, answers and documents are others' text: all of it is escaped.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    columns, seconds = dict(run.outcomes), dict(run.seconds)
    every, speed, used = dict(run.figures), dict(run.speed), dict(run.used)
    if before:
        columns[BEFORE], seconds[BEFORE] = before.outcomes[ASKDOC], before.seconds[ASKDOC]
        every[BEFORE], speed[BEFORE] = before.figures[ASKDOC], before.speed[ASKDOC]
        used |= {BEFORE: before.used[ASKDOC]} if ASKDOC in before.used else {}
    certainty = {name: by_certainty(outcomes) for name, outcomes in columns.items()}
    failing = [outcome for outcome in run.outcomes[ASKDOC] if outcome.right is False]
    slowest = max((sum(steps.values()) for of in seconds.values() for steps in of), default=0) or 1
    return environment.get_template("report.html").render(
        run=run,
        counts=Counter(outcome.answerable for outcome in run.outcomes[ASKDOC]),
        figures=every,
        certainty=certainty,
        speed=speed,
        groups=[
            (group, list(members))
            for group, members in groupby(FIGURES.values(), lambda figure: figure.group)
        ],
        comparisons=comparisons,
        dropped=dropped,
        curves=_curves(columns, every, seconds),
        recalls=[(k, str(k)) for k in RECALLS],
        slowest=slowest,
        waits=[(slowest * n / 4, f"{slowest * n / 4:.2g}") for n in range(5)],
        kinds=_kinds(columns),
        parts=_parts(columns[ASKDOC]),
        used=used,
        changed=_changed(run, before, comparisons) if before else [],
        failing=failing,
        differing=[each for each in run.outcomes[ASKDOC] if differs(each)],
        lost=Counter(outcome.lost for outcome in failing),
        others={
            name: {outcome.id: outcome for outcome in outcomes}
            for name, outcomes in columns.items()
            if name != ASKDOC
        },
    )


def _curves(columns: Columns, figures: Mapping[str, Figures], seconds: Seconds) -> dict[str, Any]:
    """The points of each plot, by system; those of the reliability are dots, with their size."""
    return {
        "risk": {name: risk_coverage(*sure_and_right(of)) for name, of in columns.items()},
        "reliability": {name: _reliability(of) for name, of in columns.items()},
        "recall": {
            name: [(k, value) for k in RECALLS if (value := of[f"recall@{k}"]) is not None]
            for name, of in figures.items()
        },
        "seconds": {
            name: [
                (wait, (n + 1) / len(of))
                for n, wait in enumerate(sorted(sum(steps.values()) for steps in of))
            ]
            for name, of in seconds.items()
        },
    }


def _reliability(outcomes: Sequence[Outcome]) -> list[tuple[float, float, float]]:
    """For each bin of confidence, its mean, the share that is right, and its part of the most."""
    filled = bins(*sure_and_right(outcomes, answered=True))
    most = max((count for count, _, _ in filled), default=1)
    return [(sure, share, count / most) for count, sure, share in filled]


def _kinds(columns: Columns) -> list[tuple[str, int, list[float]]]:
    """Each kind of question: how many there are, and each system's share of right ones."""
    counts = Counter(outcome.kind for outcome in columns[ASKDOC] if outcome.kind)
    return [
        (kind, count, [right([o for o in of if o.kind == kind]) for of in columns.values()])
        for kind, count in sorted(counts.items())
    ]


def _parts(outcomes: Sequence[Outcome]) -> dict[str, list[tuple[str, int, Figures, Any]]]:
    """Each group of questions, by what they are grouped: its size, its figures, their intervals."""
    return {
        by: [
            (name, len(of), figures(of), intervals(of))
            for name, of in list(every.items())[:MOST_GROUPS]
        ]
        for by, every in groups(outcomes).items()
    }


def _changed(
    run: Run, before: Run, comparisons: Mapping[str, Comparison]
) -> list[tuple[Outcome, Outcome, list[tuple[str, str]]]]:
    """Each question that is answered in other words than before, both outcomes, and the words."""
    now = {outcome.id: outcome for outcome in run.outcomes[ASKDOC]}
    then = {outcome.id: outcome for outcome in before.outcomes[ASKDOC]}
    return [
        (now[id], then[id], reworded(then[id].text, now[id].text))
        for id in comparisons[BEFORE].changed
    ]
