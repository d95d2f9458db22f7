"""The writer of an index: one at a time."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from askdoc.errors import IndexBusy
from askdoc.index.home import Home, write_private


@contextmanager
def only_writer(home: Home, patience: float) -> Iterator[None]:
    """One writer of an index at a time; a second one is told who the first is.

    Raises IndexBusy when it has not ended within ``patience`` seconds, IndexUnavailable where
    nobody can write.
    """
    holder = home.folder / "writer"
    lock = FileLock(home.folder / "lock", timeout=patience, mode=0o600)
    try:
        with home.telling():
            try:
                lock.acquire()
            except Timeout as error:
                told = holder.read_text("utf-8", "replace") if holder.is_file() else ""
                mine = told.startswith(f"process {os.getpid()} on")
                who = "askdoc itself" if mine else told or "another process"
                raise IndexBusy(
                    f"{who} is writing to the index {home.folder}: wait until it is done"
                ) from error
            since = time.strftime("%H:%M:%S")
            who = f"process {os.getpid()} on {socket.gethostname()}, since {since},"
            write_private(holder, who)
        yield
    finally:
        if lock.is_locked:
            holder.unlink(missing_ok=True)
        lock.release()
