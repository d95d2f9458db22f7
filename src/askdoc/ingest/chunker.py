"""Documents to passages: whole sentences of one section, packed up to a size, offsets kept."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from askdoc.types import Document, Passage, Table

Span = tuple[int, int]

# A new unit starts at a blank line, at a list item, and at a line with the bars of a table's row.
UNIT = re.compile(r"\n\s*\n|\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t])|(?<=\|)\n|\n(?=.*\S[ \t]*\|)")
ROW = re.compile(r"\n")
MARKER = re.compile(r"(?:[-*+•>][ \t]+)+")  # of a list item or a quotation: not part of the words


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

    A list item or a row of a table is a sentence of its own.
    """
    text = document.text
    found = []
    for unit_start, unit_end in _units(document, start, end):
        for span_start, span_end in _split(document, unit_start, unit_end):
            span = _trimmed(text, span_start, span_end)
            if any(map(str.isalnum, text[slice(*span)])):
                found.append(span)
    return found


def _split(document: Document, start: int, end: int) -> Iterator[Span]:
    """The sentences of a unit; a row of a table is one, whatever is in it."""
    if any(_tables(document, start, start + 1)):
        yield start, end
        return
    for span_start, span_end in split(document.text[start:end]):
        yield start + span_start, start + span_end


def split(text: str) -> list[Span]:
    """The sentences of running text, the white space after each included."""
    return [
        (boundary["start_index"], boundary["end_index"])
        for boundary in get_sentence_boundaries("en", text)
    ]


def _sections(document: Document) -> Iterator[Span]:
    """The spans between headings; a heading that nothing follows stands for itself."""
    end = document.headings[0].start if document.headings else len(document.text)
    yield 0, end
    for number, heading in enumerate(document.headings):
        rest = document.headings[number + 1 :]
        end = rest[0].start if rest else len(document.text)
        empty = not any(map(str.isalnum, document.text[heading.end : end]))
        yield (heading.start if empty else heading.end), end


def _units(document: Document, start: int, end: int) -> Iterator[Span]:
    """The paragraphs, list items and table rows of a span."""
    borders = {border.span() for border in UNIT.finditer(document.text, start, end)}
    for table in _tables(document, start, end):
        rows = ROW.finditer(document.text, max(start, table.start), min(end, table.end))
        borders |= {row.span() for row in rows}
    for border_start, border_end in sorted(borders):
        if border_start >= start:  # a blank line inside a table is found twice
            yield start, border_start
            start = border_end
    yield start, end


def _tables(document: Document, start: int, end: int) -> Iterator[Table]:
    """The tables that a span touches."""
    first = bisect_right(document.tables, start, key=lambda table: table.end)
    for number in range(first, len(document.tables)):
        if document.tables[number].start >= end:
            return
        yield document.tables[number]


def _trimmed(text: str, start: int, end: int) -> Span:
    """A span without the white space around it and the marker in front."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
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
