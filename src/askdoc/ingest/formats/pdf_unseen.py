"""What stands on a PDF's page, but is not to be seen there."""

import ctypes
from collections.abc import Iterator, Sequence

import pypdfium2
from pypdfium2 import raw

TINY = 2.0  # points: type that nobody reads
PALE = 24  # steps (of 255) from the colour of paper that nobody sees


def unseen(
    page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, firsts: Sequence[tuple[int, float]]
) -> Iterator[int]:
    """Which words nobody sees, by their first characters: too small, not drawn, or of one colour.

    ``firsts`` has such a character's number and the height of its type in points.

    The page is drawn where one is about as light as paper, which it may not lie on.
    """
    image = None
    for number, (at, size) in enumerate(firsts):
        mode = raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(textpage, at))
        if 0 < size < TINY or (mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE and _is_bare(page)):
            yield number
        elif _is_pale(textpage, at):
            image = image or page.render().to_pil().convert("L")
            left, bottom, right, top = textpage.get_charbox(at, loose=True)
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
