"""An agent: uses the real MCP client, over HTTP or over the pipes of a program that it starts."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any, TextIO, TypeVar

import httpx
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

T = TypeVar("T")
Use = Callable[[ClientSession], Awaitable[T]]


def over_http(url: str, headers: dict[str, str], use: Use[T]) -> T:
    """What the use of a chat's server gives."""

    async def run() -> T:
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as web,
            streamable_http_client(f"{url}/mcp/", http_client=web) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            begun = await session.initialize()
            assert (begun.serverInfo.name, begun.serverInfo.version) == (
                "askdoc",
                version("askdoc"),
            )
            return await use(session)

    return _ended(run())


def over_pipes(server: StdioServerParameters, errors: TextIO, use: Use[T]) -> T:
    """What the use of a program gives; raises what it writes besides the protocol."""
    odd: list[Exception] = []

    async def notice(message: object) -> None:
        if isinstance(message, Exception):
            odd.append(message)

    async def run() -> T:
        async with (
            stdio_client(server, errors) as (read, write),
            ClientSession(read, write, message_handler=notice) as session,
        ):
            begun = await session.initialize()
            assert (begun.serverInfo.name, begun.serverInfo.version) == (
                "askdoc",
                version("askdoc"),
            )
            return await use(session)

    made = _ended(run())
    if odd:
        raise odd[0]
    return made


def called(url: str, headers: dict[str, str], *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """The names of the tools, and what each call gives, by the real MCP client."""

    async def use(session: ClientSession) -> list[Any]:
        found: list[Any] = [{tool.name for tool in (await session.list_tools()).tools}]
        return found + [await session.call_tool(name, given) for name, given in calls]

    return over_http(url, headers, use)


def _ended(run: Coroutine[Any, Any, T]) -> T:
    with ThreadPoolExecutor() as threads:  # the browser of other tests has a loop in this one
        return threads.submit(lambda: asyncio.run(run)).result()
