"""Numbers of headings and of items of lists, which a program counts and does not write down."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
    (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
MOST = 4000  # from which on a number is told in digits
ENDINGS = {1: "st", 2: "nd", 3: "rd"}
PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class Level:
    """How a level of a list is numbered.

    ``text`` has ``%1`` where the number of the highest level stands, ``%2`` for the next; ``form``
    is one of ``FORMS``, or digits; ``restart`` tells that only the so many highest levels begin it
    anew, where not all that are higher do; ``legal`` that it shows all numbers in digits.
    """

    form: str
    text: str
    start: int = 1
    restart: int | None = None
    legal: bool = False


@dataclass(slots=True)
class Count:
    """How far a list has been counted: the number of each level that has begun, from 0."""

    numbers: dict[int, int] = field(default_factory=dict)

    def next(self, levels: Mapping[int, Level], at: int, start: int | None = None) -> str:
        """Counts one more on a level, or begins with ``start``; gives what stands in front."""
        begun = self.numbers[at] + 1 if at in self.numbers else levels[at].start
        self.numbers[at] = begun if start is None else start
        for deeper in [number for number in self.numbers if number > at]:
            restart = levels[deeper].restart if deeper in levels else None
            if restart is None or at < restart:
                del self.numbers[deeper]

        def told(place: re.Match[str]) -> str:
            number = int(place[1]) - 1
            if number > at or number not in levels:
                return ""
            form = "decimal" if levels[at].legal else levels[number].form
            return numeral(self.numbers.get(number, levels[number].start), form)

        return PLACE.sub(told, levels[at].text)


def numeral(number: int, form: str) -> str:
    """A number in a form, in digits where that is not known."""
    known = form in FORMS and 0 < number < MOST
    return FORMS[form](number) if known else str(number)


def _letters(number: int) -> str:
    """A to Z, and then AA to ZZ: the same letter once more."""
    times, letter = divmod(number - 1, 26)
    return chr(ord("A") + letter) * (times + 1)


def _roman(number: int) -> str:
    """A number as the Romans wrote it."""
    told = ""
    for value, sign in ROMAN:
        times, number = divmod(number, value)
        told += times * sign
    return told


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    return f"{number}{'th' if number // 10 % 10 == 1 else ENDINGS.get(number % 10, 'th')}"


FORMS: Mapping[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "upperLetter": _letters,
    "lowerLetter": lambda number: _letters(number).lower(),
    "upperRoman": _roman,
    "lowerRoman": lambda number: _roman(number).lower(),
    "ordinal": _ordinal,
    "none": lambda _: "",
    "bullet": lambda _: "",
}
"""What Word calls a form -> a number in it."""
