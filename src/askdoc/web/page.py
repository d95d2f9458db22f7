"""The page in Gradio: the chat, the documents and the model, a tab each."""

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import gradio as gr
from gradio.events import api

from askdoc.answer.model import Model
from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.ingest.files import LOADERS
from askdoc.web import documents
from askdoc.web.chat import Chat
from askdoc.web.events import ASKING, EVENT, INDEXING, Steps, cookie_of, in_words
from askdoc.web.session import LOOPBACK, Sessions, connect
from askdoc.web.warmup import Warmup

ROWS = """element.addEventListener('click', event => {
  const button = event.target.closest('button.delete, button.only');
  const source = button?.dataset.source;
  if (!source) return;
  if (button.matches('.only')) trigger('only', {source});
  else if (confirm(`Delete ${source} from the folder? It cannot be brought back.`))
    trigger('remove', {source});
});"""
ABOUT = """<p>Without a language model an answer is made of quotes. With one, the model writes it,
and askdoc checks every sentence against the passages it cites. What you ask and the passages found
go to that model. Connection and key stay in this server's memory until it ends.</p>"""


def build(assistant: Assistant, warmup: Warmup) -> gr.Blocks:
    """The page over one assistant, whose models the warm-up loads."""
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


def _documents(page: gr.Blocks, tab: gr.Tab, assistant: Assistant, chat: Chat) -> None:
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
            told = f'<span class="error" role="alert">{escape(in_words(error))}</span>'
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

    def only(data: gr.EventData) -> list[str]:
        """Keeps the next questions to the document whose button was clicked."""
        return [str(data.source)]

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
    report = gr.HTML(js_on_load=ROWS, elem_id="report", apply_default_css=False)
    outputs = [status, banner, report]
    button.click(sync, None, outputs, **INDEXING)
    files.upload(upload, files, outputs, **INDEXING).then(lambda: None, None, files, **EVENT)
    report.remove(remove, None, outputs, **INDEXING)
    report.only(only, None, chat.only, **EVENT).then(None, js="() => askdoc.toChat()")
    tab.select(show, None, [banner, report], **EVENT)
    page.load(show, None, [banner, report], **EVENT)


def _model(page: gr.Blocks, assistant: Assistant, sessions: Sessions) -> None:
    """Which language model writes the answers in this browser."""

    def use(name: str, address: str, key: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """The key's box, emptied, and what came of the test."""
        yield gr.skip(), "Trying…"
        try:
            session = sessions.of(cookie_of(request))
            session.model, told = connect(assistant.settings, name, address, key)
            yield "", f"{escape(told)}. It writes the answers from now on."
        except Exception as error:  # noqa: BLE001 - the page must not stay silent
            yield "", f'<span class="error" role="alert">{escape(in_words(error))}</span>'

    def leave(request: gr.Request) -> str:
        """Back to what the settings name."""
        sessions.of(cookie_of(request)).model = None
        return _writer(assistant, None)

    def show(request: gr.Request) -> str:
        """Who writes."""
        return _writer(assistant, sessions.of(cookie_of(request)).model)

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
