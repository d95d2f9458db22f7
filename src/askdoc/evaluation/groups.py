"""A run in parts: by kind of question, by certainty, by document; and how sure each figure is."""

import math
import random
from collections.abc import Mapping, Sequence

from askdoc.evaluation.comparison import RESAMPLES, SEED, middle
from askdoc.evaluation.figures import FIGURES, PLACES, judged
from askdoc.evaluation.scores import Outcome

FEWEST = 5  # questions from which on an interval tells anything
Z = 1.959964  # standard deviations on either side that hold 95 of 100 cases

Interval = tuple[float, float]
Groups = Mapping[str, Mapping[str, Sequence[Outcome]]]


def groups(outcomes: Sequence[Outcome]) -> Groups:
    """The outcomes by kind, by certainty and by relevant document, those with most questions first.

    A question with several relevant documents stands below each, one with none below none.
    """
    found: dict[str, dict[str, list[Outcome]]] = {"kind": {}, "certainty": {}, "document": {}}
    for each in outcomes:
        named = (("kind", each.kind), ("certainty", each.certainty))
        named += tuple(("document", source) for source in each.expected["relevant"])
        for by, name in named:
            if name:
                found[by].setdefault(name, []).append(each)
    return {
        by: dict(sorted(of.items(), key=lambda item: (-len(item[1]), item[0])))
        for by, of in found.items()
    }


def intervals(outcomes: Sequence[Outcome]) -> dict[str, Interval]:
    """The 95 % interval of each figure; of none where there are too few questions.

    Shares of right answers have Wilson's (1927), all else a bootstrap of 1,000 with a fixed seed.
    """
    if len(outcomes) < FEWEST:
        return {}
    # Not for secrets: the same seed gives the same interval.
    draw = random.Random(SEED)  # noqa: S311
    drawn: dict[str, list[float]] = {name: [] for name in FIGURES}
    for _ in range(RESAMPLES):
        sample = draw.choices(outcomes, k=len(outcomes))
        for name, found in drawn.items():
            found.append(FIGURES[name].of(sample))
    told = {
        name: middle([value for value in found if not math.isnan(value)])
        for name, found in drawn.items()
    }
    told |= {name: wilson(*judged(name, outcomes)) for name in ("right", "right answers")}
    return {
        name: (round(low, PLACES), round(high, PLACES))
        for name, (low, high) in told.items()
        if not math.isnan(low)
    }


def wilson(right: int, of: int) -> Interval:
    """Wilson's score interval of a share (1927); NaN of nothing."""
    if not of:
        return math.nan, math.nan
    share, spread = right / of, Z * Z / of
    around = Z * math.sqrt(share * (1 - share) / of + spread / of / 4)
    return (
        max(0.0, (share + spread / 2 - around) / (1 + spread)),
        min(1.0, (share + spread / 2 + around) / (1 + spread)),
    )
