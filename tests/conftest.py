"""What the tests share: the real corpus, indexed once, and ways to make small folders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from askdoc import Assistant, Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable or `.env` file of the person who runs the tests changes them."""
    import os

    for name in list(os.environ):
        if name.startswith("ASKDOC_"):
            monkeypatch.delenv(name)
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
