"""The chat's server: its address answers at once, and the chat comes when it is built.

Gradio takes seconds to import, and a large folder minutes to index. Until then the page says so,
and whatever else is asked waits.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import uvicorn
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from askdoc.errors import PortInUse
from askdoc.index.index import OnProgress
from askdoc.settings import Settings
from askdoc.types import Progress
from askdoc.web.corpora import Below, Chosen, root_of
from askdoc.web.limits import Limits, refused
from askdoc.web.metrics import Counting, Metrics
from askdoc.web.security import Guard
from askdoc.web.session import LOOPBACK
from askdoc.web.templating import UI, render
from askdoc.web.uploads import OnlyUploads

Build = Callable[[OnProgress], Any]

PARTING = 3  # seconds that requests are given to end in when the server is told to
FRESH = {"cache-control": "no-store"}


class Front:
    """An application that is there before those that it serves, each below its root path.

    ``builds`` make these, one after the other in a thread of its own, and tell how far their index
    is; what one raises is kept in ``error``, and ``ended`` is called.
    """

    def __init__(self, builds: Mapping[str, Build], ended: Callable[[], None]) -> None:
        self.error: BaseException | None = None
        self._indexing = dict.fromkeys(builds, "")
        self._builds = builds
        self._ended = ended
        self._apps: dict[str, ASGIApp] = {}
        self._ready = {root: asyncio.Event() for root in builds}
        self._ui = StaticFiles(directory=UI)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, as soon as it can be answered."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        root = scope["root_path"]
        if root not in self._apps and scope["type"] == "http":
            if scope["path"] == "/":
                await HTMLResponse(render("early"), headers=FRESH)(scope, receive, send)
                return
            if scope["path"].startswith("/ui/"):
                beside = scope["path"].removeprefix("/ui")
                await self._ui({**scope, "path": root + beside}, receive, send)
                return
            if scope["path"] == "/api/ready":
                early = refused(503, self._indexing[root] or "warming up")
                await early(scope, receive, send)
                return
            if scope["path"] == "/api/health":
                health = {"status": "warming up", "indexing": self._indexing[root]}
                await JSONResponse(health)(scope, receive, send)
                return
        await self._ready[root].wait()
        if app := self._apps.get(root):
            try:
                await app({**scope, "path": root + scope["path"]}, receive, send)
            except RuntimeError as error:
                # Gradio tells in a stream that it knows no such session, and then raises it, too.
                if not isinstance(error.__cause__, HTTPException):
                    raise
                await send({"type": "http.response.body"})

    async def _live(self, receive: Receive, send: Send) -> None:
        """Starts at once, and ends what the application has begun."""
        await receive()
        loop = asyncio.get_running_loop()
        built = {root: loop.create_future() for root in self._builds}
        threading.Thread(target=self._made, args=(loop, built), daemon=True).start()
        await send({"type": "lifespan.startup.complete"})
        async with AsyncExitStack() as stack:
            ending = asyncio.ensure_future(receive())
            for root, future in built.items():
                await asyncio.wait({future, ending}, return_when=asyncio.FIRST_COMPLETED)
                if future.done() and (app := future.result()):
                    await stack.enter_async_context(app.router.lifespan_context(app))
                    self._apps[root] = app
                self._ready[root].set()
            await ending
        await send({"type": "lifespan.shutdown.complete"})

    def _made(
        self, loop: asyncio.AbstractEventLoop, built: "Mapping[str, asyncio.Future[Any]]"
    ) -> None:
        """Builds the applications, and tells the loop of each."""
        for root, build in self._builds.items():
            app, began = None, time.monotonic()

            def on_progress(step: Progress, root: str = root, began: float = began) -> None:
                self._indexing[root] = step.told(time.monotonic() - began)

            try:
                app = build(on_progress)
            except BaseException as error:  # noqa: BLE001 - raised again where the server ends
                self.error = error
                self._ended()
                return
            finally:
                loop.call_soon_threadsafe(built[root].set_result, app)


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


def serve(
    settings: Settings,
    listener: socket.socket,
    builds: Mapping[str, Build],
    metrics: Metrics | None = None,
) -> None:
    """Serves the applications that ``builds`` make, until it is interrupted.

    One alone is at the top; each of several is below the root path of the corpus of its name.
    ``metrics`` count all requests.
    Raises what a build raises.
    """
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    if (host not in LOOPBACK or settings.hosts) and not settings.auth:
        print("askdoc: whoever reaches this address can ask and delete: set --auth", flush=True)
    several, top = len(builds) > 1, settings.root_path or ""
    print(f"askdoc answers at http://{name}:{port}{top} (Ctrl-C stops it)", flush=True)
    roots = {top + (root_of(name) if several else ""): build for name, build in builds.items()}
    front = Front(roots, lambda: setattr(server, "should_exit", True))
    inner = Chosen(front, builds, top) if several else front
    guarded = Guard(Limits(OnlyUploads(inner, settings.read_only), settings), settings)
    below = Below(guarded, several, top)
    config = uvicorn.Config(
        Counting(below, metrics) if metrics else below,
        log_level="warning",
        lifespan="on",
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxy,
        timeout_graceful_shutdown=PARTING,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listener])
    if front.error:
        raise front.error
