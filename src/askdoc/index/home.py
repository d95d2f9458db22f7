"""Where an index lies, and what goes wrong there, told as what it is.

An index is a folder in the index folder, a build; the file ``current`` names the one in use, so
that another can take its place in one step.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from askdoc.errors import (
    MORE_FILES,
    AskdocError,
    BadInput,
    IndexBusy,
    IndexDamaged,
    IndexUnavailable,
)

BUILD = "build-"
CURRENT = "current"
BEFORE = ("manifest.sqlite", "manifest.sqlite-*", "chroma", "bm25")
"""What lay in the index folder itself before version 7."""
ELSEWHERE = "or name another folder with --index or ASKDOC_INDEX"
ROOM = f"make room on the disk, {ELSEWHERE}"
REASONS = {
    "disk is full|no space left|quota|file too large": ROOM,
    "too many open": MORE_FILES,
    "out of memory|memoryerror|cannot allocate|new thread": "leave askdoc more memory",
    "permission denied|not permitted|read-?only": f"see to its permissions, {ELSEWHERE}",
    "disk i/o|io::error|unable to open|failed to apply logs|locking protocol": (
        f"see to its permissions and its disk, {ELSEWHERE}"
    ),
}
"""What SQLite, Chroma, tantivy and the system say where nothing is damaged, and what to do then."""
BUSY = re.compile("(?:database|table|schema) is locked|pool timed out|lockbusy", re.IGNORECASE)
"""What the libraries say where another process writes for longer than they wait."""
SPACE = 10_000_000  # bytes; with less on its disk, what fails does so for want of it
FILES = 64  # that may be open at a time; with fewer, what fails does so for want of them


def check_corpus(corpus: Path) -> None:
    """Raises BadInput when there is no such folder."""
    if not corpus.is_dir():
        raise BadInput(f"there is no folder {corpus}: name one with --corpus or ASKDOC_CORPUS")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of an index, that of its corpus, and the command that builds it again."""

    folder: Path
    corpus: Path
    rebuild_command: str

    @property
    def is_made(self) -> bool:
        """Whether there is an index."""
        return (self.folder / CURRENT).is_file()

    def make(self) -> None:
        """Creates the folder, private and kept out of version control."""
        with self.telling():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (self.folder / ".gitignore").exists():
                (self.folder / ".gitignore").write_text("*\n")

    def current(self) -> Path:
        """The build in use, made where there is none; raises AskdocError."""
        with self.telling():
            try:
                name = (self.folder / CURRENT).read_text("utf-8", "replace")
            except FileNotFoundError:
                if (self.folder / BEFORE[0]).exists():
                    return self.folder
                self.make()
                return _use(self._new())
            if not name.startswith(BUILD) or not (self.folder / name).is_dir():
                raise self.damaged(f"{CURRENT} names no build")
            return self.folder / name

    @contextmanager
    def replacing(self, gone: Callable[[Path], None]) -> Iterator[Path]:
        """A new build, which takes the place of all that was there when it is done.

        ``gone`` is called with each build that is about to be deleted.
        """
        build = self._new()
        try:
            yield build
            _use(build)
        except BaseException:
            gone(build)
            shutil.rmtree(build, ignore_errors=True)
            raise
        old = (f"{BUILD}*", *(BEFORE if (self.folder / BEFORE[0]).is_file() else ()))
        for path in {path for name in old for path in self.folder.glob(name)} - {build}:
            if path.name.startswith(BUILD):
                gone(path)
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):  # where it was a folder, or is open elsewhere on Windows
                path.unlink()

    def _new(self) -> Path:
        """An empty build, which only its user can read."""
        with self.telling():
            return Path(tempfile.mkdtemp(prefix=BUILD, dir=self.folder))

    def damaged(self, why: str) -> IndexDamaged:
        """What to raise where the index cannot be trusted."""
        return IndexDamaged(
            f"the index at {self.folder} is damaged ({' '.join(why.split())}): "
            f"build it again with `{self.rebuild_command}`"
        )

    def unavailable(self, why: str) -> IndexUnavailable:
        """What to raise where the index cannot be read or written, with what to do about it."""
        what = _remedy(why) or self._wanting() or [*REASONS.values()][-1]
        return IndexUnavailable(
            f"the index at {self.folder} cannot be used as it should ({why}): {what}"
        )

    def _wanting(self) -> str:
        """What to do where the disk is full or few files may be open, as Chroma does not say."""
        if self.folder.exists() and shutil.disk_usage(self.folder).free < SPACE:
            return ROOM
        try:
            import resource  # which Windows has not
        except ImportError:
            return ""
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return MORE_FILES if 0 <= most < FILES else ""  # endless is -1

    def copied(self, build: Path, to: Path) -> Path:
        """A folder, with a copy of all that lies in the folders of a build."""
        with self.telling("copying"):
            for path in build.glob("*/**/*"):
                if path.is_file():
                    copy = to / path.relative_to(build)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, copy)
        return to

    @contextmanager
    def telling(self, part: str = "") -> Iterator[None]:
        """Tells in one line, as our own error, what a library says of a part of the index."""
        try:
            yield
        except (AskdocError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        # The libraries' errors have no common root, and a panic of Rust is not even an Exception.
        except BaseException as error:
            lines = str(error).splitlines() or [type(error).__name__]
            why = f"{part} {lines[0]}".strip()
            if BUSY.search(why):
                raise IndexBusy(f"another process keeps the index {self.folder} locked") from error
            if isinstance(error, OSError) or _remedy(f"{why} {error}") or self._wanting():
                raise self.unavailable(why) from error
            raise self.damaged(why) from error


def _remedy(why: str) -> str:
    """What to do about a failure of which the words tell the reason; nothing where they do not."""
    found = (do for words, do in REASONS.items() if re.search(words, why, re.IGNORECASE))
    return next(found, "")


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its user can read, wherever it lies."""
    path.touch(0o600)
    path.write_text(text)


def _use(build: Path) -> Path:
    """Makes a build the one in use, in one step."""
    name = build / CURRENT
    write_private(name, build.name)
    name.replace(build.parent / CURRENT)
    return build
