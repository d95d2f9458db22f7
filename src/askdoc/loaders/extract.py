"""What every loader gives."""

from dataclasses import dataclass

from askdoc.types import Heading, Table


@dataclass(frozen=True, slots=True)
class Extract:
    r"""The text of a file with what its format tells of it.

    ``text`` has ``\n`` line ends and no NUL; ``title`` is empty where the file names none;
    ``pages`` holds the offset at which each page begins.
    """

    text: str
    title: str = ""
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    tables: tuple[Table, ...] = ()


def one_line(text: str) -> str:
    """A title on one line, cut at 200 characters."""
    return " ".join(text.split())[:200]


def clean(text: str) -> str:
    r"""Text with ``\n`` line ends, and without the NUL and form feed that no page can show."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd").replace("\f", "\n")
