"""EPUB and OpenDocument text: zips of markup that is read as a page is."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

import lxml.etree

from askdoc.errors import Unreadable
from askdoc.ingest.extract import Composer, Extract, one_line
from askdoc.ingest.formats import html
from askdoc.ingest.formats.text import decode
from askdoc.types import Status

DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lxml.etree.XMLSyntaxError,
    KeyError,
    RuntimeError,  # also NotImplementedError: a way of packing that nobody knows
    ValueError,
    EOFError,
)
Element = lxml.etree._Element

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
SEALED = re.compile(rb'URI="[^"]+\.x?html?"', re.IGNORECASE)  # fonts are scrambled in many books
NOTE = f"{TEXT}note"
SPACES = (f"{TEXT}s", f"{TEXT}tab")
TAGS = {
    f"{TEXT}p": "p",
    f"{TEXT}list": "ul",
    f"{TEXT}list-item": "li",
    f"{TEXT}list-header": "li",
    f"{TEXT}line-break": "br",
    f"{TEXT}section": "div",
    f"{TABLE}table": "table",
    f"{TABLE}table-header-rows": "thead",
    f"{TABLE}table-row": "tr",
    f"{TABLE}table-cell": "td",
}
"""What OpenDocument calls a thing -> what a page calls it."""
UNSEEN = (
    f"{TEXT}tracked-changes",
    f"{TEXT}note-citation",
    f"{OFFICE}annotation",
    f"{TEXT}sequence-decls",
)


@contextmanager
def _open(path: Path) -> Iterator[zipfile.ZipFile]:
    """The parts of a zip; raises Unreadable for a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGED as error:
        raise Unreadable(Status.FAILED, f"it is damaged ({one_line(str(error))})") from error


def read_epub(path: Path) -> Extract:
    """A book, chapter by chapter in the order of its spine; its title is the book's.

    A chapter that cannot be read does not lose the others.
    """
    composer = Composer()
    with _open(path) as archive:
        names = set(archive.namelist())
        seals = "META-INF/encryption.xml"
        if seals in names and SEALED.search(archive.read(seals)):
            raise Unreadable(Status.ENCRYPTED, "it is sold with copy protection")
        root = next(_xml(archive, "META-INF/container.xml").iter("{*}rootfile"), None)
        if root is None:
            raise Unreadable(Status.FAILED, "it names no contents")
        place = root.get("full-path", "")
        package = _xml(archive, place)
        parts = {part.get("id"): part.get("href", "") for part in package.iter("{*}item")}
        for reference in package.iter("{*}itemref"):
            href = unquote(parts.get(reference.get("idref"), ""))
            name = posixpath.normpath(posixpath.join(posixpath.dirname(place), href))
            if name in names:
                with suppress(Unreadable):
                    composer.add_extract(html.from_markup(decode(archive.read(name))))
    return composer.extract(package.findtext(".//{*}title") or "")


def read_odt(path: Path) -> Extract:
    """An OpenDocument text with its headings, lists and tables, by way of the markup of a page.

    Notes stand below the text: they would break a sentence in two.
    """
    with _open(path) as archive:
        body = next(_xml(archive, "content.xml").iter(f"{OFFICE}text"), None)
    if body is None:
        raise Unreadable(Status.FAILED, "it holds no text document")
    lxml.etree.strip_elements(body, *UNSEEN, with_tail=False)
    for note in list(body.iter(NOTE)):
        body.extend(list(note.iter(f"{TEXT}p")))
    lxml.etree.strip_elements(body, NOTE, with_tail=False)
    for element in list(body.iter(lxml.etree.Element)):
        _rename(element)
    lxml.etree.cleanup_namespaces(body)
    return html.from_markup(lxml.etree.tostring(body, method="html", encoding="unicode"))


def _rename(element: Element) -> None:
    """Gives an element the name that a page has for it; what it does not know is running text."""
    tag, level = str(element.tag), element.get(f"{TEXT}outline-level", "1")
    title = element.get(f"{TEXT}style-name") == "Title"
    if tag in SPACES:
        element.text = " "
    if tag == f"{TEXT}h" or title:
        element.tag = f"h{min(int(level), 6) if level.isdigit() else 6}"
    else:
        element.tag = TAGS.get(tag, "span")
    element.attrib.clear()


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    """The root of an entry that is XML."""
    parser = lxml.etree.XMLParser(
        recover=True, no_network=True, huge_tree=True, resolve_entities=False
    )
    root = lxml.etree.fromstring(archive.read(name), parser)
    if root is None:
        raise Unreadable(Status.FAILED, f"its {name} is damaged")
    return root
