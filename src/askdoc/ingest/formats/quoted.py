"""What a message quotes of earlier ones: under headings of its own, apart from what is new."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import lxml.html

from askdoc.ingest.extract import QUOTED, Composer, Extract, one_line

WRITTEN = "Written in this message"
SIGN = re.compile(r"[ \t]?(?:>[ \t]?)+")
FIELDS = r"From|Von|De|Da|Van|Från|Fra|Od|От|Кому|差出人|发件人"
# The line above the message that was answered or sent on, and the header that follows it or not.
RULE = re.compile(r"[ \t]*(?:-{2,}[ \t]*\w[^\n]*?\w[ \t]*-{2,}|_{20,}|[\w ]+:|)[ \t]*\Z")
FIELD = re.compile(r"[ \t]*\*?(?P<name>\w[\w ]{0,19})\*?[ \t]?:\*?[ \t]+(?P<value>\S.*)\Z")
FIRST = re.compile(rf"(?:{FIELDS})\Z", re.IGNORECASE)
LEAST = 3  # fields that make a header
BEGINS = re.compile(r"\W*(?:On|Am|Le|El|Il|Op)\b")
ATTRIBUTION = 3  # lines at most that tell whose words are quoted
LONGEST = 140  # characters of what a heading tells of it
ELEMENTS = (
    "//blockquote[@type='cite' or contains(@class, 'quote')]"
    "|//*[contains(@class, 'gmail_quote') or contains(@class, 'yahoo_quoted')"
    " or contains(@class, 'moz-forward-container') or @id='divRplyFwdMsg']"
)
"""What the programs that write messages in HTML put around what they quote."""


@dataclass(slots=True)
class Part:
    """Lines of one message in another: how deep it is quoted, and what is told of it."""

    depth: int
    about: str = ""
    lines: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)

    @property
    def says(self) -> bool:
        """Whether there is any word in it."""
        return any(map(str.isalnum, "".join(self.lines)))


def read(text: str) -> Extract:
    """The text of a message, what it quotes under headings, and without the signs before it."""
    composer = Composer()
    quoted = False
    for part in _parts(text):
        if not part.says and not part.header:
            continue
        if part.depth:
            quoted = True
            if not part.about and _is_attribution(part.lines[0]):
                part.about = part.lines.pop(0)
            composer.add_heading(_heading(part.about), part.depth)
            composer.add("\n".join(part.header))
        elif quoted:
            composer.add_heading(WRITTEN, 1)
        composer.add("\n".join(part.lines))
    return Extract(composer.text, blocks=tuple(composer.blocks))


def _heading(about: str) -> str:
    """The heading of what is quoted."""
    return f"{QUOTED} ({one_line(about, LONGEST).rstrip(' :')})" if about.strip() else QUOTED


def _parts(text: str) -> Iterator[Part]:
    """The parts of a message in order, each of one depth."""
    part, below = Part(0), 0  # how deep a header that was met lies
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        sign = SIGN.match(lines[number])
        depth = (sign[0].count(">") if sign else 0) + below
        words = lines[number][sign.end() if sign else 0 :]
        header = _header(lines, number)
        if header:
            below += 1
            yield part
            about = ", ".join(line for line in header if _tells(line))
            part = Part(depth + 1, about, header=header)
            number += len(header) + (not FIELD.match(words))
            continue
        if words.strip() and depth != part.depth:
            about = _attribution(part) if depth > part.depth else ""
            yield part
            part = Part(depth, about)
        part.lines.append(words)
        number += 1
    yield part


def _attribution(part: Part) -> str:
    """The lines at the end of a part that tell whose words follow; they are taken from it."""
    lines = part.lines
    while lines and not lines[-1].strip():
        lines.pop()
    first = len(lines)
    while first and lines[first - 1].strip() and len(lines) - first < ATTRIBUTION:
        first -= 1
    for at in range(len(lines) - 1, first - 1, -1):  # the shortest that begins like one
        about = " ".join(lines[at:])
        begins = at == first or not lines[at - 1].strip() or BEGINS.match(lines[at])
        if begins and _is_attribution(about):
            del lines[at:]
            return about
    return ""


def _is_attribution(words: str) -> bool:
    """Whether words tell who wrote what follows: they end so, and name a day or an address."""
    words = words.strip()
    return words[-1:] in (":", "：") and len(words) < 250 and bool(re.search(r"\d|@", words))


def _header(lines: list[str], number: int) -> list[str]:
    """The header of an earlier message that begins at a line, or below it; none elsewhere."""
    first = number + (RULE.match(lines[number]) is not None and not FIELD.match(lines[number]))
    found: list[str] = []
    for line in lines[first : first + 8]:
        if not FIELD.match(line):
            break
        found.append(line.strip())
    start = FIELD.match(found[0]) if found else None
    return found if start and FIRST.match(start["name"]) and len(found) >= LEAST else []


def _tells(line: str) -> bool:
    """Whether a field tells who wrote, or when."""
    return bool(re.match(rf"\W*(?:{FIELDS}|Sent|Date|Gesendet|Datum|Envoyé|Enviado)\b", line, re.I))


def mark(tree: lxml.html.HtmlElement) -> None:
    """Puts headings before and after what a message in HTML quotes."""
    for element in tree.xpath(ELEMENTS):
        parent = element.getparent()
        if parent is None or any(each.get("askdoc") for each in element.iterancestors()):
            continue
        element.set("askdoc", "quoted")
        above = element.getprevious()
        inside = element.xpath("./*[contains(@class, 'gmail_attr')]")
        near = (each for each in (*inside, above) if each is not None)
        said = next(filter(_says_who, near), None)
        heading = lxml.html.Element("h2")
        heading.text = _heading("" if said is None else said.text_content())
        if said is not None:
            said.drop_tree()
        parent.insert(parent.index(element), heading)
        after = element.xpath("string(following-sibling::node())") + (element.tail or "")
        if after.strip():
            back = lxml.html.Element("h2")
            back.text = WRITTEN
            back.tail, element.tail = element.tail, None
            parent.insert(parent.index(element) + 1, back)


def _says_who(element: lxml.html.HtmlElement) -> bool:
    """Whether an element tells whose words follow."""
    words = one_line(element.text_content(), None)
    return words.endswith((":", "：")) and len(words) < 250
