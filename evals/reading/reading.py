"""Measures reading: what comes of each file of a folder, by format, and how languages are told.

python evals/reading/reading.py FOLDER --out evals/reading/messy.json
python evals/reading/reading.py FOLDER --languages SET   where SET/en/corpus.jsonl and so on lie

Whether a file holds text is judged without the loaders: by its bytes, by the text objects of a PDF,
by the text elements of an Office file.
"""

import argparse
import json
import re
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw

from askdoc import Document, Unreadable
from askdoc.ingest.chunker import chunk
from askdoc.ingest.files import LOADERS, language, load
from askdoc.ingest.worker import Worker

WORDS = re.compile(rb"<(?:\w+:)?(?:t|v)(?: [^>]*)?>[^<]*[^<\s]")  # in the XML of Office
PARTS = re.compile(r"(word|ppt/slides|ppt/notesSlides|xl)/.*\.xml")
Row = dict[str, Any]


def readings(folder: Path) -> Iterator[Row]:
    """What came of each file of a folder, each read under the usual limits."""
    with Worker() as worker:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            source = path.relative_to(folder).as_posix()
            row: Row = {"source": source, "status": "read", "why": "", "language": None}
            row |= {"exact": False, "replaced": False}
            began = time.perf_counter()
            try:
                document = worker.run(load, folder.absolute(), source)
                row["language"] = language(document.text)
            except Unreadable as error:
                document = None
                row |= {"status": error.status, "why": error.why}
            row["seconds"] = round(time.perf_counter() - began, 3)
            if document is not None:
                row |= {"exact": is_exact(document), "replaced": "\ufffd" in document.text}
            yield row


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
        suffix = Path(row["source"]).suffix.lower()
        if suffix not in LOADERS:
            continue
        line = table.setdefault(suffix, {"files": 0, "hold_text": 0, "read": 0, "not_read": []})
        line["files"] += 1
        line["read"] += row["status"] == "read"
        if row["status"] != "read":
            line["not_read"].append(f"{Path(row['source']).name}: {row['status']}")
        holds = row["status"] == "read" or (
            row["status"] != "encrypted" and holds_text(folder / row["source"])
        )
        line["hold_text"] += holds
    return dict(sorted(table.items()))


def languages(data: Path) -> dict[str, dict[str, float]]:
    """The share of whole paragraphs, and of their first sentences, whose language is told right."""
    found = {}
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        lines = (folder / "corpus.jsonl").read_text("utf-8").splitlines()
        texts = [json.loads(line)["text"] for line in lines]
        found[folder.name] = {
            name: round(_share_right(part, folder.name), 3)
            for name, part in (
                ("paragraphs", texts),
                ("sentences", [text.split(". ")[0] for text in texts]),
                ("60 characters", [text[:60] for text in texts]),
            )
        }
    return found


def _share_right(texts: list[str], code: str) -> float:
    """How many of the texts that are long enough are told to be in a language."""
    told = [language(text) for text in texts]
    told = [one for one in told if one is not None]
    return told.count(code) / len(told)


def main() -> None:
    """Measures, prints, and writes the figures to a file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = list(readings(given.folder))
    seconds = sum(row["seconds"] for row in rows)
    figures: Row = {"seconds": round(seconds, 1), "files": len(rows)}
    table = by_format(given.folder, rows)
    hold = sum(line["hold_text"] for line in table.values())
    read = sum(line["read"] for line in table.values())
    figures |= {"hold_text": hold, "read": read, "share": round(read / hold, 4)}
    figures["exact"] = sum(row["exact"] for row in rows)
    figures["with_replacement_characters"] = [row["source"] for row in rows if row["replaced"]]
    figures["statuses"] = dict(Counter(row["status"] for row in rows).most_common())
    figures["languages_found"] = len({row["language"] for row in rows} - {None})
    figures["formats"] = table
    if given.languages:
        figures["languages"] = languages(given.languages)
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
