"""A process that is killed, or has no space, at any moment of a sync leaves a true index."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parent / "hurt_a_sync.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not"),
]


def hurt(how: str, corpus: Path, times: int, *index: Path) -> None:
    """Hurts so many syncs of real processes; each is checked, and later ones end the work."""
    corpus.mkdir()
    done = subprocess.run(
        [sys.executable, DRIVER, how, corpus, str(times), *index], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr


def test_a_killed_sync_leaves_a_true_index(tmp_path: Path) -> None:
    hurt("kill", tmp_path / "docs", 10)


def test_a_sync_without_space_leaves_a_true_index(tmp_path: Path) -> None:
    """No file may grow beyond a size, which needs no rights and fails like a full disk."""
    hurt("limit", tmp_path / "docs", 4)


@pytest.mark.attack
def test_200_killed_syncs_leave_a_true_index(tmp_path: Path) -> None:
    hurt("kill", tmp_path / "docs", 200)


@pytest.mark.attack
def test_80_syncs_without_space_leave_a_true_index(tmp_path: Path) -> None:
    hurt("limit", tmp_path / "docs", 80)


@pytest.mark.attack
def test_a_full_disk_leaves_a_true_index(tmp_path: Path, disk) -> None:
    """At random moments, with a little space or none."""
    hurt("fill", tmp_path / "docs", 20, disk.path / "index")
