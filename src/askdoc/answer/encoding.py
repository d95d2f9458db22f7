"""A question and a passage as the tokens that the bundled reader sees."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askdoc.index.embedder import CLS, SEP, tokenizer
from askdoc.types import plain, plain_in_place

QUESTION, FRAME, MOST = 64, 48, 512  # tokens, at most: of the question, of the frame, in all

Range = tuple[int, int]
"""From, and up to but without."""
NOWHERE = (-1, -1)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids, and which of them are the question and each sentence.

    ``kinds`` is 0 for the question and 1 for the passage; ``offsets`` are places in the passage's
    text, (-1, -1) for what is not of it. ``question`` and ``sentences`` are ranges of tokens; there
    are fewer of them than sentences where the passage is too long.
    """

    ids: list[int]
    kinds: list[int]
    offsets: list[Range]
    question: Range
    sentences: list[Range]

    def means(self, width: int = 0, height: int = 0) -> NDArray[np.float32]:
        """Rows that average tokens: the first one those of the question, then each sentence's.

        ``width`` and ``height`` are the least size, to stack tokens of different lengths.
        """
        spans = [self.question, *self.sentences]
        shape = (max(height, len(spans)), max(width, len(self.ids)))
        rows: NDArray[np.float32] = np.zeros(shape, np.float32)
        for row, (start, end) in zip(rows, spans, strict=False):
            row[start:end] = 1 / max(1, end - start)
        return rows

    def feed(self) -> dict[str, NDArray[Any]]:
        """What the graph of the bundled reader takes, as a batch of one."""
        ids = np.asarray([self.ids], np.int64)
        kinds = np.asarray([self.kinds], np.int64)
        return {"ids": ids, "kinds": kinds, "mask": ids * 0 + 1, "means": self.means()[None]}


def is_common(word: str) -> bool:
    """Whether a word is one of the twenty thousand or so that the vocabulary has whole."""
    return tokenizer().token_to_id(word.lower()) is not None


def encode(question: str, frame: str, text: str, spans: Sequence[Range]) -> Tokens:
    """A question with a passage: what stands in front of it, its text, and its sentences.

    ``spans`` are the sentences, in order, as offsets into ``text``.
    """
    bare, places = plain_in_place(text)
    asked, framed, words = tokenizer().encode_batch(
        [plain(question), plain(frame), bare], add_special_tokens=False
    )
    head = [CLS, *asked.ids[:QUESTION], SEP]
    ids = [*head, *framed.ids[:FRAME], SEP]
    kinds = [0] * len(head) + [1] * (len(ids) - len(head))
    offsets, starts = [NOWHERE] * len(ids), []
    waiting = list(spans)
    for id, (first, last) in zip(words.ids, words.offsets, strict=True):
        offset = places[first], places[last]
        if len(ids) >= MOST - 1:
            break
        if waiting and offset[0] >= waiting[0][0]:
            waiting.pop(0)
            starts.append(len(ids))
        ids.append(id)
        offsets.append(offset)
    found = list(itertools.pairwise([*starts, len(ids)]))
    ids.append(SEP)
    offsets.append(NOWHERE)
    kinds += [1] * (len(ids) - len(kinds))
    return Tokens(ids, kinds, offsets, (1, len(head) - 1), found)
