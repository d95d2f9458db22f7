"""askdoc as an MCP server of a program that starts it, by the real client."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from helpers import ROOT, fails
from mcp import ClientSession, McpError, StdioServerParameters
from mcp_client import over_pipes

ODD = "tides & times/Fähre #1?.md"  # a name that has to be escaped in an address
FERRY = "# Ferry\n\nThe ferry to Marwick sails at nine."


def test_a_program_starts_askdoc_and_talks_over_its_pipes(folder, tmp_path: Path) -> None:
    """As the README has it, over a folder that no index has yet; errors go to standard error."""
    shown = re.search(r"```json\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    told = json.loads(shown[1])["mcpServers"]["askdoc"]
    root = folder({ODD: FERRY, "sub/bread.txt": "Bread costs three crowns."})
    server = StdioServerParameters(
        command=str(Path(sys.executable).parent / Path(told["command"]).name),
        args=[str(root) if arg.startswith("/") else arg for arg in told["args"]] + ["--verbose"],
        env=dict(os.environ),
    )

    async def use(session: ClientSession) -> None:
        assert {tool.name for tool in (await session.list_tools()).tools} == {
            "ask", "search", "read_document",
        }  # fmt: skip
        answer = await session.call_tool("ask", {"question": "When does the ferry sail?"})
        assert answer.structuredContent["citations"][0]["source"] == ODD
        there = (await session.list_resources()).resources
        assert {each.name for each in there} == {ODD, "sub/bread.txt"}
        read = [(await session.read_resource(each.uri)).contents[0] for each in there]
        assert {each.text for each in read} == {FERRY, "Bread costs three crowns."}
        assert {each.mimeType for each in read} == {"text/plain"}
        (root / "sub" / "bread.txt").write_text("Bread costs four crowns.")
        document = await session.call_tool("read_document", {"source": "sub/bread.txt"})
        assert document.structuredContent["text"] == "Bread costs four crowns."
        wrong = await session.call_tool("ask", {"question": " "})
        assert wrong.isError
        assert "the question is empty" in wrong.content[0].text
        for address in ("askdoc://document/none.md", "file:///etc/passwd"):
            with pytest.raises(McpError, match="there is no document"):
                await session.read_resource(address)

    with (tmp_path / "errors").open("w+") as errors:
        over_pipes(server, errors, use)
        errors.seek(0)
        lines = errors.read()
    assert lines.count("indexed: 2 added") == 1
    assert "Traceback" not in lines


def test_without_the_package_one_line_says_how_to_get_it(
    folder, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert "pip install 'askdoc[mcp]'" in fails(capsys, "mcp", folder({"a.md": "A."}))
