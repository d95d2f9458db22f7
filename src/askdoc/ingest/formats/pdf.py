"""PDF: the text layer page by page, with paragraphs and headings told apart by their looks.

A PDF knows neither paragraphs nor headings, only characters at places: a line in larger type than
the body is a heading, and a wider step down than between two lines of a paragraph begins a new one.
"""

import threading
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import pypdfium2

from askdoc.errors import Unreadable
from askdoc.ingest.blocks import heading
from askdoc.ingest.extract import Extract, clean, one_line
from askdoc.types import Block, Status

LARGER = 1.1  # times the body's type: a heading
WIDER = 1.3  # times the body's line step: a new paragraph
LONGEST_HEADING = 200
PDFIUM = threading.Lock()  # pdfium must not be entered by two threads at once


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page: its text, the height of its type and its lower edge, in points."""

    text: str
    size: float
    bottom: float


def read(path: Path) -> Extract:
    """A PDF with pages and headings; its title is the one in its metadata, or its first heading."""
    with PDFIUM:
        try:
            pdf = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise Unreadable(Status.ENCRYPTED, "it needs a password") from error
            raise Unreadable(Status.FAILED, f"it is no PDF that can be opened ({error})") from error
        try:
            named = one_line(pdf.get_metadata_dict().get("Title", ""))
            found = [_page(pdf, number) for number in range(len(pdf))]
        finally:
            pdf.close()
    if found and not any(lines is not None for lines in found):
        raise Unreadable(Status.FAILED, "none of its pages can be read")
    pages = [lines or [] for lines in found]
    if not any(line.text.strip() for page in pages for line in page):
        raise Unreadable(Status.NO_TEXT_LAYER, "its pages are pictures: put it through OCR first")
    return _compose(pages, named)


def _page(pdf: pypdfium2.PdfDocument, number: int) -> list[_Line] | None:
    """The lines of a page; None for a damaged one, which must not lose the others."""
    try:
        return _lines(pdf[number])
    except pypdfium2.PdfiumError:
        return None


def _lines(page: pypdfium2.PdfPage) -> list[_Line]:
    """The lines of a page in the order of its content."""
    textpage = page.get_textpage()
    # U+FFFE and U+0002 are how pdfium hands on a hyphen at a line's end.
    text = textpage.get_text_range().replace("\ufffe", "-").replace("\x02", "-")
    lines, start = [], 0
    for line in text.split("\r\n"):
        first = start + len(line) - len(line.lstrip())
        if line.strip() and first < textpage.count_chars():
            _, bottom, _, top = textpage.get_charbox(first, loose=True)
            lines.append(_Line(clean(line.replace("\0", "")), round(top - bottom, 1), bottom))
        start += len(line) + len("\r\n")
    textpage.close()
    page.close()
    return lines


def _compose(pages: list[list[_Line]], named: str) -> Extract:
    """One text of all pages, a blank line between paragraphs, and where its headings are."""
    body, step = _body(pages)
    sizes = sorted({line.size for page in pages for line in page if line.size > LARGER * body})
    text = ""
    headings: list[Block] = []
    starts = []
    before: _Line | None = None
    for page in pages:
        for number, line in enumerate(page):
            large = line.size > LARGER * body and any(map(str.isalpha, line.text))
            grows = large and before is not None and before.size == line.size and headings
            if before is not None:
                text += "\n" if grows or _goes_on(before, line, step) else "\n\n"
            if number == 0:
                starts.append(len(text))
            if grows and len(text) - headings[-1].start < LONGEST_HEADING:
                start, level = headings[-1].start, headings[-1].level
                headings[-1] = heading(start, len(text) + len(line.text), level)
            elif large and len(line.text) < LONGEST_HEADING:
                level = len(sizes) - sizes.index(line.size)
                headings.append(heading(len(text), len(text) + len(line.text), level))
            text += line.text
            before = line
        if not page:
            starts.append(len(text))
    top = min(headings, key=lambda heading: heading.level, default=None)
    title = named or (one_line(text[top.start : top.end]) if top else "")
    return Extract(text, title, tuple(headings), tuple(starts))


def _body(pages: list[list[_Line]]) -> tuple[float, float]:
    """The height of most of the type, and the usual step from one line of it to the next."""
    letters: Counter[float] = Counter()
    for page in pages:
        for line in page:
            letters[line.size] += len(line.text)
    body = letters.most_common(1)[0][0]
    steps = [
        above.bottom - line.bottom
        for page in pages
        for above, line in pairwise(page)
        if above.size == line.size == body and above.bottom > line.bottom
    ]
    return body, median(steps) if steps else body * 1.2


def _goes_on(before: _Line, line: _Line, step: float) -> bool:
    """Whether a line continues the paragraph of the one before it."""
    if abs(before.size - line.size) > 0.05 * before.size:
        return False
    if before.bottom - line.bottom > 0:
        return before.bottom - line.bottom <= WIDER * step
    return not before.text.rstrip().endswith((".", "!", "?", ":"))  # a new column or page
