"""Checks whether the spans that a sentence cites carry it, for what a language model wrote.

No model judges here. A sentence and its spans are read to tokens (words by their stem, numbers by
value, names, units, denials); what the sentence has and no span has speaks against it. Where the
sentence nearly copies a part of a span, the two are laid side by side, and must have the same
facts at the same places.
"""

from collections.abc import Iterator, Sequence

from askdoc.answer.terms import MEASURES
from askdoc.answer.verify.addresses import unknown_addresses
from askdoc.answer.verify.alignment import Pairs, align, window
from askdoc.answer.verify.names import Known, one_name, unknown_names
from askdoc.answer.verify.negation import denied_anywhere, denied_beside
from askdoc.answer.verify.numbers import (
    Problem,
    Tokens,
    different,
    one_number,
    same_unit,
    unknown_numbers,
)
from askdoc.answer.verify.tokens import Key, Kind, Token, tokens_of
from askdoc.tuning import (
    ABOUT,
    ABOUT_WORDS,
    BESIDE,
    BESIDE_SAME,
    CLAIM_TOKENS,
    CLOSEST,
    COPIED,
    FACT_WEIGHT,
    PROBLEMS,
)

ELSEWHERE = "the passage is about something else"


def unsupported(claim: str, quotes: Sequence[str], context: str = "") -> tuple[str, ...]:
    """What of a sentence of an answer is not in what it cites, in words a reader understands.

    Empty when all is. ``claim`` is the sentence without its markers, ``quotes`` are the spans it
    cites; ``context`` is title, heading and question, from which names may come.
    """
    said, around = tokens_of(claim), tokens_of(context)
    texts = [tokens_of(quote) for quote in quotes]
    if not said:
        return ()
    addresses = unknown_addresses(claim, "\n".join((*quotes, context)))
    # The first that is wrong with a token says it best; -1 is the sentence as a whole.
    first: dict[int | str, str] = {problem: problem for problem in addresses}
    for at, problem in _problems(said, texts, around):
        first.setdefault(problem if at < 0 else at, problem)
    return tuple(dict.fromkeys(first.values()))[:PROBLEMS]


def _problems(said: Tokens, texts: Sequence[Tokens], around: Tokens) -> Iterator[Problem]:
    """What is wrong with the tokens of a sentence, what says it best first."""
    every = [token for text in texts for token in text]
    known = Known((*every, *around))
    text = _closest(said, texts) if len(said) <= CLAIM_TOKENS else ()
    pairs = align(said, text) if text else []
    copies = _copied(said, text, pairs) >= COPIED
    if copies:
        yield from _replaced(said, text, pairs, known)
        yield from _moved(said, text, pairs)
        yield from denied_beside(said, text, pairs)
    yield from unknown_numbers(said, every, around)
    yield from unknown_names(said, known)
    if not copies:
        yield from denied_anywhere(said, texts)
        if _elsewhere(said, every):
            yield -1, ELSEWHERE


def support(claim: str, text: str) -> float:
    """The share (0 to 1) of a claim's telling words that a text has, facts counting double."""
    keys = {token.key: token for token in tokens_of(claim) if token.telling}
    there = {token.key for token in tokens_of(text)}
    total = sum(map(_weight, keys.values()))
    return sum(_weight(token) for key, token in keys.items() if key in there) / (total or 1.0)


def _weight(token: Token) -> float:
    return FACT_WEIGHT if token.is_fact else 1.0


def _closest(said: Tokens, texts: Sequence[Tokens]) -> Tokens:
    """The part of a text that has most of the claim; nothing where none has enough of it."""
    wanted = {token.key for token in said if token.telling}
    parts = [text[slice(*window(said, text))] for text in texts]
    shares = [len(wanted & {token.key for token in part}) for part in parts]
    best = max(shares, default=0)
    return parts[shares.index(best)] if best >= CLOSEST * len(wanted) and parts else ()


def _copied(said: Tokens, text: Tokens, pairs: Pairs) -> float:
    """The share of the claim's tokens at whose place the text has the same, or the like."""
    return sum(_like(said[one], text[other]) for one, other in pairs) / len(said)


def _like(one: Token, other: Token) -> bool:
    """Whether two tokens are the same, or facts of one kind."""
    return one.key == other.key or (one.kind is other.kind and one.is_fact)


def _replaced(said: Tokens, text: Tokens, pairs: Pairs, known: Known) -> Iterator[Problem]:
    """Facts at whose place the text has others."""
    used = {other for _, other in pairs}
    alike = {(one, other) for one, other in pairs if _like(said[one], text[other])}
    for one, other in pairs:
        mine, yours = said[one], text[other]
        if mine.key == yours.key or not _like(mine, yours):
            continue
        steps = [
            step for step in range(-BESIDE, BESIDE + 1) if step and 0 <= one + step < len(said)
        ]
        same = sum((one + step, other + step) in alike for step in steps)
        if same < min(BESIDE_SAME, len(steps)):
            continue
        if mine.key in _skipped(text, used, other):
            continue  # "A, which is called B, is …" may become "A is …"
        if mine.kind is Kind.NUMBER and one_number(said, one, yours, text):
            continue
        if mine.kind is Kind.UNIT and same_unit(str(mine.key), str(yours.key)):
            continue  # its number is compared
        if mine.kind is Kind.NAME and (one_name(mine, yours) or known.stands_for(said, one)):
            continue
        at, beside = _counted(said, one), _counted(text, other)
        yield at, f"says {said[at].written}, the passage says {text[beside].written}"


def _counted(tokens: Tokens, at: int) -> int:
    """The place of the number that a unit belongs to; the place itself where there is none."""
    for near in (at - 1, at - 2, at + 1):
        if 0 <= near < len(tokens) and tokens[near].unit == tokens[at].key:
            return near
    return at


def _skipped(text: Tokens, used: set[int], at: int) -> set[Key]:
    """What the claim leaves out of a text right before and after a place."""
    start = end = at
    while start and start - 1 not in used:
        start -= 1
    while end + 1 < len(text) and end + 1 not in used:
        end += 1
    return {token.key for token in text[start : end + 1]}


def _moved(said: Tokens, text: Tokens, pairs: Pairs) -> Iterator[Problem]:
    """Facts that stand at another place of what is otherwise the same, as after an exchange.

    A part that moved as a whole, as *in 2010* may to the front, says the same there.
    """
    same = [(one, other) for one, other in pairs if said[one].key == text[other].key]
    kept, used = {one for one, _ in same}, {other for _, other in same}
    left = {token.key for at, token in enumerate(text) if at not in used}
    mine = {token.key for at, token in enumerate(said) if at not in kept}
    between = range(min(used, default=0), max(used, default=0))
    if mine - left or {text[at].key for at in between if at not in used} - mine:
        return
    order = [token.key for token in text]
    run: list[int] = []
    for at in range(len(said) + 1):
        if at < len(said) and at not in kept:
            run.append(at)
            continue
        # A unit may stand before its number or after it: it is compared with that.
        facts = [each for each in run if said[each].is_fact and said[each].kind is not Kind.UNIT]
        if facts and (len(facts) == len(run) or not _within(said, run, order)):
            words = " ".join(said[each].text for each in facts)
            yield facts[0], f"has {words} at another place than the passage"
        run = []


def _within(said: Tokens, run: list[int], order: list[Key]) -> bool:
    """Whether a run of the claim's tokens stands as it is in the text's order."""
    keys = [said[at].key for at in run]
    return any(order[start : start + len(keys)] == keys for start in range(len(order)))


def _elsewhere(said: Tokens, texts: Tokens) -> bool:
    """Whether the texts have too few of a claim's telling words, or of those that are no facts.

    Names alone do not make two texts say the same: an invention has them, too.
    """
    there = {token.key for token in texts}
    numbers = different(texts)
    for at, token in enumerate(said):  # 3.1 kg are 3,100 grams
        measures = token.unit in MEASURES and token.key not in there
        if measures and any(one_number(said, at, each, texts) for each in numbers):
            there |= {token.key, str(token.unit)}
    every = {token.key for token in said if token.telling}
    words = {token.key for token in said if token.telling and token.kind is Kind.WORD}
    return any(
        len(keys) >= least and len(keys & there) < share * len(keys)
        for keys, (share, least) in ((every, ABOUT), (words, ABOUT_WORDS))
    )
