"""A set that brings its documents along as ``corpus.jsonl``: laid out once as a folder of files."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from askdoc.errors import BadInput
from askdoc.evaluation.questions import rows

LONGEST = 80  # characters of a file name
CORPUS, QUESTIONS = "corpus.jsonl", "queries.jsonl"
STAMP = "laid-out"  # a file beside the documents, with the hash of what they were made from


def laid_out(folder: Path, place: Path) -> tuple[Path, dict[str, str]]:
    """The documents of a set as files below ``place``, and their source by their id.

    Each becomes a Markdown file of its title and its text. They are written once: a set whose
    ``corpus.jsonl`` has not changed is used as it lies there. Raises BadInput, with the line, for a
    document without an id or a text.
    """
    path = folder / CORPUS
    documents = [_document(path, number, row) for number, row in rows(path)]
    sources = names(id for id, _ in documents)
    if len(sources) < len(documents):
        twice = next(id for n, (id, _) in enumerate(documents) if id in dict(documents[:n]))
        raise BadInput(f"{path} has two documents of the id {twice!r}")
    if not documents:
        raise BadInput(f"{path} holds no document")
    corpus, stamp = place / "documents", place / STAMP
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    if corpus.exists() and not stamp.is_file():
        raise BadInput(f"{corpus} is there, and not from askdoc: name another folder with --index")
    if not stamp.is_file() or stamp.read_text("utf-8") != sha256:
        try:
            place.mkdir(parents=True, exist_ok=True)
            stamp.write_text("begun", "utf-8")  # first: what lies beside a stamp may be deleted
            shutil.rmtree(corpus, ignore_errors=True)
            corpus.mkdir()
            for id, text in documents:
                (corpus / sources[id]).write_text(text, "utf-8", newline="")
            stamp.write_text(sha256, "utf-8")
        except OSError as error:
            raise BadInput(f"{place} cannot be written: name a folder with --index") from error
    return corpus, sources


def names(ids: Iterable[str]) -> dict[str, str]:
    """A file name for each id: the id itself where it is one, else with a hash at its end."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for id in ids:
        name = re.sub(r"[^\w-]", "_", id)[:LONGEST]
        if not name or name != id or name.casefold() in taken:
            name += "-" + hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        taken.add(name.casefold())
        found[id] = f"{name}.md"
    return found


def _document(path: Path, number: int, row: dict[str, Any]) -> tuple[str, str]:
    """The id of a document, and what its file holds."""
    id, title, text = row.get("id"), row.get("title") or "", row.get("text")
    if not isinstance(id, str | int) or not isinstance(title, str) or not isinstance(text, str):
        raise BadInput(f"{path}, line {number}: a document needs an id, a title and a text")
    title = " ".join(title.split())
    return str(id), f"# {title}\n\n{text}\n" if title else f"{text}\n"
