"""From what was read to the sentences that answer, and the probability that they do.

A sentence counts by what the reader makes of it and its passage, by how well the passage was found,
and by the words of the question that it has. Where the question asks for an amount of money, a
number or a time, only sentences that hold one count at all.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from askdoc.answer.answer_types import AnswerType, expected_type
from askdoc.answer.calibration import Calibration
from askdoc.answer.columns import extremes_left_out, picked_rows
from askdoc.answer.context import with_context
from askdoc.answer.query import Query
from askdoc.answer.retrieve import Candidate
from askdoc.answer.similarity import Similarity, in_its_place, similarities
from askdoc.answer.telling import telling
from askdoc.answer.verify.claims import unsupported
from askdoc.answer.verify.tokens import tokens_of
from askdoc.index.bm25 import terms
from askdoc.ingest.dates import date_asked, dates_in, is_of
from askdoc.ingest.extract import ENVELOPE, QUOTED
from askdoc.ingest.rows import named_cells, with_header
from askdoc.tuning import (
    BELOW_BEST,
    COMPARED,
    DOUBTFUL,
    FRAGMENT,
    FURTHER_LOGIT,
    ITEMS,
    LONGEST_LIST,
    OLDER,
    SAME_SENTENCE,
    SENTENCES,
)
from askdoc.types import BlockKind, Passage, Span

PAPERS = r"(?:page|document|file|section|chapter|report|article|paper|note|table|figure)s?"
# What a document says of itself, which answers nothing but a question about it.
OF_ITSELF = re.compile(
    rf"\W*(?:this|the following|the present) {PAPERS} (?:also )?"
    r"(?:gives?|describes?|lists?|contains?|covers?|shows?|restates?|provides?|presents?|"
    r"summari[sz]es?|is (?:about|intended|meant))\b",
    re.I,
)
# What asks for who wrote a message, to whom or when: its headers answer nothing else.
OF_MESSAGES = re.compile(
    r"\b(?:(?:e-?)?mails?|messages?|letters?|sen[dt]|senders?|wr[io]te|written|receive\w*|from"
    r"|to whom|cc|cop(?:y|ies|ied)|address\w*|repl(?:y|ies|ied)|answered)\b|@",
    re.I,
)
# What asks for all of something, and what may have several answers.
LISTS = re.compile(
    r"\W*(?:please )?(?:(?:can|could) you )?(?:list|enumerate|what are (?:all|the)|"
    r"(?:name|tell me|give me|show me) (?:all|every|each)|name (?:the|some))\b",
    re.I,
)
SEVERAL = re.compile(
    r"\W*(?:which|what) (?!(?:is|was|does|has|happens|means|comes|goes|costs|makes)\b)"
    r"(?:\w+ )?\w*[^\Ws]s\b",
    re.I,
)
# How a letter begins and ends.
SALUTATION = re.compile(
    r"\W*(?:(?:dear|hi|hello|hey)\b[^.?]{0,60}|(?:(?:kind|best|warm) )?(?:regards|wishes)|"
    r"yours(?: \w+)?|sincerely)[\s,:]*",
    re.I,
)

YES_OR_NO = re.compile(r"\W*(?:yes|no)\b(?=[.,;:!])", re.I)

# A name of digits and letters; "5th", "90s" and the period "Q3" are none.
PERIOD = r"q[1-4]|[1-4]q(?:\d\d)?|h[12]|fy(?:\d\d){1,2}"
CODE = re.compile(
    rf"(?=.*\d)(?=.*[^\W\d_])(?!(?:\d+(?:st|nd|rd|th|s|am|pm|k|m|bn|kg|km|cm|mm)|{PERIOD})$)\w+"
)

UNRELATED = Similarity(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage, with what speaks for it.

    ``score`` (any number, more is better) is what it is chosen by, ``signals`` what that is
    reckoned from, ``near`` how near it is to the question.
    """

    span: Span
    passage: Passage
    question: str
    signals: dict[str, float]
    score: float
    near: Similarity = UNRELATED

    @property
    def table(self) -> tuple[str, int] | None:
        """The table that the sentence is a row of: its source and start; None for other text."""
        block = self.span.document.block_at(self.span.start)
        table = block if block and block.kind is BlockKind.TABLE else None
        return (self.span.source, table.start) if table else None

    @property
    def is_label(self) -> bool:
        """Whether it only names something, as the number of a page does, and is no list's item."""
        block = self.span.document.block_at(self.span.start)
        named = len(self.span.text.split()) <= FRAGMENT
        return named and block is not None and block.kind is BlockKind.PARAGRAPH

    @property
    def quote(self) -> Span:
        """The sentence with what it is only understood with."""
        return with_context(self.span, self.question)

    @property
    def logit(self) -> float:
        """What the reader alone makes of it: any number, 0 is even odds."""
        return self.signals["sentence"]


def asks_for_several(question: str) -> bool:
    """Whether a question asks for all of something, or may have several answers."""
    return LISTS.match(question) is not None or SEVERAL.match(question) is not None


def choose(query: Query, every: Sequence[Evidence], doubtful: bool = False) -> tuple[Evidence, ...]:
    """The sentences that answer best, one to four, of a list up to eight: the best one leads.

    ``every`` are those that were ``judged``. The others follow by document. Where it is
    ``doubtful`` that the best one answers, up to three stand beside each other. Empty when no
    passage has a sentence of the kind that the question asks for.
    """
    every = _of_code(query, every)
    has = _terms_had(query, every)
    tables: dict[tuple[str, int], list[Evidence]] = {}
    for one in every:
        if one.table:
            tables.setdefault(one.table, []).append(one)
    lists, gathers = LISTS.match(query.asked) is not None, asks_for_several(query.asked)
    most = ITEMS if gathers else DOUBTFUL if doubtful else SENTENCES
    chosen: list[Evidence] = []
    for one in sorted(every, key=lambda one: -one.score):
        rows = tables.get(one.table, []) if one.table else []
        if any(has[one.span] < has[row.span] for row in rows):
            continue  # another row of the table has more of what is asked for
        if chosen and one.table and not chosen[0].table and not doubtful:
            continue  # beside a sentence that surely answers, a row of a table says too little
        worth = True
        if chosen:
            told = frozenset[str]().union(*(has[other.span] for other in chosen))
            alike = has[one.span] == has[chosen[0].span] != frozenset() or bool(
                (has[one.span] - told) & terms(_key(one))  # *shoes and a harness*
            )
            sibling = chosen[0] in rows and (lists or alike)
            near = one.score >= chosen[0].score - BELOW_BEST
            answers = (doubtful and not gathers) or sibling or one.logit >= FURTHER_LOGIT
            worth = (near and answers) or (lists and sibling)
        if worth and not _is_said(one.span, chosen):
            chosen.append(one)
        if len(chosen) == most:
            break
    return in_order(chosen, 0 if gathers else 1)


def _terms_had(query: Query, every: Sequence[Evidence]) -> dict[Span, frozenset[str]]:
    """The terms of a question that each sentence has, and its day, however that is written."""
    day, rest = date_asked(query.asked)
    of_day = {str(day), *(query.weights.keys() & terms(query.asked) - terms(rest))}
    has: dict[Span, frozenset[str]] = {}
    for one in every:
        there = query.weights.keys() & terms(one.span.text)
        told = day and day.day and any(is_of(date, day) for date in dates_in(one.span.text))
        has[one.span] = frozenset(there | of_day if told else there)
    return has


def _key(one: Evidence) -> str:
    """What a row is called by: its first cell; empty for other text."""
    cells = named_cells(one.span) if one.table else ()
    return cells[0][1] if cells else ""


def _of_code(query: Query, every: Sequence[Evidence]) -> Sequence[Evidence]:
    """The sentences that have the codes which a question names, as *E4* or *X0417*, if any has.

    What is nearest to a code in meaning is another one.
    """
    codes = {term for term in query.weights if CODE.fullmatch(term)}
    return [one for one in every if codes <= terms(with_header(one.span))] or every


def picked(query: Query, every: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The rows of a table that the question picks out by a column; none where it does not.

    Nor where a sentence of a text answers that names what is asked for, and not *cheapest* alone.
    The tables are tried as they were found.
    """
    best = max(every, key=lambda one: one.score, default=None)
    if best is None:
        return ()
    named = telling(extremes_left_out(query.asked)) & terms(in_its_place(best.span, best.passage))
    if not best.table and best.logit >= FURTHER_LOGIT and named:
        return ()
    tried = dict.fromkeys(
        one.table for one in sorted(every, key=lambda one: -one.signals["fused"]) if one.table
    )
    for table in tried:
        first = max((one for one in every if one.table == table), key=lambda one: one.score)
        rows = picked_rows(query.asked, first.span, asks_for_several(query.asked))
        if rows:
            return tuple(replace(first, span=row) for row in rows[:LONGEST_LIST])
    return ()


def in_order(chosen: Sequence[Evidence], leading: int = 0) -> tuple[Evidence, ...]:
    """Sentences as they read best: so many lead, the others by document, none is quoted twice."""
    kept = [
        one
        for at, one in enumerate(chosen)
        if not any(
            _holds(other, one) and (before < at or not _holds(one, other))
            for before, other in enumerate(chosen)
        )
    ]
    documents = list(dict.fromkeys(one.span.source for one in kept))
    further = sorted(
        kept[leading:], key=lambda one: (documents.index(one.span.source), one.span.start)
    )
    return (*kept[:leading], *further)


def confidence(
    query: Query,
    candidates: Sequence[Candidate],
    evidence: Sequence[Evidence],
    fitted: Calibration,
) -> float:
    """The calibrated probability (0 to 1) that the evidence holds the answer; 0 without any."""
    if not evidence:
        return 0.0
    return fitted.probability("answer", signals(query, candidates, evidence))


def signals(
    query: Query, candidates: Sequence[Candidate], evidence: Sequence[Evidence]
) -> dict[str, float]:
    """What the probability of an answer is reckoned from.

    The reader's logit of the best sentence; how near that is to the question in meaning, as a whole
    and word by word; the cosine of its passage, 0 where dense retrieval did not find it; and the
    logarithm of how many passages were searched, since the best of many looks good by chance. That
    a word is absent counts only by what the sentence lacks.
    """
    best = evidence[0]
    home = next(item for item in candidates if item.passage == best.passage)
    return {
        "sentence": best.logit,
        "near": best.near.whole,
        "matched": best.near.words,
        "cosine": home.scores["dense"][0] if "dense" in home.scores else 0.0,
        "passages": math.log(query.passages),
    }


def judged(query: Query, candidates: Sequence[Candidate], fitted: Calibration) -> list[Evidence]:
    """Every sentence that was read and holds what is asked for.

    It is chosen by the reader's logits of the sentence and of its passage, by how well the passage
    was found, by the shares of the query's weight that the sentence and the passage carry, and by
    how much nearer it is to the question in meaning than others are. That is asked of those that
    are best without it; no other one is nearer than any of these.
    """
    every = list(_read(query, candidates, fitted))
    best = sorted(every, key=lambda one: -one.score)[:COMPARED]
    compared = similarities(query.text, [in_its_place(one.span, one.passage) for one in best])
    if not compared:
        return []
    wholes, words = [near.whole for near in compared], [near.words for near in compared]
    middle, least = Similarity(fmean(wholes), fmean(words)), Similarity(min(wholes), min(words))
    near = {one.span: found for one, found in zip(best, compared, strict=True)}
    return [_nearer(one, near.get(one.span, least), middle, fitted) for one in every]


def _nearer(one: Evidence, near: Similarity, middle: Similarity, fitted: Calibration) -> Evidence:
    """A sentence of which it is known how near it is to the question.

    Less the middle: some questions are near to nothing, by how they are put.
    """
    nearer = {"similarity": near.whole - middle.whole, "words": near.words - middle.words}
    speaking = {**one.signals, **nearer}
    older = OLDER if (one.span.heading or "").startswith(QUOTED) else 0.0
    score = fitted.logit("sentence", speaking) - older
    return replace(one, near=near, signals=speaking, score=score)


def _read(query: Query, candidates: Sequence[Candidate], fitted: Calibration) -> Iterator[Evidence]:
    """Every sentence that was read and holds what is asked for, by what reading tells."""
    answer_type = expected_type(query.asked)
    of_papers = re.search(rf"\b{PAPERS}\b", query.text, re.I)
    of_messages = OF_MESSAGES.search(query.text)
    for candidate in candidates:
        for span, sentence_logit in candidate.judgement.sentences if candidate.judgement else ():
            if OF_ITSELF.match(span.text) and not of_papers:
                continue
            if span.document.is_header(span.start) or _is_title(span):
                continue  # it names what is told below it
            if SALUTATION.fullmatch(span.text):
                continue
            if span.heading == ENVELOPE and not of_messages:
                continue
            if YES_OR_NO.match(span.text) and _answers_another(span, query):
                continue
            told = with_header(span)
            # The cells of a table seldom have a currency: its header or its title has.
            bare = answer_type is AnswerType.MONEY and named_cells(span)
            held = AnswerType.NUMBER if bare else answer_type
            if not held or held.is_in(told):
                speaking = {
                    "sentence": sentence_logit,
                    "whole": candidate.signals["whole"],
                    "fused": candidate.fused,
                    "said": query.coverage(told),
                    "covered": candidate.coverage,
                }
                score = fitted.logit("sentence", speaking)
                yield Evidence(span, candidate.passage, query.text, speaking, score)


def _answers_another(span: Span, query: Query) -> bool:
    """Whether a *yes* or *no* is said to a question that shares nothing with the one asked.

    That is the heading above it, if it asks, or what stands before it, in someone's letter unseen.
    """
    above = span.heading or ""
    asked = above if above.rstrip().endswith("?") else with_context(span, query.asked).text
    return not query.weights.keys() & terms(asked)


def _is_title(span: Span) -> bool:
    """Whether a span is the title of its document, and no sentence."""
    return " ".join(span.text.split()) == span.title and not re.search("[.!?]", span.title)


def _holds(one: Evidence, other: Evidence) -> bool:
    """Whether the quote of one sentence has another one in it, on which it leans."""
    quote, span = one.quote, other.span
    return (
        one is not other
        and quote.source == span.source
        and (quote.start <= span.start and span.end <= quote.end)
    )


def _is_said(span: Span, chosen: Sequence[Evidence]) -> bool:
    """Whether one of the sentences before says the same, or more."""
    mine = telling(span.text)
    for other in chosen:
        theirs = telling(other.span.text)
        within = mine <= theirs or theirs <= mine
        if (within or alike(mine, theirs) > SAME_SENTENCE) and carries(other.span, span):
            return True
    return False


def alike(mine: frozenset[str], yours: frozenset[str]) -> float:
    """The share of common terms (Jaccard, 0 to 1) of two sentences."""
    return len(mine & yours) / (len(mine | yours) or 1)


def carries(one: Span, other: Span) -> bool:
    """Whether a sentence says all that another one does: each number, date, name and denial."""
    said = {token.key for token in tokens_of(one.text)}
    facts = {token.key for token in tokens_of(other.text) if token.is_fact}
    return facts <= said and not unsupported(other.text, [one.text])
