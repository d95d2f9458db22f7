"""The folders of a corpus and its index: that they can be used, and written by one at a time."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from askdoc.errors import BadInput, IndexBusy


def check_corpus(corpus: Path) -> None:
    """Raises BadInput when there is no such folder."""
    if not corpus.is_dir():
        raise BadInput(f"there is no folder {corpus}: name one with --corpus or ASKDOC_CORPUS")


def make_index(folder: Path) -> None:
    """Creates the folder of the index, kept out of version control; raises BadInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("*\n")
    except OSError as error:
        raise BadInput(
            f"the index cannot be written to {folder} ({error.strerror}): "
            "name another folder with --index or ASKDOC_INDEX"
        ) from error


@contextmanager
def only_writer(folder: Path, patience: float) -> Iterator[None]:
    """One writer of an index at a time; a second one is told who the first is.

    Raises IndexBusy when it has not ended within ``patience`` seconds.
    """
    holder = folder / "writer"
    lock = FileLock(folder / "lock", timeout=patience)
    try:
        lock.acquire()
    except Timeout as error:
        who = holder.read_text("utf-8") if holder.is_file() else "another process"
        raise IndexBusy(f"{who} is writing to the index {folder}: wait until it is done") from error
    try:
        since = time.strftime("%H:%M:%S")
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()}, since {since},")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
