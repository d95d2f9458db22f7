"""The date of a document, as its name, its title or its first lines tell it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from askdoc.types import BlockKind, Document

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
MONTH_FORMS = {form: month for month in MONTHS for form in (month, month[:3])} | {
    "sept": "september"
}
HEAD = 600  # characters at the beginning of a text in which its date may stand
LINE = 60  # characters of a line there that is about the date, at most

_BETWEEN = r"[\s_.,-]{1,3}"
_MONTH = rf"(?P<month>{'|'.join(sorted(MONTH_FORMS, key=len, reverse=True))})\.?(?![^\W\d_])"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d)"
_DAY = r"(?<!\d)(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
# The more a form tells the earlier it stands.
FORMS = tuple(
    re.compile(form, re.I)
    for form in (
        r"(?<!\d)(?P<year>(?:19|20)\d\d)([-_./]?)(?P<number>0[1-9]|1[0-2])\2(?P<day>[0-3]\d)(?!\d)",
        rf"{_DAY}{_BETWEEN}{_MONTH}{_BETWEEN}{_YEAR}",
        rf"(?<![^\W\d_]){_MONTH}{_BETWEEN}{_DAY}{_BETWEEN}{_YEAR}",
        rf"{_DAY}[./](?P<number>0?[1-9]|1[0-2])[./]{_YEAR}",
        rf"(?<![^\W\d_]){_MONTH}{_BETWEEN}{_YEAR}",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_](?P<number>0[1-9]|1[0-2])(?!\d)",
        rf"(?<!\d){_YEAR}(?!.*(?<!\d)(?:19|20)\d\d(?!\d))",
    )
)
# What the date of the whole stands behind.
DATED = re.compile(
    r"\b(?:date[ds]?|valid|effective|as (?:of|at)|updated?|amended|revised|published|issued|sent|"
    r"version|edition)\b[^\n]{0,40}",
    re.I,
)


# A day without a year, as a question or a table has it.
DAYS = tuple(
    re.compile(form, re.I)
    for form in (
        rf"{_DAY} {_MONTH}",
        rf"(?<![^\W\d_]){_MONTH} {_DAY}(?!\d)",
    )
)
# How a question names a date, a month without a year, too, which a capital or what stands before
# it tells from a verb.
ASKED = tuple(
    re.compile(rf"(?:\b(?:in|of|from|for|on|during|since|as of|dated) )?{form.pattern}", re.I)
    for form in (*FORMS, *DAYS)
)
_NAMED = "|".join(month.capitalize() for month in MONTHS)
MONTH = re.compile(
    rf"\b(?:(?i:in|of|from|since|last) )(?P<month>(?i:{_NAMED}))\b(?! \d)|"
    rf"\b(?P<named>{_NAMED})\b(?! \d)"
)


class Date(NamedTuple):
    """A day, a month or a year: what is not told is 0. Later ones are greater."""

    year: int
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        """As ISO 8601 has it: 2024, 2024-05 or 2024-05-12."""
        return f"{self.year}" + "".join(f"-{part:02}" for part in self[1:] if part)


def date_of(document: Document) -> Date | None:
    """The date that a document tells of itself, as exactly as it does; None where it tells none.

    A message is of the day on which it was sent. What the first lines of others tell makes that of
    their name or title more exact, but no other one of it.
    """
    named = _dates_named(document)
    first = named[:1]
    for date in (*named, *_dates_in_head(document)):
        if not first or _is_within(date, first[0]):
            first = [date]
    return first[0] if first else None


def is_dated(document: Document, asked: Date) -> bool:
    """Whether a document is of a date; of a year only where its name or title says so.

    Accounts tell of many years.
    """
    dates = _dates_named(document) if not asked.month else [date_of(document)]
    return any(is_of(date, asked) for date in dates)


def _dates_named(document: Document) -> list[Date]:
    """The dates that the name and the title of a document tell; of a message, when it was sent."""
    told = document.metadata
    if "from" in told and (sent := date_told(str(told.get("date", "")))):
        return [sent]
    return [date for text in (document.source, document.title) if (date := date_told(text))]


def _dates_in_head(document: Document) -> Iterator[Date]:
    """The dates of at least a month that the first lines of a document tell of it."""
    head = document.text[:HEAD]
    for match in DATED.finditer(head):
        if (date := date_told(match[0])) and date.month:
            yield date
    at = 0
    for line in head.split("\n"):
        block = document.block_at(at)
        at += len(line) + 1
        named = block is not None and block.kind in (BlockKind.PARAGRAPH, BlockKind.HEADING)
        is_line = named and len(line) <= LINE and not line.rstrip().endswith((".", "!", "?"))
        if is_line and (date := date_told(line)) and date.month:
            yield date


def _is_within(date: Date, other: Date) -> bool:
    """Whether a date is more exact than another one, and does not contradict it."""
    return date != other and all(
        mine == theirs or not theirs for mine, theirs in zip(date, other, strict=True)
    )


def dates_in(text: str) -> set[Date]:
    """All dates of a day that a text tells."""
    found = (_date_of(match) for form in (*FORMS, *DAYS) for match in form.finditer(text))
    return {date for date in found if date.day}


def date_asked(question: str) -> tuple[Date | None, str]:
    """The date that a question names, and the question without it; the year may be 0."""
    for form in (*ASKED, MONTH):
        if match := form.search(question):
            rest = question[: match.start()] + question[match.end() :]
            return _date_of(match), re.sub(r"\s+([?.,;:!]|$)|(\s)\s+", r"\1\2", rest)
    return None, question


def is_of(date: Date | None, asked: Date) -> bool:
    """Whether a date is the one that is asked for, or within it."""
    return date is not None and all(
        mine == theirs for mine, theirs in zip(date, asked, strict=True) if theirs
    )


def tells(text: str, asked: Date) -> bool:
    """Whether a text tells a date, or one within it."""
    if asked.year and not asked.month:
        return re.search(rf"(?<!\d){asked.year}(?!\d)", text) is not None
    forms = (*FORMS, *DAYS)
    return any(is_of(_date_of(match), asked) for form in forms for match in form.finditer(text))


def date_told(text: str) -> Date | None:
    """The date that a text tells first, in the form that tells most; of bare years the last."""
    match = next(filter(None, (form.search(text) for form in FORMS)), None)
    return _date_of(match) if match else None


def _date_of(match: re.Match[str]) -> Date:
    """The date that a form has found."""
    parts = match.groupdict(default="0")
    named = max(parts.get("month", ""), parts.get("named", ""))  # "0" comes before letters
    named = named if named.isalpha() else ""
    month = MONTHS.index(MONTH_FORMS[named.lower()]) + 1 if named else int(parts.get("number", 0))
    return Date(int(parts.get("year", 0)), month, min(31, int(parts.get("day", 0))))
