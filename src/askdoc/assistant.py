"""The way of a question, composed: query, hits, evidence, answer."""

import functools
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from askdoc.answer.citation import marked, quoted
from askdoc.answer.evidence import confidence, evidence
from askdoc.answer.explain import Explanation, explain
from askdoc.answer.generate import Written, write
from askdoc.answer.model import Model, connected
from askdoc.answer.query import History, contextualize
from askdoc.answer.retrieve import PassageRetriever, candidates, hits, reranked, retrieve
from askdoc.errors import BadInput, IndexBusy
from askdoc.index.index import Index, OnProgress
from askdoc.settings import Settings
from askdoc.types import NO_ANSWER, Answer, Document, Hit, SyncReport

LONGEST_QUESTION = 20_000  # characters: over 3,000 words
QUOTES = "quotes"  # the name of the writer that needs no language model


class Assistant:
    """Answers questions about one corpus, every sentence with an exact citation.

    ``model`` is the language model that the settings name; None where quotes are the answer.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.settings = index.settings
        self.model = connected(index.settings)

    @classmethod
    def from_folder(
        cls,
        corpus: str | Path | None = None,
        settings: Settings | None = None,
        on_progress: OnProgress = lambda progress: None,
    ) -> "Assistant":
        """An assistant over a folder, whose index is first brought up to date.

        ``corpus`` goes before ``settings.corpus``; ``on_progress`` is called with each step of
        indexing. Raises BadInput when there is no such folder, IndexMismatch when its index was
        built in another way.
        """
        settings = settings or Settings()
        if corpus is not None:
            settings = settings.model_copy(update={"corpus": Path(corpus)})
        assistant = cls(Index(settings))
        assistant.catch_up(on_progress)
        return assistant

    def ask(self, question: str, history: History = (), sources: Sequence[str] = ()) -> Answer:
        """The answer to a question, or the one refusal with the closest passages.

        ``history`` holds the earlier turns, oldest first, each
        ``{"role": "user" or "assistant", "content": text}``; ``sources`` names the documents that
        may answer, all where it is empty. Raises BadInput for a question that is empty or too long,
        for a history of another shape, for a document that is not in the index, and for an index
        without passages.
        """
        *_, answer = self.stream(question, history, sources=sources)
        return answer

    def stream(
        self,
        question: str,
        history: History = (),
        model: Model | None = None,
        sources: Sequence[str] = (),
    ) -> Generator[Answer]:
        """The answer as it grows; the last one is what ``ask`` returns.

        ``model`` writes it in place of the assistant's own. Closing the iterator stops the model.
        """
        model = model or self.model
        _check_question(question)
        _check_history(history)
        self.index.check_not_empty()
        self._check_sources(sources)
        clock = _Clock()
        query = contextualize(question, history, self.index, model.rewritten if model else None)
        query = replace(query, sources=tuple(sources))
        clock.lap("query")
        found = candidates(self.index, query)
        clock.lap("search")
        ranked = reranked(self.index, query, found, self.settings.k)
        best = ranked[: self.settings.k]
        chosen = evidence(query.text, best, self.index)
        chance = confidence(query.text, best, chosen, self.index)
        clock.lap("read")
        closest = tuple(hits(ranked, self.settings.k))
        answer = functools.partial(
            Answer, question, query.text, model=QUOTES, closest=closest, confidence=chance
        )
        if not chosen or chance < self.settings.threshold:
            clock.lap("write")
            yield answer(text=NO_ANSWER, seconds=clock.seconds)
            return
        quotes = [(item.passage.document, item.start, item.end) for item in chosen]
        growing: Generator[Written]
        if model:
            passages = [hit.passage for hit in closest]
            growing = write(model, query.text, history, passages, quotes, self.settings)
        else:
            growing = (Written(*quoted(quotes[: n + 1])) for n in range(len(quotes)))
        with closing(growing):
            for written in growing:
                clock.lap("write")
                yield answer(
                    text=NO_ANSWER if written.refused else marked(written.sentences),
                    model=model.name if model and written.by_model else QUOTES,
                    sentences=written.sentences,
                    citations=written.citations,
                    seconds=clock.seconds,
                    tokens=written.tokens,
                    note=written.note,
                )

    def search(self, query: str, k: int = 10, sources: Sequence[str] = ()) -> list[Hit]:
        """The ``k`` best hits, best first; ``sources`` as for ``ask``, and BadInput as there."""
        _check_question(query)
        _check_k(k)
        self.index.check_not_empty()
        self._check_sources(sources)
        asked = replace(contextualize(query, (), self.index), sources=tuple(sources))
        return retrieve(self.index, asked, k)

    def explain(self, question: str, source: str) -> Explanation:
        """Why a document was used for a question, or which step lost it; raises BadInput."""
        _check_question(question)
        self.index.check_not_empty()
        return explain(self.index, contextualize(question, (), self.index), source)

    def as_retriever(self, k: int = 8) -> PassageRetriever:
        """A LangChain retriever that gives the ``k`` best hits as LangChain documents."""
        _check_k(k)
        return PassageRetriever(index=self.index, k=k)

    def sync(self, on_progress: OnProgress = lambda progress: None) -> SyncReport:
        """Brings the index up to date with the folder; a line for each document."""
        return self.index.sync(on_progress)

    def catch_up(self, on_progress: OnProgress = lambda progress: None) -> str:
        """Syncs, unless another process is indexing; then a line that says so, and no wait for it.

        Raises IndexBusy when there is nothing yet to answer from.
        """
        try:
            self.index.sync(on_progress, patience=1)
        except IndexBusy as busy:
            if not len(self.index.stores.bm25):
                raise
            return f"{busy}; answers come from what is indexed so far"
        return ""

    def _check_sources(self, sources: Sequence[str]) -> None:
        """Raises BadInput for a source that is not in the index."""
        if isinstance(sources, str):
            raise BadInput(f"sources = {sources!r}: name documents in a list")
        known = self.index.stores.manifest.files() if sources else {}
        for source in sources:
            if source not in known:
                raise BadInput(f"there is no document {source!r} in the index")

    def document(self, source: str) -> Document:
        """A document as it was indexed; raises BadInput when there is none."""
        return self.index.document(source)


class _Clock:
    """The seconds that each step took."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        """Books the time since the last lap on a step."""
        now = time.perf_counter()
        self._laps[step] = self._laps.get(step, 0.0) + now - self._last
        self._last = now

    @property
    def seconds(self) -> dict[str, float]:
        """A copy of what was booked so far."""
        return dict(self._laps)


def ask(
    question: str,
    corpus: str | Path | None = None,
    history: History = (),
    settings: Settings | None = None,
) -> Answer:
    """The answer to a question about a folder of documents, which is indexed first if need be.

    Raises AskdocError, with one line that says what is wrong.
    """
    settings = settings or Settings()
    folder = Path(corpus) if corpus is not None else settings.corpus
    assistant = _assistant(folder.absolute(), settings)
    assistant.catch_up()
    return assistant.ask(question, history)


@functools.lru_cache(maxsize=4)
def _assistant(corpus: Path, settings: Settings) -> Assistant:
    """The assistant of a folder, kept so that a second question need not open it again."""
    return Assistant.from_folder(corpus, settings)


def _check_question(question: str) -> None:
    if not isinstance(question, str) or not question.strip():
        raise BadInput("the question is empty: type one")
    if any("\ud800" <= sign <= "\udfff" for sign in question):
        raise BadInput("the question holds bytes that are no text: type it again")
    if len(question) > LONGEST_QUESTION:
        raise BadInput(
            f"the question has {len(question):,} characters: ask in {LONGEST_QUESTION:,} or fewer"
        )


def _check_k(k: int) -> None:
    if not 1 <= k <= 1000:
        raise BadInput(f"k = {k}: ask for 1 to 1000 hits")


def _check_history(history: History) -> None:
    for turn in history:
        if (
            not isinstance(turn, Mapping)
            or turn.get("role") not in ("user", "assistant")
            or not isinstance(turn.get("content"), str)
        ):
            raise BadInput(
                f"history holds {str(turn)[:80]}: each turn must be "
                '{"role": "user" or "assistant", "content": text}'
            )
