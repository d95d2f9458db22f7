"""What changes on the page while a question is answered, and what it offers to ask after."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import gradio as gr

from askdoc.answer.citation import cite
from askdoc.answer.model import Model
from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.index.dense import cosine
from askdoc.ingest.dates import date_of
from askdoc.types import Answer, BlockKind, Citation, Passage
from askdoc.web import documents
from askdoc.web.events import in_words, line
from askdoc.web.indexing import Indexing
from askdoc.web.render import conversation
from askdoc.web.suggestions import after
from askdoc.web.templating import render
from askdoc.web.turns import KEPT, STOPPED, Turn, dumped, history, restored
from askdoc.web.warmup import Warmup

Shown = dict[str, Any]
"""New values of the chat's components, by their names there."""


class Answering:
    """Answers the questions of all tabs."""

    def __init__(
        self, assistant: Assistant, warmup: Warmup, indexing: Indexing | None = None
    ) -> None:
        self._assistant = assistant
        self._warmup = warmup
        self._indexing = indexing
        self._going_on: set[object] = set()  # a mark for each question that is being answered

    def steps(
        self,
        question: str,
        turns: list[Turn],
        sources: Sequence[str],
        model: Model | None,
        stop: threading.Event,
    ) -> Iterator[Shown]:
        """All that changes while a question is answered that follows some turns."""
        stop.clear()
        turns = turns[1 - KEPT :]  # so that the new one has its number among those kept
        turn = Turn(question=question, sources=tuple(sources))
        slow = "" if self._warmup.done else "Warming up: the first answer takes some seconds…"
        yield {
            "box": gr.update(value="", interactive=False),
            "past": conversation(turns),
            "live": conversation([turn], len(turns)),
            "status": slow or "Searching…",
            "start": "",
            "next": "",
            "stop": gr.update(visible=True),
        }
        mark = object()
        self._going_on.add(mark)
        try:
            self._warmup.wait()
            if not self._indexing or self._indexing.done:  # else it is told in a line of its own
                for step in documents.syncing(self._assistant):
                    yield {"status": line(step)}
            answers = self._assistant.stream(question, history(turns), model, sources)
            with closing(answers):
                for answer in answers:
                    stopped = stop.is_set()
                    turn = Turn.of(replace(answer, note=STOPPED) if stopped else answer, sources)
                    if stopped:
                        break
                    yield {"live": conversation([turn], len(turns))}
            turn = turn.model_copy(update=self._beside(answer))
        except Exception as error:  # noqa: BLE001 - the page must not stay locked
            turn = Turn(question=question[:500], error=in_words(error))
        finally:
            self._going_on.discard(mark)
        yield {
            "live": conversation([turn], len(turns)),
            "kept": dumped([*turns, turn]),
            "status": "Answer ready",
        }

    def _beside(self, answer: Answer) -> dict[str, Any]:
        """What the page tells beside a finished answer, as the fields of its turn."""
        about = {}
        for source in {place.source for place in answer.citations}:
            document = self._assistant.document(source)
            told = date_of(document)
            day = str(told) if told else documents.day(self._assistant.index.modified(source))
            about[source] = ", ".join(filter(None, (day, document.remark)))
        nearest = {
            number: self._nearest(sentence.text, answer)
            for number, sentence in enumerate(answer.sentences)
            if sentence.problems
        }
        room = self._assistant.settings.llm_tokens if answer.tokens else 0
        return {"about": about, "nearest": nearest, "room": room}

    def _nearest(self, text: str, answer: Answer) -> Citation:
        """The passage of those that were found which is nearest to a text; no bare heading."""
        index = self._assistant.index
        asked = index.embedder.embed_query(text)
        found = index.vectors([hit.passage for hit in answer.closest])
        passage, _ = max(found, key=lambda pair: (not _is_heading(pair[0]), cosine(asked, pair[1])))
        return cite(1, passage)

    def lead_on(self, kept: str) -> str:
        """Questions that lead on from the last answer, as HTML; none while another is asked."""
        *before, turn = restored(kept) or [Turn(question="")]
        if not turn.answer or not turn.answer.citations:
            return ""
        asked = [each.question for each in (*before, turn)]
        try:  # a question that somebody has asked comes first
            questions = after(
                self._warmup.assistant, turn.answer, asked, lambda: not self._going_on
            )
            return render("next", questions=questions)
        except AskdocError:  # as of a document that has just gone: the answer is what counts
            return ""


def _is_heading(passage: Passage) -> bool:
    """Whether a passage is a heading that nothing follows."""
    block = passage.document.block_at(passage.start)
    return bool(block and block.kind is BlockKind.HEADING)
