"""An index that cannot be written answers; what is wrong is named as what it is."""

import os
import stat
from pathlib import Path

from askdoc import Assistant, Settings
from askdoc.index.index import Index

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


def test_an_index_is_readable_by_its_user_only(folder) -> None:
    """Its documents may be."""
    root = folder({"ferry.md": FERRY})
    (root / "ferry.md").chmod(0o600)
    before = os.umask(0o022)
    try:
        Assistant.from_folder(root).index.close()
    finally:
        os.umask(before)
    for path in (root / ".askdoc", *(root / ".askdoc").glob("build-*/**/*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
