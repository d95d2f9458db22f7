"""Words in pictures: optical character recognition by RapidOCR, where it is installed.

Its models (PP-OCRv6, small) come in its wheel; nothing is fetched.
"""

import functools
import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from askdoc.ingest.formats import layout
from askdoc.ingest.formats.layout import Box

if TYPE_CHECKING:
    from rapidocr import RapidOCR

MISSING = "`pip install 'askdoc[ocr]'`, then index with `--rebuild`, reads them"
SIDE = 1600  # pixels of a page's longer side: an A4 page at 137 dots an inch
SURE = 0.8  # mean confidence below which a page may lie on its side or upside down


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
    """Lines in the order in which they are read, those that stand on one row made one."""
    boxes = [line.box for line in found]
    rows = (row for region in layout.regions(boxes) for row in layout.rows(region, boxes))
    return [_joined([found[at] for at in row]) for row in rows]


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
