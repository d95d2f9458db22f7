"""The structure of a text, parsed once: what its format tells of it, and the prose in between."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from askdoc.ingest.limits import REPEATED
from askdoc.types import Block, BlockKind

BEFORE = re.compile(r"[ \t#=*>]*\Z")  # what may stand in a heading's line: signs of the format
AFTER = re.compile(r"[ \t#=*]*(?:\n[ \t]*([=\-~^#*+])\1{2,}[ \t]*)?(?=\n|\Z)")
# A value with its name, as a form has, or several that stand below others.
NAMED = re.compile(r"[ \t]*(?:[A-Z][\w ./-]{0,24}:[ \t]+\S|\S[^\n]*?[^\s.!?:;,](?: {3,}+|\t++)\S)")
ITEM = re.compile(
    r"^[ \t]*(?:(?P<bullet>[-*+•])|\d{1,3}[.)]|\(?(?:[a-z]|[ivx]{2,5})\))[ \t]+", re.MULTILINE
)


def heading(start: int, end: int, level: int) -> Block:
    """A heading with so much of its words; its level is kept within 1 and 6."""
    return Block(BlockKind.HEADING, start, start, end, end, max(1, min(level, 6)))


def table(start: int, body: int, end: int) -> Block:
    """A table whose rows below the header begin at ``body``; at ``start`` where it has none."""
    return Block(BlockKind.TABLE, start, body, end, end)


def code(start: int, end: int) -> Block:
    """Text of which every line counts as it stands."""
    return Block(BlockKind.CODE, start, start, end, end)


def move(block: Block, by: int, deeper: int = 0) -> Block:
    """A block in a longer text, where all before it takes ``by`` characters more."""
    level = min(block.level + deeper, 6) if block.level else 0
    start, inner_start = block.start + by, block.inner_start + by
    return Block(block.kind, start, inner_start, block.inner_end + by, block.end + by, level)


def structure(text: str, known: Iterable[Block] = ()) -> tuple[Block, ...]:
    """All blocks of a text in order: those that are known of it, and prose between them.

    Of two that overlap, the first counts. What is in no block is white space. A heading that is too
    long to be repeated is prose, and such a header a row like the others.
    """
    blocks: list[Block] = []
    after = 0
    for block in sorted(known, key=lambda block: block.start):
        if block.start < after:
            continue
        if block.kind is BlockKind.HEADING:
            if block.end - block.start > REPEATED:
                continue
            block = _with_signs(text, block, after)
        elif block.kind is BlockKind.TABLE and block.inner_start - block.start > REPEATED:
            block = table(block.start, block.start, block.end)
        blocks += (*prose(text, after, block.start), block)
        after = block.end
    return (*blocks, *prose(text, after, len(text)))


def _with_signs(text: str, block: Block, after: int) -> Block:
    """A heading with the signs of its format around it, where its lines hold nothing else."""
    line = max(after, text.rfind("\n", 0, block.start) + 1)
    start = line if BEFORE.match(text, line, block.start) else block.start
    below = AFTER.match(text, block.end)
    return replace(block, start=start, end=below.end() if below else block.end)


def prose(text: str, start: int, end: int) -> Iterator[Block]:
    """Paragraphs and list items: one ends at an empty line, and where another item begins.

    A line with the bars of a table's row is a paragraph of its own, and so is a value with its
    name, or a line with wide gaps, below another one.
    """
    block: Block | None = None
    named = False
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        words = text[start:stop].strip()
        sign = ITEM.match(text, start, stop)
        above, named = named, NAMED.match(text, start, stop) is not None
        row = "|" in words[1:] or (block and text[start - 2] == "|")
        if block and (not words or sign or row or (named and above)):
            yield block
            block = None
        if block:
            block = replace(block, inner_end=stop, end=stop)
        elif words:
            kind = BlockKind.ITEM if sign else BlockKind.PARAGRAPH
            inner = sign.end() if sign and sign["bullet"] else start
            block = Block(kind, start, inner, stop, stop)
        start = stop + 1
    if block:
        yield block
