"""PDF: the text layer page by page, with paragraphs and headings told apart by their looks.

A PDF knows neither paragraphs nor headings, only characters at places: a line in larger type than
the body is a heading, and a wider step down than between two lines of a paragraph begins a new one.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import pypdfium2

from askdoc.errors import Unreadable
from askdoc.ingest.blocks import heading
from askdoc.ingest.extract import LONGEST_HEADING, Extract, clean, one_line, top_heading
from askdoc.types import Block, Status

LARGER = 1.1  # times the body's type: a heading
WIDER = 1.3  # times the body's line step: a new paragraph
PDFIUM = threading.Lock()  # pdfium must not be entered by two threads at once


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page: its text, the height of its type and its lower edge, in points."""

    text: str
    size: float
    bottom: float


@contextmanager
def open_pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF that no other thread touches meanwhile; raises Unreadable when it cannot be read."""
    with PDFIUM:
        try:
            pdf = pypdfium2.PdfDocument(path)
            try:
                yield pdf
            finally:
                pdf.close()
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise Unreadable(Status.ENCRYPTED, "it needs a password") from error
            raise Unreadable(Status.FAILED, f"it is no PDF that can be read ({error})") from error


def read(path: Path) -> Extract:
    """A PDF with pages and headings; its title is the one in its metadata, or its first heading."""
    with open_pdf(path) as pdf:
        title = one_line(pdf.get_metadata_dict().get("Title", ""))
        pages = [_page(pdf, number) for number in range(len(pdf))]
    if pages and not any(lines is not None for lines in pages):
        raise Unreadable(Status.FAILED, "none of its pages can be read")
    if not any(line.text.strip() for lines in pages for line in lines or ()):
        raise Unreadable(Status.NO_TEXT_LAYER, "its pages are pictures: put it through OCR first")
    extract = _compose([lines or [] for lines in pages])
    return replace(extract, title=title or top_heading(extract))


def _page(pdf: pypdfium2.PdfDocument, number: int) -> list[_Line] | None:
    """The lines of a page in the order of its content; None for a damaged one."""
    try:
        page = pdf[number]
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
    except pypdfium2.PdfiumError:  # which must not lose the other pages
        return None
    return lines


def _compose(pages: list[list[_Line]]) -> Extract:
    """One text of all pages, a blank line between paragraphs, and where its headings are."""
    body, step = _body(pages)
    sizes = sorted({line.size for page in pages for line in page if line.size > LARGER * body})
    text = ""
    headings: list[Block] = []
    starts = []
    above: _Line | None = None
    for page in pages:
        for number, line in enumerate(page):
            large = line.size > LARGER * body and any(map(str.isalpha, line.text))
            grows = large and above is not None and above.size == line.size and headings
            if above is not None:
                text += "\n" if grows or _goes_on(above, line, step) else "\n\n"
            if number == 0:
                starts.append(len(text))
            start, level = len(text), len(sizes) - sizes.index(line.size) if large else 0
            text += line.text
            if grows and start - headings[-1].start < LONGEST_HEADING:
                last = headings.pop()
                headings.append(heading(last.start, len(text), last.level))
            elif large and len(line.text) < LONGEST_HEADING:
                headings.append(heading(start, len(text), level))
            above = line
        if not page:
            starts.append(len(text))
    return Extract(text, blocks=tuple(headings), pages=tuple(starts))


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


def _goes_on(above: _Line, line: _Line, step: float) -> bool:
    """Whether a line continues the paragraph of the one above it."""
    if abs(above.size - line.size) > 0.05 * above.size:
        return False
    if above.bottom - line.bottom > 0:
        return above.bottom - line.bottom <= WIDER * step
    return not above.text.rstrip().endswith((".", "!", "?", ":"))  # a new column or page
