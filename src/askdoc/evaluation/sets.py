"""A set that brings its documents along as ``corpus.jsonl``: laid out once as a folder of files."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from askdoc.errors import BadInput
from askdoc.evaluation.questions import IdentifiedRow, read_rows
from askdoc.settings import Settings

LONGEST = 80  # characters of a file name
CORPUS, QUESTIONS = "corpus.jsonl", "queries.jsonl"
STAMP = "laid-out"  # a file beside the documents, with the hash of what they were made from


class DocumentRow(IdentifiedRow):
    """A document of a set that brings its own."""

    title: str | None = None
    text: str

    @property
    def markdown(self) -> str:
        """What its file holds."""
        title = " ".join((self.title or "").split())
        return f"# {title}\n\n{self.text}\n" if title else f"{self.text}\n"


def settings_of_set(data: Path, settings: Settings) -> tuple[Settings, dict[str, str]]:
    """Settings over the documents that a set brings, and their sources by their ids.

    They are laid out in the index folder that the settings name, or in ``.askdoc`` of the set.
    """
    place = settings.index or data / ".askdoc"
    corpus, sources = laid_out(data, place)
    return settings.model_copy(update={"corpus": corpus, "index": place / "index"}), sources


def laid_out(folder: Path, place: Path) -> tuple[Path, dict[str, str]]:
    """The documents of a set as files below ``place``, and their source by their id.

    Each becomes a Markdown file of its title and its text. They are written once: a set whose
    ``corpus.jsonl`` has not changed is used as it lies there. Raises BadInput, with the line, for a
    document without an id or a text.
    """
    path = folder / CORPUS
    documents = read_rows(path, DocumentRow, lambda row: row)
    sources = names(document.id for document in documents)
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
            for document in documents:
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
