"""The page in Gradio: the chat beside the open document, and the documents in a tab of their own.

Finished turns and the running one are two outputs, since Gradio sends an output whole at every
step. There is no ``gr.State``: it would hold one of the browser's six connections for every tab.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from html import escape
from typing import Any

import gradio as gr
from gradio.events import api

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.llm import Model
from askdoc.loaders import LOADERS
from askdoc.query import unknown_words
from askdoc.web import documents
from askdoc.web.export import FORMATS, exported
from askdoc.web.render import KEPT, Turn, conversation, history, restored
from askdoc.web.session import COOKIE, Sessions, connect
from askdoc.web.warmup import Warmup

LOG = logging.getLogger("askdoc.web")
KEY = "askdoc"  # Gradio puts it into the page: it hides nothing, but must be the same each time
EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
ASKING: dict[str, Any] = EVENT | {"concurrency_limit": 2, "concurrency_id": "ask"}
INDEXING: dict[str, Any] = EVENT | {"concurrency_limit": 1, "concurrency_id": "index"}
PICK = """element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button) trigger('pick', {question: button.textContent});
});"""
DELETE = """element.addEventListener('click', event => {
  const source = event.target.closest('button.delete')?.dataset.source;
  if (source && confirm(`Delete ${source} from the folder? It cannot be brought back.`))
    trigger('remove', {source});
});"""
PANEL = """<section id="document" aria-label="Open document" hidden>
<div id="divider" role="separator" tabindex="0" aria-orientation="vertical" aria-valuemin="30"
aria-valuemax="70" aria-valuenow="55" aria-label="Width of the chat"></div>
<div id="steps"><button type="button" id="previous">Previous citation</button>
<button type="button" id="next">Next citation</button>
<button type="button" id="close" aria-label="Close the document">✕</button></div>
<div id="page" tabindex="0" role="region" aria-label="Document text"></div></section>"""

ABOUT = """<p>Without a language model an answer is made of quotes. With one, the model writes it,
and askdoc checks every sentence against the passages it cites. What you ask and the passages found
go to that model. Connection and key stay in this server's memory until it ends.</p>"""
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Steps = Iterator[tuple[Any, ...]]


def build(assistant: Assistant, warmup: Warmup) -> gr.Blocks:
    """The page over one assistant, whose models the warm-up loads."""
    sessions = Sessions()
    page = gr.Blocks(title="askdoc", analytics_enabled=False, fill_width=True)
    with page:
        with gr.Row(elem_id="head"):
            gr.HTML("<h1>askdoc</h1>", js_on_load=None, apply_default_css=False)
            save = [gr.Button(f"Save as {name}", size="sm") for name in FORMATS]
            new = gr.Button("New chat", size="sm", elem_id="new")
        with gr.Tabs():
            with gr.Tab("Chat"):
                _chat(page, assistant, warmup, new, save, sessions)
            with gr.Tab("Documents") as tab:
                _documents(page, tab, assistant)
            if assistant.settings.host in LOOPBACK:  # no stranger may have this server call others
                with gr.Tab("Model"):
                    _model(page, assistant, sessions)
        api(_for_programs(assistant), api_name="ask", queue=False)
    page.queue(max_size=32)
    return page


def _for_programs(assistant: Assistant) -> Callable[[str], dict[str, Any]]:
    """What gradio_client calls as ``/ask``."""

    def ask(question: str) -> dict[str, Any]:
        """The answer, as ``askdoc ask --json`` prints it."""
        assistant.catch_up()
        try:
            return assistant.ask(question).as_dict()
        except AskdocError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return ask


def _chat(
    page: gr.Blocks,
    assistant: Assistant,
    warmup: Warmup,
    new: gr.Button,
    save: Sequence[gr.Button],
    sessions: Sessions,
) -> None:
    """The log, the question box and the open document."""

    def typed(question: str, kept: object, request: gr.Request) -> Steps:
        """Asks what stands in the box."""
        model = sessions.of(_cookie(request)).model
        stop = sessions.of(str(request.session_hash)).stop
        yield from _answering(assistant, warmup, model, stop, question, restored(kept))

    def pick(data: gr.EventData, kept: object, request: gr.Request) -> Steps:
        """Asks the example that was clicked."""
        yield from typed(str(data.question), kept, request)

    def halt(request: gr.Request) -> str:
        """Ends the answer that this tab waits for; other tabs go on."""
        sessions.of(str(request.session_hash)).stop.set()
        return "Stopping…"

    def begin(kept: object) -> Iterator[tuple[Any, Any]]:
        """The conversation that the browser kept, or a welcome at once and then its examples."""
        turns = restored(kept)
        if turns:
            yield conversation(turns), ""
            return
        yield "", _welcome(assistant)
        yield gr.skip(), _welcome(assistant) + _examples(warmup)

    def clear() -> tuple[str, str, list[object], str]:
        """An empty conversation."""
        return "", "", [], _welcome(assistant) + _examples(warmup)

    kept = gr.BrowserState([], storage_key="askdoc-conversation", secret=KEY)
    with gr.Row(elem_id="split"):
        with gr.Column(elem_id="chat"):
            with gr.Column(elem_id="log"):
                past = gr.HTML(js_on_load=None, elem_id="past", apply_default_css=False)
                live = gr.HTML(js_on_load=None, elem_id="live", apply_default_css=False)
                examples = gr.HTML(js_on_load=PICK, elem_id="start", apply_default_css=False)
            with gr.Row(elem_id="state"):
                status = gr.HTML(js_on_load=None, elem_id="status", apply_default_css=False)
                stop = gr.Button("Stop", size="sm", visible="hidden", elem_id="stop")
            box = gr.Textbox(
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
    outputs = [box, past, live, kept, status, examples, stop]
    box.submit(typed, [box, kept], outputs, **ASKING)
    examples.pick(pick, kept, outputs, **ASKING)
    for button, kind in zip(save, FORMATS.values(), strict=True):
        saved = gr.Textbox(visible="hidden")
        button.click(_saved(kind), kept, saved, **EVENT).then(
            None, saved, None, js=f"text => askdocSave('askdoc.{kind}', text)"
        )
    stop.click(halt, None, status, queue=False, **EVENT)
    new.click(clear, None, [past, live, kept, examples], **EVENT)
    page.load(begin, kept, [past, examples], concurrency_limit=None, **EVENT)


def _saved(kind: str) -> Callable[[object], str]:
    """What a button to save makes of the conversation that the browser kept."""
    return lambda kept: exported(restored(kept), kind)


def _answering(
    assistant: Assistant,
    warmup: Warmup,
    model: Model | None,
    stop: threading.Event,
    question: str,
    turns: list[Turn],
) -> Steps:
    """Box, past, live, kept, status, examples and Stop, again and again while an answer grows."""
    stop.clear()
    turn = Turn(question=question)

    def live() -> str:
        return conversation([turn], len(turns))

    told = "Searching…" if warmup.done else "Warming up: the first answer takes some seconds…"
    empty = gr.update(value="", interactive=False)
    yield empty, conversation(turns), live(), gr.skip(), told, "", gr.update(visible=True)
    try:
        warmup.wait()
        for told in documents.syncing(assistant):
            yield *[gr.skip()] * 4, escape(told), gr.skip(), gr.skip()
        with closing(assistant.stream(question, history(turns), model)) as answers:
            for answer in answers:
                unknown = () if answer.answered else unknown_words(answer.query, assistant.index)
                turn = Turn.of(answer, unknown)
                if stop.is_set():
                    turn.note = "Stopped."
                    break
                yield gr.skip(), gr.skip(), live(), *[gr.skip()] * 4
    except Exception as error:  # noqa: BLE001 - the page must not stay locked
        turn = Turn(question=question[:500], error=_words(error))
    keep = [finished.model_dump() for finished in [*turns, turn][-KEPT:]]
    free, gone = gr.update(interactive=True), gr.update(visible="hidden")
    yield free, gr.skip(), live(), keep, "Answer ready", gr.skip(), gone


def _documents(page: gr.Blocks, tab: gr.Tab, assistant: Assistant) -> None:
    """The report, and what changes the folder."""

    def after(act: Callable[[], object]) -> Steps:
        """Status, banner and report, while an act and the sync after it go on."""
        told = ""
        try:
            act()
            for told in documents.syncing(assistant):
                yield escape(told), gr.skip(), gr.skip()
            told = escape(told) if assistant.index.changes() else "The index is up to date."
        except Exception as error:  # noqa: BLE001 - the page must not stay silent
            told = f'<span class="error" role="alert">{escape(_words(error))}</span>'
        yield told, documents.banner(assistant), documents.report(assistant)

    def sync() -> Steps:
        """Brings the index up to date."""
        yield from after(lambda: None)

    def upload(paths: list[str] | None) -> Steps:
        """Takes files into the corpus."""
        yield from after(lambda: documents.upload(assistant, paths or []))

    def remove(data: gr.EventData) -> Steps:
        """Deletes the file whose button was clicked."""
        yield from after(lambda: documents.delete(assistant, str(data.source)))

    def show() -> tuple[str, str]:
        """Banner and report."""
        return documents.banner(assistant), documents.report(assistant)

    banner = gr.HTML(js_on_load=None, apply_default_css=False)
    files = gr.File(
        label="Add documents: drop files here or click",
        file_count="multiple",
        file_types=list(LOADERS),
        height=140,
        visible=not assistant.settings.read_only,
        elem_id="upload",
    )
    with gr.Row(elem_id="sync"):
        button = gr.Button("Sync now", size="sm")
        status = gr.HTML(js_on_load=None, elem_id="syncing", apply_default_css=False)
    report = gr.HTML(js_on_load=DELETE, elem_id="report", apply_default_css=False)
    outputs = [status, banner, report]
    button.click(sync, None, outputs, **INDEXING)
    files.upload(upload, files, outputs, **INDEXING).then(lambda: None, None, files, **EVENT)
    report.remove(remove, None, outputs, **INDEXING)
    tab.select(show, None, [banner, report], **EVENT)
    page.load(show, None, [banner, report], **EVENT)


def _model(page: gr.Blocks, assistant: Assistant, sessions: Sessions) -> None:
    """Which language model writes the answers in this browser."""

    def use(name: str, address: str, key: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """The key's box, emptied, and what came of the test."""
        yield gr.skip(), "Trying…"
        try:
            session = sessions.of(_cookie(request))
            session.model, told = connect(assistant.settings, name, address, key)
            yield "", f"{escape(told)}. It writes the answers from now on."
        except Exception as error:  # noqa: BLE001 - the page must not stay silent
            yield "", f'<span class="error" role="alert">{escape(_words(error))}</span>'

    def leave(request: gr.Request) -> str:
        """Back to what the settings name."""
        sessions.of(_cookie(request)).model = None
        return _writer(assistant, None)

    def show(request: gr.Request) -> str:
        """Who writes."""
        return _writer(assistant, sessions.of(_cookie(request)).model)

    gr.HTML(ABOUT, js_on_load=None, apply_default_css=False)
    name = gr.Textbox(label="Model", placeholder="ollama:llama3.2", elem_id="model")
    address = gr.Textbox(
        label="Address of its server, where it is not the provider's own",
        placeholder="http://127.0.0.1:8080/v1",
        elem_id="address",
    )
    key = gr.Textbox(label="Key, where it needs one", type="password", elem_id="key")
    with gr.Row(elem_id="connect"):
        button = gr.Button("Test and use", size="sm", elem_id="use")
        back = gr.Button("Disconnect", size="sm", elem_id="leave")
    status = gr.HTML(js_on_load=None, elem_id="connected", apply_default_css=False)
    button.click(use, [name, address, key], [key, status], **ASKING)
    back.click(leave, None, status, **EVENT)
    page.load(show, None, status, **EVENT)


def _writer(assistant: Assistant, model: Model | None) -> str:
    """Who writes the answers, in words."""
    model = model or assistant.model
    return f"{escape(model.name)} writes the answers." if model else "Answers are quotes."


def _cookie(request: gr.Request) -> str:
    """What tells one browser from another."""
    return str(request.cookies.get(COOKIE) or request.session_hash)


def _words(error: Exception) -> str:
    """An error for a person to read; one that is not ours also goes to the log, whole."""
    if isinstance(error, AskdocError):
        return str(error)
    LOG.error("unexpected", exc_info=error)
    return f"askdoc failed, please report this: {type(error).__name__}: {error}"[:300]


def _welcome(assistant: Assistant) -> str:
    """What an empty conversation shows: what this is."""
    read = sum(reading.status == "read" for reading in assistant.index.readings())
    return (
        f"<p>Ask about the {read} documents in <b>{escape(str(assistant.settings.corpus))}</b>. "
        "Each sentence of an answer carries a number: click it to see the words it rests on, "
        "in their document.</p>"
    )


def _examples(warmup: Warmup) -> str:
    """Questions to begin with, once the models that have tried them are loaded."""
    try:
        warmup.wait()
    except AskdocError as error:
        return f'<p class="error" role="alert">{escape(str(error))}</p>'
    return "".join(
        f'<button type="button" class="example">{escape(question)}</button>'
        for question in warmup.examples
    )
