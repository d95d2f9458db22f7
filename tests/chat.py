"""The chat as the tests drive it: served for real, asked in a real Chromium."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from helpers import ROOT
from playwright.sync_api import Page, expect

WAIT = 90_000  # ms; the first answer waits for the models
SCREENSHOTS = Path(__file__).parent / "screenshots"
EVIL = "<img src=x onerror=\"document.title='hacked'\"> ${document.title='hacked'} {{7*7}} [1]"


def chromium() -> str:
    """The path of a Chromium; without one a person's run skips, and CI fails."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    if os.environ.get("CI"):
        pytest.fail("no Chromium is installed: .ci/run must install one")
    pytest.skip("no Chromium is installed: the chat is not tried in a browser")


def serve(
    *arguments: object, stderr: IO[str] | None = None, **environment: object
) -> tuple[subprocess.Popen[str], str]:
    """Starts a chat on a free port, with further variables, and gives its address."""
    variables = {name: str(value) for name, value in environment.items()}
    server = subprocess.Popen(
        [sys.executable, *map(str, arguments), "--port", "0"],
        stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=ROOT, env={**os.environ, **variables},
    )  # fmt: skip
    assert server.stdout is not None
    line = server.stdout.readline()
    assert "http://" in line, line
    return server, line.split()[3]


def visit(page: Page, url: str, whole: bool = True) -> None:
    """Opens a chat, and waits until it has taken the place of the page that comes first.

    And, if it is to be ``whole``, until all is indexed.
    """
    page.goto(url)
    expect(page.get_by_role("textbox", name="Question")).to_be_visible(timeout=WAIT)
    if whole:
        page.wait_for_function(
            "async () => !(await (await fetch('api/health')).json()).indexing", timeout=WAIT
        )


def ask(page: Page, question: str) -> None:
    """Types a question, and waits for its answer and for the box to be open again."""
    turns = page.locator("article.answer").count()
    box = page.get_by_role("textbox", name="Question")
    box.fill(question)
    box.press("Enter")
    expect(page.locator("article.answer")).to_have_count(turns + 1, timeout=WAIT)
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    expect(box).to_be_enabled()


def shot(page: Page, name: str) -> None:
    """Keeps a picture of the page for whoever wants to look."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def connected(page: Page, url: str, key: str = "") -> None:
    """Connects the page to a server, by the tab."""
    page.get_by_role("tab", name="Model").click()
    page.get_by_label("Model", exact=True).fill("openai:it")
    page.get_by_label("Address of its server").fill(url)
    page.get_by_label("Key, where").fill(key)
    page.get_by_role("button", name="Test and use").click()
    expect(page.locator("#connected")).to_contain_text("It writes the answers", timeout=WAIT)
