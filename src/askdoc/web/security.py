"""Who may reach the chat, what of it can be reached, and where its page may reach."""

import base64
import re
import secrets
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from askdoc.settings import Settings
from askdoc.web.limits import Rates, Refusal, refused
from askdoc.web.session import COOKIE, LOOPBACK, new_cookie

EVERYWHERE = ("0.0.0.0", "::")
TRIES = 10  # wrong passwords a minute from one address
# Gradio itself needs 'unsafe-inline' and 'unsafe-eval': this stops requests to other hosts.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; frame-src 'none'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
]
# What our page and Gradio's client ask for. Gradio has much more: it fetches addresses for others,
# keeps what it is sent, and holds connections open.
OPEN = re.compile(
    r"/(?:$|(?:api|v1|ui|mcp|assets|static|svelte)/|mcp$|docs$|metrics$|config$|theme\.css$|favicon\.ico$"
    r"|manifest\.json$|gradio_api/(?:info$|app_id$|startup-events$|queue/(?:join|data)$"
    r"|upload$|upload_progress$|cancel$|reset$|file=(?!https?:)|(?:run|api|call)/))",
    re.IGNORECASE,
)


class Guard:
    """Refuses requests that other sites make a browser send, and forbids the page to load theirs.

    A host that is not ours comes from DNS rebinding, an origin that is not ours from another page.
    With ``auth``, a user and a password with a colon between, every request has to bring them.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._auth = settings.auth.get_secret_value().encode() if settings.auth else b""
        self._tries = Rates(TRIES)
        names = {name.strip().lower() for name in (settings.hosts or "").split(",")} - {""}
        anyhow = settings.host in EVERYWHERE and not names
        self._hosts = None if anyhow else {*LOOPBACK, settings.host.lower(), *names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        if scope["type"] == "websocket":  # nothing of ours speaks it
            await WebSocketClose()(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._refusal(request)
        stranger = not refusal and scope["path"] == "/" and COOKIE not in request.cookies

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = [(b"set-cookie", new_cookie().encode())] if stranger else []
                message["headers"] = [*message.get("headers", []), *HEADERS, *cookie]
            await send(message)

        await (refusal or self._app)(scope, receive, with_policy)

    def _refusal(self, request: Request) -> Refusal | None:
        host, path = request.headers.get("host", ""), request.scope["path"]
        if self._hosts is not None and _name_of(host) not in self._hosts:
            return refused(400, f"askdoc is not served as {host}")
        if _is_foreign(request, host):
            return refused(403, "requests from other sites are refused")
        return self._unknown(request) or (
            None if OPEN.match(path) else refused(404, f"there is no {path}")
        )

    def _unknown(self, request: Request) -> Refusal | None:
        """What one gets who does not bring the user and the password.

        They come by HTTP's Basic scheme, or as they are after *Bearer*, as an API key does.
        """
        given = request.headers.get("authorization", "")
        if not self._auth:
            return None
        if given:
            if wait := self._tries.spend(request):
                return refused(429, "too many wrong passwords from your address", wait)
            if self._is_right(given):
                self._tries.spend(request, -1)
                return None
        refusal = refused(401, "name the user and the password")
        refusal.headers["www-authenticate"] = 'Basic realm="askdoc", charset="UTF-8"'
        return refusal

    def _is_right(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        login = b""
        if scheme.lower() == "bearer":
            login = given.encode("latin-1")  # the bytes of a header, as Starlette reads them
        elif scheme.lower() == "basic":
            with suppress(ValueError):
                login = base64.b64decode(given, validate=True)
        return secrets.compare_digest(login, self._auth)


def _name_of(host: str) -> str | None:
    """The name in a Host header; None where there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # half a bracket
        return None


def _is_foreign(request: Request, host: str) -> bool:
    """Whether a page that is not ours sent a request; it may lead to our page, and nowhere else."""
    origin = request.headers.get("origin")
    if origin is not None and origin.split("://")[-1] != host:
        return True
    led = request.scope["path"] == "/" and request.headers.get("sec-fetch-mode") == "navigate"
    ours = ("same-origin", "none")  # none: typed, or a bookmark
    return not led and request.headers.get("sec-fetch-site", "none") not in ours
