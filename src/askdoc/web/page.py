"""The page in Gradio: the chat, the documents and the model, a tab each."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr
from gradio.events import api

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.ingest.files import LOADERS
from askdoc.web import documents, models
from askdoc.web.api import answer_to
from askdoc.web.chat import Chat
from askdoc.web.events import CLICKS, EVENT, INDEXING, Steps, html
from askdoc.web.indexing import Indexing
from askdoc.web.session import LOOPBACK, Sessions
from askdoc.web.warmup import Warmup


def build(
    assistant: Assistant,
    warmup: Warmup,
    sessions: Sessions,
    indexing: Indexing | None,
    corpora: Mapping[str, bool],
) -> gr.Blocks:
    """The page over one assistant, whose models the warm-up loads and whose first sync goes on.

    It leads to the other ``corpora``, where there are any.
    """

    def ask(question: str) -> dict[str, Any]:
        """The answer, as ``askdoc ask --json`` prints it: what gradio_client calls."""
        try:
            return answer_to(assistant, question)
        except AskdocError as error:
            raise gr.Error(str(error), print_exception=False) from error

    chat = Chat(assistant, warmup, sessions, indexing)
    page = gr.Blocks(title="askdoc", analytics_enabled=False, fill_width=True)
    with page:
        chat.head(corpora)
        with gr.Tabs():
            with gr.Tab("Chat"):
                chat.tab(page)
            with gr.Tab("Documents") as tab:
                _documents(page, tab, assistant, chat)
            settings = assistant.settings
            # No stranger may have this server call others.
            if settings.host in LOOPBACK and not settings.hosts:
                with gr.Tab("Model") as tab:
                    models.tab(page, tab, assistant, sessions)
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
        for told in documents.changing(assistant, act):
            yield {status: told}
        yield show()

    def sync() -> Steps:
        """Brings the index up to date."""
        yield from after(lambda: None)

    def upload(paths: list[str] | None) -> Steps:
        """Takes files into the corpus."""
        yield from after(lambda: documents.upload(assistant, paths or []))

    def remove(data: gr.EventData) -> Steps:
        """Deletes the files that were clicked or chosen."""
        yield from after(lambda: documents.delete(assistant, documents.named(str(data.sources))))

    def only(data: gr.EventData) -> dict[Any, Any]:
        """A new conversation, kept to the documents that were clicked or chosen."""
        return chat.kept_to(documents.named(str(data.sources)))

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
    report.only(only, None, chat.opened, **EVENT).then(None, js="() => askdoc.arrived()")
    tab.select(show, None, outputs, **EVENT)
    page.load(show, None, outputs, **EVENT)
