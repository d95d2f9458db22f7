"""What a page holds and does not show: elements that are hidden, letters in the paper's colour.

A rule of a style sheet is followed where its selector is a tag, a class or an id. A page may show
after all what its style sheet hides, by another rule for the same class: that is counted, not taken
out, and so are letters that a style sheet gives the paper's colour.
"""

import re
from collections.abc import Iterator, Mapping

import lxml.etree
import lxml.html
from PIL import ImageColor

HIDES = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0*\.?0*%?(?:;|!|$)"
    r"|font-size:[01]?(?:\.\d+)?(?:px|pt|r?em|%)?(?:;|!|$)|color:transparent"
    r"|(?:text-indent|left|top):-\d{3,}|clip:rect\(0)"
)
REVEALS = re.compile(r"(?:^|;)(?:display:(?!none)|visibility:visible|opacity:(?:1|0?\.[1-9]))")
NAME = re.compile(r"[.#][\w-]+")
INK = re.compile(r"(?:^|;)color:([^;!]+)")
PAPER = re.compile(r"(?:^|;)background(?:-color)?:([^;!]+)")
NO_TEXT = ("html", "body", "head", "title", "style", "script", "template", "noscript")
ALIKE = 24  # steps (of 255) of red, green or blue by which nobody tells two colours apart


def without_unseen(tree: lxml.html.HtmlElement) -> int:
    """Takes out what elements hide; gives the characters that a reader does not see."""
    rules: dict[str, str] = {}
    revealed: set[str] = set()
    for sheet in tree.iter("style"):
        for selectors, style in _rules(sheet.text or ""):
            for selector in map(_folded, selectors.split(",")):
                rules[selector] = f"{rules.get(selector, '')};{style}"
                if REVEALS.search(style):
                    revealed.update(NAME.findall(selector))
    hidden: set[lxml.html.HtmlElement] = set()
    count = 0
    for element in list(tree.iter(lxml.etree.Element)):
        if element.getparent() in hidden:
            hidden.add(element)
        elif element.tag not in NO_TEXT and _unseen(element, rules):
            hidden.add(element)
            count += len("".join(element.text_content().split()))
            for_good = HIDES.search(_style(element, rules)) and revealed.isdisjoint(_names(element))
            if for_good or _unseen(element, {}):
                element.drop_tree()
    return count


def _names(element: lxml.html.HtmlElement) -> list[str]:
    """The classes and the id of an element, as a style sheet names them."""
    id = element.get("id")
    names = [f".{name.lower()}" for name in element.get("class", "").split()]
    return [*names, *([f"#{id.lower()}"] if id else [])]


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """The selectors and declarations of a style sheet, without those for print or small screens."""
    first, *others = css.split("/*")
    depth, head = 0, ""
    for part in re.split(r"([{}])", first + "".join(each.partition("*/")[2] for each in others)):
        if part in ("{", "}"):
            depth = max(0, depth + (1 if part == "{" else -1))
        elif depth == 0:
            head = part.rpartition(";")[2].strip()
        elif depth == 1 and not head.startswith("@"):
            yield head, _folded(part)


def _folded(style: str) -> str:
    return "".join(style.lower().split())


def _style(element: lxml.html.HtmlElement, rules: Mapping[str, str]) -> str:
    """What is declared for an element, its own declarations last."""
    tag, own = str(element.tag), _names(element)
    names = [tag, *own, *(tag + name for name in own)]
    return ";".join([*(rules.get(name, "") for name in names), _folded(element.get("style", ""))])


def _unseen(element: lxml.html.HtmlElement, rules: Mapping[str, str]) -> bool:
    """Whether a reader of the page does not see an element."""
    style = _style(element, rules)
    shut = element.tag == "dialog" and "open" not in element.attrib
    if shut or "hidden" in element.attrib or HIDES.search(style):
        return True
    ink = [*([element.get("color")] if element.get("color") else []), *INK.findall(style)]
    if not ink:
        return False
    for around in (element, *element.iterancestors()):
        paper = [*filter(None, [around.get("bgcolor")]), *PAPER.findall(_style(around, rules))]
        if paper:
            return _alike(ink[-1], paper[-1])
    return _alike(ink[-1], "white")


def _alike(ink: str, paper: str) -> bool:
    """Whether two colours look the same; what is no plain colour looks different."""
    try:
        both = ImageColor.getrgb(ink)[:3], ImageColor.getrgb(paper)[:3]
    except ValueError:
        return False
    return all(abs(one - other) <= ALIKE for one, other in zip(*both, strict=True))
