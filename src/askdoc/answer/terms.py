"""What askdoc knows of English words, for questions and sentences alike: `terms.toml`, read once.

All words are in lower case.
"""

import re
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

from askdoc.ingest.dates import MONTHS

_LISTS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


def _forms(units: dict[str, str]) -> dict[str, str]:
    """Every way to write a unit, a longer word also in the plural, with the unit's name."""
    return {
        form: unit
        for unit, written in units.items()
        for word in written.split()
        for form in ((word, word + "s") if len(word) > 3 else (word,))
    }


CONTRACTED: str = _LISTS["contracted"]
FUNCTION_WORDS: str = _LISTS["function"] + CONTRACTED + _LISTS["asking"]
"""What tells nothing of what a question is about."""
CONTINUING: str = _LISTS["continuing"]
"""What asks to go on with what the question before was about."""
IDLE: str = _LISTS["function"] + _LISTS["linking"]
"""What says nothing by itself in a sentence."""
OPENERS = _words("opening") | frozenset(IDLE.split())
"""What opens a sentence with a capital without being a name."""
NOUN_OPENERS = _words("before_nouns")
"""What begins a group of words that a noun ends."""
NO_NAMES = _words("no_names")
AFTER_NAMES = _words("after_names")
INSIDE_NAMES = _words("inside_names")
TITLES = _words("titles")
SAME_NAMES = {
    form: forms[0] for row in _LISTS["same_names"] for forms in [row.split(", ")] for form in forms
}
"""Every form of a name that has several, with the one that stands for all."""
SHORTHAND = dict(entry.split(maxsplit=1) for entry in _LISTS["shorthand"].split(","))
"""How people write words in a chat, with what they mean."""
FIXED_DAYS = {
    name.strip(): f"{day} {month}"
    for entry in _LISTS["fixed_days"].split(",")
    for name, day, month in [entry.rsplit(maxsplit=2)]
}
"""The days that have a name, with their dates."""
CAPITAL = r"[^\W\d_a-zß-ÿ]"
"""A letter that may begin a name, as a regular expression."""

_ORDINALS = _LISTS["ordinals"].split()
NUMBERS = {
    **{word: number for number, word in enumerate(_LISTS["ones"].split())},
    **{word: 10 * number for number, word in enumerate(_LISTS["tens"].split(), 2)},
    "dozen": 12,
    "twice": 2,
    "thrice": 3,
}
PLACES = {
    **{word: number for number, word in enumerate(_ORDINALS, 1)},
    **{word: 10 * number for number, word in enumerate(_LISTS["ordinal_tens"].split(), 2)},
    "thousandth": 1000,
}
FRACTIONS = {
    "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    **{word: Fraction(1, number) for number, word in enumerate(_ORDINALS[2:10], 3)},
}
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "lakh": 10**5,
    "crore": 10**7,
}
LETTER_SCALES = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
"""Those that are written on to the digits, as in $2.3bn."""
AMOUNTS = frozenset((*NUMBERS, *SCALES)) | _words("amounts")
"""The words that answer *how many*."""
ROUGH = _words("rough")

WEEKDAY_FORMS = {form: day for day in _LISTS["weekdays"].split() for form in (day, day + "s")} | {
    "tues": "tuesday",
    "thurs": "thursday",
}
DOUBTFUL_MONTHS = _words("doubtful_months")
TIMES = _words("times") | frozenset((*MONTHS, *WEEKDAY_FORMS))
"""The words that answer *when*."""

CURRENCIES = _forms(_LISTS["currencies"])
UNITS = _forms(_LISTS["units"]) | CURRENCIES
MEASURES: dict[str, tuple[str, int]] = {
    unit: (kind, count)
    for kind, units in _LISTS["measures"].items()
    for unit, count in units.items()
}
"""What a unit measures, and how many of the smallest unit of that it is."""
SIGNS = tuple(form for form in CURRENCIES if not form.isalpha())
"""The signs of currencies."""
ONLY_AFTER_NUMBER = _words("only_after_number")

DENIALS, UNTIL, REFUSALS = _words("denials"), _words("until"), _words("refusals")
SHY = _words("shy") | REFUSALS


def any_of(words: frozenset[str] | dict[str, str] | tuple[str, ...]) -> str:
    """A regular expression for any of these words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))
