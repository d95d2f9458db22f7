"""A PDF's pages as pictures, and where the words of a document stand on them."""

import ctypes
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain, pairwise
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

from askdoc.errors import Unreadable
from askdoc.ingest import limits
from askdoc.ingest.formats import ocr
from askdoc.ingest.formats.layout import Box
from askdoc.ingest.formats.pdf import as_picture, open_pdf
from askdoc.ingest.formats.pdf_lines import SIGNS, sheet
from askdoc.ingest.formats.pdf_tables import lines_of, with_tables
from askdoc.types import Status

WIDTH = 1100  # pixels of a picture: sharp on a panel of half a screen, and about 100 KB
LONGEST_SIDE = 4000  # pixels: a page may claim to be a mile high
QUALITY = 85
NEAR = 0.05  # shares of a page's width between boxes of one line, at most
BETWEEN = 3  # characters of white space between two words, at most
FINE = 100_000  # steps in which a place on a page is reckoned

READ: dict[tuple[Path, int, int], list[ocr.Line]] = {}
"""What OCR read last, by file, its time and page."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """The pages of a PDF: each one's width and height in points, as it is drawn.

    ``boxes`` has, for each span that was asked for, pages (from 1) with a box around a line of it.
    """

    sizes: tuple[tuple[float, float], ...]
    boxes: tuple[tuple[tuple[int, Box], ...], ...]


def sheets(path: Path, text: str, pages: Sequence[int], spans: Sequence[tuple[int, int]]) -> Sheets:
    """The sizes of all pages, and the boxes around spans of the text that was read from them.

    ``pages`` holds the offset at which each page begins in the text. A span whose words are not
    found on its page has no boxes. Raises Unreadable when the file is no PDF any more.
    """
    boxes: list[list[tuple[int, Box]]] = [[] for _ in spans]
    with open_pdf(path) as pdf:
        sizes = tuple(pdf.get_page_size(number) for number in range(len(pdf)))
        for number, (first, last) in enumerate(pairwise([*pages, len(text)]), 1):
            here = [at for at, (start, end) in enumerate(spans) if start < last and end > first]
            if not here or number > len(sizes):
                continue
            on_page = [(spans[at][0] - first, spans[at][1] - first) for at in here]
            page, words = pdf[number - 1], text[first:last]
            found = _boxes(page, words, on_page)
            if not any(found) and ocr.is_installed():
                limits.goes_on()
                found = _boxes_of_picture(path, number, page, words, on_page)
            for at, lines in zip(here, found, strict=True):
                boxes[at] += [(number, box) for box in lines]
            page.close()
    return Sheets(sizes, tuple(map(tuple, boxes)))


def picture(path: Path, number: int) -> bytes:
    """A page, counted from 1, as a JPEG; raises Unreadable when there is none that can be drawn."""
    with open_pdf(path) as pdf:
        if not 1 <= number <= len(pdf):
            raise Unreadable(Status.FAILED, f"it has no page {number}")
        page = pdf[number - 1]
        scale = min(WIDTH / page.get_width(), LONGEST_SIDE / page.get_height())
        image = page.render(scale=scale).to_pil().convert("RGB")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _boxes(
    page: pypdfium2.PdfPage, words: str, spans: Sequence[tuple[int, int]]
) -> list[list[Box]]:
    """The boxes around each span of a page's words, a line each."""
    textpage = page.get_textpage()
    places = _aligned(words, list(_signs(page, textpage)))
    boxes: list[list[Box]] = []
    if 2 * len(places) < len("".join(words.split())):  # the words are not this layer's
        return [[] for _ in spans]
    for start, end in spans:
        runs: list[range] = []
        for at in (places[at] for at in range(max(0, start), min(end, len(words))) if at in places):
            if runs and 0 <= at - runs[-1].stop <= BETWEEN:
                runs[-1] = range(runs[-1].start, at + 1)
            elif not runs or at not in runs[-1]:
                runs.append(range(at, at + 1))
        rects = [
            textpage.get_rect(number)
            for run in runs
            for number in range(textpage.count_rects(run.start, len(run)))
        ]
        boxes.append(_lines(_shown(page, *rect) for rect in rects))
    textpage.close()
    return boxes


def _signs(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage) -> Iterator[tuple[str, int]]:
    """The signs of a page in the order in which they are read, and which characters they are."""
    for item in chain(*map(with_tables, sheet(page).lines)):
        for at in chain(*(part.chars for line in lines_of(item) for part in line.parts)):
            for sign in chr(raw.FPDFText_GetUnicode(textpage, at)).translate(SIGNS):
                yield sign, at


def _boxes_of_picture(
    path: Path,
    number: int,
    page: pypdfium2.PdfPage,
    words: str,
    spans: Sequence[tuple[int, int]],
) -> list[list[Box]]:
    """The boxes around each span of the words that OCR has read on a page, a line each.

    It is read again, since an index keeps no places; what was read last is kept for the next click.
    """
    key = (path, path.stat().st_mtime_ns, number)
    if key not in READ:
        READ.clear()
        READ[key] = ocr.lines(as_picture(page))
    at_sign = [
        (line, inside / len(line.text)) for line in READ[key] for inside in range(len(line.text))
    ]
    signs = [sign for line in READ[key] for sign in line.text]
    places = _aligned(words, [(sign, number) for number, sign in enumerate(signs)])
    boxes = []
    for start, end in spans:
        shares: dict[ocr.Line, list[float]] = {}
        for offset in range(max(0, start), min(end, len(words))):
            if offset in places:
                line, share = at_sign[places[offset]]
                shares.setdefault(line, []).append(share)
        boxes.append([_part(line, within) for line, within in shares.items() if line.box[2]])
    return boxes


def _part(line: ocr.Line, shares: Sequence[float]) -> Box:
    """The box of those signs of a line that begin at shares (0 to 1) of it."""
    left, top, width, height = line.box
    end = max(shares) + 1 / len(line.text)
    return left + width * min(shares), top, width * (end - min(shares)), height


def _lines(boxes: Iterable[Box]) -> list[Box]:
    """Boxes of one line made one: pdfium parts them where the type changes."""
    lines: list[Box] = []
    for x, y, width, height in boxes:
        if not width or not height:
            continue
        if lines:
            left, top, wide, high = lines[-1]
            shared = min(top + high, y + height) - max(top, y)
            if shared > min(high, height) / 2 and left - NEAR < x < left + wide + NEAR:
                right, bottom = max(left + wide, x + width), max(top + high, y + height)
                left, top = min(left, x), min(top, y)
                lines[-1] = (left, top, right - left, bottom - top)
                continue
        lines.append((x, y, width, height))
    return lines


def _aligned(words: str, signs: Sequence[tuple[str, int]]) -> dict[int, int]:
    """For each sign of the words that is no space, which character of the page it is.

    Reading changes white space and few signs else, so that both are mostly the same, one by one.
    """
    signs = [(sign, at) for sign, at in signs if sign > " " and not sign.isspace()]
    offsets = [at for at, sign in enumerate(words) if sign > " " and not sign.isspace()]
    written, drawn = "".join(words[at] for at in offsets), "".join(sign for sign, _ in signs)
    if len(written) == len(drawn):
        return {at: signs[n][1] for n, at in enumerate(offsets)}
    places = {}
    for block in SequenceMatcher(None, written, drawn, autojunk=False).get_matching_blocks():
        for n in range(block.size):
            places[offsets[block.a + n]] = signs[block.b + n][1]
    return places


def _shown(page: pypdfium2.PdfPage, left: float, bottom: float, right: float, top: float) -> Box:
    """A rectangle of the page's own space as shares of the page as it is drawn: turned, cropped."""
    corners = [_point(page, left, top), _point(page, right, bottom)]
    (x1, x2), (y1, y2) = sorted(x for x, _ in corners), sorted(y for _, y in corners)
    return x1, y1, x2 - x1, y2 - y1


def _point(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """Where a point is on the page as it is drawn, in shares of its width and height."""
    right, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, FINE, FINE, 0, x, y, right, down)
    return min(1.0, max(0.0, right.value / FINE)), min(1.0, max(0.0, down.value / FINE))
