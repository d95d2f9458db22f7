"""The chat behind a reverse proxy: a sub-path, a name of its own, and what is counted."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import helpers
import httpx
import pytest
import uvicorn
from chat import WAIT, ask, serve, visit
from playwright.sync_api import expect
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from askdoc import BadInput, Settings

pytestmark = pytest.mark.alone

LOGIN = ("ani", "se:cret")
HARBOUR = "Who is the harbour master of Marwick?"
NOTHING = "How do I bake a lasagne?"
ROOT = "/tools/askdoc"
DEPLOYING = (helpers.ROOT / "docs" / "deploying.md").read_text("utf-8")
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"]
HOPS = {"connection", "keep-alive", "transfer-encoding", "host"}


@contextmanager
def proxy(upstream: str, strips: bool) -> Iterator[int]:
    """The port of a proxy that has a server below ROOT, and may take that off its paths."""

    async def forward(request: Request) -> StreamingResponse:
        path = request.url.path.removeprefix(ROOT) if strips else request.url.path
        headers = [(k, v) for k, v in request.headers.items() if k not in HOPS] + [
            ("host", request.headers["host"]),
            ("x-forwarded-for", request.client.host if request.client else ""),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", request.headers["host"]),
        ]
        web: httpx.AsyncClient = request.app.state.web
        asked = web.build_request(
            request.method, f"{path}?{request.url.query}", headers=headers, content=request.stream()
        )
        reply = await web.send(asked, stream=True)
        kept = {k: v for k, v in reply.headers.items() if k not in HOPS}
        done = BackgroundTask(reply.aclose)
        return StreamingResponse(reply.aiter_raw(), reply.status_code, kept, background=done)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=upstream, timeout=120) as app.state.web:
            yield

    app = Starlette(routes=[Route(ROOT + "/{path:path}", forward, methods=METHODS)], lifespan=life)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # so that nobody comes too early
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", proxy_headers=False))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a chat listens that a proxy shows as docs.localhost below ROOT."""
    folder = tmp_path_factory.mktemp("docs") / "harbour"
    folder.mkdir()
    (folder / "who.md").write_text("The harbour master of Marwick is Ingrid Sund.")
    server, url = serve(
        "-m", "askdoc", "serve", folder,
        ASKDOC_ROOT_PATH=ROOT, ASKDOC_HOSTS="docs.localhost", ASKDOC_AUTH=":".join(LOGIN),
        ASKDOC_METRICS=1,
    )  # fmt: skip
    assert url.endswith(ROOT)
    yield url.removesuffix(ROOT)
    server.terminate()
    server.wait(30)


@pytest.mark.parametrize("strips", [False, True])
def test_the_chat_answers_and_opens_a_citation(upstream: str, browser, strips: bool) -> None:
    user, password = LOGIN
    context = browser.new_context(http_credentials={"username": user, "password": password})
    context.set_default_timeout(WAIT)
    page = context.new_page()
    asked: list[tuple[int, str]] = []
    failures: list[str] = []
    page.on("response", lambda reply: asked.append((reply.status, reply.url)))
    page.on("pageerror", lambda error: failures.append(str(error)))
    with proxy(upstream, strips) as port:
        url = f"http://docs.localhost:{port}{ROOT}/"
        visit(page, url)
        ask(page, HARBOUR)
        expect(page.locator("article.answer")).to_contain_text("Ingrid Sund")
        page.get_by_role("button", name="Citation 1").click()
        expect(page.locator("#page mark")).to_contain_text("Ingrid Sund")
        expect(page.get_by_role("tab", name="Model")).to_have_count(0)  # others reach it
        context.close()
    assert failures == []
    assert [each for each in asked if each[0] >= 400] == []
    assert [each for _, each in asked if not each.startswith(url)] == []


def test_programs_reach_it_below_the_path_and_beside_it(upstream: str) -> None:
    with httpx.Client(base_url=upstream, auth=LOGIN, timeout=60) as web:
        for root in (ROOT, ""):  # some proxies take it off
            assert web.get(f"{root}/api/health").status_code == 200
            assert web.get(f"{root}/api/openapi.json").json()["servers"] == [{"url": ROOT}]
            assert web.get(f"{root}/v1/models").json()["data"][0]["id"] == "askdoc"
            told = web.get(f"{root}/v1/none").json()["error"]
            assert told["message"] == "there is no such route: /v1/none"
        assert web.get(ROOT).headers["location"] == f"{ROOT}/"
        for other in (f"{ROOT}{ROOT}/api/health", f"{ROOT}x/api/health", "/tools/api/health"):
            assert web.get(other).status_code == 404
        assert (
            f"curl -s -u user:password {upstream}{ROOT}/api/health" in web.get(f"{ROOT}/docs").text
        )


def test_only_its_own_names_count(upstream: str) -> None:
    with httpx.Client(base_url=upstream, auth=LOGIN, timeout=60) as web:
        for host, status in (
            ("docs.localhost", 200), ("DOCS.localhost:8443", 200), ("localhost", 200),
            ("evil.example", 400), ("x.docs.localhost", 400), ("docs.localhost.evil.example", 400),
        ):  # fmt: skip
            assert web.get("/api/health", headers={"host": host}).status_code == status
        forwarded = {"host": "evil.example", "x-forwarded-host": "docs.localhost"}
        assert web.get("/api/health", headers=forwarded).status_code == 400


def test_what_was_asked_is_counted_however_it_was(upstream: str) -> None:
    """By ``/api`` and as a chat program would; what is no question counts as a request only."""
    with httpx.Client(base_url=upstream, auth=LOGIN, timeout=120) as web:

        def counted() -> Counter[tuple[str, ...]]:
            families = text_string_to_metric_families(web.get("/metrics").text)
            samples = [sample for family in families for sample in family.samples]
            return Counter({(each.name, *each.labels.values()): each.value for each in samples})

        web.post("/api/ask", json={"question": NOTHING})  # the models are there
        before = counted()
        certainty = web.post("/api/ask", json={"question": HARBOUR}).json()["certainty"]
        message = {"role": "user", "content": NOTHING}
        body = {"model": "askdoc", "messages": [message], "stream": True}
        web.post("/v1/chat/completions", json=body)
        web.post("/api/ask", json={"question": ""})
        web.get("/api/none")
        more = counted()
        more.subtract(before)
        after = counted()
    assert more["askdoc_questions_total", certainty] == 1
    assert more["askdoc_questions_total", "none"] == 1
    assert more["askdoc_answer_seconds_count",] == 2
    assert 0 < more["askdoc_answer_seconds_sum",] < 60
    assert [more["askdoc_requests_total", status] for status in ("200", "400", "404")] == [3, 1, 1]
    assert after["askdoc_documents", "harbour"] == after["askdoc_passages", "harbour"] == 1
    told = re.findall(r"^\| (`askdoc_.*?) \|", DEPLOYING, re.M)
    for name in re.findall(r"askdoc_\w+", " ".join(told)):
        assert {name, f"{name}_count"} & {known for known, *_ in after}


def test_without_the_package_one_line_tells_what_to_install(folder) -> None:
    """The server does not start, rather than to count nothing."""
    hidden = "import sys; sys.modules['prometheus_client'] = None; from askdoc.cli import main; "
    run = hidden + f"main(['serve', '--port', '0', '--corpus', {str(folder({'a.md': 'A.'}))!r}])"
    done = subprocess.run(
        [sys.executable, "-c", run], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "ASKDOC_METRICS": "1"},
    )  # fmt: skip
    assert done.returncode == 1
    told = "askdoc: ASKDOC_METRICS needs a package: pip install 'askdoc[metrics]'"
    assert done.stderr.strip() == told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("root_path", "askdoc", "like /askdoc"), ("root_path", "/..", "like /askdoc"),
        ("root_path", "/a?b", "like /askdoc"), ("trusted_proxy", "proxy.example", "proxy.example"),
        ("trusted_proxy", "*", "does not appear"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_once(name: str, value: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        Settings(**{name: value})
    assert Settings(root_path="/a/b.c/").root_path == "/a/b.c"


def test_the_page_about_it_names_what_there_is() -> None:
    named = set(re.findall(r"ASKDOC_(\w+)", DEPLOYING))
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    assert {"ROOT_PATH", "HOSTS", "TRUSTED_PROXY", "AUTH"} <= named
    for route in re.findall(r"`(/api/\w+)`", DEPLOYING):
        assert route in ("/api/ready", "/api/health")
