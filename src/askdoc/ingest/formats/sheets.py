"""Workbooks: each sheet's rows below its name, its cells as they are shown, without what is hidden.

A merged cell stands in each row that it covers.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from askdoc.errors import Unreadable
from askdoc.ingest.extract import Composer, Extract
from askdoc.ingest.formats import office, properties
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
        lines, hidden_rows, hidden_columns = _visible(sheet)
        rows, columns, empty = (
            rows + hidden_rows,
            columns + hidden_columns,
            empty + sheet.empty_formulas,
        )
        if lines or sheet.boxes or sheet.comments:
            composer.add_heading(f"Sheet {sheet.name}", 1)
        composer.add_table(lines)
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


def _visible(sheet: Sheet) -> tuple[list[list[Cell]], int, int]:
    """The rows that are shown; how many rows and columns that hold anything are not."""
    rows = [row for row in sorted(sheet.cells) if row not in sheet.hidden_rows]
    used = sorted({column for row in rows for column in sheet.cells[row]})
    columns = [
        column
        for column in used
        if not any(first <= column <= last for first, last in sheet.hidden_columns)
    ]
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    covered: set[tuple[int, int]] = set()
    origins: dict[tuple[int, int], str] = {}
    for top, left, bottom, right in sheet.merged:
        down = rows[bisect_left(rows, top) : bisect_left(rows, bottom + 1)]
        across = columns[bisect_left(columns, left) : bisect_left(columns, right + 1)]
        if down and across:
            origin = down[0], across[0]
            origins[origin] = sheet.cells.get(top, {}).get(left, "")
            spans[origin] = len(down), len(across)
            covered.update((row, column) for row in down for column in across)
            covered.discard(origin)
    grid = [
        [
            Cell(
                origins.get((row, column), sheet.cells[row].get(column, "")),
                *spans.get((row, column), (1, 1)),
            )
            for column in columns
            if (row, column) not in covered
        ]
        for row in rows
    ]
    return grid, len(sheet.cells) - len(rows), len(used) - len(columns)
