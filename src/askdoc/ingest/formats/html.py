"""HTML: the text that a reader of the page sees, its headings and its tables."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import lxml.etree
import lxml.html
from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_properties import Display
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement

from askdoc.errors import Unreadable
from askdoc.ingest import blocks
from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import Extract, clean, one_line, top_heading
from askdoc.ingest.formats.numbering import numeral
from askdoc.ingest.formats.unseen import without_unseen
from askdoc.ingest.tables import Cell, row_line, spread
from askdoc.types import Block, Status

Tree = lxml.html.HtmlElement
MARKS = {f"h{level}": [str(level)] for level in range(1, 7)} | {
    "div#class=askdoc-head": ["head"],
    "div#class=askdoc-rows": ["rows"],
}
BLOCKS = (  # words of which would run into their neighbours', since inscriptis takes them for text
    "address article aside center dd details dialog dir dl dt fieldset figcaption figure footer "
    "form header hgroup legend main menu optgroup option search section select summary textarea"
)
STYLE = (
    CSS_PROFILES["strict"]
    | {name: HtmlElement(display=Display.block) for name in BLOCKS.split()}
    | {"nav": HtmlElement(display=Display.none)}
)
CONFIG = ParserConfig(css=STYLE, annotation_rules=MARKS)
UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # lxml reads it, but takes none
LONGEST_TEXT = 2_500_000  # characters, 10 MB at most: libxml2 drops a longer text without a word
INTEGER = re.compile(r"-?\d{1,6}")
LETTERS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
TELLING = 3  # words of a picture's alternative text that tell more than a name
LONGEST_CELL = 1000  # characters; what has more is laid out by a table, not tabulated
UNSEEN = "//script | //style | //template | //noscript | //comment()"
LINES = ("br", "p", "div", "li", "tr", "dd", "dt")  # begin a new line inside of a cell


def read(path: Path) -> Extract:
    """An HTML file without scripts, styles and navigation; its title is the page's."""
    return from_markup(decode(path.read_bytes()))


def from_markup(markup: str, change: Callable[[Tree], None] = lambda _: None) -> Extract:
    """The text of a page's markup; a table's row is a line, its cells parted by ``|``.

    ``change`` may put into the page's elements, before they are read, what else to tell of them.
    """
    tree = _tree(markup)
    change(tree)
    title = tree.findtext(".//head/title") or ""
    hidden = without_unseen(tree)
    for element in tree.xpath(UNSEEN):
        if element.getparent() is not None:
            element.drop_tree()
    for picture in list(tree.iter("img")):
        _tell(picture)
    for numbered in list(tree.iter("ol")):
        _count_items(numbered)
    for table in reversed(tree.xpath("//table")):  # the inner ones first
        _straighten(table)
    page = Inscriptis(tree, CONFIG)
    text = clean(page.get_text())
    extract = Extract(text, one_line(title), tuple(_blocks(page, text)), hidden=hidden)
    return replace(extract, title=extract.title or top_heading(extract))


def _tree(markup: str) -> lxml.html.HtmlElement:
    """The page's elements; raises Unreadable when there are none."""
    if not markup.strip():
        raise Unreadable(Status.EMPTY, "there is no text in it")
    try:
        # Bytes, since lxml refuses a str that names its own encoding.
        huge = len(markup) > LONGEST_TEXT
        parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=huge)
        return lxml.html.document_fromstring(
            UNWRITABLE.sub(" ", markup).encode("utf-8", "replace"), parser=parser
        )
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError) as error:
        raise Unreadable(Status.FAILED, "it holds no HTML") from error


def _tell(picture: Tree) -> None:
    """Puts the words that tell what a picture shows in its place."""
    told = telling(picture.get("alt", ""))
    if told and picture.getparent() is not None:
        picture.tag = "div"
        picture.text = told


def telling(words: str) -> str:
    """What is told of a picture by its alternative text; nothing of a word or two, as of an icon.

    Those only name it.
    """
    words = one_line(words, None)
    return f"Picture: {words}" if len(words.split()) >= TELLING else ""


def _count_items(numbered: Tree) -> None:
    """Writes the numbers of a list that is not counted from 1 in digits, as a browser shows them.

    Its items are paragraphs by then.
    """
    items = list(numbered.iterchildren("li"))
    form = LETTERS.get(numbered.get("type", ""), "decimal")
    back = "reversed" in numbered.attrib
    start = INTEGER.match(numbered.get("start", ""))
    if form == "decimal" and not back and not start and not any(i.get("value") for i in items):
        return
    number = int(start[0]) if start else len(items) if back else 1
    for item in items:
        own = INTEGER.match(item.get("value", ""))
        number = int(own[0]) if own else number
        item.tag, item.text = "p", f"{numeral(number, form)}. {(item.text or '').lstrip()}"
        number += -1 if back else 1
    numbered.tag = "div"


def _straighten(table: lxml.html.HtmlElement) -> None:
    """Makes a line of each row of a table, and blocks of the cells of one that lays out a page.

    As text, a browser's table would be padded to its columns and break its rows into lines.
    """
    rows = [list(row.iterchildren("td", "th")) for row in table.iter("tr")]
    cells = [[_cell(cell) for cell in row] for row in rows]
    if _lays_out(table, cells):
        for part in list(table.iter("table", "tbody", "thead", "tfoot", "tr", "td", "th")):
            part.tag = "div"
        return
    grid, header = spread(cells)
    filled = [row for row, texts in zip(rows, cells, strict=True) if any(c.text for c in texts)]
    marked = len(list(takewhile(lambda row: all(cell.tag == "th" for cell in row), filled)))
    first = next(filter(None, rows), [])
    sideways = [cell.tag for cell in first[:2]] == ["th", "td"]  # each row names its own value
    header = marked if 0 < marked < len(grid) else 0 if sideways else header
    tail = table.tail
    caption = table.find("caption")
    parts = [_block(None if caption is None else _on_one_line(caption))]
    parts += [
        _block(None, name, map(row_line, lines))
        for name, lines in (("askdoc-head", grid[:header]), ("askdoc-rows", grid[header:]))
    ]
    table.clear()
    table.tag, table.tail = "div", tail
    table.extend(parts)


def _lays_out(table: lxml.html.HtmlElement, rows: list[list[Cell]]) -> bool:
    """Whether a table puts blocks side by side, and has no values in rows."""
    return (
        max(map(len, rows), default=0) < 2
        or any(len(cell.text) > LONGEST_CELL for row in rows for cell in row)
        or bool(table.xpath(".//h1|.//h2|.//h3|.//h4|.//div[starts-with(@class, 'askdoc-')]"))
    )


def _cell(cell: lxml.html.HtmlElement) -> Cell:
    """A table's cell with the rows and columns that it spans."""
    down, right = (_count(cell.get(name, "")) for name in ("rowspan", "colspan"))
    if down != 1:  # no more than its part has: 0 is all of them
        rest = int(cell.xpath("count(../following-sibling::tr)")) + 1
        down = min(down or rest, rest)
    return Cell(_on_one_line(cell), down, right)


def _count(value: str) -> int:
    """How many rows or columns an attribute tells; 1 where it tells nothing."""
    return int(value[:6]) if value[:6].isdecimal() else 1


def _on_one_line(cell: lxml.html.HtmlElement) -> str:
    """The text of a table's cell; what begins a line in it stays a word of its own."""
    for line in cell.iter(*LINES):
        line.tail = " " + (line.tail or "")
        line.text = " " + (line.text or "")
    return one_line(cell.text_content(), None)


def _block(text: str | None, name: str = "", lines: Iterable[str] = ()) -> lxml.html.HtmlElement:
    """A block of lines that can be found again by its name."""
    block = lxml.html.Element("div", {"class": name})
    block.text = text
    for line in lines:
        lxml.etree.SubElement(block, "div").text = line
    return block


def _blocks(page: Inscriptis, text: str) -> Iterator[Block]:
    """The headings, and the tables, each made of its header and the rows that follow."""
    head: int | None = None
    for mark in sorted(page.get_annotations(), key=lambda mark: (mark.start, mark.end)):
        words = text[mark.start : mark.end]
        if not words.strip():
            continue
        start = mark.start + len(words) - len(words.lstrip())  # blank lines are around them
        end = start + len(words.strip())
        if mark.metadata == "rows":
            yield blocks.table(start if head is None else head, start, end)
        elif mark.metadata != "head":
            yield blocks.heading(start, end, int(mark.metadata))
        head = start if mark.metadata == "head" else None
