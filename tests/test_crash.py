"""A process killed at any moment of a sync leaves an index that tells no lies."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parent / "kill_a_sync.py"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")
def test_a_killed_sync_leaves_a_true_index(tmp_path: Path) -> None:
    """At least fifty kills of a real process, each checked; later syncs complete the work."""
    root = tmp_path / "docs"
    root.mkdir()
    done = subprocess.run(
        [sys.executable, DRIVER, root, "52"], capture_output=True, text=True, timeout=600
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["killed"] >= 50, told
