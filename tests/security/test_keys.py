"""Keys go where they are meant to go: a named address gets the key named for it, and no other."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import pytest
from helpers import recording

from askdoc import AskdocError, BadInput, Settings
from askdoc.answer.connect import connect
from askdoc.web.session import try_out

OWN = [  # what the one who runs the server may have in its environment
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY", "OPENAI_API_KEY",
    "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID",
    "GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "LANGSMITH_API_KEY", "HF_TOKEN",
]  # fmt: skip
PROVIDERS = ["openai", "anthropic", "ollama", "google_genai"]


class Recorder(NamedTuple):
    """A recording server: its address, and what it was sent."""

    address: str
    sent: list[str]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A server that somebody else named, while the environment holds keys of ours."""
    for name in OWN:
        monkeypatch.setenv(name, f"canary-{name}")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")  # another login, and another key
    with recording() as (address, sent):
        yield Recorder(address, sent)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_named_address_gets_none_of_our_keys(recorder: Recorder, provider: str) -> None:
    """As the *Model* tab tries it."""
    with pytest.raises(AskdocError):
        try_out(Settings(llm_key="canary-settings"), f"{provider}:it", recorder.address, "")
    assert recorder.sent
    assert "canary" not in "".join(recorder.sent)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_gets_the_key_that_is_named_for_it(recorder: Recorder, provider: str) -> None:
    model = connect(
        Settings(llm=f"{provider}:it", llm_base_url=recorder.address, llm_key="for-you")
    )
    assert model
    with suppress(AskdocError):
        list(model.write([("human", "hello")]))
    assert "for-you" in "".join(recorder.sent)
    assert "canary" not in "".join(recorder.sent)


@pytest.mark.parametrize("llm", ["gpt-4o", "claude-3", "OpenAI:it", "mistralai:it", "groq:it"])
def test_where_that_cannot_be_held_the_address_is_refused(recorder: Recorder, llm: str) -> None:
    """What LangChain guesses from a name, and clients of which nobody knows what they bring."""
    with pytest.raises(BadInput, match="an address goes with"):
        connect(Settings(llm=llm, llm_base_url=recorder.address))
    assert recorder.sent == []


@pytest.mark.parametrize("provider", PROVIDERS[:2])
def test_headers_of_the_environment_are_refused(
    recorder: Recorder, monkeypatch, provider: str
) -> None:
    """Both clients add them to every request, and a key may be among them."""
    monkeypatch.setenv(f"{provider.upper()}_CUSTOM_HEADERS", "x-key: canary")
    with pytest.raises(BadInput, match="CUSTOM_HEADERS"):
        connect(Settings(llm=f"{provider}:it", llm_base_url=recorder.address))


def test_the_providers_own_address_still_gets_the_key(recorder: Recorder, monkeypatch) -> None:
    """Where no address is named, the environment's key and address are the user's own."""
    monkeypatch.setenv("OPENAI_BASE_URL", recorder.address)
    model = connect(Settings(llm="openai:it"))
    assert model
    with suppress(AskdocError):
        list(model.write([("human", "hello")]))
    assert f"Bearer {os.environ['OPENAI_API_KEY']}" in recorder.sent[0]
