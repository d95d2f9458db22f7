"""Where documents disagree: the newest goes first, and the reader is told.

Two sentences say different things of the same where their words are alike and a number, a date or a
denial is not; where a number or a time is asked for, their words may differ, if documents of
different dates both answer. A later one may also say itself that something is no longer so.
Different names are no disagreement, unless one document is a later version of the other: a board
has several members.
"""

import re
from collections.abc import Sequence

from askdoc.answer.answer_types import expected_type
from askdoc.answer.evidence import Evidence
from askdoc.answer.query import YEAR
from askdoc.answer.verify.tokens import Kind, Token, tokens_of
from askdoc.ingest.dates import MONTHS, date_of
from askdoc.ingest.rows import with_header
from askdoc.tuning import (
    BELOW_BEST,
    DIFFERENT,
    DIFFERENT_DENIED,
    DIFFERENT_LATER,
    DISAGREEING,
    FURTHER_LOGIT,
    SHARED,
)
from askdoc.types import Document

# What stands before that which no longer is so: *moved from 28 March*, *not 36 euros any more*.
NO_LONGER = (
    r"\b(?:(?:from|instead of|rather than|not|no longer|previously|formerly|replac\w+|used to be)\b"
    r"\W+(?:[\w£$€]+\W+){0,3}?|(?:was|were)\b\W+(?:[\w£$€]+\W+)?)"
)
# What tells that something is no longer as it was.
CHANGED = re.compile(
    r"\b(?:ris(?:es?|ing)|rose|rais\w+|increas\w+|chang\w+|mov(?:es?|ed)|lower\w*|reduc\w+|cuts?|"
    r"drop\w*|f[ae]lls?|goes|went|instead|no longer|replac\w+|now)\b",
    re.I,
)
COUNTED = (Kind.NUMBER, Kind.DATE)
# What two versions of a document do not have in common.
VERSION = re.compile(r"\d+|\b(?:v|version|rev|draft|final|new|old)\b|\W+|_", re.I)


def disagreeing(
    asked: str, evidence: Sequence[Evidence], every: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    """The best sentence and those of other documents that contradict it, the newest first.

    ``evidence`` is what was chosen, ``every`` what was read. Empty where nothing contradicts.
    """
    if not evidence:
        return ()
    best = evidence[0]
    found = [best]
    for one in sorted(every, key=lambda one: -one.score):
        near = one.score >= best.score - 2 * BELOW_BEST
        if not near or len(found) == DISAGREEING:
            break
        told = {other.span.source for other in found}
        if one.span.source not in told and (
            _contradict(asked, best, one) or _overrules(asked, one, best)
        ):
            found.append(one)
    if len(found) == 1:
        return ()
    if YEAR.search(asked):  # of that year, and not the newest
        return tuple(found)
    return tuple(sorted(found, key=_newness, reverse=True))


def told(found: Sequence[Evidence]) -> str:
    """A line that names the documents that disagree, with their dates; empty where none do."""
    if not found:
        return ""
    dates = [date_of(one.span.document) for one in found]
    named = [
        f"{one.span.source} ({date})" if date else one.span.source
        for one, date in zip(found, dates, strict=True)
    ]
    in_order = len(set(dates)) > 1 and dates[0] == max(filter(None, dates))
    order = ", the newest first" if in_order else ""
    return f"The documents disagree{order}: {'; '.join(named)}."


def _newness(one: Evidence) -> tuple[int, ...]:
    """What a sentence is sorted by: the date of its document, nothing where it tells none."""
    return tuple(date_of(one.span.document) or ())


def _contradict(asked: str, one: Evidence, other: Evidence) -> bool:
    """Whether two sentences say different things of the same."""
    documents = one.span.document, other.span.document
    mine, theirs = (tokens_of(with_header(each.span)) for each in (one, other))
    named = {token.key for token in tokens_of(asked) if token.is_fact}
    if named & {token.key for token in mine} != named & {token.key for token in theirs}:
        return False  # only one is about what the question names
    if (one.table or other.table) and not _versions(*documents):
        return False  # the total of another account
    words, others = (_keys(each, Kind.WORD) for each in (mine, theirs))
    alike = len(words & others) / (len(words | others) or 1)
    names, known = (_keys(each, Kind.NAME) for each in (mine, theirs))
    counts, numbers = (_counts(each) for each in (mine, theirs))
    differ = not {of for _, of in counts - numbers}.isdisjoint(of for _, of in numbers - counts)
    denied = {any(token.kind is Kind.DENIAL for token in each) for each in (mine, theirs)}
    if not (names <= known or known <= names):
        return alike >= DIFFERENT and counts == numbers and _versions(*documents)
    if len(denied) == 2:
        return alike >= DIFFERENT_DENIED and counts == numbers
    if len(words & others) < SHARED:
        return False
    return differ and alike >= (DIFFERENT_LATER if _later(asked, one, other) else DIFFERENT)


def _overrules(asked: str, one: Evidence, other: Evidence) -> bool:
    """Whether a sentence of a later document says that what another one tells is no longer so.

    One without a date counts as earlier, if what changed is told.
    """
    if _newness(one) <= _newness(other):
        return False
    if not _newness(other) and not CHANGED.search(one.span.text):
        return False
    named = {token.key for token in tokens_of(asked)}
    text, before = with_header(one.span), tokens_of(with_header(other.span))
    newer = _counts(tokens_of(text)) - _counts(before)
    found = (
        (count, re.search(NO_LONGER + rf"[£$€]?{re.escape(count.text)}\b", text, re.I))
        for count in before
        if count.kind in COUNTED
    )
    return any(
        match and (newer or not match[0].lower().startswith("from"))  # *from 1 May*, as before
        for count, match in found
        if count.key not in named and not _is_year(count) and count.text.lower() not in MONTHS
    )


def _later(asked: str, one: Evidence, other: Evidence) -> bool:
    """Whether a number or a time is asked for, and documents of different dates both answer.

    A year alone is often what a document is about, and not when it was written.
    """
    dates = {date_of(each.span.document) for each in (one, other)}
    dated = len(dates) == 2 and all(date and date.month for date in dates)
    return dated and bool(expected_type(asked)) and min(one.logit, other.logit) >= FURTHER_LOGIT


def _keys(tokens: Sequence[Token], kind: Kind) -> set[object]:
    """What the telling tokens of a kind are compared by."""
    return {token.key for token in tokens if token.kind is kind and token.telling}


def _counts(tokens: Sequence[Token]) -> set[tuple[object, tuple[object, ...]]]:
    """The numbers and dates of a sentence, each with its sort: a year is no sum."""
    return {
        (token.key, (token.kind, token.unit, _is_year(token)))
        for token in tokens
        if token.kind in COUNTED
    }


def _is_year(token: Token) -> bool:
    """Whether a number may be a year."""
    return len(token.text) == 4 and token.text.isdigit()


def _versions(one: Document, other: Document) -> bool:
    """Whether two documents are called the same, but for a number or a version."""
    titles = {VERSION.sub("", each.title).lower() for each in (one, other)}
    sources = {VERSION.sub("", each.source).lower() for each in (one, other)}
    return (len(titles) == 1 and "" not in titles) or len(sources) == 1
