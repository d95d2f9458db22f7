"""The numbers of an OpenDocument text's headings and lists, which it does not hold."""

from collections.abc import Mapping
from itertools import chain

from askdoc.ingest.formats.numbering import Count, Level
from askdoc.ingest.formats.parts import Element

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
XML = "{http://www.w3.org/XML/1998/namespace}"
LIST, HEADING, PARAGRAPH = f"{TEXT}list", f"{TEXT}h", f"{TEXT}p"
FORMS = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
}
Levels = Mapping[int, Level]


def tell(body: Element, *parts: Element) -> None:
    """Puts in front of each heading and item the number that is shown; a bullet is none.

    ``parts`` are those that have the styles of lists. A list that is numbered is none any more.
    """
    styles = {
        each.get(f"{STYLE}name", ""): _levels(each)
        for each in chain.from_iterable(part.iter(f"{TEXT}list-style") for part in parts)
    }
    outline = next(chain.from_iterable(part.iter(f"{TEXT}outline-style") for part in parts), None)
    headings = {} if outline is None else _levels(outline)
    counts: dict[str, Count] = {"": Count()}  # of headings, then by list and by style
    for element in list(body.iter(HEADING, LIST)):
        nested = next(element.iterancestors(LIST), None) is not None
        if element.tag == HEADING and not nested:
            level = element.get(f"{TEXT}outline-level", "1")
            _put(element, headings, int(level) - 1 if level.isdecimal() else 0, counts[""])
        elif element.tag == LIST and not nested:
            name = element.get(f"{TEXT}style-name", "")
            goes_on = element.get(f"{TEXT}continue-numbering") == "true"
            before = element.get(f"{TEXT}continue-list", f" {name}" if goes_on else "")
            count = counts.get(before) if before else None
            count = counts[f" {name}"] = count or Count()
            counts[element.get(f"{XML}id", f" {name}")] = count
            _count(element, styles, name, 0, count)


def _count(of: Element, styles: Mapping[str, Levels], name: str, at: int, count: Count) -> None:
    """Counts the items of a list and of those inside of it."""
    name = of.get(f"{TEXT}style-name", name)
    levels = styles.get(name, {})
    numbered = at in levels and levels[at].form != "bullet"
    for item in of:
        first = next((each for each in item if each.tag in (PARAGRAPH, HEADING)), None)
        if first is not None and item.tag == f"{TEXT}list-item":
            start = item.get(f"{TEXT}start-value", "")
            _put(first, levels, at, count, int(start) if start.isdecimal() else None)
        for inner in item.iterchildren(LIST):
            _count(inner, styles, name, at + 1, count)
        if numbered:
            item.tag = f"{TEXT}section"
    if numbered:
        of.tag = f"{TEXT}section"


def _put(
    paragraph: Element, levels: Levels, at: int, count: Count, start: int | None = None
) -> None:
    """Puts its number in front of a paragraph that says anything."""
    unnumbered = paragraph.get(f"{TEXT}is-list-header") == "true"
    if at in levels and not unnumbered and "".join(paragraph.itertext()).strip():
        paragraph.text = count.next(levels, at, start) + (paragraph.text or "")


def _levels(style: Element) -> dict[int, Level]:
    """The levels of a style of lists, from 0."""
    found: dict[int, Level] = {}
    for each in style:
        level, form = each.get(f"{TEXT}level", ""), each.get(f"{STYLE}num-format", "")
        if not level.isdecimal() or "bullet" in str(each.tag):
            continue
        at = int(level) - 1
        shown, start = each.get(f"{TEXT}display-levels", "1"), each.get(f"{TEXT}start-value", "1")
        first = max(0, at + 1 - (int(shown) if shown.isdecimal() else 1))
        places = [f"%{number + 1}" for number in range(first, at + 1)]
        around = each.get(f"{STYLE}num-prefix", ""), each.get(f"{STYLE}num-suffix", "")
        text = f"{around[0]}{'.'.join(places)}{around[1]} " if form else ""
        found[at] = Level(FORMS.get(form, "none"), text, int(start) if start.isdecimal() else 1)
    return found
