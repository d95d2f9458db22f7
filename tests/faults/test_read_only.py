"""An index that cannot be written answers; what is wrong is named as what it is."""

import errno
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from helpers import build_of

from askdoc import (
    AskdocError,
    Assistant,
    IndexBusy,
    IndexDamaged,
    IndexUnavailable,
    Settings,
)
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


@pytest.mark.parametrize(
    ("error", "kind", "advice"),
    [
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), IndexUnavailable, "its permissions, or"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), IndexUnavailable, "room on the disk"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), IndexUnavailable, "room on the disk"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), IndexUnavailable, "ulimit -n"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), IndexUnavailable, "and its disk"),
        (MemoryError(), IndexUnavailable, "more memory"),
        (RuntimeError("can't start new thread"), IndexUnavailable, "more memory"),
        (sqlite3.OperationalError("locking protocol"), IndexUnavailable, "and its disk"),
        (ValueError("Failed to acquire Lockfile: LockBusy."), IndexBusy, "another process"),
        (sqlite3.DatabaseError("database disk image is malformed"), IndexDamaged, "--rebuild"),
    ],
)
def test_only_what_is_damaged_is_called_so(
    tmp_path: Path, error: Exception, kind: type[AskdocError], advice: str
) -> None:
    """What the libraries and the system say, where no test can bring it about."""
    home = Home(tmp_path, tmp_path, "askdoc index --rebuild")
    with pytest.raises(kind) as caught, home.telling("part"):
        raise error
    assert advice in str(caught.value)
    assert ("--rebuild" in str(caught.value)) == (kind is IndexDamaged)
    assert "\n" not in str(caught.value)


def test_what_hinders_is_named(folder, bound, other, tmp_path: Path) -> None:
    """By processes of which one may not read, one may open few files, and one comes too late."""
    root, index = folder({"ferry.md": FERRY}), tmp_path / "index"
    place = ("--corpus", root, "--index", index)
    Assistant.from_folder(root, Settings(index=index)).index.close()
    manifest = build_of(index) / "manifest.sqlite"
    manifest.chmod(0)
    code, _, err = bound("ask", QUESTION, *place)
    manifest.chmod(0o600)
    assert (code, err.count("\n"), "see to its permissions" in err) == (1, 1, True)
    few = ["sh", "-c", 'ulimit -n 16; exec "$@"', "sh", sys.executable, "-m", "askdoc"]
    done = subprocess.run(
        [*few, "ask", QUESTION, *map(str, place)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "ulimit -n" in done.stderr
    with closing(sqlite3.connect(manifest, timeout=0)) as taken:
        taken.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
        taken.commit()
        _, _, err = other("ask", QUESTION, *place)
        assert "was built with version 99, not" in err
        assert "use the askdoc that built it" in err


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
