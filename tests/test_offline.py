"""Nothing leaves the machine: index, ask and serve run with every socket but loopback blocked.

And in a network of their own, where C libraries are heard, too, when they try to reach anything.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import ipaddress, json, os, socket, sys, threading, time, urllib.request

tried = []

def loopback(host):
    if host in (None, "", b"", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not loopback(address[0]):
            tried.append(f"{event} {address}")
            raise OSError(f"blocked: {address}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not loopback(arguments[0]):
        tried.append(f"{event} {arguments[0]}")
        raise OSError(f"blocked: {arguments[0]}")

sys.addaudithook(watch)
corpus, index = sys.argv[1:]

import askdoc
from askdoc.web import server
from askdoc.web.app import create_app

settings = askdoc.Settings(corpus=corpus, index=index)
assistant = askdoc.Assistant.from_folder(settings=settings)
answer = assistant.ask("What is Eagle Partner for?")
listener = server.listen("127.0.0.1", 0)
port = listener.getsockname()[1]
build = lambda tell: create_app(assistant)
threading.Thread(
    target=server.serve, args=(assistant.settings, listener, {"": build}), daemon=True
).start()
for _ in range(300):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=30) as response:
            ready = json.load(response)["status"] == "ready"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
            page = response.read().decode()
        if ready:
            break
    except OSError:
        pass
    time.sleep(0.2)
print(json.dumps({"answered": answer.answered, "page": len(page), "ready": ready, "tried": tried}))
os._exit(0)
"""


def test_index_ask_and_serve_need_no_network(corpus: Path, tmp_path: Path) -> None:
    """Tried from Python, where Chroma, Gradio and the Hugging Face libraries open theirs."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, corpus, tmp_path / "index"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told.pop("page") > 1000
    assert told == {"answered": True, "ready": True, "tried": []}


def test_the_block_does_block() -> None:
    """The watch above sees and stops what it is there for."""
    head = SCRIPT.split("corpus, index")[0]
    script = (
        head
        + """
for host in ("192.0.2.1", "example.com"):
    try:
        socket.create_connection((host, 80), timeout=1)
    except OSError as error:
        print(error)
print(len(tried))
"""
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.count("blocked") == 2
    assert done.stdout.splitlines()[-1] != "0"


# The reporting of ONNX Runtime first looked up its maker's server 9 seconds after it was imported.
LONG, LONGEST = 20, 120


def namespaces() -> list[str]:
    """What starts a program in a network of its own; where that cannot be, CI fails."""
    root = sys.platform == "linux" and os.geteuid() == 0
    command = ["unshare", "--mount", "--net", *([] if root else ["--map-root-user"])]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI"):
            pytest.fail(f"names cannot be heard without namespaces: {error}")
        pytest.skip(f"names cannot be heard without namespaces: {error}")
    return command


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(LONG, marks=pytest.mark.slow),
        pytest.param(LONGEST, marks=pytest.mark.attack),
    ],
)
def test_nothing_is_looked_up_and_nothing_reached(
    corpus: Path, tmp_path: Path, seconds: int
) -> None:
    """The chat, its MCP server, the library and every command, longer than any is known to wait."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("eagle-partner.md", "csto.docx", "lachin-corridor.pdf", "rome-statute.html"):
        shutil.copy(corpus / name, docs)
    # Without the variables that say CI: where one is set, some libraries report nothing.
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    script = Path(__file__).with_name("watch_names.py")
    done = subprocess.run(
        [*namespaces(), sys.executable, script, docs, tmp_path, str(seconds)],
        capture_output=True, text=True, timeout=seconds + 540,
        env={name: os.environ[name] for name in kept if name in os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    ended = told.pop("ended")
    print(ended)
    assert all(ended[name] for name in ("index", "ask", "search", "eval", "mcp"))
    assert told == {
        "heard": ["control.example"],  # which the script itself looks up
        "reached": ["192.0.2.200", "2001:db8::200"],  # and these it tries to reach
        "answered": [True, True],
        "alive": [True, True],
    }
