"""What every loader gives, and how the text of a file is put together from its parts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from askdoc.ingest import limits
from askdoc.ingest.blocks import heading, move, table
from askdoc.ingest.tables import Cell, row_line, spread
from askdoc.types import Block, BlockKind, Metadata

LONE = re.compile("[\ud800-\udfff]")  # half of a character: nothing can store or show it
ENVELOPE = "Sender, receivers and date"  # the heading over the headers of a message
NOTES, MARGINS = "Speaker notes", "Header and footer"
QUOTED = "Quoted from an earlier message"  # and how one over what it quotes begins
BESIDE = re.compile(rf"(?:{ENVELOPE}|{NOTES}|{MARGINS}|Comment)\Z|Comment (?:by|on) ")

LONGEST_HEADING = 200  # characters; more is a paragraph that only looks like a heading


@dataclass(frozen=True, slots=True)
class Extract:
    r"""The text of a file with what its format tells of it.

    ``text`` has ``\n`` line ends and no NUL; ``title`` is empty where the file names none;
    ``pages`` holds the offset at which each page begins; ``hidden`` is how many characters the file
    holds that its reader does not see; ``remark`` is what else to know of how it was read;
    ``metadata`` is what the file tells of itself.
    """

    text: str
    title: str = ""
    blocks: tuple[Block, ...] = ()
    pages: tuple[int, ...] = ()
    hidden: int = 0
    remark: str = ""
    metadata: Metadata = field(default_factory=dict, hash=False)


@dataclass(slots=True)
class Composer:
    """A text in the making: its parts go in one by one, and their places are kept."""

    blocks: list[Block] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    length: int = 0  # characters so far
    hidden: int = 0
    _parts: list[str] = field(default_factory=list)  # joined once: a text of millions grows fast
    _turned: int = 0  # pages that have begun, but hold nothing yet

    @property
    def text(self) -> str:
        """The whole text so far."""
        return "".join(self._parts)

    def add(self, text: str, parted_by: str = "\n\n") -> int:
        """Adds a paragraph, if it says anything, and gives the offset at which it begins."""
        text = clean(text).strip("\n ")
        if text.strip():
            self._append(parted_by if self.length else "")
            self.pages += [self.length] * self._turned
            self._turned = 0
            self._append(text)
        return self.length - len(text)

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)
        limits.check(self.length, limits.CHARACTERS, "characters")

    def add_heading(self, text: str, level: int) -> None:
        """Adds a heading on a line of its own; a whole paragraph in its style is no heading."""
        text = one_line(text, LONGEST_HEADING + 1)
        start = self.add(text)
        if 0 < len(text) <= LONGEST_HEADING:
            self.blocks.append(heading(start, start + len(text), level))

    def add_table(self, rows: Iterable[Sequence[str | Cell]]) -> None:
        """Adds a table, a line for each row that holds anything, its cells parted by ``|``."""
        cells = ([_cell(cell) for cell in row] for row in rows)
        grid, header = spread(cells)
        lines = [row_line(row) for row in grid]
        if not lines:
            return
        start = self.add("\n".join(lines))
        body = start + sum(len(line) + 1 for line in lines[:header])
        self.blocks.append(table(start, body, self.length))

    def add_record(self, text: str) -> None:
        """Adds a line that is told as a whole."""
        start = self.add(one_line(text, None))
        if self.length > start:
            self.blocks.append(table(start, start, self.length))

    def add_extract(self, extract: Extract, deeper: int = 0) -> None:
        """Adds the text of another extract with its blocks, its headings so much deeper."""
        text = extract.text.rstrip()
        front = len(text) - len(text.lstrip("\n "))
        by = self.add(text) - front
        self.hidden += extract.hidden
        self.blocks += [move(block, by, deeper) for block in extract.blocks]

    def turn_page(self) -> None:
        """Begins a page with whatever is added next."""
        self._turned += 1

    def extract(self, title: str = "") -> Extract:
        """All of it; without a title of its own, the first of the highest headings."""
        pages = (*self.pages, *[self.length] * self._turned)
        extract = Extract(self.text, one_line(title), tuple(self.blocks), pages, self.hidden)
        return extract if extract.title else replace(extract, title=top_heading(extract))


def top_heading(extract: Extract) -> str:
    """The text of the first of the highest headings; empty where there are none.

    What only tells of a part that it stands beside the text is no title.
    """
    headings = [
        (block.level, words)
        for block in extract.blocks
        if block.kind is BlockKind.HEADING
        and not BESIDE.match(words := one_line(extract.text[block.start : block.end]))
    ]
    return min(headings, key=lambda heading: heading[0], default=(0, ""))[1]


def comment_heading(author: str, on: str = "") -> str:
    """The heading of a comment, which tells who made it, and on what."""
    by = f" by {one_line(author, 60)}" if author.strip() else ""
    return f"Comment{by}{f' on {on}' if on else ''}"


def _cell(cell: str | Cell) -> Cell:
    """A cell with its text on one line."""
    if isinstance(cell, Cell):
        return replace(cell, text=one_line(cell.text, None))
    return Cell(one_line(cell, None))


def one_line(text: str, most: int | None = 200) -> str:
    """A text on one line, cut at so many characters."""
    return " ".join(text.split())[:most]


def clean(text: str) -> str:
    r"""Text with ``\n`` line ends, and without the NUL and form feed that no page can show."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").replace("\f", "\n")
    if LONE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
