"""A table of a document in columns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from askdoc.types import Block, Document
from askdoc.web.viewer.marks import Span, hidden, pieces

DELIMITERS = re.compile(r"[ \t|:-]*-{2,}[ \t|:-]*")
QUOTED = r'[^\S\n]*+"(?:[^"]|""){0,9999}+"'


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table and its cells, without the white space around them."""

    start: int
    end: int
    cells: tuple[tuple[int, int], ...]


def in_columns(document: Document, table: Block, marks: Sequence[Span]) -> str:
    """A table in columns, where marks are of whole rows or in one; else as it stands."""
    text = document.text
    rows = list(_rows(document, table.start, table.end))
    starts, ends = {row.start for row in rows}, {row.end for row in rows}
    around = [mark for mark in marks if mark.start in starts and mark.end in ends]
    inside = [mark for mark in marks if mark not in around]
    if any(
        sum(row.start < mark.end and row.end > mark.start for row in rows) > 1 for mark in inside
    ):
        return f'<div dir="auto">{pieces(text, table.start, table.end, marks)}</div>'
    html, at = "", table.start
    for row in rows:
        html += escape(text[at : row.start])  # white space, which nothing shows
        html += "".join(_group(mark.opens) for mark in around if mark.start == row.start)
        html += _row(text, row, row.start < table.inner_start, inside)
        html += "".join(mark.closes for mark in around if mark.end == row.end)
        at = row.end
    most = max((len(row.cells) for row in rows), default=1)
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


def _rows(document: Document, start: int, end: int) -> Iterator[Row]:
    """The rows of a table that hold anything, with their cells."""
    text, commas = document.text, document.source.lower().endswith((".csv", ".tsv"))
    first = text[start:end].split("\n", 1)[0]
    sign = max("\t;,|", key=first.count) if commas else "|"
    cell = re.compile(rf"(?:{QUOTED})?[^{sign}\n]*+" if commas else r"[^|\n]*+")
    at = start
    while at < end:
        row, spans = at, list[tuple[int, int]]()
        while match := cell.match(text, at, end):  # which an empty cell is, too
            at = match.end()
            spans.append(_trimmed(text, match.start(), at, commas))
            if text[at : at + 1] != sign:
                break
            at += 1
        while not commas and len(spans) > 1 and spans[0][0] == spans[0][1] == row:
            del spans[0]  # Markdown's rows begin with the sign, and end with it
        if not commas and len(spans) > 1 and spans[-1][0] == spans[-1][1]:
            del spans[-1]
        around = _trimmed(text, row, at)
        if around[0] < around[1]:
            yield Row(*around, tuple(spans))
        at += 1


def _trimmed(text: str, start: int, end: int, quoted: bool = False) -> tuple[int, int]:
    """A span without the white space, and the quotation marks, around it."""
    inside = text[start:end]
    last = start + len(inside.rstrip())
    first = min(last, start + len(inside) - len(inside.lstrip()))
    if quoted and last - first > 1 and text[first] == text[last - 1] == '"':
        return first + 1, last - 1
    return first, last
