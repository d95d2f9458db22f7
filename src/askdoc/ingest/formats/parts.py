"""The parts of a zip of markup: books, OpenDocument, and Office since 2007."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lxml.etree

from askdoc.errors import Unreadable
from askdoc.ingest.extract import one_line
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


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The parts of a zip; raises Unreadable for a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGED as error:
        raise Unreadable(Status.FAILED, f"it is damaged ({one_line(str(error))})") from error


def parser() -> lxml.etree.XMLParser:
    """A parser that forgives, and opens nothing else."""
    return lxml.etree.XMLParser(
        recover=True, no_network=True, huge_tree=True, resolve_entities=False
    )


def root(archive: zipfile.ZipFile, name: str) -> Element:
    """The root of an entry that is XML."""
    top = lxml.etree.fromstring(archive.read(name), parser())
    if top is None:
        raise Unreadable(Status.FAILED, f"its {name} is damaged")
    return top


def related(archive: zipfile.ZipFile, place: str) -> dict[str, tuple[str, str]]:
    """What a part of an Office file refers to: by its name there, its type and its place."""
    folder, name = posixpath.split(place)
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.namelist():
        return {}
    return {
        each.get("Id", ""): (
            each.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/"),
        )
        for each in root(archive, relations).iter("{*}Relationship")
    }
