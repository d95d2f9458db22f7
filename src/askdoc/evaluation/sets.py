"""A set that brings its documents, as ``corpus.jsonl`` or SQuAD: laid out once as files."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from pydantic import AliasChoices, Field

from askdoc.errors import BadInput
from askdoc.evaluation.forms import QUERIES, documents
from askdoc.evaluation.questions import Id, IdentifiedRow, read_rows
from askdoc.settings import Settings

LONGEST = 80  # characters of a file name
CORPUS, QUESTIONS = "corpus.jsonl", QUERIES
STAMP = "laid-out"  # a file beside the documents, with the hash of what they were made from


class DocumentRow(IdentifiedRow):
    """A document of a set that brings its own; BEIR's have an ``_id``."""

    id: Id = Field(validation_alias=AliasChoices("id", "_id"))
    title: str | None = None
    text: str

    @property
    def markdown(self) -> str:
        """What its file holds."""
        title = " ".join((self.title or "").split())
        return f"# {title}\n\n{self.text}\n" if title else f"{self.text}\n"


def questions_of_set(data: Path) -> Path:
    """The file of the questions that a set brings: SQuAD's are in the one with its contexts."""
    return data / QUESTIONS if data.is_dir() else data


def place_of_set(data: Path) -> Path:
    """Where a set is laid out and indexed, unless another folder is named: in it, or beside it."""
    beside = f".askdoc-{data.stem}"
    return data.parent / beside if data.is_file() else data / ".askdoc"


def settings_of_set(data: Path, settings: Settings) -> tuple[Settings, dict[str, str]]:
    """Settings over the documents that a set brings, and their sources by their ids.

    They are laid out in the index folder that the settings name, or in ``place_of_set``.
    """
    place = settings.index or place_of_set(data)
    corpus, sources = laid_out(data, place)
    return settings.model_copy(update={"corpus": corpus, "index": place / "index"}), sources


def laid_out(data: Path, place: Path) -> tuple[Path, dict[str, str]]:
    """The documents of a set as files below ``place``, and their source by their id.

    Each becomes a Markdown file of its title and its text. They are written once: a set whose file
    of documents has not changed is used as it lies there. Raises BadInput, with the line, for a
    document without an id or a text.
    """
    path = data if data.is_file() else data / CORPUS
    rows = [(row["id"], row) for row in documents(path)] if data.is_file() else None
    found = read_rows(path, DocumentRow, lambda row: row, rows)
    sources = names(document.id for document in found)
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
            for document in found:
                place_of = corpus / sources[document.id]
                place_of.write_text(document.markdown, "utf-8", newline="")
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
