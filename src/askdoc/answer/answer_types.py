"""The kind of thing that a question asks for, and whether a sentence holds one."""

import re
from enum import StrEnum

from askdoc.answer.terms import AMOUNTS, CURRENCIES, SCALES, SIGNS, TIMES, any_of

_NUMBER = rf"\d|\b(?:{any_of(AMOUNTS)})\b"
_CURRENCY = any_of(frozenset(CURRENCIES) - frozenset(SIGNS))

# Anything but what asks whether something is so.
_WHAT = r"^(?!\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|ha[sv]e?)\b).*"


class AnswerType(StrEnum):
    """What an answer must hold, where that can be told from the question."""

    MONEY = "money"
    NUMBER = "number"
    TIME = "time"
    PHONE = "phone number"
    EMAIL = "e-mail address"

    def is_in(self, text: str) -> bool:
        """Whether a text holds one."""
        return _HELD[self].search(text) is not None


# The first that fits counts.
_ASKED = [
    (re.compile(asked, re.I | re.S), answer_type)
    for asked, answer_type in (
        (rf"{_WHAT}(?:phone|mobile|fax|extension) (?:number|no)\b(?! longer)", AnswerType.PHONE),
        (rf"{_WHAT}\be-?mail address", AnswerType.EMAIL),
        (
            r"\bhow much\b.{0,99}\b(?:cost|pay|paid|spen[dt]|price|worth|earn|charge|budget)\w*",
            AnswerType.MONEY,
        ),
        (
            r"\b(?:what|which)\b.{0,30}\b(?:price|cost|budget|salary|fee)s?\b|\bhow expensive\b|"
            r"\bwhat (?:do|does|did|will|must) .{0,30}\b(?:pay|earn|charge)\b",
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
        AnswerType.PHONE: r"(?:\d[ ()./-]{0,2}){7}|"  # a date with an hour has six
        r"\b(?:phone|tel|call|ring|dial|extension|number)\w*\b.{0,40}\d{3}",
        AnswerType.EMAIL: "@",
        AnswerType.TIME: rf"{_NUMBER}|\b(?:{any_of(TIMES)})s?\b",
    }.items()
}


def expected_type(question: str) -> AnswerType | None:
    """What a question asks for; None where any sentence may answer it."""
    return next((answer_type for asked, answer_type in _ASKED if asked.search(question)), None)
