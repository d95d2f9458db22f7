"""Text to vectors: our own, or LangChain's ``Embeddings``; the default needs no network."""

import contextlib
import functools
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from askdoc.errors import BadInput
from askdoc.onnx import MENDED_BY, session, side_by_side
from askdoc.settings import BUNDLED

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

WEIGHTS_SHA256 = "5ba0032aefec27c763b2d9c8912eeec19529d4efdab9a71a9756e8056ba8f2e0"

EXACT = Path(__file__).with_suffix(".onnx")
IN_BYTES = Path(__file__).with_name("embedder_int8.onnx")
UNUSED = "pooler."  # weights that no vector needs; without them sentence-transformers warns
LONGEST = 256  # tokens of a text that count
ALONE = 64  # texts for which no other graph than that of a question is loaded
FEW = 500  # texts for which PyTorch is not tried: importing it takes as long as they do
TIMED = 32  # texts on which two engines are compared
TRIED = 4  # texts on which two graphs are
AGREES = 0.995  # cosine of their vectors, at least; where bytes are multiplied well it is .998
ROUNDS = 3  # of a comparison
PYTORCH = ("torch", "sentence_transformers")  # what `askdoc[torch]` brings
KEPT = 256  # vectors of queries, 12 KB each
CLS, SEP = 101, 102  # the tokens [CLS] and [SEP]

Engine = Callable[[list[str]], list[list[float]]]
Way = TypeVar("Way")


class Embedder(Protocol):
    """What LangChain's ``Embeddings`` are, without importing it: that takes as long as a search."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text."""

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""


os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the libraries are imported
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # silences a warning in forked workers


@functools.lru_cache(maxsize=2)
def embedder(name: str) -> Embedder:
    """The embedder of that name; nothing is loaded before the first text is embedded.

    It is the bundled one, LangChain's ``provider:model``, or whatever sentence-transformers knows
    by that name, a folder included. Raises BadInput when the provider is not known or installed.
    """
    if ":" in name and not Path(name).exists():
        # Imported where first used: only those who name a provider pay for it.
        from langchain.embeddings import init_embeddings
        from langchain_core.embeddings import Embeddings

        try:
            made = init_embeddings(name)
        except (ImportError, ValueError) as error:
            raise BadInput(f"embedder {name}: {str(error).splitlines()[0]}") from error
        if not isinstance(made, Embeddings):
            raise BadInput(f"embedder {name}: name a model too, as in provider:model")
        return made
    return SentenceEmbeddings(name)


def embed_in_steps(embedder: Embedder, texts: list[str], step: int) -> Iterator[list[list[float]]]:
    """The vectors of some texts at a time, all of them made by the engine that fits them all."""
    embed: Engine = embedder.embed_documents
    if isinstance(embedder, SentenceEmbeddings):
        embed = embedder.engine(texts)
    for start in range(0, len(texts), step):
        yield embed(texts[start : start + step])


@contextlib.contextmanager
def loading(what: str) -> Iterator[None]:
    """Where sentence-transformers is imported, and a model of it loaded.

    Raises BadInput, in which ``what`` is named, when either cannot be.
    """
    try:
        yield
    except (ImportError, OSError, ValueError) as error:
        if isinstance(error, ImportError) and error.name in PYTORCH:
            raise BadInput(f"{what} needs PyTorch: pip install 'askdoc[torch]'") from error
        raise BadInput(f"{what} cannot be loaded: {str(error).splitlines()[0]}") from error


def fastest(ways: Sequence[Way], run: Callable[[Way], object]) -> Way:
    """The way that runs in the least time on this machine.

    The best of several rounds counts: the first gets things ready, and in any of them another
    program may be at work.
    """

    def seconds(way: Way) -> float:
        began = time.perf_counter()
        run(way)
        return time.perf_counter() - began

    return min([*ways] * ROUNDS, key=seconds)


class SentenceEmbeddings:
    """Unit vectors of a sentence-transformers model; of the bundled one also without PyTorch."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._quicker: Engine | None = None  # of the two graphs, once they were compared
        self._faster: Engine | None = None  # of the two engines for many texts, as well

    @functools.cached_property
    def model(self) -> "SentenceTransformer":
        """The model, loaded when first asked for; raises BadInput when it cannot be."""
        with loading(f"embedder {self.name}"):
            # Imported where first used: it takes seconds that no other command should pay.
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]  # loading takes a blink
            # bfloat16 has a fraction of the time where the processor is built for it, and thirty
            # times as much where it is not.
            dtype = fastest([torch.float32, torch.bfloat16], _multiply)
            path = str(bundled()) if self.name == BUNDLED else self.name
            return SentenceTransformer(path, model_kwargs={"dtype": dtype})

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text; of a few and the bundled model without PyTorch."""
        return self.engine(texts)(list(texts))

    def engine(self, texts: Sequence[str]) -> Engine:
        """What embeds the texts, or any part of them.

        Of the bundled model it is ONNX Runtime for a few texts, in bytes from some on; for many
        what is faster here, as the first of them have shown once and for all. Other models have
        PyTorch only.
        """
        if self.name != BUNDLED:
            return self._together
        if len(texts) <= ALONE:
            return self._exactly
        if self._quicker is None:
            self._quicker = self._in_bytes if self._agrees(texts[:TRIED]) else self._exactly
        if len(texts) <= FEW:
            return self._quicker
        if self._faster is None:
            self._faster = self._faster_with(self._quicker, list(texts[:TIMED]))
        return self._faster

    def _agrees(self, texts: Sequence[str]) -> bool:
        """Whether this processor multiplies bytes as it should: some old ones cut sums off."""
        pairs = zip(self._in_bytes(texts), self._exactly(texts), strict=True)
        return all(np.dot(one, other) >= AGREES for one, other in pairs)

    def _faster_with(self, quicker: Engine, texts: list[str]) -> Engine:
        """The engine that embeds these texts in the least time."""
        try:
            _ = self.model
        except BadInput:  # PyTorch is not installed
            return quicker
        return fastest([quicker, self._together], lambda engine: engine(texts))

    def _exactly(self, texts: Sequence[str]) -> list[list[float]]:
        return side_by_side(self._exact.embed, texts)

    def _in_bytes(self, texts: Sequence[str]) -> list[list[float]]:
        return side_by_side(self._bytes.embed, texts)

    def _together(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = self.model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return [[float(number) for number in vector] for vector in vectors]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a query; of the bundled model without importing PyTorch.

        The last ones are kept: a turn is recognised, searched for and compared by the same text.
        """
        return self._query(text)

    @functools.cached_property
    def _query(self) -> Callable[[str], list[float]]:
        return functools.lru_cache(maxsize=KEPT)(lambda text: self.engine([text])([text])[0])

    @functools.cached_property
    def _exact(self) -> "_Graph":
        return _Graph(EXACT)

    @functools.cached_property
    def _bytes(self) -> "_Graph":
        return _Graph(IN_BYTES)


def _multiply(dtype: "torch.dtype") -> float:
    """Multiplies two matrices, of the sizes that a small model has, where models are put."""
    import torch
    from sentence_transformers.util import get_device_name

    def ones(rows: int, columns: int) -> torch.Tensor:
        return torch.ones(rows, columns, dtype=dtype, device=get_device_name())

    return (ones(1024, 384) @ ones(384, 1536)).sum().item()  # asked for, or a GPU has not begun


class _Graph:
    """The bundled model in ONNX Runtime, for one text: a graph, and the weights beside it.

    It needs neither PyTorch nor transformers, whose imports take seconds.
    """

    def __init__(self, graph: Path) -> None:
        self._weights = _weights()
        self._session = session(graph, ("vectors",), self._weights)

    def embed(self, text: str) -> list[float]:
        """The unit vector of a text."""
        ids = tokenizer().encode(text, add_special_tokens=False).ids[: LONGEST - 2]
        (vectors,) = self._session.run(None, {"ids": np.array([[CLS, *ids, SEP]], np.int64)})
        return [float(number) for number in vectors[0]]


@functools.lru_cache(maxsize=1)
def _weights() -> dict[str, NDArray[np.float32]]:
    """The bundled model's weights by name, in single precision."""
    from safetensors.numpy import load_file  # imported where first used

    # They are stored in half precision, which is all that they need, to be half as large.
    return {
        name: weight.astype(np.float32)
        for name, weight in load_file(bundled() / "model.safetensors").items()
        if not name.startswith(UNUSED)
    }


@functools.lru_cache(maxsize=1)
def tokenizer() -> "Tokenizer":
    """The bundled model's tokenizer, to which all signs of a text are only text."""
    # Imported where first used: only questions need it, not indexing.
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(bundled() / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    made.encode_special_tokens = True  # a [SEP] in a document is five characters
    return made


def languages_of(name: str) -> frozenset[str]:
    """The languages (ISO 639-1) that an embedder was made for; empty where that is not known."""
    return frozenset({"en"}) if name == BUNDLED else frozenset()


def check_weights(name: str) -> None:
    """Raises BadInput when the bundled embedder's weights are not the ones askdoc was built on."""
    if name != BUNDLED:
        return
    with (bundled() / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise BadInput(
            f"the weights of {BUNDLED} have SHA-256 {found[:12]}…, not {WEIGHTS_SHA256[:12]}…: "
            f"{MENDED_BY}"
        )


def bundled() -> Path:
    """The folder of the bundled model, in the form of sentence-transformers."""
    return Path(__file__).with_name(BUNDLED)
