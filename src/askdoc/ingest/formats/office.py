"""What kreuzberg reads best: old Office files, workbooks, RTF, Outlook messages, and LaTeX."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askdoc.errors import Unreadable
from askdoc.ingest.blocks import heading
from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import (
    ENVELOPE,
    LONGEST_HEADING,
    Composer,
    Extract,
    clean,
    one_line,
    top_heading,
)
from askdoc.ingest.filetype import kind
from askdoc.ingest.formats import properties, quoted
from askdoc.types import Status

if TYPE_CHECKING:
    from kreuzberg import ExtractionConfig, ExtractionResult

MIME = {
    ".doc": "application/msword",
    ".msg": "application/vnd.ms-outlook",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".org": "text/x-org",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".rst": "text/x-rst",
    ".rtf": "application/rtf",
    ".tex": "application/x-latex",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00")  # how a date without a time is handed on
NO_DAY = re.compile(r"1899-12-3[01] (\d\d:\d\d:\d\d)")  # and a time without a date
# The number of an item, which kreuzberg would leave out as it does its bullet.
COUNTED = re.compile(rb"\{\\(?:listtext|pntext)\b(?=[^{}]*[ }]\(?\w{1,6}[.)]+\\tab ?\})")
HARD_SPACE = re.compile(rb"(?<!\\)\\~")
MIME |= {".pptm": MIME[".pptx"], ".xlsm": MIME[".xlsx"]}  # with programs, which nobody runs
FIELD = re.compile(r"\x13?\b(?:HYPERLINK|PAGEREF)\s+(?:\\\w\s+)?(?:\"[^\"]*\"|\w+)(?:\s+\\\w\b)*")
FOOTNOTE = re.compile(r"\[\^\d+\](?:: )?")  # how a footnote is handed on
Node = Mapping[str, Any]


def read(path: Path) -> Extract:
    """A document with its headings and tables, and its slides as pages where it has some."""
    data = path.read_bytes()
    form = kind(path)
    if form == ".rtf":  # kreuzberg would hand on its hard spaces as tildes
        data = COUNTED.sub(b"{", HARD_SPACE.sub(rb"\\u160?", data))
    result = _extracted(data, MIME[form])
    composer = Composer()
    for node in _nodes(result):
        _add(node, composer)
    if composer.length < len(result.content) / 2:  # it hands on text that it gives no place to
        composer = Composer()
        composer.add(result.content)
    metadata: Mapping[str, Any] = result.metadata
    extract = composer.extract(str(metadata.get("title") or ""))
    return replace(extract, metadata=properties.of_office(metadata))


def read_message(path: Path) -> Extract:
    """A message of Outlook as ``mail`` reads others: its text, what is attached, its headers."""
    result = _extracted(path.read_bytes(), MIME[".msg"])
    metadata: Mapping[str, Any] = result.metadata
    composer, nodes = Composer(), _nodes(result)
    composer.add_heading(str(metadata.get("subject") or ""), 1)
    words = (node["text"] for node in nodes if "text" in node)
    composer.add_extract(quoted.read(clean("\n\n".join(words))), deeper=1)
    for name in metadata.get("attachments") or ():
        composer.add(f"Attachment: {one_line(name)}")
    headers = [entry for node in nodes for entry in node.get("entries", ())]
    lines = [f"{name}: {value}" for name, value in headers if name != "Subject"]
    composer.add_heading(ENVELOPE if lines else "", 2)
    composer.add("\n".join(lines))
    return replace(composer.extract(), metadata=properties.of_office(metadata))


def read_workbook(path: Path) -> Extract:
    """A workbook: each sheet's name as a heading over its rows."""
    result = _extracted(path.read_bytes(), MIME[kind(path)])
    composer = Composer()
    metadata: Mapping[str, Any] = result.metadata
    names = metadata.get("sheet_names") or []
    for table in result.tables:
        if table.page_number <= len(names):
            composer.add_heading(f"Sheet {names[table.page_number - 1]}", 1)
        composer.add_table([[_value(cell) for cell in row] for row in table.cells])
    told = properties.of_office(metadata)
    return Extract(composer.text, blocks=tuple(composer.blocks), metadata=told)


def read_marked_up(path: Path) -> Extract:
    """A text in org, reStructuredText or LaTeX as it stands in the file, with its headings."""
    text = decode(path.read_bytes())
    headings, end = [], 0
    for node in _nodes(_extracted(text.encode(), MIME[path.suffix.lower()])):
        words = node["text"] if node["node_type"] == "heading" else ""
        start = text.find(words, end) if 0 < len(words) <= LONGEST_HEADING else -1
        if start >= 0:
            end = start + len(words)
            headings.append(heading(start, end, node["level"]))
    extract = Extract(text, blocks=tuple(headings))
    return replace(extract, title=top_heading(extract))


@cache
def _config() -> "ExtractionConfig":
    """How kreuzberg is to read: without OCR, and without leaving anything on the disk."""
    from kreuzberg import ExtractionConfig

    return ExtractionConfig(
        use_cache=False,
        disable_ocr=True,  # type: ignore[call-arg]  # its stub does not know it yet
        include_document_structure=True,
    )


def _extracted(data: bytes, mime: str) -> "ExtractionResult":
    """What kreuzberg makes of a file; raises Unreadable when it can make nothing of it."""
    # Imported where first used: a corpus of text files should not pay for it.
    from kreuzberg import KreuzbergError, extract_bytes_sync

    try:
        return extract_bytes_sync(data, mime, config=_config())
    except (KreuzbergError, RuntimeError, ValueError) as error:
        why = one_line(str(error))
        if "password" in why.lower() or "encrypted" in why.lower():
            raise Unreadable(Status.ENCRYPTED, "it needs a password") from error
        raise Unreadable(
            Status.FAILED, f"it is damaged, or not what its name says ({why})"
        ) from error


def _nodes(result: "ExtractionResult") -> list[Node]:
    """The parts of a document in reading order."""
    return [node["content"] for node in result.document["nodes"]] if result.document else []


def _add(node: Node, composer: Composer) -> None:
    """Adds one part of a document."""
    match node:
        case {"node_type": "slide"}:
            composer.turn_page()
            composer.add_heading(node.get("title") or "", 1)
        case {"node_type": "title" | "heading", "text": text}:
            composer.add_heading(text, node.get("level", 1))
        case {"grid": {"rows": rows, "cols": columns, "cells": cells}}:
            grid = [[""] * columns for _ in range(rows)]
            for cell in cells:
                for row in range(cell["row"], min(rows, cell["row"] + cell.get("row_span", 1))):
                    grid[row][cell["col"]] = cell["content"]
            composer.add_table(grid)
        case {"entries": entries}:
            for name, value in entries:
                composer.add(f"{name}: {value}", parted_by="\n")
        case {"node_type": "list_item", "text": text}:
            composer.add(f"- {text}", parted_by="\n")
        case {"text": text}:
            composer.add(FIELD.sub("", FOOTNOTE.sub("", text)))


def _value(cell: str) -> str:
    """The value of a cell, without the time of a date and the date of a time."""
    exact = MIDNIGHT.fullmatch(cell) or NO_DAY.fullmatch(cell)
    return exact[1] if exact else cell
