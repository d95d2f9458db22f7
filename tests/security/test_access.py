"""Who reaches what: every route without and with a wrong login, foreign pages, other sessions."""

import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from helpers import begun
from reachable import GRADIO, OURS
from scripted_server import Scripted
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from askdoc import Assistant, Settings
from askdoc.web.app import create_app
from askdoc.web.security import OPEN, Guard

LOGIN = ("ani", "se:cret")


@pytest.fixture(scope="module")
def routes(assistant: Assistant) -> set[tuple[str, str]]:
    """Method and path of every route: ours, those of MCP, and all that Gradio has."""
    app = create_app(assistant)

    def walk(those: Sequence[BaseRoute], before: str) -> Iterator[tuple[str, str]]:
        for context in iter_route_contexts(those):
            path = before + str(context.path)
            if isinstance(context.route, Mount):
                yield from walk(context.route.routes, path)
            else:
                yield from ((method, path) for method in context.methods or ("GET", "POST"))

    return set(walk(app.routes, ""))


def test_every_route_is_known(routes: set[tuple[str, str]]) -> None:
    """What is open is listed in ``reachable.py``, and all else of Gradio is closed."""
    paths = {path for _, path in routes}
    assert {path for path in paths if OPEN.match(path)} == OURS | GRADIO
    assert len(paths - OURS - GRADIO) > 30


def test_no_route_answers_who_has_not_logged_in(locked: str, routes: set[tuple[str, str]]) -> None:
    wrong = "Basic bm86eWVz", "Basic", "Basic !", "Bearer se:cret", "Basic YW5pOg==", "se:cret"
    with httpx.Client(base_url=locked, timeout=120) as client:
        for number, (method, path) in enumerate(sorted(routes)):
            filled = re.sub(r"\{\w+(:path)?\}", "x", path)
            reply = client.request(method, filled)
            assert reply.status_code == 401, (method, path)
            assert "askdoc" not in reply.text
            given = {"authorization": wrong[number % len(wrong)]}
            from_afar = given | {"x-forwarded-for": f"10.1.{number // 5}.1"}
            reply = client.request(method, filled, headers=from_afar)
            assert reply.status_code == 401, (method, path)
            right = client.request(method, filled, auth=LOGIN) if not OPEN.match(path) else None
            assert right is None or right.status_code == 404, (method, path)
        assert client.get("/api/health", auth=LOGIN).status_code == 200


@pytest.mark.parametrize("host", ["[::1", "[", "localhost]", "evil.example", "", "a b"])
def test_a_host_that_is_not_ours_is_told_so(locked: str, host: str) -> None:
    reply = httpx.get(f"{locked}/api/health", headers={"host": host})
    assert reply.status_code == 400
    assert "Traceback" not in reply.text
    for own in ("[::1]:80", "localhost", "LOCALHOST:7860", "127.0.0.1"):
        assert httpx.get(f"{locked}/api/health", headers={"host": own}).status_code == 401


def test_no_websocket_gets_past_the_guard() -> None:
    """None of ours speaks it; should something that is mounted do so, it is not reached."""

    async def accept(socket: WebSocket) -> None:
        await socket.accept()

    guarded = Guard(Starlette(routes=[WebSocketRoute("/", accept)]), Settings())
    with (
        TestClient(guarded, base_url="http://127.0.0.1") as client,
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/"),
    ):
        pass


def test_other_sites_learn_nothing_and_start_nothing(address: str) -> None:
    """As a browser says who asks: for a picture, a script, a frame, or by a form."""
    route = "/api/page?source=lachin-corridor.pdf&number=1"
    with httpx.Client(base_url=address, timeout=120) as client:
        for site in ("cross-site", "same-site"):
            for mode in ("no-cors", "cors", "navigate"):
                headers = {"sec-fetch-site": site, "sec-fetch-mode": mode}
                for path in (route, "/api/documents", "/mcp/"):
                    assert client.get(path, headers=headers).status_code == 403
                led = client.get("/", headers=headers).status_code
                assert led == (200 if mode == "navigate" else 403)
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            assert client.get(route, headers={"origin": origin}).status_code == 403
        for site in ("same-origin", "none"):
            reply = client.get(route, headers={"sec-fetch-site": site})
            assert reply.status_code == 200
            assert reply.headers["cross-origin-resource-policy"] == "same-origin"
        for other in ("/api/none", "/ui/none", "/gradio_api/none"):
            headers = client.get(other).headers
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert headers["x-content-type-options"] == "nosniff"


def test_one_browser_sees_nothing_of_another(address: str) -> None:
    """Neither whose model writes, nor what is asked; nor does it stop another's answer."""
    Scripted.words = ["ready"]
    model = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    with httpx.Client(base_url=address, timeout=120) as ann, ThreadPoolExecutor(1) as beside:
        bert = httpx.Client(base_url=address, timeout=120)
        for client in (ann, bert):
            client.get("/")
        assert ann.cookies["askdoc-session"] != bert.cookies["askdoc-session"]
        where = f"http://127.0.0.1:{model.server_address[1]}/v1"
        told = begun(ann, "use", ["openai:it", where, "sk-ann-12345"])
        assert "It writes the answers from now on" in told
        assert "openai:it writes the answers" in begun(ann, "show_2", [])
        assert "Answers are quotes" in begun(bert, "show_2", [])
        asked = ["Who governs Armenia, asks Ann?", "[]", []]
        answer = beside.submit(begun, ann, "typed", asked, "of-ann")
        while not answer.done():
            assert "Armenia" not in begun(bert, "halt", [], "of-bert")
        assert "Stopped." not in answer.result()
        assert "Who governs Armenia, asks Ann?" in answer.result()
        for name, data in (("begin", ["[]"]), ("examples", ["[]"])):
            assert "Who governs Armenia, asks Ann?" not in begun(bert, name, data)
        assert "sk-ann-12345" not in told + answer.result()
        bert.close()
    model.shutdown()
