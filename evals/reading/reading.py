"""Measures reading: what comes of each file of a folder, by format, and how languages are told.

python -m evals.reading.reading FOLDER [--languages SET] [--out evals/reading]

SET has a folder for each language, with a `corpus.jsonl`.

Whether a file holds text is judged without the loaders: by its bytes, by the text objects of a PDF,
by the text elements of an Office file.
"""

import re
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import pypdfium2
import pypdfium2.raw
import typer

from askdoc import Document, Unreadable
from askdoc.ingest.chunker import chunk
from askdoc.ingest.files import LOADERS, load
from askdoc.ingest.words import language
from askdoc.ingest.worker import Worker
from evals.sets import Row, lines
from evals.tables import keep

WORDS = re.compile(rb"<(?:\w+:)?(?:t|v)(?: [^>]*)?>[^<]*[^<\s]")  # in the XML of Office
PARTS = re.compile(r"(word|ppt/slides|ppt/notesSlides|xl)/.*\.xml")


def readings(folder: Path) -> Iterator[Row]:
    """What came of each file of a folder, each read under the usual limits."""
    with Worker() as worker:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            source = path.relative_to(folder).as_posix()
            row: Row = {"source": source, "status": "read", "language": None}
            document = None
            began = time.perf_counter()
            try:
                document = worker.run(load, folder.absolute(), source)
                row["language"] = language(document.text)
            except Unreadable as error:
                row["status"] = error.status
            row["seconds"] = time.perf_counter() - began
            row["exact"] = document is not None and is_exact(document)
            yield row | {"replaced": document is not None and "\ufffd" in document.text}


def is_exact(document: Document) -> bool:
    """Whether every passage is an exact span, and every letter is in a passage or a heading."""
    passages = chunk(document, 600)
    held = bytearray(len(document.text))
    spans = [(passage.start, passage.end) for passage in passages]
    spans += [(heading.start, heading.end) for heading in document.headings]
    for start, end in spans:
        held[start:end] = b"\1" * (end - start)
    lost = any(sign.isalnum() and not kept for sign, kept in zip(document.text, held, strict=True))
    same = all(document.text[item.start : item.end] == item.text for item in passages)
    return same and not lost and all(a.end <= b.start for a, b in pairwise(passages))


def holds_text(path: Path) -> bool:
    """Whether a file has anything to read that is neither sealed nor a picture."""
    data = path.read_bytes()
    if not data.strip() or not any(chr(byte).isalnum() for byte in data):
        return False
    if data.startswith(b"%PDF"):
        return _pdf_holds_text(path)
    if zipfile.is_zipfile(path) and path.suffix.lower() in {".docx", ".pptx", ".xlsx"}:
        with zipfile.ZipFile(path) as archive:
            parts = [name for name in archive.namelist() if PARTS.fullmatch(name)]
            return any(WORDS.search(archive.read(name)) for name in parts)
    return True


def _pdf_holds_text(path: Path) -> bool:
    """Whether a page of a PDF has a text object."""
    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return True  # sealed or broken: that is for the report to say
    kinds = [pypdfium2.raw.FPDF_PAGEOBJ_TEXT]
    return any(True for page in pdf for _ in page.get_objects(filter=kinds))


def by_format(folder: Path, rows: list[Row]) -> dict[str, Row]:
    """For each suffix that askdoc reads: the files, those that hold text, and what came of them."""
    table: dict[str, Row] = {}
    for row in rows:
        path, status = folder / row["source"], row["status"]
        if (suffix := path.suffix.lower()) in LOADERS:
            line = table.setdefault(suffix, {"files": 0, "hold_text": 0, "read": 0, "not_read": []})
            line["files"] += 1
            line["read"] += status == "read"
            line["not_read"] += [] if status == "read" else [f"{path.name}: {status}"]
            line["hold_text"] += status == "read" or (status != "encrypted" and holds_text(path))
    return dict(sorted(table.items()))


def languages(data: Path) -> dict[str, dict[str, float]]:
    """The share of whole paragraphs, and of their first sentences, whose language is told right.

    Texts that are too short to tell are left out.
    """
    found: dict[str, dict[str, float]] = {}
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        texts = [row["text"] for row in lines(folder / "corpus.jsonl")]
        parts = {
            "paragraphs": texts,
            "sentences": [text.split(". ")[0] for text in texts],
            "60 characters": [text[:60] for text in texts],
        }
        for name, part in parts.items():
            told = [code for code in map(language, part) if code]
            found.setdefault(folder.name, {})[name] = told.count(folder.name) / len(told)
    return found


def main(
    folder: Path,
    languages_of: Annotated[Path | None, typer.Option("--languages")] = None,
    out: Path | None = None,
) -> None:
    """Reads every file of a folder, and tells what came of each format."""
    rows = list(readings(folder))
    table = by_format(folder, rows)
    hold, read = (sum(row[name] for row in table.values()) for name in ("hold_text", "read"))
    figures: Row = {
        "seconds": round(sum(row["seconds"] for row in rows), 1),
        "files": len(rows),
        "hold_text": hold,
        "read": read,
        "share": read / hold,
        "exact": sum(row["exact"] for row in rows),
        "with_replacement_characters": [row["source"] for row in rows if row["replaced"]],
        "statuses": dict(Counter(row["status"] for row in rows).most_common()),
        "languages_found": len({row["language"] for row in rows} - {None}),
        "formats": table,
    }
    if languages_of:
        figures["languages"] = languages(languages_of)
    keep(figures, out, "messy.json")


if __name__ == "__main__":
    typer.run(main)
