"""PDF: the text layer page by page, with paragraphs and headings told apart by their looks.

A PDF knows neither paragraphs nor headings, only characters at places: a line in larger type than
the body is a heading, and a wider step down than between two lines of a paragraph begins a new one.
A page that is a picture is read by OCR, where that is installed, and a picture is a PDF of one
page.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path
from statistics import median

import pypdfium2
from PIL import Image

from askdoc.errors import Unreadable
from askdoc.ingest import limits
from askdoc.ingest.blocks import heading, table
from askdoc.ingest.extract import LONGEST_HEADING, Extract, clean, one_line, top_heading
from askdoc.ingest.filetype import PICTURES, kind
from askdoc.ingest.formats import ocr, picture, properties
from askdoc.ingest.formats.pdf_forms import attached, filled
from askdoc.ingest.formats.pdf_furniture import without_furniture
from askdoc.ingest.formats.pdf_lines import Line, Part, Sheet, sheet
from askdoc.ingest.formats.pdf_tables import Table, lines_of, with_tables
from askdoc.ingest.formats.pdf_unseen import PALE
from askdoc.ingest.words import Vocabulary, is_gibberish
from askdoc.types import Block, Status

LARGER = 1.1  # times the body's type: a heading
WIDER = 1.3  # times the body's line step: a new paragraph
LARGE_TYPE = 1.35  # times the usual height of what OCR reads: a heading
GLANCE = 300  # pixels of a page's longer side that tell whether it is blank
READ_BY_OCR = 500  # pages of a file, at most
AT_ONCE = 500  # pages that the time for one part of the work is for
GARBLED = "its text layer cannot be read"
PDFIUM = threading.Lock()  # pdfium must not be entered by two threads at once


@contextmanager
def open_pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF that no other thread touches meanwhile; raises Unreadable when it cannot be read.

    A picture is opened as a PDF whose only page it is.
    """
    with PDFIUM:
        try:
            is_picture = kind(path) in PICTURES
            pdf = picture.as_pdf(path) if is_picture else pypdfium2.PdfDocument(path)
            with suppress(pypdfium2.PdfiumError):  # without its form, it can be read
                pdf.init_forms()
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
        told = pdf.get_metadata_dict()
        title = one_line(told.get("Title", ""))
        left = attached(pdf)
        sheets = list(_sheets(pdf))
        if sheets and not any(sheets):
            raise Unreadable(Status.FAILED, "none of its pages can be read")
        bare = [
            number
            for number, found in enumerate(sheets)
            if found and found.bare and not _is_blank(pdf[number])
        ]
        garbled = [number for number, found in enumerate(sheets) if found and _is_garbled(found)]
        for number in garbled:
            sheets[number] = Sheet([])
        bare = sorted({*bare, *garbled})
        read: list[list[ocr.Line]] = []
        for number in bare[:READ_BY_OCR] if ocr.is_installed() else ():
            limits.goes_on()
            read.append(ocr.lines(as_picture(pdf[number])))
            if number in garbled and is_gibberish("\n".join(line.text for line in read[-1])):
                read[-1] = []  # it shows no other letters than it tells
            # Each by itself, since they are in order, and no table's cells are told from words.
            lines = [[line] for line in _lines_of(read[-1], pdf[number].get_size())]
            beside = sheets[number]
            sheets[number] = Sheet([*lines, *(beside.lines if beside else ())])
    hidden = sum(found.hidden for found in sheets if found)
    if not hidden and not any(any(found.lines) for found in sheets if found):
        what = GARBLED if garbled else "its pages are pictures"
        if not ocr.is_installed() and bare:
            raise Unreadable(Status.NO_TEXT_LAYER, f"{what}: {ocr.MISSING}")
        if garbled:
            raise Unreadable(Status.NO_TEXT_LAYER, f"{what}, nor has OCR found words")
        raise Unreadable(Status.EMPTY, "no text is to be seen on its pages")
    pages = [list(chain(*map(with_tables, found.lines))) if found else [] for found in sheets]
    body, _ = _body(pages)
    made = _Composition(without_furniture(pages, LARGER * body))
    extract = Extract("".join(made.parts), title, tuple(made.blocks), tuple(made.pages), hidden)
    remark = "; ".join(filter(None, (_remark(len(pages), len(bare), len(garbled), read), left)))
    metadata = properties.of_pdf(told)
    title = title or top_heading(extract)
    return replace(extract, title=title, remark=remark, metadata=metadata)


def _is_blank(page: pypdfium2.PdfPage) -> bool:
    """Whether nothing is to be seen on a page, as a glance at a small picture of it tells."""
    longest = max(page.get_width(), page.get_height())
    darkest, lightest = page.render(scale=GLANCE / longest).to_pil().convert("L").getextrema()
    return bool(lightest - darkest < PALE / 3)


def as_picture(page: pypdfium2.PdfPage) -> Image.Image:
    """A page as OCR wants it: without what is read of it as text."""
    longest = max(page.get_width(), page.get_height())
    bare = not any(filled(page))
    drawn = page.render(scale=ocr.SIDE / longest, draw_annots=bare, may_draw_forms=bare)
    image: Image.Image = drawn.to_pil()
    return image


def _lines_of(found: Sequence[ocr.Line], size: tuple[float, float]) -> list[Line]:
    """What OCR has found on a page of such a size; its type is of one height, or large."""
    usual = median(line.height for line in found) if found else 0.0
    (wide, high), lines = size, []
    for line in found:
        height = high * usual * (LARGE_TYPE if line.height > LARGE_TYPE * usual else 1.0)
        left, top, width, tall = line.box
        edges = (left * wide, top * high, (left + width) * wide, (top + tall) * high)
        lines.append(Line((Part(clean(line.text), round(height, 1), edges),)))
    return lines


def _is_garbled(found: Sheet) -> bool:
    """Whether the text layer of a page cannot be read."""
    return is_gibberish("\n".join(line.text for region in found.lines for line in region))


def _remark(pages: int, bare: int, garbled: int, found: Sequence[Sequence[ocr.Line]]) -> str:
    """What to know of pages that show something and have no text; empty where nothing is."""
    if not ocr.is_installed():
        what = "pictures, or have a text layer that cannot be read" if garbled else "pictures"
        return f"{bare} of its {pages} pages are {what}: {ocr.MISSING}" if bare else ""
    read = [lines for lines in found if lines]
    if not read:
        return f"{garbled} of its {pages} pages: {GARBLED}" if garbled else ""
    confidence = ocr.confidence([line for lines in read for line in lines])
    left = f", {bare - READ_BY_OCR:,} not" if bare > READ_BY_OCR else ""
    return f"{len(read)} of {pages} pages read by OCR{left}; confidence {confidence:.2f}"


def _sheets(pdf: pypdfium2.PdfDocument) -> Iterator[Sheet | None]:
    """What is read of each page; None of a damaged one, which must not lose the others."""
    for number in range(len(pdf)):
        if number and number % AT_ONCE == 0:
            limits.goes_on()
        try:
            page = pdf[number]
            yield sheet(page)
            page.close()
        except pypdfium2.PdfiumError:
            yield None


def _body(pages: Sequence[Sequence[Line | Table]]) -> tuple[float, float]:
    """The height of most of the type, and the usual step from one line of it to the next."""
    letters: Counter[float] = Counter()
    steps = []
    for page in pages:
        lines = [line for item in page for line in lines_of(item)]
        for line in lines:
            letters[line.size] += len(line.text)
        steps += [
            (line.size, line.bottom - above.bottom)
            for above, line in pairwise(lines)
            if above.size == line.size and above.bottom < line.bottom
        ]
    body = letters.most_common(1)[0][0] if letters else 0.0
    of_body = [step for size, step in steps if size == body]
    return body, median(of_body) if of_body else body * 1.2


class _Composition:
    """One text of all pages, a blank line between paragraphs, and where its blocks are."""

    def __init__(self, pages: Sequence[Sequence[Line | Table]]) -> None:
        self.body, self.step = _body(pages)
        lines = [line for page in pages for item in page for line in lines_of(item)]
        self.vocabulary = Vocabulary(line.text for line in lines)
        sizes = {line.size for line in lines}
        self.sizes = sorted(size for size in sizes if size > LARGER * self.body)
        self.length = 0
        self.parts: list[str] = []  # joined once: a text of millions grows fast
        self.header = ""  # of the table above
        self.blocks: list[Block] = []
        self.pages: list[int] = []
        self.above: Line | Table | None = None
        self.heading: Line | None = None  # above, if it is one
        for page in pages:
            self._turn(page)

    def _turn(self, page: Sequence[Line | Table]) -> None:
        """Adds a page."""
        begun = len(self.pages) + 1
        for number, item in enumerate(page):
            if isinstance(item, Line):
                self._add_line(item, begun, turned=number == 0)
            else:
                self._add_table(item, begun, turned=number == 0)
            self.above = item
        if len(self.pages) < begun:
            self.pages.append(self.length)

    def _add(self, text: str, parted_by: str, begun: int) -> int:
        """Adds text, the first one of a page at its beginning, and gives where it begins."""
        between = parted_by if self.above else ""
        if len(self.pages) < begun:
            self.pages.append(self.length + len(between))
        self.parts += (between, text)
        self.length += len(between) + len(text)
        return self.length - len(text)

    def _strip(self, sign: str, begun: int) -> None:
        """Takes white space and a sign off the end."""
        last = self.parts.pop()
        self.parts.append(last.rstrip().removesuffix(sign))
        self.length += len(self.parts[-1]) - len(last)
        while self.pages and self.pages[-1] > self.length:  # of empty pages since
            self.pages.pop()
        self.pages += [self.length] * (begun - 1 - len(self.pages))

    def _add_line(self, line: Line, begun: int, turned: bool) -> None:
        """Adds a line to its paragraph, or as a new one."""
        large = line.size > LARGER * self.body and any(map(str.isalpha, line.text))
        above = self.above if isinstance(self.above, Line) else None
        grows = large and self.heading is not None and self.heading.size == line.size
        goes_on = above is not None and _goes_on(above, line, self.step, turned)
        between = "\n" if grows or goes_on else "\n\n"
        whole = self.vocabulary.is_whole(above.text, line.text) if above and goes_on else None
        if whole is not None:
            between = ""
            self._strip("-" if whole else "", begun)
        start = self._add(line.text, between, begun)
        level = len(self.sizes) - self.sizes.index(line.size) if large else 0
        if grows and start - self.blocks[-1].start < LONGEST_HEADING:
            last = self.blocks.pop()
            self.blocks.append(heading(last.start, self.length, last.level))
        elif large and len(line.text) < LONGEST_HEADING:
            self.blocks.append(heading(start, self.length, level))
        else:
            large = False
        self.heading = line if large else None

    def _add_table(self, found: Table, begun: int, turned: bool) -> None:
        """Adds a table, or, at the beginning of a page, the rows of one that goes on there."""
        lines = found.lines
        last = self.above if turned and isinstance(self.above, Table) else None
        if last and _is_same(last, found):
            block = self.blocks.pop()
            if self.header == lines[0]:
                lines = lines[1:]
            if lines:
                self._add("\n".join(lines), "\n", begun)
            self.blocks.append(table(block.start, block.inner_start, self.length))
        else:
            start = self._add("\n".join(lines), "\n\n", begun)
            self.header = lines[0] if found.header else ""
            body = start + len(lines[0]) + 1 if found.header else start
            self.blocks.append(table(start, body, self.length))
        self.heading = None


def _is_same(above: Table, below: Table) -> bool:
    """Whether the table at the beginning of a page has the columns of the one before it."""
    return len(above.columns) == len(below.columns) and all(
        left < right and first < last
        for (left, last), (first, right) in zip(above.columns, below.columns, strict=True)
    )


def _goes_on(above: Line, line: Line, step: float, turned: bool) -> bool:
    """Whether a line continues the paragraph of the one above it, or of the page before."""
    if abs(above.size - line.size) > 0.05 * above.size or above.filled or line.filled:
        return False
    if line.bottom > above.bottom and not turned:
        return line.bottom - above.bottom <= WIDER * step
    return not above.text.rstrip().endswith((".", "!", "?", ":"))  # a new column or page
