"""Who may reach the chat, and where its page may reach."""

import base64
import secrets
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
            login = base64.b64decode(given, validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and secrets.compare_digest(login, self._auth)
