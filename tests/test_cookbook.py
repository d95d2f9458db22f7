"""The cookbook runs: each of its recipes gives what the page shows."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers import ROOT
from langchain_core.language_models import BaseChatModel, FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolCall
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field
from scripted_server import FALSE, Scripted, scripted

from askdoc import Assistant

INTRO, *PARTS = re.split(
    r"^## (.*)\n", (ROOT / "docs" / "cookbook.md").read_text("utf-8"), flags=re.M
)
RECIPES = dict(zip(PARTS[::2], PARTS[1::2], strict=True))


class Caller(BaseChatModel):
    """A chat model that calls its tool with what it was asked, and then says what that gave."""

    tools: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "caller"

    def bind_tools(self, tools: Any, **more: Any) -> "Caller":
        """The same, with tools."""
        return Caller(tools=tools)

    def _generate(self, messages: list[BaseMessage], *args: Any, **more: Any) -> ChatResult:
        said = messages[-1].text
        if messages[-1].type == "human":
            call = ToolCall(name=self.tools[0].name, args={"question": said}, id="1")
            message = AIMessage("", tool_calls=[call])
        else:
            message = AIMessage(said.splitlines()[0])
        return ChatResult(generations=[ChatGeneration(message=message)])


def block(text: str, language: str) -> str:
    """The first block of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)[0]


@pytest.fixture
def run(assistant: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the recipe of a title, which must print what the page shows, and gives its names.

    Addresses that the page names are replaced by those of servers that are there.
    """
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ASKDOC_INDEX", str(assistant.settings.index_folder))

    def run(title: str, places: dict[str, str] | None = None, **names: Any) -> dict[str, Any]:
        code = block(RECIPES[title], "python")
        for shown, there in (places or {}).items():
            assert shown in code
            code = code.replace(shown, there)
        exec(block(INTRO, "python"), names)  # noqa: S102 - our own page
        exec(code, names)  # noqa: S102
        if "print(" in code:
            told = [line.rstrip() for line in capsys.readouterr().out.strip().splitlines()]
            assert told == block(RECIPES[title], "text").strip().splitlines()
        return names

    return run


@pytest.mark.parametrize(
    "title", ["Ask a folder", "Ask on", "Show an answer as it grows", "Ask only some documents"]
)
def test_what_needs_nothing_else(run, title: str) -> None:
    run(title)


def test_a_chain(run) -> None:
    """The model is shown the passages, each with its source."""

    class Shown(FakeListChatModel):
        def _call(self, messages: list[BaseMessage], *args: Any, **more: Any) -> str:
            assert "russia-armenia.md: " in messages[-1].text
            return super()._call(messages, *args, **more)

    run(
        "Retrieve for a chain of LangChain",
        model=Shown(responses=["The Russian military base is in Gyumri."]),
    )


def test_an_agent(run) -> None:
    run("Give an agent of LangGraph a tool", model=Caller())


def test_a_route(run) -> None:
    names = run("Answer in a route of your own")

    async def asked(question: str) -> httpx.Response:
        transport = httpx.ASGITransport(names["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://own") as client:
            return await client.get("/answer", params={"question": question})

    right = asyncio.run(asked("Where is Armenia's Russian military base?"))
    assert "Gyumri" in right.json()["text"]
    assert right.json()["citations"]
    wrong = asyncio.run(asked(" "))
    assert (wrong.status_code, wrong.json()["detail"]) == (400, "the question is empty: type one")


def test_a_nightly_check(
    run, tmp_path: Path, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = RECIPES["Look after the documents each night"]
    (tmp_path / "test_documents.py").write_text(block(page, "python"), "utf-8")
    _, pytest_, *options = block(page, "text").split("ASKDOC_CORPUS=")[1].split()
    assert pytest_ == "pytest"
    monkeypatch.setenv("ASKDOC_CORPUS", str(assistant.index.corpus))
    monkeypatch.chdir(tmp_path)
    own = ["-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    assert pytest.main([*options, *own]) == 0


def test_a_local_model(run) -> None:
    with scripted() as address:
        Scripted.words = [f"{word} " for word in f"{FALSE} [1]".split()]
        run("Have a local model write", {"http://127.0.0.1:8080/v1": address})


def test_openais_client(run, address: str) -> None:
    run("Ask a server with OpenAI's client", {"http://localhost:7860": address})


def test_every_recipe_is_run() -> None:
    """Ten of them, each named above."""
    above = Path(__file__).read_text("utf-8")
    assert len(RECIPES) == 10
    assert all(f'"{title}"' in above for title in RECIPES)
