"""askdoc as an MCP server: tools and documents for agents, on the chat's port or a program's pipes.

Nothing is answered before all of the folder is indexed: programs expect answers from all of it.
"""

import functools
import os
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import quote, unquote

from pydantic import AnyUrl, ValidationError
from starlette.concurrency import run_in_threadpool

from askdoc.assistant import Assistant
from askdoc.types import Document
from askdoc.web.api import answer_to, hits_of, misfit
from askdoc.web.indexing import Indexing

if TYPE_CHECKING:
    from mcp.server.fastmcp import FastMCP

LONGEST = 20_000  # characters of a document that one call gives
ADDRESS = "askdoc://document/"  # of a resource, before its source
PLAIN = "text/plain"
INSTRUCTIONS = (
    "askdoc answers questions from the documents of one folder, every sentence cited to an exact "
    "span of its source. Ask it before you answer what those documents may tell, and cite its "
    "sources. The resources are the documents themselves, as text."
)
P = ParamSpec("P")
T = TypeVar("T")


def server(assistant: Assistant, indexing: Indexing | None = None) -> "FastMCP | None":
    """An MCP server with *ask*, *search* and *read_document*, and the documents as resources.

    ``indexing`` is a sync that may yet be going on. It speaks streamable HTTP as an application,
    and over standard input and output when it is run. None where the package `mcp` is not
    installed: it is an extra.
    """
    try:
        import mcp  # noqa: F401 - where first used: not everybody has it
    except ImportError:
        return None
    made = _server(assistant, indexing)
    _offer_tools(made, assistant)
    return made


def _server(assistant: Assistant, indexing: Indexing | None) -> "FastMCP":
    """A server that has no tool yet."""
    from anyio import wrap_file
    from mcp.server.fastmcp import FastMCP
    from mcp.server.fastmcp.exceptions import ToolError
    from mcp.server.lowlevel.helper_types import ReadResourceContents
    from mcp.server.stdio import stdio_server
    from mcp.server.transport_security import TransportSecuritySettings
    from mcp.types import Resource, ResourceTemplate

    async def indexed() -> None:
        if indexing:
            await indexing.ended()

    class Tools(FastMCP):
        """The tools, which tell in one line what does not fit them, as all that is ours does."""

        async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
            await indexed()
            try:
                return await super().call_tool(name, arguments)
            except ToolError as error:
                if not isinstance(error.__cause__, ValidationError):
                    raise
                first = error.__cause__.errors()[0]
                raise ToolError(misfit(first["msg"], first["loc"])) from error

        async def list_resources(self) -> list[Resource]:
            await indexed()
            return [
                Resource(
                    uri=AnyUrl(ADDRESS + quote(source)), name=source, title=title, mimeType=PLAIN
                )
                for source, title in (await run_in_threadpool(_titles, assistant)).items()
            ]

        async def list_resource_templates(self) -> list[ResourceTemplate]:
            return [
                ResourceTemplate(
                    uriTemplate=ADDRESS + "{+source}",
                    name="document",
                    description="The whole text of a document, by its source.",
                    mimeType=PLAIN,
                )
            ]

        async def read_resource(self, uri: AnyUrl | str) -> list[ReadResourceContents]:
            await indexed()
            source = unquote(str(uri).removeprefix(ADDRESS))
            found = await run_in_threadpool(_document, assistant, source)
            return [ReadResourceContents(found.text, PLAIN)]

        async def run_stdio_async(self) -> None:
            # Whatever a library prints goes to standard error, or it would break the protocol.
            with os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n") as pipe:
                os.dup2(2, 1)
                async with stdio_server(stdout=wrap_file(pipe)) as (read, write):
                    options = self._mcp_server.create_initialization_options()
                    await self._mcp_server.run(read, write, options)

    tools = Tools(
        "askdoc",
        INSTRUCTIONS,
        log_level="WARNING",  # else every log of the process tells of every request
        stateless_http=True,
        json_response=True,
        streamable_http_path="/",
        # Our own guard refuses foreign hosts, also where it is served to a network.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    tools._mcp_server.version = version("askdoc")  # else clients are told that of the package mcp
    return tools


def _offer_tools(mcp: "FastMCP", assistant: Assistant) -> None:
    """Adds the tools, each described so that an agent chooses the right one."""
    from mcp.types import ToolAnnotations

    reads = ToolAnnotations(readOnlyHint=True, openWorldHint=False)

    @mcp.tool(annotations=reads)
    @_in_a_thread
    def ask(
        question: str, sources: list[str] | None = None, where: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Answer a question from the documents, every sentence cited to an exact span.

        The first tool to use for a question. Ask it whole, in words that are understood without the
        conversation. `certainty` is sure, unsure or none; when the documents do not hold the
        answer, `answered` is false and `closest` has the passages that come nearest. `sources`
        names the documents that may answer, and folders with a slash at the end, if not all may;
        `where` keeps to those of which author, date, kind (`pdf`), folder, language or what else
        their files tell is as it has it: `{"author": "Ann", "date": {"$gte": "2024-01-01"}}`, with
        `$eq $ne $gt $gte $lt $lte $in $nin $and $or`.
        """
        return answer_to(assistant, question, sources=sources or [], where=where)

    @mcp.tool(annotations=reads)
    @_in_a_thread
    def search(
        query: str,
        k: int = 10,
        sources: list[str] | None = None,
        where: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Find the `k` passages that best match a query, each with its source and place.

        To collect all that the documents say about a subject, or where `ask` has not answered.
        `sources` and `where` tell the documents that they may be of, as for `ask`.
        """
        return hits_of(assistant, query, k=k, sources=sources or [], where=where)

    @mcp.tool(annotations=reads)
    @_in_a_thread
    def read_document(source: str, start: int = 0) -> dict[str, Any]:
        """Read the text of a document from a place on; `next` is where to go on, if there is more.

        To see what stands around a citation or a passage: `source` is the one that it names, and
        `start` is counted as its `start` is, in characters.
        """
        found = _document(assistant, source)
        text = found.text[max(0, start) : max(0, start) + LONGEST]
        end = max(0, start) + len(text)
        return {
            "source": found.source,
            "title": found.title,
            "text": text,
            "text_sha256": found.text_sha256,
            "characters": len(found.text),
            "next": end if end < len(found.text) else None,
        }


def _titles(assistant: Assistant) -> dict[str, str]:
    """The documents that are in the folder now: the title of each by its source."""
    assistant.keep_up()
    return assistant.index.titles()


def _document(assistant: Assistant, source: str) -> Document:
    """A document as it is now."""
    assistant.keep_up()
    return assistant.document(source)


def _in_a_thread(tool: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """A tool that does not run on the event loop, where it would hold up all other requests."""

    @functools.wraps(tool)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await run_in_threadpool(tool, *args, **kwargs)

    return run
