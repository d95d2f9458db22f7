"""Word documents, by way of the HTML that mammoth makes of them."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import lxml.etree

from askdoc.errors import Unreadable
from askdoc.ingest.extract import Extract
from askdoc.ingest.formats import html
from askdoc.types import Status

TITLE = "p[style-name='Title'] => h1:fresh"
BODY = "word/document.xml"
WORD = {"w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main"}
UNSEEN = """//w:r[w:rPr[
    w:vanish[not(@w:val='0' or @w:val='false')] or w:sz[@w:val < 4]
    or w:color[starts-with(@w:val, 'FFFFF') or starts-with(@w:val, 'fffff')]
    [not(../w:shd or ../w:highlight or ancestor::w:tc or ancestor::w:p/w:pPr/w:shd)]]]"""
"""Runs of text that are hidden, smaller than two points, or white on nothing that is coloured."""


def read(path: Path) -> Extract:
    """A Word document with its headings and tables; its title is its first top heading."""
    import mammoth  # where first used: only a corpus with Word documents should pay for it

    no_images = mammoth.images.img_element(lambda image: {})
    with path.open("rb") as file:
        try:
            shown, hidden = _without_unseen(file)
            page = mammoth.convert_to_html(shown, style_map=TITLE, convert_image=no_images)
        except MemoryError:
            raise
        # mammoth has no root error: a damaged file surfaces as whatever its parsers raise.
        except Exception as error:
            raise Unreadable(
                Status.FAILED, f"it is no Word document that can be read ({error})"
            ) from error
    return replace(html.from_markup(page.value), hidden=hidden)


def _without_unseen(file: BinaryIO) -> tuple[BinaryIO, int]:
    """A document without the runs that its reader does not see, and their length in characters."""
    with zipfile.ZipFile(file) as parts:
        if BODY not in parts.namelist():
            return file, 0
        parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True)
        root = lxml.etree.fromstring(parts.read(BODY), parser)
        runs = root.xpath(UNSEEN, namespaces=WORD)
        if not runs:
            return file, 0
        count = sum(len("".join("".join(run.itertext()).split())) for run in runs)
        for run in runs:
            run.getparent().remove(run)
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w") as others:
            for part in parts.infolist():
                body = part.filename == BODY
                others.writestr(part, lxml.etree.tostring(root) if body else parts.read(part))
    return copy, count
