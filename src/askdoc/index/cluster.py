"""Reading and embedding on the machines of a Ray cluster; only this module knows Ray.

A file is one task, and so are some texts: plain tasks, which Ray runs again, on another worker,
where theirs has died. Ray Data fits less well: it would hold all files in the cluster's memory
before the first is read, and be started anew for each batch, as which passages need a vector is
known here only. Workers get the bytes of a file, so no disk has to be shared.
"""

import functools
import os
import socket
import tempfile
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from askdoc.errors import AskdocError, BadInput
from askdoc.index.embedder import Embedder, SentenceEmbeddings, embedder
from askdoc.index.hands import STEP, Changed, Hands, Reading
from askdoc.ingest.files import path_of
from askdoc.ingest.worker import Worker

if TYPE_CHECKING:
    from ray import ObjectRef

LOCAL = "local"  # the address for which Ray starts a cluster on this machine, and ends it after
STORE = 200_000_000  # bytes of memory that such a one has for what tasks are given and give
WAITING = 5  # seconds to wait for a cluster to be reached
EACH = 2  # tasks of a processor, so that it need not wait for the next one

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when Ray starts a cluster

One = TypeVar("One")


class Cluster(Hands):
    """Hands of a Ray cluster; ``address`` is what ``ray.init`` takes.

    Its machines need the same askdoc, and what the embedder and the formats need beside it. What
    cannot be sent is read here, and so is what embeds by asking a provider, whose key stays here.
    """

    def __init__(self, address: str, corpus: Path, size: int, embedder: Embedder) -> None:
        super().__init__(corpus, size, embedder)
        self.address = address

    def __enter__(self) -> Self:
        """Connects; raises BadInput where Ray is not installed, or no cluster is at the address."""
        try:
            # Imported where first used: a second that nobody pays who has no cluster.
            import ray
        except ImportError as error:
            raise BadInput(
                f"the Ray cluster {self.address!r} needs Ray: pip install 'askdoc[ray]'"
            ) from error
        self._ray = ray
        self._joined = not ray.is_initialized()  # else it is the caller's, who also leaves it
        own = {"include_dashboard": False, "object_store_memory": STORE}
        try:
            if self._joined:
                _knock(self.address)
                more = own if self.address == LOCAL else {}
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the error tells the same
                    ray.init(self.address, log_to_driver=False, logging_level="ERROR", **more)
            processors = int(ray.cluster_resources().get("CPU", 0))
        except (OSError, RuntimeError, ValueError) as error:
            why = str(error).splitlines()[0]
            raise BadInput(f"no Ray cluster answers at {self.address!r}: {why}") from error
        if not processors:
            self.__exit__()
            raise BadInput(f"the Ray cluster at {self.address!r} has no processor: start a worker")
        self._at_once = EACH * processors
        self.together = max(self.together, STEP * self._at_once)
        self._read_there = ray.remote(_read)
        self._embed_there = ray.remote(_embed)
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if self._joined:
            self._ray.shutdown()

    def read(self, files: Iterable[Changed]) -> Iterator[tuple[Changed, Reading]]:
        """Each file with what came of it, in the order given; the next ones are read meanwhile."""
        sent = ((file, self._sent(file)) for file in files)
        for file, call in _ahead(sent, self._at_once):
            yield file, self._got(call) if call else self._read(file)

    def embed(self, texts: list[str]) -> Iterator[list[list[float]]]:
        """The vectors of ``STEP`` texts at a time, in the order given."""
        if not isinstance(self.embedder, SentenceEmbeddings):
            yield from super().embed(texts)
            return
        name = self.embedder.name
        sent = (
            self._embed_there.remote(name, texts[start : start + STEP])
            for start in range(0, len(texts), STEP)
        )
        for call in _ahead(sent, self._at_once):
            yield self._got(call)

    def _sent(self, file: Changed) -> "ObjectRef[Reading] | None":
        """The reading of a file by a worker; None where there is nothing that could be sent."""
        try:
            content = path_of(self.corpus, file.source).read_bytes() if file.sha256 else b""
        except OSError:  # gone since its SHA-256 was taken
            return None
        return self._read_there.remote(file.source, content, self.size) if content else None

    def _got(self, call: "ObjectRef[Any]") -> Any:
        """What a task gives; raises AskdocError where it cannot be done on this cluster."""
        try:
            return self._ray.get(call)
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            cause = getattr(error, "cause", None) or error
            if isinstance(cause, AskdocError):
                raise cause from error
            why = str(cause).strip().splitlines()[0].rstrip(".")
            raise AskdocError(
                f"the Ray cluster at {self.address!r} failed: {why}; what is indexed so far is "
                "kept, the same command goes on"
            ) from error


def _ahead(calls: Iterable[One], most: int) -> Iterator[One]:
    """The same calls, each given when so many of them are under way."""
    waiting: deque[One] = deque()
    for call in calls:
        waiting.append(call)
        if len(waiting) == most:
            yield waiting.popleft()
    yield from waiting


def _knock(address: str) -> None:
    """Raises OSError where nobody listens at an address with a port: Ray waits for minutes."""
    place = urlsplit(address if "://" in address else f"//{address}")
    if place.port:
        socket.create_connection((place.hostname, place.port), WAITING).close()


@functools.cache
def _worker() -> Worker:
    """The child of a Ray worker that reads its files, which may be hostile there, too."""
    return Worker()


def _read(source: str, content: bytes, size: int) -> Reading:
    """What a Ray worker makes of the bytes of a file."""
    with tempfile.TemporaryDirectory(prefix="askdoc-") as folder:
        path = Path(folder, source)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Reading.of(_worker(), Path(folder), source, size)


def _embed(name: str, texts: list[str]) -> Any:
    """The vectors that a Ray worker makes of some texts."""
    return embedder(name).embed_documents(texts)
