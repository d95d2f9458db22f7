"""Numbers in digits and words, by their value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from askdoc.answer.terms import FRACTIONS, LETTER_SCALES, NUMBERS, PLACES, SCALES
from askdoc.answer.verify.pieces import Piece, folded
from askdoc.tuning import DIGITS


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number: how many pieces it takes, its value, and what its words (*million*) stand for."""

    pieces: int
    value: Fraction
    scale: int


def number_at(pieces: Sequence[Piece], at: int) -> Numeral | None:
    """The number that begins at a piece; None where none does."""
    if folded(pieces[at].text) == "minus" and at + 1 < len(pieces):
        below_zero = number_at(pieces, at + 1)
        return below_zero and replace(
            below_zero, pieces=below_zero.pieces + 1, value=-below_zero.value
        )
    current, taken = _simple(pieces, at)
    if current is None:
        return None
    after = [folded(piece.text) for piece in pieces[at + taken : at + taken + 3]]
    if after in (["and", "a", "half"], ["and", "a", "quarter"]):  # "twelve and a half million"
        current, taken = current + FRACTIONS[after[2]], taken + 3
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
    return Numeral(taken, total + current, scale)


def _factor(piece: Piece) -> int | None:
    """What a word multiplies the number before it with; None where it does not."""
    word = folded(piece.text)
    if piece.group == "scale":
        return {**SCALES, **LETTER_SCALES}.get(word)
    return SCALES.get(word) if piece.group == "word" else None


def _simple(pieces: Sequence[Piece], at: int) -> tuple[Fraction | None, int]:
    """The value in digits or words that begins here, without its scale, and the pieces it takes."""
    if at >= len(pieces):
        return None, 0
    piece = pieces[at]
    word = folded(piece.text)
    after = folded(pieces[at + 1].text) if at + 1 < len(pieces) else ""
    if piece.group in ("number", "hour"):
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
        return Fraction(1, 2), 2 if after == "an" else 1
    if word in PLACES:
        return Fraction(PLACES[word]), 1
    return None, 0


def _value(digits: str) -> Fraction | None:
    """The value of a number in digits; None where it is none, as the 1.2.3 of a version.

    Of an hour with its half of the day it is that of the whole day: *9 pm* is 21.
    """
    hour, _, half = digits.partition(" ")
    if half in ("am", "pm"):
        return Fraction(int(hour) % 12 + (12 if half == "pm" else 0))
    plain = re.sub(r"[,\u00a0\u2009\u202f]", "", digits.replace("−", "-"))
    if plain.count(".") > 1:
        groups = plain.split(".")
        if any(len(group) != 3 for group in groups[1:]):
            return None
        plain = "".join(groups)
    return Fraction(plain) if len(plain) <= DIGITS else None
