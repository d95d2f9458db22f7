"""The chat tab: the conversation, the question box, and the open document beside them.

Finished turns and the running one are two outputs, since Gradio sends an output whole at every
step. There is no ``gr.State``: it would hold one of the browser's six connections for every tab.
What is said stays in the browser: a hidden box carries it, as JSON, and our script keeps it.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from html import escape
from typing import Any

import gradio as gr

from askdoc.answer.model import Model
from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.types import Status
from askdoc.web import documents
from askdoc.web.events import ASKING, EVENT, Steps, cookie_of, in_words
from askdoc.web.export import FORMATS, exported
from askdoc.web.render import conversation
from askdoc.web.session import Sessions
from askdoc.web.turns import KEPT, Turn, dumped, history, restored
from askdoc.web.warmup import Warmup

PICK = """element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button) trigger('pick', {question: button.textContent});
});"""
# Our own script says which conversation was chosen; what is in it comes from the browser.
ACTS = """element.addEventListener('askdoc-open',
  event => trigger('open', {turns: event.detail}));
element.addEventListener('click', event => {
  const button = event.target.closest('#new, [data-kind]');
  if (button?.dataset.kind) trigger('save', {kind: button.dataset.kind});
  else if (button) { askdoc.fresh(); trigger('fresh'); }
});"""
SAVE = "".join(
    f'<li><button type="button" data-kind="{kind}">Save as {name}</button></li>'
    for name, kind in FORMATS.items()
)
HEAD = f"""<h1>askdoc</h1>
<details class="menu" id="conversations"><summary>Conversations</summary>
<ul aria-label="Conversations"></ul></details>
<details class="menu"><summary>Save</summary><ul>{SAVE}</ul></details>
<button type="button" id="new">New chat</button>"""
PANEL = """<section id="document" aria-label="Open document" hidden>
<div id="divider" role="separator" tabindex="0" aria-orientation="vertical" aria-valuemin="30"
aria-valuemax="70" aria-valuenow="55" aria-label="Width of the chat"></div>
<div id="steps"><button type="button" id="previous" aria-label="Previous citation">Previous</button>
<button type="button" id="next" aria-label="Next citation">Next</button>
<button type="button" id="close" aria-label="Close the document">✕</button></div>
<div id="page" tabindex="0" role="region" aria-label="Document text"></div></section>"""


class Chat:
    """The tab's components, which other tabs also change."""

    def __init__(self, assistant: Assistant, warmup: Warmup, sessions: Sessions) -> None:
        self._assistant = assistant
        self._warmup = warmup
        self._sessions = sessions

    def head(self) -> None:
        """What stands above all tabs."""
        self.acts = gr.HTML(HEAD, js_on_load=ACTS, elem_id="head", apply_default_css=False)

    def tab(self, page: gr.Blocks) -> None:
        """The log, the question box and the open document, and all that happens to them."""
        self.kept = gr.Textbox("[]", visible="hidden", elem_id="kept")
        with gr.Row(elem_id="split"):
            with gr.Column(elem_id="chat"):
                with gr.Column(elem_id="log"):
                    self.past = _html(elem_id="past")
                    self.live = _html(elem_id="live")
                    self.start = _html(elem_id="start", js_on_load=PICK)
                with gr.Row(elem_id="state"):
                    self.status = _html(elem_id="status")
                    self.stop = gr.Button("Stop", size="sm", visible="hidden", elem_id="stop")
                self.only = gr.Dropdown(
                    [],
                    multiselect=True,
                    allow_custom_value=True,  # what is none of the corpus is told by the assistant
                    label="Ask only these documents",
                    elem_id="only",
                )
                self.box = gr.Textbox(
                    placeholder="Ask about the documents",
                    label="Question",
                    submit_btn="Ask",
                    lines=1,
                    max_lines=6,
                    autofocus=True,
                    elem_id="box",
                )
            with gr.Column(elem_id="side"):
                gr.HTML(PANEL, js_on_load=None, apply_default_css=False)
        self._asking()
        self._conversations(page)

    def _asking(self) -> None:
        """A question asked, stopped, saved."""

        def typed(question: str, kept: str, only: list[str], request: gr.Request) -> Steps:
            """Asks what stands in the box."""
            model = self._sessions.of(cookie_of(request)).model
            stop = self._sessions.of(str(request.session_hash)).stop
            yield from self._answering(question, restored(kept), only or [], model, stop)

        def pick(data: gr.EventData, kept: str, only: list[str], request: gr.Request) -> Steps:
            """Asks the example that was clicked."""
            yield from typed(str(data.question), kept, only, request)

        def halt(request: gr.Request) -> str:
            """Ends the answer that this tab waits for; other tabs go on."""
            self._sessions.of(str(request.session_hash)).stop.set()
            return "Stopping…"

        given = [self.kept, self.only]
        outputs = [
            self.box, self.past, self.live, self.kept, self.status, self.start, self.stop,
        ]  # fmt: skip
        for event in (
            self.box.submit(typed, [self.box, *given], outputs, **ASKING),
            self.start.pick(pick, given, outputs, **ASKING),
        ):
            event.then(None, self.kept, None, js="turns => askdoc.keep(turns)")
            # Not before: Gradio passes over a question that comes while it ends the one before.
            event.then(_free, None, [self.box, self.stop], queue=False, **EVENT).then(
                None, None, None, js="() => askdoc.typeOn()"
            )
        self.stop.click(halt, None, self.status, queue=False, **EVENT)
        # Asked for each time, since documents come and go while the page is open.
        self.only.focus(
            lambda: gr.update(choices=self._readable()), None, self.only, queue=False, **EVENT
        )
        name, text = gr.Textbox(visible="hidden"), gr.Textbox(visible="hidden")
        self.acts.save(_saved, self.kept, [name, text], **EVENT).then(
            None, [name, text], None, js="(name, text) => askdoc.save(name, text)"
        )

    def _conversations(self, page: gr.Blocks) -> None:
        """The conversation that this tab had, another one, or a new one."""

        def begin(kept: str) -> Iterator[tuple[Any, ...]]:
            """What the browser kept, or a welcome at once and then its examples."""
            turns = restored(kept)
            if turns:
                yield conversation(turns), "", kept, ""
                return
            yield "", "", "[]", self._welcome()
            yield *[gr.skip()] * 3, self._welcome() + self._examples()

        def another(data: gr.EventData) -> tuple[Any, ...]:
            """The conversation that was chosen."""
            turns = restored(str(data.turns))
            return conversation(turns), "", dumped(turns), "", ""

        def clear() -> tuple[Any, ...]:
            """An empty conversation."""
            return "", "", "[]", "", self._welcome() + self._examples()

        shown = [self.past, self.live, self.kept]
        self.acts.open(another, None, [*shown, self.status, self.start], **EVENT)
        self.acts.fresh(clear, None, [*shown, self.status, self.start], **EVENT)
        page.load(
            begin,
            self.kept,
            [*shown, self.start],
            js="() => askdoc.restored()",
            concurrency_limit=None,
            **EVENT,
        )

    def _answering(
        self,
        question: str,
        turns: list[Turn],
        sources: Sequence[str],
        model: Model | None,
        stop: threading.Event,
    ) -> Steps:
        """Box, past, live, kept, status, start and Stop, again and again while an answer grows."""
        stop.clear()
        turns = turns[1 - KEPT :]  # so that the new one has its number among those kept
        turn = Turn(question=question, sources=list(sources))

        def live() -> str:
            return conversation([turn], len(turns))

        ready = self._warmup.done
        told = "Searching…" if ready else "Warming up: the first answer takes some seconds…"
        empty = gr.update(value="", interactive=False)
        yield empty, conversation(turns), live(), gr.skip(), told, "", gr.update(visible=True)
        try:
            self._warmup.wait()
            for told in documents.syncing(self._assistant):
                yield *[gr.skip()] * 4, escape(told), gr.skip(), gr.skip()
            answers = self._assistant.stream(question, history(turns), model, sources)
            with closing(answers):
                for answer in answers:
                    turn = Turn.of(answer, sources)
                    if stop.is_set():
                        turn.note = "Stopped."
                        break
                    yield gr.skip(), gr.skip(), live(), *[gr.skip()] * 4
        except Exception as error:  # noqa: BLE001 - the page must not stay locked
            turn = Turn(question=question[:500], error=in_words(error))
        keep = dumped([*turns, turn])
        yield gr.skip(), gr.skip(), live(), keep, "Answer ready", gr.skip(), gr.skip()

    def _readable(self) -> list[str]:
        """The documents that a question can be kept to."""
        reports = self._assistant.index.reports()
        return [file_report.source for file_report in reports if file_report.status is Status.READ]

    def _welcome(self) -> str:
        """What an empty conversation shows: what this is."""
        corpus = escape(str(self._assistant.settings.corpus))
        count = len(self._readable())  # not known before a new folder is indexed
        documents = {0: "documents", 1: "one document"}.get(count, f"{count} documents")
        return (
            f"<p>Ask about the {documents} in <b>{corpus}</b>. "
            "Each sentence of an answer carries a number: click it to see the words it rests on, "
            "in their document.</p>"
        )

    def _examples(self) -> str:
        """Questions to begin with, once the models that have tried them are loaded."""
        try:
            self._warmup.wait()
        except AskdocError as error:
            return f'<p class="error" role="alert">{escape(str(error))}</p>'
        return "".join(
            f'<button type="button" class="example">{escape(question)}</button>'
            for question in self._warmup.examples
        )


def _html(elem_id: str, js_on_load: str | None = None) -> gr.HTML:
    """An empty place for HTML of ours."""
    return gr.HTML(elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)


def _free() -> tuple[Any, ...]:
    """The question box, open for the next question, and no Stop."""
    return gr.update(interactive=True), gr.update(visible="hidden")


def _saved(data: gr.EventData, kept: str) -> tuple[str, str]:
    """The name and the text of the file that keeps the conversation."""
    kind = str(data.kind)
    return f"askdoc.{kind}", exported(restored(kept), kind)
