"""askdoc as an MCP server: three tools for agents, on the same port as the chat."""

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from askdoc.assistant import Assistant
from askdoc.web.api import answer_to, hits_of, misfit

if TYPE_CHECKING:
    from mcp.server.fastmcp import FastMCP

LONGEST = 20_000  # characters of a document that one call gives
P = ParamSpec("P")
T = TypeVar("T")


def server(assistant: Assistant) -> "FastMCP | None":
    """An MCP server over streamable HTTP with *ask*, *search* and *read_document*.

    None where the package `mcp` is not installed: it is an extra.
    """
    # Imported where first used: not everybody has it.
    try:
        from mcp.server.fastmcp import FastMCP
        from mcp.server.fastmcp.exceptions import ToolError
        from mcp.server.transport_security import TransportSecuritySettings
    except ImportError:
        return None

    class Tools(FastMCP):
        """The tools, which tell in one line what does not fit them, as all that is ours does."""

        async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
            try:
                return await super().call_tool(name, arguments)
            except ToolError as error:
                if not isinstance(error.__cause__, ValidationError):
                    raise
                first = error.__cause__.errors()[0]
                raise ToolError(misfit(first["msg"], first["loc"])) from error

    mcp = Tools(
        "askdoc",
        log_level="WARNING",  # else every log of the process tells of every request
        stateless_http=True,
        json_response=True,
        streamable_http_path="/",
        # Our own guard refuses foreign hosts, also where it is served to a network.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    @mcp.tool()
    @_in_a_thread
    def ask(question: str, sources: list[str] | None = None) -> dict[str, Any]:
        """Answer a question from the documents, every sentence cited to an exact span.

        When the documents do not hold the answer, `answered` is false and `closest` has the
        passages that come nearest. `sources` names the documents that may answer, if not all may.
        """
        return answer_to(assistant, question, sources=sources or [])

    @mcp.tool()
    @_in_a_thread
    def search(query: str, k: int = 10, sources: list[str] | None = None) -> list[dict[str, Any]]:
        """Find the passages that best match a query, each with its source and place.

        `sources` names the documents that they may be of, if not all may.
        """
        return hits_of(assistant, query, k, sources or [])

    @mcp.tool()
    @_in_a_thread
    def read_document(source: str, start: int = 0) -> dict[str, Any]:
        """Read the text of a document from a place on; `next` is where to go on, if there is more.

        `source` is one that a citation, a passage or a search names.
        """
        document = assistant.document(source)
        text = document.text[max(0, start) : max(0, start) + LONGEST]
        end = max(0, start) + len(text)
        return {
            "source": document.source,
            "title": document.title,
            "text": text,
            "text_sha256": document.text_sha256,
            "characters": len(document.text),
            "next": end if end < len(document.text) else None,
        }

    return mcp


def _in_a_thread(tool: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """A tool that does not run on the event loop, where it would hold up all other requests."""

    @functools.wraps(tool)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await run_in_threadpool(tool, *args, **kwargs)

    return run
