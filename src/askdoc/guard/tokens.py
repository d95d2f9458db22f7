"""A text as tokens that can be compared: words by their stem, numbers by value, names, units."""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from askdoc.guard.words import (
    DENIALS,
    FRACTIONS,
    IDLE,
    LETTER_SCALES,
    MONTH_NAMES,
    MONTHS,
    NUMBERS,
    ONLY_AFTER_NUMBER,
    OPENERS,
    PLACES,
    SAME,
    SCALES,
    UNITS,
    WEEKDAYS,
    words,
)
from askdoc.lexicon import analyzer

LONGEST = 20_000  # characters of a text that are looked at
LONGEST_NUMBER = 30  # digits; longer ones are compared as words
LOUD = 3  # words of a line of capitals that may all be names
UNIT_WITHIN = 2  # words after a number among which its unit stands

PIECE = re.compile(
    r"(?P<iso>\b\d{4}-\d\d-\d\d\b)"
    r"|(?P<number>(?:(?:(?<=\s)|(?<=\()|^)[-−](?=[\d.]))?"
    r"(?:\d{1,3}(?:[,\u00a0\u2009\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)*|(?<![\w.])\.\d+))"
    r"(?P<ending>(?:°[cf]\b|[^\W\d_]+\d*(?:/h\b)?))?"
    r"|(?P<drop>['’](?:s|re|ve|ll|d|m)\b|\bno\.?(?=\s*\d))"
    r"|(?P<deny>n['’]t\b)"
    r"|(?P<percent>per\s?cent\b|%)"
    r"|(?P<sign>[$€£¥₽₹₺֏°])"
    r"|(?P<dotted>\b(?:[^\W\d_]\.){2,}|\b(?:[^\W\d_]\.)+[^\W\d_]\b)"
    r"|(?P<same>\b(?:" + "|".join(re.escape(form) for form in SAME if " " in form) + r")\b)"
    r"|(?P<word>[^\W\d_]\w*(?:['’][^\W_]+)*)",
    re.I,
)
OPENED = re.compile(r"(?:^|[.!?:;•*\n|]|[.!?]['\"”’)\]]+)[\s\"'“”‘’`(\[*•-]*$")
# What only stands after a name, or after a word that needs an article, which would come before it.
SAYS = frozenset(words("is was has had said says will did does would announced told argued"))
SIGNS = tuple("$€£¥₽₹₺֏")
CALENDAR = frozenset(words("may march mar jan feb apr jun jul aug sep oct nov dec sept"))
NO_NAMES = frozenset(words("i i'm the a an o it its ok"))


Key = str | Fraction


class Kind(Enum):
    """What a token is, and so what it is compared with."""

    WORD = "word"
    NAME = "name"
    NUMBER = "number"
    DATE = "month or weekday"
    UNIT = "unit"
    DENIAL = "denial"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text: as written, and by what it is compared.

    ``key`` is a stem, the name of a month, unit or the like, or a number's value. ``telling`` is
    false for stop words. ``opens`` is true for the first of a sentence, whose capital says nothing.
    ``scale`` is what a number's word (*million*) stands for, ``unit`` what it counts, if known, and
    ``counted`` the number with its unit, as written.
    """

    text: str
    kind: Kind
    key: Key
    telling: bool = True
    opens: bool = False
    scale: int = 1
    unit: str | None = None
    counted: str = ""

    @property
    def written(self) -> str:
        """The token as written, a number with its unit."""
        return self.counted or self.text

    @property
    def is_fact(self) -> bool:
        """Whether it must be as the passage has it."""
        return self.kind not in (Kind.WORD, Kind.DENIAL)


@dataclass(slots=True)
class Piece:
    """A part of the text before numbers and names are put together."""

    text: str
    start: int
    end: int
    group: str


@functools.cache
def idle() -> frozenset[str]:
    """The stems of words that say nothing by themselves."""
    return frozenset(analyzer().analyze(IDLE))


@functools.lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of a word; empty for one that says nothing by itself."""
    return " ".join(term for term in analyzer().analyze(word) if term not in idle())


@functools.lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    """A word in lower case without accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).replace("’", "'")


@functools.lru_cache(maxsize=512)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text, in order."""
    text = "\n".join(map(_spoken, text[:LONGEST].split("\n")))
    pieces = list(_pieces(text))
    found: list[Token] = []
    at = 0
    while at < len(pieces):
        taken, token = _number(pieces, at)
        if token is None:
            taken, token = 1, _word(text, pieces, at)
        found.append(token)
        at += taken
    return tuple(_with_units(found))


def _spoken(line: str) -> str:
    """A line, in lower case where most of it is in capitals, which then tell no names."""
    words = line.split()
    loud = sum(map(str.isupper, line)) > sum(map(str.islower, line)) and len(words) > LOUD
    return line.lower() if loud else line


def _pieces(text: str) -> Iterator[Piece]:
    """The parts of a text that count, contractions and glued units taken apart."""
    for match in PIECE.finditer(text):
        group, start, end = match.lastgroup or "", match.start(), match.end()
        if group == "drop":
            continue
        if group == "iso":
            year, month, day = match[0].split("-")
            name = MONTH_NAMES[(int(month) - 1) % 12].capitalize()
            for part, kind in ((year, "number"), (name, "word"), (str(int(day)), "number")):
                yield Piece(part, start, end, kind)
        elif match["number"]:
            yield from _digits(match)
        elif group == "word":
            word = folded(match[0])
            if word.endswith("n't") or word == "cannot":
                whole = {"cannot": "can", "can't": "can", "won't": "will", "shan't": "shall"}
                yield Piece(whole.get(word, match[0][:-3]), start, end, "word")
                yield Piece("not", start, end, "deny")
            else:
                yield Piece(re.sub(r"['’][sS]?$", "", match[0]), start, end, "word")
        else:
            yield Piece(match[0], start, end, group)


def _digits(match: re.Match[str]) -> Iterator[Piece]:
    """A number and what is written on to it; as one word where that is no unit (*5G*, *747-8F*)."""
    ending = match["ending"] or ""
    start, middle, end = match.start(), match.end("number"), match.end()
    plain = folded(ending)
    if not ending or plain in ("st", "nd", "rd", "th", "s"):
        yield Piece(match["number"], start, end, "number")
    elif plain in UNITS or plain in LETTER_SCALES or plain in SCALES:
        yield Piece(match["number"], start, middle, "number")
        yield Piece(ending, middle, end, "scale" if plain not in UNITS or plain == "m" else "word")
    else:
        yield Piece(match[0], start, end, "code")


def _number(pieces: list[Piece], at: int) -> tuple[int, Token | None]:
    """How many pieces from here are one number, and that number."""
    current, taken = _simple(pieces, at)
    if current is None:
        return 0, None
    total, scale, below = Fraction(0), 1, 0
    while at + taken < len(pieces):
        piece = pieces[at + taken]
        factor = _factor(piece)
        if factor is not None:
            if factor == 100:
                current *= factor
            else:
                total, current = total + current * factor, Fraction(0)
            scale, below = scale * factor, factor
            taken += 1
            continue
        # "two hundred and five thousand"
        skip = int(folded(piece.text) == "and")
        more, length = _simple(pieces, at + taken + skip) if below else (None, 0)
        if more is None or not 1 <= more < below or pieces[at + taken + skip].group != "word":
            break
        current, below = current + more, 0
        taken += skip + length
    text = " ".join(piece.text for piece in pieces[at : at + taken])
    return taken, Token(text, Kind.NUMBER, total + current, scale=scale)


def _factor(piece: Piece) -> int | None:
    """What a word multiplies the number before it with; None where it does not."""
    word = folded(piece.text)
    if piece.group == "scale":
        return {**SCALES, **LETTER_SCALES}.get(word)
    return SCALES.get(word) if piece.group == "word" else None


def _simple(pieces: list[Piece], at: int) -> tuple[Fraction | None, int]:
    """The value in digits or words that begins here, without its scale, and the pieces it takes."""
    if at >= len(pieces):
        return None, 0
    piece = pieces[at]
    word = folded(piece.text)
    after = folded(pieces[at + 1].text) if at + 1 < len(pieces) else ""
    if piece.group == "number":
        return _value(piece.text), 1
    if piece.group != "word":
        return None, 0
    if word in NUMBERS or word in ("a", "an"):
        small = Fraction(NUMBERS.get(word, 1))
        part = FRACTIONS.get(after.removesuffix("s") if after != "halves" else "half")
        if part and word != "zero" and (word not in ("a", "an") or part.denominator <= 4):
            return small * part, 2
        if word in ("a", "an"):
            return (Fraction(1), 1) if after in SCALES or after == "dozen" else (None, 0)
        units = NUMBERS.get(after, 0) or PLACES.get(after, 0)
        if small >= 20 and 0 < units < 10:
            return small + units, 2
        return small, 1
    if word == "half":
        return Fraction(1, 2), 1
    if word in PLACES:
        return Fraction(PLACES[word]), 1
    return None, 0


def _value(digits: str) -> Fraction | None:
    """The value of a number in digits; None where it is none, as the 1.2.3 of a version."""
    plain = re.sub(r"[,\u00a0\u2009\u202f]", "", digits.replace("−", "-"))
    if plain.count(".") > 1:
        groups = plain.split(".")
        if any(len(group) != 3 for group in groups[1:]):
            return None
        plain = "".join(groups)
    return Fraction(plain) if len(plain) <= LONGEST_NUMBER else None


def _word(text: str, pieces: list[Piece], at: int) -> Token:
    """The token of a piece that is no number."""
    piece = pieces[at]
    word = folded(piece.text).rstrip(".")
    if piece.group in ("percent", "sign"):
        return Token(piece.text, Kind.UNIT, UNITS.get(word, "%"))
    if piece.group in ("code", "number"):
        return Token(piece.text, Kind.NAME, word)
    if piece.group == "deny" or (word in DENIALS and not _says_nothing(text, pieces, at)):
        return Token(piece.text, Kind.DENIAL, "not", telling=False)
    opens = _opens(text, piece)
    day = WEEKDAYS.get(word) or MONTHS.get(word)
    if day and _is_day(pieces, at, opens):
        return Token(piece.text, Kind.DATE, day, opens=opens)
    plain = word.replace(".", "")
    if plain in UNITS and _is_unit(pieces, at, plain):
        return Token(piece.text, Kind.UNIT, UNITS[plain])
    root = stem(piece.text)
    if _is_name(piece, opens) and (root or piece.group == "dotted"):
        key = SAME.get(plain) or (plain if piece.group == "dotted" else root)
        return Token(piece.text, Kind.NAME, key, opens=_unsure(pieces, at, opens))
    return Token(piece.text, Kind.WORD, root or word, telling=bool(root), opens=opens)


def _is_day(pieces: list[Piece], at: int, opens: bool) -> bool:
    """Whether a word like *May* or *Sunday* is a month or a weekday here."""
    word = folded(pieces[at].text).rstrip(".")
    sure = word not in CALENDAR or not opens or _dated(pieces, at)
    return sure and pieces[at].text[0].isupper()


def _is_unit(pieces: list[Piece], at: int, plain: str) -> bool:
    """Whether a word like *km* or *am* is a unit here, and no name or everyday word."""
    piece = pieces[at]
    if piece.text[0].isupper() and piece.group != "dotted" and not piece.text.isupper():
        return False
    after_number = at > 0 and pieces[at - 1].group in ("number", "scale")
    return after_number or plain not in ONLY_AFTER_NUMBER


def _is_name(piece: Piece, opens: bool) -> bool:
    """Whether a piece is written as a name, or is one however it is written."""
    word = folded(piece.text)
    if piece.group == "dotted":
        return not piece.text.islower()
    if opens and (word in OPENERS or word.endswith("ly")):
        return False
    return piece.group == "same" or (piece.text[0].isupper() and word not in NO_NAMES)


def _says_nothing(text: str, pieces: list[Piece], at: int) -> bool:
    """Whether a *not* denies nothing, as in *not only*, or a *No* is an answer by itself."""
    word = folded(pieces[at].text)
    after = folded(pieces[at + 1].text) if at + 1 < len(pieces) else ""
    if word == "no" and at + 1 < len(pieces) and _opens(text, pieces[at]):
        return "," in text[pieces[at].end : pieces[at + 1].start]  # the "No, …" of an answer
    return word == "not" and after in ("only", "just")


def _opens(text: str, piece: Piece) -> bool:
    """Whether a piece is the first of a sentence."""
    return OPENED.search(text[max(0, piece.start - 12) : piece.start]) is not None


def _dated(pieces: list[Piece], at: int) -> bool:
    """Whether a number stands beside a piece."""
    around = pieces[max(0, at - 1) : at] + pieces[at + 1 : at + 2]
    return any(piece.group == "number" for piece in around)


def _unsure(pieces: list[Piece], at: int, opens: bool) -> bool:
    """Whether a capital may only be there because a sentence opens."""
    if not opens or (pieces[at].text.isupper() and len(pieces[at].text) > 1):
        return False
    if at + 1 == len(pieces):
        return True
    after = pieces[at + 1].text
    return not (after[0].isupper() and stem(after)) and folded(after) not in SAYS


def _with_units(tokens: list[Token]) -> Iterator[Token]:
    """The tokens, each number with the unit in front of it or soon after it."""
    for at, token in enumerate(tokens):
        if token.kind is Kind.NUMBER:
            before = tokens[at - 1] if at else None
            after = _unit_after(tokens[at + 1 : at + 1 + UNIT_WITHIN])
            if before and before.text in SIGNS:
                token = replace(token, unit=str(before.key), counted=before.text + token.text)
            elif after:
                text = f"{token.text}{'' if after.text == '%' else ' '}{after.text}"
                token = replace(token, unit=str(after.key), counted=text)
        yield token


def _unit_after(tokens: list[Token]) -> Token | None:
    """The unit of the number in front of these tokens, if they have it."""
    for token in tokens:
        if token.kind is Kind.UNIT and token.text not in SIGNS:
            return token
        if token.kind in (Kind.NUMBER, Kind.DENIAL) or not token.telling:
            return None
    return None
