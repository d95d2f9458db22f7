"""Words in pictures: optical character recognition by RapidOCR, where it is installed.

Its models (PP-OCRv6, small) come in its wheel; nothing is fetched.
"""

import functools
import importlib.util
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from rapidocr import RapidOCR

MISSING = "`pip install 'askdoc[ocr]'`, then index with `--rebuild`, reads them"
SIDE = 1600  # pixels of a page's longer side: an A4 page at 137 dots an inch
SURE = 0.8  # mean confidence below which a page may lie on its side or upside down
ACROSS = 0.25  # of the lines that may run over two columns, as headings do, at most
COLUMN = 0.22  # of a page's width that a column's lines take on the whole, at least: no table's
COLUMN_LINES = 4  # at least
Box = tuple[float, float, float, float]
"""Left, top, width and height, as shares (0 to 1) of the picture's."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a picture: its words, where they are, the height of its type, how sure it is.

    The height is a share (0 to 1) of the picture's; so is the confidence, of a line's words.
    """

    text: str
    box: Box
    height: float
    confidence: float


def is_installed() -> bool:
    """Whether pictures can be read."""
    return importlib.util.find_spec("rapidocr") is not None


def lines(image: Image.Image) -> list[Line]:
    """The lines of a picture of a page in reading order, columns one after the other.

    A page that lies on its side or upside down has none that could be marked: its boxes are empty.
    """
    found = _recognised(image)
    if found and fmean(line.confidence for line in found) < SURE:
        turned = [
            [replace(line, box=(0.0, 0.0, 0.0, 0.0)) for line in _in_order(_recognised(other))]
            for other in (image.rotate(angle, expand=True) for angle in (180, 90, 270))
        ]
        best = max([found, *turned], key=lambda each: sum(line.confidence**2 for line in each))
        if best is not found:
            return best
    return _in_order(found)


def confidence(found: Sequence[Line]) -> float:
    """The mean confidence (0 to 1) of the characters of lines; 0 where there are none."""
    length = sum(len(line.text) for line in found)
    return sum(line.confidence * len(line.text) for line in found) / length if length else 0.0


@functools.cache
def _engine() -> "RapidOCR":
    from rapidocr import RapidOCR  # where first used: most files need none

    # Its test for lines that are upside down turns many that are not.
    return RapidOCR(params={"Global.log_level": "error", "Global.use_cls": False})


def _recognised(image: Image.Image) -> list[Line]:
    """The lines of a picture, as they were found."""
    picture = np.asarray(image.convert("RGB"))[:, :, ::-1]  # it wants blue first
    told: Any = _engine()(picture)  # of a class for each way to call it
    if told.boxes is None:
        return []
    found = []
    for box, text, sure in zip(told.boxes, told.txts, told.scores, strict=True):
        (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
        place = (left / image.width, top / image.height)
        size = ((right - left) / image.width, (bottom - top) / image.height)
        # By its left edge, since a line that runs askew takes a higher box.
        height = math.dist(box[0], box[3]) / image.height
        if text.strip():
            whole = tuple(map(float, (*place, *size)))
            found.append(Line(text, (whole[0], whole[1], whole[2], whole[3]), height, float(sure)))
    return found


def _in_order(found: Sequence[Line]) -> list[Line]:
    """Lines in the order in which they are read."""
    return list(_rows(_by_columns(sorted(found, key=_top))))


def _by_columns(found: Sequence[Line]) -> list[Line]:
    """Lines from the top, one column after the other; one across the columns parts them."""
    gutter = _gutter(found)
    if gutter is None:
        return list(found)
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in found:
        if line.box[0] >= gutter:
            right.append(line)
        elif line.box[0] + line.box[2] <= gutter:
            left.append(line)
        else:
            ordered += [*_by_columns(left), *_by_columns(right), line]
            left, right = [], []
    return [*ordered, *_by_columns(left), *_by_columns(right)]


def _gutter(found: Sequence[Line]) -> float | None:
    """Where, as a share of the width, the column right of another one begins; None without one."""
    for begins in sorted(line.box[0] for line in found):
        right = [line for line in found if line.box[0] >= begins]
        left = [line for line in found if line.box[0] + line.box[2] <= begins]
        across = len(found) - len(left) - len(right)
        if _is_column(left) and _is_column(right) and across <= ACROSS * len(found):
            return begins
    return None


def _is_column(part: Sequence[Line]) -> bool:
    """Whether lines are a column of text, and not one of a table."""
    return len(part) >= COLUMN_LINES and median(line.box[2] for line in part) > COLUMN


def _rows(ordered: Sequence[Line]) -> Iterator[Line]:
    """Lines that follow each other on one row made one."""
    row: list[Line] = []
    for line in ordered:
        middle = line.box[1] + line.box[3] / 2
        if row and not row[0].box[1] < middle < row[0].box[1] + row[0].box[3]:
            yield _joined(row)
            row = []
        row.append(line)
    if row:
        yield _joined(row)


def _joined(row: Sequence[Line]) -> Line:
    """The lines of one row as one."""
    row = sorted(row, key=lambda line: line.box[0])
    left, top = row[0].box[0], min(line.box[1] for line in row)
    right = max(line.box[0] + line.box[2] for line in row)
    bottom = max(line.box[1] + line.box[3] for line in row)
    return Line(
        " ".join(line.text for line in row),
        (left, top, right - left, bottom - top),
        max(map(attrgetter("height"), row)),
        confidence(row),
    )


def _top(line: Line) -> float:
    return line.box[1]
