"""The cells of a table in their rows and columns: what spans several stands where it is seen."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from askdoc.ingest import limits

TITLE_ROWS = 3  # rows at the top of a table among which its header is looked for
MOST_COLUMNS = 1000  # that a cell may span; as in a browser
NUMBER = re.compile(r"[-–—−+(]*[$€£¥]?\s*[\d.,]*\d.*|[-–—−]+|n/?a", re.IGNORECASE)
YEARS = re.compile(r"(?:\D*(?:19|20)\d\d)+\D*")  # which head a column
LONGEST_REPEATED = 200  # characters; a longer text stands only in the first row that it spans


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, and how many rows and columns it spans."""

    text: str
    down: int = 1
    right: int = 1


def spread(rows: Iterable[Sequence[Cell]]) -> tuple[list[list[str]], int]:
    """The rows of a table that hold anything, each cell in its column; how many are its header.

    A cell stands in each row that it spans, and in each column of a header; below, in the first.
    """
    placed = [line for line in _placed(rows) if any(text for text, _ in line.values())]
    columns = sorted({at for line in placed for at in line})  # in which any cell begins
    grid = [[line[at][0] if at in line else "" for at in columns] for line in placed]
    header = header_rows(grid)
    number = 0
    while number < header:
        line = placed[number]
        wide = {at + by: text for at, (text, right) in line.items() for by in range(right)}
        if len(wide) > len(line) and sum(map(bool, grid[number])) > 1:
            below = placed[number + 1] if number + 2 < len(placed) else {}
            inside = {at for at in wide if at not in line or line[at][1] > 1}
            fresh = {at for at, (text, _) in below.items() if text and text != wide.get(at)}
            header = max(header, number + 2) if fresh and fresh <= inside else header
            grid[number] = [_repeated(wide.get(at, ""), at in line) for at in columns]
        number += 1
    return grid, header


def _repeated(text: str, first: bool) -> str:
    """The text of a cell in one of the places that it spans."""
    return text if first or len(text) <= LONGEST_REPEATED else ""


def _placed(rows: Iterable[Sequence[Cell]]) -> Iterator[dict[int, tuple[str, int]]]:
    """For each row, by column, the text of each cell that is in it and how many columns it spans.

    Raises Unreadable where repeating makes too much of it.
    """
    above: dict[int, tuple[str, int, int]] = {}  # with how many rows more
    length = 0
    for row in rows:
        line = {at: (text, right) for at, (text, right, _) in above.items()}
        taken = {at + by for at, (_, right) in line.items() for by in range(right)}
        above = {
            at: (text, right, left - 1) for at, (text, right, left) in above.items() if left > 1
        }
        at = 0
        for cell in row:
            while at in taken:
                at += 1
            right = max(1, min(cell.right, MOST_COLUMNS))
            line[at] = cell.text, right
            if cell.down > 1:
                above[at] = _repeated(cell.text, False), right, cell.down - 1
            at += right
        length += sum(len(text) for text, _ in line.values())
        limits.check(length, limits.CHARACTERS, "characters")
        yield line


def header_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows at the top of a table are its title and header; 0 for a single row.

    Few files tell. A row with one cell above wider ones is a title, the next is the header; and so
    is, below it, a row of words that names no line, but only columns.
    """
    widest = max((sum(map(bool, row)) for row in rows), default=0)
    for number, row in enumerate(rows[:TITLE_ROWS], 1):
        if sum(map(bool, row)) >= min(2, widest):
            while number < len(rows) and _names_columns(rows[number], row):
                number += 1
            return number if number < len(rows) else 0
    return 0


def _names_columns(row: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a row has words for more columns than the one above it, and none for its line."""
    filled = [cell for cell in row if cell]
    more = len(filled) > max(2, sum(map(bool, above)))
    return more and not row[0] and all(any(map(str.isalpha, cell)) for cell in filled)


def row_line(cells: Sequence[str]) -> str:
    """A row on a line; the empty cells at its end are left out."""
    filled = max((number for number, cell in enumerate(cells, 1) if cell), default=0)
    # A bar of its own would begin another cell.
    return " | ".join(cell.replace("|", "¦") for cell in cells[:filled]).lstrip()
