"""From a question and what was said before it to what is searched for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from askdoc.answer.encoding import is_common
from askdoc.errors import ModelFailed
from askdoc.index.index import Index
from askdoc.types import NO_ANSWER

TURNS = 3  # questions that a question can lean on, each on the one before
MOST_CARRIED = 8  # words
SHORT = 2  # telling terms under which a question without a name leans on the one before it
CARRIED = 4  # names of the last answer that a question takes along
MOST_SUBQUERIES = 6
TELLING = 3  # terms that make a part of a question worth a search of its own
LONG = 8  # letters from which a word may be two changes off
SPELLED = 40  # words of a question that are looked at for misspellings

# A question that opens like this continues the one before it.
OPENING = re.compile(
    r"\s*(?:(?:and|but|so|then|or|what about|how about)\b|why\W*$|since when\W*$)", re.I
)
# Pronouns, but not the "it" of "is it true that".
POINTER = re.compile(
    r"\b(?:it(?! (?:\w+ ){0,2}(?:that|to)\b)|he|him|she|they|them|these|"
    r"those(?! (?:who|whom|whose|that|which|of|in|with)\b)|"
    r"(?:this|that|there|the same|another)(?= one\b|\W*$))\b",
    re.I,
)
LAST = re.compile(r"\b(?:it|him|her|them)(?=\W*$)", re.I)
OWNER = re.compile(r"\b(?:its|his|her|hers|their|theirs)\b", re.I)
DEFINING = re.compile(r"\s*(?:who|what) (?:is|are|was|were) \w", re.I)
PERSONAL = re.compile(r"\b(?:he|him|his|she|hers?|they|them|theirs?)\b", re.I)
NAME = re.compile(r"(?<=\s)[^\W\d_a-zß-ÿ][\w'-]+")  # a capital that does not open the question
MARKER = re.compile(r"\s*\[\d+\]")
WORD = re.compile(r"[^\W_][\w'-]*")
LETTERS = re.compile(r"[^\W\d_]{5,}")
# Where a question turns from one thing to the next.
TURN = re.compile(
    r"[,;:?]\s|\b(?:and|or|but|while|whereas|than|versus|between|as well as|compared with)\b",
    re.I,
)

FUNCTION_WORDS = (
    "who whom whose what which when where why how many much did does do was were is are been be "
    "have has had can could should would may might will i me my we us our you your about from "
    "after before during than any some most more name called type kind term word there his her he "
    "she its their him them many often tell say said according"
)

History = Sequence[Mapping[str, str]]
Rewrite = Callable[[str, History], str]


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: the whole, as it is shown and read, and what else both legs are asked.

    ``subqueries`` are the parts of a question that names several things, and a follow-up as it was
    typed; ``sources`` are the documents that may answer, all where there are none.
    """

    text: str
    subqueries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def contextualize(
    question: str, history: History, index: Index, rewrite: Rewrite | None = None
) -> Query:
    """What to search for, for a question and the turns before it.

    Words that the corpus does not know are put as it spells them; a question that leans on an
    earlier one gets the words it leans on in front. ``history`` holds the earlier turns, oldest
    first, each ``{"role": "user" or "assistant", "content": text}``. A question that stands alone
    is not changed. ``rewrite`` is what a language model does to one that does not; where it fails,
    or loses a telling word, the words in front have to do.
    """
    asked = correct_spelling(question.strip(), index)
    carried = " ".join(_carried(asked, history[-2 * TURNS :], index))
    if carried:
        said = _rewritten(asked, history, index, rewrite) if rewrite else ""
        return Query(said or f"{carried}: {asked}", (asked,))
    return Query(asked, subqueries(asked, index))


def correct_spelling(question: str, index: Index) -> str:
    """The question with each misspelt word as the corpus spells it.

    A word is misspelt when the corpus does not have it, it is no common English word, and a word
    of the corpus is one change of letters away (two, from eight letters on).
    """
    words = list(dict.fromkeys(LETTERS.findall(question)))[:SPELLED]
    for word in words:
        meant = _meant(word, index)
        if meant:
            question = re.sub(rf"\b{word}\b", meant, question)
    return question


def subqueries(question: str, index: Index) -> tuple[str, ...]:
    """The parts of a question that names several things; none where it names one."""
    lexicon = index.stores.bm25
    idle = lexicon.terms(FUNCTION_WORDS)
    parts = [part.strip(" ,.'\"?") for part in TURN.split(question)]
    telling = [part for part in parts if len(lexicon.terms(part) - idle) >= TELLING]
    return tuple(telling[:MOST_SUBQUERIES]) if len(telling) > 1 else ()


def unknown_words(query: str, index: Index) -> tuple[str, ...]:
    """The telling words of a query that no document has, as they were typed."""
    lexicon = index.stores.bm25
    idle = lexicon.terms(FUNCTION_WORDS)
    return tuple(
        word
        for word in list(dict.fromkeys(WORD.findall(query)))[:SPELLED]
        if (terms := lexicon.terms(word) - idle) and not lexicon.knows(terms)
    )


def weights_of(query: str, index: Index) -> dict[str, float]:
    """The terms that tell what a query is about, each with its weight; all, when none tells."""
    lexicon = index.stores.bm25
    terms = lexicon.terms(query)
    return lexicon.weights(terms - lexicon.terms(FUNCTION_WORDS) or terms)


def coverage(text: str, weights: Mapping[str, float], index: Index) -> float:
    """The share (0 to 1) of the weights that belongs to terms of the text."""
    terms = index.stores.bm25.terms(text)
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / (total or 1.0)


def _meant(word: str, index: Index) -> str | None:
    """The word of the corpus that a misspelt word stands for; None where it is spelt well."""
    lexicon = index.stores.bm25
    terms = lexicon.terms(word)
    if len(terms) != 1 or lexicon.knows(terms) or is_common(word):
        return None
    (term,) = terms
    folded = word.casefold()
    for steps in (1, 2) if len(word) >= LONG else (1,):
        near: set[str] = {
            other
            for passage in index.stores.manifest.passages(lexicon.near(term, steps)).values()
            for other in LETTERS.findall(passage.indexed_text)
            if OSA.distance(folded, other.casefold(), score_cutoff=steps) <= steps
            and other[0].casefold() == folded[0]
            # Aliyeva is not a misspelt Aliyev.
            and not other.casefold().startswith(folded)
            and not folded.startswith(other.casefold())
        }
        if near:
            return min(near, key=lambda other: (abs(len(other) - len(word)), other))
    return None


def _carried(asked: str, history: History, index: Index) -> list[str]:
    """The words of earlier turns that a question leans on; none where it stands alone."""
    questions = [turn["content"] for turn in history if turn["role"] == "user"]
    if not questions or not _leans(asked, index):
        return []
    lexicon = index.stores.bm25
    before = list(history)
    while before.pop()["role"] != "user":
        pass
    last = correct_spelling(questions[-1], index)
    words = _carried(last, before, index) + WORD.findall(last)
    answers = [turn["content"] for turn in history if turn["role"] == "assistant"]
    if PERSONAL.search(asked) and answers and answers[-1] != NO_ANSWER:
        words += NAME.findall(" " + MARKER.sub("", answers[-1]))[:CARRIED]
    seen = set(lexicon.terms(FUNCTION_WORDS) | lexicon.terms(asked))
    carried = []
    for word in words:
        terms = lexicon.terms(word)
        if terms - seen:
            carried.append(word)
            seen |= terms
    return carried[:MOST_CARRIED]


def _rewritten(asked: str, history: History, index: Index, rewrite: Rewrite) -> str:
    """What a language model makes of a question; empty where that will not do."""
    try:
        said = rewrite(asked, history)
    except ModelFailed:
        return ""
    return said if _telling(asked, index) <= _telling(said, index) else ""


def _leans(question: str, index: Index) -> bool:
    """Whether a question cannot be contextualize without the one before it.

    It opens with *and*, *what about* and the like, has a pronoun that no name and hardly a telling
    word comes before, or has hardly a telling word and no name.
    """
    if OPENING.match(question):
        return True
    if question.isupper():
        question = question.lower()  # so that no word passes for a name
    for pointing, most in ((POINTER, SHORT), (OWNER, 1), (LAST, SHORT + 1)):
        pointer = pointing.search(question)
        before = question[: pointer.start()] if pointer else ""
        if pointer and not NAME.search(before) and len(_telling(before, index)) < most:
            return True
    named = NAME.search(question) or DEFINING.match(question) or re.search(r"\d", question)
    return len(_telling(question, index)) < SHORT and not named


def _telling(text: str, index: Index) -> frozenset[str]:
    """The terms of a text that tell what it is about."""
    return index.stores.bm25.terms(text) - index.stores.bm25.terms(FUNCTION_WORDS)
