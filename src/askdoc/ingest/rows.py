"""The rows of a table and their cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from askdoc.ingest.limits import REPEATED
from askdoc.types import Block, BlockKind, Document, Span

MARKDOWN = re.compile(r"[^\n]*\n[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\||\n|\Z)")  # a header, ruled off
QUOTED = r'[^\S\n]*+"(?:[^"]|""){0,9999}+"'


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table and its cells, without the white space around them."""

    start: int
    end: int
    cells: tuple[tuple[int, int], ...]


def rows(document: Document, start: int, end: int) -> Iterator[Row]:
    """The rows that hold anything in a part of a table, which begins where a row does."""
    text, commas = document.text, document.source.lower().endswith((".csv", ".tsv"))
    block = document.block_at(start)
    head = block.start if block else start
    first = text[head : min(end, head + REPEATED)].split("\n", 1)[0]
    sign = max("\t;,|", key=first.count) if commas else "|"
    marked = not commas and MARKDOWN.match(text, head) is not None
    cell = re.compile(rf"(?:{QUOTED})?[^{sign}\n]*+" if commas else r"[^|\n]*+")
    at = start
    while at < end:
        row, spans = at, list[tuple[int, int]]()
        while match := cell.match(text, at, end):  # which an empty cell is, too
            at = match.end()
            spans.append(_trimmed(text, match.start(), at, commas))
            if at >= end or text[at] != sign:
                break
            at += 1
        while marked and len(spans) > 1 and spans[0][0] == spans[0][1] == row:
            del spans[0]  # its rows begin with the sign, and end with it
        if not commas and len(spans) > 1 and spans[-1][0] == spans[-1][1]:
            del spans[-1]
        around = _trimmed(text, row, at)
        if around[0] < around[1]:
            yield Row(*around, tuple(spans))
        at += 1


def with_header(span: Span) -> str:
    """The words of a span on one line; those of a row below a header, each cell after its name."""
    pairs = named_cells(span)
    if not pairs:
        return " ".join(span.text.split())
    return "; ".join(f"{name}: {value}".strip(": ") for name, value in pairs if value)


def named_cells(span: Span) -> tuple[tuple[str, str], ...]:
    """The cells of a row below a header, each with the name of its column; none of other text."""
    document, start, end = span.document, span.start, span.end
    block = document.block_at(start)
    if block and block.kind is BlockKind.TABLE and block.start < block.inner_start <= start:
        first = document.text.rfind("\n", 0, start) + 1
        last = min(block.end, end + REPEATED) if start - first < REPEATED else first  # of a row
        row = next(rows(document, first, last), None)
        if row and (row.start, row.end) == (start, end):
            names, values = _names(document, block), _words(document, row)
            if len(values) <= len(names):
                return tuple(zip_longest(names, values, fillvalue=""))
    return ()


def _names(document: Document, block: Block) -> list[str]:
    """The names of a table's columns: what its header says of each, from row to row."""
    heads = [_words(document, row) for row in rows(document, block.start, block.inner_start)]
    several = [head for head in heads if sum(map(bool, head)) > 1] or heads  # a title names none
    columns = zip_longest(*several, fillvalue="")
    return [" ".join(dict.fromkeys(filter(_named, column))) for column in columns]


def _named(word: str) -> bool:
    """Whether a cell of a header is no mere rule below it, or a dash for none."""
    return bool(word.strip(" :-–"))


def _words(document: Document, row: Row) -> list[str]:
    """The words of a row's cells."""
    return [" ".join(document.text[start:end].split()) for start, end in row.cells]


def _trimmed(text: str, start: int, end: int, quoted: bool = False) -> tuple[int, int]:
    """A span without the white space, and the quotation marks, around it."""
    inside = text[start:end]
    last = start + len(inside.rstrip())
    first = min(last, start + len(inside) - len(inside.lstrip()))
    if quoted and last - first > 1 and text[first] == text[last - 1] == '"':
        return first + 1, last - 1
    return first, last
