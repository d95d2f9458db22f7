"""What a file tells of itself beside its text: its author, its date, and what else it names."""

import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from email.message import Message
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import lxml.etree
import yaml

from askdoc.ingest.dates import date_told
from askdoc.ingest.extract import clean, one_line

FRONT = re.compile(r"---[ \t]*\n(.{0,20000}?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
"""What stands in front of a Markdown text, between two lines of dashes, in YAML."""
PARTS = ("docProps/core.xml", "meta.xml")  # of a zip: Microsoft's Office, OpenDocument
MOST = 100  # names, values of a name, and characters of a name
LONGEST = 1000  # characters of a value
BYTES = 1_000_000  # of a part
DAMAGED = (OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, lxml.etree.LxmlError)


def metadata_of(told: Mapping[Any, Any]) -> dict[str, Any]:
    """What is told under each name, as JSON has it; what is empty or nested is left out."""
    kept: dict[str, Any] = {}
    for name, value in list(told.items())[:MOST]:
        if isinstance(value, list | tuple):
            several = [one for one in map(_value, value[:MOST]) if one is not None]
            value = several if len(several) > 1 else next(iter(several), None)
        else:
            value = _value(value)
        if value is not None and _value(name) is not None:
            kept[one_line(clean(str(name)), MOST)] = value
    return kept


def _brought(told: Mapping[Any, Any]) -> dict[str, Any]:
    """What a file tells; its date in ISO form, each of several authors and keywords by itself."""
    brought = dict(told)
    day = date_told(str(told.get("date")))
    if day:
        brought["date"] = str(day)
    for name, between in (("author", ";"), ("keywords", "[,;]")):
        if isinstance(told.get(name), str):
            brought[name] = re.split(between, told[name])
    return metadata_of(brought)


def _value(value: object) -> str | int | float | bool | None:
    """A single value as JSON has it; None where it is none."""
    if isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    if isinstance(value, date):  # as YAML has it
        value = value.isoformat()
    return one_line(clean(value), LONGEST) or None if isinstance(value, str) else None


def of_front_matter(text: str) -> dict[str, Any]:
    """What stands in front of a Markdown text; nothing where that is no YAML."""
    front = FRONT.match(text)
    # One that nests too deeply, or names a day that no month has, is no YAML either.
    with suppress(yaml.YAMLError, RecursionError, ValueError):
        told = yaml.safe_load(front[1]) if front else None
        return _brought(told) if isinstance(told, dict) else {}
    return {}


def of_message(message: Message) -> dict[str, Any]:
    """Who has written a message, by name or else by address, from where, and when."""
    name, address = parseaddr(str(message.get("From", "")))
    return _brought({"author": [name or address], "from": address, "date": message.get("Date")})


def of_pdf(told: Mapping[str, str]) -> dict[str, Any]:
    """What the dictionary of a PDF tells."""
    made = told.get("CreationDate") or told.get("ModDate") or ""
    return _brought({
        "author": told.get("Author"),
        "date": made[:10],  # D:20240512, and then the time
        "subject": told.get("Subject"),
        "keywords": told.get("Keywords"),
    })  # fmt: skip


def of_office(told: Mapping[str, Any]) -> dict[str, Any]:
    """What kreuzberg tells of a file."""
    return _brought({
        "author": told.get("authors") or told.get("created_by"),
        "date": told.get("modified_at") or told.get("created_at"),  # as in of_xml
        "from": parseaddr(str(told.get("from_email") or ""))[1],
    })  # fmt: skip


def of_zip(path: Path) -> dict[str, Any]:
    """What an Office file tells in a part of its own; nothing where that is damaged."""
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True)
    with suppress(*DAMAGED), zipfile.ZipFile(path) as parts:
        for part in set(PARTS) & set(parts.namelist()):
            with parts.open(part) as file:
                return of_xml(lxml.etree.fromstring(file.read(BYTES), parser))
    return {}


def of_xml(root: lxml.etree._Element) -> dict[str, Any]:
    """What elements tell that are called as Dublin Core calls them, or as Office does."""

    def first(*names: str) -> str:
        return next(filter(None, (root.findtext(f".//{{*}}{name}") for name in names)), "")

    return _brought({
        "author": first("initial-creator", "creator"),
        # When it was last changed: what is made from a template, or from an older file, bears the
        # date of that one as its own. OpenDocument calls it, and a book its only one, "date".
        "date": first("modified", "date", "created", "creation-date"),
        "subject": first("subject"),
        "keywords": first("keywords", "keyword"),
    })  # fmt: skip
