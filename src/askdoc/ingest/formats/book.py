"""EPUB: chapters of markup in a zip, each read as a page is."""

import posixpath
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from askdoc.errors import Unreadable
from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import Composer, Extract
from askdoc.ingest.formats import html, properties
from askdoc.ingest.formats.parts import opened, root
from askdoc.types import Status

SEALED = re.compile(rb'URI="[^"]+\.x?html?"', re.IGNORECASE)  # fonts are scrambled in many books


def read_epub(path: Path) -> Extract:
    """A book, chapter by chapter in the order of its spine; its title is the book's.

    A chapter that cannot be read does not lose the others.
    """
    composer = Composer()
    with opened(path) as archive:
        names = set(archive.namelist())
        seals = "META-INF/encryption.xml"
        if seals in names and SEALED.search(archive.read(seals)):
            raise Unreadable(Status.ENCRYPTED, "it is sold with copy protection")
        top = next(root(archive, "META-INF/container.xml").iter("{*}rootfile"), None)
        if top is None:
            raise Unreadable(Status.FAILED, "it names no contents")
        place = top.get("full-path", "")
        package = root(archive, place)
        parts = {part.get("id"): part.get("href", "") for part in package.iter("{*}item")}
        for reference in package.iter("{*}itemref"):
            href = unquote(parts.get(reference.get("idref"), ""))
            name = posixpath.normpath(posixpath.join(posixpath.dirname(place), href))
            if name in names:
                with suppress(Unreadable):
                    composer.add_extract(html.from_markup(decode(archive.read(name))))
    extract = composer.extract(package.findtext(".//{*}title") or "")
    return replace(extract, metadata=properties.of_xml(package))
