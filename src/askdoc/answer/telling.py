"""Which words of a question tell what it is about: terms for the search, nouns for a reader."""

import functools
import re
from collections.abc import Sequence

from askdoc.answer.spelling import WORDS
from askdoc.answer.terms import FUNCTION_WORDS, NOUN_OPENERS
from askdoc.index.bm25 import terms
from askdoc.ingest.words import is_english

WORD = re.compile(r"[^\W_][\w'-]*")
PHRASE = re.compile(r"[,;:?!.]+(?:\s|$)")
IS = re.compile(r"\b(who|what|where|when|how)['’]?s\b", re.I)
BE = {"is", "are", "was", "were"}
VERBS = BE | {"do", "does", "did", "can", "could", "will", "would", "has", "have", "had"}
# Endings that hardly any noun has.
NO_NOUN = re.compile(r"(?:able|ible|ful|ous|ive|less|est|ly|ish|ed|wards?)$", re.I)


def telling(text: str) -> frozenset[str]:
    """The terms of a text that tell what it is about."""
    return terms(text) - function_terms()


@functools.cache
def function_terms() -> frozenset[str]:
    """The terms that tell nothing."""
    return terms(FUNCTION_WORDS)


def spelled_out(text: str) -> str:
    """A text with *what is* for *what's* and *whats*, and the like."""
    return IS.sub(r"\1 is", text)


def nouns(text: str) -> list[str]:
    """The names, numbers and nouns of a question, in their order, as far as its words tell."""
    return [
        word
        for phrase in PHRASE.split(spelled_out(text))
        for words in [WORD.findall(phrase)[:WORDS]]
        for number, word in enumerate(words)
        if _is_name(word, number, text) or _is_noun(words, number)
    ]


def _is_name(word: str, number: int, text: str) -> bool:
    """Whether a word is a number or a name: by a capital inside a phrase, or as no English word."""
    if any(map(str.isdigit, word)):
        return True
    capital = word[0].isupper() and number > 0 and not text.isupper()
    return capital or not is_english(re.sub(r"(?:n't|'\w+)$", "", word))


def _is_noun(words: Sequence[str], number: int) -> bool:
    """Whether the word of that number is the noun of a group of words, by what begins the group.

    A noun ends what an article, a preposition or the like begins: *of ethanol*, *the boiling
    point*. Where the verb comes before, as in *did the helicopter crash*, it opens it.
    """
    tells = [bool(telling(word)) and word.lower() != "like" for word in words]
    begin, end = number, number + 1
    while begin and tells[begin - 1] and not words[begin - 1].endswith(("'s", "’s")):
        begin -= 1
    while end < len(words) and tells[end]:
        end += 1
    before = [word.lower() for word in words[:begin]]
    if not tells[number] or not before or NO_NOUN.search(words[number]):
        return False
    if before[-1] in ("which", "what", "many", "much"):
        return end - begin == 1  # of more than one word, the last may be a verb
    opens = before[-1] in NOUN_OPENERS or before[-1].endswith(("'s", "’s"))
    if not opens and before not in (["what", "is"], ["what", "are"]):
        return False
    # "What is the boiling point?" ends with its noun, "when does the shop open?" with its verb.
    verbs = VERBS - BE if before[0] in ("what", "who") else VERBS
    return number == (begin if verbs.intersection(before) else end - 1)
