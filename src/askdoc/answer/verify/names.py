"""Names: those of a sentence that neither a text nor its context has."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from askdoc.answer.terms import INSIDE_NAMES, SAME_NAMES, TITLES
from askdoc.answer.verify.numbers import Problem, Tokens
from askdoc.answer.verify.pieces import folded
from askdoc.answer.verify.tokens import Key, Kind, Token
from askdoc.tuning import ACRONYM, INITIALS, NAME_START, NAME_STEM

DEMONYM = re.compile(r"(?:a|e|i|o|y)?(?:n|an|ian|ean|ese|ish|i|ic|ite|er)s?")


class Known:
    """The names that a text and its context have, in every form that stands for them."""

    def __init__(self, there: Tokens) -> None:
        self._keys = {token.key for token in there}
        self._initials = initials(there)
        self._all_initials = first_letters(there)
        letters = {token.text.replace(".", "") for token in there if token.kind is Kind.NAME}
        self._acronyms = {name for name in letters if name.isupper() and len(name) in ACRONYM}
        self._starts: dict[str, set[Token]] = defaultdict(set)
        for token in there:
            if token.telling and token.kind in (Kind.NAME, Kind.WORD):
                self._starts[plain(token)[:NAME_START]].add(token)
        self._before: dict[Key | None, list[Token]] = defaultdict(list)
        for one, other in pairwise(there):
            if one.kind is Kind.NAME:
                self._before[other.key].append(one)

    def has(self, said: Tokens, at: int) -> bool:
        """Whether a name of a sentence is one of them."""
        name = said[at]
        return (
            name.key in self._keys
            or folded(name.text) in TITLES
            or any(one_name(name, other) for other in self._starts[plain(name)[:NAME_START]])
            or self.stands_for(said, at)
        )

    def stands_for(self, said: Tokens, at: int) -> bool:
        """Whether a name is the first letters of others, a part of what has such, or an initial."""
        letters = said[at].text.replace(".", "")
        if letters.isupper() and len(letters) in ACRONYM:
            return letters in self._initials or (
                len(letters) >= INITIALS
                and letters in first_letters(said) + " " + self._all_initials
            )
        return self._initial(said, at) or any(name in row(said, at) for name in self._acronyms)

    def _initial(self, said: Tokens, at: int) -> bool:
        """Whether a name is the first letter of one in front of the same name, or has it."""
        after = said[at + 1].key if at + 1 < len(said) else None
        return any(
            plain(other)[:1] == plain(said[at])[:1]
            for other in self._before[after]
            if 1 in (len(plain(other)), len(plain(said[at])))
        )


def unknown_names(said: Tokens, known: Known) -> Iterator[Problem]:
    """Names that are not known; of the first word of a sentence a capital says nothing."""
    for at, token in enumerate(said):
        if token.kind is Kind.NAME and not token.opens and not known.has(said, at):
            yield at, f"says {token.text}, which the passage does not"


def one_name(one: Token, other: Token) -> bool:
    """Whether two names are forms of one, as *Armenia* and *Armenian* are."""
    short, long = sorted((plain(one), plain(other)), key=len)
    if SAME_NAMES.get(short, short) == SAME_NAMES.get(long, long):
        return True
    if len(short) < NAME_STEM:
        return False
    shared = short.rstrip("aeiouy") if len(short) > NAME_STEM else short
    return long.startswith(shared) and bool(DEMONYM.fullmatch(long[len(shared) :]))


def plain(token: Token) -> str:
    """The letters of a name, without dots, accents and capitals."""
    return folded(token.text).replace(".", "")


def row(said: Tokens, at: int) -> str:
    """The first letters of the names that a name stands in a row with."""
    start = end = at
    while start and _inside(said[start - 1]):
        start -= 1
    while end + 1 < len(said) and _inside(said[end + 1]):
        end += 1
    return initials(said[start : end + 1])


def initials(tokens: Tokens) -> str:
    """The first letters of names; a space where something else tells between two."""
    return "".join(
        token.text[0].upper() if token.kind is Kind.NAME else " " if token.telling else ""
        for token in tokens
    )


def first_letters(tokens: Tokens) -> str:
    """The first letters of all telling words."""
    return "".join(token.text[0].upper() for token in tokens if token.telling)


def _inside(token: Token) -> bool:
    return token.kind is Kind.NAME or folded(token.text) in INSIDE_NAMES
