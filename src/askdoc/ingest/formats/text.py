"""Text that is kept as it stands in its file: plain, marked up lightly, or rows of values."""

import csv
import functools
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from askdoc.ingest.blocks import ITEM, code, heading, table
from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import (
    LONGEST_HEADING,
    Extract,
    one_line,
    top_heading,
)
from askdoc.ingest.formats import properties
from askdoc.ingest.tables import TITLE_ROWS, header_rows
from askdoc.types import Block

LONGEST_TITLE = 100
HEADING_WORDS = 7  # of a numbered line, its number among them, at most
# The subject of a message that somebody kept as plain text.
SUBJECT = re.compile(r"\s*(?:(?!Subject:)[A-Z][\w-]*:.*\n){0,8}Subject:[ \t]*(\S.*)")


def read_plain(path: Path) -> Extract:
    """A text file; its title is its first line, where that is short enough to be one."""
    text = decode(path.read_bytes())
    first = text.strip().split("\n", 1)[0].strip()
    subject = SUBJECT.match(text)
    name = subject[1] if subject else first
    title = one_line(name) if len(name) <= LONGEST_TITLE else ""
    parsed = _parsed(text, ("lheading",))
    found = (*parsed.blocks, *_in_capitals(text), *_numbered(text))
    return replace(parsed, title=title, blocks=found)


def read_markdown(path: Path) -> Extract:
    """A Markdown file with its blocks; its title is its front matter's, or its top heading."""
    extract = from_markdown(decode(path.read_bytes()))
    told = properties.of_front_matter(extract.text)
    title = one_line(str(told.pop("title", "")))
    return replace(extract, title=title or extract.title, metadata=told)


def read_verbatim(path: Path) -> Extract:
    """A text file of which no line is more of a title than another, such as code."""
    return verbatim(decode(path.read_bytes()))


def verbatim(text: str) -> Extract:
    """A text of which every line counts as it stands in the file."""
    return Extract(text, blocks=(code(len(text) - len(text.lstrip()), len(text)),))


def read_lines(path: Path) -> Extract:
    """A text file of which each line is told by itself: what a program has logged."""
    text = decode(path.read_bytes())
    start = len(text) - len(text.lstrip())
    return Extract(text, blocks=(table(start, start, len(text.rstrip())),))


def read_rows(path: Path) -> Extract:
    """A file of comma- or tab-separated values: one table, its header row in front."""
    text = decode(path.read_bytes())
    end = len(text.rstrip())
    start = len(text) - len(text.lstrip())
    return Extract(text, blocks=(table(start, start + _header(text[start:end]), end),))


def from_markdown(text: str) -> Extract:
    """A Markdown text with its blocks."""
    extract = _parsed(text, ("heading", "lheading", "table", "fence", "code"))
    return replace(extract, title=top_heading(extract))


def _header(text: str) -> int:
    """The offset at which the rows below the header of separated values begin."""
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:4096], ",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if "\t" in text[:4096] else csv.excel
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, dialect)
    rows, ends = [], []
    with suppress(csv.Error):  # a value longer than it takes: no header that could be repeated
        for row in islice(reader, TITLE_ROWS + 1):
            rows.append(row)
            ends.append(reader.line_num)
        header = header_rows(rows)
        return sum(map(len, lines[: ends[header - 1]])) if header else 0
    return 0


def _parsed(text: str, marks: tuple[str, ...]) -> Extract:
    """A text with the blocks of its Markdown, as far as asked for."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(min(starts[-1] + len(line) + 1, len(text)))
    blocks = []
    for token, below in pairwise([*_parser(marks).parse(text), Token("end", "", 0)]):
        if not token.map:
            continue
        start, end = (starts[line] for line in token.map)
        end = start + len(text[start:end].rstrip())
        if token.type == "heading_open":
            blocks.append(_heading(text, start, end, below.content, int(token.tag[1:])))
        elif token.type == "table_open" and below.map:
            blocks.append(table(start, min(starts[below.map[1] + 1], end), end))
        elif token.type == "fence" and token.type in marks:
            blocks.append(_fenced(text, start, end, token.markup))
        elif token.type == "code_block" and "code" in marks:
            blocks.append(code(start, end))
    return Extract(text, blocks=tuple(filter(None, blocks)))


def _in_capitals(text: str) -> Iterator[Block]:
    """Lines of plain text that begin a paragraph, in capitals and without an end mark: headings."""
    for match in re.finditer(r"(?:\A|\n[ \t]*\n)[ \t]*(\S.*?)[ \t]*(?=\n|\Z)", text):
        words = match[1]
        several = len(words.split()) >= 2 and len(words) <= LONGEST_HEADING
        if words.isupper() and several and words[-1] not in ".!?:,;":
            yield heading(*match.span(1), 2)


def _numbered(text: str) -> Iterator[Block]:
    """Short numbered lines of plain text, without an end mark, that prose follows: headings."""
    for match in re.finditer(r"(?:\A|\n[ \t]*\n)[ \t]*(\d{1,3}[.)][ \t]+\S.*)\n(.*)", text):
        line, below = match[1].rstrip(), match[2]
        short = len(line.split()) <= HEADING_WORDS and len(line) <= LONGEST_HEADING
        if short and line[-1] not in ".!?:,;" and len(below) > len(line) and not ITEM.match(below):
            yield heading(match.start(1), match.start(1) + len(line), 3)


def _fenced(text: str, start: int, end: int, fence: str) -> Block:
    """Code without the lines of its fence, the lower of which may be lacking."""
    inner_start = text.find("\n", start, end) + 1 or end
    last = max(inner_start, text.rfind("\n", start, end))
    closed = text[last:end].strip(" \t\n>").startswith(fence)
    inner_end = last if closed else end
    return replace(code(start, end), inner_start=inner_start, inner_end=inner_end)


def _heading(text: str, line: int, end: int, words: str, level: int) -> Block | None:
    """The span of a heading's words without ``#`` or underline; None for a whole paragraph."""
    start = text.find(words, line, end)
    if not 0 < len(words) <= LONGEST_HEADING or "\n" in words or start < 0:
        return None
    return heading(start, start + len(words), level)


@functools.lru_cache(maxsize=8)
def _parser(marks: tuple[str, ...]) -> MarkdownIt:
    """A parser that knows blocks only: those asked for, and what can hide a ``#``."""
    return MarkdownIt("zero").enable({*marks, "fence", "code", "html_block", "blockquote", "list"})
