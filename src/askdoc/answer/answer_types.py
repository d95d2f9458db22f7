"""The kind of thing that a question asks for, and whether a sentence holds one."""

import re
from enum import StrEnum

from askdoc.answer.terms import AMOUNTS, CURRENCIES, SCALES, SIGNS, TIMES, any_of

_NUMBER = rf"\d|\b(?:{any_of(AMOUNTS)})\b"
_CURRENCY = any_of(frozenset(CURRENCIES) - frozenset(SIGNS))


class AnswerType(StrEnum):
    """What an answer must hold, where that can be told from the question."""

    MONEY = "money"
    NUMBER = "number"
    TIME = "time"

    def is_in(self, text: str) -> bool:
        """Whether a text holds one."""
        return _HELD[self].search(text) is not None


# The first that fits counts.
_ASKED = [
    (re.compile(asked, re.I | re.S), answer_type)
    for asked, answer_type in (
        (
            r"\bhow much\b.{0,99}\b(?:cost|pay|paid|spen[dt]|price|worth|earn|charge|budget)\w*",
            AnswerType.MONEY,
        ),
        (
            r"\b(?:what|which)\b.{0,30}\b(?:price|cost|budget|salary|fee)s?\b|\bhow expensive\b",
            AnswerType.MONEY,
        ),
        (
            r"\bhow (?:many|much|often|long|far|tall|wide|high|deep|heavy|large|big|old|fast)\b",
            AnswerType.NUMBER,
        ),
        (r"\bwhat (?:percent|percentage|proportion|number|share|age)\b", AnswerType.NUMBER),
        (r"^\W*(?:since |until |by )?when\b", AnswerType.TIME),
        (r"\b(?:what|which) (?:year|date|day|month|century|decade)\b", AnswerType.TIME),
    )
]
_HELD = {
    answer_type: re.compile(held, re.I)
    for answer_type, held in {
        AnswerType.MONEY: rf"[{''.join(SIGNS)}]|\b(?:{_CURRENCY}|free of charge)\b|"
        rf"\d (?:{any_of(frozenset(SCALES) - {'hundred'})})\b",
        AnswerType.NUMBER: _NUMBER,
        AnswerType.TIME: rf"{_NUMBER}|\b(?:{any_of(TIMES)})s?\b",
    }.items()
}


def expected_type(question: str) -> AnswerType | None:
    """What a question asks for; None where any sentence may answer it."""
    return next((answer_type for asked, answer_type in _ASKED if asked.search(question)), None)
