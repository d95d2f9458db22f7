"""The server as programs and agents use it: over HTTP, with gradio_client, with the MCP client."""

import base64
import json
import shlex
import time
import urllib.error
import urllib.request
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from gradio_client import Client
from mcp import ClientSession
from mcp_client import called, over_http
from openai import AuthenticationError, OpenAI

from askdoc import NO_ANSWER, Assistant, BadInput, Settings
from askdoc.web import documents

QUESTION = "Who backed Azerbaijan in the 44-day war?"


def post(url: str, body: object, **headers: str) -> tuple[int, str]:
    """The status and the body of what a program's request gets."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_ask_over_http_is_what_python_gives(address: str, assistant: Assistant) -> None:
    status, body = post(f"{address}/api/ask", {"question": QUESTION})
    assert status == 200
    told, known = json.loads(body), assistant.ask(QUESTION).as_dict()
    for answer in (told, known):
        del answer["seconds"]
    assert json.dumps(told) == json.dumps(known)  # in the same order, too


def test_a_follow_up_and_a_refusal_over_http(address: str) -> None:
    history = [{"role": "user", "content": "What is Eagle Partner for?"}]
    _, body = post(f"{address}/api/ask", {"question": "And who led it?", "history": history})
    assert "Eagle Partner" in json.loads(body)["query"]
    _, body = post(f"{address}/api/ask", {"question": "How do I bake a lasagne?"})
    assert json.loads(body)["text"] == NO_ANSWER
    assert json.loads(body)["closest"]


def test_a_streamed_answer_ends_as_the_whole_one(address: str, assistant: Assistant) -> None:
    status, body = post(f"{address}/api/ask/stream", {"question": QUESTION})
    steps = [json.loads(line) for line in body.splitlines()]
    assert status == 200
    assert steps[-1]["text"] == assistant.ask(QUESTION).text
    assert all(steps[-1]["text"].startswith(step["text"]) for step in steps)


def test_search_and_documents_over_http(address: str) -> None:
    hits = json.loads(post(f"{address}/api/search", {"query": "Lachin corridor", "k": 3})[1])
    assert len(hits) == 3
    assert "lachin-corridor.pdf" in {hit["source"] for hit in hits}
    report = json.loads(post(f"{address}/api/documents", {})[1])
    assert len(report["documents"]) == 18
    with urllib.request.urlopen(f"{address}/api/documents", timeout=60) as reply:
        assert json.loads(reply.read())["documents"] == report["documents"]


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("ask", {"question": " "}, 400),
        ("ask", {"question": "x" * 30_000}, 400),
        ("ask/stream", {"question": ""}, 400),
        ("search", {"query": "x", "k": 0}, 400),
        ("ask", {}, 422),
        ("ask", {"question": 5}, 422),
        ("ask", {"question": "x", "source": ["csto.docx"]}, 422),
        ("ask/stream", {"question": "x", "model": "gpt-4o"}, 422),
        ("search", {"query": "x", "limit": 3}, 422),
        ("ask", {"question": "x", "history": [{"role": "god", "content": "x"}]}, 422),
        ("ask", b"{", 422),
        ("nothing", {}, 404),
    ],
)
def test_a_bad_request_gets_one_line(address: str, route: str, body: object, status: int) -> None:
    code, told = post(f"{address}/api/{route}", body)
    assert code == status
    assert "Traceback" not in told
    if status != 404:
        assert "\n" not in json.loads(told)["error"]


def test_the_page_of_routes_shows_how_each_is_called(address: str, browser) -> None:
    """Each command that it shows does what it says; a browser gets all of it from the server."""
    while httpx.get(f"{address}/api/ready", timeout=60).status_code != 200:
        time.sleep(0.1)
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/docs")
    commands = page.locator("pre").all_inner_texts()
    for target in page.locator("a[href^='#']").all():
        assert page.locator(f"[id='{(target.get_attribute('href') or '')[1:]}']").count() == 1
    assert Axe().run(page).response["violations"] == []
    shown = page.locator("main").inner_text()
    context.close()
    assert complaints == []
    assert asked == [f"{address}/docs"]
    for field in ("history", "closest", "text_sha256", "found_by", "passages", "encoding_format"):
        assert field in shown
    for command in commands:
        curl, quiet, *words = shlex.split(command.replace("SOURCE", "lachin-corridor.pdf"))
        assert (curl, quiet) == ("curl", "-s")
        given = dict(zip(words[1::2], words[2::2], strict=True)) if words[0][0] != "-" else {}
        url = next(word for word in words if word.startswith(address))
        method = "POST" if given or "-X" in words else "GET"
        kind = dict(header.split(": ") for name, header in given.items() if name == "-H")
        reply = httpx.request(method, url, headers=kind, content=given.get("-d"), timeout=60)
        assert reply.status_code == 200, command
    assert len(commands) == 15


def test_nothing_is_counted_that_nobody_asked_for(address: str) -> None:
    reply = httpx.get(f"{address}/metrics", timeout=60)
    assert reply.status_code == 404
    assert reply.json() == {"error": "there is no /metrics: set ASKDOC_METRICS=1"}


def test_gradio_client_asks(address: str, assistant: Assistant) -> None:
    client = Client(address, verbose=False)
    assert client.predict(QUESTION, api_name="/ask")["text"] == assistant.ask(QUESTION).text


def test_agents_ask_search_and_read(address: str, corpus: Path) -> None:
    tools, answer, hits, document, missing = called(
        address,
        {},
        ("ask", {"question": QUESTION}),
        ("search", {"query": "Eagle Partner", "k": 2}),
        ("read_document", {"source": "eagle-partner.md", "start": 10}),
        ("read_document", {"source": "../secret"}),
    )
    assert tools == {"ask", "search", "read_document"}
    cited = answer.structuredContent["citations"][0]
    assert cited["source"] == "turkey-azerbaijan.md"
    assert len(hits.structuredContent["result"]) == 2
    text = (corpus / "eagle-partner.md").read_text("utf-8")
    assert document.structuredContent["text"] == text[10:]
    assert missing.isError


def test_documents_are_resources_for_agents(address: str, corpus: Path) -> None:
    async def use(session: ClientSession) -> tuple[set[str], str]:
        there = {each.name: each.uri for each in (await session.list_resources()).resources}
        (template,) = (await session.list_resource_templates()).resourceTemplates
        read = await session.read_resource(there["eagle-partner.md"])
        assert str(there["eagle-partner.md"]) == template.uriTemplate.replace(
            "{+source}", "eagle-partner.md"
        )
        return set(there), read.contents[0].text

    names, text = over_http(address, {}, use)
    assert {"csto.docx", "eagle-partner.md"} < names
    assert text == (corpus / "eagle-partner.md").read_text("utf-8")


@pytest.mark.slow
def test_a_password_protects_every_route(locked: str, browser) -> None:
    right = {"authorization": "Basic " + base64.b64encode(b"ani:se:cret").decode()}
    for route in ("", "api/ask", "api/health", "api/document", "mcp/", "ui/askdoc.js",
                  "gradio_api/queue/join", "gradio_api/upload", "config"):  # fmt: skip
        afar = {"x-forwarded-for": f"{route}.example"}  # or else there are too many wrong ones
        for headers in ({}, {"authorization": "Basic bm8="}, {"authorization": "Bearer x"}):
            assert post(f"{locked}/{route}", {}, **headers, **afar)[0] == 401
    assert post(f"{locked}/api/ask", {"question": QUESTION}, **right)[0] == 200
    tools, *_ = called(locked, right)
    assert "ask" in tools
    context = browser.new_context(http_credentials={"username": "ani", "password": "se:cret"})
    page = context.new_page()
    page.goto(locked)
    page.get_by_role("textbox", name="Question").wait_for()
    context.close()


def test_the_login_is_what_openai_s_client_calls_a_key(locked: str) -> None:
    def listed(key: str, **headers: str) -> list[str]:
        reach = {"base_url": f"{locked}/v1", "max_retries": 0, "default_headers": headers}
        with OpenAI(api_key=key, **reach) as client:
            return [model.id for model in client.models.list()]

    assert listed("ani:se:cret") == ["askdoc"]
    for key in ("ani:se:cre", "ani", ":se:cret", "YW5pOnNlOmNyZXQ="):
        with pytest.raises(AuthenticationError) as caught:
            listed(key, **{"x-forwarded-for": "keys.example"})
        assert caught.value.body == {
            "message": "name the user and the password", "type": "authentication_error",
            "code": None,
        }  # fmt: skip


def test_a_read_only_chat_takes_and_deletes_nothing(folder, tmp_path: Path) -> None:
    root = folder({"a.md": "The ferry sails at nine."})
    new = tmp_path / "b.md"
    new.write_text("Whales.")
    assistant = Assistant.from_folder(root, Settings(read_only=True))
    for act in (
        lambda: documents.upload(assistant, [str(new)]),
        lambda: documents.delete(assistant, ["a.md"]),
    ):
        with pytest.raises(BadInput, match="read-only"):
            act()
    assert not new.exists()  # what Gradio keeps of an upload
    assert (root / "a.md").exists()
    assert "Delete" not in documents.report(assistant)


@pytest.mark.parametrize("auth", ["ani", ":x", "ani:"])
def test_a_bad_login_is_told_and_not_shown(auth: str) -> None:
    with pytest.raises(BadInput, match="user:password") as caught:
        Settings(auth=auth)
    assert "ani" not in str(caught.value)
