"""The page in Gradio: the chat, the documents and the model, a tab each."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.events import api

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.ingest.files import LOADERS
from askdoc.web import documents
from askdoc.web.api import answer_to
from askdoc.web.chat import Chat
from askdoc.web.events import ASKING, CLICKS, EVENT, INDEXING, Steps, cookie_of, failed, html, line
from askdoc.web.session import LOOPBACK, Sessions, try_out
from askdoc.web.templating import render
from askdoc.web.warmup import Warmup

PATIENCE = 60  # seconds: what was deleted must not answer when this page has said that it is gone


def build(assistant: Assistant, warmup: Warmup) -> gr.Blocks:
    """The page over one assistant, whose models the warm-up loads."""

    def ask(question: str) -> dict[str, Any]:
        """The answer, as ``askdoc ask --json`` prints it: what gradio_client calls."""
        try:
            return answer_to(assistant, question)
        except AskdocError as error:
            raise gr.Error(str(error), print_exception=False) from error

    sessions = Sessions()
    chat = Chat(assistant, warmup, sessions)
    page = gr.Blocks(title="askdoc", analytics_enabled=False, fill_width=True)
    with page:
        chat.head()
        with gr.Tabs():
            with gr.Tab("Chat"):
                chat.tab(page)
            with gr.Tab("Documents") as tab:
                _documents(page, tab, assistant, chat)
            if assistant.settings.host in LOOPBACK:  # no stranger may have this server call others
                with gr.Tab("Model"):
                    _model(page, assistant, sessions)
        api(ask, api_name="ask", queue=False)
    page.queue(max_size=32)
    return page


def _documents(page: gr.Blocks, tab: gr.Tab, assistant: Assistant, chat: Chat) -> None:
    """The report, and what changes the folder."""

    def show() -> dict[Any, Any]:
        """Banner and report."""
        return {banner: documents.banner(assistant), report: documents.report(assistant)}

    def after(act: Callable[[], object]) -> Steps:
        """Status, banner and report, while an act and the sync after it go on."""
        step = ""
        try:
            act()
            for step in documents.syncing(assistant, PATIENCE):
                yield {status: line(step)}
            end = line(step if assistant.index.changes() else "The index is up to date.")
        except Exception as error:  # noqa: BLE001 - the page must not stay silent
            end = failed(error)
        yield {status: end} | show()

    def sync() -> Steps:
        """Brings the index up to date."""
        yield from after(lambda: None)

    def upload(paths: list[str] | None) -> Steps:
        """Takes files into the corpus."""
        yield from after(lambda: documents.upload(assistant, paths or []))

    def remove(data: gr.EventData) -> Steps:
        """Deletes the files that were clicked or chosen."""
        yield from after(lambda: documents.delete(assistant, documents.named(str(data.sources))))

    def only(data: gr.EventData) -> list[str]:
        """Keeps the next questions to the documents that were clicked or chosen."""
        return documents.named(str(data.sources))

    banner = html()
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
        status = html(elem_id="syncing")
    report = html(elem_id="report", js=CLICKS)
    outputs = [status, banner, report]
    button.click(sync, None, outputs, **INDEXING)
    files.upload(upload, files, outputs, **INDEXING).then(lambda: None, None, files, **EVENT)
    report.remove(remove, None, outputs, **INDEXING)
    report.only(only, None, chat.only, **EVENT).then(None, js="() => askdoc.toChat()")
    tab.select(show, None, outputs, **EVENT)
    page.load(show, None, outputs, **EVENT)


def _model(page: gr.Blocks, assistant: Assistant, sessions: Sessions) -> None:
    """Which language model writes the answers in this browser."""

    def use(name: str, address: str, key: str, request: gr.Request) -> Steps:
        """The key's box, emptied, and what came of the test."""
        yield {status: "Trying…"}
        try:
            session = sessions.of(cookie_of(request))
            session.model, answered = try_out(assistant.settings, name, address, key)
            end = line(f"{answered}. It writes the answers from now on.")
        except Exception as error:  # noqa: BLE001 - the page must not stay silent
            end = failed(error)
        yield {box: "", status: end}

    def leave(request: gr.Request) -> str:
        """Back to what the settings name."""
        sessions.of(cookie_of(request)).model = None
        return show(request)

    def show(request: gr.Request) -> str:
        """Who writes."""
        model = sessions.of(cookie_of(request)).model or assistant.model
        return line(f"{model.name} writes the answers." if model else "Answers are quotes.")

    html(render("model"))
    name = gr.Textbox(label="Model", placeholder="ollama:llama3.2", elem_id="model")
    address = gr.Textbox(
        label="Address of its server, where it is not the provider's own",
        placeholder="http://127.0.0.1:8080/v1",
        elem_id="address",
    )
    box = gr.Textbox(label="Key, where it needs one", type="password", elem_id="key")
    with gr.Row(elem_id="connect"):
        button = gr.Button("Test and use", size="sm", elem_id="use")
        back = gr.Button("Disconnect", size="sm", elem_id="leave")
    status = html(elem_id="connected")
    button.click(use, [name, address, box], [box, status], **ASKING)
    back.click(leave, None, status, **EVENT)
    page.load(show, None, status, **EVENT)
