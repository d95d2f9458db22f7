"""A table of a document in columns."""

import re
from collections.abc import Sequence
from html import escape

from askdoc.ingest.rows import Row, rows
from askdoc.types import Block, Document
from askdoc.web.viewer.marks import Span, hidden, pieces

DELIMITERS = re.compile(r"[ \t|:-]*-{2,}[ \t|:-]*")


def in_columns(document: Document, table: Block, marks: Sequence[Span]) -> str:
    """A table in columns, where marks are of whole rows or in one; else as it stands."""
    text = document.text
    every = list(rows(document, table.start, table.end))
    starts, ends = {row.start for row in every}, {row.end for row in every}
    around = [mark for mark in marks if mark.start in starts and mark.end in ends]
    inside = [mark for mark in marks if mark not in around]
    if any(
        sum(row.start < mark.end and row.end > mark.start for row in every) > 1 for mark in inside
    ):
        return f'<div dir="auto">{pieces(text, table.start, table.end, marks)}</div>'
    html, at = "", table.start
    for row in every:
        html += escape(text[at : row.start])  # white space, which nothing shows
        html += "".join(_group(mark.opens) for mark in around if mark.start == row.start)
        html += _row(text, row, row.start < table.inner_start, inside)
        html += "".join(mark.closes for mark in around if mark.end == row.end)
        at = row.end
    most = max((len(row.cells) for row in every), default=1)
    return f'<div role="table" class="table" style="--columns:{most}">{html}</div>'


def _group(opens: str) -> str:
    """The opening of a mark that is around whole rows."""
    return opens.replace(' role="mark"', "").replace(">", ' role="rowgroup">')


def _row(text: str, row: Row, head: bool, marks: Sequence[Span]) -> str:
    """A row of a table; one that a mark runs through from cell to cell is left as it stands."""
    cells = row.cells
    through = [mark for mark in marks if mark.start < row.end and mark.end > row.start]
    if DELIMITERS.fullmatch(text, row.start, row.end) and not through:
        return hidden(text, row.start, row.end)
    if not all(any(a <= mark.start and mark.end <= b for a, b in cells) for mark in through):
        cells = ((row.start, row.end),)
    role, html, at = "columnheader" if head else "cell", "", row.start
    for first, last in cells:
        whole = ' class="whole"' if (first, last) == (row.start, row.end) else ""
        inside = pieces(text, first, last, through) if first < last else ""
        html += f'{hidden(text, at, first)}<span role="{role}" dir="auto"{whole}>{inside}</span>'
        at = last
    return f'<div role="row">{html}{hidden(text, at, row.end)}</div>'
