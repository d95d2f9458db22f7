"""The words of a sentence that answer a question: the one date, number, sum or name in it."""

import re

from askdoc.answer.answer_types import AnswerType, expected_type
from askdoc.answer.terms import (
    AMOUNTS,
    CURRENCIES,
    SCALES,
    WEEKDAY_FORMS,
    any_of,
)
from askdoc.ingest.dates import MONTH_FORMS

_NUMBER = r"\d(?:[\d.,]*\d)?"
_SCALED = rf"{_NUMBER}(?: ?(?:{any_of(frozenset(SCALES))}))?"
_CURRENCY = any_of(frozenset(CURRENCIES))
_MONTH, _DAY = any_of(MONTH_FORMS), any_of(WEEKDAY_FORMS)
_OF_MONTH = r"\d{1,2}(?:st|nd|rd|th)?"

PHRASES = {
    AnswerType.MONEY: rf"(?<!\w)(?:{_CURRENCY}) ?{_SCALED}|\b{_SCALED} ?(?:{_CURRENCY})(?!\w)",
    AnswerType.NUMBER: rf"\b(?:{_SCALED}|(?:{any_of(AMOUNTS)})\b(?:[ -](?:{any_of(AMOUNTS)})\b)*)"
    r"(?: ?[%°]\w?| (?!(?:and|or|of|in|on|at|to|from|by|is|was)\b)[a-z]+)?",
    AnswerType.TIME: rf"\b(?:(?:{_DAY}),? )?(?:{_OF_MONTH} )?(?:{_MONTH})\b"
    rf"(?: {_OF_MONTH}\b(?![:.]\d))?(?:,? \d{{4}}\b)?|\b\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}\b|"
    rf"\b\d{{1,2}}[:.]\d\d\b(?: ?[ap]\.?m\b)?|\b(?:1[5-9]|20)\d\d\b|\b(?:{_DAY})\b",
    AnswerType.PHONE: r"\+?(?<!\w)\d(?:[ ()./-]{0,2}\d){2,}\b",
    AnswerType.EMAIL: r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
}
NAME = r"\b[A-Z][\w'’-]*\w(?: (?:(?:of|de|van|von|al) )?[A-Z][\w'’-]*\w)*"
WHO = re.compile(r"\W*(?:so |and )?(?:who|whose)\b", re.I)


def answering_words(question: str, sentence: str) -> tuple[int, int] | None:
    """Where the words stand that answer, start and end; None unless just one place has such words.

    They are of the kind that the question asks for, and the question does not have them.
    """
    kind = expected_type(question)
    if kind:
        found = list(re.finditer(PHRASES[kind], sentence, re.I))
    elif WHO.match(question):
        found = list(re.finditer(NAME, sentence))
    else:
        return None
    new = [match for match in found if match.group().casefold() not in question.casefold()]
    return new[0].span() if len(new) == 1 else None
