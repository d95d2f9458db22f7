"""What the server says to what it cannot take: one line, in one form, not what it is made of."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from chat import serve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp_client import called
from reachable import GRADIO, OURS

from askdoc import Assistant
from askdoc.web import mcp

FERRY = "The ferry to Marwick sails at nine."
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND")
INSIDE = re.compile(r"uvicorn|starlette|fastapi|gradio|pydantic|python|traceback|\.py\b", re.I)
BAD = b'{"data": [\xff'
KIND = {"content-type": "application/json"}
WORDS = st.text(max_size=60) | st.sampled_from(
    ["ferry.md", "fares.csv", "When does the ferry sail?", "\0", "../ferry.md", "/", ".", "\x85"]
)
TYPES: dict[str, st.SearchStrategy[Any]] = {
    "string": WORDS,
    "integer": st.integers(),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "null": st.none(),
    "object": st.dictionaries(WORDS, st.integers(), max_size=2),
}


@dataclass
class Served:
    """A chat: its address, what it logs, and a client of its own."""

    url: str
    log: Path
    web: httpx.Client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat over two documents."""
    root, log = tmp_path_factory.mktemp("docs"), tmp_path_factory.mktemp("log") / "stderr"
    (root / "ferry.md").write_text(FERRY)
    (root / "fares.csv").write_text("who,fare\nadult,3\nchild,1\n")
    with log.open("w") as stderr:
        server, url = serve("-m", "askdoc", "serve", "--corpus", root, stderr=stderr,
                            ASKDOC_RATE=1_000_000)  # fmt: skip
    with httpx.Client(base_url=url, timeout=120) as web:
        while web.get("/api/health").json()["status"] != "ready":
            time.sleep(0.2)
        yield Served(url, log, web)
    server.terminate()
    server.wait(30)


def test_every_route_tells_in_one_form_what_is_wrong_and_nothing_of_itself(served: Served) -> None:
    """Ours, Gradio's and MCP's, by every method, with a body that is no JSON."""
    told = 0
    for path in sorted(OURS | GRADIO):
        filled = re.sub(r"\{\w+(:path)?\}", "x", path)
        for method in METHODS:
            with served.web.stream(method, filled, content=BAD, headers=KIND) as reply:
                assert reply.status_code != 500, (method, path)
                assert not {"server", "x-powered-by"} & reply.headers.keys(), (method, path)
                if reply.status_code == 200 or method == "HEAD":
                    continue
                error = reply.read() and reply.json()["error"]
            own = path == "/mcp/" or path.startswith("/v1/")  # as their protocols want it
            error = error["message"] if own else error
            assert re.fullmatch(r"[^\n]{5,200}", error), (method, path, error)
            assert not INSIDE.search(error), (method, path, error)
            told += 1
    assert told > 200
    assert "Traceback" not in served.log.read_text()


LONG = "x" * 100_000
MANY = ["ferry.md"] * 200_000


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("ask", {"question": "Ferry?", "sources": MANY}, "name 1,000 or fewer"),
        ("ask", {"question": LONG}, "ask in "),
        ("ask", {"question": 5}, "question: Input should be"),
        ("ask", {}, "question: Field required"),
        ("search", {"query": "ferry", "sources": MANY}, "name 1,000 or fewer"),
        ("search", {"query": "ferry", "k": 10**9}, "1000"),
        ("search", {"query": "ferry", "k": "many"}, "k: "),
        ("search", {"query": LONG}, "ask in "),
        ("read_document", {"source": "../ferry.md"}, "there is no document"),
        ("read_document", {"source": "\0"}, "there is no document"),
        ("read_document", {"source": LONG}, "there is no document"),
        ("read_document", {"source": "ferry.md", "start": "here"}, "start: "),
        ("none", {}, "none"),
    ],
)
def test_a_tool_tells_an_agent_in_one_line_what_is_wrong(
    served: Served, tool: str, given: dict[str, Any], told: str
) -> None:
    began = time.monotonic()
    [_, reply] = called(served.url, {}, (tool, given))
    assert time.monotonic() - began < 3
    assert reply.isError
    [part] = reply.content
    assert told in part.text
    assert re.fullmatch(r"[^\n]{5,400}", part.text), part.text
    assert not INSIDE.search(part.text), part.text


def test_no_tool_runs_where_all_requests_are_taken(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = Assistant.from_folder(folder({"ferry.md": FERRY}))
    threads: dict[str, threading.Thread] = {}

    def noted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            threads[name] = threading.current_thread()
            return real(*given, **named)

        return run

    for name in ("ask", "search", "document"):
        monkeypatch.setattr(Assistant, name, noted(name, getattr(Assistant, name)))
    tools = mcp.server(assistant)
    assert tools

    async def call() -> None:
        await tools.call_tool("ask", {"question": "When does the ferry sail?"})
        await tools.call_tool("search", {"query": "ferry"})
        await tools.call_tool("read_document", {"source": "ferry.md"})
        assert {tool.name for tool in await tools.list_tools()} == {
            "ask",
            "search",
            "read_document",
        }

    with ThreadPoolExecutor() as others:  # the browser of other tests has a loop in this one
        loop = others.submit(lambda: (asyncio.run(call()), threading.current_thread())[1]).result()
    assert threads.keys() == {"ask", "search", "document"}
    assert loop not in threads.values()


def test_a_tool_gives_no_more_than_it_says(served: Served) -> None:
    """Wherever one asks it to begin."""
    calls = [("read_document", {"source": "ferry.md", "start": at}) for at in (-9, 0, 5, 10**30)]
    _, *replies = called(served.url, {}, *calls)
    texts = [reply.structuredContent["text"] for reply in replies]
    assert texts == [FERRY, FERRY, FERRY[5:], ""]


def test_what_is_no_http_is_told_so(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    for sent in (b"\0\1\2\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\nhost: x\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(sent)
            reply = connection.recv(10_000)
        assert reply.startswith(b"HTTP/1.1 400 ")
        assert not INSIDE.search(reply.decode())
    assert "Traceback" not in served.log.read_text()


@pytest.mark.parametrize("route", ["queue/data?session_hash=x", "call/ask/x", "call/v2/ask/x"])
def test_a_session_that_nobody_knows_is_told_so_in_its_stream(served: Served, route: str) -> None:
    """As after a restart: the log does not grow by two hundred lines for each."""
    reply = served.web.get(f"/gradio_api/{route}")
    assert "error" in reply.text
    assert "Traceback" not in served.log.read_text()


class Values:
    """Makes the values that schemas of a description allow; each part of it once, for they nest."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self._parts = {
            name: st.deferred(lambda part=part: self.of(part)) for name, part in parts.items()
        }

    def of(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        """The values of one schema."""
        if "$ref" in schema:
            return self._parts[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            return st.one_of(map(self.of, schema["anyOf"]))
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "properties" in schema:
            fields = {name: self.of(each) for name, each in schema["properties"].items()}
            needed = {name: fields.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(needed, optional=fields)
        if "prefixItems" in schema:
            return st.tuples(*map(self.of, schema["prefixItems"])).map(list)
        if "items" in schema:
            least = schema.get("minItems", 0)
            return st.lists(self.of(schema["items"]), min_size=least, max_size=least + 1)
        return TYPES[schema["type"]]


POSTED = {
    "/api/ask", "/api/ask/stream", "/api/search", "/api/feedback", "/v1/chat/completions",
    "/v1/embeddings",
}  # fmt: skip
UNDESCRIBED = {"/docs", "/metrics", "/mcp/", "/api/openapi.json"}
ROUTES = [
    (method, path)
    for path in sorted(path for path in OURS - UNDESCRIBED if ":path" not in path)
    for method in (
        ["GET", "POST"] if path == "/api/documents" else ["POST"] if path in POSTED else ["GET"]
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def described(served: Served) -> dict[str, Any]:
    """The description of our routes that the server gives."""
    return served.web.get("/api/openapi.json").json()


@pytest.fixture(scope="module")
def values(described: dict[str, Any]) -> Values:
    """What can be sent to them."""
    return Values(described["components"]["schemas"])


def test_the_description_has_our_routes_and_no_others(described: dict[str, Any]) -> None:
    found = {(m.upper(), path) for path, each in described["paths"].items() for m in each}
    assert sorted(found) == sorted(ROUTES)
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(ROUTES)
    for each in operations:
        problem = each["responses"]["4XX"]["content"]["application/json"]["schema"]
        assert list(problem["properties"]) == ["error"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_description_allows_is_answered(
    served: Served,
    described: dict[str, Any],
    values: Values,
    method: str,
    path: str,
    data: st.DataObject,
) -> None:
    """And so is each value that it does not allow."""
    told = described["paths"][path][method.lower()]
    params = {
        each["name"]: data.draw(values.of(each["schema"]) | WORDS)
        for each in told.get("parameters", ())
        if each["required"] or data.draw(st.booleans())
    }
    body = None
    if "requestBody" in told:
        [content] = told["requestBody"]["content"].values()
        body = data.draw(values.of(content["schema"]))
    reply = served.web.request(method, path, params=params, json=body)
    assert reply.status_code in (200, 400, 404, 409, 422, 503), reply.text
    if reply.status_code != 200:
        assert list(reply.json()) == ["error"], reply.text
        error = reply.json()["error"]
        assert "\n" not in (error["message"] if path.startswith("/v1/") else error)
