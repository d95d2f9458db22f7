"""The chat's server: our own routes and the Gradio page behind one guard."""

import base64
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askdoc.assistant import Assistant
from askdoc.errors import PortInUse
from askdoc.web import agents, api, feedback, sources
from askdoc.web.page import build
from askdoc.web.session import COOKIE, LOOPBACK, new_cookie
from askdoc.web.warmup import Warmup

UI = Path(__file__).parent / "ui"
HEAD = (
    '<link rel="stylesheet" href="/ui/askdoc.css"><script src="/ui/askdoc.js" defer></script>'
    '<script src="/ui/conversations.js" defer></script>'
    '<meta name="referrer" content="no-referrer">'
)
EVERYWHERE = ("0.0.0.0", "::")
# Gradio itself needs 'unsafe-inline' and 'unsafe-eval': this stops requests to other hosts.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; frame-src 'none'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class Guard:
    """Refuses requests that other sites make a browser send, and forbids the page to load theirs.

    A host that is not ours comes from DNS rebinding, an origin that is not ours from another page.
    With ``auth``, a user and a password with a colon between, every request has to bring them.
    """

    def __init__(self, app: ASGIApp, host: str, auth: str = "") -> None:
        self._app = app
        self._auth = auth.encode()
        own = {*LOOPBACK, host.lower()}
        self._hosts = None if host in EVERYWHERE else own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        if refusal:
            await refusal(scope, receive, send)
            return

        stranger = scope["path"] == "/" and COOKIE not in Request(scope).cookies

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    (b"content-security-policy", POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    *([(b"set-cookie", new_cookie().encode())] if stranger else []),
                ]
            await send(message)

        await self._app(scope, receive, with_policy)

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        host = request.headers.get("host", "")
        if self._hosts is not None and urlsplit(f"//{host}").hostname not in self._hosts:
            return PlainTextResponse(f"askdoc is not served as {host}", 400)
        origin = request.headers.get("origin")
        foreign = origin is not None and origin.split("://")[-1] != host
        if foreign and request.method not in ("GET", "HEAD"):
            return PlainTextResponse("requests from other sites are refused", 403)
        if self._auth and not self._known(request):
            ask = {"www-authenticate": 'Basic realm="askdoc", charset="UTF-8"'}
            return PlainTextResponse("name the user and the password", 401, ask)
        return None

    def _known(self, request: Request) -> bool:
        """Whether a request comes with the user and the password, by HTTP's Basic scheme."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            told = base64.b64decode(given, validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and secrets.compare_digest(told, self._auth)


def create_app(assistant: Assistant) -> FastAPI:
    """The whole chat as one ASGI application; loading of the models begins at once."""
    tools = agents.server(assistant)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with tools.session_manager.run() if tools else nullcontext():
            yield

    app = FastAPI(title="askdoc", openapi_url=None, docs_url=None, redoc_url=None, lifespan=life)
    warmup, started = Warmup(assistant), time.time()
    api.tell_errors(app)
    app.include_router(api.routes(assistant))
    app.include_router(sources.routes(assistant))
    app.include_router(feedback.routes(assistant))

    @app.get("/api/health")
    def health() -> dict[str, Any]:
        """Whether the models are loaded, and when this server was started."""
        return {"status": "ready" if warmup.done else "warming up", "started": started}

    app.mount("/ui", StaticFiles(directory=UI))
    if tools:
        app.mount("/mcp", tools.streamable_http_app())
    gr.mount_gradio_app(
        app,
        build(assistant, warmup),
        path="/",
        theme=gr.themes.Base(
            font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        head=HEAD,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        app_kwargs={"openapi_url": None, "docs_url": None, "redoc_url": None},
    )
    auth = assistant.settings.auth
    secret = auth.get_secret_value() if auth else ""
    app.add_middleware(Guard, host=assistant.settings.host, auth=secret)
    return app


def listen(host: str, port: int) -> socket.socket:
    """A socket to serve on; raises PortInUse when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"the chat cannot be served on {host}:{port} ({error.strerror or error}): "
            "name another port with --port or ASKDOC_PORT"
        ) from error
    return listener


def serve(assistant: Assistant, listener: socket.socket) -> None:
    """Serves the chat until it is interrupted."""
    host, port = listener.getsockname()[:2]
    app = create_app(assistant)
    name = f"[{host}]" if ":" in host else host
    if host not in LOOPBACK and not assistant.settings.auth:
        print("askdoc: whoever reaches this address can ask and delete: set --auth", flush=True)
    print(f"askdoc answers at http://{name}:{port} (Ctrl-C stops it)", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
