"""Plain text and Markdown: the text as it stands in the file."""

import functools
from itertools import pairwise
from pathlib import Path

from charset_normalizer import from_bytes
from markdown_it import MarkdownIt

from askdoc.errors import Unreadable
from askdoc.loaders.extract import Extract, clean, one_line
from askdoc.types import Heading

LONGEST_HEADING = 200  # CommonMark makes a heading of a whole paragraph that stands above "---"


def read_plain(path: Path) -> Extract:
    """A text file; its title is its first line, where that is short enough to be one."""
    text = decode(path.read_bytes())
    first = text.strip().split("\n", 1)[0].strip()
    return Extract(
        text,
        title=one_line(first) if len(first) <= 100 else "",
        headings=_headings(text, marks=("lheading",)),
    )


def read_markdown(path: Path) -> Extract:
    """A Markdown file with its headings; its title is the first of the highest level."""
    text = decode(path.read_bytes())
    headings = _headings(text, marks=("heading", "lheading"))
    top = min(headings, key=lambda heading: heading.level, default=None)
    return Extract(text, one_line(text[top.start : top.end]) if top else "", headings)


def decode(data: bytes) -> str:
    """The text of bytes in UTF-8 or in whatever encoding they most look like.

    Raises Unreadable when they look like no text at all.
    """
    try:
        return clean(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        best = from_bytes(data).best()
    if best is None:
        raise Unreadable("failed", "its bytes are not text in any known encoding")
    return clean(str(best))


def _headings(text: str, marks: tuple[str, ...]) -> tuple[Heading, ...]:
    """The headings of a text, each the span of its words without ``#`` or underline."""
    starts = [0]
    for words in text.split("\n"):
        starts.append(starts[-1] + len(words) + 1)
    found = []
    tokens = _parser(marks).parse(text)
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open" or opening.map is None:
            continue
        line = starts[opening.map[0]]
        start = text.find(inline.content, line)
        fits = 0 < len(inline.content) <= LONGEST_HEADING and "\n" not in inline.content
        if fits and start >= line:
            level = int(opening.tag.removeprefix("h"))
            found.append(Heading(start, start + len(inline.content), level))
    return tuple(found)


@functools.cache
def _parser(marks: tuple[str, ...]) -> MarkdownIt:
    """A parser that knows blocks only: the headings asked for, and what can hide a ``#``."""
    return MarkdownIt("zero").enable([*marks, "fence", "code", "html_block", "blockquote", "list"])
