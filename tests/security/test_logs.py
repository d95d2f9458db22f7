"""No secret reaches a log, whichever library writes it."""

import logging
import subprocess
import sys

import pytest
from helpers import recording

from askdoc.redaction import redact

SECRETS = [
    "http://anna:hunter22@chroma.example:8000",
    "Authorization: Bearer hunter22.abc",
    "{'authorization': 'Basic aHVudGVyMjI='}",
    "the key sk-hunter22abcdef was refused",
    "https://api.example/v1?key=hunter22&alt=sse",
    "https://api.example/v1?access_token=hunter22",
    "postgresql://u:hunter22@db/x",
]
PLAIN = [
    "askdoc answers at http://127.0.0.1:7860 (Ctrl-C stops it)",
    "mail anna@example.com about http://example.com/a@b",
    "token limits and basic facts on passwords",
]
LOUD = """
import logging, sys, httpx, httpx2
from mcp.server.fastmcp import FastMCP
from askdoc.redaction import redact_logs
redact_logs()
FastMCP("x", log_level="DEBUG")
address = sys.argv[1].replace("//", "//anna:hunter22@")
httpx.get(address + "/one?key=hunter22")
httpx2.get(address + "/two")
try:
    raise ValueError("sk-hunter22abcdef")
except ValueError:
    logging.getLogger("askdoc.web").error("unexpected", exc_info=True)
logging.getLogger("x").warning("%d and %s of " + address, "odd")
"""
QUIET = """
import logging
from askdoc.web import mcp
assert mcp.server(None)
print([name for name in ("", "httpx", "mcp") if logging.getLogger(name).isEnabledFor(logging.INFO)])
"""


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_left_out(text: str) -> None:
    assert "hunter22" not in redact(text)
    assert "aHVudGVy" not in redact(text)


@pytest.mark.parametrize("text", PLAIN)
def test_what_does_not_is_left_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_the_libraries_logs_hold_none() -> None:
    """All switched on: what they tell of requests, and what goes wrong."""
    with recording() as (address, sent):
        done = subprocess.run(
            [sys.executable, "-c", LOUD, address], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert len(sent) == 2
    for told in ("HTTP Request", "/one", "/two", "ValueError", "unexpected", "and %s of"):
        assert told in done.stderr.replace("\n", ""), told
    assert "hunter22" not in done.stderr + done.stdout


def test_mcp_does_not_make_them_tell_of_every_request() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIET], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_command_redacts_its_logs(capsys, caplog) -> None:
    from askdoc.cli import main

    make = logging.getLogRecordFactory()
    try:
        with pytest.raises(SystemExit):
            main(["--help"])
        logging.getLogger("any").warning("at %s", "http://anna:hunter22@host")
    finally:
        logging.setLogRecordFactory(make)
    assert caplog.messages == ["at http://…@host"]
