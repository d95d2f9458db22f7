"""XML that is no web page: its texts in order, the fields of a record with their names."""

import re
from pathlib import Path

import lxml.etree

from askdoc.errors import Unreadable
from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import Composer, Extract, one_line
from askdoc.ingest.formats import html
from askdoc.ingest.formats.text import verbatim
from askdoc.types import Status

MARKUP = re.compile(r"</?(p|div|br|table|ul|ol|a|h[1-6]|blockquote)\b[^>]*>", re.IGNORECASE)
HEADINGS = ("title", "head", "heading", "headline")


def read(path: Path) -> Extract:
    """An XML file; where it has no text but only attributes, as it stands in the file."""
    text = decode(path.read_bytes())
    if not text.strip():
        raise Unreadable(Status.EMPTY, "there is no text in it")
    # Bytes, since lxml refuses a str that names its own encoding.
    parser = lxml.etree.XMLParser(encoding="utf-8", recover=True, no_network=True)
    try:
        root = lxml.etree.fromstring(text.strip().encode("utf-8", "replace"), parser)
    except lxml.etree.XMLSyntaxError as error:
        raise Unreadable(Status.FAILED, f"it is no XML that can be read ({error.msg})") from error
    if root is None:
        raise Unreadable(Status.FAILED, "it holds no XML")
    if _name(root) == "html":
        return html.from_markup(text)
    composer = Composer()
    _walk(root, 1, composer)
    return composer.extract() if composer.length else verbatim(text)


def _walk(element: lxml.etree._Element, depth: int, composer: Composer) -> None:
    """Adds what an element holds: its text with all inside it, or its children one by one."""
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        _add(element, depth, composer)
        return
    children = [child for child in element if isinstance(child.tag, str)]
    names = [_name(child) for child in children]
    record = len(names) == len(set(names)) and sum(map(_is_field, children)) > 1
    between = "\n\n"
    for child in children:
        if record and _is_field(child) and _name(child) not in HEADINGS:
            composer.add(f"{_name(child)}: {_words(child)}", between)
            between = "\n"
        else:
            _walk(child, depth + 1, composer)


def _add(element: lxml.etree._Element, depth: int, composer: Composer) -> None:
    """Adds an element's text as a heading, as a page where it holds one, or as a paragraph."""
    words = _words(element)
    if MARKUP.search(words):
        composer.add_extract(html.from_markup(words), deeper=depth)
    elif _name(element) in HEADINGS:
        composer.add_heading(words, depth - 1)
    else:
        composer.add(words)


def _is_field(element: lxml.etree._Element) -> bool:
    """Whether an element is a value: short, and nothing else inside it."""
    words = "" if len(element) else _words(element)
    return 0 < len(words) <= 200 and not MARKUP.search(words)


def _words(element: lxml.etree._Element) -> str:
    """The text of an element with all inside it, on one line."""
    inside = element.itertext(tag=lxml.etree.Element)
    return one_line("".join(inside), None)


def _name(element: lxml.etree._Element) -> str:
    """The name of an element without its namespace; that of a broken one may be no name at all."""
    return str(element.tag).rpartition("}")[2].lower()
