"""Abbreviations of a question, and days that have a name, put as the corpus writes them out."""

import re
from itertools import chain

from askdoc.answer.terms import FIXED_DAYS, SAME_NAMES
from askdoc.index.bm25 import terms
from askdoc.index.index import Index
from askdoc.ingest.words import is_english

SHORT = re.compile(r"\b[^\W\d_]{2,6}\b")
# What asks for the words that one stands for, or what it is.
NAMED = re.compile(
    r"\b(?:stands?|standing|short) for\b|\babbreviat|\bacronym|"
    r"^\W*what (?:\w+ )?(?:is|are|does|means?) (?:an? |the )?\w+(?: mean)?\W*$",
    re.I,
)
LOOKED_AT = 5  # words of a question that may be abbreviations, at most


def written_out(question: str, index: Index) -> str:
    """The question with each abbreviation as the corpus writes it out, where it mostly does.

    The corpus has to say itself what it is short for: *International Criminal Court (ICC)*, unless
    everybody knows: *EU*. A question that asks what it is keeps it. *Christmas Eve* becomes *24
    December* where the corpus does not know it.
    """
    if NAMED.search(question):
        return question
    for name, date in FIXED_DAYS.items():
        if name in question.lower() and not all(index.knows([term]) for term in terms(name)):
            question = re.sub(rf"\b{re.escape(name)}\b", date, question, flags=re.I)
    loud = question.isupper()  # whose capitals say nothing
    words = [
        word
        for word in SHORT.findall(question)
        if (word.isupper() and not loud) or not is_english(word)
    ]
    for word in list(dict.fromkeys(words))[:LOOKED_AT]:
        long = _long_form(word, index)
        if long:
            question = re.sub(rf"\b{word}\b", long.replace("\\", r"\\"), question)
    return question


def _long_form(word: str, index: Index) -> str:
    """What a word is short for; empty where that is unknown, or the corpus has mostly the word."""
    if len(terms(word)) != 1:
        return ""
    (term,) = terms(word)
    inside = re.compile(rf"\({re.escape(word)}\)", re.I)
    said = (
        defined(word, passage.text[: found.start()])
        for passage in (index.with_term_like(term, 0) if index.knows([term]) else ())
        for found in inside.finditer(passage.text)
    )
    known = (
        form.title()
        for form, same in SAME_NAMES.items()
        if " " in form and same == SAME_NAMES.get(word.lower()) and defined(word, form) == form
    )
    long = next(filter(None, chain(said, known)), "")
    if not long or not index.knows(terms(long)):
        return ""
    rarest = max(index.idf(terms(long)).values())
    return long if rarest <= index.idf([term])[term] else ""


def defined(short: str, before: str) -> str:
    """The words at the end of a text that an abbreviation is made of; empty where none are.

    Each of its letters is found from the last one back, the first one where a word begins
    (Schwartz and Hearst, 2003).
    """
    most = min(len(short) + 5, 2 * len(short))
    words = re.findall(r"\S+", before.rsplit("\n", 1)[-1])[-most:]
    text = " ".join(words)
    at = len(text)
    for number, letter in reversed(list(enumerate(short.lower()))):
        at -= 1
        while at >= 0 and (
            text[at].lower() != letter or (not number and at and text[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return ""
    return text[at:]
