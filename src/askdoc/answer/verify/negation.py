"""Denials: what a sentence says is so and its text says is not, and the reverse."""

import functools
from collections.abc import Iterator, Sequence, Set

from askdoc.answer.terms import REFUSALS, SHY, UNTIL
from askdoc.answer.verify.alignment import Pairs
from askdoc.answer.verify.numbers import Problem, Tokens
from askdoc.answer.verify.tokens import Key, Kind, stem
from askdoc.tuning import DENIED_SAME, NEAR, TAKEN_BACK

NOT_SO = "says it is not so, the passage says it is"
SO = "says it is so, the passage says it is not"


def denied_beside(said: Tokens, text: Tokens, pairs: Pairs) -> Iterator[Problem]:
    """Denials that only one of two near copies has."""
    beside = {other: one for one, other in pairs}
    mine = {at for at, token in enumerate(said) if token.kind is Kind.DENIAL}
    theirs = {
        at
        for at in range(max(0, min(beside) - 1), min(len(text), max(beside) + 2))
        if text[at].kind is Kind.DENIAL
    }
    if len(mine) == len(theirs):
        return
    if mine - set(beside.values()):
        yield -1, NOT_SO
    if any(at not in beside and _kept(said, text, beside, at) for at in theirs):
        yield -1, SO


def _kept(said: Tokens, text: Tokens, beside: dict[int, int], at: int) -> bool:
    """Whether the claim has what the text denies: the next telling word, or the end.

    What is denied *until* something is so after all, where the claim leaves that out, is not.
    """
    for other in range(at + 1, min(len(text), at + 1 + TAKEN_BACK)):
        if text[other].key in UNTIL:
            one = beside.get(other)
            if one is None or said[one].key != text[other].key:
                return False
    after = (other for other in range(at + 1, len(text)) if text[other].telling)
    return next((other in beside for other in after), True)


def denied_anywhere(said: Tokens, texts: Sequence[Tokens]) -> Iterator[Problem]:
    """Denials of what no text denies, and what the texts deny and the claim says."""
    mine, theirs = (
        _denied(said, set()),
        [each for text in texts for each in _denied(text, refusals())],
    )
    denied = {word for word, _ in theirs}
    every = {token.key for text in texts for token in text}
    for word, near in mine:
        if (
            word not in denied
            and not every & shy()
            and any(_said(word, near, each) for each in texts)
        ):
            yield -1, NOT_SO
    if not mine and not {token.key for token in said} & shy():
        for word, near in theirs:
            if _said(word, near, said) and not any(_said(word, near, each) for each in texts):
                yield -1, SO


@functools.cache
def shy() -> frozenset[str]:
    """The stems of words that may stand for a denial."""
    return frozenset(stem(word) for word in SHY)


@functools.cache
def refusals() -> frozenset[str]:
    """The stems of verbs that deny the next one."""
    return frozenset(map(stem, REFUSALS))


def _denied(tokens: Tokens, verbs: Set[str]) -> list[tuple[Key, frozenset[Key]]]:
    """What is denied, the first telling word after each denial, with the telling words around.

    What is denied *until* or *unless* something is so after all.
    """
    found = []
    telling = [
        token
        for token in tokens
        if token.telling or token.kind is Kind.DENIAL or token.key in UNTIL
    ]
    for at, token in enumerate(telling[:-1]):
        after = telling[at + 1 : at + 2 + NEAR]
        if token.kind is not Kind.DENIAL and token.key not in verbs:
            continue
        if after[0].kind is Kind.DENIAL or any(not each.telling for each in after):
            continue
        around = telling[max(0, at - NEAR) : at] + after[1:]
        found.append((after[0].key, frozenset(each.key for each in around if each.telling)))
    return found


def _said(word: Key, near: frozenset[Key], tokens: Tokens) -> bool:
    """Whether a text says a word without a denial, near those that it is said with."""
    telling = [token for token in tokens if token.telling or token.kind is Kind.DENIAL]
    for at, token in enumerate(telling):
        before, after = telling[max(0, at - NEAR) : at], telling[at + 1 : at + 1 + NEAR]
        if token.key != word or any(
            each.kind is Kind.DENIAL or each.key in refusals() for each in before
        ):
            continue
        if len(near & {each.key for each in before + after}) >= min(DENIED_SAME, len(near)):
            return True
    return False
