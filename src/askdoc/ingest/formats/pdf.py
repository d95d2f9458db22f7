"""PDF: the text layer page by page, with paragraphs and headings told apart by their looks.

A PDF knows neither paragraphs nor headings, only characters at places: a line in larger type than
the body is a heading, and a wider step down than between two lines of a paragraph begins a new one.
A page that is a picture is read by OCR, where that is installed, and a picture is a PDF of one
page.
"""

import ctypes
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from askdoc.errors import Unreadable
from askdoc.ingest import limits
from askdoc.ingest.blocks import heading
from askdoc.ingest.extract import LONGEST_HEADING, Extract, clean, one_line, top_heading
from askdoc.ingest.filetype import kind
from askdoc.ingest.formats import ocr, picture
from askdoc.types import Block, Status

TINY = 2.0  # points: type that nobody reads
PALE = 24  # steps (of 255) from the colour of paper that nobody sees
LARGER = 1.1  # times the body's type: a heading
WIDER = 1.3  # times the body's line step: a new paragraph
LARGE_TYPE = 1.35  # times the usual height of what OCR reads: a heading
GLANCE = 300  # pixels of a page's longer side that tell whether it is blank
READ_BY_OCR = 500  # pages of a file, at most
PDFIUM = threading.Lock()  # pdfium must not be entered by two threads at once


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page: its text, the height of its type and its lower edge, in points.

    ``unseen`` tells that the page, drawn, shows nothing there.
    """

    text: str
    size: float
    bottom: float
    unseen: bool = False


@contextmanager
def open_pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF that no other thread touches meanwhile; raises Unreadable when it cannot be read.

    A picture is opened as a PDF whose only page it is.
    """
    with PDFIUM:
        try:
            is_picture = kind(path) in picture.SUFFIXES
            pdf = picture.as_pdf(path) if is_picture else pypdfium2.PdfDocument(path)
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
        bare = [
            number
            for number, lines in enumerate(pages)
            if lines is not None
            and not any(line.text.strip() for line in lines)
            and not _is_blank(pdf[number])
        ]
        found: list[list[ocr.Line]] = []
        for number in bare[:READ_BY_OCR] if ocr.is_installed() else ():
            limits.goes_on()
            found.append(ocr.lines(as_picture(pdf[number])))
            pages[number] = _lines_of(found[-1], pdf[number].get_height())
    if not any(line.text.strip() for lines in pages for line in lines or ()):
        if ocr.is_installed() or not bare:
            raise Unreadable(Status.EMPTY, "no text is to be seen on its pages")
        raise Unreadable(Status.NO_TEXT_LAYER, f"its pages are pictures: {ocr.MISSING}")
    seen = [[line for line in lines or [] if not line.unseen] for lines in pages]
    extract = _compose(seen)
    hidden = sum(len("".join(line.text.split())) for p in pages for line in p or () if line.unseen)
    title = title or top_heading(extract)
    remark = _remark(len(pages), len(bare), found)
    return replace(extract, title=title, hidden=hidden, remark=remark)


def _is_blank(page: pypdfium2.PdfPage) -> bool:
    """Whether nothing is to be seen on a page, as a glance at a small picture of it tells."""
    longest = max(page.get_width(), page.get_height())
    darkest, lightest = page.render(scale=GLANCE / longest).to_pil().convert("L").getextrema()
    return bool(lightest - darkest < PALE / 3)


def as_picture(page: pypdfium2.PdfPage) -> Image.Image:
    """A page as OCR wants it."""
    longest = max(page.get_width(), page.get_height())
    image: Image.Image = page.render(scale=ocr.SIDE / longest).to_pil()
    return image


def _lines_of(found: Sequence[ocr.Line], height: float) -> list[_Line]:
    """What OCR has found on a page of so many points; its type is of one height, or large."""
    usual = median(line.height for line in found) if found else 0.0
    lines = []
    for line in found:
        size = round(height * usual * (LARGE_TYPE if line.height > LARGE_TYPE * usual else 1.0), 1)
        bottom = height * (1 - line.box[1] - line.box[3])
        lines.append(_Line(clean(line.text), size, bottom))
    return lines


def _remark(pages: int, bare: int, found: Sequence[Sequence[ocr.Line]]) -> str:
    """What to know of pages that show something and have no text; empty where nothing is."""
    if not ocr.is_installed():
        return f"{bare} of its {pages} pages are pictures: {ocr.MISSING}" if bare else ""
    read = [lines for lines in found if lines]
    if not read:
        return ""
    confidence = ocr.confidence([line for lines in read for line in lines])
    left = f", {bare - READ_BY_OCR:,} not" if bare > READ_BY_OCR else ""
    return f"{len(read)} of {pages} pages read by OCR{left}; confidence {confidence:.2f}"


def _unseen(
    page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, firsts: Sequence[int]
) -> Iterator[int]:
    """Which lines nobody sees, by their first characters: too small, not drawn, or of one colour.

    The page is drawn where a line is about as light as paper, which it may not lie on.
    """
    image = None
    for number, at in enumerate(firsts):
        left, bottom, right, top = textpage.get_charbox(at, loose=True)
        mode = raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(textpage, at))
        if 0 < top - bottom < TINY or (
            mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE and _is_bare(page)
        ):
            yield number
        elif _is_pale(textpage, at):
            image = image or page.render().to_pil().convert("L")
            corners = []
            for x, y in ((left, top), (right, bottom)):
                across, down = ctypes.c_int(), ctypes.c_int()
                raw.FPDF_PageToDevice(page, 0, 0, *image.size, 0, x, y, across, down)
                corners.append((across.value, down.value))
            (x1, x2), (y1, y2) = (sorted(both) for both in zip(*corners, strict=True))
            darkest, lightest = image.crop((x1, y1, x2 + 1, y2 + 1)).getextrema()
            if lightest - darkest < PALE:
                yield number


def _is_bare(page: pypdfium2.PdfPage) -> bool:
    """Whether a page has no pictures: of a scanned one, the text that was read is not drawn."""
    return not any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))


def _is_pale(textpage: pypdfium2.PdfTextPage, at: int) -> bool:
    """Whether a character may be of the paper's colour, or of none."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    raw.FPDFText_GetFillColor(textpage, at, red, green, blue, alpha)
    return alpha.value < PALE or min(red.value, green.value, blue.value) > 255 - PALE


def _page(pdf: pypdfium2.PdfDocument, number: int) -> list[_Line] | None:
    """The lines of a page in the order of its content; None for a damaged one."""
    try:
        page = pdf[number]
        textpage = page.get_textpage()
        # U+FFFE and U+0002 are how pdfium hands on a hyphen at a line's end.
        text = textpage.get_text_range().replace("\ufffe", "-").replace("\x02", "-")
        lines, firsts, start = [], [], 0
        for line in text.split("\r\n"):
            first = start + len(line) - len(line.lstrip())
            if line.strip() and first < textpage.count_chars():
                _, bottom, _, top = textpage.get_charbox(first, loose=True)
                firsts.append(first)
                lines.append(_Line(clean(line.replace("\0", "")), round(top - bottom, 1), bottom))
            start += len(line) + len("\r\n")
        for number in _unseen(page, textpage, firsts):
            lines[number] = replace(lines[number], unseen=True)
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
