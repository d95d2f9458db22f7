"""Who may reach the chat, which files a request may name, and where its page may reach."""

import base64
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askdoc.web.session import COOKIE, LOOPBACK, new_cookie

EVERYWHERE = ("0.0.0.0", "::")
# Gradio itself needs 'unsafe-inline' and 'unsafe-eval': this stops requests to other hosts.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; frame-src 'none'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
GRADIO = "/gradio_api/"
# An address in the place of a file's path: Gradio would fetch it, and serve it as ours.
FETCHED = re.compile(rf"{GRADIO}file=https?:", re.IGNORECASE)


class Guard:
    """Refuses requests that other sites make a browser send, and forbids the page to load theirs.

    A host that is not ours comes from DNS rebinding, an origin that is not ours from another page.
    Gradio's events may name no files but those that were uploaded here, and no addresses.
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
        if _calls_gradio(Request(scope)):
            body, receive = await _read_ahead(receive)
            if not _names_only_uploads(body, Request(scope).headers.get("host", "")):
                refusal = PlainTextResponse("a file that was not uploaded here is refused", 403)
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
        if FETCHED.search(request.scope["path"]):
            return PlainTextResponse("askdoc fetches nothing from other addresses", 403)
        return None

    def _known(self, request: Request) -> bool:
        """Whether a request comes with the user and the password, by HTTP's Basic scheme."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            login = base64.b64decode(given, validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and secrets.compare_digest(login, self._auth)


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
