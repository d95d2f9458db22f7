"""Numbers, dates and units: which of a sentence's no text has."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from askdoc.answer.terms import MEASURES, ROUGH, SCALES
from askdoc.answer.verify.pieces import folded
from askdoc.answer.verify.tokens import Kind, Token, stem
from askdoc.tuning import HEDGED

Tokens = Sequence[Token]
Problem = tuple[int, str]
"""The place of the token that is wrong, and what is wrong with it."""

# Said without counting: "one of them", "half of it", "the second".
LOOSE = {Fraction(1), Fraction(2), Fraction(1, 2)}


def unknown_numbers(said: Tokens, texts: Tokens, around: Tokens) -> Iterator[Problem]:
    """Numbers, dates and units that no text has."""
    there = different(texts)
    known = different(around)
    keys = {token.key for token in (*texts, *around)}
    for at, token in enumerate(said):
        if token.kind is Kind.DATE and token.key not in keys:
            yield at, instead(token, [other for other in texts if other.kind is Kind.DATE])
        if token.kind is not Kind.NUMBER:
            continue
        same = [other for other in there if one_number(said, at, other, texts)]
        if same:
            if token.unit and not any(same_unit(token.unit, other.unit) for other in same):
                yield at, f"says {token.written}, the passage says {same[0].written}"
        elif not _loose(token) and not any(one_number(said, at, other, around) for other in known):
            yield at, instead(token, [other for other in there if _alike(token, other)])


def different(tokens: Tokens) -> Tokens:
    """The numbers among tokens, each once, since each one said is held against all."""
    every = (token for token in tokens if token.kind is Kind.NUMBER)
    return list({(token.written, token.unit, token.scale): token for token in every}.values())


def instead(token: Token, others: Tokens) -> str:
    """That a fact is not in the text, and what is in its place where there is only one."""
    texts = list(dict.fromkeys(other.written for other in others))
    if len(texts) == 1:
        return f"says {token.written}, the passage says {texts[0]}"
    return f"says {token.written}, which the passage does not"


def _loose(token: Token) -> bool:
    """Whether a number is a word that need not count."""
    return token.key in LOOSE and not token.text[0].isdigit()


def one_number(said: Tokens, at: int, yours: Token, texts: Tokens) -> bool:
    """Whether two numbers are one: of the same value, or rounded where the claim is rough."""
    mine = said[at]
    rough = any(folded(each.text) in ROUGH for each in said[max(0, at - HEDGED) : at])
    one, other = Fraction(mine.key), Fraction(yours.key)
    mine_in, yours_in = MEASURES.get(mine.unit or ""), MEASURES.get(yours.unit or "")
    if mine_in and yours_in and mine_in[0] == yours_in[0]:
        one, other = one * mine_in[1], other * yours_in[1]
    if one == other or _one_hour(mine, yours):
        return True
    if (mine.unit == "%" and one == other * 100) or (yours.unit == "%" and other == one * 100):
        return True
    if mine.scale > 1 and yours.scale == 1 and one == other * mine.scale:
        return _in_scale(mine.scale, texts)
    return rough and not (_year(mine) and _year(yours)) and _rounded(other, one)


def same_unit(one: str | None, other: str | None) -> bool:
    """Whether numbers with these units may be one; one without a unit may have any."""
    if one is None or other is None or one == other:
        return True
    return one in MEASURES and MEASURES[one][0] == MEASURES.get(other, ("", 0))[0]


def _one_hour(mine: Token, yours: Token) -> bool:
    """Whether two numbers are an hour with its half of the day, and the same without it."""
    said = {mine.text[-2:].lower(), yours.text[-2:].lower()} & {"am", "pm"}
    bare = any(each.text.isdigit() and not each.text.startswith("0") for each in (mine, yours))
    hours = all(0 <= Fraction(each.key) <= 24 for each in (mine, yours))
    return bool(said) and bare and hours and abs(Fraction(mine.key) - Fraction(yours.key)) == 12


def _in_scale(scale: int, texts: Tokens) -> bool:
    """Whether a text has numbers *in millions*, or one of a range with that word."""
    words = {stem(word) for word, factor in SCALES.items() if factor == scale}
    return any(token.scale == scale or token.key in words for token in texts)


def _rounded(exact: Fraction, rough: Fraction) -> bool:
    """Whether a number is another one, rounded to fewer digits."""
    if not exact or not rough or max(abs(exact), abs(rough)) > 10**15:
        return False
    digits = f"{float(rough):.12g}".replace(".", "").replace("-", "").strip("0")
    return float(f"{float(exact):.{max(0, len(digits) - 1)}e}") == float(rough)


def _alike(one: Token, other: Token) -> bool:
    """Whether two numbers are of one sort: both years, or both counting the same."""
    return _year(one) == _year(other) and one.unit == other.unit


def _year(token: Token) -> bool:
    return token.text.isdigit() and len(token.text) == len("2000")
