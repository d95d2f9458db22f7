"""What the tests share: the real corpus, indexed once, and ways to make small folders."""

import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chat import chromium, serve, visit
from helpers import ROOT
from playwright.sync_api import Page, sync_playwright

from askdoc import Assistant, Settings


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked as an attack, unless it is asked for: it takes minutes, or root.

    Files with slow tests come first: of two processes, none should begin one when the other ends.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if "attack" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("attack")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable or `.env` file of the person who runs the tests changes them."""
    import os

    for name in list(os.environ):
        if name.startswith("ASKDOC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus that askdoc ships."""
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def assistant(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant over the corpus, with the real embedder, Chroma and tantivy."""
    return Assistant.from_folder(corpus, Settings(index=tmp_path_factory.mktemp("index")))


Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Write:
    """Makes a folder of documents from names and texts: ``folder({"a.md": "..."})``."""

    def write(files: dict[str, str | bytes], name: str = "docs") -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for source, content in files.items():
            path = root / source
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)
        return root

    return write


@pytest.fixture(scope="session")
def address(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a chat over the real corpus, started as `askdoc serve` starts it."""
    place = ("--corpus", corpus, "--index", tmp_path_factory.mktemp("index"))
    server, url = serve("-m", "askdoc", "serve", *place)
    yield url
    server.terminate()
    server.wait(30)


@pytest.fixture(scope="session")
def locked(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a chat that asks for a user and a password."""
    place = ("--corpus", corpus, "--index", tmp_path_factory.mktemp("locked"))
    server, url = serve("-m", "askdoc", "serve", *place, "--auth", "ani:se:cret")
    yield url
    server.terminate()
    server.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """One browser for all tests."""
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-background-networking", "--no-first-run"],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser, address: str) -> Iterator[Page]:
    """The chat in a fresh profile; no request may go anywhere else, no script may fail."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    opened = context.new_page()
    requests: list[str] = []
    failures: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("pageerror", lambda error: failures.append(str(error)))
    visit(opened, address)
    yield opened
    context.close()
    assert failures == []
    assert {urllib.parse.urlsplit(url).netloc for url in requests if url.startswith("http")} == {
        urllib.parse.urlsplit(address).netloc
    }
