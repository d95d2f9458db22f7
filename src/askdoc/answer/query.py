"""From a question and what was said before it to what is searched for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from askdoc.answer.acronyms import written_out
from askdoc.answer.spelling import correct_spelling
from askdoc.answer.telling import function_terms, nouns, spelled_out, telling
from askdoc.answer.terms import CAPITAL, CONTINUING
from askdoc.answer.verify.tokens import Kind, tokens_of
from askdoc.errors import ModelFailed
from askdoc.index.bm25 import terms
from askdoc.index.index import Index
from askdoc.ingest.dates import MONTHS
from askdoc.tuning import (
    AT_A_TIME,
    CARRIED_NAMES,
    CARRIED_WORDS,
    LEANING_TURNS,
    SELF_CONTAINED,
    SUBQUERIES,
    SUBQUERY_TERMS,
)
from askdoc.types import NO_ANSWER

# A question that opens like this continues the one before it.
OPENING = re.compile(
    r"\s*(?:(?:ok|okay|yes|no|well|oh|cool|thanks)\W+)?"
    r"(?:(?:and|but|so|then|or|what about|how about)\b|why\W*$|since when\W*$)",
    re.I,
)
# Pronouns, but not the "it" of "is it true that".
POINTER = re.compile(
    r"\b(?:it(?! (?:\w+ ){0,2}(?:that|to)\b)|he|him|she|they|them|these|"
    r"those(?! (?:who|whom|whose|that|which|of|in|with)\b)|"
    r"(?:this|that|there|next|the same|another)(?= one\b|\W*$))\b",
    re.I,
)
LAST = re.compile(r"\b(?:it|him|her|them)(?=\W*$)", re.I)
OWNER = re.compile(r"\b(?:its|his|her|hers|their|theirs)\b", re.I)
ASKING = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|has|have|had|"
    r"can|could|will|would|should)\b",
    re.I,
)
BARE_AMOUNT = 4  # words of "how many took part?"
AMOUNT = re.compile(r"\W*(?:and |but |so |then )?how (?:many|much)\b", re.I)
# "How long" tells no more than "how", "the work" no more than "it".
HOLLOW = re.compile(r"\bhow \w+|\bthe (?:work|job|project|plan|thing|problem|issue)s?\b", re.I)
DEFINING = re.compile(
    r"\s*(?:(?:who|what) (?:is|are|was|were)|tell me (?:more )?about|explain|describe) \w", re.I
)
PERSONAL = re.compile(r"\b(?:he|him|his|she|hers?|they|them|theirs?)\b", re.I)
# A capital that does not open the question, and no month.
NAME = re.compile(rf"(?<=\s)(?!(?i:{'|'.join(MONTHS)})\b){CAPITAL}[\w'-]+")
YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
MARKER = re.compile(r"\s*\[\d+\]")
WORD = re.compile(r"[^\W_][\w'-]*")
# Where a question turns from one thing to the next.
TURN = re.compile(
    r"[,;:?]\s|\b(?:and|or|but|while|whereas|than|versus|between|as well as|compared with)\b",
    re.I,
)

# Where a second question begins: with a word that asks, after a question mark or an *and*.
_ASKS = r"(?:who|what|when|where|how)(?:'?s)?|whose|which|why"
_WHETHER = r"(?:do|does|did|can|could|will|would|should|must|may|is|are|was|were|has|have)"
_WHOM = r"i|you|he|she|it|we|they|there|this|that|my|our|your|his|her|their|any\w*|some\w+|people"
NEXT_QUESTION = re.compile(
    rf"\?\s+(?:(?:and|also|plus|so)\s+)?(?=(?:{_ASKS}|{_WHETHER})\b)|"
    rf"[,;]?\s+(?:and|also|plus)\s+(?=(?:{_ASKS}|{_WHETHER} (?:{_WHOM}))\b)",
    re.I,
)

History = Sequence[Mapping[str, str]]
Rewrite = Callable[[str, History], str]


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: the whole, as it is shown and read, and what else is asked with it.

    ``asked`` is the question of it, without the words of earlier turns in front.
    ``subqueries`` are the parts of a question that names several things, and a follow-up as it was
    typed; ``sources`` are the documents that may answer, all where there are none. ``alone`` is the
    query of a follow-up that may be understood without the turns before it. ``weights`` has
    the terms that tell what it is about, each with its inverse document frequency; ``unknown`` are
    those that no passage has. ``passages`` is how many are searched, 1 and up. ``questions`` are
    the queries of the questions that are asked at once, where there are several.
    """

    text: str
    subqueries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    passages: int = 1
    alone: "Query | None" = None
    asked: str = ""
    questions: tuple["Query", ...] = ()

    @classmethod
    def of(
        cls, text: str, index: Index, subqueries: Sequence[str] = (), sources: Sequence[str] = ()
    ) -> "Query":
        """The query of a text, its terms weighed by an index; by all of them, when none tells."""
        weights = index.idf(telling(text) or terms(text))
        unknown = frozenset(term for term in weights if not index.knows([term]))
        searched = max(1, index.size(sources))
        return cls(text, tuple(subqueries), tuple(sources), weights, unknown, searched, asked=text)

    def coverage(self, text: str) -> float:
        """The share (0 to 1) of the weights that belongs to terms of a text."""
        there = terms(text)
        carried = sum(weight for term, weight in self.weights.items() if term in there)
        return carried / (sum(self.weights.values()) or 1.0)

    @property
    def unknown_words(self) -> tuple[str, ...]:
        """The names, numbers and nouns that no document has, as they were typed.

        Verbs and adjectives tell nobody what is missing, so that they are left out.
        """
        words = [
            word for word in nouns(self.text) if telling(word) and telling(word) <= self.unknown
        ]
        return tuple(dict.fromkeys(words))


def contextualize(
    question: str,
    history: History,
    index: Index,
    rewrite: Rewrite | None = None,
    sources: Sequence[str] = (),
) -> Query:
    """What to search for, for a question and the turns before it.

    Words that the corpus does not know are put as it spells them, abbreviations as it writes them
    out; a question that leans on an earlier one gets the words it leans on in front. ``history``
    holds the earlier turns, oldest first, each ``{"role": "user" or "assistant", "content":
    text}``; a turn that was refused is passed over. A question that stands alone is not changed.
    ``rewrite`` is what a language model does to one that does not; where it fails, or loses a
    telling word, the words in front have to do. Of several questions in one, each leans on those
    before it.
    """
    query = _contextualized(question, history, index, rewrite, sources)
    parts = [part.strip() for part in NEXT_QUESTION.split(question) if part.strip(" ?.!,;")]
    if not 1 < len(parts) <= AT_A_TIME or not all(telling(part) for part in parts):
        return query
    several: list[Query] = []
    for part in parts:
        found = replace(_contextualized(part, history, index, None, sources), alone=None)
        if several and found.text == found.asked:
            # It may lean on the one before it all the same: "when was it held, and who came?"
            leaning = _contextualized(f"and {part}", history, index, None, sources)
            if leaning.text != leaning.asked:
                found = replace(leaning, asked=part, alone=found)
        several.append(found)
        history = [*history, {"role": "user", "content": part}]
    return replace(query, questions=tuple(several))


def _contextualized(
    question: str,
    history: History,
    index: Index,
    rewrite: Rewrite | None,
    sources: Sequence[str],
) -> Query:
    """What to search for, for a question as a whole."""
    question = written_out(correct_spelling(question.strip(), index), index)
    earlier = _answered(history)[-2 * LEANING_TURNS :]
    carried = " ".join(_carried(question, earlier, index))
    if not carried:
        return Query.of(question, index, subqueries(question), sources)
    rewritten = _rewritten(question, history, rewrite) if rewrite else ""
    query = Query.of(rewritten or f"{carried}: {question}", index, (question,), sources)
    query = replace(query, asked=rewritten or question)
    if not OPENING.match(question) and _telling_more(question):
        return replace(query, alone=Query.of(question, index, subqueries(question), sources))
    return query


def points_back(question: str) -> bool:
    """Whether a question has a pronoun, which something before it has to explain."""
    return bool(POINTER.search(question) or OWNER.search(question))


def subqueries(question: str) -> tuple[str, ...]:
    """The parts of a question that names several things; none where it names one."""
    parts = [part.strip(" ,.'\"?") for part in TURN.split(question)]
    searched = [part for part in parts if len(telling(part)) >= SUBQUERY_TERMS]
    return tuple(searched[:SUBQUERIES]) if len(searched) > 1 else ()


def _answered(history: History) -> History:
    """The turns without those that were refused."""
    refused = {number - 1 for number, turn in enumerate(history) if turn["content"] == NO_ANSWER}
    return [
        turn
        for number, turn in enumerate(history)
        if number not in refused and turn["content"] != NO_ANSWER
    ]


def _carried(question: str, history: History, index: Index) -> list[str]:
    """The words of earlier turns that a question leans on; none where it stands alone."""
    earlier = [turn["content"] for turn in history if turn["role"] == "user"]
    if not earlier or not _leans(question):
        return []
    before = list(history)
    while before.pop()["role"] != "user":
        pass
    last = written_out(correct_spelling(earlier[-1], index), index)
    words = _carried(last, before, index) + WORD.findall(last)
    answers = [turn["content"] for turn in history if turn["role"] == "assistant"]
    # The topic of a bare "how many?" may be named by the answer only.
    named_there = AMOUNT.match(question) and not NAME.search(last)
    if answers and (PERSONAL.search(question) or named_there):
        words += _names(answers[-1])[:CARRIED_NAMES]
    if answers and not index.knows(telling(" ".join(words))):
        words = WORD.findall(MARKER.sub("", answers[-1].strip().split("\n")[0]))
    there = set(function_terms() | terms(question))
    carried = []
    for word in words:
        if YEAR.search(word) and YEAR.search(question):
            continue  # another year is asked for now
        if index.knows(terms(word) - there):
            carried.append(word)
            there |= terms(word)
    return carried[:CARRIED_WORDS]


def _names(answer: str) -> list[str]:
    """The names in an answer; a capital that may only be there because a sentence opens is none."""
    return [
        token.text
        for token in tokens_of(MARKER.sub("", answer))
        if token.kind is Kind.NAME and not token.opens and token.text[0].isalpha()
    ]


def _rewritten(question: str, history: History, rewrite: Rewrite) -> str:
    """What a language model makes of a question; empty where that will not do."""
    try:
        rewritten = rewrite(question, history)
    except ModelFailed:
        return ""
    return rewritten if telling(question) <= telling(rewritten) else ""


def _leans(question: str) -> bool:
    """Whether a question cannot be understood without the one before it.

    It opens with *and*, *what about* and the like and does not stand alone after that; it has a
    pronoun that no name and hardly a telling word comes before; it asks for an amount of next to
    nothing; or it has hardly a telling word and no name.
    """
    question = spelled_out(question.lower() if question.isupper() else question)
    opening = OPENING.match(question)
    if opening:
        return not _stands_alone(question[opening.end() :])
    for pointing, enough in (
        (POINTER, SELF_CONTAINED),
        (OWNER, SELF_CONTAINED - 1),
        (LAST, SELF_CONTAINED + 2),
    ):
        pointer = pointing.search(question)
        before = question[: pointer.start()] if pointer else ""
        alone = NAME.search(before) or DEFINING.match(before)  # "who is peskov and what did he say"
        if pointer and not alone and len(_telling_more(before)) < enough:
            return True
    if NAME.search(question) or DEFINING.match(question):
        return False
    told = len(_telling_more(YEAR.sub("", question)))
    if AMOUNT.match(question):
        words = len(WORD.findall(question))
        if words <= BARE_AMOUNT:
            return told <= SELF_CONTAINED
        # "How much is the ferry?" names what it is about, "how many boats were there?" does not.
        return told < SELF_CONTAINED and "many" in question.lower()
    return told < (1 if re.search(r"\d", question) else SELF_CONTAINED)


def _stands_alone(rest: str) -> bool:
    """Whether what follows an *and* is a question about something that it names itself."""
    name = NAME.search(rest)
    pointer = POINTER.search(rest) or OWNER.search(rest)
    if not name or AMOUNT.match(rest) or (pointer and pointer.start() < name.start()):
        return False
    if DEFINING.match(rest):
        return True
    return bool(ASKING.search(rest)) and len(telling(rest)) > SELF_CONTAINED


def _telling_more(text: str) -> frozenset[str]:
    """The telling terms of a text beside its *how long*, *how old*, *give me details*."""
    return telling(HOLLOW.sub("", text)) - terms(CONTINUING)
