"""The order in which what stands on a page is read, told from where it stands.

A place is a box: left, top, width and height, as shares (0 to 1) of the page.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from statistics import median

Box = tuple[float, float, float, float]
"""Left, top, width and height, as shares (0 to 1) of the page's."""

COLUMN = 0.22  # of a page's width that a column's lines take on the whole, at least: no table's
COLUMN_LINES = 4  # at least
FULL = 0.7  # of the widest line of a column that its lines take on the whole, at least: no cells
EDGE = 0.02  # of a page's width within which lines begin at one edge


def regions(boxes: Sequence[Box]) -> list[list[int]]:
    """The numbers of boxes, one list for each part of the page that has no columns, as read.

    Within a part they are in order from the top. What runs across columns parts them.
    """
    return list(_parted(sorted(range(len(boxes)), key=lambda at: boxes[at][1]), boxes))


def rows(numbers: Sequence[int], boxes: Sequence[Box]) -> list[list[int]]:
    """The numbers of boxes, given from the top, of which each list stands on one row."""
    found: list[list[int]] = []
    for at in numbers:
        _, top, _, height = boxes[at]
        if found:
            _, first, _, high = boxes[found[-1][0]]
            if first < top + height / 2 < first + high:
                found[-1].append(at)
                continue
        found.append([at])
    return found


def _parted(numbers: list[int], boxes: Sequence[Box]) -> Iterator[list[int]]:
    """The parts without columns of what is given from the top."""
    gutter = _gutter(numbers, boxes)
    if gutter is None:
        if numbers:
            yield numbers
        return
    plain: list[int] = []
    for band, sides in _bands(numbers, boxes, gutter):
        if all(_is_column(side, boxes) for side in sides):
            yield from [plain] if plain else []
            plain = []
            for side in sides:
                yield from _parted(side, boxes)
        else:
            plain += band
    yield from [plain] if plain else []


def _gutter(numbers: Sequence[int], boxes: Sequence[Box]) -> float | None:
    """Where, as a share of the width, the column right of another one begins; None without one."""
    lefts = sorted(boxes[at][0] for at in numbers)
    for at, begins in enumerate(lefts):
        aligned = bisect_right(lefts, begins + EDGE) - at
        if aligned < COLUMN_LINES or (at and begins == lefts[at - 1]):
            continue
        for _, sides in _bands(numbers, boxes, begins):
            if all(_is_column(side, boxes) for side in sides):
                return begins
    return None


def _bands(
    numbers: Sequence[int], boxes: Sequence[Box], gutter: float
) -> Iterator[tuple[list[int], tuple[list[int], list[int]]]]:
    """What stands between two lines that run across a gutter, and its two sides; each such line."""
    band: list[int] = []
    left: list[int] = []
    right: list[int] = []
    for at in numbers:
        if boxes[at][0] >= gutter:
            right.append(at)
        elif boxes[at][0] + boxes[at][2] <= gutter:
            left.append(at)
        else:
            yield band, (left, right)
            yield [at], ([], [])
            band, left, right = [], [], []
            continue
        band.append(at)
    yield band, (left, right)


def _is_column(side: Sequence[int], boxes: Sequence[Box]) -> bool:
    """Whether lines are a column of text, and not one of a table."""
    widths = [boxes[at][2] for at in side]
    return len(side) >= COLUMN_LINES and median(widths) > max(COLUMN, FULL * max(widths))
