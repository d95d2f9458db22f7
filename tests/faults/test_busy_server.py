"""A slow page, a silent model and a thousand requests hold up nobody else, nor the server's end."""

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from chat import serve
from helpers import slow_pdf

from askdoc import Assistant, Unreadable
from askdoc.web.viewer import routes
from askdoc.web.viewer.routes import Pages

pytestmark = [pytest.mark.alone, pytest.mark.slow]
FERRY = "The ferry to Marwick sails at nine."
SILENCE = 8  # seconds that the model may be silent
PAGE = {"source": "slow.pdf", "number": 1}
MCP = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def call(question: str) -> dict[str, object]:
    """A call of an MCP tool."""
    params = {"name": "ask", "arguments": {"question": question}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


class Silent:
    """A model's server that takes every request and never says a word, or none after the first."""

    def __init__(self, words: str = "") -> None:
        self._words = words
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.asked: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            asked = self._listener.accept()[0]
            if self._words:
                choice = {"index": 0, "delta": {"content": self._words}}
                part = json.dumps({"object": "chat.completion.chunk", "choices": [choice]})
                asked.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
                asked.sendall(f"data: {part}\n\n".encode())
            self.asked.append(asked)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"


@dataclass
class Busy:
    """A chat whose model is silent, over a page that takes minutes to draw."""

    process: subprocess.Popen[str]
    url: str
    model: Silent
    log: Path
    web: httpx.Client

    def get(self, route: str, **params: object) -> httpx.Response:
        """What a route says."""
        return self.web.get(f"{self.url}/{route}", params=params)

    def longest(self, *routes: tuple[str, dict[str, object]], during: float) -> float:
        """The longest that any of some routes took, asked again and again for some seconds."""
        most, end = 0.0, time.monotonic() + during
        while time.monotonic() < end:
            for route, params in routes:
                began = time.monotonic()
                assert self.get(route, **params).status_code == 200, route
                most = max(most, time.monotonic() - began)
            time.sleep(0.05)
        return most


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Iterator[Busy]:
    """The chat, warmed up."""
    root, model = tmp_path_factory.mktemp("docs"), Silent()
    (root / "ferry.md").write_text(FERRY)
    (root / "slow.pdf").write_bytes(slow_pdf("The bridge of Rousay has 900 stones."))
    log = tmp_path_factory.mktemp("log") / "stderr"
    with log.open("w") as stderr:
        server, url = serve(
            "-m", "askdoc", "serve", "--corpus", root, stderr=stderr, ASKDOC_LLM="openai:silent",
            ASKDOC_LLM_BASE_URL=model.url, ASKDOC_LLM_TIMEOUT=SILENCE, ASKDOC_RATE=100_000,
        )  # fmt: skip
    many = httpx.Limits(max_connections=None)
    with httpx.Client(timeout=120, limits=many) as web:
        served = Busy(server, url, model, log, web)
        while served.get("api/health").json()["status"] != "ready":
            time.sleep(0.2)
        yield served
    server.kill()
    server.wait(30)


def test_a_model_is_shown_nothing_before_somebody_asks(busy: Busy) -> None:
    assert busy.model.asked == []


def test_a_slow_page_holds_up_no_other_route(busy: Busy) -> None:
    """Of a hundred who want it some wait, and the others are told at once to come again."""
    with ThreadPoolExecutor(100) as many:
        began = time.monotonic()
        drawn = [many.submit(busy.get, "api/page", **PAGE) for _ in range(100)]
        time.sleep(1)
        answered = ("api/health", {}), ("api/documents", {}), ("config", {})
        assert busy.longest(*answered, during=5) < routes.SECONDS / 2
        replies = [each.result() for each in drawn]
        assert time.monotonic() - began < 9 * routes.SECONDS  # not once for each
    told = [reply for reply in replies if reply.status_code == 503]
    late = [reply for reply in replies if reply.status_code == 404]
    assert len(told) + len(late) == 100
    assert 64 <= len(late) <= 80
    assert {reply.headers["retry-after"] for reply in told} == {"5"}
    assert {reply.json()["error"] for reply in told} == {
        "the server is busy: try again in some seconds"
    }
    assert {reply.json()["error"] for reply in late} == {
        "slow.pdf: it was not read within 10 seconds"
    }
    began = time.monotonic()
    assert busy.get("api/page", **PAGE).status_code == 404
    shown = busy.get("api/document", source="slow.pdf", start=0, end=10).text
    assert time.monotonic() - began < 2  # it is remembered
    assert "<mark>The bridge</mark>" in shown


def test_a_page_that_cannot_be_drawn_is_tried_once(
    folder, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And another document is drawn after it."""
    root = folder({"slow.pdf": slow_pdf(FERRY)})
    (root / "good.pdf").write_bytes((corpus / "lachin-corridor.pdf").read_bytes())
    monkeypatch.setattr(routes, "SECONDS", 2.0)
    assistant = Assistant.from_folder(root)
    pages = Pages(assistant)
    slow = assistant.document("slow.pdf")
    for most in (30, 0.1):
        began = time.monotonic()
        with pytest.raises(Unreadable, match="not read within 2 seconds"):
            pages.picture(slow, 1)
        assert time.monotonic() - began < most
    assert pages.sheets(slow, []) is None
    assert pages.picture(assistant.document("good.pdf"), 1).startswith(b"\xff\xd8")


def test_a_silent_model_holds_up_no_other_route(busy: Busy) -> None:
    """Asked by agents and by programs, as many as there is room for at once."""
    asked = {"question": "When does the ferry to Marwick sail?"}
    mcp = {"json": call(asked["question"]), "headers": MCP}
    with ThreadPoolExecutor(8) as many:
        calls = [many.submit(busy.web.post, f"{busy.url}/mcp/", **mcp) for _ in range(4)]
        posts = [many.submit(busy.web.post, f"{busy.url}/api/ask", json=asked) for _ in range(4)]
        deadline = time.monotonic() + 30
        while len(busy.model.asked) < 8 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(busy.model.asked) == 8
        document = {"source": "ferry.md", "start": 0, "end": 3}
        answered = ("api/health", {}), ("api/document", document), ("config", {})
        assert busy.longest(*answered, during=3) < SILENCE / 2
        for reply in (each.result() for each in calls):
            assert "nine" in json.loads(reply.text)["result"]["structuredContent"]["text"]
        for reply in (each.result() for each in posts):
            assert f"did not answer within {SILENCE} seconds" in reply.json()["note"]


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.attack)]
)
def test_the_server_ends_whoever_listens(tmp_path: Path, how: signal.Signals) -> None:
    """A page that listens on Gradio's queue, and one to which an answer is just being written."""
    model, log = Silent("Nine, the ferry says [1], and "), tmp_path / "stderr"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "ferry.md").write_text(FERRY)
    command = ("-m", "askdoc", "serve", "--corpus", tmp_path / "docs")
    named = {"ASKDOC_LLM": "openai:slow", "ASKDOC_LLM_BASE_URL": model.url, "ASKDOC_STRICT": 0}
    with log.open("w") as stderr:
        server, url = serve(*command, stderr=stderr, **named)
    asked, ended = {"session_hash": "listens"}, []
    question = {"question": "When does the ferry to Marwick sail?"}

    def listen(method: str, route: str, **sent: Any) -> None:
        with suppress(httpx.HTTPError), web.stream(method, f"{url}/{route}", **sent) as reply:
            for line in reply.iter_lines():
                heard[route].append(line)
        ended.append(route)

    heard: dict[str, list[str]] = {"gradio_api/queue/data": [], "api/ask/stream": []}
    with httpx.Client(timeout=120) as web, ThreadPoolExecutor(2) as beside:
        config = web.get(f"{url}/config").json()
        typed = next(each for each in config["dependencies"] if each["api_name"] == "typed")
        body = {"data": [question["question"], "[]", []], "fn_index": typed["id"], **asked}
        web.post(f"{url}/gradio_api/queue/join", json=body).raise_for_status()
        beside.submit(listen, "GET", "gradio_api/queue/data", params=asked)
        beside.submit(listen, "POST", "api/ask/stream", json=question)
        deadline = time.monotonic() + 60
        while not all("Nine" in "".join(lines) for lines in heard.values()):
            assert time.monotonic() < deadline, heard
            time.sleep(0.1)
        assert ended == []
        began = time.monotonic()
        server.send_signal(how)
        code = server.wait(30)
        assert time.monotonic() - began < 10
    assert sorted(ended) == sorted(heard)
    assert code in (0, 130, -how)
    assert "Traceback" not in log.read_text()
    server, url = serve(*command)
    answer = httpx.post(f"{url}/api/ask", json=question, timeout=60).json()
    assert "sails at nine" in answer["text"]
    server.terminate()
    server.wait(30)


def test_the_server_ends_while_an_answer_is_waited_for(busy: Busy) -> None:
    """Neither a model that is silent nor a page that listens holds it up."""
    body = json.dumps({"question": "When does the ferry to Marwick sail?"})
    before = len(busy.model.asked)
    host, port = busy.url.removeprefix("http://").split(":")
    held = []
    for line, sent in (
        ("POST /api/ask", body),
        ("POST /api/ask/stream", body),
        ("GET /gradio_api/heartbeat/x", ""),
    ):
        headers = f"host: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(sent)}"
        held.append(socket.create_connection((host, int(port))))
        held[-1].sendall(f"{line} HTTP/1.1\r\n{headers}\r\n\r\n{sent}".encode())
    while len(busy.model.asked) < before + 2:
        time.sleep(0.1)
    began = time.monotonic()
    busy.process.send_signal(signal.SIGTERM)
    busy.process.wait(30)
    assert time.monotonic() - began < 10
    told = held[0].recv(10_000)
    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 5" in told
    assert "Traceback" not in busy.log.read_text()
