"""How near a question and a sentence are in meaning, each seen without the other.

The bundled bi-encoder (Reimers and Gurevych, 2019) is made from the bundled embedder, and was
trained on questions in other words than the sentences that answer them. It compares a question and
a sentence as wholes and word by word (late interaction: Khattab and Zaharia, 2020). The reader,
which sees both at once, judges better whether a sentence answers; which one does, all three tell
better than any.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askdoc.answer.context import with_context
from askdoc.answer.reader import frame_of
from askdoc.index.embedder import CLS, SEP, tokenizer
from askdoc.ingest.rows import with_header
from askdoc.onnx import session, side_by_side
from askdoc.types import Passage, Span, plain

MODEL = Path(__file__).with_suffix(".onnx")
OUTPUTS = ("vectors", "tokens", "turns")
LONGEST = 96  # tokens of a sentence, or of a question, that count
LETTERS = 20  # of a token, at most: a row of a table may have a million signs
KEPT = 4096  # sentences that are remembered, some 8 KB each


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as it is compared: a unit vector, and a small one of each of its tokens.

    ``turns`` has the shares (0 to 1, together 1) in which a question turns on its tokens.
    """

    vector: NDArray[np.float32]
    tokens: NDArray[np.float16]
    turns: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Similarity:
    """How near a sentence is to a question: as a whole, and word by word, each -1 to 1."""

    whole: float
    words: float


def similarities(question: str, sentences: Sequence[str]) -> list[Similarity]:
    """How near each sentence is to a question, in the order given."""
    encoder = _bundled()
    asked, *encoded = side_by_side(encoder.encoded, [question, *sentences])
    return [_similarity(asked, sentence) for sentence in encoded]


def _similarity(asked: Encoded, sentence: Encoded) -> Similarity:
    """Each word of a question is compared with the one that is nearest to it."""
    nearest = (asked.tokens.astype(np.float32) @ sentence.tokens.astype(np.float32).T).max(1)
    return Similarity(float(asked.vector @ sentence.vector), float(asked.turns @ nearest))


def in_its_place(span: Span, passage: Passage) -> str:
    """A sentence as it is compared: with title and heading, and the one that it leans on."""
    leaning = span.document.text[with_context(span, "").start : span.end]
    told = max(with_header(span), leaning, key=len)
    return f"{frame}: {told}" if (frame := frame_of(passage)) else told


def tokens(text: str) -> list[int]:
    """The token ids of a text, from [CLS] to [SEP]; what is too long is cut off."""
    ids = tokenizer().encode(plain(text[: LONGEST * LETTERS]), add_special_tokens=False).ids
    return [CLS, *ids[: LONGEST - 2], SEP]


class Encoder:
    """The bi-encoder that comes with askdoc, in ONNX Runtime; the last texts are remembered."""

    def __init__(self) -> None:
        self._session = session(MODEL, OUTPUTS)
        self.encoded = functools.lru_cache(maxsize=KEPT)(self._encoded)

    def _encoded(self, text: str) -> Encoded:
        """A text, encoded alone: with others it would depend on them."""
        vectors, small, turns = self._session.run(None, {"ids": np.array([tokens(text)], np.int64)})
        return Encoded(vectors[0], small[0].astype(np.float16), turns[0])


@functools.lru_cache(maxsize=1)
def _bundled() -> Encoder:
    return Encoder()
