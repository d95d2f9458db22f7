"""Keys go where they are meant to go: a named address gets the key named for it, and no other."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from askdoc import AskdocError, BadInput, Settings
from askdoc.answer.model import connect
from askdoc.web.session import try_out

OWN = [  # what the one who runs the server may have in its environment
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY", "OPENAI_API_KEY",
    "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID",
    "GOOGLE_API_KEY", "GEMINI_API_KEY", "LANGSMITH_API_KEY", "HF_TOKEN",
]  # fmt: skip
PROVIDERS = ("openai", "anthropic", "ollama")


class Recorder(BaseHTTPRequestHandler):
    """A server that somebody else named: it keeps all that it is sent."""

    sent: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Refuses, which every client understands."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.sent.append(f"{self.path}\n{self.headers}\n{body.decode()}")
        self.send_error(404)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a recording server, where the environment holds keys of ours."""
    for name in OWN:
        monkeypatch.setenv(name, f"canary-{name}")
    Recorder.sent.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_named_address_gets_none_of_our_keys(recorder: str, provider: str) -> None:
    """As the *Model* tab tries it."""
    with pytest.raises(AskdocError):
        try_out(Settings(llm_key="canary-settings"), f"{provider}:it", recorder, "")
    assert Recorder.sent
    assert "canary" not in "".join(Recorder.sent)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_gets_the_key_that_is_named_for_it(recorder: str, provider: str) -> None:
    model = connect(Settings(llm=f"{provider}:it", llm_base_url=recorder, llm_key="for-you"))
    assert model
    with suppress(AskdocError):
        list(model.write([("human", "hello")]))
    assert "for-you" in "".join(Recorder.sent)
    assert "canary" not in "".join(Recorder.sent)


@pytest.mark.parametrize("llm", ["gpt-4o", "claude-3", "OpenAI:it", "mistralai:it", "groq:it"])
def test_where_that_cannot_be_held_the_address_is_refused(recorder: str, llm: str) -> None:
    """What LangChain guesses from a name, and clients of which nobody knows what they bring."""
    with pytest.raises(BadInput, match="an address goes with"):
        connect(Settings(llm=llm, llm_base_url=recorder))
    assert Recorder.sent == []


@pytest.mark.parametrize("provider", PROVIDERS[:2])
def test_headers_of_the_environment_are_refused(recorder: str, monkeypatch, provider: str) -> None:
    """Both clients add them to every request, and a key may be among them."""
    monkeypatch.setenv(f"{provider.upper()}_CUSTOM_HEADERS", "x-key: canary")
    with pytest.raises(BadInput, match="CUSTOM_HEADERS"):
        connect(Settings(llm=f"{provider}:it", llm_base_url=recorder))


def test_the_providers_own_address_still_gets_the_key(recorder: str, monkeypatch) -> None:
    """Where no address is named, the environment's key and address are the user's own."""
    monkeypatch.setenv("OPENAI_BASE_URL", recorder)
    model = connect(Settings(llm="openai:it"))
    assert model
    with suppress(AskdocError):
        list(model.write([("human", "hello")]))
    assert f"Bearer {os.environ['OPENAI_API_KEY']}" in Recorder.sent[0]
