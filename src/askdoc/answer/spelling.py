"""Misspelt words of a question, put as the corpus spells them."""

import functools
import re
from itertools import islice

from rapidfuzz.distance import OSA

from askdoc.answer.encoding import is_common
from askdoc.answer.terms import SHORTHAND
from askdoc.index.bm25 import terms
from askdoc.index.index import Index
from askdoc.ingest.words import clearly_not_english, english, is_english
from askdoc.tuning import ENGLISH_WORD, FREQUENT, KNOWN, LONG_WORD, NAMES_ONLY, SHORT_NAME

# Short forms without their apostrophe, of those that are no words by themselves.
SHORT_FORMS = (
    (
        re.compile(
            r"\b(is|are|was|were|do|does|did|ha[sd]|have|should|could|would|ca|wo)nt\b", re.I
        ),
        "n't",
    ),
    (re.compile(r"\b(who|what|where|when|why|how|that|there)s\b", re.I), "'s"),
    (re.compile(r"\b(they|you)(?=(?:re|ve|ll)\b)", re.I), "'"),
)
LETTERS = re.compile(r"[^\W\d_]{4,}")
WORDS = 40  # of a question that are looked at, so that a long one takes no longer


def correct_spelling(question: str, index: Index) -> str:
    """The question with each misspelt word as the corpus spells it.

    A word is misspelt when the corpus does not have it, it is no English word, and a word
    of the corpus is one change of letters away (two, from eight letters on). Where none is one
    change away, it is put as an English word that is, if all others are English. A question of
    some words, most of which are not English, is in another language, and left alone. *Whos* and
    *didnt* get their apostrophes back, and what people write in a chat (*ppl*) is written out.
    """
    every = re.findall(r"[^\W\d_]+", question)[:WORDS]
    if len(every) >= NAMES_ONLY and 2 * sum(map(is_english, every)) < len(every):
        return question
    for form, end in SHORT_FORMS:
        question = form.sub(rf"\1{end}", question)
    for word in set(re.findall(r"\b\w+\b", question.lower())) & SHORTHAND.keys():
        if not index.knows(terms(word)):
            question = re.sub(rf"\b{word}\b", SHORTHAND[word], question, flags=re.I)
    words = list(dict.fromkeys(LETTERS.findall(question)))[:WORDS]
    for word in words:
        among_english = all(map(is_english, set(words) - {word}))
        correction = _correction(word, index, among_english)
        if correction:
            question = re.sub(rf"\b{word}\b", correction, question)
    return question


def language_asked(question: str) -> str | None:
    """The language of a question (ISO 639-1) that is clearly not English; None for all others.

    Names tell nothing: of the other words, at least three, half or more must be no English ones,
    unless no letter is Latin.
    """
    words = [word for word in re.findall(r"[^\W\d_]+", question)[:WORDS] if len(word) > 1]
    common = [word for number, word in enumerate(words) if not number or word[0].islower()]
    latin = re.search("[A-Za-z]", question)
    if latin and (len(common) < 3 or 2 * sum(map(is_english, common)) > len(common)):
        return None
    return clearly_not_english(question) if words else None


def is_frequent(word: str) -> bool:
    """Whether a word is one of the most frequent ones of English."""
    return english().get(word.lower(), FREQUENT) < FREQUENT


@functools.lru_cache(maxsize=1000)
def _english_for(word: str) -> str:
    """The most frequent English word that a misspelt one may stand for; empty where none may."""
    known = islice(english(), KNOWN)
    near = (other for other in known if abs(len(other) - len(word)) <= 1)
    long = word.islower() and len(word) >= ENGLISH_WORD  # what is short or a name may be anything
    return next((other for other in near if long and _may_stand_for(word, other, 1)), "")


def _correction(word: str, index: Index, among_english: bool) -> str | None:
    """The word that a misspelt word stands for; None where it is spelt well, or nobody knows."""
    if len(terms(word)) != 1 or index.knows(terms(word)) or is_english(word) or is_common(word):
        return None
    if len(word) < SHORT_NAME and not word.islower():
        return None  # of names so short, one is soon another
    (term,) = terms(word)
    for changes in (1, 2) if len(word) >= LONG_WORD else (1,):
        similar: set[str] = {
            other
            for passage in index.with_term_like(term, changes)
            for other in LETTERS.findall(passage.indexed_text)
            if _may_stand_for(word.casefold(), other.casefold(), changes)
        }
        if similar:
            return min(
                similar,
                key=lambda other: (
                    abs(len(other) - len(word)),
                    other[0].isupper() != word[0].isupper(),
                    other,
                ),
            )
        if among_english and _english_for(word):
            return _english_for(word)
    return None


def _may_stand_for(word: str, other: str, changes: int) -> bool:
    """Whether a word may be another one misspelt; *Aliyeva* is not a misspelt *Aliyev*."""
    return (
        OSA.distance(word, other, score_cutoff=changes) <= changes
        and word[0] == other[0]
        and not other.startswith(word)
        and not word.startswith(other)
    )
