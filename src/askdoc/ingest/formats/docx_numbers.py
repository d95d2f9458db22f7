"""The numbers of a Word document's headings and lists, which its text does not hold."""

import zipfile

import lxml.etree

from askdoc.ingest.formats.numbering import Count, Level
from askdoc.ingest.formats.parts import Element, related, root

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
UNCOUNTED = ("rPr/del", "rPr/vanish")  # the end of a paragraph that is deleted, or hidden
OFF = ("0", "false", "off")
DEEPEST = 20  # styles that a style is based on


def tell(parts: zipfile.ZipFile, place: str, body: Element) -> None:
    """Puts in front of each paragraph of a body the number that Word shows; a bullet is none."""
    found = {
        kind: root(parts, at)
        for kind, at in related(parts, place).values()
        if kind in ("numbering", "styles") and at in parts.namelist()
    }
    if "numbering" not in found:
        return
    lists = _Lists(found["numbering"], found.get("styles"))
    for paragraph in body.iter(f"{W}p"):
        number = lists.next(paragraph)
        if number and any(map(_says, paragraph.iter(f"{W}t"))):
            run = lxml.etree.Element(f"{W}r")
            lxml.etree.SubElement(run, f"{W}t").text = number
            paragraph.insert(paragraph.find(f"{W}pPr") is not None, run)


def _says(words: Element) -> bool:
    """Whether words are any, and have not been moved away."""
    moved = next(words.iterancestors(f"{W}moveFrom"), None)
    return bool((words.text or "").strip()) and moved is None


class _Lists:
    """The lists of a document, and how far each has been counted."""

    def __init__(self, numbering: Element, styles: Element | None) -> None:
        self._shared = _by(numbering, "abstractNum", "abstractNumId")
        self._lists = _by(numbering, "num", "numId")
        self._styles = {} if styles is None else _by(styles, "style", "styleId")
        self._usual = next(
            (
                name
                for name, style in self._styles.items()
                if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default", "0") not in OFF
            ),
            "",
        )
        self._levels: dict[str, tuple[str, dict[int, Level], dict[int, int]]] = {}
        self._counts: dict[str, Count] = {}

    def next(self, paragraph: Element) -> str:
        """Counts a paragraph, and gives what stands in front of it; nothing where it is in none."""
        own = paragraph.find(f"{W}pPr")
        if any(_find(own, end) is not None for end in UNCOUNTED):
            return ""
        id, at = self._place(own)
        if id not in self._lists:
            return ""
        if id not in self._levels:
            self._levels[id] = self._read(id)
        shared, levels, starts = self._levels[id]
        if at not in levels:
            return ""
        # Lists of the same levels go on where another one has stopped, or begin where they say.
        count = self._counts.setdefault(shared, Count())
        return count.next(levels, at, starts.pop(at, None))

    def _place(self, own: Element | None) -> tuple[str, int]:
        """The list that a paragraph is in, and its level there, as it or its style says."""
        id, level = _value(own, "numPr/numId"), _value(own, "numPr/ilvl")
        name = _value(own, "pStyle") or self._usual
        for _ in range(DEEPEST):
            if (id and level) or name not in self._styles:
                break
            told = _find(self._styles[name], "pPr")
            id, level = id or _value(told, "numPr/numId"), level or _value(told, "numPr/ilvl")
            name = _value(self._styles[name], "basedOn")
        return id, int(level) if level.isdecimal() else 0

    def _read(self, id: str) -> tuple[str, dict[int, Level], dict[int, int]]:
        """The name and the levels that a list shares with others, and where its own begin."""
        own, levels, starts = self._lists[id], dict[int, Level](), dict[int, int]()
        shared = _value(own, "abstractNumId")
        link = _value(self._shared.get(shared), "numStyleLink")
        if link in self._styles:  # to a list that a style is of
            other = self._lists.get(_value(self._styles[link], "pPr/numPr/numId"))
            shared = _value(other, "abstractNumId")
        for each in (*self._shared.get(shared, ()), *own.iter(f"{W}lvl")):
            if each.tag == f"{W}lvl" and (at := each.get(f"{W}ilvl", "0")).isdecimal():
                levels[int(at)] = _level(each)
        for each in own.iter(f"{W}lvlOverride"):
            start, at = _value(each, "startOverride"), each.get(f"{W}ilvl", "0")
            if start.isdecimal() and at.isdecimal():
                starts[int(at)] = int(start)
        return shared, levels, starts


def _level(told: Element) -> Level:
    """A level as Word has it."""
    start, restart = _value(told, "start"), _value(told, "lvlRestart")
    legal = _find(told, "isLgl")
    form = next((each.get(f"{W}val", "") for each in told.iter(f"{W}numFmt")), "decimal")
    text = "" if form == "bullet" else _value(told, "lvlText")
    return Level(
        form=form,
        text=text if _value(told, "suff") == "nothing" or not text.strip() else f"{text} ",
        start=int(start) if start.isdecimal() else 0,
        restart=int(restart) if restart.isdecimal() else None,
        legal=legal is not None and legal.get(f"{W}val", "1") not in OFF,
    )


def _by(part: Element, tag: str, name: str) -> dict[str, Element]:
    """The elements of a part by an attribute of theirs."""
    return {each.get(f"{W}{name}", ""): each for each in part.iter(f"{W}{tag}")}


def _find(element: Element | None, path: str) -> Element | None:
    """What is inside of an element, if there is one."""
    if element is None:
        return None
    return element.find("/".join(f"{W}{name}" for name in path.split("/")))


def _value(element: Element | None, path: str) -> str:
    """The value of what is inside of an element; empty where there is none."""
    found = _find(element, path)
    return "" if found is None else found.get(f"{W}val", "")
