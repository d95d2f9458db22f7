"""Which files a request may name to Gradio: those that were uploaded here, and no addresses."""

import asyncio
import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askdoc.web.limits import UPLOAD, refused

GRADIO = "/gradio_api/"
KEPT = 900.0  # seconds after which an upload that nobody took is deleted


class OnlyUploads:
    """Refuses requests that name another file to an event of Gradio.

    What is uploaded lies in one folder, which is there as long as the server. A chat that is
    read-only takes no uploads.
    """

    def __init__(self, app: ASGIApp, read_only: bool) -> None:
        self._app = app
        self._read_only = read_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        app = self._app
        if scope["type"] == "lifespan":
            with TemporaryDirectory(prefix="askdoc-") as folder:
                os.environ["GRADIO_TEMP_DIR"] = folder  # which Gradio reads when a page is built
                clearing = asyncio.create_task(clear(Path(folder)))
                await app(scope, receive, send)
                clearing.cancel()
            return
        if self._read_only and scope["type"] == "http" and scope["path"] == UPLOAD:
            app = refused(403, "this chat is served read-only: no file is taken")
        elif scope["type"] == "http" and _calls_gradio(request := Request(scope)):
            body, receive = await _read_ahead(receive)
            host = request.headers.get("host", "")
            if not await run_in_threadpool(_names_only_uploads, body, host):
                app = refused(403, "a file that was not uploaded here is refused")
        await app(scope, receive, send)


async def clear(folder: Path) -> None:
    """Deletes, until it is cancelled, what was uploaded to a folder and not taken."""
    while True:
        await asyncio.sleep(KEPT / 10)
        await run_in_threadpool(delete_before, folder, time.time() - KEPT)


def delete_before(folder: Path, seconds: float) -> None:
    """Deletes the files in a folder that were last written before a time."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime < seconds:
            path.unlink(missing_ok=True)


def _calls_gradio(request: Request) -> bool:
    """Whether a request may start one of Gradio's events: an upload's body is left to stream."""
    form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    return request.method == "POST" and GRADIO in request.scope["path"] and not form


async def _read_ahead(receive: Receive) -> tuple[bytes, Receive]:
    """The body of a request, and what gives it once more to whoever answers it."""
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    left = iter(messages)

    async def again() -> Message:
        return next(left, None) or await receive()

    return body, again


def _names_only_uploads(body: bytes, host: str) -> bool:
    """Whether every file that a JSON body names was uploaded; what is no JSON starts no event."""
    try:
        left: list[Any] = [json.loads(body)]
    except ValueError:
        return True
    except RecursionError:  # Gradio may have more room to read it than we have
        return False
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            if "meta" in value and not _uploaded(value.get("path"), value.get("url"), host):
                return False
    return True


def _uploaded(path: object, url: object, host: str) -> bool:
    """Whether a path is that of an upload, and its address, if any, one of ours.

    Gradio keeps an upload in a folder named by a hash of its content and of a secret of the
    installation, so that only who has uploaded a file, or was told, knows its path.
    """
    # Gradio takes seconds to import; where one of its events is called, it mostly is.
    from gradio.utils import get_upload_folder

    if not isinstance(path, str) or not isinstance(url or "", str):
        return False
    folder = Path(os.path.realpath(get_upload_folder()))
    try:
        real = Path(os.path.realpath(path))
        at = urlsplit(str(url or ""))
    except ValueError:  # a path with a null byte, an address with half a bracket
        return False
    ours = at[:2] in (("", ""), ("http", host), ("https", host))
    return ours and os.path.isabs(path) and real.parent.parent == folder
