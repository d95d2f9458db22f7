"""Files that change behind the index's back: seen by the next sync, not served before it."""

import os
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from askdoc import Assistant, BadInput
from askdoc.index import index as index_module
from askdoc.web.viewer import routes

FERRY = "The ferry to Marwick sails at nine."


def test_other_content_of_the_same_size_and_time_is_seen(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "RACY", 0)
    root = folder({"ferry.md": FERRY, "new.txt": FERRY.replace("nine", "five")})
    for path in root.iterdir():
        os.utime(path, (1, 1))
    assistant = Assistant.from_folder(root)
    assert assistant.sync().changed == ()
    (root / "ferry.md").write_text(FERRY.replace("nine", "five"))
    os.utime(root / "ferry.md", (1, 1))
    assert assistant.sync().changed == ("ferry.md",)
    (root / "ferry.md").write_text(FERRY)
    os.utime(root / "ferry.md", (1, 1))
    assistant.sync()
    os.replace(root / "new.txt", root / "ferry.md")
    assert assistant.sync().changed == ("ferry.md",)


@pytest.mark.parametrize("how", ["link", "folder", "ignored"])
def test_what_is_no_longer_of_the_corpus_is_not_served(folder, tmp_path: Path, how: str) -> None:
    """Before any sync: by no route, and in no answer."""
    root = folder({"a/ferry.md": FERRY, "b.md": "The tide turns at five."})
    assistant = Assistant.from_folder(root)
    app = FastAPI()
    app.include_router(routes.routes(assistant))
    client = TestClient(app)
    assert client.get("/api/document", params={"source": "a/ferry.md"}).status_code == 200
    outside = folder({"ferry.md": "The key is 4711."}, "outside")
    if how == "link":
        (root / "a" / "ferry.md").unlink()
        (root / "a" / "ferry.md").symlink_to(outside / "ferry.md")
    elif how == "folder":
        (root / "a").rename(tmp_path / "away")
        (root / "a").symlink_to(outside, target_is_directory=True)
    else:
        (root / ".askdocignore").write_text("a/\n")
    for route in ("document", "original"):
        assert client.get(f"/api/{route}", params={"source": "a/ferry.md"}).status_code == 404
    with pytest.raises(BadInput):
        assistant.document("a/ferry.md")
    answer = assistant.ask("When does the ferry to Marwick sail?")
    assert "a/ferry.md" not in {hit.passage.source for hit in answer.closest}
    assert answer.citations == ()
