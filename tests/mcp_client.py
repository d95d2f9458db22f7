"""An agent: calls the tools of a chat by the real MCP client."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


def called(url: str, headers: dict[str, str], *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """The names of the tools, and what each call gives, by the real MCP client."""

    async def run() -> list[Any]:
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as web,
            streamable_http_client(f"{url}/mcp/", http_client=web) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            found: list[Any] = [{tool.name for tool in (await session.list_tools()).tools}]
            return found + [await session.call_tool(name, given) for name, given in calls]

    with ThreadPoolExecutor() as threads:  # the browser of other tests has a loop in this one
        return threads.submit(lambda: asyncio.run(run())).result()
