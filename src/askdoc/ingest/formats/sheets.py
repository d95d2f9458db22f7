"""Workbooks: each sheet's rows below its name, its cells as they are shown, without what is hidden.

A merged cell stands in each row that it covers.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from askdoc.errors import Unreadable
from askdoc.ingest.extract import Composer, Extract
from askdoc.ingest.formats import office, properties
from askdoc.ingest.formats.sheet_tables import Grid
from askdoc.ingest.tables import Cell

Area = tuple[int, int, int, int]  # first row and column, last row and column, all included


@dataclass(slots=True)
class Sheet:
    """A sheet as it is stored: its cells' texts by row and column, counted from 0."""

    name: str
    hidden: bool = False
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)  # texts that stand over the cells
    comments: list[tuple[str, str]] = field(default_factory=list)  # each with its heading
    bold: set[tuple[int, int]] = field(default_factory=set)  # cells, by row and column
    empty_formulas: int = 0  # of which the file holds no value

    def put(self, row: int, column: int, text: str) -> None:
        """Keeps a cell that shows anything."""
        if text.strip():
            self.cells.setdefault(row, {})[column] = text


def read(path: Path, sheets: Callable[[bytes], Iterable[Sheet]]) -> Extract:
    """A workbook by what reads its sheets; a damaged one by what forgives more."""
    try:
        told = _told(sheets(path.read_bytes()))
        return replace(told, metadata=properties.of_zip(path))
    except (MemoryError, Unreadable, OSError):
        raise
    # A damaged file surfaces as whatever the parsers raise.
    except Exception:  # noqa: BLE001
        return office.read_workbook(path)


def _told(sheets: Iterable[Sheet]) -> Extract:
    """The text of the sheets that are shown; its remark tells what was left out."""
    composer = Composer()
    names, rows, columns, empty = list[str](), 0, 0, 0
    for sheet in sheets:
        if sheet.hidden:
            names.append(sheet.name)
            continue
        grid, hidden_rows, hidden_columns = _visible(sheet)
        rows, columns, empty = (
            rows + hidden_rows,
            columns + hidden_columns,
            empty + sheet.empty_formulas,
        )
        if grid.cells or sheet.boxes or sheet.comments:
            composer.add_heading(f"Sheet {sheet.name}", 1)
        for table in grid.tables():
            composer.add_table(table)
        for text in sheet.boxes:
            composer.add(text)
        for heading, text in sheet.comments:
            composer.add_heading(heading, 2)
            composer.add(text)
    counts = (
        (rows, "hidden rows"),
        (columns, "hidden columns"),
        (empty, "formulas without a value"),
    )
    left_out = [f"the hidden sheet {name}" for name in names[:3]]
    left_out += [f"more hidden sheets ({len(names) - 3:,})"] if len(names) > 3 else []
    left_out += [f"{what} ({count:,})" for count, what in counts if count]
    remark = f"left out: {', '.join(left_out)}" if left_out else ""
    return Extract(composer.text, blocks=tuple(composer.blocks), remark=remark)


def _visible(sheet: Sheet) -> tuple[Grid, int, int]:
    """What is shown; how many rows and columns that hold anything are not."""
    rows = [row for row in sorted(sheet.cells) if row not in sheet.hidden_rows]
    used = sorted({column for row in rows for column in sheet.cells[row]})
    unseen = partial(_is_in, spans=sheet.hidden_columns)
    columns = [column for column in used if not unseen(column)]
    merged: dict[tuple[int, int], Cell] = {}
    covered: set[tuple[int, int]] = set()
    for top, left, bottom, right in sheet.merged:
        down = rows[bisect_left(rows, top) : bisect_left(rows, bottom + 1)]
        across = columns[bisect_left(columns, left) : bisect_left(columns, right + 1)]
        if down and across:
            text = sheet.cells.get(top, {}).get(left, "")
            merged[down[0], across[0]] = Cell(text, len(down), len(across))
            covered.update((row, column) for row in down for column in across)
    covered -= merged.keys()
    cells = [
        [
            None
            if (row, column) in covered
            else merged.get((row, column)) or Cell(sheet.cells[row].get(column, ""))
            for column in columns
        ]
        for row in rows
    ]
    down_gaps = _gaps(rows, sheet.hidden_rows.__contains__, [(a, b) for a, _, b, _ in sheet.merged])
    across_gaps = _gaps(columns, unseen, [(a, b) for _, a, _, b in sheet.merged])
    places = {row: at for at, row in enumerate(rows)}, {at: n for n, at in enumerate(columns)}
    bold = {
        (places[0][row], places[1][at])
        for row, at in sheet.bold
        if row in places[0] and at in places[1]
    }
    grid = Grid(cells, down_gaps, across_gaps, bold)
    return grid, len(sheet.cells) - len(rows), len(used) - len(columns)


def _is_in(number: int, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether a number is in one of several spans, both ends included."""
    return any(first <= number <= last for first, last in spans)


def _gaps(
    numbers: Sequence[int], unseen: Callable[[int], bool], merged: Sequence[tuple[int, int]]
) -> set[int]:
    """Which rows, or columns, have an empty one in front of them that is seen.

    What a merged cell covers is not empty.
    """
    goes_on = {
        number
        for first, last in merged
        for number in numbers[bisect_left(numbers, first) : bisect_left(numbers, last)]
    }
    return {
        at
        for at, (before, number) in enumerate(pairwise(numbers), 1)
        if before not in goes_on and not all(map(unseen, range(before + 1, number)))
    }
