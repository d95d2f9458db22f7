"""Two texts laid side by side, place by place (after Needleman and Wunsch, 1970)."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from askdoc.answer.verify.tokens import Key, Kind, Token

SLACK = 1.4  # length of the part of a text that is looked at, by the length of the claim
MARGIN = 8  # tokens more on each side of it

SAME, SAME_STOP, SAME_KIND, OTHER, GAP = 4, 2, 1, -1, -1
NEVER = -99

Pairs = list[tuple[int | None, int | None]]


def window(claim: Sequence[Token], text: Sequence[Token]) -> tuple[int, int]:
    """The part of a text that has most of the claim's pairs of neighbours: its start and end."""
    size = int(len(claim) * SLACK) + MARGIN
    wanted = {(one.key, other.key) for one, other in pairwise(claim)}
    found = [(one.key, other.key) for one, other in pairwise(text)]
    inside: Counter[tuple[Key, Key]] = Counter()
    best = start = 0
    for at, pair in enumerate(found):
        if pair in wanted:
            inside[pair] += 1
        gone = found[max(0, at - size)]
        if at >= size and gone in inside:
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
        if len(inside) > best:
            best, start = len(inside), max(0, at - size + 1)
    return max(0, start - MARGIN), min(len(text), start + size + MARGIN)


def aligned(claim: Sequence[Token], text: Sequence[Token]) -> Pairs:
    """The places of both, in order: an index into each, None where one has nothing.

    What the text has before and after costs nothing, so that a claim may be a part of it.
    """
    rows, columns = len(claim), len(text)
    scores = [[0] * (columns + 1)]
    for row in range(1, rows + 1):
        one = claim[row - 1]
        above = scores[-1]
        line = [row * GAP]
        left = row * GAP
        costs: dict[Token, int] = {}
        for column in range(1, columns + 1):
            other = text[column - 1]
            cost = costs.get(other)
            if cost is None:
                cost = costs[other] = _score(one, other)
            left = max(above[column - 1] + cost, above[column] + GAP, left + GAP)
            line.append(left)
        scores.append(line)
    column = max(range(columns + 1), key=lambda at: scores[rows][at])
    row = rows
    pairs: Pairs = []
    while row:
        here = scores[row][column]
        if column and here == scores[row - 1][column - 1] + _score(
            claim[row - 1], text[column - 1]
        ):
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif here == scores[row - 1][column] + GAP:
            row -= 1
            pairs.append((row, None))
        else:
            column -= 1
            pairs.append((None, column))
    pairs.reverse()
    return pairs


def _score(one: Token, other: Token) -> int:
    """How well two tokens stand at the same place."""
    if one.key == other.key:
        return SAME if one.telling else SAME_STOP
    if (one.kind is Kind.DENIAL) != (other.kind is Kind.DENIAL):
        return NEVER
    return SAME_KIND if one.kind is other.kind and one.is_fact else OTHER
