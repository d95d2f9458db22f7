"""A document's text laid out as the reader of its format expects it, spans of it marked.

Every character between the first and the last of a mark is there, signs of the format hidden by
style: what is marked is exactly what is cited.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from askdoc.ingest.filetype import PICTURES
from askdoc.types import INVISIBLE, Block, BlockKind, Document
from askdoc.web.viewer.columns import in_columns
from askdoc.web.viewer.marks import HIDDEN, Span, pieces

MARKDOWN = (".md",)
FLOWING = (
    ".md",
    ".pdf",
    *PICTURES,
    ".tex",
    ".rst",
    ".org",
)  # where a line's end is not the writer's
EMPHASIS = (
    ("strong", re.compile(r"(?P<sign>\*\*|__)(?=\S)[^\n]{1,500}?(?<=\S)(?P=sign)")),
    ("em", re.compile(r"(?<![\w*])(?P<sign>[*_])(?![\s*_])[^*_\n]+(?<!\s)(?P=sign)(?![\w*])")),
    ("code", re.compile(r"(?P<sign>`{1,3})(?!`).{1,500}?(?<!`)(?P=sign)(?!`)")),
)
LINK = re.compile(r"(?P<opens>!?\[)[^\]\n]{1,500}(?P<closes>\]\([^)\s]{1,2000}\))")
ROWS = 500  # rows of a table that are laid out in columns, at most
NAMES = {BlockKind.PARAGRAPH: "p", BlockKind.ITEM: "li", BlockKind.CODE: "pre"}
PROSE = (BlockKind.PARAGRAPH, BlockKind.ITEM)
UNSEEN = '<span class="unseen" title="a sign that nobody sees">', "</span>"


@dataclass(frozen=True, slots=True)
class Element:
    """A block of the document as it is shown.

    ``name`` is ``h3`` to ``h6``, ``p``, ``li``, ``pre``, ``table``, or ``div`` for several blocks
    that are kept as they stand; ``inner`` are elements in it; ``table`` is the block of a table.
    """

    name: str
    start: int
    end: int
    inner: tuple[Span, ...] = ()
    table: Block | None = None


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
    marks += [Span(*sign.span(), *UNSEEN) for sign in INVISIBLE.finditer(document.text)]
    body = ""
    elements = _whole(list(_elements(document)), start, end)
    for name, run in groupby(elements, key=lambda element: element.name):
        html = "".join(_html(document, element, marks) for element in run)
        body += f"<ul>{html}</ul>" if name == "li" else html
    flows = "flowing" if document.source.lower().endswith(FLOWING) else "lines"
    return f'<div class="text {flows}">{body}</div>'


def _elements(document: Document) -> Iterator[Element]:
    """The blocks of the document, those lines joined that no empty one parts."""
    marked_up = document.source.lower().endswith(MARKDOWN)
    joined: list[Block] = []
    for block in document.blocks:
        goes_on = joined and joined[-1].end == block.start - 1 and joined[-1].kind in PROSE
        if joined and not (goes_on and block.kind is BlockKind.PARAGRAPH):
            yield _element(document.text, joined, marked_up)
            joined = []
        joined.append(block)
    if joined:
        yield _element(document.text, joined, marked_up)


def _element(text: str, blocks: Sequence[Block], marked_up: bool) -> Element:
    """Blocks that are shown as one, the signs of their format hidden."""
    block, end = blocks[0], blocks[-1].end
    if block.kind is BlockKind.TABLE:
        long = text.count("\n", block.start, end) >= ROWS
        return Element("pre" if long else "table", block.start, end, table=block)
    inner = [Span(block.start, block.inner_start, *HIDDEN)]
    if block.kind in PROSE:
        inner += _emphasis(text, block.start, end) if marked_up else ()
    else:
        inner.append(Span(block.inner_end, end, *HIDDEN))
    name = f"h{min(6, block.level + 2)}" if block.level else NAMES[block.kind]
    return Element(name, block.start, end, tuple(inner))


def _emphasis(text: str, start: int, end: int) -> Iterator[Span]:
    """What Markdown sets off in a paragraph, and the signs by which it does."""
    for name, pattern in EMPHASIS:
        for match in pattern.finditer(text, start, end):
            yield Span(*match.span(), f"<{name}>", f"</{name}>")
            sign = len(match["sign"])
            yield Span(match.start(), match.start() + sign, *HIDDEN)
            yield Span(match.end() - sign, match.end(), *HIDDEN)
    for match in LINK.finditer(text, start, end):
        yield Span(*match.span("opens"), *HIDDEN)
        yield Span(*match.span("closes"), *HIDDEN)


def _whole(elements: Sequence[Element], start: int, end: int) -> Iterator[Element]:
    """The elements; those that one span runs through are one, since its mark has to be one."""
    through = [element for element in elements if element.start < end and element.end > start]
    if start >= end or (len(through) == 1 and through[0].start <= start and end <= through[0].end):
        yield from elements
        return
    inner = [
        Span(element.start, element.end, "<strong>", "</strong>")
        for element in through
        if element.name.startswith("h")
    ]
    inner += [span for element in through for span in element.inner]
    yield from (element for element in elements if element.end <= start)
    first = min([start, *(element.start for element in through)])
    yield Element("div", first, max([end, *(element.end for element in through)]), tuple(inner))
    yield from (element for element in elements if element.start >= end)


def _html(document: Document, element: Element, marks: Sequence[Span]) -> str:
    """An element as HTML."""
    if element.name == "table" and element.table:
        return in_columns(document, element.table, marks)
    inside = pieces(document.text, element.start, element.end, (*marks, *element.inner))
    return f'<{element.name} dir="auto">{inside}</{element.name}>'
