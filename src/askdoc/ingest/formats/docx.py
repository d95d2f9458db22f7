"""Word documents, by way of the HTML that mammoth makes of them, and what it does not hand on."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lxml.etree

from askdoc.errors import Unreadable
from askdoc.ingest.extract import MARGINS, Composer, Extract, comment_heading, one_line
from askdoc.ingest.formats import docx_numbers, html, properties
from askdoc.ingest.formats.docx_numbers import W
from askdoc.ingest.formats.parts import Element, related, root
from askdoc.types import Status

TITLE = "p[style-name='Title'] => h1:fresh"
BODY = "word/document.xml"
WORD = {
    "w": W.strip("{}"),
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
}
UNSEEN = """//w:r[w:rPr[
    w:vanish[not(@w:val='0' or @w:val='false')] or w:sz[@w:val < 4]
    or w:color[starts-with(@w:val, 'FFFFF') or starts-with(@w:val, 'fffff')]
    [not(../w:shd or ../w:highlight or ancestor::w:tc or ancestor::w:p/w:pPr/w:shd)]]]"""
"""Runs of text that are hidden, smaller than two points, or white on nothing that is coloured."""
BOXES = "//w:txbxContent[not(ancestor::mc:Fallback) and not(ancestor::w:txbxContent)]"
COMMENTED = 100  # characters of what a comment is on, at most


def read(path: Path) -> Extract:
    """A Word document with its headings and tables; its title is its first top heading.

    Comments, and the texts in its margins, each once, stand below the text.
    """
    import mammoth  # where first used: only a corpus with Word documents should pay for it

    no_images = mammoth.images.img_element(lambda image: {})
    try:
        shown, beside, hidden = _prepared(path)
        page = mammoth.convert_to_html(shown, style_map=TITLE, convert_image=no_images)
    except (MemoryError, Unreadable):
        raise
    # mammoth has no root error: a damaged file surfaces as whatever its parsers raise.
    except Exception as error:
        raise Unreadable(
            Status.FAILED, f"it is no Word document that can be read ({error})"
        ) from error
    composer = Composer(hidden=hidden)
    title = ""
    if page.value.strip():
        body = html.from_markup(page.value, _straighten)
        composer.add_extract(body)
        title = body.title
    for heading, text in beside:
        composer.add_heading(heading, 2)
        composer.add(text)
    return replace(composer.extract(title), metadata=properties.of_zip(path))


def _prepared(path: Path) -> tuple[io.BytesIO, list[tuple[str, str]], int]:
    """A document as mammoth reads it rightly, the texts beside it, and how much it hides.

    Without what its reader does not see, with the text of boxes below their paragraph, and with
    the numbers that Word counts.
    """
    copy = io.BytesIO()
    with zipfile.ZipFile(path) as parts, zipfile.ZipFile(copy, "w") as others:
        if BODY not in parts.namelist():
            raise Unreadable(Status.FAILED, "it holds no text document")
        body = root(parts, BODY)
        count = 0
        for run in body.xpath(UNSEEN, namespaces=WORD):
            count += len("".join("".join(run.itertext()).split()))
            run.getparent().remove(run)
        for box in body.xpath(BOXES, namespaces=WORD):
            _unbox(box)
        docx_numbers.tell(parts, BODY, body)
        beside = list(_beside(parts, body))
        for part in parts.infolist():
            changed = part.filename == BODY
            others.writestr(part, lxml.etree.tostring(body) if changed else parts.read(part))
    copy.seek(0)
    return copy, beside, count


def _straighten(tree: html.Tree) -> None:
    """Makes paragraphs of numbered items, whose numbers are in their text by now.

    Items that only hold a deeper list go: mammoth puts them around what begins on a lower level.
    """
    for item in tree.xpath("//li[not(text()[normalize-space()])][*[1][self::ul or self::ol]]"):
        if len(item.getparent()) == 1:
            item.getparent().drop_tag()
        item.drop_tag()
    for item in tree.xpath("//ol/li"):
        item.tag = "p"
    for numbered in tree.xpath("//ol"):
        numbered.tag = "div"


def _unbox(box: Element) -> None:
    """Puts what a text box holds below the paragraph that it is anchored in."""
    anchor = next(box.iterancestors(f"{W}p"), None)
    if anchor is None:
        return
    for block in reversed(list(box)):
        anchor.addnext(block)
    for around in box.iterancestors("{*}AlternateContent"):  # whose other half says the same
        for other in around.iterchildren("{*}Fallback"):
            around.remove(other)


def _beside(parts: zipfile.ZipFile, body: Element) -> Iterator[tuple[str, str]]:
    """What stands beside the text of a document, each with the heading under which it is told."""
    margins: dict[str, None] = {}
    for kind, place in related(parts, BODY).values():
        if place in parts.namelist() and kind in ("header", "footer"):
            margins |= dict.fromkeys(_paragraphs(root(parts, place)))
        elif place in parts.namelist() and kind == "comments":
            yield from _comments(root(parts, place), body)
    texts = [text for text in margins if any(map(str.isalpha, text))]  # not the number of a page
    if texts:
        yield MARGINS, "\n\n".join(texts)


def _comments(comments: Element, body: Element) -> Iterator[tuple[str, str]]:
    """The comments, each with its author and the words that it is on."""
    on: dict[str | None, str] = {}
    open_ones: set[str | None] = set()
    for element in body.iter(f"{W}commentRangeStart", f"{W}commentRangeEnd", f"{W}t"):
        id = element.get(f"{W}id")
        if element.tag == f"{W}commentRangeStart":
            open_ones.add(id)
        elif element.tag == f"{W}commentRangeEnd":
            open_ones.discard(id)
        for each in open_ones if element.tag == f"{W}t" else ():
            on[each] = on.get(each, "") + (element.text or "")
    for comment in comments.iter(f"{W}comment"):
        told = one_line(" ".join(_paragraphs(comment)), None)
        words = one_line(on.get(comment.get(f"{W}id"), ""), COMMENTED)
        if told:
            yield comment_heading(comment.get(f"{W}author", ""), words and f"“{words}”"), told


def _paragraphs(element: Element) -> Iterator[str]:
    """The texts of the paragraphs of a part."""
    for paragraph in element.iter(f"{W}p"):
        parts = paragraph.iter(f"{W}t", f"{W}tab", f"{W}br")
        if text := one_line("".join(part.text or " " for part in parts), None):
            yield text
