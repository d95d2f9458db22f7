"""The models that read: for a question and a passage, how well each of its sentences answers.

The bundled one is a cross-encoder of our own, made from the bundled embedder: it sees a passage
once, compares what it makes of each sentence with what it makes of the question, and so judges
every sentence among its neighbours at the price of one reading. `evals/training` has what it was
trained on, and how to make it again.
"""

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from askdoc.answer.encoding import encode
from askdoc.index.embedder import loading
from askdoc.ingest.chunker import sentences
from askdoc.onnx import session, side_by_side
from askdoc.settings import BUNDLED_READER
from askdoc.types import Passage, Span

MODEL = Path(__file__).with_suffix(".onnx")
OUTPUTS = ("sentences", "whole")
REMEMBERED = 200  # readings: an explanation or a search often follows an answer
NOTHING = -10.0  # the logit of a passage without a sentence that can be read


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the reader makes of a passage for one question.

    ``whole`` is the logit (any number; 0 is even odds) that the passage holds the answer, and
    ``sentences`` has each of its sentences with the same logit.
    """

    whole: float
    sentences: tuple[tuple[Span, float], ...]

    @property
    def best(self) -> float:
        """The logit of the best sentence."""
        return max((logit for _, logit in self.sentences), default=self.whole)


Scores = tuple[float, tuple[tuple[int, int, float], ...]]
"""The logit of a passage; start and end in the document, and logit, of each sentence."""


def read(question: str, passages: Sequence[Passage], name: str = BUNDLED_READER) -> list[Judgement]:
    """What the reader makes of each passage for a question, in the order given.

    ``name`` is the bundled reader or a cross-encoder that sentence-transformers knows; raises
    BadInput when that cannot be loaded.
    """
    model = _bundled() if name == BUNDLED_READER else _named(name)
    judgements = []
    for passage, (whole, scored) in zip(passages, model.read(question, passages), strict=True):
        spans = tuple((Span(passage.document, start, end), logit) for start, end, logit in scored)
        judgements.append(Judgement(whole, spans))
    return judgements


def frame_of(passage: Passage) -> str:
    """What stands in front of a passage when it is read: title, heading, header of its table."""
    parts = (passage.title, passage.heading, passage.header)
    return ": ".join(dict.fromkeys(part for part in parts if part))


class Bundled:
    """The reader that comes with askdoc, in ONNX Runtime."""

    def __init__(self) -> None:
        self._session = session(MODEL, OUTPUTS)
        self._lately: dict[tuple[str, str], Scores] = {}
        self._lock = threading.Lock()  # several questions are read at once

    def read(self, question: str, passages: Sequence[Passage]) -> list[Scores]:
        """The logits of each passage for a question, several read at a time."""
        return side_by_side(functools.partial(self._remembered, question), passages)

    def _remembered(self, question: str, passage: Passage) -> Scores:
        """The logits of a passage for a question; what was read lately is remembered."""
        key = question, passage.id
        scores = self._lately.get(key) or self._scores(question, passage)
        with self._lock:
            self._lately.pop(key, None)
            self._lately[key] = scores  # last in, and last to be forgotten
            if len(self._lately) > REMEMBERED:
                del self._lately[next(iter(self._lately))]
        return scores

    def _scores(self, question: str, passage: Passage) -> Scores:
        """The logits of a passage for a question; a long one is read in several parts."""
        text, base = passage.text, passage.start
        spans = sentences(passage.document, passage.start, passage.end)
        scored: list[tuple[int, int, float]] = []
        wholes = [NOTHING]
        while len(scored) < len(spans):
            rest = spans[len(scored) :]
            first = rest[0][0]
            tokens = encode(
                question,
                frame_of(passage),
                text[first - base :],
                [(start - first, end - first) for start, end in rest],
            )
            if not tokens.sentences:
                break  # nothing but signs that no token stands for
            logits, whole = self._session.run(None, tokens.feed())
            wholes.append(float(whole[0]))
            pairs = zip(rest, logits[0].tolist(), strict=False)
            scored += [(start, end, logit) for (start, end), logit in pairs]
        return max(wholes), tuple(scored)


class Named:
    """Any cross-encoder of sentence-transformers, shown each sentence between its neighbours."""

    def __init__(self, name: str) -> None:
        with loading(f"reader {name}"):
            # Imported where first used: it takes seconds that nobody else should pay.
            import torch
            from sentence_transformers import CrossEncoder

            self._model = CrossEncoder(name, num_labels=1, activation_fn=torch.nn.Identity())

    def read(self, question: str, passages: Sequence[Passage]) -> list[Scores]:
        """The logits of each passage for a question."""
        return [self._scores(question, passage) for passage in passages]

    def _scores(self, question: str, passage: Passage) -> Scores:
        """The logits of a passage for a question, sentence by sentence."""
        spans = sentences(passage.document, passage.start, passage.end)
        if not spans:
            return NOTHING, ()
        text, frame = passage.document.text, frame_of(passage)
        shown = [
            f"{frame}: {text[spans[max(0, at - 1)][0] : spans[min(len(spans), at + 2) - 1][1]]}"
            for at in range(len(spans))
        ]
        logits = self._model.predict([(question, part) for part in shown], show_progress_bar=False)
        pairs = zip(spans, map(float, logits), strict=True)
        scored = tuple((start, end, logit) for (start, end), logit in pairs)
        return max(logit for *_, logit in scored), scored


@functools.lru_cache(maxsize=1)
def _bundled() -> Bundled:
    return Bundled()


@functools.lru_cache(maxsize=2)
def _named(name: str) -> Named:
    return Named(name)
