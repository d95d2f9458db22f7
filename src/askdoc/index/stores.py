"""The manifest, dense retrieval and BM25 retrieval, kept in step.

The order of every write is the same: passages go into both ways to find, then the manifest names
them in one transaction, then the passages that they replace go out of both. The manifest is marked
as dirty before and clean after, so that whoever opens an index after a crash knows to compare the
three. While it is clean, the files of both ways to find have the checksums that it names.
"""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from askdoc.errors import IndexMismatch, IndexUnavailable
from askdoc.index.bm25 import Bm25
from askdoc.index.dense import Dense
from askdoc.index.home import Home
from askdoc.index.manifest import MANIFEST, Entry, Manifest
from askdoc.settings import Settings
from askdoc.types import Document, Passage

VERSION = "9"  # of what is stored; raise it when an older index can no longer be read
COMPARED = 10  # passages of BM25 retrieval that dense retrieval must not overlook
TOGETHER = 500  # passages that are compared, or given out, at a time
NEW = "new"  # how a manifest is marked into which nothing has been written yet

Ranking = list[tuple[Passage, float]]


@dataclass(frozen=True, slots=True)
class Stores:
    """What an index is made of; ``copied`` where only a private copy of it can be opened."""

    build: Path
    home: Home
    manifest: Manifest
    dense: Dense
    bm25: Bm25
    copied: bool
    version: int

    @classmethod
    def open(cls, settings: Settings, home: Home, build: Path) -> "Stores":
        """The stores of a build, new where there are none.

        Raises IndexMismatch when they were built with other settings, IndexDamaged when their files
        are not as they were written.
        """
        return cls._over(cls.manifest_of(settings, home, build), settings, home, build)

    @classmethod
    def manifest_of(cls, settings: Settings, home: Home, build: Path) -> Manifest:
        """The manifest of a build, new where there is none; raises as ``open`` does."""
        manifest = Manifest(build / MANIFEST, home)
        cls._check(manifest, settings, build)
        manifest.prepare()
        _check_files(manifest, build, home)
        return manifest

    @classmethod
    def _over(cls, manifest: Manifest, settings: Settings, home: Home, build: Path) -> "Stores":
        """A manifest with both ways to find; from a private copy of them where they are read-only.

        Neither Chroma nor tantivy can open what it cannot write to.
        """
        version, here = manifest.version(), manifest.meta()["collection"]
        served = _served(settings, home, build) if settings.chroma_url else None

        def opened(folder: Path, copied: bool) -> "Stores":
            dense = Dense(folder / "chroma", settings, here, home) if served is None else served
            bm25 = Bm25(folder / "bm25", home)
            return cls(build, home, manifest, dense, bm25, copied, version)

        try:
            return opened(build, copied=False)
        except IndexUnavailable:
            copy = Path(tempfile.mkdtemp(prefix="askdoc-"))
            try:
                stores = opened(home.copied(build, copy), copied=True)
            except BaseException:
                shutil.rmtree(copy, ignore_errors=True)
                raise
            weakref.finalize(stores.dense, shutil.rmtree, copy, ignore_errors=True)
            return stores

    @property
    def outdated(self) -> bool:
        """Whether a server has failed, or another process written, which no way to find sees."""
        return self.dense.failed or self.version != self.manifest.version()

    def renewed(self, settings: Settings) -> "Stores":
        """The same, with what another process has written."""
        return self._over(self.manifest, settings, self.home, self.build)

    @staticmethod
    def _check(manifest: Manifest, settings: Settings, build: Path) -> None:
        """Notes how a new index is built, or refuses one that was built in another way."""
        now = {
            "version": VERSION,
            "embedder": settings.embedder,
            "passage_size": str(settings.passage_size),
        }
        then = manifest.meta()
        columns = manifest.columns("documents")
        if columns and "metadata" not in columns:
            then["version"] += " without metadata"
        if not then:
            manifest.note(**now, collection=_collection(build), dirty=NEW)
            return
        for name, value in now.items():
            if then.get(name) != value:
                manifest.close()
                keep = "use the askdoc that built it" if name == "version" else "keep that one"
                raise IndexMismatch(
                    f"the index at {settings.index_folder} was built with {name} "
                    f"{then.get(name)}, not {value}: {keep}, or build it again with "
                    f"`{settings.rebuild_command}`"
                )

    @property
    def dirty(self) -> bool:
        """Whether a write was begun and not ended, or passages were lost or kept."""
        self.dense.look()
        counts = len(self.dense), len(self.bm25), self.manifest.count()
        return self.manifest.is_written or self._apart or len(set(counts)) > 1

    @property
    def _apart(self) -> bool:
        """Whether the vectors are not those that the manifest was last written with.

        As where they are looked for on a server, and lie in the index folder, or the other way
        round, or where a server was given an older copy of what it held.
        """
        return self.dense.stamp not in self.manifest.meta().get("stamp", "").split(" ")

    @contextmanager
    def writing(self) -> Iterator[list[Document]]:
        """Mends what an interrupted write has left, and marks the time until this one ends.

        Gives documents that are no files and have lost a passage: they have to be put in again.
        """
        if self.copied:
            raise self.home.unavailable("only a copy of it can be opened")
        new = self.manifest.meta().get("dirty") == NEW
        if new:
            self.dense.clear()  # what a lost manifest has left behind belongs to nobody
            self.bm25.clear()
        lost = self._reconcile() if self.dirty else []
        stamp = secrets.token_hex(8)
        self.manifest.note(dirty="yes", stamp=f"{self.dense.stamp} {stamp}")  # until one counts
        self.dense.mark(stamp)
        self.manifest.note(stamp=stamp)
        yield lost
        self.dense.settle()
        with self.home.telling():
            if not self.build.stat().st_mode & 0o077:  # nobody has opened it to others
                for path in self.build.rglob("*"):
                    with suppress(FileNotFoundError):  # a journal, gone since it was listed
                        path.chmod(0o700 if path.is_dir() else 0o600)
            self.manifest.note(dirty="no", files=json.dumps(_checksums(self.build)))

    def replace(self, entries: Sequence[Entry], vectors: Sequence[Sequence[float]]) -> None:
        """Puts entries in the place of what stood under their sources; a vector a passage."""
        passages = [passage for entry in entries for passage in entry.passages]
        if passages:
            self.dense.add(passages, vectors)
            self.bm25.add(passages)
        self._forget(self.manifest.replace(entries))

    def remove(self, sources: Iterable[str]) -> None:
        """Drops what stood under these sources."""
        self._forget(self.manifest.remove(sources))

    def vectors_of(self, passages: Sequence[Passage]) -> dict[str, list[float]]:
        """The vectors that are already there for passages of the same words, by the new ids."""
        twins = self.manifest.twins(passages)
        found = self.dense.get(sorted(set(twins.values())))
        return {id: found[twin] for id, twin in twins.items() if twin in found}

    def search(
        self, vector: list[float], query: str, k: int, sources: Sequence[str]
    ) -> tuple[Ranking, Ranking]:
        """The best ``k`` passages of dense and of BM25 retrieval, best first.

        They are of those sources only, if any are named. Raises IndexUnavailable where the vectors
        are not those of this index as it is.
        """
        if self._apart:
            raise IndexUnavailable(
                f"the index at {self.home.folder} finds no vectors of its own where it looks: "
                f"put them there with `{self.home.rebuild_command}`"
            )
        among = self.manifest.ids(sources) if sources else None
        by_terms = self.bm25.search(query, k, among)
        also = [id for id, _ in by_terms[:COMPARED]]
        others = sorted(self.manifest.titles().keys() - set(sources)) if sources else ()
        dense = self.dense.search(vector, k, also, sources, others)
        known = self.manifest.passages([id for id, _ in (*dense, *by_terms)])
        return (
            [(known[id], score) for id, score in dense if id in known],
            [(known[id], score) for id, score in by_terms if id in known],
        )

    def differences(self) -> list[str]:
        """What the manifest and the ways to find do not agree on, a line each."""
        sources = self.manifest.sources()
        lines: list[str] = []
        for name, ids in (("Chroma", self.dense.ids()), ("BM25", self.bm25.ids())):
            missing = sorted({sources[id] for id in sources.keys() - ids})
            lines += [f"{source}: passages missing in {name}" for source in missing]
            lines += [f"passage {id}: in {name} only" for id in sorted(ids - sources.keys())]
        if lines:
            with suppress(IndexUnavailable):
                self.manifest.note(dirty="yes")  # so that the next sync mends it
        return lines

    def check_intact(self) -> None:
        """Raises IndexDamaged when anything is not as it was written; all of it is read."""
        damage = self.manifest.damage()
        ids = list(self.manifest.sources())
        for start in range(0, len(ids), TOGETHER):
            passages = self.manifest.passages(ids[start : start + TOGETHER])
            damage += [f"Chroma: {id}" for id in self.dense.changed(list(passages.values()))]
        if damage:
            raise self.home.damaged(damage[0])

    def close(self) -> None:
        """Lets go of the files."""
        self.manifest.close()
        self.dense.close()

    def _reconcile(self) -> list[Document]:
        """Drops what the manifest does not know, and documents that lost a passage.

        Gives those of them that are no files.
        """
        sources = self.manifest.sources()
        dense, bm25 = self.dense.ids(), self.bm25.ids()
        unknown = sorted((dense | bm25) - sources.keys())
        lost = {sources[id] for id in sources.keys() - (dense & bm25)}
        given = lost & self.manifest.given()
        self._forget(unknown + self.manifest.remove(lost - given))
        return [found for source in sorted(given) if (found := self.manifest.document(source))]

    def _forget(self, ids: Sequence[str]) -> None:
        """Takes passages out of both ways to find."""
        if ids:
            self.dense.remove(ids)
            self.bm25.remove(ids)


def _checksums(build: Path) -> dict[str, str]:
    """The SHA-256 of each file of both ways to find that only a write changes."""
    folders = [path.parent for path in build.glob("chroma/*/index_metadata.pickle")]
    found = {}
    for path in (path for folder in (build / "bm25", *folders) for path in folder.glob("*")):
        if path.suffix != ".lock":
            # Another process is writing where one is gone. They may be of any size.
            with suppress(FileNotFoundError), path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                found[path.relative_to(build).as_posix()] = sha256
    return found


def _check_files(manifest: Manifest, build: Path, home: Home) -> None:
    """Raises IndexDamaged where files are not as they were when the manifest was marked clean."""
    meta = manifest.meta()
    if meta.get("dirty") != "no":
        return
    with home.telling():
        changed = json.loads(meta["files"]).items() ^ _checksums(build).items()
        if changed and manifest.meta() == meta:  # else another process has just begun to write
            raise home.damaged(f"{min(changed)[0]} has changed")


def drop(settings: Settings, home: Home, build: Path) -> None:
    """Takes away what a build that is deleted has on a server."""
    if settings.chroma_url:
        with suppress(IndexUnavailable):  # then it stays there, and is in nobody's way
            _served(settings, home, build).drop()


def _served(settings: Settings, home: Home, build: Path) -> Dense:
    """The dense retrieval of a build on a server."""
    return Dense(build, settings, _collection(build), home)


def _collection(build: Path) -> str:
    """A name that several corpora on one Chroma server do not share, nor builds of one, nor a copy.

    Where the folder is the same on two machines, the build, which has a name by chance, is not.
    """
    folder = hashlib.sha256(os.fsencode(build.parent.resolve())).hexdigest()[:24]
    return f"askdoc-{folder}-{hashlib.sha256(os.fsencode(build.name)).hexdigest()[:8]}"
