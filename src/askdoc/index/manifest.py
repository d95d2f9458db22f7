"""What is indexed: the one truth that both ways to find are held against, in SQLite.

A passage counts only while it stands here. Dense and BM25 retrieval may hold more for a
moment, before or after a document is replaced; what they find is looked up here, and unknown to all
who ask if it is gone.
"""

import functools
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from askdoc.errors import AskdocError
from askdoc.types import Block, BlockKind, Document, FileReport, Passage, Status

META = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    source TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    file_sha256 TEXT NOT NULL, report TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    source TEXT PRIMARY KEY REFERENCES files ON DELETE CASCADE, file_sha256 TEXT NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, blocks TEXT NOT NULL, pages TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS documents_of_file ON documents (file_sha256);
CREATE TABLE IF NOT EXISTS passages (
    id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS passages_of_source ON passages (source);
CREATE INDEX IF NOT EXISTS passages_of_content ON passages (content);
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was when it was read, or failed to be."""

    size: int
    mtime_ns: int
    sha256: str
    report: FileReport


@dataclass(frozen=True, slots=True)
class Entry:
    """A file with the document and the passages that it gave, if any."""

    file: File
    document: Document | None = None
    passages: tuple[Passage, ...] = ()


class Manifest:
    """The files, documents and passages of one index; safe to share between threads."""

    def __init__(self, path: Path, rebuild_command: str) -> None:
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=30)
            self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;" + META)
        except sqlite3.Error as error:
            raise AskdocError(
                f"the index at {path.parent} cannot be opened ({error}): "
                f"build it again with `{rebuild_command}`"
            ) from error
        self._document = functools.lru_cache(maxsize=64)(self._read_document)

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def prepare(self) -> None:
        """Creates what is not there yet, once ``meta`` has told that it is of this version."""
        with self._transaction() as db:
            db.executescript(SCHEMA)

    def meta(self) -> dict[str, str]:
        """What was noted of the index as a whole."""
        return dict(self._rows("SELECT name, value FROM meta"))

    def note(self, **values: str) -> None:
        """Notes something of the index as a whole."""
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def files(self) -> dict[str, File]:
        """Every file by its source, read or not."""
        rows = self._rows("SELECT source, report, size, mtime_ns, file_sha256 FROM files")
        return {
            source: File(size, mtime_ns, sha256, _report(report))
            for source, report, size, mtime_ns, sha256 in rows
        }

    def touch(self, source: str, size: int, mtime_ns: int) -> None:
        """Notes a new time for a file whose content is as it was."""
        with self._transaction() as db:
            db.execute(
                "UPDATE files SET size = ?, mtime_ns = ? WHERE source = ?", (size, mtime_ns, source)
            )

    def replace(self, entries: Sequence[Entry]) -> list[str]:
        """Puts entries in the place of what stood under their sources, all at once.

        Gives the ids of passages that are no longer in.
        """
        gone: set[str] = set()
        with self._transaction() as db:
            for entry in entries:
                gone |= _drop(db, entry.file.report.source)
                _insert(db, entry)
                gone -= {passage.id for passage in entry.passages}
        return sorted(gone)

    def remove(self, sources: Iterable[str]) -> list[str]:
        """Drops files, and gives the ids of the passages that went with them."""
        gone: set[str] = set()
        with self._transaction() as db:
            for source in sources:
                gone |= _drop(db, source)
        return sorted(gone)

    def count(self) -> int:
        """How many passages are in."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def sources(self) -> dict[str, str]:
        """The source of every passage by its id."""
        return dict(self._rows("SELECT id, source FROM passages"))

    def titles(self) -> dict[str, str]:
        """The title of every document by its source, in the order of the sources."""
        return dict(self._rows("SELECT source, title FROM documents ORDER BY source"))

    def ids(self, sources: Sequence[str]) -> list[str]:
        """The ids of the passages of some sources."""
        wanted = set(sources)
        return [id for id, source in self.sources().items() if source in wanted]

    def twins(self, passages: Sequence[Passage]) -> dict[str, str]:
        """By the ids of new passages, those of passages of the same words, or place in a same file.

        A file that was only renamed has the same passages, even if its name is its title.
        """
        alike = (
            "SELECT id FROM passages WHERE content = ? UNION ALL "
            "SELECT id FROM passages JOIN documents USING (source) "
            "WHERE file_sha256 = ? AND start = ? AND end = ? LIMIT 1"
        )
        found = {}
        for passage in passages:
            sha256 = passage.document.file_sha256
            for row in self._rows(alike, passage.content, sha256, passage.start, passage.end):
                found[passage.id] = row[0]
        return found

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages of those ids that are in."""
        marks = ",".join("?" * len(ids))
        rows = self._rows(
            "SELECT id, source, file_sha256, start, end FROM passages "
            f"JOIN documents USING (source) WHERE id IN ({marks})",
            *ids,
        )
        found = {}
        for id, source, sha256, start, end in rows:
            with suppress(LookupError):
                found[id] = Passage(self._document(source, sha256), start, end)
        return found

    def document(self, source: str) -> Document | None:
        """The document of a source as it was indexed, or None."""
        with suppress(LookupError):
            for row in self._rows("SELECT file_sha256 FROM documents WHERE source = ?", source):
                return self._document(source, row[0])
        return None

    def _read_document(self, source: str, sha256: str) -> Document:
        """A document of the index; raises LookupError, which no cache keeps, when it is gone."""
        rows = self._rows(
            "SELECT title, text, blocks, pages FROM documents WHERE source = ? AND file_sha256 = ?",
            source,
            sha256,
        )
        title, text, blocks, pages = rows[0]  # there is none when a sync has just replaced it
        return Document(
            source,
            title,
            text,
            sha256,
            tuple(Block(BlockKind(kind), *places) for kind, *places in json.loads(blocks)),
            tuple(json.loads(pages)),
        )

    def _rows(self, query: str, *values: object) -> list[Any]:
        """The rows that a query gives."""
        with self._transaction() as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one thread at a time."""
        with self._lock:
            try:
                with self._db:
                    yield self._db
            except sqlite3.Error as error:
                raise AskdocError(f"the manifest of the index failed: {error}") from error


def _drop(db: sqlite3.Connection, source: str) -> set[str]:
    """Deletes what stands under a source, and gives the ids of its passages."""
    ids = {row[0] for row in db.execute("SELECT id FROM passages WHERE source = ?", (source,))}
    db.execute("DELETE FROM files WHERE source = ?", (source,))
    return ids


def _report(row: str) -> FileReport:
    """A line of the report as it was written."""
    values = json.loads(row)
    return FileReport(**values | {"status": Status(values["status"])})


def _insert(db: sqlite3.Connection, entry: Entry) -> None:
    """Writes one entry."""
    file, document = entry.file, entry.document
    source = file.report.source
    db.execute(
        "INSERT INTO files VALUES (?, ?, ?, ?, ?)",
        (source, file.size, file.mtime_ns, file.sha256, json.dumps(asdict(file.report))),
    )
    if document is None:
        return
    db.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)",
        (
            source,
            document.file_sha256,
            document.title,
            document.text,
            json.dumps(list(map(attrgetter(*Block.__dataclass_fields__), document.blocks))),
            json.dumps(document.pages),
        ),
    )
    db.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
        [
            (passage.id, source, passage.start, passage.end, passage.content)
            for passage in entry.passages
        ],
    )
