"""What a graph of the vectors finds, how fast, and how long it is built: ours and Chroma's."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import chromadb
import numpy as np
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.api.types import QueryResult

from askdoc.index.dense import HNSW
from askdoc.index.index import Index
from evals.bench.rows import ASKED, SIZES, Bench, built
from evals.bench.texts import vectors_of
from evals.bench.times import Row, by_turns, spread

NEAREST = 10  # whose recall is measured
LARGEST = 100_000  # passages of which other graphs are built: minutes; a million would take hours
OURS, THEIRS = "askdoc", "Chroma's defaults"
WAYS: dict[str, CreateCollectionConfiguration | None] = {OURS: {"hnsw": HNSW}, THEIRS: None}


def graph(bench: Bench, size: int) -> Row:
    """Recall against comparing with all, and milliseconds of a search; seconds to build each graph.

    Both are built anew of the vectors of the index, up to ``LARGEST`` passages. Askdoc's own is
    searched where it lies, in the index, as a question is.
    """
    settings, _ = built(bench, size)
    index = Index.open(settings)
    ids, vectors = vectors_of(index)
    questions = bench.texts.questions(min(SIZES))[:ASKED]
    asked = [index.embedder.embed_query(question) for question in questions]
    exact = [np.argsort(vectors @ np.array(each, np.float32))[-NEAREST:] for each in asked]
    near = [{ids[row] for row in rows} for rows in exact]
    told: Row = {"passages": len(ids)}
    found: dict[str, list[set[str]]] = {OURS: []}

    def by_askdoc(n: int) -> None:
        found[OURS].append({id for id, _ in index.stores.dense.search(asked[n], NEAREST)})

    ways = {OURS: by_askdoc}
    with TemporaryDirectory(dir=bench.work, ignore_cleanup_errors=True) as place:
        if size <= LARGEST:
            for name, how in WAYS.items():
                began = time.perf_counter()
                graph = Graph(Path(place, name), how, ids, vectors)
                told[f"{name}: seconds to build"] = round(time.perf_counter() - began, 1)
            found[THEIRS] = []
            ways[THEIRS] = lambda n: found[THEIRS].append(graph.search(asked[n]))
        by_turns(1, ways)  # the files are read
        taken = by_turns(len(asked), ways)
    index.close()
    for name, seconds in taken.items():
        hits = sum(len(one & other) for one, other in zip(found[name][1:], near, strict=True))
        told[f"{name}: recall@{NEAREST}"] = hits / (NEAREST * len(near))
        told |= spread(f"{name}: search", seconds)
    return told


class Graph:
    """A collection of Chroma's that has vectors only, put in as many at once as it takes."""

    def __init__(
        self,
        place: Path,
        how: CreateCollectionConfiguration | None,
        ids: list[str],
        vectors: np.ndarray,
    ) -> None:
        client = chromadb.PersistentClient(place)
        self._passages = client.create_collection(
            "passages", configuration=how, embedding_function=None
        )
        step = client.get_max_batch_size()
        for start in range(0, len(ids), step):
            part = slice(start, start + step)
            self._passages.add(ids[part], embeddings=vectors[part])
        self.search(vectors[0])  # the first search takes in what was only written so far

    def search(self, vector: np.ndarray | list[float]) -> set[str]:
        """The ids of the nearest passages."""
        found: QueryResult = self._passages.query(
            query_embeddings=np.array([vector], np.float32),
            n_results=NEAREST,
            include=["distances"],
        )
        return set(found["ids"][0])
