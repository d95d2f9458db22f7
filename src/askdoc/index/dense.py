"""Dense retrieval: passage vectors in Chroma, in the index folder or on a server."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import numpy as np

from askdoc.errors import AskdocError, BadInput
from askdoc.types import Passage

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.types import Where

os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")  # read when chromadb is imported

# Chroma's defaults miss true neighbours in large collections (DESIGN: measured before).
HNSW: "CreateHNSWConfiguration" = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 200,
    "max_neighbors": 32,
}


class Dense:
    """Passages by id, with their vectors, texts and places."""

    def __init__(self, folder: Path, url: str | None, name: str) -> None:
        # Imported where first used: it takes a second that `--help` should not pay.
        import chromadb
        from chromadb.config import Settings
        from chromadb.errors import ChromaError

        quiet = Settings(anonymized_telemetry=False)
        try:
            if url:
                host, port, ssl = _address(url)
                self._client = chromadb.HttpClient(host, port, ssl, settings=quiet)
            else:
                self._client = chromadb.PersistentClient(folder, quiet)
            self._name = name
            self._open()
        except (ChromaError, ValueError) as error:
            where = url or folder
            why = str(error).splitlines()[0]
            raise AskdocError(f"Chroma at {where} cannot be opened: {why}") from error
        self._batch = self._client.get_max_batch_size()

    def _open(self) -> None:
        self._passages = self._client.get_or_create_collection(
            self._name,
            configuration={"hnsw": HNSW},
            embedding_function=None,  # we embed; Chroma only stores
        )

    def __len__(self) -> int:
        return self._passages.count()

    def add(self, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        """Puts passages in, or in again under their ids."""
        for start in range(0, len(passages), self._batch):
            part = passages[start : start + self._batch]
            self._passages.upsert(
                ids=[passage.id for passage in part],
                embeddings=np.asarray(vectors[start : start + self._batch], np.float32),
                documents=[passage.text for passage in part],
                metadatas=[_place(passage) for passage in part],
            )

    def get(self, ids: Sequence[str]) -> dict[str, list[float]]:
        """The vectors of those ids that are in."""
        found: dict[str, list[float]] = {}
        for start in range(0, len(ids), self._batch):
            part = list(ids[start : start + self._batch])
            rows = self._passages.get(ids=part, include=["embeddings"])
            vectors = np.asarray(rows["embeddings"]).tolist()
            found.update(zip(rows["ids"], vectors, strict=True))
        return found

    def remove(self, ids: Sequence[str]) -> None:
        """Takes passages out; ids that are not in are passed over."""
        for start in range(0, len(ids), self._batch):
            self._passages.delete(ids=list(ids[start : start + self._batch]))

    def clear(self) -> None:
        """Takes everything out, whatever the length of its vectors was."""
        self._client.delete_collection(self._name)
        self._open()

    def close(self) -> None:
        """Lets go of the files or the connection."""
        cast("Client", self._client).close()  # chromadb's interface leaves it out

    def ids(self) -> set[str]:
        """The ids of all passages."""
        return set(self._passages.get(include=[])["ids"])

    def search(
        self, vector: list[float], k: int, also: Sequence[str] = (), sources: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """The ids of the ``k`` nearest passages with their cosine (-1 to 1), nearest first.

        Those of ``also`` are compared in any case: the search is approximate, and can miss one.
        They are of those sources only, if any are named.
        """
        found = self._passages.query(
            query_embeddings=np.asarray([vector], np.float32),
            n_results=k,
            where=cast("Where", {"source": {"$in": list(sources)}}) if sources else None,
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


def _address(url: str) -> tuple[str, int, bool]:
    """Host, port and whether to encrypt, of a server's address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"setting chroma_url = {url!r}: it must look like http://host:8000")
    return parts.hostname, parts.port or 8000, parts.scheme == "https"
