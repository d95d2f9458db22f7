"""The Model tab: which language model writes the answers in one browser."""

import json
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr

from askdoc.assistant import Assistant
from askdoc.web.events import ASKING, EVENT, Steps, cookie_of, failed, html, line
from askdoc.web.session import Sessions, try_out
from askdoc.web.templating import render

LOOKING = 1.0  # seconds that a server on this machine has to answer in
LISTED = 50  # models of a server, at most
LONGEST = 1_000_000  # bytes of a server's list


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to connect a model: what fills the boxes, and which of them it needs."""

    label: str
    name: str
    address: str = ""
    needs_address: bool = False
    needs_key: bool = False


PROVIDERS = (
    Choice("OpenAI", "openai:gpt-4o-mini", needs_key=True),
    Choice("Anthropic", "anthropic:claude-sonnet-4-5", needs_key=True),
    Choice("Google", "google_genai:gemini-2.5-flash", needs_key=True),
    Choice("Ollama, elsewhere", "ollama:llama3.2", needs_address=True),
    Choice(
        "Another server that speaks OpenAI's API", "openai:", needs_address=True, needs_key=True
    ),
)
LOCAL = (
    ("Ollama", "ollama", "http://127.0.0.1:11434", "/api/tags"),
    ("llama.cpp", "openai", "http://127.0.0.1:8080/v1", "/models"),
    ("LM Studio", "openai", "http://127.0.0.1:1234/v1", "/models"),
    ("vLLM", "openai", "http://127.0.0.1:8000/v1", "/models"),
)
"""Servers that people run on their own machine: their providers, addresses and lists of models."""


def found(servers: Sequence[tuple[str, str, str, str]] = LOCAL) -> list[Choice]:
    """The models of the servers that run on this machine now."""
    with ThreadPoolExecutor(len(servers)) as pool:
        return [choice for choices in pool.map(_models, servers) for choice in choices]


def _models(server: tuple[str, str, str, str]) -> list[Choice]:
    """The models of one server; none where it does not run, or tells something else."""
    called, provider, address, route = server
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with suppress(OSError, ValueError):
        with opener.open(address + route, timeout=LOOKING) as reply:
            told = json.loads(reply.read(LONGEST))
        names = list(_names(told))[:LISTED]
        return [Choice(f"{name} ({called})", f"{provider}:{name}", address) for name in names]
    return []


def _names(told: Any) -> Iterator[str]:
    """The names in a list of models, of Ollama's or of OpenAI's form."""
    rows = (told.get("models") or told.get("data")) if isinstance(told, dict) else None
    for row in rows if isinstance(rows, list) else ():
        name = (row.get("id") or row.get("name")) if isinstance(row, dict) else None
        if isinstance(name, str) and 0 < len(name) <= 200:
            yield name


def tab(page: gr.Blocks, tab: gr.Tab, assistant: Assistant, sessions: Sessions) -> None:
    """The tab's boxes, and what happens to them."""

    def look() -> Any:
        """The menu, with what runs on this machine now in front."""
        return gr.update(choices=[choice.label for choice in (*found(), *PROVIDERS)])

    def choose(label: str | None) -> dict[Any, Any]:
        """The boxes, filled for what was chosen; those that it does not need are hidden."""
        ways = {choice.label: choice for choice in (*found(), *PROVIDERS)}
        chosen = ways.get(label or "", Choice("", "", needs_address=True, needs_key=True))
        return {
            name: gr.update(value=chosen.name),
            address: gr.update(value=chosen.address, visible=chosen.needs_address),
            box: gr.update(value="", visible=chosen.needs_key),
        }

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
    menu = gr.Dropdown(
        [choice.label for choice in PROVIDERS],
        value=None,
        label="Where it runs: what was found on this machine comes first",
        elem_id="where",
    )
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
    tab.select(look, None, menu, **EVENT)
    menu.input(choose, menu, [name, address, box], **EVENT)
    button.click(use, [name, address, box], [box, status], **ASKING)
    back.click(leave, None, status, **EVENT)
    page.load(show, None, status, **EVENT)
