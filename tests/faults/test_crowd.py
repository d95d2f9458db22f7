"""Two processes write an index, and rebuild it, while three ask it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parent / "crowd.py"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")


def crowd(corpus: Path, seconds: int) -> None:
    """Runs the crowd: nobody fails, nothing false is found, and in the end all is in order."""
    corpus.mkdir()
    done = subprocess.run(
        [sys.executable, DRIVER, corpus, str(seconds)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 5


@pytest.mark.slow
def test_some_write_while_others_ask(tmp_path: Path) -> None:
    crowd(tmp_path / "docs", 10)


@pytest.mark.attack
def test_some_write_for_ten_minutes_while_others_ask(tmp_path: Path) -> None:
    crowd(tmp_path / "docs", 600)
