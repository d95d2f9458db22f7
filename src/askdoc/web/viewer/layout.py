"""A document's text laid out as the reader of its format expects it, spans of it marked.

Every character between the first and the last of a mark is there, signs of the format hidden by
style: what is marked is exactly what is cited.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from askdoc.types import Document, Heading, Table
from askdoc.web.viewer.columns import in_columns
from askdoc.web.viewer.marks import HIDDEN, Span, pieces

MARKDOWN = (".md",)
VERBATIM = (".json", ".srt", ".xml")
FLOWING = (".md", ".pdf", ".tex", ".rst", ".org")  # where a line's end is not the writer's
# A list's item, fenced code or paragraph; each ends at an empty line or where another begins.
BEGINS = r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S"
FENCE = r"[ \t]*(?P<fence>```|~~~)[\s\S]*?(?:^[ \t]*(?P=fence)[^\n]*$|\Z)"
ITEM = r"(?P<sign>[ \t]*(?:(?P<bullet>[-*+•])|\d{1,3}[.)])[ \t]+)(?=\S)"
LINES = rf"[^\S\n]*+[^\n]++(?:\n(?!{BEGINS}|[ \t]*(?:```|~~~|$))[^\n]++)*+"
EMPTY = r"[^\S\n]*+(?:\n|\Z)"
PROSE = re.compile(rf"(?P<empty>{EMPTY})|^(?P<item>{ITEM}{LINES})|(?P<lines>{LINES})", re.MULTILINE)
MARKED_UP = re.compile(rf"^(?P<code>{FENCE})|{PROSE.pattern}", re.MULTILINE)
ALL = re.compile(r"(?P<code>\S[\s\S]*)")
BEFORE = re.compile(r"[ \t#=*>]*\Z")  # what may stand in a heading's line: signs of the format
AFTER = re.compile(r"[ \t#=*]*(?:\n[ \t]*([=\-~^#*+])\1{2,}[ \t]*)?(?=\n|\Z)")
EMPHASIS = (
    ("strong", re.compile(r"(?P<sign>\*\*|__)(?=\S)[^\n]{1,500}?(?<=\S)(?P=sign)")),
    ("em", re.compile(r"(?<![\w*])(?P<sign>[*_])(?![\s*_])[^*_\n]+(?<!\s)(?P=sign)(?![\w*])")),
    ("code", re.compile(r"(?P<sign>`{1,3})(?!`).{1,500}?(?<!`)(?P=sign)(?!`)")),
)
LINK = re.compile(r"(?P<opens>!?\[)[^\]\n]{1,500}(?P<closes>\]\([^)\s]{1,2000}\))")
ROWS = 500  # rows of a table that are laid out in columns, at most


@dataclass(frozen=True, slots=True)
class Block:
    """A span of the text that stands by itself.

    ``kind`` is ``h3`` to ``h6``, ``p``, ``li``, ``pre``, ``table``, or ``div`` for several blocks
    that are kept as they stand; ``inner`` are elements in it.
    """

    kind: str
    start: int
    end: int
    inner: tuple[Span, ...] = ()
    table: Table | None = None


def laid_out(
    document: Document, start: int, end: int, others: Sequence[tuple[int, int]] = ()
) -> str:
    """The whole text as HTML, ``start`` to ``end`` in one ``mark``; none where they are equal.

    ``others`` are marked more quietly, where they overlap neither it nor each other.
    """
    marks = [Span(start, end, "<mark>", "</mark>")] if start < end else []
    for first, last in others:
        apart = all(last <= mark.start or first >= mark.end for mark in marks)
        if apart and 0 <= first < last <= len(document.text):
            marks.append(Span(first, last, '<span role="mark" class="other">', "</span>"))
    body = ""
    blocks = _whole(list(_blocks(document)), start, end)
    for kind, run in groupby(blocks, key=lambda block: block.kind):
        written = "".join(_written(document, block, marks) for block in run)
        body += f"<ul>{written}</ul>" if kind == "li" else written
    flows = "flowing" if document.source.lower().endswith(FLOWING) else "lines"
    return f'<div class="text {flows}">{body}</div>'


def _blocks(document: Document) -> Iterator[Block]:
    """The text in blocks, in order; empty lines are in none."""
    text, at = document.text, 0
    fixed = [_table(text, table) for table in document.tables]
    fixed += [_heading(text, heading) for heading in document.headings]
    for block in sorted(fixed, key=lambda block: block.start):
        if block.start >= at:  # a heading inside of a table is part of it
            yield from _prose(document, at, block.start)
            yield block
            at = block.end
    yield from _prose(document, at, len(text))


def _table(text: str, table: Table) -> Block:
    """A table in columns, or as it stands where it is long."""
    end = table.start + len(text[table.start : table.end].rstrip())
    long = text.count("\n", table.start, end) >= ROWS
    return Block("pre" if long else "table", table.start, end, table=table)


def _heading(text: str, heading: Heading) -> Block:
    """A heading with the signs of its format around it, where its lines hold nothing else."""
    line = text.rfind("\n", 0, heading.start) + 1
    start = line if BEFORE.match(text, line, heading.start) else heading.start
    below = AFTER.match(text, heading.end)
    end = below.end() if below else heading.end
    signs = Span(start, heading.start, *HIDDEN), Span(heading.end, end, *HIDDEN)
    return Block(f"h{min(6, heading.level + 2)}", start, end, signs)


def _prose(document: Document, start: int, end: int) -> Iterator[Block]:
    """What stands between tables and headings, in blocks."""
    text, source = document.text, document.source.lower()
    marked_up = source.endswith(MARKDOWN)
    pattern = ALL if source.endswith(VERBATIM) else MARKED_UP if marked_up else PROSE
    for found in pattern.finditer(text, start, end):
        first, last = found.span()
        if found.lastgroup == "empty":
            continue
        if found.lastgroup == "code":
            yield Block("pre", first, last, tuple(_fences(text, first, last)) if marked_up else ())
            continue
        inner = tuple(_emphasis(text, first, last)) if marked_up else ()
        if found.lastgroup == "item":
            sign = (Span(*found.span("sign"), *HIDDEN),) if found["bullet"] else ()
            yield Block("li", first, last, (*sign, *inner))
        else:
            yield Block("p", first, last, inner)


def _fences(text: str, start: int, end: int) -> Iterator[Span]:
    """The lines above and below fenced code."""
    above = text.find("\n", start, end) + 1 or end
    below = text.rfind("\n", above, end)
    yield Span(start, above, *HIDDEN)
    if below >= 0 and text[below:end].strip()[:3] in ("```", "~~~"):
        yield Span(below, end, *HIDDEN)


def _emphasis(text: str, start: int, end: int) -> Iterator[Span]:
    """What Markdown sets off in a paragraph, and the signs by which it does."""
    for name, pattern in EMPHASIS:
        for found in pattern.finditer(text, start, end):
            yield Span(*found.span(), f"<{name}>", f"</{name}>")
            sign = len(found["sign"])
            yield Span(found.start(), found.start() + sign, *HIDDEN)
            yield Span(found.end() - sign, found.end(), *HIDDEN)
    for found in LINK.finditer(text, start, end):
        yield Span(*found.span("opens"), *HIDDEN)
        yield Span(*found.span("closes"), *HIDDEN)


def _whole(blocks: Sequence[Block], start: int, end: int) -> Iterator[Block]:
    """The blocks; those that one span runs through are one, since its mark has to be one."""
    through = [block for block in blocks if block.start < end and block.end > start]
    if start >= end or (len(through) == 1 and through[0].start <= start and end <= through[0].end):
        yield from blocks
        return
    inner = [
        Span(block.start, block.end, "<strong>", "</strong>")
        for block in through
        if block.kind.startswith("h")
    ]
    inner += [span for block in through for span in block.inner]
    yield from (block for block in blocks if block.end <= start)
    first = min([start, *(block.start for block in through)])
    yield Block("div", first, max([end, *(block.end for block in through)]), tuple(inner))
    yield from (block for block in blocks if block.start >= end)


def _written(document: Document, block: Block, marks: Sequence[Span]) -> str:
    """A block as HTML."""
    if block.kind == "table" and block.table:
        return in_columns(document, block.table, block.end, marks)
    inside = pieces(document.text, block.start, block.end, (*marks, *block.inner))
    return f'<{block.kind} dir="auto">{inside}</{block.kind}>'
