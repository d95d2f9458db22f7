"""Two runs of the same questions: the differences, how sure they are, and what changed."""

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from askdoc.evaluation.figures import FIGURES, PLACES, Of
from askdoc.evaluation.scores import Outcome

RESAMPLES = 1000
INTERVAL = 0.95
SEED = 0

Pairs = Sequence[tuple[Outcome, Outcome]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two runs; ``low`` and ``high`` hold the difference in 95 of 100 cases."""

    value: float
    other: float
    low: float
    high: float

    @property
    def by(self) -> float:
        """How much more the first has."""
        return round(self.value - self.other, PLACES)

    @property
    def sure(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one run has more than another; ids of questions that came right, and went wrong.

    ``changed`` are those whose answer has other words. ``p`` is the chance (0 to 1) of a split at
    least as uneven if both were equally good.
    """

    differences: dict[str, Difference]
    better: tuple[str, ...]
    worse: tuple[str, ...]
    p: float
    changed: tuple[str, ...] = ()


def compare(outcomes: Sequence[Outcome], others: Sequence[Outcome]) -> Comparison:
    """The outcomes of two runs, or of two systems of one, question by question."""
    theirs = {other.id: other for other in others}
    pairs = [(each, theirs[each.id]) for each in outcomes if each.id in theirs]
    judged = [(a, b) for a, b in pairs if a.right is not None and b.right is not None]
    better = tuple(a.id for a, b in judged if a.right and not b.right)
    worse = tuple(a.id for a, b in judged if b.right and not a.right)
    differences = {}
    for name, figure in FIGURES.items():
        value, other = (figure.of(side) for side in _sides(pairs))
        if not math.isnan(value) and not math.isnan(other):
            low, high = interval(figure.of, pairs)
            rounded = (round(number, PLACES) for number in (value, other, low, high))
            differences[name] = Difference(*rounded)
    changed = tuple(a.id for a, b in pairs if a.text != b.text)
    return Comparison(differences, better, worse, mcnemar(len(better), len(worse)), changed)


def reworded(before: str, now: str) -> list[tuple[str, str]]:
    """Two texts as one, in pieces: each ``same``, ``gone`` or ``new``, in the order to be read."""
    one, other = (re.findall(r"\S+|\s+", text) for text in (before, now))
    pieces = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("same", "".join(one[a:b])))
        else:
            both = (("gone", "".join(one[a:b])), ("new", "".join(other[c:d])))
            pieces += [piece for piece in both if piece[1]]
    return pieces


def interval(of: Of, pairs: Pairs) -> tuple[float, float]:
    """The paired bootstrap 95 % interval of the difference of a figure.

    Questions are drawn with replacement, both runs' together, 1,000 times with a fixed seed; the
    interval is that of the percentiles (Efron and Tibshirani, 1993).
    """
    # Not for secrets: the same seed gives the same interval.
    draw = random.Random(SEED)  # noqa: S311
    found = []
    for _ in range(RESAMPLES):
        mine, other = _sides(draw.choices(pairs, k=len(pairs)))
        difference = of(mine) - of(other)
        if not math.isnan(difference):
            found.append(difference)
    return middle(found)


def middle(found: Sequence[float]) -> tuple[float, float]:
    """Between which two of these values 95 of 100 lie; NaN of none."""
    ordered = sorted(found)
    outside = round(len(ordered) * (1 - INTERVAL) / 2)
    return (ordered[outside], ordered[-outside - 1]) if ordered else (math.nan, math.nan)


def mcnemar(better: int, worse: int) -> float:
    """The exact two-sided p of McNemar's test (1947): a fair coin's, for the changed questions."""
    changed = better + worse
    tail = sum(math.comb(changed, n) for n in range(min(better, worse) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def _sides(pairs: Pairs) -> tuple[list[Outcome], list[Outcome]]:
    return [mine for mine, _ in pairs], [other for _, other in pairs]
