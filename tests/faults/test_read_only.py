"""An index that cannot be written answers; what is wrong is named as what it is."""

import os
import stat
from pathlib import Path

import pytest

from askdoc import Assistant, Settings
from askdoc.index.home import Home
from askdoc.index.index import Index
from askdoc.index.lock import only_writer
from askdoc.web import feedback

FERRY = "The ferry to Marwick sails at nine."
QUESTION = "When does the ferry sail?"


def lock(folder: Path, writable: bool) -> None:
    """Takes the right to write from a folder and all in it, or gives it back."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o500 | writable * 0o200 if path.is_dir() else 0o400 | writable * 0o200)


def test_a_read_only_index_answers(folder, bound, tmp_path: Path) -> None:
    root = folder({"ferry.md": FERRY})
    place = ("--corpus", root, "--index", tmp_path / "index")
    Assistant.from_folder(root, Settings(index=tmp_path / "index")).index.close()
    os.utime(root / "ferry.md", (1, 1))  # as in a container: the same content at another time
    lock(tmp_path, writable=False)
    try:
        assert bound("index", root)[0] == 1  # the corpus cannot be written either
        code, out, err = bound("ask", QUESTION, *place)
        assert (code, err) == (0, "")
        assert "sails at nine" in out
        assert "ferry.md" in bound("search", "ferry", *place)[1]
        code, out, err = bound("status", *place)
        assert (code, err) == (0, "")
        assert "exactly" in out
        code, _, err = bound("index", root, "--rebuild", "--index", tmp_path / "index")
        assert code == 1
        assert err.count("\n") == 1
        assert "ermission denied" in err
        assert "--rebuild" not in err
    finally:
        lock(tmp_path, writable=True)
    (root / "tide.md").write_text("The tide turns at five.")
    lock(tmp_path, writable=False)
    try:
        code, out, err = bound("ask", QUESTION, *place)
        assert code == 0
        assert "sails at nine" in out
        assert err.count("\n") == 1
        assert "answers come from what is indexed so far" in err
    finally:
        lock(tmp_path, writable=True)
    assert Index.open(Settings(corpus=root, index=tmp_path / "index")).sync().added == ("tide.md",)


@pytest.mark.parametrize("place", [None, "elsewhere"])
def test_an_index_is_readable_by_its_user_only(folder, tmp_path: Path, place: str | None) -> None:
    """Its documents may be; the folder that is named for it may be open to everyone."""
    root, wanted = folder({"ferry.md": FERRY}), 0o700
    (root / "ferry.md").chmod(0o600)
    settings = Settings(corpus=root, index=tmp_path / place if place else None)
    index = settings.index_folder
    if place:
        index.mkdir(wanted := 0o755)
    before = os.umask(0o022)
    try:
        Assistant.from_folder(root, settings).index.close()
        Index.rebuild(settings)[0].close()
        feedback.append(index / feedback.FILE, {"question": FERRY})
        with only_writer(Home(index, root, ""), 0):
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in index.rglob("*")}
    finally:
        os.umask(before)
    assert stat.S_IMODE(index.stat().st_mode) == wanted
    assert {"current", "lock", "writer", feedback.FILE} < {path.name for path in modes}
    del modes[index / ".gitignore"]
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path
