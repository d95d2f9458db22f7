"""Who reads files and embeds texts for a sync: this process, or another that takes its place."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from askdoc.errors import Unreadable
from askdoc.index.embedder import Embedder, embed_in_steps
from askdoc.index.manifest import Times
from askdoc.ingest.files import ingest
from askdoc.ingest.worker import Worker
from askdoc.types import Document, Passage

STEP = 64  # passages between two reports of progress
AHEAD = 4  # files that are read while passages of those before them are embedded


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that is new, or not as it was when it was read last.

    ``sha256`` is empty where the file is too large, cannot be read, or is gone.
    """

    source: str
    times: Times
    sha256: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a file: its document and passages, or why there are none."""

    outcome: tuple[Document, tuple[Passage, ...]] | Unreadable
    seconds: float

    @classmethod
    def of(cls, worker: Worker, corpus: Path, source: str, size: int) -> "Reading":
        """A file, read in a worker and cut into passages of at most ``size`` characters."""
        began = time.perf_counter()
        try:
            document, passages = worker.run(ingest, corpus, source, size)
        except Unreadable as error:
            return cls(error, time.perf_counter() - began)
        return cls((document, passages), time.perf_counter() - began)


class Hands:
    """Read the files of a corpus, one after the other, and embed texts, on this machine."""

    together = 512
    """Passages that are embedded before they are written."""

    def __init__(self, corpus: Path, size: int, embedder: Embedder) -> None:
        self.corpus = corpus
        self.size = size
        self.embedder = embedder
        self._worker = Worker()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="askdoc-reading")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ahead.shutdown(wait=False, cancel_futures=True)
        self._worker.close()  # what is being read is of no use any more
        self._ahead.shutdown()
        self._worker.close()  # it may have begun anew in between

    def read(self, files: Iterable[Changed]) -> Iterator[tuple[Changed, Reading]]:
        """Each file with what came of it, in the order given; a few are read ahead."""
        begun: deque[tuple[Changed, Future[Reading]]] = deque()
        for file in files:
            begun.append((file, self._ahead.submit(self._read, file)))
            if len(begun) > AHEAD:
                first, reading = begun.popleft()
                yield first, reading.result()
        for last, reading in begun:
            yield last, reading.result()

    def embed(self, texts: list[str]) -> Iterator[list[list[float]]]:
        """The vectors of ``STEP`` texts at a time, in the order given."""
        return embed_in_steps(self.embedder, texts, STEP)

    def _read(self, file: Changed) -> Reading:
        return Reading.of(self._worker, self.corpus, file.source, self.size)
