"""Files to documents: which files of a corpus count, and which loader reads which suffix.

A loader is a function from a path to an Extract; it raises Unreadable when a file gives no text.
"""

import hashlib
import importlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pathspec

from askdoc.errors import BadInput, Unreadable
from askdoc.ingest import limits
from askdoc.ingest.blocks import structure
from askdoc.ingest.chunker import chunk
from askdoc.ingest.dates import date_of
from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import Extract
from askdoc.ingest.filetype import PICTURES, kind
from askdoc.types import Document, Passage, Status

IGNORE_FILE = ".askdocignore"
ESCAPED = re.compile(r"\\u(dc[89a-f][0-9a-f])")  # a byte of a name that is no text

CODE = [
    ".py",
    ".js",
    ".ts",
    ".java",
    ".c",
    ".h",
    ".cpp",
    ".hpp",
    ".cs",
    ".go",
    ".rs",
    ".rb",
    ".php",
    ".sh",
    ".sql",
    ".r",
    ".swift",
    ".kt",
    ".scala",
    ".lua",
    ".pl",
    ".yaml",
    ".yml",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".properties",
    ".css",
]  # read as it stands


def _of(module: str, read: str = "read") -> Callable[[Path], Extract]:
    """A loader of a format, which is imported when its first file is read.

    Each brings a library along, and most commands, as servers, read no file themselves.
    """

    def loader(path: Path) -> Extract:
        found = importlib.import_module(f"askdoc.ingest.formats.{module}")
        extract: Extract = getattr(found, read)(path)
        return extract

    return loader


LOADERS: Mapping[str, Callable[[Path], Extract]] = {
    ".txt": _of("text", "read_plain"),
    ".md": _of("text", "read_markdown"),
    ".markdown": _of("text", "read_markdown"),
    ".rst": _of("office", "read_marked_up"),
    ".org": _of("office", "read_marked_up"),
    ".tex": _of("office", "read_marked_up"),
    ".log": _of("text", "read_lines"),
    ".srt": _of("subtitles"),
    ".vtt": _of("subtitles"),
    ".json": _of("records"),
    ".jsonl": _of("records"),
    ".ndjson": _of("records"),
    ".csv": _of("text", "read_rows"),
    ".tsv": _of("text", "read_rows"),
    ".ipynb": _of("notebook"),
    ".html": _of("html"),
    ".htm": _of("html"),
    ".xml": _of("xml"),
    ".pdf": _of("pdf"),
    ".docx": _of("docx"),
    ".docm": _of("docx"),
    ".doc": _of("office"),
    ".odt": _of("opendocument", "read_text"),
    ".rtf": _of("office"),
    ".epub": _of("book", "read_epub"),
    ".pptx": _of("slides"),
    ".pptm": _of("slides"),
    ".odp": _of("opendocument", "read_slides"),
    ".ppt": _of("office"),
    ".xlsx": _of("xlsx"),
    ".xlsm": _of("xlsx"),
    ".xls": _of("xls"),
    ".ods": _of("opendocument", "read_workbook"),
    ".eml": _of("mail"),
    ".mbox": _of("mail", "read_mailbox"),
    ".msg": _of("office", "read_message"),
    **dict.fromkeys(PICTURES, _of("pdf")),
    **dict.fromkeys(CODE, _of("text", "read_verbatim")),
}
"""Suffix -> loader."""


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a corpus by their sources, in a fixed order, each with its size and time.

    ``unlisted`` are folders of it that could not be looked into, each with a slash at the end.
    """

    files: dict[str, os.stat_result]
    unlisted: tuple[str, ...]

    def may_have(self, source: str) -> bool:
        """Whether a file that was not found may yet be there."""
        return source.startswith(self.unlisted)


def find(corpus: Path, index: Path) -> Found:
    """What files a corpus has.

    Left out are hidden files and folders, the index, what ``.askdocignore`` (gitignore syntax)
    names, and links that lead out of the corpus. A name that is no text is given with escapes.
    """
    root, inside = corpus.resolve(), index.absolute()
    ignored = _ignored(corpus / IGNORE_FILE)
    found, unlisted = {}, []

    def unseen(error: OSError) -> None:
        folder = Path(error.filename).relative_to(corpus).as_posix()
        unlisted.append("" if folder == "." else f"{folder}/")

    for folder, folders, names in os.walk(corpus, onerror=unseen):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (here / name).absolute() != inside
        )
        # Only links, and Windows' junctions, lead out: one look a file is enough for all others.
        if not here.resolve().is_relative_to(root):
            continue
        above = "" if here == corpus else f"{here.relative_to(corpus).as_posix()}/"
        for name in sorted(names):
            source = above + name
            if name.startswith(".") or ignored.match_file(source):
                continue
            path = os.path.join(folder, name)
            with suppress(OSError, RuntimeError):  # gone in this very moment; a link to itself
                status = os.lstat(path)
                if stat.S_ISLNK(status.st_mode) and Path(path).resolve().is_relative_to(root):
                    status = os.stat(path)
                if stat.S_ISREG(status.st_mode):
                    found[source.encode("utf-8", "backslashreplace").decode()] = status
    return Found(found, tuple(unlisted))


def path_of(corpus: Path, source: str) -> Path:
    """The file of a source; the bytes of a name that is no text stand in a source as escapes."""
    path = corpus / source
    if not ESCAPED.search(source) or path.exists():
        return path
    return corpus / ESCAPED.sub(lambda match: chr(int(match[1], 16)), source)


def still_in(corpus: Path, sources: Iterable[str]) -> set[str]:
    """Those sources that are not ignored by now, nor led out of the corpus by a link."""
    root, ignored = os.path.realpath(corpus), _ignored(corpus / IGNORE_FILE)
    paths = {source: str(path_of(corpus, source)) for source in sources}
    # Where a file that is no link lies, its folder tells, which many files share.
    led = {
        source: path if os.path.islink(path) else os.path.dirname(path)
        for source, path in paths.items()
    }
    inside = {path: _is_inside(path, root) for path in set(led.values())}
    return {
        source for source, path in led.items() if inside[path] and not ignored.match_file(source)
    }


def _is_inside(path: str, root: str) -> bool:
    """Whether a path leads into a folder; one that no file can have does not."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(root)
    except ValueError:  # a null byte, or half of a sign
        return False


def _ignored(path: Path) -> pathspec.GitIgnoreSpec:
    """What an ignore file names; raises BadInput when it cannot be understood."""
    try:
        lines = decode(path.read_bytes()).splitlines() if path.is_file() else []
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except (OSError, ValueError, re.error, Unreadable) as error:
        raise BadInput(f"{path} cannot be understood: {error}") from error


def load(corpus: Path, source: str) -> Document:
    """One file, read to text; raises Unreadable with the status that the report shows."""
    path = path_of(corpus, source)
    if path.suffix.lower() not in LOADERS:
        known = ", ".join(suffix.removeprefix(".") for suffix in LOADERS)
        raise Unreadable(Status.UNSUPPORTED, f"askdoc reads {known}")
    try:
        if not path.stat().st_size:
            raise Unreadable(Status.EMPTY, "there is nothing in it")
        sha256 = file_sha256(path)  # before it is read: a change in between shows in the next sync
        extract = LOADERS[kind(path)](path)
    except OSError as error:
        raise Unreadable(Status.FAILED, error.strerror or str(error)) from error
    limits.check(len(extract.text), limits.CHARACTERS, "characters")
    if not extract.text.strip():
        raise Unreadable(Status.EMPTY, "there is no text in it")
    document = Document(
        source=source,
        title=extract.title or PurePosixPath(source).stem.replace("-", " ").replace("_", " "),
        text=extract.text,
        file_sha256=sha256,
        blocks=structure(extract.text, extract.blocks),
        pages=extract.pages,
        hidden=extract.hidden,
        remark=extract.remark,
    )
    told = date_of(document)
    folder, _, name = source.rpartition("/")
    own = {"kind": Path(name).suffix.removeprefix(".").lower(), "folder": folder}
    dated = {"date": str(told)} if told else {}
    return replace(document, metadata={**dated, **extract.metadata, **own})


def ingest(corpus: Path, source: str, size: int) -> tuple[Document, tuple[Passage, ...]]:
    """One file with its passages, each of at most ``size`` characters; raises as ``load`` does."""
    document = load(corpus, source)
    passages = chunk(document, size)
    limits.check(len(passages), limits.PASSAGES, "passages")
    return document, passages


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes; raises Unreadable for more of them than askdoc reads."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        limits.check(size // 1_000_000, limits.MEGABYTES, "megabytes")
        return hashlib.file_digest(file, "sha256").hexdigest()
