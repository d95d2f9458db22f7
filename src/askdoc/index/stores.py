"""The manifest, dense retrieval and BM25 retrieval, kept in step.

The order of every write is the same: passages go into both ways to find, then the manifest names
them in one transaction, then the passages that they replace go out of both. The manifest is marked
as dirty before and clean after, so that whoever opens an index after a crash knows to compare the
three.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from askdoc.errors import IndexMismatch
from askdoc.index.bm25 import Bm25
from askdoc.index.dense import Dense
from askdoc.index.manifest import Entry, Manifest
from askdoc.settings import Settings
from askdoc.types import Passage

VERSION = "6"  # of what is stored; raise it when an older index can no longer be read
MANIFEST = "manifest.sqlite"
COMPARED = 10  # passages of BM25 retrieval that dense retrieval must not overlook
NEW = "new"  # how a manifest is marked into which nothing has been written yet

Ranking = list[tuple[Passage, float]]


@dataclass(frozen=True, slots=True)
class Stores:
    """What an index is made of."""

    manifest: Manifest
    dense: Dense
    bm25: Bm25

    @classmethod
    def open(cls, settings: Settings, folder: Path) -> "Stores":
        """The stores in a folder, new where there are none.

        Raises IndexMismatch when they were built with other settings.
        """
        manifest = Manifest(folder / MANIFEST, settings.rebuild_command)
        cls._check(manifest, settings, folder)
        manifest.prepare()
        dense = Dense(folder / "chroma", settings.chroma_url, manifest.meta()["collection"])
        return cls(manifest, dense, Bm25(folder / "bm25"))

    @staticmethod
    def _check(manifest: Manifest, settings: Settings, folder: Path) -> None:
        """Notes how a new index is built, or refuses one that was built in another way."""
        now = {
            "version": VERSION,
            "embedder": settings.embedder,
            "passage_size": str(settings.passage_size),
        }
        then = manifest.meta()
        if not then:
            manifest.note(**now, collection=_collection(folder), dirty=NEW)
            return
        for name, value in now.items():
            if then.get(name) != value:
                manifest.close()
                raise IndexMismatch(
                    f"the index at {folder} was built with {name} "
                    f"{then.get(name)}, not {value}: keep that one, or build it again with "
                    f"`{settings.rebuild_command}`"
                )

    @property
    def dirty(self) -> bool:
        """Whether a write was begun and not ended, or passages were lost or kept."""
        if self.manifest.meta().get("dirty") != "no":
            return True
        return not len(self.dense) == len(self.bm25) == self.manifest.count()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Mends what an interrupted write has left, and marks the time until this one ends."""
        if self.manifest.meta().get("dirty") == NEW:
            self.dense.clear()  # what a lost manifest has left behind belongs to nobody
            self.bm25.clear()
        if self.dirty:
            self._reconcile()
        self.manifest.note(dirty="yes")
        yield
        self.manifest.note(dirty="no")

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

        They are of those sources only, if any are named.
        """
        among = self.manifest.ids(sources) if sources else None
        by_terms = self.bm25.search(query, k, among)
        also = [id for id, _ in by_terms[:COMPARED]]
        dense = self.dense.search(vector, k, also, sources)
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
            self.manifest.note(dirty="yes")  # so that the next sync mends it
        return lines

    def close(self) -> None:
        """Lets go of the files."""
        self.manifest.close()
        self.dense.close()

    def _reconcile(self) -> None:
        """Drops what the manifest does not know, and documents that lost a passage."""
        sources = self.manifest.sources()
        dense, bm25 = self.dense.ids(), self.bm25.ids()
        unknown = sorted((dense | bm25) - sources.keys())
        lost = {sources[id] for id in sources.keys() - (dense & bm25)}
        self._forget(unknown + self.manifest.remove(lost))

    def _forget(self, ids: Sequence[str]) -> None:
        """Takes passages out of both ways to find."""
        if ids:
            self.dense.remove(ids)
            self.bm25.remove(ids)


def _collection(folder: Path) -> str:
    """A name that several corpora on one Chroma server do not share."""
    return f"askdoc-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]}"
