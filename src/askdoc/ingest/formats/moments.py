"""Days, times of day and times that have passed, as a cell of a workbook shows them."""

import datetime
import re
from collections.abc import Iterator

Token = tuple[str, str]  # a part of a number format: its kind and its words

LITERAL = ("quoted", "escaped", "sign", "currency")  # the kinds that stand for themselves
DAY = 86_400_000  # milliseconds
LAST_DAY = 2_958_466  # the day after 31 December 9999
EXACT = 2**53  # what is larger, a cell does not hold exactly
MONTHS = "January February March April May June July August September October November December"
ISO = (("date", "yyyy"), ("sign", "-"), ("date", "mm"), ("sign", "-"), ("date", "dd"))
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"


def word(kind: str, words: str) -> str:
    """What a part that stands for itself shows."""
    return words if kind in LITERAL else " " if kind == "space" else ""


def general(value: float) -> str:
    """A number without a format: ten digits at most, but for a whole one."""
    if value == int(value) and abs(value) < EXACT:
        return str(int(value))
    return f"{value:.10g}".upper()


def moment(value: float, tokens: tuple[Token, ...], since_1904: bool) -> str:
    """A day, a time of day, or a time that has passed."""
    thousandths = round(value * DAY)
    if any(kind == "elapsed" for kind, _ in tokens):
        sign = "-" if thousandths < 0 else ""
        return sign + "".join(_passed(abs(thousandths), tokens)).strip()
    if not 0 <= value < LAST_DAY:
        return general(value)  # the sheet shows nothing but ####
    days, rest = divmod(thousandths, DAY)
    if not any(kind == "date" and re.search(r"s\.0", words) for kind, words in tokens):
        rest = (rest + 500) // 1000 * 1000
        days, rest = (days + 1, 0) if rest == DAY else (days, rest)
    since = datetime.datetime(1904, 1, 1) if since_1904 else datetime.datetime(1899, 12, 30)
    early = not since_1904 and 0 < days < 60  # the sheet takes 1900 for a leap year
    at = since + datetime.timedelta(days=days + early, milliseconds=rest)
    return "".join(_date(at, _told(tokens))).strip()


def _told(tokens: tuple[Token, ...]) -> list[Token]:
    """The parts of a date, months and minutes told apart, its time in the order of the format.

    A day of figures in the order of one country is told from the year on: 3/4/24 is two days.
    """
    parts = [(kind, words.lower() if kind == "date" else words) for kind, words in tokens]
    dates = [at for at, (kind, _) in enumerate(parts) if kind == "date"]
    for number, at in enumerate(dates):
        words = parts[at][1]
        before = parts[dates[number - 1]][1][0] if number else ""
        after = parts[dates[number + 1]][1][0] if number + 1 < len(dates) else ""
        hours = any(kind == "elapsed" for kind, _ in parts[:at])
        if words in ("m", "mm") and (before == "h" or after == "s" or hours):
            parts[at] = "date", "i" * len(words)
    day = [at for at in dates if parts[at][1] in ("y", "yy", "yyyy", "m", "mm", "d", "dd")]
    between = {w for kind, w in parts[day[0] : day[-1] + 1] if kind in LITERAL} if day else set()
    figures = {parts[at][1][0] for at in day} == {"y", "m", "d"} and len(day) == 3
    if figures and between & {"/", "-"}:
        rest = parts[: day[0]] + parts[day[-1] + 1 :]
        return [*rest[: day[0]], *ISO, *rest[day[0] :]]
    return parts


def _date(at: datetime.datetime, parts: list[Token]) -> Iterator[str]:
    """The words of a date and time, part by part."""
    halves = any(kind == "half" for kind, _ in parts)
    hour = (at.hour + 11) % 12 + 1 if halves else at.hour
    for kind, words in parts:
        if kind == "half":
            yield ("AM", "PM")[at.hour > 11]
        elif kind != "date":
            yield word(kind, words)
        elif words[0] in "yeb":
            yield str(at.year)  # 24 may be 1924
        elif words[0] == "m":
            yield _named(at.month, MONTHS.split()[at.month - 1], len(words))
        elif words[0] == "d":
            yield _named(at.day, DAYS.split()[at.weekday()], len(words))
        elif words[0] == "h":
            yield str(hour).zfill(len(words))
        elif words[0] == "i":
            yield str(at.minute).zfill(len(words))
        elif words[0] == "s":
            whole, _, places = words.partition(".")
            part = f".{at.microsecond // 1000:03}"[: len(places) + 1] if places else ""
            yield str(at.second).zfill(len(whole)) + part


def _named(number: int, name: str, letters: int) -> str:
    """A day or a month in so many letters of its format: in figures, short, or in full."""
    return str(number).zfill(letters) if letters < 3 else name[:3] if letters == 3 else name


def _passed(thousandths: int, tokens: tuple[Token, ...]) -> Iterator[str]:
    """The words of a time that has passed, of which the largest part has no limit."""
    seconds, rest = divmod(thousandths, 1000)
    if not any(kind == "date" and "." in words for kind, words in tokens):
        seconds, rest = (thousandths + 500) // 1000, 0
    parts = {"h": seconds // 3600, "m": seconds // 60 % 60, "s": seconds % 60}
    whole = {"h": seconds // 3600, "m": seconds // 60, "s": seconds}
    for kind, words in tokens:
        letter = words[:1].lower()
        if kind == "elapsed":
            yield str(whole[letter]).zfill(len(words))
        elif kind == "date" and letter in parts:
            figures, _, places = words.partition(".")
            told = f".{rest:03}"[: len(places) + 1] if places else ""
            yield str(parts[letter]).zfill(len(figures)) + told
        else:
            yield word(kind, words)
