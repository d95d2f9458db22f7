"""HTML: the text that a reader of the page sees, and its headings."""

from pathlib import Path

import lxml.etree
import lxml.html
from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_properties import Display
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement

from askdoc.errors import Unreadable
from askdoc.loaders.extract import Extract, clean, one_line
from askdoc.loaders.text import decode
from askdoc.types import Heading

LEVELS = {f"h{level}": [str(level)] for level in range(1, 7)}
STYLE = CSS_PROFILES["strict"] | {"nav": HtmlElement(display=Display.none)}
CONFIG = ParserConfig(css=STYLE, annotation_rules=LEVELS, table_cell_separator=" | ")


def read(path: Path) -> Extract:
    """An HTML file without scripts, styles and navigation; its title is the page's."""
    return from_markup(decode(path.read_bytes()))


def from_markup(markup: str) -> Extract:
    """The text of a page's markup; a table's row is a line, its cells parted by ``|``."""
    if not markup.strip():
        raise Unreadable("empty", "there is no text in it")
    try:
        # Bytes, since lxml refuses a str that names its own encoding.
        parser = lxml.html.HTMLParser(encoding="utf-8")
        tree = lxml.html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError) as error:
        raise Unreadable("failed", "it holds no HTML") from error
    for paragraph in tree.xpath("//td/p[not(../*[2])] | //th/p[not(../*[2])]"):
        paragraph.drop_tag()  # a paragraph in a cell would break the row in two
    page = Inscriptis(tree, CONFIG)
    text = clean(page.get_text())
    headings = tuple(sorted(_headings(page, text), key=lambda heading: heading.start))
    named = tree.findtext(".//head/title") or ""
    top = min(headings, key=lambda heading: heading.level, default=None)
    return Extract(text, one_line(named or (text[top.start : top.end] if top else "")), headings)


def _headings(page: Inscriptis, text: str) -> list[Heading]:
    """The spans of the page's headings, without the blank lines around them."""
    found = []
    for mark in page.get_annotations():
        words = text[mark.start : mark.end]
        start = mark.start + len(words) - len(words.lstrip())
        if words.strip():
            found.append(Heading(start, start + len(words.strip()), int(mark.metadata)))
    return found
