"""Files to documents: which files of a corpus count, and which loader reads which suffix.

A loader is a function from a path to an Extract; it raises Unreadable when a file gives no text.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pathspec

from askdoc.errors import Unreadable
from askdoc.loaders import docx, html, pdf, text
from askdoc.loaders.extract import Extract
from askdoc.types import Document

IGNORE_FILE = ".askdocignore"

LOADERS: Mapping[str, Callable[[Path], Extract]] = {
    ".txt": text.read_plain,
    ".md": text.read_markdown,
    ".html": html.read,
    ".htm": html.read,
    ".pdf": pdf.read,
    ".docx": docx.read,
}
"""Suffix -> loader."""


def find(corpus: Path, index: Path) -> Iterator[str]:
    """The source of every file that belongs to the corpus, in a fixed order.

    Left out are hidden files and folders, the index, what ``.askdocignore`` (gitignore syntax)
    names, and links that lead out of the corpus.
    """
    root, inside = corpus.resolve(), index.resolve()
    ignore = corpus / IGNORE_FILE
    lines = ignore.read_text("utf-8", "replace").splitlines() if ignore.is_file() else []
    ignored = pathspec.GitIgnoreSpec.from_lines(lines)
    for folder, folders, names in os.walk(corpus):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != inside
        )
        for name in sorted(names):
            path = here / name
            source = path.relative_to(corpus).as_posix()
            if name.startswith(".") or ignored.match_file(source):
                continue
            if path.resolve().is_relative_to(root) and path.is_file():
                yield source


def load(corpus: Path, source: str) -> Document:
    """One file, read to text; raises Unreadable with the status that the report shows."""
    path = corpus / source
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        known = ", ".join(suffix.removeprefix(".") for suffix in LOADERS)
        raise Unreadable("unsupported", f"askdoc reads {known}")
    try:
        sha256 = file_sha256(path)
        extract = loader(path)
    except OSError as error:
        raise Unreadable("failed", error.strerror or str(error)) from error
    if not extract.text.strip():
        raise Unreadable("empty", "there is no text in it")
    return Document(
        source=source,
        title=extract.title or path.stem.replace("-", " ").replace("_", " "),
        text=extract.text,
        file_sha256=sha256,
        headings=extract.headings,
        pages=extract.pages,
        tables=extract.tables,
    )


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
