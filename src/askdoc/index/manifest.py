"""What is indexed: the one truth that both ways to find are held against, in SQLite.

A passage counts only while it stands here. Dense and BM25 retrieval may hold more for a
moment, before or after a document is replaced; what they find is looked up here, and unknown to all
who ask if it is gone.
"""

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from askdoc.index.home import Home
from askdoc.ingest.files import still_in
from askdoc.types import Block, BlockKind, Document, FileReport, Metadata, Passage, Status

META = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    source TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, file_sha256 TEXT NOT NULL, report TEXT NOT NULL,
    checksum TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    source TEXT PRIMARY KEY REFERENCES files ON DELETE CASCADE, file_sha256 TEXT NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, blocks TEXT NOT NULL, pages TEXT NOT NULL,
    hidden INTEGER NOT NULL, remark TEXT NOT NULL, metadata TEXT NOT NULL, checksum TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS documents_of_file ON documents (file_sha256);
CREATE TABLE IF NOT EXISTS passages (
    id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS given (
    source TEXT PRIMARY KEY REFERENCES files ON DELETE CASCADE);
CREATE INDEX IF NOT EXISTS passages_of_source ON passages (source);
CREATE INDEX IF NOT EXISTS passages_of_content ON passages (content);
"""
REPORT = "checksum(source, file_sha256, report)"
DOCUMENT = "checksum(source, file_sha256, title, text, blocks, pages, hidden, remark, metadata)"


MANIFEST = "manifest.sqlite"
KINDS = {kind.value: kind for kind in BlockKind}  # looked up, a tenth of what the enum takes
REMEMBERED = 64  # documents: the next question is often about the same ones


class Times(NamedTuple):
    """What tells of a file, without a look into it, whether it has changed; in nanoseconds.

    Copying may keep the time of modification, but nothing that writes keeps that of change. That
    one is 0 where the content is to be compared again.
    """

    size: int
    modified: int
    changed: int


class Titles(dict[str, str]):
    """The title of each document by its source; what is made of it can be kept by it."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)  # of what is never changed


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was when it was read, or failed to be."""

    times: Times
    sha256: str
    report: FileReport


@dataclass(frozen=True, slots=True)
class Entry:
    """A file with the document and the passages that it gave, if any.

    A document that was ``given`` is no file: then that tells of it what it would of one.
    """

    file: File
    document: Document | None = None
    passages: tuple[Passage, ...] = ()
    given: bool = False


class Manifest:
    """The files, documents and passages of one index; safe to share between threads."""

    def __init__(self, path: Path, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        with home.telling(path.name):
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=30)
        self.close = weakref.finalize(self, self._db.close)
        self.close.atexit = False
        self._db.create_function("checksum", -1, _checksum, deterministic=True)
        self._lately: dict[tuple[str, str], Document] = {}
        self._titles = (0, 0), Titles()
        with self._transaction() as db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(META)

    def prepare(self) -> None:
        """Creates what is not there yet, once ``meta`` has told that it is of this version."""
        with self._transaction() as db:
            db.executescript(SCHEMA)

    def columns(self, table: str) -> set[str]:
        """The names of a table's columns; none where there is no such table yet."""
        rows = self._rows("SELECT name FROM pragma_table_info(?)", table)
        return {name for (name,) in rows}

    def version(self) -> int:
        """A number that changes when another process, or another manifest in this one, writes.

        What this manifest itself writes does not change it.
        """
        return int(self._rows("PRAGMA data_version")[0][0])

    @property
    def is_written(self) -> bool:
        """Whether a write was begun that has not ended yet, or never will."""
        return self.meta().get("dirty") != "no"

    def meta(self) -> dict[str, str]:
        """What was noted of the index as a whole."""
        return dict(self._rows("SELECT name, value FROM meta"))

    def note(self, **values: str) -> None:
        """Notes something of the index as a whole."""
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def files(self) -> dict[str, File]:
        """Every file by its source, read or not."""
        rows = self._rows("SELECT source, size, mtime_ns, ctime_ns, file_sha256, report FROM files")
        with self._home.telling("manifest"):
            return {
                source: File(Times(*times), sha256, _report(report))
                for source, *times, sha256, report in rows
            }

    def modified(self, source: str) -> int:
        """When a file was changed last, in nanoseconds since 1970; 0 where it is not there."""
        rows = self._rows("SELECT mtime_ns FROM files WHERE source = ?", source)
        return int(rows[0][0]) if rows else 0

    def touch(self, files: Sequence[tuple[int, int, int, str]]) -> None:
        """Notes new times for the sources of files whose content is as it was."""
        query = "UPDATE files SET size = ?, mtime_ns = ?, ctime_ns = ? WHERE source = ?"
        with self._transaction() as db:
            db.executemany(query, files)

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

    def damage(self) -> list[str]:
        """What is not as it was written: every page, report and document is looked at."""
        found = self._rows(
            "SELECT * FROM pragma_integrity_check WHERE integrity_check != 'ok' "
            f"UNION ALL SELECT source FROM files WHERE checksum != {REPORT} "
            f"UNION ALL SELECT source FROM documents WHERE checksum != {DOCUMENT}"
        )
        return [what for (what,) in found]

    def count(self) -> int:
        """How many passages are in."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def sources(self) -> dict[str, str]:
        """The source of every passage by its id."""
        return dict(self._rows("SELECT id, source FROM passages"))

    def titles(self) -> Titles:
        """The title of every document by its source, in the order of the sources.

        It is read again when this or another process has written, and else the same.
        """
        state = self.version(), self._db.total_changes
        if self._titles[0] != state:
            rows = self._rows("SELECT source, title FROM documents ORDER BY source")
            self._titles = state, Titles(rows)
        return self._titles[1]

    def metadata(self) -> dict[str, Metadata]:
        """The metadata of every document by its source, its source and its title among them."""
        return {
            source: {**json.loads(metadata), "source": source, "title": title}
            for source, title, metadata in self._rows(
                "SELECT source, title, metadata FROM documents ORDER BY source"
            )
        }

    def given(self) -> set[str]:
        """The sources of the documents that are no files."""
        return {source for (source,) in self._rows("SELECT source FROM given")}

    def ids(self, sources: Sequence[str]) -> list[str]:
        """The ids of the passages of some sources."""
        query = "SELECT id FROM passages WHERE source IN (SELECT value FROM json_each(?))"
        return [id for (id,) in self._rows(query, json.dumps(list(sources)))]

    def in_order(self, count: int) -> Iterator[list[str]]:
        """The ids of all passages, ``count`` at a time, as they stand in the documents by source.

        Each time is a query of its own, so that no other process has to wait for the last.
        """
        after: tuple[object, ...] = ("", -1, "")
        query = (
            "SELECT source, start, id FROM passages WHERE (source, start, id) > (?, ?, ?) "
            "ORDER BY source, start, id LIMIT ?"
        )
        while rows := self._rows(query, *after, count):
            yield [id for _, _, id in rows]
            after = rows[-1]

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
        rows = self._rows(
            "SELECT id, source, file_sha256, start, end, source IN given FROM passages "
            "JOIN documents USING (source) WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(ids),
        )
        files = {source for _, source, *_, given in rows if not given}
        served = still_in(self._home.corpus, files)
        rows = [row for row in rows if row[5] or row[1] in served]
        documents = self._documents({(source, sha256) for _, source, sha256, *_ in rows})
        found = {}
        for id, source, sha256, start, end, _ in rows:
            if (source, sha256) in documents:
                found[id] = Passage(documents[source, sha256], start, end)
                if found[id].id != id:
                    raise self._home.damaged(f"a passage of {source} is another")
        return found

    def document(self, source: str) -> Document | None:
        """The document of a source as it was indexed, or None."""
        query = "SELECT file_sha256, source IN given FROM documents WHERE source = ?"
        for sha256, given in self._rows(query, source):
            if given or still_in(self._home.corpus, [source]):
                return self._documents({(source, sha256)}).get((source, sha256))
        return None

    def _documents(self, wanted: Set[tuple[str, str]]) -> dict[tuple[str, str], Document]:
        """Documents by their sources and the SHA-256 of their files, without those that are gone.

        The last ones are remembered; all others are read at once.
        """
        with self._lock:
            found = {key: self._lately.pop(key) for key in wanted & self._lately.keys()}
        found |= self._read_documents(wanted - found.keys())
        with self._lock:
            self._lately |= found  # last in, and last to be forgotten
            for key in list(self._lately)[:-REMEMBERED]:
                del self._lately[key]
        return found

    def _read_documents(self, wanted: Set[tuple[str, str]]) -> dict[tuple[str, str], Document]:
        """The same, read; one that a sync has just replaced is gone."""
        rows = self._rows(
            "SELECT source, file_sha256, title, text, blocks, pages, hidden, remark, metadata, "
            f"checksum = {DOCUMENT} FROM documents "
            "WHERE source IN (SELECT value FROM json_each(?))",
            json.dumps([source for source, _ in wanted]),
        )
        found = {}
        for source, sha256, title, text, blocks, pages, hidden, remark, metadata, intact in rows:
            if not intact:
                raise self._home.damaged(f"the text of {source} has changed")
            if (source, sha256) in wanted:
                found[source, sha256] = Document(
                    source,
                    title,
                    text,
                    sha256,
                    tuple(Block(KINDS[kind], *places) for kind, *places in json.loads(blocks)),
                    tuple(json.loads(pages)),
                    hidden,
                    remark,
                    json.loads(metadata),
                )
        return found

    def _rows(self, query: str, *values: object) -> list[Any]:
        """The rows that a query gives."""
        with self._transaction() as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one thread at a time."""
        with self._lock, self._home.telling("manifest:"), self._db:
            yield self._db


def given_in(home: Home, sources: Iterable[str] | None = None) -> list[Document]:
    """Documents that are no files: those of some sources, or all; none where there is no index.

    Only the manifest is read, and nothing is written.
    """
    if not home.is_made:
        return []
    manifest = Manifest(home.current() / MANIFEST, home)
    try:
        given = manifest.given() if manifest.columns("given") else set()
        named = given if sources is None else given.intersection(sources)
        return [found for source in sorted(named) if (found := manifest.document(source))]
    finally:
        manifest.close()


def _drop(db: sqlite3.Connection, source: str) -> set[str]:
    """Deletes what stands under a source, and gives the ids of its passages."""
    ids = {row[0] for row in db.execute("SELECT id FROM passages WHERE source = ?", (source,))}
    db.execute("DELETE FROM files WHERE source = ?", (source,))
    return ids


def _checksum(*values: str | int) -> str:
    """What tells whether values of a row are as they were written."""
    return hashlib.sha256("\0".join(map(str, values)).encode()).hexdigest()[:32]


def _report(row: str) -> FileReport:
    """A line of the report as it was written."""
    values = json.loads(row)
    return FileReport(**values | {"status": Status(values["status"])})


def _insert(db: sqlite3.Connection, entry: Entry) -> None:
    """Writes one entry."""
    file, document = entry.file, entry.document
    source, report = file.report.source, json.dumps(asdict(file.report))
    checksum = _checksum(source, file.sha256, report)
    db.execute(
        "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
        (source, *file.times, file.sha256, report, checksum),
    )
    if document is None:
        return
    if entry.given:
        db.execute("INSERT INTO given VALUES (?)", (source,))
    blocks = list(map(attrgetter(*Block.__dataclass_fields__), document.blocks))
    structure = json.dumps(blocks), json.dumps(document.pages)
    kept = source, document.file_sha256, document.title, document.text
    metadata = json.dumps(dict(document.metadata))
    row = (*kept, *structure, document.hidden, document.remark, metadata)
    marks = ", ".join("?" * (len(row) + 1))
    db.execute(f"INSERT INTO documents VALUES ({marks})", (*row, _checksum(*row)))
    db.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
        [
            (passage.id, source, passage.start, passage.end, passage.content)
            for passage in entry.passages
        ],
    )
