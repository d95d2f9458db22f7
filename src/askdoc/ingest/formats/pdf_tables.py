"""Tables of a PDF's page, told from cells that stand below each other in at least three rows.

A PDF knows no tables. What is told here for one has columns parted by white space from top to
bottom, and short cells: running text never has either for long.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median

from askdoc.ingest.formats import layout
from askdoc.ingest.formats.pdf_lines import Line, Part
from askdoc.ingest.tables import row_line

ROWS = 3  # at least, with two cells or more
SHORT = 40  # characters of a cell, at most, on the whole
MOST = 0.6  # of the rows that have two cells, and that were drawn one after the other, at least
SENTENCES = 0.25  # of the cells that begin like the middle of a sentence, at most
NEAR = 0.3  # times the height of type between parts of one cell, at most
NOTHING = "–"
STEP = 2.2  # times the height of type from one row to the next, at most
NUMBER = re.compile(r"[-–—−+(]*[$€£¥]?\s*[\d.,]*\d.*|[-–—−]+|n/?a", re.IGNORECASE)
YEARS = re.compile(r"(?:\D*(?:19|20)\d\d)+\D*")  # which head a column
SIGN = re.compile(r"[^\w\s]|[(\[]?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]+)[.)\]]+")  # of a list
Columns = tuple[tuple[float, float], ...]
"""The left and the right edge of each column, in points."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; an empty cell has no parts. ``header`` tells that the first row is one."""

    rows: tuple[tuple[Line, ...], ...]
    columns: Columns
    header: bool

    @property
    def lines(self) -> list[str]:
        """Each row on a line; an empty cell in front is told by a dash, since none may be lost."""
        return [
            row_line([row[0].text or NOTHING, *(cell.text for cell in row[1:])])
            for row in self.rows
        ]

    @property
    def top(self) -> float:
        """Where it begins, in points from the top."""
        return min(cell.edges[1] for cell in self.rows[0] if cell.parts)


def with_tables(lines: Sequence[Line]) -> list[Line | Table]:
    """The lines of a part of a page without columns, tables in place of the lines of theirs."""
    parts = sorted((part for line in lines for part in line.parts), key=lambda part: part.edges[1])
    tables = list(_tables(parts))
    if not tables:
        return list(lines)
    taken = {
        id(part) for table in tables for row in table.rows for cell in row for part in cell.parts
    }
    left = [tuple(part for part in line.parts if id(part) not in taken) for line in lines]
    found: list[Line | Table] = [Line(parts) for parts in left if parts]
    for table in tables:
        below = (at for at, item in enumerate(found) if _top(item) > table.top)
        found.insert(next(below, len(found)), table)
    return found


def lines_of(item: Line | Table) -> list[Line]:
    """A line, or the cells of a table."""
    if isinstance(item, Line):
        return [item]
    return [cell for row in item.rows for cell in row if cell.parts]


def _top(item: Line | Table) -> float:
    return item.top if isinstance(item, Table) else item.edges[1]


def _tables(parts: Sequence[Part]) -> Iterator[Table]:
    """The tables among parts that are given from the top."""
    boxes = [(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in (part.edges for part in parts)]
    rows = [_cells([parts[at] for at in row]) for row in layout.rows(range(len(parts)), boxes)]
    at = 0
    while at < len(rows):
        found, columns = _grown(rows[at:])
        table = _table(found, columns) if len(found) >= ROWS and _is_drawn(found) else None
        if table:
            yield table
        at += len(found) if table else 1


def _cells(row: Sequence[Part]) -> list[Line]:
    """What stands on one row from the left, parts with no gap in between made one."""
    cells: list[Line] = []
    for part in sorted(row, key=lambda part: part.edges[0]):
        if cells and part.edges[0] - cells[-1].edges[2] < NEAR * part.size:
            cells[-1] = Line((*cells[-1].parts, part))
        else:
            cells.append(Line((part,)))
    return cells


def _grown(rows: Sequence[Sequence[Line]]) -> tuple[list[Sequence[Line]], Columns]:
    """The first rows of so many as stand in columns, up to the last that has two cells."""
    columns: list[tuple[float, float]] = []
    kept: tuple[int, Columns] = (0, ())
    for number, row in enumerate(rows):
        above = rows[number - 1][0] if number else row[0]
        if row[0].edges[1] - above.edges[1] > STEP * max(above.size, row[0].size):
            break
        wider = _widened(columns, row)
        if wider is None or (not number and len(row) < 2):
            break
        columns = wider
        if len(row) > 1:
            kept = number + 1, tuple(columns)
    return list(rows[: kept[0]]), kept[1]


def _widened(
    columns: Sequence[tuple[float, float]], row: Sequence[Line]
) -> list[tuple[float, float]] | None:
    """Columns that take a row's cells in; None where a cell would stand in two of them."""
    found = list(columns)
    for cell in row:
        left, _, right, _ = cell.edges
        touched = [column for column in found if column[0] < right and left < column[1]]
        if len(touched) > 1:
            return None
        for column in touched:
            found.remove(column)
            left, right = min(left, column[0]), max(right, column[1])
        found.append((left, right))
    return sorted(found)


def _is_drawn(rows: Sequence[Sequence[Line]]) -> bool:
    """Whether most rows were drawn one after the other, as text in columns seldom is."""
    firsts = [[part.chars.start for cell in row for part in cell.parts] for row in rows]
    places = {first: at for at, first in enumerate(sorted(chain(*firsts)))}
    wide = [row for row in firsts if len(row) > 1]
    whole = [places[max(row)] - places[min(row)] + 1 == len(row) for row in wide]
    return sum(whole) > MOST * len(whole)


def _table(rows: Sequence[Sequence[Line]], columns: Columns) -> Table | None:
    """Rows as a table; None where they are rather lines of text, a list, or names and values."""
    cells: list[tuple[Line, ...]] = []
    for row in rows:
        line = tuple(
            Line(tuple(p for cell in row for p in cell.parts if left <= p.edges[0] <= right))
            for left, right in columns
        )
        texts = [cell.text for cell in line]
        if cells and not texts[0] and not any(map(NUMBER.fullmatch, filter(None, texts))):
            cells[-1] = tuple(  # it goes on in a second line
                Line(cell.parts + more.parts) for cell, more in zip(cells[-1], line, strict=True)
            )
        else:
            cells.append(line)
    words = [[cell.text for cell in row] for row in cells]
    first = [row[0] for row in words if row[0]]
    all_words = [text for row in words for text in row if text]
    return (
        None
        if len(columns) < 2
        or sum(sum(map(bool, row)) > 1 for row in words) < max(ROWS, MOST * len(words))
        or 2 * sum(SIGN.fullmatch(text) is not None for text in first) > len(first)
        or 2 * sum(text.endswith(":") for text in first) > len(first)
        or median(map(len, all_words)) > SHORT
        or any("|" in text for text in all_words)
        or sum(text[0].islower() and " " in text for text in all_words) > SENTENCES * len(all_words)
        else Table(tuple(cells), columns, _has_header(cells))
    )


def _has_header(rows: Sequence[Sequence[Line]]) -> bool:
    """Whether the first row names the columns: by its type, or by numbers below no number."""
    head, body = rows[0], rows[1:]
    if any(not cell.parts for cell in head[1:]):
        return False
    if any(NUMBER.fullmatch(cell.text) and not YEARS.fullmatch(cell.text) for cell in head):
        return False
    bold = all(part.bold for cell in head for part in cell.parts)
    if bold and not all(part.bold for row in body for cell in row for part in cell.parts):
        return True
    for column in range(1, len(head)):
        below = [row[column].text for row in body if row[column].parts]
        if below and 2 * sum(NUMBER.fullmatch(text) is not None for text in below) > len(below):
            return True
    return len(head) > 2
