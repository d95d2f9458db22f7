"""Furniture of a PDF's pages: what repeats at the same place of several, page numbers aside."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from askdoc.ingest.formats.pdf_lines import Line, Part
from askdoc.ingest.formats.pdf_tables import Table, lines_of

OUTER = 3  # rows at the top and at the bottom of a page among which it is looked for
PAGES = 3  # on which it stands, at least; of a document of two, on both
NEAR = 4.0  # points between the same place on two pages, at most
MOST = 0.75  # of all pages that large type, or type that is turned, is repeated on
ENDS = (".", "!", "?", ":", "”", '"', ")")
NUMBER = re.compile(r"\d{1,5}")
ROMAN = re.compile(r"\W*([ivxlc]+)\W*")
VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
NAMED = re.compile(r"([^\W\d]+)\.? ?\d+\W*")  # a step, an exhibit, a question: no page
WORD = re.compile(r"[^\W\d_]+")
PAGE = {
    "page", "pages", "p", "pg", "pp", "seite", "s", "página", "pagina", "pág", "pag", "стр",
    "страница", "с", "էջ", "sida", "side", "strona", "strana", "sivu", "oldal", "sayfa", "folio",
    "of", "von", "de", "di", "sur", "av", "af", "z", "из",
}  # fmt: skip
Item = Line | Table
Key = tuple[str, float]


def without_furniture(pages: Sequence[Sequence[Item]], large: float) -> list[list[Item]]:
    """The lines and tables of pages without what repeats at their edges.

    What says more than a page's number stays once, where it cuts no sentence: at the top of the
    first page, or of one after a full stop; at the bottom of the last one. Type as large as
    ``large`` is furniture on most of the pages only, since it may be a heading.
    """
    outer = [{id(line): line for line in _outer(page)} for page in pages]
    counts, distinct = _counted(pages, outer)
    left: list[list[Item]] = []
    told: set[str] = set()
    for number, page in enumerate(pages):
        kept: list[Item] = []
        cuts = (_is_open(left), any(pages[number + 1 :]))  # at the top, and at the bottom
        for item in page:
            if not isinstance(item, Line) or id(item) not in outer[number]:
                kept.append(item)
                continue
            rare = item.size >= large or item.parts[0].angle
            least = max(PAGES, MOST * distinct) if rare else min(PAGES, max(2, distinct))
            if not all(_repeats(part, number, counts, least) for part in item.parts):
                kept.append(item)
            elif not item.parts[0].angle and not cuts[item.edges[1] > _lowest(page) / 2]:
                text = NUMBER.sub("#", item.text)
                more = tuple(part for part in item.parts if _says_more(part.text))
                kept += [Line(more)] if more and text not in told else []
                told.add(text)
        left.append(kept or list(page))
    return left


def _counted(
    pages: Sequence[Sequence[Item]], outer: Sequence[dict[int, Line]]
) -> tuple[Counter[Key], int]:
    """On how many pages what stands at their edges is, and how many pages differ from others."""
    counts: Counter[Key] = Counter()
    seen: set[str] = set()  # a page that is there twice repeats nothing
    for number, page in enumerate(pages):
        text = "\n".join(line.text for item in page for line in lines_of(item))
        if text and text not in seen:
            parts = [part for line in outer[number].values() for part in line.parts]
            counts.update({key for part in parts for key in _keys(part, number)})
            seen.add(text)
    return counts, len(seen)


def _is_open(above: Sequence[Sequence[Item]]) -> bool:
    """Whether the last line of the pages above may go on in the next one."""
    last = next((items[-1] for items in reversed(above) if items), None)
    return isinstance(last, Line) and not last.text.rstrip().endswith(ENDS)


def _repeats(part: Part, page: int, counts: Counter[Key], least: float) -> bool:
    """Whether words stand at the same place of so many pages, the number of the page aside."""
    return any(
        sum(counts[text, place + step] for step in (-1, 0, 1)) >= least
        for text, place in _keys(part, page)
    )


def _says_more(text: str) -> bool:
    """Whether a repeated line says more than which page it is on."""
    words = WORD.findall(text.casefold())
    return not ROMAN.fullmatch(text) and any(word not in PAGE for word in words)


def _outer(page: Sequence[Item]) -> Iterator[Line]:
    """The lines of the outer rows of a page, and those that are turned."""
    lines = [item for item in page if isinstance(item, Line)]
    upright = [line for line in lines if not line.parts[0].angle]
    yield from (line for line in lines if line.parts[0].angle)
    tops = sorted(line.edges[1] for line in upright)
    rows = [top for at, top in enumerate(tops) if not at or top - tops[at - 1] > NEAR]
    outer = rows[:OUTER] + rows[-OUTER:]
    for line in upright:
        if any(abs(line.edges[1] - top) <= NEAR for top in outer):
            yield line


def _lowest(page: Sequence[Item]) -> float:
    """Where the lowest line of a page ends, in points from the top."""
    return max(item.edges[3] for item in page if isinstance(item, Line))


def _keys(part: Part, page: int) -> Iterator[Key]:
    """What words have in common with such of other pages: their text, or less a page's number."""
    place = round(part.edges[1] / NEAR)
    text = " ".join(part.text.split())
    yield text, place
    named = NAMED.fullmatch(text)
    if named and named[1].casefold() not in PAGE:
        return
    for number in NUMBER.finditer(text):
        yield f"{text[: number.start()]}#{int(number[0]) - page}{text[number.end() :]}", place
    if roman := ROMAN.fullmatch(text):
        yield f"#{_value(roman[1]) - page}", place


def _value(roman: str) -> int:
    """The value of a Roman number."""
    values = [VALUES[sign] for sign in roman]
    return sum(
        -value if any(value < after for after in values[at + 1 : at + 2]) else value
        for at, value in enumerate(values)
    )
