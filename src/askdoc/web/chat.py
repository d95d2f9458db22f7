"""The chat tab: the conversation, the question box, and the open document beside them.

Finished turns and the running one are two outputs, since Gradio sends an output whole at every
step. There is no ``gr.State``: it would hold one of the browser's six connections for every tab.
What is said stays in the browser: a hidden box carries it, as JSON, and our script keeps it.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import gradio as gr

from askdoc.assistant import Assistant
from askdoc.ingest.files import LOADERS
from askdoc.types import Status
from askdoc.web import documents
from askdoc.web.answering import Answering, Shown
from askdoc.web.events import (
    ASKING,
    CLICKS,
    EVENT,
    INDEXING,
    LEADING,
    Steps,
    cookie_of,
    html,
    line,
)
from askdoc.web.export import FORMATS, exported
from askdoc.web.indexing import Indexing
from askdoc.web.render import conversation
from askdoc.web.session import Sessions
from askdoc.web.start import Start
from askdoc.web.templating import render
from askdoc.web.turns import Turn, dumped, restored
from askdoc.web.warmup import Warmup


class Chat:
    """The tab's components, which other tabs also change."""

    def __init__(
        self,
        assistant: Assistant,
        warmup: Warmup,
        sessions: Sessions,
        indexing: Indexing | None = None,
    ) -> None:
        self._assistant = assistant
        self._sessions = sessions
        self._answering = Answering(assistant, warmup, indexing)
        self._start = Start(assistant, warmup)

    def head(self, corpora: Mapping[str, bool]) -> None:
        """What stands above all tabs; of several corpora one can be chosen there."""
        told = render("head", formats=FORMATS, corpora=corpora)
        self.acts = html(told, "head", CLICKS)

    def tab(self, page: gr.Blocks) -> None:
        """The log, the question box and the open document, and all that happens to them."""
        self.kept = gr.Textbox("[]", visible="hidden", elem_id="kept")
        with gr.Row(elem_id="split"):
            with gr.Column(elem_id="chat"):
                with gr.Column(elem_id="log"):
                    self.past = html(elem_id="past", js=CLICKS)
                    self.live = html(elem_id="live", js=CLICKS)
                    self.next = html(elem_id="next", js=CLICKS)
                    self.start = html(elem_id="start", js=CLICKS)
                with gr.Row(elem_id="state"):
                    self.status = html(elem_id="status")
                    self.stop = gr.Button("Stop", size="sm", visible="hidden", elem_id="stop")
                self.only = gr.Dropdown(
                    [],
                    multiselect=True,
                    allow_custom_value=True,  # what is none of the corpus is told by the assistant
                    label="Ask only these documents or folders",
                    elem_id="only",
                )
                self.box = gr.Textbox(
                    placeholder="Ask about the documents",
                    label="Question",
                    submit_btn="Ask",
                    lines=1,
                    max_lines=6,
                    interactive=False,  # until the page is what the browser kept
                    elem_id="box",
                )
                self.dropped = gr.File(
                    file_count="multiple",
                    file_types=list(LOADERS),
                    label="Dropped on the chat",
                    visible="hidden",
                    elem_id="dropped",
                )
            with gr.Column(elem_id="side"):
                html(render("panel"))
        self.opened = [self.past, self.live, self.kept, self.status, self.start, self.next]
        self.opened.append(self.only)
        self._asking()
        self._taking()
        self._saving()
        self._conversations(page)

    def _asking(self) -> None:
        """A question typed or picked, stopped, and kept to some documents."""

        def typed(question: str, kept: str, only: list[str], request: gr.Request) -> Steps:
            """Asks what stands in the box, if anything does."""
            if not question.strip():
                yield {self.box: ""}
                return
            model = self._sessions.of(cookie_of(request)).model
            stop = self._sessions.of(str(request.session_hash)).stop
            for step in self._answering.steps(question, restored(kept), only or [], model, stop):
                yield self._named(step)

        def pick(data: gr.EventData, kept: str, only: list[str], request: gr.Request) -> Steps:
            """Asks the question that was clicked: an example, or one that was asked before."""
            yield from typed(str(data.question), kept, only, request)

        def everywhere(data: gr.EventData, kept: str, request: gr.Request) -> Steps:
            """Asks again what some documents did not answer, of all documents."""
            for step in typed(str(data.question), kept, [], request):
                yield step | {self.only: []}

        def halt(request: gr.Request) -> str:
            """Ends the answer that this tab waits for; other tabs go on."""
            self._sessions.of(str(request.session_hash)).stop.set()
            return "Stopping…"

        inputs = [self.kept, self.only]
        outputs = [self.box, self.past, self.live, self.kept, self.status, self.start]
        outputs += [self.stop, self.next]
        clickable = (self.start, self.past, self.live, self.next)
        leading = []
        for event in (
            self.box.submit(typed, [self.box, *inputs], outputs, **ASKING),
            *(place.pick(pick, inputs, outputs, **ASKING) for place in clickable),
            *(
                place.everywhere(everywhere, self.kept, [*outputs, self.only], **ASKING)
                for place in (self.past, self.live)
            ),
        ):
            event.then(None, self.kept, None, js="turns => askdoc.keep(turns)")
            # Not before: Gradio passes over a question that comes while it ends the one before.
            event = event.then(self._free, None, [self.box, self.stop], queue=False, **EVENT)
            event = event.then(None, None, None, js="() => askdoc.typeOn()")
            leading.append(event.then(self._answering.lead_on, self.kept, self.next, **LEADING))
        for asking in (self.box.submit, *(place.pick for place in clickable)):
            asking(None, cancels=leading, queue=False, **EVENT)
        self.stop.click(halt, None, self.status, queue=False, **EVENT)
        # Asked for each time, since documents come and go while the page is open.
        self.only.focus(
            lambda: gr.update(choices=self._choices()), None, self.only, queue=False, **EVENT
        )

    def _taking(self) -> None:
        """Files that are dropped on the chat: the next questions are kept to them."""

        def take(paths: list[str] | None) -> Steps:
            """Takes files into the corpus, and tells how far they are read."""
            taken: list[str] = []

            def act() -> None:
                taken.extend(documents.upload(self._assistant, paths or []))

            for told in documents.changing(self._assistant, act):
                yield {self.status: told}
            read = [source for source in taken if source in self._readable()]
            if read:
                end = line(f"{len(read)} of {len(taken)} files are read: ask about them.")
                yield {self.status: end, self.only: gr.update(value=read)}

        self.dropped.upload(take, self.dropped, [self.status, self.only], **INDEXING).then(
            lambda: None, None, self.dropped, **EVENT
        )

    def _saving(self) -> None:
        """The conversation as a file."""

        def save(data: gr.EventData, kept: str) -> tuple[str, str]:
            """The file's name and text."""
            kind = str(data.kind)
            return f"askdoc.{kind}", exported(restored(kept), kind)

        name, text = gr.Textbox(visible="hidden"), gr.Textbox(visible="hidden")
        self.acts.save(save, self.kept, [name, text], **EVENT).then(
            None, [name, text], None, js="(name, text) => askdoc.save(name, text)"
        )

    def _conversations(self, page: gr.Blocks) -> None:
        """The conversation that this tab had, another one, or a new one."""

        def begin(kept: str) -> dict[Any, Any]:
            """What the browser kept, or a welcome; before it is there, nothing can be asked.

            Else a question that is typed at once would be wiped out by it.
            """
            turns = restored(kept)
            start = {} if turns else {self.start: self._start.welcome()}
            return self._opened(turns) | start | {self.box: gr.update(interactive=True)}

        def examples(kept: str) -> str:
            """The welcome with what there is to ask, which takes the models some seconds."""
            return "" if restored(kept) else self._start.welcome(told=True)

        def another(data: gr.EventData) -> dict[Any, Any]:
            """The conversation that was chosen."""
            turns = restored(str(data.turns))
            only = list(turns[-1].sources) if turns else []  # each conversation has its own
            return self._opened(turns) | {self.only: gr.update(value=only)}

        def clear() -> dict[Any, Any]:
            """An empty conversation."""
            return self._opened([]) | {self.start: self._start.welcome(), self.only: []}

        self.acts.open(another, None, self.opened, **EVENT).then(
            None, None, None, js="() => askdoc.arrived()"
        )
        # In two steps, like the first page: what is asked meanwhile must not be wiped out.
        fresh = self.acts.fresh(clear, None, self.opened, **EVENT)
        restore = "() => askdoc.restored()"
        alone: dict[str, Any] = EVENT | {"concurrency_limit": 8}  # each holds a thread
        fresh.then(None, None, None, js="() => askdoc.arrived()").then(
            examples, self.kept, self.start, **alone
        )
        page.load(begin, self.kept, [self.box, *self.opened], js=restore, **alone).then(
            None, None, None, js="() => askdoc.typeOn()"
        ).then(None, None, None, js="() => askdoc.arrived()").then(
            examples, self.kept, self.start, **alone
        )

    def kept_to(self, sources: list[str]) -> dict[Any, Any]:
        """An empty conversation that is kept to some documents, and begins with their outlines."""
        return self._opened([]) | {self.start: self._start.of(sources), self.only: sources}

    def _named(self, shown: Shown) -> dict[Any, Any]:
        """The components that have these names, with their values."""
        return {getattr(self, name): value for name, value in shown.items()}

    def _opened(self, turns: list[Turn]) -> dict[Any, Any]:
        """The page with these turns."""
        return {
            self.past: conversation(turns),
            self.live: "",
            self.kept: dumped(turns),
            self.status: "",
            self.start: "",
            self.next: "",
        }

    def _free(self) -> dict[Any, Any]:
        """The question box, open for the next question, and no Stop."""
        return {self.box: gr.update(interactive=True), self.stop: gr.update(visible="hidden")}

    def _choices(self) -> list[str]:
        """What a question can be kept to: each folder, and below it its documents."""
        sources = self._readable()
        files = set(sources) - self._assistant.index.given()
        above = {parent for source in files for parent in PurePosixPath(source).parents}
        folders = (f"{folder}/" for folder in above if folder.name)
        return sorted([*folders, *sources])

    def _readable(self) -> list[str]:
        """The documents that can be asked."""
        files = self._assistant.index.reports()
        return [file.source for file in files if file.status is Status.READ]
