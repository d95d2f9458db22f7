"""Documents to passages: whole sentences of one section, packed up to a size, offsets kept."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from askdoc.ingest.blocks import prose
from askdoc.ingest.rows import rows
from askdoc.tuning import AT_ONCE, IN_BOLD
from askdoc.types import BlockKind, Document, Passage

Span = tuple[int, int]

CLOSING = re.compile(r"[*_`\"'”’»)\]]+(?:\s+|\Z)")  # what belongs to the sentence before it
BOLD = "**"
WIDE = re.compile(r"[^\S\x00-\x7f]")  # white space before a full stop at which sentencex panics
# The number of what follows: "3.", "Article 3.", "IV.", "§ 1.2."
LABEL = re.compile(
    r"(?:[^\W\d_]{2,12}\.? |§ ?)?\(?"
    r"(?:\d{1,3}|[a-zA-Z]|[ivxl]{2,6}|[IVXL]{2,6})(?:\.(?:\d{1,3}|[a-z]))*[.)]+\s*\Z"
)
MARKER = re.compile(r"(?:[-*+•>][ \t]+)+\s*")  # of list items or quotations: no part of the words


def chunk(document: Document, size: int) -> tuple[Passage, ...]:
    """The passages of a document, in order, each of at most ``size`` characters.

    No passage runs across a heading, and none cuts a sentence that fits into ``size``.
    """
    passages: list[Passage] = []
    for start, end in _sections(document):
        spans = [
            piece
            for span in sentences(document, start, end)
            for piece in _pieces(document.text, span, size)
            if any(map(str.isalnum, document.text[slice(*piece)]))
        ]
        passages.extend(_packed(document, spans, size))
    return tuple(passages)


def sentences(document: Document, start: int, end: int) -> list[Span]:
    """The sentences of a span of a document, white space and list markers left out.

    None runs from one block into another; a row of a table is a sentence of its own.
    """
    text = document.text
    spans = [_trimmed(text, *span) for span in _sentences(document, start, end)]
    return [span for span in spans if any(map(str.isalnum, text[slice(*span)]))]


def _sentences(document: Document, start: int, end: int) -> Iterator[Span]:
    """The sentences of the blocks that a span touches, and of what is in no block."""
    text, blocks = document.text, document.blocks
    for number in range(bisect_right(blocks, start, key=lambda block: block.end), len(blocks)):
        block = blocks[number]
        if block.start >= end:
            break
        yield from _split(text, start, block.start)
        start, last = max(start, block.start), min(end, block.end)
        if block.kind is BlockKind.TABLE:
            yield from _rows(document, start, last)
        elif block.kind is BlockKind.CODE:
            for part in prose(text, start, last):
                yield from _split(text, part.start, part.end)
        else:
            yield from _with_label(text, list(_split(text, start, last)), block.start)
        start = last
    yield from _split(text, start, end)


def _with_label(text: str, spans: list[Span], begin: int) -> list[Span]:
    """The sentences of a block, the number that it begins with in one with what it is for."""
    label = len(spans) > 1 and spans[0][0] == begin and LABEL.match(text[slice(*spans[0])].lstrip())
    return [(spans[0][0], spans[1][1]), *spans[2:]] if label else spans


def _rows(document: Document, start: int, end: int) -> Iterator[Span]:
    """The rows of a table, a line each but for those with a value in several lines."""
    yield from ((row.start, row.end) for row in rows(document, start, end))


def _split(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of a span of running text, the white space after each included."""
    for first, last in split(text[start:end]) if start < end else ():
        yield start + first, start + last


def split(text: str) -> list[Span]:
    """The sentences of running text, the white space after each included.

    In parts, since sentencex takes quadratic time for what opens and never closes, and for text
    without spaces; each part begins where the last sentence of the one before it does.
    """
    spans: list[Span] = []
    text = WIDE.sub(" ", text)
    start = 0
    while start < len(text):
        end = start + AT_ONCE
        if end < len(text):  # at a space, if there is one
            end = max(text.rfind(" ", start, end), text.rfind("\n", start, end)) + 1 or end
        boundaries = get_sentence_boundaries("en", text[start:end])
        goes_on = end < len(text) and len(boundaries) > 1  # the last of them
        for boundary in boundaries[:-1] if goes_on else boundaries:
            spans.append((start + boundary["start_index"], start + boundary["end_index"]))
        start = spans[-1][1]
    return list(_whole(text, spans))


def _whole(text: str, spans: list[Span]) -> Iterator[Span]:
    """The sentences with the signs that close them, and what is set in bold in one piece."""
    begin, last = 0, 0
    for number, (_, end) in enumerate(spans):
        after = spans[number + 1][1] if number + 1 < len(spans) else end
        closing = None if text[end - 1].isspace() else CLOSING.match(text, end, after)
        end = closing.end() if closing else end
        words = text[begin:end].lstrip()
        opened = words.startswith(BOLD) and words.count(BOLD) == 1
        closes = BOLD in text[end : end + IN_BOLD]
        if end > last and not (opened and closes):
            yield begin, end
            begin = end
        last = end


def _sections(document: Document) -> Iterator[Span]:
    """The spans between headings; a heading that nothing follows stands for itself."""
    borders = [*(heading.start for heading in document.headings), len(document.text)]
    yield 0, borders[0]
    for heading, after in zip(document.headings, borders[1:], strict=True):
        empty = not any(map(str.isalnum, document.text[heading.end : after]))
        yield (heading.inner_start, heading.inner_end) if empty else (heading.end, after)


def _trimmed(text: str, start: int, end: int) -> Span:
    """A span without the white space around it and the marker in front."""
    words = text[start:end]
    start, end = end - len(words.lstrip()), start + len(words.rstrip())
    marker = MARKER.match(text, start, end)
    return (marker.end() if marker else start), end


def _pieces(text: str, span: Span, size: int) -> Iterator[Span]:
    """The span, or where it is too long for a passage, parts of it that are not."""
    start, end = span
    if end - start <= size:
        yield span
        return
    # Imported where first used: it costs half a second that only indexing should pay.
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=size, chunk_overlap=0, keep_separator="end", strip_whitespace=False
    )
    for part in splitter.split_text(text[start:end]):
        yield _trimmed(text, start, start + len(part))
        start += len(part)


def _packed(document: Document, spans: list[Span], size: int) -> Iterator[Passage]:
    """Neighbouring spans joined into passages for as long as they fit."""
    start: int | None = None
    last = 0
    for span_start, span_end in spans:
        if start is not None and span_end - start > size:
            yield Passage(document, start, last)
            start = None
        if start is None:
            start = span_start
        last = span_end
    if start is not None:
        yield Passage(document, start, last)
