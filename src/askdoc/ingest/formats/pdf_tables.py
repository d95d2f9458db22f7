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
from askdoc.ingest.formats.pdf_lines import WIDE, Line, Part
from askdoc.ingest.tables import NUMBER, YEARS, row_line

ROWS = 3  # at least, with two cells or more
SHORT = 40  # characters of a cell, at most, on the whole
MOST = 0.6  # of the rows that have two cells, and that were drawn one after the other, at least
SENTENCES = 0.25  # of the cells that begin like the middle of a sentence, at most
NEAR = 0.3  # times the height of type between parts of one cell, at most
SMALLER = 0.85  # of the height of type before it, at most, of a raised number
NOTHING = "–"
STEP = 2.2  # times the height of type from one row to the next, at most
FAR = 4.5  # the same from one part of a table to the next
SIGN = re.compile(r"[^\w\s]|[(\[]?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]+)[.)\]]+")  # of a list
SIGNS_APART = frozenset("$€£¥%()")  # of an amount, in cells of their own
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
    at = free = 0  # rows from there on are in no table yet
    while at < len(rows):
        found, columns = _grown(rows[at:])
        table = _table(found, columns) if len(found) >= ROWS and _is_drawn(found) else None
        if table and _names_alone(table):
            table = None  # its first row is for several columns each
        if table:
            yield _headed(table, rows[free:at])
            free = at + len(found)
        at += len(found) if table else 1


def _cells(row: Sequence[Part]) -> list[Line]:
    """What stands on one row from the left, parts with no gap in between made one."""
    cells: list[Line] = []
    for part in sorted(row, key=lambda part: part.edges[0]):
        raised = cells and part.size < SMALLER * cells[-1].size  # the number of a note
        near = WIDE if raised else NEAR
        if cells and part.edges[0] - cells[-1].edges[2] < near * cells[-1].size:
            cells[-1] = Line((*cells[-1].parts, part))
        else:
            cells.append(Line((part,)))
    return cells


def _grown(rows: Sequence[Sequence[Line]]) -> tuple[list[Sequence[Line]], Columns]:
    """The first rows of so many as stand in columns, up to the last that has two cells."""
    columns: list[tuple[float, float]] = []
    kept: tuple[int, Columns] = (0, ())
    above = rows[0][0]
    for number, row in enumerate(rows):
        step = (row[0].edges[1] - above.edges[1]) / max(above.size, row[0].size)
        wider = _widened(columns, row)
        # Farther down it is the same table only where it goes on with figures.
        goes_on = len(row) < 2 or any(map(_is_figure, row[1:]))
        if step > FAR or (step > STEP and not goes_on) or wider is None or len(rows[0]) < 2:
            break
        above = row[0]
        if len(row) > 1:  # the title of some rows makes no column
            columns = wider
            kept = number + 1, tuple(columns)
    return list(rows[: kept[0]]), kept[1]


def _widened(
    columns: Sequence[tuple[float, float]], row: Sequence[Line]
) -> list[tuple[float, float]] | None:
    """Columns that take a row's cells in; None where a cell would stand in two of them.

    So would a column that two cells of it stand in: what is above names both.
    """
    found = list(columns)
    filled: set[tuple[float, float]] = set()
    for cell in row:
        left, _, right, _ = cell.edges
        touched = [column for column in found if column[0] < right and left < column[1]]
        if len(touched) > 1:
            return None
        for column in touched:
            if column in filled and cell.text not in SIGNS_APART:
                return None
            found.remove(column)
            left, right = min(left, column[0]), max(right, column[1])
        found.append((left, right))
        if cell.text not in SIGNS_APART:
            filled.add((left, right))
    return sorted(found)


def _is_figure(cell: Line) -> bool:
    """Whether a cell is a number that may stand below the name of a column, and no year."""
    return NUMBER.fullmatch(cell.text) is not None and not _is_year(cell)


def _is_year(cell: Line) -> bool:
    """Whether a cell may name a column by its year."""
    return YEARS.fullmatch(cell.text) is not None


def _names_alone(table: Table) -> bool:
    """Whether a column of a table of figures has nothing but a name in the first row."""
    figures = any(NUMBER.fullmatch(cell.text) for row in table.rows[1:] for cell in row[1:])
    below = (
        any(row[at].parts for row in table.rows[1:]) or not table.rows[0][at].parts
        for at in range(len(table.columns))
    )
    return figures and not all(below)


def _headed(table: Table, above: Sequence[Sequence[Line]]) -> Table:
    """A table of figures with the names of its columns in one row, from all rows that have some.

    Those are the first ones, and those above the table, of which a cell may name several columns.
    """
    figures = [any(map(_is_figure, row[1:])) for row in table.rows]
    if True not in figures:
        return table
    first = figures.index(True)
    while first and not any(cell.parts for cell in table.rows[first - 1][1:]):
        first -= 1  # the title of some rows names no column
    heads = list(table.rows[:first])
    if any(
        row[0].parts and not any(YEARS.fullmatch(cell.text) for cell in row) for row in heads[1:]
    ):
        return table  # rows of words
    below = table.top
    for row in reversed(above):
        top = row[0].edges[1]
        if below - top > STEP * row[0].size or not _is_head(row, table.columns):
            break
        heads.insert(0, _spread(row, table.columns))
        below = top
    columns = zip(*heads, strict=True)
    header = tuple(Line(tuple(chain(*(cell.parts for cell in column)))) for column in columns)
    named = bool(header) and all(cell.parts for cell in header[1:])
    return Table((header, *table.rows[first:]), table.columns, True) if named else table


def _is_head(row: Sequence[Line], columns: Columns) -> bool:
    """Whether a row above a table may name its columns, and is no line of text."""
    if len(row) == 1 and not row[0].text.startswith("("):
        over = sum(bool(cell.parts) for cell in _spread(row, columns))
        # What is wider names the table.
        fits = columns[0][1] - row[0].size < row[0].edges[0] and over > min(len(columns) - 2, 1)
    else:
        middle = sum(columns[0]) / 2
        fits = all(middle < cell.edges[0] or cell.edges[2] <= columns[0][1] for cell in row)
    ends = max(cell.edges[2] for cell in row) <= columns[-1][1] + row[0].size
    return fits and ends and not any(map(_is_figure, row))


def _spread(row: Sequence[Line], columns: Columns) -> tuple[Line, ...]:
    """What a row tells of each column; a unit in brackets for all of them is told of the first.

    Of cells that are each for two columns or more, which they leave, a column has the nearest.
    """
    if len(row) == 1 and row[0].text.startswith("("):
        return (row[0], *(Line(()) for _ in columns[1:]))
    over = [cell for cell in row if cell.edges[2] > columns[0][1]]
    inside = all(
        any(left <= cell.edges[0] and cell.edges[2] <= right for left, right in columns)
        for cell in over
    )
    if inside or len(over) < 2 or 2 * len(over) >= len(columns):
        return tuple(_of_column(column, row) for column in columns)
    nearest = (
        min(over, key=lambda cell: abs(sum(column) - cell.edges[0] - cell.edges[2]))
        for column in columns[1:]
    )
    return (_of_column(columns[0], row), *nearest)


def _of_column(column: tuple[float, float], row: Sequence[Line]) -> Line:
    """What of a row stands in a column, or over it."""
    left, right = column
    cells = (cell for cell in row if cell.edges[0] < right and left < cell.edges[2])
    return Line(tuple(chain.from_iterable(cell.parts for cell in cells)))


def _is_drawn(rows: Sequence[Sequence[Line]]) -> bool:
    """Whether most rows were drawn one after the other, as text in columns seldom is."""
    firsts = [[cell.parts[0].chars.start for cell in row] for row in rows]
    places = {first: at for at, first in enumerate(sorted(chain(*firsts)))}
    figures = [any(map(_is_figure, row[1:])) for row in rows]  # names may be drawn by column
    wide = [
        row
        for row, counted in zip(firsts, figures, strict=True)
        if len(row) > 1 and (counted or not any(figures))
    ]
    whole = [places[max(row)] - places[min(row)] + 1 == len(row) for row in wide]
    return sum(whole) > MOST * len(whole)


def _table(rows: Sequence[Sequence[Line]], columns: Columns) -> Table | None:
    """Rows as a table; None where they are rather lines of text, a list, or names and values."""
    cells: list[tuple[Line, ...]] = []
    for row in rows:
        line = tuple(_of_column(column, row) for column in columns)
        if not any(cell.parts for cell in line):
            line = (Line(row[0].parts), *line[1:])
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
    if any(map(_is_figure, head)):
        return False
    bold = all(part.bold for cell in head for part in cell.parts)
    if bold and not all(part.bold for row in body for cell in row for part in cell.parts):
        return True
    for column in range(1, len(head)):
        below = [row[column].text for row in body if row[column].parts]
        if below and 2 * sum(NUMBER.fullmatch(text) is not None for text in below) > len(below):
            return True
    return len(head) > 2
