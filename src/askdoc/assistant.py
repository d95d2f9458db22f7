"""The way of a question, composed: query, hits, evidence, answer."""

import functools
import logging
import shutil
import tempfile
import time
import unicodedata
import weakref
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from askdoc.answer.citation import marked, quoted
from askdoc.answer.connect import connect
from askdoc.answer.disagreement import told
from askdoc.answer.everyday import recognise, without_everyday
from askdoc.answer.explain import Explanation, explain
from askdoc.answer.generate import Reply, generate
from askdoc.answer.model import Model
from askdoc.answer.pipeline import Findings, find, hits_of
from askdoc.answer.query import History, contextualize, points_back
from askdoc.answer.quotes import left_open, quotes_of
from askdoc.answer.replies import reply
from askdoc.answer.spelling import language_asked
from askdoc.errors import BadInput, IndexBusy, IndexUnavailable
from askdoc.index.filter import Where
from askdoc.index.index import Index, OnProgress
from askdoc.settings import Settings
from askdoc.tuning import TOLD_BEFORE, WORTH_ASKING
from askdoc.types import NO_ANSWER, Answer, Document, Hit, Passage, SyncReport
from askdoc.waiting import each, waited

if TYPE_CHECKING:
    from askdoc.answer.langchain import PassageRetriever

LOG = logging.getLogger("askdoc")
LONGEST_QUESTION = 20_000  # characters: over 3,000 words
MOST_SOURCES = 1000  # that a question is kept to
LONG_LOOK = 0.25  # seconds of a look at the whole folder: some thousands of files
LOOKS = 10  # times as long the next one is put off: then a tenth of the time goes by with looking
QUOTES = "quotes"  # the name of the writer that needs no language model


class Assistant:
    """Answers questions about one corpus, every sentence with an exact citation.

    ``model`` is the language model that writes; None where quotes are the answer.
    """

    def __init__(self, index: Index, model: Model | None = None) -> None:
        self.index = index
        self.settings = index.settings
        self.model = model
        self._looked_until = 0.0

    @classmethod
    def open(cls, settings: Settings) -> "Assistant":
        """An assistant over an index as it stands, with the model that the settings name.

        Raises BadInput when there is no such folder or model, IndexMismatch when the index was
        built in another way.
        """
        return cls(Index.open(settings), connect(settings))

    @classmethod
    def from_folder(
        cls,
        corpus: str | Path | None = None,
        settings: Settings | None = None,
        on_progress: OnProgress = lambda progress: None,
    ) -> "Assistant":
        """An assistant over a folder, whose index is first brought up to date.

        ``corpus`` goes before ``settings.corpus``; ``on_progress`` is called with each step of
        indexing. Raises as ``open`` does.
        """
        settings = settings or Settings()
        if corpus is not None:
            settings = settings.model_copy(update={"corpus": Path(corpus)})
        assistant = cls.open(settings)
        assistant.catch_up(on_progress)
        return assistant

    @classmethod
    def from_documents(
        cls, documents: Iterable[object], settings: Settings | None = None
    ) -> "Assistant":
        """An assistant over documents that are no files, as ``add`` takes them, and no folder.

        They are kept in a folder of the system for temporary files until nobody uses it any more.
        """
        folder = tempfile.mkdtemp(prefix="askdoc-")
        given = {"corpus": Path(folder), "index": None}
        try:
            assistant = cls.open((settings or Settings()).model_copy(update=given))
            weakref.finalize(assistant.index, shutil.rmtree, folder, ignore_errors=True)
            assistant.add(documents)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return assistant

    def ask(
        self,
        question: str,
        history: History = (),
        sources: Sequence[str] = (),
        where: Where | None = None,
    ) -> Answer:
        """The answer to a question, or the one refusal with the closest passages.

        ``history`` holds the earlier turns, oldest first, each
        ``{"role": "user" or "assistant", "content": text}``; ``sources`` names the documents that
        may answer, and folders of them with a slash at the end; all may where it is empty. Of these
        may those whose metadata match ``where``, as in
        ``{"author": "Ann", "date": {"$gte": "2024"}}``; it can have ``$eq $ne $gt $gte $lt $lte $in
        $nin $and $or``. Raises BadInput for a question that is empty or too long, for a history of
        another shape, for a document that is not in the index, for a ``where`` that cannot be
        understood or that no document matches, and for an index without passages.
        """
        *_, answer = self.stream(question, history, sources=sources, where=where)
        return answer

    def stream(
        self,
        question: str,
        history: History = (),
        model: Model | None = None,
        sources: Sequence[str] = (),
        where: Where | None = None,
    ) -> Generator[Answer]:
        """The answer as it grows; the last one is what ``ask`` returns.

        ``model`` writes it in place of the assistant's own. Closing the iterator stops the model.
        """
        model = model or self.model
        sources = self._checked(question, history, sources, where)
        everyday = self._everyday(question, sources)
        if everyday:
            yield everyday
            _log(everyday)
            return
        began = time.perf_counter()
        findings = self._found(question, history, None, sources, model)
        looked = time.perf_counter()
        seconds = {
            "query": looked - began - sum(findings.seconds.values()),
            **findings.seconds,
        }
        disagree = [told(part.disagree) for part in findings.parts or (findings,)]
        doubtful = findings.confidence < self.settings.sure
        asked_in = functools.partial(language_asked, question)
        foreign = self.index.warning_of(asked_in) if doubtful else ""
        with closing(self._written(findings, history, model)) as growing:
            for written in growing:
                beside = [foreign, *(() if written.refused else disagree)]
                answer = Answer(
                    question,
                    findings.query.text,
                    NO_ANSWER if written.refused else marked(written.sentences),
                    model.name if model and written.by_model else QUOTES,
                    written.sentences,
                    written.citations,
                    findings.hits,
                    findings.confidence,
                    seconds | {"write": time.perf_counter() - looked},
                    written.tokens,
                    " ".join(filter(None, (written.note, *beside))),
                    findings.query.unknown_words,
                    doubtful or written.doubtful,
                    calibrated=findings.calibrated,
                )
                yield answer
        _log(answer)

    def _everyday(self, question: str, sources: Sequence[str]) -> Answer | None:
        """The reply to a turn that is no question about what the documents say; None for one."""
        began = time.perf_counter()
        turn = recognise(question, self.index, sources)
        if turn is None:
            return None
        recognised = time.perf_counter()
        sentences, citations = reply(turn, self.index)
        if not sentences:
            return None
        among = [turn.source] if turn.source else sources
        findings = self._found(question, (), None, among, None)
        written = time.perf_counter() - recognised - sum(findings.seconds.values())
        return Answer(
            question,
            question.strip(),
            marked(sentences),
            QUOTES,
            sentences,
            citations,
            findings.hits,
            confidence=1.0,
            seconds={"query": recognised - began, **findings.seconds, "write": written},
            everyday=turn.kind.value,
        )

    def _written(
        self, findings: Findings, history: History, model: Model | None
    ) -> Generator[Reply]:
        """The answer as it is written: by a model, quote by quote, or a refusal at once.

        A model is asked unless there is next to no hope: it judges better than the reader does.
        """
        quotes = quotes_of(findings, self.settings.threshold)
        hopeful = findings.confidence >= min(WORTH_ASKING, self.settings.threshold)
        if model and hopeful:
            passages = [hit.passage for hit in findings.hits]
            text = findings.query.text
            with closing(
                generate(model, text, history, passages, quotes, self.settings)
            ) as growing:
                yield from growing
        elif quotes:
            note = left_open(findings, self.settings.threshold)
            for number in range(1, len(quotes) + 1):
                yield Reply(*quoted(quotes[:number]), note=note, by_model=False)
        else:
            yield Reply(refused=True, by_model=False)

    def find(
        self,
        question: str,
        history: History = (),
        k: int | None = None,
        sources: Sequence[str] = (),
        model: Model | None = None,
        where: Where | None = None,
    ) -> Findings:
        """What every step finds for a question; ``k`` hits, by default as the settings say.

        ``model`` may rewrite a follow-up. Raises BadInput as ``ask`` does.
        """
        among = self._checked(question, history, sources, where)
        return self._found(question, history, k, among, model)

    def _found(
        self,
        question: str,
        history: History,
        k: int | None,
        sources: Sequence[str],
        model: Model | None,
    ) -> Findings:
        """The same, of what has been checked."""
        rewrite = model.rewrite if model else None
        asked = without_everyday(history, self.index, sources)
        query = contextualize(question, asked, self.index, rewrite, sources)
        found = find(self.index, query, k)
        if query.alone and found.confidence < self.settings.sure:
            # Its pronoun may mean what all of them are about; without one, it may lean on nothing.
            alone = find(self.index, query.alone, k)
            enough = self.settings.sure if points_back(query.asked) else found.confidence
            found = alone if alone.confidence >= enough else found
        if found.query.text != found.query.asked and _repeats(found, asked):
            return replace(found, confidence=TOLD_BEFORE * found.confidence)
        return found

    def search(
        self, query: str, k: int = 10, sources: Sequence[str] = (), where: Where | None = None
    ) -> list[Hit]:
        """The ``k`` best hits, best first; the rest as for ``ask``, and BadInput as there."""
        _check_k(k)
        among = self._checked(query, (), sources, where)
        searched = contextualize(query, (), self.index, sources=among)
        hits = hits_of(self.index, searched, k)
        LOG.debug("searched for %r: %d passages", searched.text, len(hits))
        return list(hits)

    async def aask(
        self,
        question: str,
        history: History = (),
        sources: Sequence[str] = (),
        where: Where | None = None,
    ) -> Answer:
        """What ``ask`` gives, without holding up the event loop; raises as that does.

        Cancelling it stops the model, as for ``astream``.
        """
        growing = self.astream(question, history, sources=sources, where=where)
        async with aclosing(growing):
            async for answer in growing:  # noqa: B007 - the last one counts
                pass
        return answer

    def astream(
        self,
        question: str,
        history: History = (),
        model: Model | None = None,
        sources: Sequence[str] = (),
        where: Where | None = None,
    ) -> AsyncGenerator[Answer]:
        """What ``stream`` yields, without holding up the event loop.

        Closing it, or cancelling what waits for it, stops the model. A search that is under way is
        done first, in its thread, and so is a follow-up that the model puts in other words.
        """
        return each(self.stream(question, history, model, sources, where))

    async def asearch(
        self, query: str, k: int = 10, sources: Sequence[str] = (), where: Where | None = None
    ) -> list[Hit]:
        """What ``search`` gives, without holding up the event loop; raises as that does."""
        return await waited(self.search, query, k, sources, where)

    def explain(self, question: str, source: str) -> Explanation:
        """Why a document was used for a question, or which step lost it; raises BadInput."""
        return explain(self.index, self.find(question), source)

    def as_retriever(self, k: int = 8, where: Where | None = None) -> "PassageRetriever":
        """A LangChain retriever that gives the ``k`` best hits as LangChain documents.

        They are of documents that match ``where``, as for ``ask``.
        """
        # Imported where first used: LangChain takes longer to import than a question to answer.
        from askdoc.answer.langchain import PassageRetriever

        _check_k(k)
        return PassageRetriever(index=self.index, k=k, where=where)

    def sync(
        self, on_progress: OnProgress = lambda progress: None, ray: str | None = None
    ) -> SyncReport:
        """Brings the index up to date with the folder; a line for each document.

        ``ray`` is the address of a Ray cluster that reads and embeds, as ``ray.init`` takes it;
        raises BadInput where there is none.
        """
        return self.index.sync(on_progress, ray=ray)

    def catch_up(self, on_progress: OnProgress = lambda progress: None, patience: float = 1) -> str:
        """Syncs, unless another process is at it for longer or none can; then a line that says so.

        It also tells of what was not found and is kept.
        Raises IndexBusy or IndexUnavailable when there is nothing yet to answer from.
        """
        try:
            report = self.index.sync(on_progress, patience)
        except (IndexBusy, IndexUnavailable) as hindered:
            if self.index.is_empty:
                raise
            if isinstance(hindered, IndexUnavailable) and not self.index.changes():
                return ""
            return f"{hindered}; answers come from what is indexed so far"
        counts = [len(each) for each in (report.added, report.changed, report.removed, report.kept)]
        LOG.debug(
            "indexed: %d added, %d changed, %d removed, %d kept in %.3f s", *counts, report.seconds
        )
        long = report.seconds > LONG_LOOK and not any(counts[:-1])
        self._looked_until = time.monotonic() + LOOKS * report.seconds if long else 0.0
        return report.note

    def keep_up(self) -> None:
        """Catches up as before a question: of a large folder not each time.

        Where nothing had changed, and to see that took over a quarter of a second, it is taken to
        be so for ten times as long. Raises as ``catch_up``.
        """
        if time.monotonic() >= self._looked_until:
            self.catch_up()

    def _checked(
        self, question: str, history: History, sources: Sequence[str], where: Where | None
    ) -> Sequence[str]:
        """The documents that may answer, all where there are none; raises BadInput as ``ask``."""
        _check_question(question)
        _check_history(history)
        self.index.check_not_empty()
        if isinstance(sources, str):
            raise BadInput(f"sources = {sources[:80]!r}: name documents in a list")
        if len(sources) > MOST_SOURCES:
            raise BadInput(f"{len(sources):,} sources are named: name {MOST_SOURCES:,} or fewer")
        known = dict.fromkeys(report.source for report in self.index.reports()) if sources else {}
        among: dict[str, None] = {}
        for source in sources:
            folder = unicodedata.normalize("NFC", source)
            below = (
                [each for each in known if unicodedata.normalize("NFC", each).startswith(folder)]
                if source[-1:] == "/"
                else []
            )
            spelt = self.index.spelt(source)
            named = [spelt] if spelt in known else below
            if not named:
                raise BadInput(f"there is no document {source[:200]!r} in the index")
            among |= dict.fromkeys(named)
        return self.index.matching(where, list(among)) if where else list(among)

    def add(self, documents: Iterable[object]) -> list[str]:
        """Puts documents that are no files beside those of the folder, and gives their ids.

        Each is a text, a mapping with ``text`` and perhaps ``title``, ``id`` and ``metadata``, or a
        document of LangChain's. What is there under an id is replaced; without one, it is made of
        the text. The index keeps them, whatever becomes of the folder; a file that comes to have
        such an id for its name takes the place of the document. Raises BadInput, and takes none,
        where one is none of these, or its id is given twice or that of a file.
        """
        # Imported where first used, as all that reads documents: most commands read none.
        from askdoc.ingest.given import document_of

        if isinstance(documents, str | Mapping):
            raise BadInput(f"documents = {str(documents)[:80]!r}: give them in a list")
        found = [document_of(given) for given in documents]
        self.index.add(found)
        return [document.source for document in found]

    def remove(self, ids: Iterable[str]) -> None:
        """Drops documents that were added; raises BadInput, and drops none, where one was not."""
        if isinstance(ids, str):
            raise BadInput(f"ids = {ids[:80]!r}: name documents in a list")
        self.index.remove(list(ids))

    def passages(self) -> Iterator[Passage]:
        """Every passage of the index as it stands, by source; few are held in memory at a time.

        Raises IndexBusy where some may be missing, as after a sync that was stopped.
        """
        return chain.from_iterable(self.index.all_passages())

    def document(self, source: str) -> Document:
        """A document as it was indexed; raises BadInput when there is none."""
        return self.index.document(source)


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
    assistant.keep_up()
    return assistant.ask(question, history)


@functools.lru_cache(maxsize=4)
def _assistant(corpus: Path, settings: Settings) -> Assistant:
    """The assistant of a folder, kept so that a second question need not open it again."""
    return Assistant.from_folder(corpus, settings)


def _log(answer: Answer) -> None:
    """Tells developers how a question was answered; nothing above DEBUG has its words."""
    LOG.debug(
        "%r: searched for %r, %d passages, %s (%.2f) by %s; seconds: %s",
        answer.question,
        answer.query,
        len(answer.closest),
        answer.everyday or answer.certainty,
        answer.confidence,
        answer.model,
        ", ".join(f"{step} {seconds:.3f}" for step, seconds in answer.seconds.items()),
    )


def _check_question(question: str) -> None:
    if not isinstance(question, str) or not question.strip():
        raise BadInput("the question is empty: type one")
    if any("\ud800" <= sign <= "\udfff" for sign in question):
        raise BadInput("the question holds bytes that are no text: type it again")
    if len(question) > LONGEST_QUESTION:
        raise BadInput(
            f"the question has {len(question):,} characters: ask in {LONGEST_QUESTION:,} or fewer"
        )


def _repeats(findings: Findings, history: History) -> bool:
    """Whether the best sentence stands in the last answer already, which was asked on from."""
    answers = [turn["content"] for turn in history if turn["role"] == "assistant"]
    best = [" ".join(one.span.text.split()) for one in findings.evidence[:1]]
    return any(sentence in answer for sentence in best for answer in answers[-1:])


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
