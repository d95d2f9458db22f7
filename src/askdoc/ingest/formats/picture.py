"""Pictures of pages, each as a PDF of one page or more, so that they are read and shown alike."""

import io
from pathlib import Path

import pypdfium2
from PIL import Image, ImageOps, ImageSequence

from askdoc.errors import Unreadable
from askdoc.ingest import limits
from askdoc.types import Status

SIDE = 3000  # pixels of a page that are kept, of its longer side
INCH = 150  # pixels: how large a page is taken to be
MEGAPIXELS = 150  # of a picture that askdoc opens
FRAMES = 500  # pages of a TIFF, at most
QUALITY = 90


def as_pdf(path: Path) -> pypdfium2.PdfDocument:
    """A picture as a PDF; raises Unreadable where it is none, or too large."""
    pdf = pypdfium2.PdfDocument.new()
    try:
        with Image.open(path) as image:
            limits.check(image.width * image.height // 1_000_000, MEGAPIXELS, "megapixels")
            for number, frame in enumerate(ImageSequence.Iterator(image)):
                if number == FRAMES:
                    break
                _add_page(pdf, frame)
                if image.format != "TIFF":  # the others' frames are an animation
                    break
    except Image.DecompressionBombError as error:
        why = f"askdoc reads pictures of up to {MEGAPIXELS} megapixels: make it smaller"
        raise Unreadable(Status.TOO_LARGE, why) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Unreadable(Status.FAILED, "it is no picture that can be read") from error
    return pdf


def _add_page(pdf: pypdfium2.PdfDocument, frame: Image.Image) -> None:
    """Adds a picture as a page, upright, on white where it is transparent."""
    frame.thumbnail((SIDE, SIDE))
    upright = ImageOps.exif_transpose(frame).convert("RGBA")
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(upright, mask=upright.getchannel("A"))
    file = io.BytesIO()
    paper.save(file, "JPEG", quality=QUALITY)
    image = pypdfium2.PdfImage.new(pdf)
    image.load_jpeg(file, inline=True)
    width, height = (side * 72 / INCH for side in paper.size)
    page = pdf.new_page(width, height)
    image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
    page.insert_obj(image)
    page.gen_content()
