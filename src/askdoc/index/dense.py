"""Dense retrieval: passage vectors in Chroma, in the index folder or on a server."""

import functools
import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from askdoc.errors import BadInput
from askdoc.index.home import Home
from askdoc.index.server import SILENT, as_chroma_has_it, failure
from askdoc.settings import Settings
from askdoc.tuning import (
    BUILT_AMONG,
    MANY,
    NEIGHBOURS,
    SEARCHED_AMONG,
    SEARCHED_AMONG_MANY,
)
from askdoc.types import Passage

if TYPE_CHECKING:
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.types import Where

os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")  # read when chromadb is imported

HNSW: "CreateHNSWConfiguration" = {
    "space": "cosine",
    "ef_construction": BUILT_AMONG,
    "ef_search": SEARCHED_AMONG,
    "max_neighbors": NEIGHBOURS,
}
MOST_NAMED = 32_000  # sources: what SQLite, in which Chroma looks for them, takes in one query
MOST_AT_ONCE = 1_000  # passages in one request: of long vectors too, a server takes these
STAMP = "askdoc"  # how the stamp is called among the metadata of the collection
SUMS_DIFFER = 1e-4  # from which on it cannot be rounding


class Dense:
    """Passages by id, with their vectors, texts and places.

    What goes wrong at a server raises IndexUnavailable; then ``failed`` tells that it is better
    opened anew. ``stamp`` is what was put on it last, as far as was looked; empty for none.
    """

    def __init__(self, folder: Path, settings: Settings, name: str, home: Home) -> None:
        # Imported where first used: it takes a second that `--help` should not pay.
        from chromadb.api import ServerAPI
        from chromadb.config import Settings as ChromaSettings
        from chromadb.config import System

        url, token = settings.chroma_url, settings.chroma_token
        self._name, self.failed = name, False
        self._home, self._telling = home, functools.partial(home.telling, "Chroma:")
        place: dict[str, Any] = {"is_persistent": True, "persist_directory": str(folder)}
        if url:
            self._telling = functools.partial(self._asking, url)
            place = as_chroma_has_it(url, token.get_secret_value() if token else "")
        # Else Chroma reads the `.env` of whatever folder this is, and sends traces where it says.
        own: dict[str, Any] = {"_env_file": None, "chroma_otel_granularity": None}
        with self._telling():
            # Not by Chroma's own client: that one waits for a server without end, and two of one
            # process over one folder share what they know, blind to what other processes write.
            system = System(ChromaSettings(**own, **place, anonymized_telemetry=False))
            self._server = system.instance(ServerAPI)  # type: ignore[type-abstract]
            if url:
                cast("Any", self._server)._session.timeout = SILENT
            system.start()
            # Closed with the last one who uses it, so that none is cut off when it is opened anew.
            self.close = weakref.finalize(self, system.stop)
            self.close.atexit = False
            self._open()
            self._batch = min(MOST_AT_ONCE, self._server.get_max_batch_size())

    def _open(self) -> None:
        from chromadb import Collection

        model = self._server.get_or_create_collection(self._name, configuration={"hnsw": HNSW})
        # We embed; Chroma only stores.
        self._passages = Collection(self._server, model, embedding_function=None)
        self.stamp = str((model.metadata or {}).get(STAMP, ""))

    @contextmanager
    def _asking(self, url: str) -> Iterator[None]:
        """Tells in one line, as our own error, what is wrong with a server."""
        try:
            yield
        # Chroma lets the errors of several libraries through, and has some without a class.
        except Exception as error:
            self.failed = True
            raise failure(error, url, self._home.rebuild_command) from error

    def __len__(self) -> int:
        with self._telling():
            return self._passages.count()

    def add(self, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        """Puts passages in, or in again under their ids."""
        for start in range(0, len(passages), self._batch):
            part = passages[start : start + self._batch]
            with self._telling():
                self._passages.upsert(
                    ids=[passage.id for passage in part],
                    embeddings=np.asarray(vectors[start : start + self._batch], np.float32),
                    documents=[passage.text for passage in part],
                    metadatas=[
                        _place(passage) | {"sum": _sum(vector)}
                        for passage, vector in zip(part, vectors[start:], strict=False)
                    ],
                )

    def get(self, ids: Sequence[str]) -> dict[str, list[float]]:
        """The vectors of those ids that are in."""
        found: dict[str, list[float]] = {}
        for start in range(0, len(ids), self._batch):
            part = list(ids[start : start + self._batch])
            with self._telling():
                rows = self._passages.get(ids=part, include=["embeddings"])
            vectors = np.asarray(rows["embeddings"]).tolist()
            found.update(zip(rows["ids"], vectors, strict=True))
        return found

    def remove(self, ids: Sequence[str]) -> None:
        """Takes passages out; ids that are not in are passed over."""
        for start in range(0, len(ids), self._batch):
            with self._telling():
                self._passages.delete(ids=list(ids[start : start + self._batch]))

    def clear(self) -> None:
        """Takes everything out, whatever the length of its vectors was."""
        with self._telling():
            self._server.delete_collection(self._name)
            self._open()

    def drop(self) -> None:
        """Takes the collection itself away; nothing else can be asked of it then."""
        with self._telling():
            self._server.delete_collection(self._name)

    def look(self) -> None:
        """Looks again for the collection: a server may be given other data while it is away."""
        with self._telling():
            self._open()

    def mark(self, stamp: str) -> None:
        """Puts a stamp on the collection, which whoever opens it sees."""
        with self._telling():
            self._passages.modify(metadata={STAMP: stamp})
        self.stamp = stamp

    def settle(self) -> None:
        """Has all that was written taken in, as the first search would; then no search writes.

        Among many passages more neighbours are looked at, from the next time that they are opened.
        """
        with self._telling():
            if self._passages.count() > MANY:
                self._passages.modify(configuration={"hnsw": {"ef_search": SEARCHED_AMONG_MANY}})
            one: Any = self._passages.get(limit=1, include=["embeddings"])["embeddings"]
            if len(one):
                self._passages.query(query_embeddings=one, n_results=1, include=[])

    def changed(self, passages: Sequence[Passage]) -> list[str]:
        """The ids of those passages that are not held as they were put in."""
        right = {passage.id: (passage.text, _place(passage)) for passage in passages}
        with self._telling():
            rows: Any = self._passages.get(
                ids=list(right), include=["embeddings", "documents", "metadatas"]
            )
            columns = (rows[name] for name in ("ids", "documents", "metadatas", "embeddings"))
            return [
                id
                for id, text, place, vector in zip(*columns, strict=True)
                if abs(place.pop("sum") - _sum(vector)) > SUMS_DIFFER or (text, place) != right[id]
            ]

    def ids(self) -> set[str]:
        """The ids of all passages."""
        with self._telling():
            return set(self._passages.get(include=[])["ids"])

    def search(
        self,
        vector: list[float],
        k: int,
        also: Sequence[str] = (),
        sources: Sequence[str] = (),
        others: Sequence[str] = (),
    ) -> list[tuple[str, float]]:
        """The ids of the ``k`` nearest passages with their cosine (-1 to 1), nearest first.

        Those of ``also`` are compared in any case: the search is approximate, and can miss one.
        They are of those sources only, if any are named; ``others`` are all that are not. Raises
        BadInput where both are too many.
        """
        where = _kept_to(sources, others) if sources and others else None
        with self._telling():
            found = self._passages.query(
                query_embeddings=np.asarray([vector], np.float32),
                n_results=k,
                where=cast("Where", where),
                include=["distances"],
            )
        distances = found["distances"] or [[]]
        cosines = {
            id: 1.0 - distance for id, distance in zip(found["ids"][0], distances[0], strict=True)
        }
        missed = self.get([id for id in also if id not in cosines])
        cosines |= {id: cosine(vector, other) for id, other in missed.items()}
        return sorted(cosines.items(), key=lambda found: -found[1])[:k]


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine (-1 to 1) of two vectors."""
    return float(np.dot(one, other) / ((np.linalg.norm(one) * np.linalg.norm(other)) or 1.0))


def _place(passage: Passage) -> dict[str, Any]:
    """What is kept beside a vector, for those who open the collection with other tools."""
    names = ("source", "title", "start", "end", "page", "heading")
    place = {name: getattr(passage, name) for name in names}
    return {name: value for name, value in place.items() if value is not None}


def _kept_to(sources: Sequence[str], others: Sequence[str]) -> dict[str, Any]:
    """What keeps Chroma to some sources: their names, or those of the others, if they are fewer."""
    sign, named = min(("$in", sources), ("$nin", others), key=lambda way: len(way[1]))
    if len(named) > MOST_NAMED:
        raise BadInput(
            f"{len(sources):,} documents are chosen, and {len(others):,} are not: choose "
            f"{MOST_NAMED:,} or fewer"
        )
    return {"source": {sign: list(named)}}


def _sum(vector: Sequence[float]) -> float:
    """A weighted sum of a vector of length 1 in that direction: other vectors have another one."""
    unit = np.asarray(vector) / (np.linalg.norm(vector) or 1.0)
    return float(unit @ np.linspace(1, 2, len(unit)))
