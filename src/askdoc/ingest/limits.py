"""How much of one file askdoc reads: what has more would keep everybody else waiting."""

from collections.abc import Callable

from askdoc.errors import Unreadable
from askdoc.types import Status

MEGABYTES = 200  # of the file, and of what a zip holds more than it takes
CHARACTERS = 30_000_000  # of its text: some 10,000 pages
PASSAGES = 100_000
REPEATED = 2_000  # characters of a heading or a table's header, which every passage below repeats


def check(count: int, most: int, what: str) -> None:
    """Raises Unreadable when a file has more of something than askdoc reads of one."""
    if count > most:
        why = f"it has {count:,} {what}; askdoc reads up to {most:,}: split it into smaller files"
        raise Unreadable(Status.TOO_LARGE, why)


LISTENERS: list[Callable[[], None]] = []
"""Who wants to know that a part is done."""


def goes_on() -> None:
    """To be called at each part of a file's work that may take long: its time begins anew."""
    for listener in LISTENERS:
        listener()
