"""The page in Gradio: the chat beside the open document, and the documents in a tab of their own.

Finished turns and the running one are two outputs, since Gradio sends an output whole at every
step. There is no ``gr.State``: it would hold one of the browser's six connections for every tab.
"""

import logging
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import gradio as gr

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.loaders import LOADERS
from askdoc.web import documents
from askdoc.web.render import KEPT, Turn, conversation, history, restored
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
<button type="button" id="close" aria-label="Close the document">✕</button>
<div id="page" tabindex="0" role="region" aria-label="Document text"></div></section>"""

Steps = Iterator[tuple[Any, ...]]


def build(assistant: Assistant, warmup: Warmup) -> gr.Blocks:
    """The page over one assistant, whose models the warm-up loads."""
    page = gr.Blocks(title="askdoc", analytics_enabled=False, fill_width=True)
    with page:
        with gr.Row(elem_id="head"):
            gr.HTML("<h1>askdoc</h1>", js_on_load=None, apply_default_css=False)
            new = gr.Button("New chat", size="sm", elem_id="new")
        with gr.Tabs():
            with gr.Tab("Chat"):
                _chat(page, assistant, warmup, new)
            with gr.Tab("Documents") as tab:
                _documents(page, tab, assistant)
    page.queue(max_size=32)
    return page


def _chat(page: gr.Blocks, assistant: Assistant, warmup: Warmup, new: gr.Button) -> None:
    """The log, the question box and the open document."""

    def ask(question: str, kept: object) -> Steps:
        """Box, past, live, kept, status and examples, again and again while an answer grows."""
        turns = restored(kept)
        turn = Turn(question=question)

        def live() -> str:
            return conversation([turn], len(turns))

        told = "Searching…" if warmup.done else "Warming up: the first answer takes some seconds…"
        empty = gr.update(value="", interactive=False)
        yield empty, conversation(turns), live(), gr.skip(), told, ""
        try:
            warmup.wait()
            for told in documents.syncing(assistant):
                yield *[gr.skip()] * 4, escape(told), gr.skip()
            for answer in assistant.stream(question, history(turns)):
                turn = Turn.of(answer)
                yield gr.skip(), gr.skip(), live(), gr.skip(), gr.skip(), gr.skip()
        except Exception as error:  # noqa: BLE001 - the page must not stay locked
            turn = Turn(question=question[:500], error=_words(error))
        keep = [finished.model_dump() for finished in [*turns, turn][-KEPT:]]
        yield gr.update(interactive=True), gr.skip(), live(), keep, "Answer ready", gr.skip()

    def pick(data: gr.EventData, kept: object) -> Steps:
        """Asks the example that was clicked."""
        yield from ask(str(data.question), kept)

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
            status = gr.HTML(js_on_load=None, elem_id="status", apply_default_css=False)
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
    outputs = [box, past, live, kept, status, examples]
    box.submit(ask, [box, kept], outputs, **ASKING)
    examples.pick(pick, kept, outputs, **ASKING)
    new.click(clear, None, [past, live, kept, examples], **EVENT)
    page.load(begin, kept, [past, examples], concurrency_limit=None, **EVENT)


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
