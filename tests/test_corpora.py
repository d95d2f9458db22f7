"""Several corpora in one server: each has its page, its answers and its conversations."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from chat import WAIT, ask, serve, shot, visit
from helpers import fails, named
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_client import called
from openai import OpenAI
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from askdoc.web.corpora import Below, Chosen, names_of, root_of
from askdoc.web.server import Front

pytestmark = pytest.mark.alone

TOWN = "Töwn <b>& 50%? #1"  # every sign of which has a meaning in an address or in HTML
LOGIN = ("ani", "se:cret")
HARBOUR, MAYOR = "Who is the harbour master of Marwick?", "Who is the mayor of Luton?"


@dataclass
class Served:
    """A chat over two corpora: where it listens, their folders, the page that came first."""

    url: str
    folders: dict[str, Path]
    first: str

    def __post_init__(self) -> None:
        self.web = httpx.Client(base_url=self.url, auth=LOGIN, timeout=120)

    def status(self, path: str, method: str = "GET", body: str = "", **headers: str) -> int:
        """What a path gets as it stands here: no client sets it right."""
        web = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        login = httpx.BasicAuth(*LOGIN)._auth_header
        web.request(method, path, body, {"authorization": login, **headers})
        status = web.getresponse().status
        web.close()
        return status


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The chat, with a login."""
    root, temporary = tmp_path_factory.mktemp("corpora"), tmp_path_factory.mktemp("temporary")
    folders = {"harbour": root / "harbour", TOWN: root / TOWN}
    told = ("The harbour master of Marwick is Ingrid Sund.", "The mayor of Luton is Olaf Berg.")
    for folder, text in zip(folders.values(), told, strict=True):
        folder.mkdir()
        (folder / "who.md").write_text(text)
    named = [word for folder in folders.values() for word in ("--corpus", folder)]
    login = ("--auth", ":".join(LOGIN))
    server, url = serve("-m", "askdoc", "serve", *named, *login, TMPDIR=temporary)
    first = httpx.get(f"{url}{root_of(TOWN)}/", auth=LOGIN, timeout=60).text
    yield Served(url, folders, first)
    server.terminate()
    server.wait(30)
    assert list(temporary.rglob("askdoc-*")) == []


@pytest.fixture
def page(browser, served: Served) -> Iterator[Page]:
    """The chat in a fresh profile; no script may fail, all that it asks for is below a corpus."""
    user, password = LOGIN
    login = {"username": user, "password": password, "origin": served.url}
    context = browser.new_context(http_credentials=login)
    context.set_default_timeout(WAIT)
    opened = context.new_page()
    asked: list[tuple[int, str]] = []
    failures: list[str] = []
    opened.on("response", lambda reply: asked.append((reply.status, reply.url)))
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    context.close()
    assert failures == []
    assert [each for each in asked if each[0] >= 400] == []
    elsewhere = {url for _, url in asked if not url.startswith(f"{served.url}/corpus/")}
    assert {url for url in elsewhere if not url.startswith("blob:")} <= {f"{served.url}/"}


def test_each_page_answers_from_its_own_corpus(page: Page, served: Served) -> None:
    """And its conversations are its own, while the theme is that of the browser."""
    visit(page, served.url)
    assert page.url == f"{served.url}/corpus/harbour/"
    ask(page, HARBOUR)
    expect(page.locator("article.answer")).to_contain_text("Ingrid Sund")
    page.get_by_role("button", name="Citation 1").click()
    expect(page.locator("#page mark")).to_contain_text("Ingrid Sund", timeout=WAIT)
    original = page.get_by_role("link", name="Open the original").get_attribute("href") or ""
    assert (
        page.request.get(f"{page.url}{original}").text()
        == (served.folders["harbour"] / "who.md").read_text()
    )
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_text("Thank you: noted.")).to_be_visible(timeout=WAIT)
    assert HARBOUR in (served.folders["harbour"] / ".askdoc" / "feedback.jsonl").read_text()
    assert not (served.folders[TOWN] / ".askdoc" / "feedback.jsonl").exists()
    page.locator("#view summary").click()
    page.get_by_role("button", name="Dark").click()
    shot(page, "corpora")

    picker = page.get_by_label("Corpus", exact=True)
    assert picker.locator("option").all_inner_texts() == ["harbour", TOWN]
    expect(picker.locator("option:checked")).to_have_text("harbour")
    picker.select_option(label=TOWN)
    page.wait_for_url(f"{served.url}{root_of(TOWN)}/")
    visit(page, page.url)
    expect(picker.locator("option:checked")).to_have_text(TOWN)
    expect(page.locator("body.dark")).to_be_visible()
    expect(page.locator("article")).to_have_count(0)
    page.locator("#conversations summary").click()
    expect(page.get_by_text("None yet: ask something.")).to_be_visible()
    page.keyboard.press("Escape")
    ask(page, MAYOR)
    expect(page.locator("article.answer")).to_contain_text("Olaf Berg")
    ask(page, HARBOUR)
    expect(page.locator("article.answer").last).not_to_contain_text("Ingrid Sund")

    picker.focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_url(f"{served.url}/corpus/harbour/")
    expect(page.locator("article.answer")).to_contain_text("Ingrid Sund", timeout=WAIT)
    expect(page.locator("article.answer")).to_have_count(1)
    page.go_back()
    page.wait_for_url(f"{served.url}{root_of(TOWN)}/")
    expect(page.locator("article.answer")).to_have_count(2, timeout=WAIT)
    expect(picker.locator("option:checked")).to_have_text(TOWN)


def test_an_upload_lands_in_the_corpus_of_its_page(
    page: Page, served: Served, tmp_path: Path
) -> None:
    new = tmp_path / "baker.txt"
    new.write_text("The baker of Torp is Nils Holm.")
    visit(page, f"{served.url}{root_of(TOWN)}")  # the slash is put behind it
    page.get_by_role("tab", name="Documents").click()
    page.locator("#upload input[type=file]").set_input_files(new)
    row = page.locator("#report").get_by_role("row", name="uploads/baker.txt")
    expect(row).to_contain_text("read", timeout=WAIT)
    landed = [path for root in served.folders.values() for path in root.glob("uploads/*")]
    assert landed == [served.folders[TOWN] / "uploads" / "baker.txt"]
    [path] = served.web.post(
        "/corpus/harbour/gradio_api/upload", files={"files": b"Whales."}
    ).json()
    assert served.web.get(f"/corpus/harbour/gradio_api/file={path}").text == "Whales."


def test_programs_name_a_corpus_or_mean_the_first(served: Served) -> None:
    def answer(route: str, **named: str) -> str:
        reply = served.web.post(route, json={"question": MAYOR}, params=named)
        return str(reply.json()["text"])

    assert "Olaf Berg" in answer("/api/ask", corpus=TOWN)
    assert "Olaf Berg" in answer(f"{root_of(TOWN)}/api/ask")
    assert "Olaf Berg" not in answer("/api/ask", corpus="harbour") + answer("/api/ask")
    report = served.web.get("/api/documents", params={"corpus": TOWN}).json()
    assert any("Olaf" in str(found) or found["source"] == "who.md" for found in report["documents"])
    described = served.web.get(f"{root_of(TOWN)}/api/openapi.json").json()
    assert described["servers"] == [{"url": root_of(TOWN)}]
    page = served.web.get(f"{root_of(TOWN)}/docs").text
    assert f"curl -s -u user:password {served.url}{root_of(TOWN)}/api/health" in page
    assert "Warming up" in served.first
    login = {"authorization": httpx.BasicAuth(*LOGIN)._auth_header}
    tools, found = called(f"{served.url}{root_of(TOWN)}", login, ("ask", {"question": MAYOR}))
    assert "ask" in tools
    assert "Olaf Berg" in str(found)
    call = {"name": "ask", "arguments": {"question": MAYOR}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    accepted = {"accept": "application/json, text/event-stream"}
    reply = served.web.post("/mcp/", json=body, params={"corpus": TOWN}, headers=accepted)
    assert "Olaf Berg" in reply.text

    named = {"base_url": f"{served.url}{root_of(TOWN)}/v1"}
    asked = {"base_url": f"{served.url}/v1", "default_query": {"corpus": TOWN}}
    for way in (named, asked):
        with OpenAI(api_key=":".join(LOGIN), **way) as client:
            said = client.chat.completions.create(
                model="askdoc", messages=[{"role": "user", "content": MAYOR}]
            )
            assert "Olaf Berg" in said.choices[0].message.content


def test_a_name_that_no_corpus_has_is_told_so(served: Served) -> None:
    for path in (
        "/corpus/none/", "/corpus/none", "/corpus/HARBOUR/api/health", "/?corpus=none",
        "/api/health?corpus=", "/corpus/none/gradio_api/info", "/mcp/?corpus=none",
    ):  # fmt: skip
        reply = served.web.get(path, follow_redirects=True)
        told = {"error": f"there is no such corpus: name harbour, {TOWN}"}
        assert (reply.status_code, reply.json()) == (404, told), path


def test_the_guard_holds_below_a_corpus(served: Served) -> None:
    """Its login, hosts, origins and open routes; and nobody learns without it which there are."""
    secret = json.dumps({"data": [named("/etc/passwd")], "fn_index": 0, "session_hash": "x"})
    sent = {"content-type": "application/json"}
    for root in (root_of("harbour"), root_of(TOWN)):
        for path in (f"{root}/", root, f"{root}/api/health", f"{root}/ui/askdoc.css"):
            assert httpx.get(f"{served.url}{path}").status_code == 401
            assert served.status(path, host="evil.example") == 400
            assert served.status(path, origin="http://evil.example") == 403
        foreign = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
        assert served.status(f"{root}/", **foreign) == 200  # a link to the page
        assert served.status(f"{root}/api/documents", **foreign) == 403
        for route in (
            "monitoring", "gradio_api/heartbeat/x", "gradio_api/file=http://a.b/c", "redoc",
            "gradio_api/stream/x", "login", "openapi.json", "gradio_api/deep_link",
        ):  # fmt: skip
            assert served.status(f"{root}/{route}") == 404, route
        for route in ("queue/join", "run/predict", "api/ask", "call/ask"):
            assert served.status(f"{root}/gradio_api/{route}", "POST", secret, **sent) == 403
            assert served.status(f"{root}%2Fgradio_api/{route}", "POST", secret, **sent) == 403
    assert httpx.get(f"{served.url}/corpus/none/").status_code == 401
    assert "harbour" not in httpx.get(f"{served.url}/corpus/none/").text
    for path in (
        "//corpus/harbour/api/health", "/corpus/harbour//api/health", "/corpus//harbour/api/health",
        "/CORPUS/harbour/api/health", "/corpus/harbour/corpus/harbour/api/health",
        "/corpus/../corpus/harbour/api/health", "/corpus/harbour/../harbour/api/health",
        "/corpus/harbour/api/../monitoring", "/corpus/harbour/%2e%2e/monitoring",
        "/corpus/harbour%252Fapi/health", "/corpus/harbour/%2Fmonitoring",
        "/corpus/harbour/ui/..%2f..%2fapp.py", "/corpus/harbour/api/%2e%2e%2fmonitoring",
    ):  # fmt: skip
        assert served.status(path) == 404, path


PIECES = ["/", "corpus", "a", "b", "..", ".", "%2F", "%252F", "CORPUS", "api", "\\", "?", "#", "é"]
PIECES += ["//", "/corpus/a", "/corpus/b/", "/corpus/a/api", "/top", "/top/", "/top/corpus/a/"]


@pytest.mark.parametrize("top", ["", "/top"])
def test_the_guard_sees_the_path_that_is_answered(top: str) -> None:
    """Whatever an address is, also where a corpus is named twice, or in another way."""
    seen: list[str] = []

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"/{request.path_params['path']}")

    def inner(tell: object) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", answer)])

    names = ["a", "b", "é?"]
    roots = {top + root_of(name): inner for name in names}
    chosen = Chosen(Front(roots, lambda: None), names, top)

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope.get("path", ""))
        await chosen(scope, receive, send)

    with TestClient(Below(guard, root=top), follow_redirects=False) as client:
        while "Warming" in client.get(f"{top}/corpus/é%3F/").text:
            pass

        @settings(max_examples=200, deadline=None)
        @given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
        def check(path: str) -> None:
            reply = client.get(f"http://127.0.0.1/{quote(path.removeprefix('/'), safe='/')}")
            assert reply.text == seen[-1] if reply.is_success else reply.status_code in (307, 404)

        check()


def test_one_corpus_is_served_as_ever(address: str) -> None:
    with httpx.Client(base_url=address, timeout=120) as web:
        assert web.get("/").status_code == 200
        assert '<select id=\\"corpus\\"' not in web.get("/config").text
        for path in ("/corpus/corpus/", "/corpus/corpus/api/health", "/corpus/corpus"):
            assert web.get(path).json() == {"error": f"there is no {path}"}
        assert web.get("/api/health?corpus=none").status_code == 200


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("docs", "x/docs", "x/docs (2)", "y/docs/../docs")]
    assert names_of(folders) == ["docs", "docs (2)", "docs (2) (2)", "docs (3)"]
    assert names_of([Path("/")]) == ["corpus"]
    [name] = names_of([tmp_path / "\udcff"])  # no UTF-8, as on some disks
    assert root_of(name) == "/corpus/%3F"


def test_what_several_corpora_cannot_be_is_told_at_once(
    folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, other = folder({"a.md": "A ferry."}), folder({"b.md": "A whale."}, "other")
    both = ("serve", "--corpus", one, "--corpus")
    assert "is named twice" in fails(capsys, *both, one / ".." / one.name)
    assert "is named twice" in fails(capsys, "serve", one, "--corpus", one)
    assert "there is no folder" in fails(capsys, *both, tmp_path / "none")
    assert "can only be of one corpus" in fails(capsys, *both, other, "--index", tmp_path / "i")
    monkeypatch.setenv("ASKDOC_INDEX", str(tmp_path / "i"))
    assert "can only be of one corpus" in fails(capsys, *both, other)
