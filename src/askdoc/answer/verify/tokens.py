"""A text as tokens that can be compared: words by their stem, numbers by value, names, units."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from itertools import pairwise

from askdoc.answer.terms import (
    AFTER_NAMES,
    DENIALS,
    DOUBTFUL_MONTHS,
    IDLE,
    NO_NAMES,
    ONLY_AFTER_NUMBER,
    OPENERS,
    SAME_NAMES,
    SIGNS,
    UNITS,
    WEEKDAY_FORMS,
)
from askdoc.answer.verify.numerals import number_at
from askdoc.answer.verify.pieces import Piece, folded, pieces_of, spoken
from askdoc.index.bm25 import analyzer
from askdoc.ingest.dates import MONTH_FORMS, MONTHS
from askdoc.tuning import UNIT_WITHIN, VERIFIED

OPENED = re.compile(r"(?:^|[.!?:;•*\n|]|[.!?]['\"”’)\]]+)[\s\"'“”‘’`(\[*•-]*$")

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


@functools.cache
def idle() -> frozenset[str]:
    """The stems of words that say nothing by themselves."""
    return frozenset(analyzer().analyze(IDLE))


@functools.lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of a word; empty for one that says nothing by itself."""
    return " ".join(term for term in analyzer().analyze(word) if term not in idle())


@functools.lru_cache(maxsize=512)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text, in order."""
    text = spoken(text[:VERIFIED])
    pieces = list(pieces_of(text))
    found: list[Token] = []
    at = 0
    while at < len(pieces):
        if number := number_at(pieces, at):
            written = " ".join(piece.text for piece in pieces[at : at + number.pieces])
            found.append(Token(written, Kind.NUMBER, number.value, scale=number.scale))
            at += number.pieces
        else:
            found.append(_word(text, pieces, at))
            at += 1
    return tuple(_with_units(_day_first(found)))


def _day_first(tokens: list[Token]) -> list[Token]:
    """The tokens with *12 March* for *March 12*, so that both are compared alike."""
    for at, (one, other) in enumerate(pairwise(tokens)):
        days = other.kind is Kind.NUMBER and other.text.isdigit() and len(other.text) < 3
        if one.key in MONTHS and one.kind is Kind.DATE and days:
            tokens[at], tokens[at + 1] = other, one
    return tokens


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
    day = WEEKDAY_FORMS.get(word) or MONTH_FORMS.get(word)
    if day and _is_day(pieces, at, opens):
        return Token(piece.text, Kind.DATE, day, opens=opens)
    plain = word.replace(".", "")
    if plain in UNITS and _is_unit(pieces, at, plain):
        return Token(piece.text, Kind.UNIT, UNITS[plain])
    root = stem(piece.text)
    if _is_name(piece, opens) and (root or piece.group == "dotted"):
        key = SAME_NAMES.get(plain) or (plain if piece.group == "dotted" else root)
        return Token(piece.text, Kind.NAME, key, opens=_unsure(pieces, at, opens))
    return Token(piece.text, Kind.WORD, root or word, telling=bool(root), opens=opens)


def _is_day(pieces: list[Piece], at: int, opens: bool) -> bool:
    """Whether a word like *May* or *Sunday* is a month or a weekday here."""
    word = folded(pieces[at].text).rstrip(".")
    sure = word not in DOUBTFUL_MONTHS or not opens or _dated(pieces, at)
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
    return not (after[0].isupper() and stem(after)) and folded(after) not in AFTER_NAMES


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
