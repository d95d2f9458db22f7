"""What askdoc raises, so that a caller can catch one root and a reader gets one line.

AskdocError
├── BadInput        a question, setting or path that cannot be used
├── IndexMismatch   an index that was built in another way than now asked for
├── IndexBusy       another process is writing to the index
├── IndexDamaged    an index whose files are not as they were written
├── IndexUnavailable  an index that cannot be read or written: no permission, no space, no server
├── ModelFailed     a language model gave no answer, or half of one
├── PortInUse       the chat cannot be served there
└── Unreadable      one file of the corpus that gives no text
"""

from askdoc.types import Status

MORE_FILES = "let askdoc open more files at a time (`ulimit -n`)"
"""What helps where the system opens none for this process."""


class AskdocError(Exception):
    """The root of everything that askdoc raises on purpose; its text is one line for a person."""


class BadInput(AskdocError):
    """A question, a setting or a path cannot be used as given."""


class IndexMismatch(AskdocError):
    """The index was built with another embedder, passage size or version than now asked for."""


class IndexBusy(AskdocError):
    """Another process is writing to the index."""


class IndexDamaged(AskdocError):
    """The files of the index are not as they were written."""


class IndexUnavailable(AskdocError):
    """The index cannot be read or written where it lies: no permission, no space, no server."""


class ModelFailed(AskdocError):
    """A language model gave no answer, or half of one."""


class PortInUse(AskdocError):
    """The address to serve the chat on is taken."""


class Unreadable(AskdocError):
    """One file gives no text; ``status`` is what the report shows for it."""

    def __init__(self, status: Status, why: str = "") -> None:
        super().__init__(f"{status}: {why}" if why else status)
        self.status = status
        self.why = why
