"""A process that is killed, or has no space, at any moment of a sync leaves a true index."""

import json
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


def hurt(how: str, corpus: Path, rounds: int, *index: Path) -> int:
    """How many syncs of real processes were hurt; each was checked, and later ones end the work."""
    corpus.mkdir()
    done = subprocess.run(
        [sys.executable, DRIVER, how, corpus, str(rounds), *index], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    return int(json.loads(done.stdout.splitlines()[-1])["hurt"])


def test_a_killed_sync_leaves_a_true_index(tmp_path: Path) -> None:
    assert hurt("kill", tmp_path / "docs", 15) >= 10


def test_a_sync_without_space_leaves_a_true_index(tmp_path: Path) -> None:
    """No file may grow beyond a size, which needs no rights and fails like a full disk."""
    assert hurt("limit", tmp_path / "docs", 8) >= 4


@pytest.mark.attack
def test_200_killed_syncs_leave_a_true_index(tmp_path: Path) -> None:
    assert hurt("kill", tmp_path / "docs", 300) >= 200


@pytest.mark.attack
def test_100_syncs_without_space_leave_a_true_index(tmp_path: Path) -> None:
    assert hurt("limit", tmp_path / "docs", 150) >= 80


@pytest.mark.attack
def test_a_full_disk_leaves_a_true_index(tmp_path: Path, disk) -> None:
    """At random moments, with a little space or none."""
    assert hurt("fill", tmp_path / "docs", 60, disk.path / "index") >= 20
