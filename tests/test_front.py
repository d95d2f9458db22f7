"""The address answers before the chat is there."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat import WAIT, ask, shot, visit
from helpers import ROOT
from playwright.sync_api import expect

from askdoc.web.templating import UI

pytestmark = pytest.mark.alone


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def start() -> Iterator:
    """Starts a chat: the process and its address, before anything answers there."""
    started = []

    def begin(*arguments: object) -> tuple[subprocess.Popen[str], str]:
        port = free_port()
        command = [sys.executable, "-m", "askdoc", "serve", "--port", str(port)]
        process = subprocess.Popen(
            [*command, *map(str, arguments)], cwd=ROOT, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process, f"http://127.0.0.1:{port}"

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def first(url: str) -> tuple[float, str]:
    """The seconds until an address answers, and what it says first."""
    began = time.perf_counter()
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return time.perf_counter() - began, response.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.02)


@pytest.fixture(scope="module")
def index(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus, indexed."""
    place = tmp_path_factory.mktemp("index")
    command = [sys.executable, "-m", "askdoc", "index", "--corpus", corpus, "--index", place]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return place


def test_the_page_is_there_within_three_seconds(start, corpus: Path, index: Path) -> None:
    """And the first question, asked at once, waits for what it needs and is answered."""
    _, url = start("--corpus", corpus, "--index", index)
    seconds, page = first(url)
    assert seconds < 3
    assert "Warming up" in page
    with urllib.request.urlopen(f"{url}/api/health", timeout=30) as response:
        assert json.load(response)["status"] == "warming up"
    began = time.perf_counter()
    question = json.dumps({"question": "Who backed Azerbaijan in the 44-day war?"}).encode()
    asked = urllib.request.Request(f"{url}/api/ask", question, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=90) as response:
        assert json.load(response)["answered"] is True
    first_answer = time.perf_counter() - began
    with urllib.request.urlopen(asked, timeout=90) as response:
        assert json.load(response)["answered"] is True
    assert time.perf_counter() - began - first_answer < first_answer


def test_the_chat_opens_by_itself_in_the_readers_language(
    start, browser, corpus: Path, index: Path
) -> None:
    words = json.loads((UI / "words" / "ru.json").read_text("utf-8"))
    _, url = start("--corpus", corpus, "--index", index)
    first(url)
    page = browser.new_page(locale="ru-RU")
    page.goto(url)
    expect(page.get_by_role("status")).to_have_text(words["Warming up: the chat opens by itself."])
    shot(page, "warming")
    expect(page.get_by_role("textbox", name=words["Question"])).to_be_visible(timeout=WAIT)
    page.close()


def test_the_guard_stands_before_it(start, corpus: Path, index: Path) -> None:
    _, url = start("--corpus", corpus, "--index", index, "--auth", "ann:secret")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        first(url)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        first(f"{url}/api/health")


def test_the_first_page_tells_how_far_indexing_is(start, browser, folder) -> None:
    files = {f"{n}.md": f"# Ferry {n}\n\nFerry {n} sails at nine. " * 9 for n in range(300)}
    _, url = start("--corpus", folder(files))
    first(url)
    page = browser.new_page()
    page.goto(url)
    told = re.compile(r"Indexing \d+\.md: \d+%")
    expect(page.get_by_text(told)).to_be_visible(timeout=WAIT)
    shot(page, "indexing")
    expect(page.get_by_role("textbox", name="Question")).to_be_visible(timeout=WAIT)
    page.close()


def test_what_is_indexed_answers_while_the_rest_is_read(start, browser, folder) -> None:
    text = "The ferry number {n} to Marwick sails at nine and carries forty cows. " * 40
    late = {f"x{n}.md": text.replace("{n}", str(n)) for n in range(400)}
    early = {"a.md": "The harbour master of Marwick is Ingrid Sund."}
    _, url = start("--corpus", folder(early | late))
    first(url)
    page = browser.new_page()
    visit(page, url, whole=False)
    told = page.locator("#indexing")
    expect(told).to_contain_text("What is read so far answers.", timeout=WAIT)
    ask(page, "Who is the harbour master of Marwick?")
    expect(page.locator("article.answer")).to_contain_text("Ingrid Sund")
    assert told.inner_text()  # still at it
    shot(page, "asked-while-indexing")
    page.close()


def test_what_keeps_the_chat_from_being_built_is_one_line(start, folder) -> None:
    root = folder({"a.md": "A ferry."})
    place = root / ".askdoc"
    place.mkdir()
    (place / "manifest.sqlite").write_bytes(b"no database" * 100)
    process, _ = start("--corpus", root)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.strip().count("\n") == 0
    assert errors.startswith("askdoc: ")
    process, _ = start("--corpus", root / "none")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "there is no folder" in errors


def test_ctrl_c_ends_it_while_it_indexes(start, folder) -> None:
    text = "The ferry number {n} to Marwick sails at nine and carries forty cows. " * 40
    root = folder({f"{n}.md": text.replace("{n}", str(n)) for n in range(300)})
    process, url = start("--corpus", root)
    first(url)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors
    assert process.returncode in (0, 130)
