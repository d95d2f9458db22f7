"""What is stored of a corpus: kept true to the folder by ``sync``, asked by ``search``.

The order of every write is the same: passages go into both legs, then the manifest names them in
one transaction, then the passages that they replace leave the legs. The manifest is noted as dirty
before and clean after, so that whoever opens an index after a crash knows to compare the three.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from askdoc.chunker import chunk
from askdoc.embedder import check_weights, embedder
from askdoc.errors import BadInput, IndexBusy, IndexMismatch, Unreadable
from askdoc.lexicon import Lexicon
from askdoc.loaders import file_sha256, find, load
from askdoc.manifest import Entry, File, Manifest
from askdoc.settings import Settings
from askdoc.types import Document, Passage, Progress, Reading, SyncReport
from askdoc.vectors import Vectors

VERSION = "1"  # of what is stored; raise it when an older index can no longer be read
TOGETHER = 512  # passages that are embedded before they are written
STEP = 64  # passages between two reports of progress

Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What differs between the folder and the manifest: sizes and times by source."""

    unread: dict[str, tuple[int, int]]
    removed: tuple[str, ...]


class Index:
    """The index of one corpus.

    Raises BadInput when there is no such folder, IndexMismatch when the index was built with other
    settings than these.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.corpus = settings.corpus
        self.folder = settings.index_folder
        if not self.corpus.is_dir():
            raise BadInput(
                f"there is no folder {self.corpus}: name one with --corpus or ASKDOC_CORPUS"
            )
        self.embedder = embedder(settings.embedder)
        _make_folder(self.folder)
        self.manifest = Manifest(self.folder / "manifest.sqlite")
        fresh = self._check()
        collection = self.manifest.meta()["collection"]
        self.vectors = Vectors(self.folder / "chroma", settings.chroma_url, collection)
        self.lexicon = Lexicon(self.folder / "lexicon")
        if fresh:  # what a lost manifest has left behind belongs to nobody
            self.vectors.clear()
            self.lexicon.clear()

    @staticmethod
    def discard(folder: Path) -> None:
        """Deletes an index that is not open, and nothing else that may lie in its folder."""
        for part in ("chroma", "lexicon"):
            shutil.rmtree(folder / part, ignore_errors=True)
        for part in ("manifest.sqlite", "manifest.sqlite-wal", "manifest.sqlite-shm"):
            (folder / part).unlink(missing_ok=True)

    def sync(self, watch: Watch = lambda progress: None) -> SyncReport:
        """Makes the index hold what the corpus holds now; works only on what changed.

        Raises BadInput when there is no such folder, IndexBusy when another process is at it.
        """
        began = time.perf_counter()
        plan = self._plan()
        if not plan.unread and not plan.removed and not self._dirty:
            readings = self.readings()
            kept = tuple(reading.source for reading in readings)
            return SyncReport(readings, kept=kept, seconds=time.perf_counter() - began)
        with self._writing():
            before = self.manifest.files()
            self._work_off(self._plan(), before, watch)
        after = self.manifest.files()
        changed = {
            source
            for source in before.keys() & after.keys()
            if before[source].sha256 != after[source].sha256
        }
        return SyncReport(
            self.readings(),
            added=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(sorted(changed)),
            removed=tuple(sorted(before.keys() - after.keys())),
            kept=tuple(sorted(before.keys() & after.keys() - changed)),
            seconds=time.perf_counter() - began,
        )

    def search(self, query: str, k: int) -> tuple[list[tuple[Passage, float]], ...]:
        """The best ``k`` passages of each leg, best first.

        The dense leg comes with cosines (-1 to 1), the lexical leg with BM25 (0 and up).
        """
        legs = (
            self.vectors.search(self.embedder.embed_query(query), k),
            self.lexicon.search(query, k),
        )
        known = self.manifest.passages([id for leg in legs for id, _ in leg])
        return tuple([(known[id], score) for id, score in leg if id in known] for leg in legs)

    def document(self, source: str) -> Document:
        """A document as it was indexed; raises BadInput when there is none of that source."""
        document = self.manifest.document(source)
        if document is None:
            raise BadInput(f"there is no document {source!r} in the index")
        return document

    def readings(self) -> tuple[Reading, ...]:
        """The report: a line for each file, as of the last sync."""
        files = self.manifest.files()
        return tuple(files[source].reading for source in sorted(files))

    def check_not_empty(self) -> None:
        """Raises BadInput when there is no passage to search."""
        if not len(self.lexicon):
            raise BadInput(
                f"{self.corpus} holds no document that askdoc can read: put some in; "
                "`askdoc index` tells what came of each"
            )

    def verify(self) -> list[str]:
        """Every difference between corpus, manifest and the two legs, a line each."""
        plan = self._plan()
        known = self.manifest.files()
        differences = [
            f"{source}: {'changed since it was' if source in known else 'not'} indexed"
            for source in plan.unread
        ]
        differences += [f"{source}: indexed, but gone from the corpus" for source in plan.removed]
        sources = self.manifest.sources()
        for name, ids in (("Chroma", self.vectors.ids()), ("BM25", self.lexicon.ids())):
            missing = sorted({sources[id] for id in sources.keys() - ids})
            differences += [f"{source}: passages missing in {name}" for source in missing]
            if ids - sources.keys():
                differences.append(f"{name} holds {len(ids - sources.keys())} unknown passages")
        return differences

    def close(self) -> None:
        """Lets go of the files."""
        self.manifest.close()
        self.vectors.close()

    def _check(self) -> bool:
        """Notes how a new index is built, refuses one built in another way; whether it is new."""
        now = {
            "version": VERSION,
            "embedder": self.settings.embedder,
            "passage_size": str(self.settings.passage_size),
        }
        then = self.manifest.meta()
        if not then:
            # A name of its own, so that several corpora can share a Chroma server.
            place = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()
            self.manifest.note(**now, collection=f"askdoc-{place[:24]}", dirty="no")
            return True
        for name, value in now.items():
            if then.get(name) != value:
                self.manifest.close()
                raise IndexMismatch(
                    f"the index at {self.folder} was built with {name} {then.get(name)}, "
                    f"not {value}: keep that one, or build it again with "
                    f"`askdoc index {self.corpus} --index {self.folder} --rebuild`"
                )
        return False

    @property
    def _dirty(self) -> bool:
        return self.manifest.meta().get("dirty") != "no"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One writer at a time; whatever an interrupted one left is put in order first."""
        lock = FileLock(self.folder / "lock", timeout=5)
        try:
            lock.acquire()
        except Timeout as error:
            raise IndexBusy(
                f"another process is indexing {self.corpus}: wait until it is done"
            ) from error
        try:
            check_weights(self.settings.embedder)
            if self._dirty:
                self._reconcile()
            self.manifest.note(dirty="yes")
            yield
            self.manifest.note(dirty="no")
        finally:
            lock.release()

    def _reconcile(self) -> None:
        """Drops what the manifest does not know, and the documents that a leg has lost part of."""
        sources = self.manifest.sources()
        legs = self.vectors.ids(), self.lexicon.ids()
        unknown = sorted((legs[0] | legs[1]) - sources.keys())
        lost = {sources[id] for id in sources.keys() - (legs[0] & legs[1])}
        self._forget(unknown + self.manifest.remove(lost))

    def _forget(self, ids: Sequence[str]) -> None:
        """Takes passages out of both legs."""
        if ids:
            self.vectors.remove(ids)
            self.lexicon.remove(ids)

    def _plan(self) -> _Plan:
        """Compares the folder with the manifest by sizes and times, without reading a file."""
        known = self.manifest.files()
        unread, seen = {}, set()
        for source in find(self.corpus, self.folder):
            stat = (self.corpus / source).stat()
            seen.add(source)
            file = known.get(source)
            if file is None or (file.size, file.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
                unread[source] = (stat.st_size, stat.st_mtime_ns)
        return _Plan(unread, tuple(sorted(known.keys() - seen)))

    def _work_off(self, plan: _Plan, known: dict[str, File], watch: Watch) -> None:
        """Reads, embeds and writes what is new or changed; drops what is gone."""
        total = sum(size for size, _ in plan.unread.values())
        done = 0
        batch: list[Entry] = []
        for source, (size, mtime_ns) in plan.unread.items():
            watch(Progress(source, done, total))
            path = self.corpus / source
            if source in known and path.is_file() and known[source].sha256 == file_sha256(path):
                self.manifest.touch(source, size, mtime_ns)
                done += size
                continue
            batch.append(self._read(source, size, mtime_ns))
            if sum(len(entry.passages) for entry in batch) >= TOGETHER:
                done = self._write(batch, done, total, watch)
                batch = []
        self._write(batch, done, total, watch)
        self._forget(self.manifest.remove(plan.removed))

    def _read(self, source: str, size: int, mtime_ns: int) -> Entry:
        """One file, read and cut into passages, or the line that says why it could not be."""
        began = time.perf_counter()
        try:
            document = load(self.corpus, source)
        except Unreadable as error:
            reading = Reading(
                source, error.status, seconds=time.perf_counter() - began, why=error.why
            )
            path = self.corpus / source
            return Entry(File(size, mtime_ns, file_sha256(path) if path.is_file() else "", reading))
        passages = chunk(document, self.settings.passage_size)
        reading = Reading(
            source,
            "read",
            pages=len(document.pages) or None,
            characters=len(document.text),
            passages=len(passages),
            seconds=time.perf_counter() - began,
        )
        return Entry(File(size, mtime_ns, document.file_sha256, reading), document, passages)

    def _write(self, batch: list[Entry], done: int, total: int, watch: Watch) -> int:
        """Embeds and writes a batch, reports on the way, and gives the bytes that are then done."""
        passages = [passage for entry in batch for passage in entry.passages]
        size = sum(entry.file.size for entry in batch)
        vectors: list[list[float]] = []
        for start in range(0, len(passages), STEP):
            part = passages[start : start + STEP]
            watch(Progress(part[0].source, done + size * start // len(passages), total))
            vectors += self.embedder.embed_documents([passage.indexed_text for passage in part])
        if passages:
            self.vectors.add(passages, vectors)
            self.lexicon.add(passages)
        if batch:
            self._forget(self.manifest.replace(batch))
            watch(Progress(batch[-1].file.reading.source, done + size, total))
        return done + size


def _make_folder(folder: Path) -> None:
    """Creates the folder of the index, kept out of version control."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
    except OSError as error:
        raise BadInput(
            f"the index cannot be written to {folder} ({error.strerror}): "
            "name another folder with --index or ASKDOC_INDEX"
        ) from error
