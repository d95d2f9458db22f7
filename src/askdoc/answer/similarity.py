"""How near a question and a sentence are in meaning, each seen without the other.

The bundled bi-encoder (Reimers and Gurevych, 2019) is made from the bundled embedder, and was
trained on questions in other words than the sentences that answer them. The reader, which sees both
at once, judges better whether a sentence answers; which one does, both tell better than either.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askdoc.answer.context import with_context
from askdoc.answer.reader import frame_of
from askdoc.index.embedder import CLS, SEP, tokenizer
from askdoc.ingest.rows import with_header
from askdoc.onnx import session
from askdoc.types import Passage, Span

MODEL = Path(__file__).with_suffix(".onnx")
LONGEST = 96  # tokens of a sentence, or of a question, that count
LETTERS = 20  # of a token, at most: a row of a table may have a million signs
KEPT = 4096  # vectors of sentences, 1.5 KB each

Vector = NDArray[np.float32]


def similarities(question: str, sentences: Sequence[str]) -> list[float]:
    """The cosine (-1 to 1) of a question with each sentence, in the order given."""
    encoder = _bundled()
    asked = encoder.vector(question)
    return [float(asked @ encoder.vector(sentence)) for sentence in sentences]


def in_its_place(span: Span, passage: Passage) -> str:
    """A sentence as it is compared: with title and heading, and the one that it leans on."""
    leaning = span.document.text[with_context(span, "").start : span.end]
    told = max(with_header(span), leaning, key=len)
    return f"{frame}: {told}" if (frame := frame_of(passage)) else told


def tokens(text: str) -> list[int]:
    """The token ids of a text, from [CLS] to [SEP]; what is too long is cut off."""
    ids = tokenizer().encode(text[: LONGEST * LETTERS], add_special_tokens=False).ids
    return [CLS, *ids[: LONGEST - 2], SEP]


class Encoder:
    """The bi-encoder that comes with askdoc, in ONNX Runtime; the last vectors are kept."""

    def __init__(self) -> None:
        self._session = session(MODEL, ("vectors",))
        self.vector = functools.lru_cache(maxsize=KEPT)(self._vector)

    def _vector(self, text: str) -> Vector:
        """The unit vector of a text, made alone: one made with others would depend on them."""
        vectors: list[Vector]
        (vectors,) = self._session.run(None, {"ids": np.array([tokens(text)], np.int64)})
        return vectors[0]


@functools.lru_cache(maxsize=1)
def _bundled() -> Encoder:
    return Encoder()
