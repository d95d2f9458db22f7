"""The tables of a sheet: several may stand below and beside each other, each with its header.

What parts them is an empty row or column; but that may part groups of one table, too. Another one
is told by its header: a row of mere words, unlike what stands below it, or above in its columns.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from askdoc.ingest.tables import NUMBER, YEARS, Cell

NAME = 3  # words of what names a column, at most, where nothing but its looks tells so
Area = tuple[list[int], list[int]]  # the rows and the columns of a table that hold anything
Line = dict[int, str]  # what a row shows, by column


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows and columns of a sheet that hold anything; None for a cell that another one covers.

    ``row_gaps`` are the rows in front of which an empty one is seen, and so with ``column_gaps``;
    ``bold`` are the places of cells in bold type.
    """

    cells: list[list[Cell | None]]
    row_gaps: set[int]
    column_gaps: set[int]
    bold: set[tuple[int, int]]

    def tables(self) -> Iterator[list[list[Cell]]]:
        """The rows of each table, from the top, and of those beside each other from the left."""
        rows, columns = range(len(self.cells)), range(max(map(len, self.cells), default=0))
        for area in self._below((list(rows), list(columns))):
            cells = ((self._within(area, row, at) for at in area[1]) for row in area[0])
            yield [[cell for cell in line if cell] for line in cells]

    def _within(self, area: Area, row: int, at: int) -> Cell | None:
        """A cell as it stands in a table, which may not have all columns and rows of the sheet."""
        cell = self.cells[row][at]
        if cell is None or cell.down * cell.right == 1:
            return cell
        (rows, columns), (below, behind) = area, (row + cell.down, at + cell.right)
        down = bisect_left(rows, below) - bisect_left(rows, row)
        right = bisect_left(columns, behind) - bisect_left(columns, at)
        return replace(cell, down=down, right=right)

    def _is_used(self, row: int, at: int) -> bool:
        """Whether a cell shows anything, or is covered by one that may."""
        cell = self.cells[row][at]
        return cell is None or bool(cell.text)

    def _line(self, row: int, columns: Sequence[int]) -> Line:
        """What a row shows in some columns."""
        cells = ((at, self.cells[row][at]) for at in columns)
        return {at: cell.text for at, cell in cells if cell and cell.text}

    def _below(self, area: Area) -> Iterator[Area]:
        """The tables below each other in a part of a sheet, and those beside each other in each."""
        rows, columns = area
        used = [row for row in rows if any(self._is_used(row, at) for at in columns)]
        found: list[Area] = []
        title = list[int]()  # rows of one cell that stand apart
        parts = _parts(used, rows, self.row_gaps)
        for part in parts:
            if all(len(self._line(row, columns)) < 2 for row in part):
                title += part
            elif found and not self._begins(title + part, found[-1]):
                found[-1][0].extend(title + part)
                title = []
            else:
                found.append((title + part, columns))
                title = []
        if found:
            found[-1][0].extend(title)
        else:
            found.append((title, columns))
        for table in found:
            sides = self._beside(table)
            for side in sides:
                # A part of what was looked at may fall into parts of its own.
                yield from self._below(side) if len(sides) > 1 else [side]

    def _begins(self, part: list[int], above: Area) -> bool:
        """Whether rows that an empty one parts from a table begin with a header of their own."""
        rows, columns = above
        head, *body = self._wide(part, columns) or [{}]
        old_head, *old_body = self._wide(rows, columns) or [{}]
        if not body or not _are_names(head) or not set(head) >= _but_first(body, columns):
            return False
        if head == old_head or not set(head) <= _but_first([old_head, *old_body], columns[:0]):
            return True
        now = {at: _are_numbers(body, at) for at in head}
        before = {at: _are_numbers(old_body, at) for at in head}
        years = [at for at, text in head.items() if NUMBER.fullmatch(text)]
        if any(now[at] and at not in years for at in head) or len(years) > 1:
            return True
        if any(before[at] and now[at] is False for at in head):
            return True
        if all(len(self._line(first, columns)) == 1 for first in (part[0], rows[0])):
            return True  # both have a title
        bold, old_bold = (
            all((row, at) in self.bold for at in self._line(row, columns))
            for row in (self._first(part, columns), self._first(rows, columns))
        )
        seen = [(at, text) for line in (*old_body, *body) for at, text in line.items()]
        recurs = any(cell in seen for cell in head.items())
        short = all(len(text.split()) <= NAME for text in head.values())
        return bold or (not old_bold and not recurs and short)

    def _beside(self, area: Area) -> list[Area]:
        """The tables beside each other in a part of a sheet without others below."""
        rows, columns = area
        wide = [row for row in rows if len(self._line(row, columns)) > 1] or rows
        used = [at for at in columns if any(self._is_used(row, at) for row in wide)]
        sides: list[list[int]] = []
        for side in _parts(used, columns, self.column_gaps):
            if sides and not self._stands_alone(rows, side, sides[-1]):
                sides[-1] += side
            else:
                sides.append(side)
        if len(sides) > 1:
            return [(rows, side) for side in sides]
        return [(rows, [at for at in columns if any(self._is_used(row, at) for row in rows)])]

    def _stands_alone(self, rows: list[int], side: list[int], left: list[int]) -> bool:
        """Whether columns behind an empty one are a table, and no more of the one before it."""
        if min(len(side), len(left)) < 2:
            return False
        mine, theirs = (
            [row for row in rows if len(self._line(row, at)) > 1] for at in (side, left)
        )
        head, *body = [self._line(row, side) for row in mine] or [{}]
        if not body or not theirs or not _are_names(head):
            return False
        keyed = all(side[0] in line for line in body)
        again = list(head.values()) == list(self._line(theirs[0], left).values())
        elsewhere = (mine[0], mine[-1]) != (theirs[0], theirs[-1])
        return keyed and (again or elsewhere or not _are_numbers(body, side[0]))

    def _wide(self, rows: Sequence[int], columns: Sequence[int]) -> list[Line]:
        """What those rows show that have more than one cell."""
        return [line for row in rows if len(line := self._line(row, columns)) > 1]

    def _first(self, rows: Sequence[int], columns: Sequence[int]) -> int:
        """The first of rows that has more than one cell."""
        return next(row for row in rows if len(self._line(row, columns)) > 1)


def _are_names(head: Line) -> bool:
    """Whether cells may name columns: words, or years."""
    return all(
        YEARS.fullmatch(text)
        or (any(map(str.isalpha, text)) and "@" not in text and not NUMBER.fullmatch(text))
        for text in head.values()
    )


def _are_numbers(lines: Sequence[Line], at: int) -> bool | None:
    """Whether most cells of a column are numbers; None where there are none."""
    texts = [line[at] for line in lines if at in line]
    numbers = sum(NUMBER.fullmatch(text) is not None for text in texts)
    return 2 * numbers > len(texts) if texts else None


def _but_first(lines: Sequence[Line], columns: Sequence[int]) -> set[int]:
    """The columns that lines have a cell in, but for the first of some."""
    return {at for line in lines for at in line if at not in columns[:1]}


def _parts(used: Sequence[int], every: Sequence[int], gaps: set[int]) -> list[list[int]]:
    """The rows, or the columns, that hold anything, parted where an empty one is between them."""
    parts: list[list[int]] = []
    places = {number: at for at, number in enumerate(every)}
    for number in used:
        beside = parts and places[number] == places[parts[-1][-1]] + 1
        if beside and number not in gaps:
            parts[-1].append(number)
        else:
            parts.append([number])
    return parts
