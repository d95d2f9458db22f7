"""A disk that is full from a step on: one line, nothing is lost, and all works after it."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from chat import serve
from helpers import begun, named

from askdoc import IndexUnavailable, Settings
from askdoc.index.bm25 import Bm25
from askdoc.index.dense import Dense
from askdoc.index.index import Index
from askdoc.index.manifest import Manifest
from askdoc.index.stores import Stores

pytestmark = pytest.mark.attack
FERRY = "The ferry to Marwick sails at nine."
QUESTION = "When does the ferry to Marwick sail?"
STEPS = {
    "opening": (Stores, "open"),
    "reading": (Index, "_read"),
    "embedding": (Stores, "vectors_of"),
    "writing vectors": (Dense, "add"),
    "writing terms": (Bm25, "add"),
    "writing the manifest": (Manifest, "replace"),
    "taking out": (Bm25, "remove"),
    "ending": (Dense, "settle"),
}


@pytest.mark.parametrize("work", [Index.rebuild, lambda settings: Index.open(settings).sync()],
                         ids=["rebuild", "sync"])  # fmt: skip
@pytest.mark.parametrize("step", STEPS)
def test_a_disk_that_is_full_from_a_step_on(
    step: str, work: Callable[[Settings], object], folder, disk, other, monkeypatch
) -> None:
    root = folder({"ferry.md": FERRY, "old.md": "The old mill has 9 doors."})
    settings = Settings(corpus=root, index=disk.path / "index")
    place = ("--corpus", root, "--index", settings.index_folder)
    assert other("index", root, *place[2:])[0] == 0
    text = "The lighthouse of Rousay burns oil number {}. " * 40
    folder({f"{n}.md": text.format(*[n] * 40) for n in range(20)})
    (root / "old.md").unlink()
    owner, name = STEPS[step]
    real = getattr(owner, name)
    with ExitStack() as until, monkeypatch.context() as patched:

        def hurt(*given: Any, **named: Any) -> Any:
            if not filled:
                filled.append(until.enter_context(disk.full()))
            return real(*given, **named)

        filled: list[None] = []
        patched.setattr(owner, name, hurt)
        told = ""
        try:
            work(settings)
        except IndexUnavailable as error:
            told = str(error)
        assert told.count("\n") == 0
        assert "make room on the disk" in told or step in ("taking out", "ending"), (
            "it had to be written"
        )
        assert filled or (step, work) == ("taking out", Index.rebuild)
        code, out, _ = other("ask", QUESTION, *place)
        assert (code, "sails at nine" in out) == (0, True)
    assert other("index", root, *place[2:])[0] == 0
    code, out, _ = other("status", "--deep", *place)
    assert (code, "exactly" in out) == (0, True), out


@pytest.mark.parametrize("full", ["corpus", "temp"])
def test_a_chat_whose_disk_is_full(full: str, tmp_path: Path, disk, folder) -> None:
    """It refuses uploads and opinions in one line each, keeps no half of them, and answers."""
    places = {"corpus": tmp_path / "docs", "temp": tmp_path / "temp", full: disk.path / full}
    for path in places.values():
        path.mkdir()
    (places["corpus"] / "ferry.md").write_text(FERRY)
    log = tmp_path / "stderr"
    command = ("-m", "askdoc", "serve", "--corpus", places["corpus"])
    with log.open("w") as stderr:
        server, url = serve(*command, stderr=stderr, TMPDIR=places["temp"])
    opinion = {"rating": "up", "turns": [{"question": QUESTION}]}
    big = {"files": ("whale.txt", b"Whales sing. " * 1000)}
    uploads = places["corpus"] / "uploads"
    with httpx.Client(base_url=url, timeout=120) as web:
        web.post("/api/ask", json={"question": QUESTION})  # the models are there
        with disk.full():
            reply = web.post("/gradio_api/upload", files=big)
            if full == "temp":
                assert reply.status_code == 503
                assert "\n" not in reply.json()["error"]
            else:
                told = begun(web, "upload", [[named(reply.json()[0])]])
                assert "cannot be written to: No space left on device" in told
                assert web.post("/api/feedback", json=opinion).json() == {
                    "error": f"{places['corpus']}/.askdoc/feedback.jsonl cannot be written to: "
                    "No space left on device"
                }
            assert not uploads.exists() or list(uploads.iterdir()) == []
            answer = web.post("/api/ask", json={"question": QUESTION}).json()
            assert "sails at nine" in answer["text"]
        [path] = web.post("/gradio_api/upload", files=big).json()
        told = begun(web, "upload", [[named(path)]])
        assert "The index is up to date" in told, told[-3000:]
        assert [path.name for path in uploads.iterdir()] == ["whale.txt"]
        assert web.post("/api/feedback", json=opinion).status_code == 200
    server.terminate()
    server.wait(30)
    assert "Traceback" not in log.read_text()
