"""Documents that are no files: what a program gives, as text with an id, a title and metadata."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from askdoc.errors import BadInput
from askdoc.ingest import limits
from askdoc.ingest.blocks import structure
from askdoc.ingest.dates import date_of
from askdoc.ingest.extract import clean, one_line
from askdoc.ingest.formats.properties import metadata_of
from askdoc.ingest.formats.text import from_markdown
from askdoc.types import Document

LONGEST_ID = 500  # characters
NAMES = ("text", "title", "id", "metadata")


def document_of(given: object) -> Document:
    """A document of what is given: a text, a mapping with one, or a document of LangChain's.

    Its source is its id; without one, what is made of its text. It is read as Markdown. What is
    nested in its metadata is left out. Raises BadInput for anything else.
    """
    told = _told(given)
    text, id, metadata = told.get("text"), told.get("id"), told.get("metadata")
    if not isinstance(text, str) or not clean(text).strip():
        raise BadInput(f"a document has no text: {str(given)[:80]!r}")
    if not isinstance(metadata or {}, Mapping):
        raise BadInput(f"the metadata of a document are no names with values: {str(metadata)[:80]}")
    extract = from_markdown(clean(text))
    limits.check(len(extract.text), limits.CHARACTERS, "characters")
    sha256 = hashlib.sha256(extract.text.encode()).hexdigest()
    source = _checked(f"text-{sha256[:16]}" if id is None else id)
    own = metadata_of(metadata or {})
    named = told.get("title") or own.pop("title", "")
    document = Document(
        source,
        one_line(clean(str(named))) or extract.title or source,
        extract.text,
        sha256,
        structure(extract.text, extract.blocks),
    )
    day = date_of(document)
    return replace(document, metadata={"date": str(day)} | own if day else own)


def _told(given: object) -> Mapping[str, Any]:
    """What is given, by our names."""
    if isinstance(given, str):
        return {"text": given}
    if isinstance(given, Mapping):
        odd = [name for name in given if name not in NAMES]
        if odd:
            raise BadInput(f"a document has {str(odd[0])[:80]!r}: it can have {', '.join(NAMES)}")
        return given
    if not hasattr(given, "page_content"):
        raise BadInput(f"{str(given)[:80]!r} is no text, no mapping and no document of LangChain's")
    told = {"text": given.page_content}
    return told | {name: getattr(given, name, None) for name in ("id", "metadata")}


def _checked(id: object) -> str:
    """An id that can be cited, and that is no way out of the folder; raises BadInput."""
    one = id if isinstance(id, str) and id == id.strip() and id.isprintable() else ""
    if not isinstance(id, str) or one.endswith("/") or not 0 < len(one) <= LONGEST_ID:
        raise BadInput(f"the id {str(id)[:80]!r}: give one line of up to {LONGEST_ID} characters")
    if PurePath(id).is_absolute() or ".." in PurePath(id).parts:
        raise BadInput(f"the id {id[:80]!r} leads out of the folder: give another")
    return id
