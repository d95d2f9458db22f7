"""Two texts laid side by side, place by place (after Needleman and Wunsch, 1970)."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from askdoc.answer.verify.tokens import Key, Kind, Token
from askdoc.tuning import GAP, NEVER, OTHER, SAME, SAME_KIND, SAME_STOP, WINDOW, WINDOW_MARGIN

Pairs = list[tuple[int, int]]
"""The places at which two texts both have something, in order: an index into each."""


def window(claim: Sequence[Token], text: Sequence[Token]) -> tuple[int, int]:
    """The part of a text that has most of the claim's pairs of neighbours: its start and end."""
    size = int(len(claim) * WINDOW) + WINDOW_MARGIN
    wanted = {(one.key, other.key) for one, other in pairwise(claim)}
    there = [(one.key, other.key) for one, other in pairwise(text)]
    inside: Counter[tuple[Key, Key]] = Counter()
    best = start = 0
    for at, pair in enumerate(there):
        if pair in wanted:
            inside[pair] += 1
        gone = there[max(0, at - size)]
        if at >= size and gone in inside:
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
        if len(inside) > best:
            best, start = len(inside), max(0, at - size + 1)
    return max(0, start - WINDOW_MARGIN), min(len(text), start + size + WINDOW_MARGIN)


def align(claim: Sequence[Token], text: Sequence[Token]) -> Pairs:
    """The places at which both have something.

    What the text has before and after costs nothing, so that a claim may be a part of it.
    """
    rows = [[0] * (len(text) + 1)]
    for one in claim:
        above, left = rows[-1], rows[-1][0] + GAP
        row = [left]
        for column, other in enumerate(text):
            left = max(above[column] + _score(one, other), above[column + 1] + GAP, left + GAP)
            row.append(left)
        rows.append(row)
    at, column = len(claim), max(range(len(text) + 1), key=rows[-1].__getitem__)
    pairs: Pairs = []
    while at:
        score, above = rows[at][column], rows[at - 1]
        if column and score == above[column - 1] + _score(claim[at - 1], text[column - 1]):
            at, column = at - 1, column - 1
            pairs.append((at, column))
        elif score == above[column] + GAP:
            at -= 1
        else:
            column -= 1
    return pairs[::-1]


def _score(one: Token, other: Token) -> int:
    """How well two tokens stand at the same place."""
    if one.key == other.key:
        return SAME if one.telling else SAME_STOP
    if (one.kind is Kind.DENIAL) != (other.kind is Kind.DENIAL):
        return NEVER
    return SAME_KIND if one.kind is other.kind and one.is_fact else OTHER
