"""A text in pieces: words, numbers and signs, contractions and glued units taken apart."""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from askdoc.answer.terms import LETTER_SCALES, SAME_NAMES, SCALES, SIGNS, UNITS, any_of
from askdoc.ingest.dates import MONTHS
from askdoc.tuning import LOUD
from askdoc.types import plain_in_place

PIECE = re.compile(
    r"(?P<date>\b\d{4}(?P<by>[-/.])\d\d?(?P=by)\d\d?\b|\b\d\d?(?P<of>[-/.])\d\d?(?P=of)\d{4}\b)"
    r"|(?P<clock>\b(?:[01]?\d|2[0-4])(?:[:.][0-5]\d)?\s?[ap]\.?m\b|"
    r"\b(?:[01]?\d|2[0-3]):[0-5]\d\b)"
    r"|\bQ(?P<quarter>[1-4])\b"
    r"|(?P<number>(?:(?:(?<=\s)|(?<=\()|^)[-−](?=[\d.]))?"
    r"(?:\d{1,3}(?:[,\u00a0\u2009\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)*|(?<![\w.])\.\d+))"
    r"(?P<ending>(?:°[cf]\b|[^\W\d_]+\d*(?:/h\b)?))?"
    r"|(?P<drop>['’](?:s|re|ve|ll|d|m)\b|\bno\.?(?=\s*\d))"
    r"|(?P<deny>n['’]t\b)"
    r"|(?P<percent>per\s?cent\b|%)"
    rf"|(?P<sign>[{''.join(SIGNS)}°])"
    r"|(?P<dotted>\b(?:[^\W\d_]\.){2,}|\b(?:[^\W\d_]\.)+[^\W\d_]\b)"
    rf"|(?P<same>\b(?:{any_of(tuple(form for form in SAME_NAMES if ' ' in form))})\b)"
    r"|(?P<word>[^\W\d_]\w*(?:['’][^\W_]+)*)",
    re.I,
)


@dataclass(slots=True)
class Piece:
    """A part of a text, which ``start`` and ``end`` count in characters.

    ``group`` is what it was found as: a *word*, a *number* in digits, a *scale* glued to one, an
    *hour* of the day, a *code* of digits and letters, or another group of ``PIECE``.
    """

    text: str
    start: int
    end: int
    group: str


@functools.lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    """A word in lower case without accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).replace("’", "'")


def spoken(text: str) -> str:
    """A text whose lines of capitals, which tell no names, are in lower case."""
    return "\n".join(map(_spoken, text.split("\n")))


def pieces_of(text: str) -> Iterator[Piece]:
    """The parts of a text that count, contractions and glued units taken apart."""
    bare, places = plain_in_place(text)
    for piece in _pieces(bare):
        yield replace(piece, start=places[piece.start], end=places[piece.end])


def _pieces(text: str) -> Iterator[Piece]:
    """The parts of a text whose letters have their common form."""
    for match in PIECE.finditer(text):
        group, start, end = match.lastgroup or "", match.start(), match.end()
        if group == "drop":
            continue
        if group == "date":
            yield from _date(match)
        elif group == "clock":
            yield from _clock(match)
        elif group == "quarter":
            yield Piece(match["quarter"], start, end, "number")
            yield Piece("quarter", start, end, "word")
        elif match["number"]:
            yield from _digits(match)
        elif group == "word":
            word = folded(match[0])
            if word.endswith("n't") or word == "cannot":
                whole = {"cannot": "can", "can't": "can", "won't": "will", "shan't": "shall"}
                yield Piece(whole.get(word, match[0][:-3]), start, end, "word")
                yield Piece("not", start, end, "deny")
            else:
                yield Piece(re.sub(r"['’][sS]?$", "", match[0]), start, end, "word")
        else:
            yield Piece(match[0], start, end, group)


def _date(match: re.Match[str]) -> Iterator[Piece]:
    """The day, month and year of a date in digits, in this order.

    Of 5/12/2024 nobody knows whether it is in May or in December: it says both.
    """
    first, second, third = (int(part) for part in re.split("[-/.]", match[0]))
    year, days = (first, [(third, second)]) if match["by"] else (third, [(first, second)])
    if match["of"] == "/" and first != second:
        days.append((second, first))
    known = [(day, month) for day, month in days if 1 <= month <= 12 and 1 <= day <= 31]
    for day, month in known or [(day, 0) for day, _ in days[:1]]:
        yield Piece(str(day), match.start(), match.end(), "number")
        name = MONTHS[month - 1].capitalize() if month else str(days[0][1])
        yield Piece(name, match.start(), match.end(), "word" if month else "number")
    yield Piece(str(year), match.start(), match.end(), "number")


def _clock(match: re.Match[str]) -> Iterator[Piece]:
    """The hour and, where they are told, the minutes of a time of day."""
    hour, *minutes = re.findall(r"\d+", match[0])
    half = re.sub(r"[^apm]", "", match[0].lower())
    yield Piece(f"{hour} {half}".strip(), match.start(), match.end(), "hour")
    if minutes:
        yield Piece(minutes[0], match.start(), match.end(), "number")


def _spoken(line: str) -> str:
    """A line, in lower case where most of it is in capitals, which then tell no names."""
    words = line.split()
    loud = sum(map(str.isupper, line)) > sum(map(str.islower, line)) and len(words) > LOUD
    return line.lower() if loud else line


def _digits(match: re.Match[str]) -> Iterator[Piece]:
    """A number and what is written on to it; as one word where that is no unit (*5G*, *747-8F*)."""
    ending = match["ending"] or ""
    start, middle, end = match.start(), match.end("number"), match.end()
    plain = folded(ending)
    if not ending or plain in ("st", "nd", "rd", "th", "s"):
        yield Piece(match["number"], start, end, "number")
    elif plain in UNITS or plain in LETTER_SCALES or plain in SCALES:
        yield Piece(match["number"], start, middle, "number")
        yield Piece(ending, middle, end, "scale" if plain not in UNITS or plain == "m" else "word")
    else:
        yield Piece(match[0], start, end, "code")
