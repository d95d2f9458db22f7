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
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, Self, cast

from askdoc.errors import AskdocError, Unreadable
from askdoc.ingest.files import load
from askdoc.ingest.formats import pdf_pages
from askdoc.ingest.formats.pdf_pages import Sheets
from askdoc.types import Document, Status

SECONDS = 60.0  # that reading one file may take
MEGABYTES = 2048  # of address space that the child may fill, where the system has such limits
STARTING = 60.0  # seconds that the child may take to start
READY = "ready"
TOO_MUCH = "reading it needs too much memory"
TASKS: dict[str, Callable[..., Any]] = {
    "load": load,
    "sheets": pdf_pages.sheets,
    "picture": pdf_pages.picture,
}
Failure = tuple[Status, str]  # with the reason


class Worker:
    """Reads files in a child process that is started when first needed, and again when it dies."""

    def __init__(self, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> None:
        self.seconds = seconds
        self.megabytes = megabytes
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Has the child there before it is needed; raises AskdocError when it does not start."""
        self._running()

    def load(self, corpus: Path, source: str) -> Document:
        """What ``askdoc.ingest.files.load`` gives; raises Unreadable also when it takes too much.

        Raises AskdocError when no child can be started.
        """
        return cast("Document", self._done("load", corpus.absolute(), source))

    def sheets(
        self, path: Path, text: str, pages: Sequence[int], spans: Sequence[tuple[int, int]]
    ) -> Sheets:
        """What ``askdoc.ingest.formats.pdf_pages.sheets`` gives; raises as ``load`` does."""
        return cast("Sheets", self._done("sheets", path.absolute(), text, pages, spans))

    def picture(self, path: Path, number: int) -> bytes:
        """What ``askdoc.ingest.formats.pdf_pages.picture`` gives; raises as ``load`` does."""
        return cast("bytes", self._done("picture", path.absolute(), number))

    def _done(self, task: str, *given: object) -> object:
        """What a task gives; one that ran out of memory is tried once more in a fresh child."""
        used = self._child is not None
        answer, failure = self._answer(task, given)
        if failure == (Status.FAILED, TOO_MUCH) and used:
            answer, failure = self._answer(task, given)  # other files may have left too little
        if failure:
            raise Unreadable(*failure)
        return answer

    def _answer(self, task: str, given: tuple[object, ...]) -> tuple[object, Failure | None]:
        """What the child makes of a task; a child that ran out of memory is not asked again."""
        try:
            child = self._running()
            answer, failure = self._asked(child, (task, given), self.seconds)
        except BaseException:  # interrupted: a late answer must not be taken for the next one
            self.close()
            raise
        if failure == (Status.FAILED, TOO_MUCH):
            self.close()
        return answer, failure

    def close(self) -> None:
        """Ends the child, whatever it is doing."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                _close(pipe)

    def _running(self) -> subprocess.Popen[bytes]:
        """The child, started if there is none that lives."""
        if self._child is not None and self._child.poll() is not None:
            self.close()
        if self._child is None:
            self._child = _started(self.seconds, self.megabytes)
            with suppress(TimeoutError):
                if _received(self._child, STARTING) == READY:
                    return self._child
            self.close()
            raise AskdocError(f"{sys.executable} does not start askdoc's reading process")
        return self._child

    def _asked(
        self, child: subprocess.Popen[bytes], question: object, seconds: float
    ) -> tuple[object, Failure | None]:
        """The child's answer, or the status and the reason for which there is none."""
        try:
            pickle.dump(question, _pipe(child.stdin))
            _pipe(child.stdin).flush()
            said: tuple[object, Failure | None] | None = _received(child, seconds)
        except TimeoutError:  # an OSError too
            self.close()
            return None, (Status.TOOK_TOO_LONG, f"it was not read within {seconds:g} seconds")
        except OSError:
            said = None
        if said is None:
            code = child.wait()
            self.close()
            return None, (Status.FAILED, _death(code))
        return said


def _started(seconds: float, megabytes: int) -> "subprocess.Popen[bytes]":
    """A child that can import askdoc however its parent did."""
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
    return subprocess.Popen(  # noqa: S603  # nothing but our own module and two numbers
        # -P: nothing in the folder that askdoc is called in may pass for a module.
        [sys.executable, "-P", "-m", "askdoc.ingest.worker", str(seconds), str(megabytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


def _received(child: "subprocess.Popen[bytes]", seconds: float) -> Any:
    """What the child says next; None when it has died, TimeoutError when it says nothing."""
    said: SimpleQueue[Any] = SimpleQueue()
    # A thread, since not every system can wait for a pipe with a limit.
    threading.Thread(target=lambda: said.put(_next(_pipe(child.stdout))), daemon=True).start()
    try:
        return said.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None


def _next(pipe: BinaryIO) -> Any:
    """The next value in a pipe; None at its end."""
    try:
        return pickle.load(pipe)  # noqa: S301  # what our own process writes
    except (EOFError, OSError, ValueError, pickle.UnpicklingError):
        return None


def _pipe(pipe: Any) -> BinaryIO:
    """A pipe that was asked for when the child was started."""
    assert pipe is not None  # noqa: S101  # for the type checker: Popen made it
    return pipe  # type: ignore[no-any-return]


def _close(pipe: Any) -> None:
    """Closes a pipe, even one that has broken with something left to be written."""
    try:
        pipe.close()
    except OSError:
        return


def _death(code: int) -> str:
    """Why a child has died, by its exit code, in words for the report."""
    if code == -getattr(signal, "SIGKILL", 9):  # the system's way to get memory back
        return TOO_MUCH
    return "its parser crashed"


def _serve(seconds: float, megabytes: int) -> None:
    """What the child does: answer with a document or the reason for none until the input ends."""
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what a library prints must not get between the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    _limit(megabytes)
    answer: object = READY
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            task, given = pickle.load(questions)  # noqa: S301  # what our parent writes
        except EOFError:
            return
        # Should the parent be gone and a parser hang, nobody else would end this process.
        faulthandler.dump_traceback_later(seconds + 5, exit=True, file=nowhere)
        answer = _answer(task, given)
        faulthandler.cancel_dump_traceback_later()


def _answer(task: str, given: tuple[object, ...]) -> tuple[object, Failure | None]:
    """What a task gives, or the status and the reason for nothing."""
    try:
        return TASKS[task](*given), None
    except Unreadable as error:
        return None, (error.status, error.why)
    except MemoryError:
        return None, (Status.FAILED, TOO_MUCH)
    # Whatever a library raises for a hostile file costs that file, and no other.
    except Exception as error:  # noqa: BLE001
        return None, (Status.FAILED, f"its parser gave up ({type(error).__name__})")


def _limit(megabytes: int) -> None:
    """Limits this process's memory, where the system can; on Windows only the time is limited."""
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    bytes = megabytes * 1_000_000
    if most == resource.RLIM_INFINITY or bytes < most:
        with suppress(OSError, ValueError):  # macOS knows this limit, and refuses it
            resource.setrlimit(resource.RLIMIT_AS, (bytes, most))


if __name__ == "__main__":
    _serve(float(sys.argv[1]), int(sys.argv[2]))
