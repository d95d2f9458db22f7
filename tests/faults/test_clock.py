"""A clock that jumps: what changed is seen, and nothing waits for a time that never comes."""

import os
import shutil
import time
from pathlib import Path

import httpx
import pytest
from chat import serve

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("faketime"), reason="faketime is not installed: the clock is left alone"
    ),
]
JUMPS = ["+400d", "-400d", "+1d", "-20y", "+0"]
QUESTION = "When does the ferry to Marwick sail?"


def test_a_sync_sees_what_changed_whatever_the_time(folder, clock: Path, elsewhen) -> None:
    """Of the same size, too; and a file from the future is none that always changes."""
    root = folder({"ferry.md": "The ferry to Marwick sails at 0 o'clock."})
    assert elsewhen("index", root)[0] == 0
    for number, jump in enumerate(JUMPS, 1):
        clock.write_text(jump)
        path = root / "ferry.md"
        path.write_text(f"The ferry to Marwick sails at {number} o'clock.")
        os.utime(path, (time.time() + 10**6 * (-1) ** number,) * 2)
        code, out, err = elsewhen("ask", QUESTION, "--corpus", root)
        assert (code, err.strip()) == (0, "")
        assert f"sails at {number} o'clock" in out
        code, out, _ = elsewhen("status", "--corpus", root)
        assert (code, "exactly" in out) == (0, True), out


@pytest.mark.attack
def test_a_chat_limits_and_answers_whatever_the_time(
    folder, clock: Path, shifted: dict[str, str]
) -> None:
    root = folder({"ferry.md": "The ferry to Marwick sails at nine."})
    server, url = serve("-m", "askdoc", "serve", "--corpus", root, ASKDOC_RATE=60, **shifted)
    with httpx.Client(base_url=url, timeout=60) as web:
        web.post("/api/ask", json={"question": QUESTION})  # the models are there
        for number, jump in enumerate(JUMPS):
            afar = {"x-forwarded-for": f"10.0.0.{number}"}
            clock.write_text(jump)
            began = time.monotonic()
            (root / f"{number}.md").write_text(f"The boat number {number} is red.")
            reply = web.get("/api/documents")
            assert f"{number}.md" in {row["source"] for row in reply.json()["documents"]}
            statuses = [web.post("/api/none", headers=afar).status_code for _ in range(75)]
            assert 60 <= statuses.count(404) < 75
            late = web.post("/api/none", headers=afar)
            assert late.status_code == 429
            clock.write_text(JUMPS[number - 1])
            time.sleep(int(late.headers["retry-after"]) + 1)
            reply = web.post("/api/ask", json={"question": QUESTION}, headers=afar)
            assert "sails at nine" in reply.json()["text"]
            assert time.monotonic() - began < 30
    server.terminate()
    server.wait(30)
