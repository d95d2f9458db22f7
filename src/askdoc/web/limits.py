"""How much may be asked of the chat: bytes of a request, requests a minute, requests at once."""

import asyncio
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from contextlib import nullcontext
from math import ceil

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askdoc.settings import Settings

MEGABYTE = 1_000_000
JSON = 10  # megabytes of any request but an upload: a browser keeps conversations of half as much
UPLOAD = "/gradio_api/upload"
# What takes threads, of which the server has 40. A kind that is slow leaves room for the others.
KINDS = re.compile(
    r"/api/(?P<drawing>page|document|original)$"
    r"|/(?P<asking>api/(?!(?:health|ready)$)|v1/|mcp|gradio_api/(?:run|api|call)/)"
    r"|/gradio_api/(?:(?P<uploading>upload)|(?P<sending>queue/join))$"
)
AT_WORK = 8  # requests of one kind at once
WAITING = 64  # further ones that wait, and hold no thread
AGAIN = 5  # seconds after which one that found no room may come back
ADDRESSES = 10_000  # that are known at once
KINDS_OF_ERROR = {401: "authentication_error", 429: "rate_limit_error"}  # as OpenAI calls them
SESSIONS = 256  # tabs whose state is kept at once, some 70 KB each; the one longest unused goes


class Refusal(JSONResponse):
    """What is wrong with a request, in one line, told as those who ask at its path expect it.

    ``code`` names it for the routes in OpenAI's form, if its status says too little.
    """

    def __init__(
        self,
        status: int,
        why: str,
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__({"error": why}, status, headers)
        kind = KINDS_OF_ERROR.get(status, "invalid_request_error" if status < 500 else "api_error")
        self._as_openai = {"error": {"message": why, "type": kind, "code": code}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        if scope["path"].removeprefix(scope.get("root_path", "")).startswith("/v1/"):
            self.body = self.render(self._as_openai)
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


class Rates:
    """What each address has asked for: a bucket that leaks so much a minute."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, request: Request, cost: int = 1) -> int:
        """Books a request; or the seconds to wait, and nothing is booked, where there were many."""
        address, now = request.client.host if request.client else "", time.monotonic()
        level, since = self._spent.pop(address, (0.0, now))
        level = max(0.0, level - (now - since) * self._most / 60)
        over = level + cost - self._most
        self._spent[address] = (level if over > 0 else max(0.0, level + cost)), now
        if len(self._spent) > ADDRESSES:
            self._spent.popitem(last=False)
        return ceil(max(0.0, over) * 60 / self._most)


class Limits:
    """Refuses what is too large (413), too often (429) or too much at once (503).

    All that is answered with 503 says when to come back.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._upload = settings.max_upload
        self._rates = Rates(settings.rate)
        self._free = {kind: asyncio.Semaphore(AT_WORK) for kind in KINDS.groupindex}
        self._there = Counter[str]()  # at work and waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on when there is room for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def later(message: Message) -> None:
            nonlocal begun
            begun = True
            if message.get("status") == 503:
                message["headers"] = [*message["headers"], (b"retry-after", b"%d" % AGAIN)]
            await send(message)

        match = KINDS.match(scope["path"])
        kind = str(match.lastgroup) if match else ""
        most = self._upload if scope["path"] == UPLOAD else JSON
        refusal = self._refusal(Request(scope), kind, most)
        if refusal:
            await refusal(scope, receive, later)
            return
        self._there[kind] += 1
        try:
            async with self._free.get(kind, nullcontext()):
                limited = RequestBodyLimitMiddleware(self._app, most * MEGABYTE)
                await limited(scope, receive, later)
        except asyncio.CancelledError:  # by the server, when it is told to end
            if not begun:
                await refused(503, "the server ends: try again")(scope, receive, later)
        finally:
            self._there[kind] -= 1

    def _refusal(self, request: Request, kind: str, most: int) -> Refusal | None:
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most * MEGABYTE:
            how = " (ASKDOC_MAX_UPLOAD)" if request.scope["path"] == UPLOAD else ""
            return refused(413, f"a request may have {most} megabytes{how}")
        if request.method == "POST" and (wait := self._rates.spend(request)):
            return refused(429, "too many requests from your address", wait)
        if kind and self._there[kind] >= AT_WORK + WAITING:
            return refused(503, "the server is busy: try again in some seconds")
        return None


def refused(status: int, why: str, wait: int = 0) -> Refusal:
    """What a request gets that is not taken, or comes some seconds too early."""
    if wait:
        return Refusal(status, f"{why}: wait {wait} seconds", {"retry-after": str(wait)})
    return Refusal(status, why)
