"""Reading in a process of its own: a parser's crash, hang or bomb costs one line in the report.

The child is this very module, started as a program: forking is not safe beside torch, and
multiprocessing's spawn runs the user's own script again. Both sides speak pickle over the child's
standard input and output. The child ends when its input does, that is, with its parent.
"""

import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, Self, TypeVar, cast

from askdoc.errors import AskdocError, Unreadable
from askdoc.ingest import limits
from askdoc.types import Status

SECONDS = 60.0  # that reading one file may take
MEGABYTES = 2048  # of address space that the child may fill, where the system has such limits
STARTING = 60.0  # seconds that the child may take to start
KEPT = ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
READY = "ready"
GOES_ON = "goes on"  # sent between two parts of a task: the time begins anew
Failure = tuple[Status, str]  # with the reason
Reply = tuple[Any, Failure | None]
OUT_OF_MEMORY: Failure = (Status.FAILED, "reading it needs too much memory")
CRASHED: Failure = (Status.FAILED, "its parser crashed")
KILLED = -getattr(signal, "SIGKILL", 9)  # how the system gets memory back
T = TypeVar("T")


class Worker:
    """Runs tasks in a child process that is started when first needed, and again when it dies.

    A task may take ``seconds``, of its own parts (``limits.goes_on``) each, and fill so many
    ``megabytes``.
    """

    def __init__(self, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> None:
        self.seconds = seconds
        self.megabytes = megabytes
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, task: Callable[..., T], *arguments: object) -> T:
        """What a function of some module gives; all paths that it is given have to be absolute.

        Raises Unreadable as the function does, and when it takes too much, and AskdocError when no
        child can be started.
        """
        used = self._child is not None
        result, failure = self._attempt(task, arguments)
        if failure == OUT_OF_MEMORY and used:
            result, failure = self._attempt(task, arguments)  # others may have left too little
        if failure:
            raise Unreadable(*failure)
        return cast("T", result)

    def start(self) -> "subprocess.Popen[bytes]":
        """The child, started if there is none that lives; raises AskdocError when it does not."""
        if self._child is not None and self._child.poll() is not None:
            self.close()
        if self._child is None:
            self._child = _spawn(self.seconds, self.megabytes)
            with suppress(TimeoutError):
                if _receive(self._child, STARTING) == READY:
                    return self._child
            self.close()
            raise AskdocError(f"{sys.executable} does not start askdoc's reading process")
        return self._child

    def close(self) -> None:
        """Ends the child, whatever it is doing."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):  # broken, with something left to be written
                _pipe(pipe).close()

    def _attempt(self, *request: object) -> Reply:
        """What the child makes of a task, or the status and the reason for which it makes nothing.

        A child that ran out of memory, or was not done, is not asked again.
        """
        usable = False
        try:
            child = self.start()
            with suppress(OSError):  # it has died, and there is no reply
                pickle.dump(request, _pipe(child.stdin))
                _pipe(child.stdin).flush()
            while (told := _receive(child, self.seconds)) == GOES_ON:
                pass
            reply: Reply | None = told
            usable = reply is not None and reply[1] != OUT_OF_MEMORY
            return reply or (None, OUT_OF_MEMORY if child.wait() == KILLED else CRASHED)
        except TimeoutError:
            why = f"it was not read within {self.seconds:g} seconds"
            return None, (Status.TOOK_TOO_LONG, why)
        finally:
            if not usable:  # interrupted, too: a late reply must not be taken for the next one
                self.close()


def _spawn(seconds: float, megabytes: int) -> "subprocess.Popen[bytes]":
    """A child that can import askdoc however its parent did, and knows none of its secrets."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
    return subprocess.Popen(  # noqa: S603  # nothing but our own module and two numbers
        # -P: nothing in the folder that askdoc is called in may pass for a module.
        [sys.executable, "-P", "-m", "askdoc.ingest.worker", str(seconds), str(megabytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "PYTHONPATH": path, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


def _receive(child: "subprocess.Popen[bytes]", seconds: float) -> Any:
    """What the child sends next; None when it has died, TimeoutError when it sends nothing."""
    received: SimpleQueue[Any] = SimpleQueue()

    def receive() -> None:
        try:
            received.put(pickle.load(_pipe(child.stdout)))  # noqa: S301  # our own process wrote it
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            received.put(None)

    # A thread, since not every system can wait for a pipe with a limit.
    threading.Thread(target=receive, daemon=True).start()
    try:
        return received.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None


def _pipe(pipe: Any) -> BinaryIO:
    """A pipe that was asked for when the child was started."""
    return cast("BinaryIO", pipe)


def _serve(seconds: float, megabytes: int) -> None:
    """What the child does: reply to each request, until the input ends."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what a library prints must not get between the replies
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    _limit(megabytes)

    def send(reply: object) -> None:
        pickle.dump(reply, replies)
        replies.flush()

    def go_on() -> None:
        faulthandler.dump_traceback_later(seconds + 5, exit=True, file=nowhere)
        send(GOES_ON)

    limits.LISTENERS.append(go_on)
    reply: object = READY
    while True:
        send(reply)
        try:
            task, arguments = pickle.load(requests)  # noqa: S301  # what our parent writes
        except EOFError:
            return
        # Should the parent be gone and a parser hang, nobody else would end this process.
        faulthandler.dump_traceback_later(seconds + 5, exit=True, file=nowhere)
        reply = _reply(task, arguments)
        faulthandler.cancel_dump_traceback_later()


def _reply(task: Callable[..., Any], arguments: tuple[object, ...]) -> Reply:
    """What a task gives, or the status and the reason for nothing."""
    try:
        return task(*arguments), None
    except Unreadable as error:
        return None, (error.status, error.why)
    except MemoryError:
        return None, OUT_OF_MEMORY
    # Whatever a library raises for a hostile file costs that file, and no other.
    except Exception as error:  # noqa: BLE001
        return None, (Status.FAILED, f"its parser gave up ({type(error).__name__})")


def _limit(megabytes: int) -> None:
    """Limits this process's memory, where the system can; on Windows only the time is limited.

    Nor does it write to any file, not even what it leaves when it crashes.
    """
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    bytes = {"AS": megabytes * 1_000_000, "FSIZE": 0, "CORE": 0}
    for name, wanted in bytes.items():
        limit = getattr(resource, f"RLIMIT_{name}")
        _, most = resource.getrlimit(limit)
        if most == resource.RLIM_INFINITY or wanted < most:
            with suppress(OSError, ValueError):  # macOS knows the first of them, and refuses it
                resource.setrlimit(limit, (wanted, most))


if __name__ == "__main__":
    _serve(float(sys.argv[1]), int(sys.argv[2]))
