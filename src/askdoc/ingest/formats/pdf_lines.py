"""The lines of a PDF's page in the order in which they are read, from the places of its characters.

Places are in points from the page's upper left corner, as its text stands upright, whichever way
the page is turned: of letters drawn from bottom to top, the left is below.
"""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, pairwise

import pypdfium2
from pypdfium2 import raw

from askdoc.ingest.extract import clean
from askdoc.ingest.formats import layout
from askdoc.ingest.formats.pdf_forms import filled
from askdoc.ingest.formats.pdf_unseen import unseen

WIDE = 0.8  # times the height of type between two words: they may stand in two columns
APART = 0.4  # the same between two numbers
STEPS_BACK = 0.1  # of a page's rows that may hold what was drawn apart, where it is put in order
LINE_ENDS = "\x02\ufffe"  # how pdfium hands on a hyphen behind which it goes on in the next line
HYPHENS = LINE_ENDS + "\xad"
BESIDE = 0.3  # of the height of type that two words of one line share, at least
SIGNS = str.maketrans(
    dict.fromkeys(HYPHENS, "-")
    | dict(zip("ﬀﬁﬂﬃﬄﬅﬆ", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
)
FAR = 60.0  # points that a label in front of a field may be away before one above it is nearer
NOTE = 10.0  # points: the height of type of what is not drawn with the text
BEFORE, BEHIND = set("$€£¥"), {")", "%", ")%"}  # of an amount: what belongs to it at any distance
AMOUNT = re.compile(r"[$€£¥(+−–-]*\d|[$€£¥—–]")
Edges = tuple[float, float, float, float]
"""Left, top, right and bottom, in points."""


@dataclass(frozen=True, slots=True)
class Part:
    """Words of a line with no wide gap in between.

    ``size`` is the height of its type in points, ``line`` the number of the line that pdfium finds
    it in, ``chars`` which characters of the page it is; ``angle`` how often its letters are turned
    by 90 degrees from those of the page, 0 for most, and -1 where that is no whole number;
    ``filled`` tells that it is the value of a form's field.
    """

    text: str
    size: float
    edges: Edges
    line: int = 0
    chars: range = range(0)
    angle: int = 0
    bold: bool = False
    filled: bool = False


@dataclass(frozen=True)
class Line:
    """Parts that stand side by side."""

    parts: tuple[Part, ...]

    @cached_property
    def text(self) -> str:
        """Its words."""
        return " ".join(part.text for part in self.parts)

    @property
    def size(self) -> float:
        """The height of its type, in points."""
        return self.parts[0].size

    @cached_property
    def edges(self) -> Edges:
        """The box around it."""
        return around([part.edges for part in self.parts])

    @property
    def filled(self) -> bool:
        """Whether a value was filled in."""
        return any(part.filled for part in self.parts)

    @property
    def bottom(self) -> float:
        """Where the type of its first words ends, from the top."""
        return self.parts[0].edges[3]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is read of a page: its lines in order, and how many characters nobody sees.

    ``lines`` has a list for each part of the page without columns; ``bare`` tells that its content
    has no words, be there values of fields or notes.
    """

    lines: list[list[Line]]
    hidden: int = 0
    bare: bool = False


def around(edges: Sequence[Edges]) -> Edges:
    """The box around boxes."""
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def sheet(page: pypdfium2.PdfPage) -> Sheet:
    """The lines of a page, with what is filled in, then its notes; raises PdfiumError."""
    textpage = page.get_textpage()
    words = list(_words(textpage))
    angles = [_angle(textpage, first) for first, _, _ in words]
    usual = max(0, Counter(angles).most_common(1)[0][0]) if angles else 0
    upright = _upright(page, usual)
    parts = _parts(textpage, zip(words, angles, strict=True), usual, upright)
    firsts = [(part.chars.start, part.size) for part in parts]
    hidden_parts = set(unseen(page, textpage, firsts))
    textpage.close()
    hidden = sum(len("".join(parts[at].text.split())) for at in hidden_parts)
    seen = [part for at, part in enumerate(parts) if at not in hidden_parts]
    across = [part for part in seen if not part.angle]
    lines = [_in_order([across[at] for at in region]) for region in _regions(across)]
    turned = [Line(tuple(found)) for found in _lines(part for part in seen if part.angle)]
    notes = []
    for each in filled(page):
        edges = upright(*each.place)
        if each.name is None:
            notes.append(Line((Part(f"Note: {each.text}", NOTE, edges),)))
        else:
            _fill_in(lines, each.text, each.name, edges)
    return Sheet([*lines, *([found] for found in (*turned, *notes))], hidden, not parts)


def _fill_in(lines: list[list[Line]], text: str, name: str, edges: Edges) -> None:
    """Puts the value of a field behind the label in front of it, or above it; or before it."""
    near = [
        (away, number, at, inside)
        for number, region in enumerate(lines)
        for at, line in enumerate(region)
        for inside, part in enumerate(line.parts)
        if (away := _away(part, edges)) is not None
    ]
    if not near:
        lines.append([Line((Part(f"{name}: {text}".lstrip(": "), NOTE, edges, filled=True),))])
        return
    _, number, at, inside = min(near)
    parts = list(lines[number][at].parts)
    label = parts[inside]
    place = (edges[0], label.edges[1], edges[2], label.edges[3])
    end = range(label.chars.stop, label.chars.stop)
    behind = label.edges[0] <= edges[0]
    parts.insert(inside + behind, replace(label, text=text, edges=place, chars=end, filled=True))
    lines[number][at] = Line(tuple(parts))


def _away(part: Part, field: Edges) -> float | None:
    """How far a field is from a label, one above it or behind it counted far; None for no label."""
    (x1, y1, x2, y2), (left, top, right, bottom) = part.edges, field
    if part.filled or part.angle:
        return None
    if min(bottom, y2) - max(top, y1) > BESIDE * min(bottom - top, y2 - y1):
        return max(0.0, left - x2) if x1 <= left else FAR + x1 - right
    above = -part.size / 2 < top - y2 < 1.5 * part.size and x1 < right and left < x2
    return FAR + top - y2 if above else None


def _parts(
    textpage: pypdfium2.PdfTextPage,
    words: Iterable[tuple[tuple[int, str, int], int]],
    usual: int,
    upright: Callable[[float, float, float, float], Edges],
) -> list[Part]:
    """The parts of all lines, in the order in which they were drawn."""
    found: list[Part] = []
    for (first, text, line), angle in words:
        edges = around([upright(*_box(textpage, at)) for at in (first, first + len(text) - 1)])
        turn = -1 if angle < 0 else (angle - usual) % 4
        width, height = edges[2] - edges[0], edges[3] - edges[1]
        size = round(width if turn in {1, 3} else height, 1)
        chars = range(first, first + len(text))
        part = Part(clean(text.translate(SIGNS)), size, edges, line, chars, turn)
        joined = _joined(found[-1], part) if found else None
        if joined:
            found[-1] = joined
        else:
            found.append(replace(part, bold=_is_bold(textpage, first)))
    return found


def _joined(before: Part, part: Part) -> Part | None:
    """Two parts made one; None where a gap, or a new line, is between them."""
    if before.line != part.line or before.angle != part.angle:
        return None
    (left, _, right, _), edges = before.edges, part.edges
    gap = max(edges[0] - right, left - edges[2])
    across = part.angle == 0
    if across and not _is_beside(before, part):
        return None
    last = before.text.rsplit(" ", 1)[-1]
    amounts = last[-1:].isdigit() or last[-1:] in ")%—–"
    wide = APART if amounts and AMOUNT.match(part.text) else WIDE
    if across and gap > wide * before.size and last not in BEFORE and part.text not in BEHIND:
        return None
    space = "" if before.chars.stop == part.chars.start else " "
    return replace(
        before,
        text=f"{before.text}{space}{part.text}",
        edges=around([before.edges, edges]),
        chars=range(before.chars.start, part.chars.stop),
    )


def _is_beside(before: Part, part: Part) -> bool:
    """Whether two parts stand in one line; behind a hyphen, pdfium's lines go on in the next."""
    (_, top, _, bottom), (_, other_top, _, other_bottom) = before.edges, part.edges
    shared = min(bottom, other_bottom) - max(top, other_top)
    return shared > BESIDE * min(bottom - top, other_bottom - other_top)


def _words(textpage: pypdfium2.PdfTextPage) -> Iterator[tuple[int, str, int]]:
    """The words of a page as they were drawn: the first character, the text, pdfium's line."""
    word, line, after = "", 0, 0
    for at in range(textpage.count_chars()):
        sign = chr(raw.FPDFText_GetUnicode(textpage, at))
        if sign in HYPHENS or (sign > " " and not sign.isspace()):
            word, after = word + sign, at + 1
            if sign not in LINE_ENDS:
                continue
        if word:
            yield after - len(word), word, line
        word, line = "", line + (sign == "\n")
    if word:
        yield after - len(word), word, line


def _box(textpage: pypdfium2.PdfTextPage, at: int) -> Edges:
    """The box of a character in the page's own space: left, bottom, right and top."""
    box: Edges = textpage.get_charbox(at, loose=True)
    return box


def _angle(textpage: pypdfium2.PdfTextPage, at: int) -> int:
    """How often a character is turned by 90 degrees, clockwise; -1 for other angles."""
    turns = raw.FPDFText_GetCharAngle(textpage, at) / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) < 0.05 else -1


def _upright(page: pypdfium2.PdfPage, angle: int) -> Callable[[float, float, float, float], Edges]:
    """From a box of the page's own space to where it is when letters of an angle stand upright."""
    left, bottom, right, top = page.get_bbox()
    turns: tuple[Callable[[float, float, float, float], Edges], ...] = (
        lambda x1, y1, x2, y2: (x1 - left, top - y2, x2 - left, top - y1),
        lambda x1, y1, x2, y2: (top - y2, right - x2, top - y1, right - x1),
        lambda x1, y1, x2, y2: (right - x2, y1 - bottom, right - x1, y2 - bottom),
        lambda x1, y1, x2, y2: (y1 - bottom, x1 - left, y2 - bottom, x2 - left),
    )
    return turns[angle]


def _is_bold(textpage: pypdfium2.PdfTextPage, at: int) -> bool:
    """Whether a character is of a bold font, as its name tells."""
    name = ctypes.create_string_buffer(100)
    raw.FPDFText_GetFontInfo(textpage, at, name, len(name), None)
    return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy"))


def _regions(parts: Sequence[Part]) -> list[list[int]]:
    """The numbers of the parts of each region without columns, in the order of drawing."""
    if not parts:
        return []
    left, _, right, bottom = around([part.edges for part in parts])
    wide, high = max(right - left, 1.0), max(bottom, 1.0)
    boxes = [
        ((x1 - left) / wide, y1 / high, (x2 - x1) / wide, (y2 - y1) / high)
        for x1, y1, x2, y2 in (part.edges for part in parts)
    ]
    return [sorted(region) for region in layout.regions(boxes)]


def _lines(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Parts that pdfium finds in one line, and that follow each other, together."""
    for _, found in groupby(parts, key=lambda part: (part.line, part.angle)):
        row: list[Part] = []
        for part in found:
            if row and not (part.angle or _is_beside(row[-1], part)):
                yield row
                row = []
            row.append(part)
        yield row


def _in_order(parts: Sequence[Part]) -> list[Line]:
    """The lines of a part of the page without columns.

    They are as they were drawn, but where that goes up again, and no two were drawn side by side.
    """
    lines = [Line(tuple(found)) for found in _lines(parts)]
    goes_up = any(
        below.edges[3] < line.edges[1]
        and below.edges[0] < line.edges[2]
        and line.edges[0] < below.edges[2]
        for line, below in pairwise(lines)
    )
    if not goes_up:
        return lines
    sorted_lines = sorted(lines, key=lambda line: line.edges[1])
    boxes = [(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in (line.edges for line in sorted_lines)]
    rows = layout.rows(range(len(boxes)), boxes)
    if sum(len(row) > 1 for row in rows) > STEPS_BACK * len(rows):
        return lines
    return [sorted_lines[at] for row in rows for at in sorted(row, key=lambda at: boxes[at][0])]
