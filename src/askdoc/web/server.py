"""The chat's server: its address answers at once, and the chat comes when it is built.

Gradio takes seconds to import, and a large folder minutes to index. Until then the page says so,
and whatever else is asked waits.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import uvicorn
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from askdoc.errors import PortInUse
from askdoc.index.index import OnProgress
from askdoc.settings import Settings
from askdoc.types import Progress
from askdoc.web.limits import Limits
from askdoc.web.security import Guard
from askdoc.web.session import LOOPBACK
from askdoc.web.uploads import OnlyUploads

Build = Callable[[OnProgress], Any]

PARTING = 3  # seconds that requests are given to end in when the server is told to
FRESH = {"cache-control": "no-store"}
EARLY = Path(__file__).parent / "templates" / "early.html"


class Front:
    """An application that is there before the one that it serves.

    ``build`` makes that one, in a thread of its own, and tells how far its index is; what it raises
    is kept in ``error``, and ``ended`` is called.
    """

    def __init__(self, build: Build, ended: Callable[[], None]) -> None:
        self.error: BaseException | None = None
        self._indexing = ""
        self._build = build
        self._ended = ended
        self._app: ASGIApp | None = None
        self._ready = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, as soon as it can be answered."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if self._app is None and scope["type"] == "http":
            if scope["path"] == "/":
                await FileResponse(EARLY, headers=FRESH)(scope, receive, send)
                return
            if scope["path"] == "/api/health":
                health = {"status": "warming up", "indexing": self._indexing}
                await JSONResponse(health)(scope, receive, send)
                return
        await self._ready.wait()
        if self._app:
            try:
                await self._app(scope, receive, send)
            except RuntimeError as error:
                # Gradio tells in a stream that it knows no such session, and then raises it, too.
                if not isinstance(error.__cause__, HTTPException):
                    raise
                await send({"type": "http.response.body"})

    async def _live(self, receive: Receive, send: Send) -> None:
        """Starts at once, and ends what the application has begun."""
        await receive()
        loop = asyncio.get_running_loop()
        built: asyncio.Future[Any] = loop.create_future()
        threading.Thread(target=self._made, args=(loop, built), daemon=True).start()
        await send({"type": "lifespan.startup.complete"})
        async with AsyncExitStack() as stack:
            ending = asyncio.ensure_future(receive())
            await asyncio.wait({built, ending}, return_when=asyncio.FIRST_COMPLETED)
            if built.done() and (app := built.result()):
                await stack.enter_async_context(app.router.lifespan_context(app))
                self._app = app
            self._ready.set()
            await ending
        await send({"type": "lifespan.shutdown.complete"})

    def _made(self, loop: asyncio.AbstractEventLoop, built: "asyncio.Future[Any]") -> None:
        """Builds the application, and tells the loop."""
        app, began = None, time.monotonic()

        def on_progress(step: Progress) -> None:
            self._indexing = step.told(time.monotonic() - began)

        try:
            app = self._build(on_progress)
        except BaseException as error:  # noqa: BLE001 - raised again where the server ends
            self.error = error
            self._ended()
        loop.call_soon_threadsafe(built.set_result, app)


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


def serve(settings: Settings, listener: socket.socket, build: Build) -> None:
    """Serves the application that ``build`` makes, until it is interrupted.

    Raises what ``build`` raises.
    """
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    if host not in LOOPBACK and not settings.auth:
        print("askdoc: whoever reaches this address can ask and delete: set --auth", flush=True)
    print(f"askdoc answers at http://{name}:{port} (Ctrl-C stops it)", flush=True)
    front = Front(build, lambda: setattr(server, "should_exit", True))
    guarded = Guard(Limits(OnlyUploads(front, settings.read_only), settings), settings)
    config = uvicorn.Config(
        guarded,
        log_level="warning",
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=PARTING,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listener])
    if front.error:
        raise front.error
