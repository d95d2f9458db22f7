"""A question as others might put it: the same is asked.

In lower case, with words left out as in a search box, with words around it as in speech, with a
synonym, a people for its country, or a slip of the finger.
"""

import re
from collections.abc import Callable
from random import Random

from evals.training.words import (
    FUNCTION,
    NUMERALS,
    PHRASES,
    PLACES,
    SAME,
    SPOKEN,
    finder,
    groups,
    others,
)

SYNONYMS, LEADS = others(groups(SAME)), others(groups(PHRASES), first=True)
SYNONYM, LEAD = finder(SYNONYMS), finder(LEADS, r"^", re.I)


def reworded(question: str, dice: Random) -> str:
    """The question as somebody else might put it; half of the time as it is."""
    ways: tuple[tuple[Callable[[str, Random], str], float], ...] = (
        (lambda asked, _: asked, 0.44),
        (otherwise, 0.2),
        (lambda asked, _: asked.lower().rstrip(" ?"), 0.07),
        (telegraphic, 0.11),
        (spoken, 0.1),
        (misspelt, 0.08),
    )
    way = dice.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
    return way(question, dice)


def otherwise(question: str, dice: Random) -> str:
    """The question with up to three of its words in other words."""
    lead = LEAD.match(question)
    if lead and dice.random() < 0.5:
        other = dice.choice(LEADS[lead[1].lower()])
        question = other[0].upper() + other[1:] + question[lead.end() :]
    for found in dice.sample(spots := list(SYNONYM.finditer(question)), min(2, len(spots))):
        other = dice.choice(SYNONYMS[found[1]])
        question = re.sub(rf"\b{found[1]}\b", other, question, count=1)
    for country, people, capital in groups(PLACES):
        if f" {people} " in question and dice.random() < 0.7:
            return re.sub(rf"\b{people} (\w+)", rf"\1 of {country}", question, count=1)
        if re.search(rf"\b{country}\b", question) and dice.random() < 0.5:
            adjective = re.sub(
                rf"\b(\w+) (?:of|in) {country}\b", rf"{people} \1", question, count=1
            )
            return adjective if adjective != question else question.replace(country, capital)
    for digits, word in enumerate(NUMERALS.split(), 1):
        question = re.sub(rf"(?<![\w.,-]){digits}(?![\w.,-])", word, question)
    return question


def telegraphic(question: str, dice: Random) -> str:
    """What is left of the question in a search box."""
    words = re.findall(r"[^\s?!]+", question)
    kept = [word for word in words if word.lower() not in FUNCTION.split()]
    if len(kept) < 2:
        return question
    if kept[0].lower() in ("who", "where", "why", "when", "how") and dice.random() < 0.3:
        kept = kept[1:]
    return " ".join(kept).lower() if dice.random() < 0.6 else " ".join(kept)


def spoken(question: str, dice: Random) -> str:
    """The question with the words around it that people say."""
    plain = question[:1].lower() + question[1:] if not question[:2].isupper() else question
    return dice.choice(groups(SPOKEN))[0].format(
        plain.rstrip("?") if dice.random() < 0.3 else plain
    )


def misspelt(question: str, dice: Random) -> str:
    """The question with a slip of the finger in one or two of its longer words."""
    for _ in range(dice.choice((1, 1, 2))):
        words = [match.span() for match in re.finditer(r"[^\W\d_]{5,}", question)]
        if not words:
            return question
        start, end = dice.choice(words)
        at = dice.randrange(start + 1, end - 1)
        slip = dice.choice(
            (question[at + 1] + question[at], question[at], question[at] * 2 + question[at + 1])
        )
        question = question[:at] + slip + question[at + 2 :]
    return question
