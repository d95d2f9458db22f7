"""From what was read to the sentences that answer, and the probability that they do.

A sentence counts by what the reader makes of it and its passage, by how well the passage was found,
and by the words of the question that it has. Where the question asks for an amount of money, a
number or a time, only sentences that hold one count at all.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askdoc.answer.answer_types import expected_type
from askdoc.answer.calibration import logit, probability
from askdoc.answer.query import Query
from askdoc.answer.retrieve import Candidate
from askdoc.answer.verify.claims import unsupported
from askdoc.answer.verify.tokens import tokens_of
from askdoc.index.bm25 import terms
from askdoc.ingest.chunker import sentences
from askdoc.tuning import BELOW_BEST, FURTHER_LOGIT, SAME_SENTENCE, SENTENCES
from askdoc.types import BlockKind, Passage, Span

PAPERS = r"(?:page|document|file|section|chapter|report|article|paper|note|table|figure)s?"
# What a document says of itself, which answers nothing but a question about it.
OF_ITSELF = re.compile(
    rf"\W*(?:this|the following|the present) {PAPERS} (?:also )?"
    r"(?:gives?|describes?|lists?|contains?|covers?|shows?|restates?|provides?|presents?|"
    r"summari[sz]es?|is (?:about|intended|meant))\b",
    re.I,
)
# How a sentence begins that is only understood after the one before it.
LEANS = re.compile(
    r"\W*(?:it|its|they|their|them|he|his|him|she|her|both|these|those|this|that|such|"
    r"the (?:same|latter|former|other|two|three)|"
    r"(?:in|at|by|after|before|because of|as a result of|for|with|under|of|on|since) "
    r"(?:it|them|him|her|this|that|these|those|which|both))\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage, with what speaks for it.

    ``score`` (any number) is what it is chosen by, ``logit`` what the reader alone makes of it, and
    ``signals`` what the score is reckoned from.
    """

    span: Span
    passage: Passage
    signals: dict[str, float]

    @property
    def quote(self) -> Span:
        """The sentence, with the one before it in its paragraph where it leans on that one."""
        document, start = self.span.document, self.span.start
        block = document.block_at(start)
        if block is None or block.kind is BlockKind.TABLE or not LEANS.match(self.span.text):
            return self.span
        before = sentences(document, block.start, start)
        return Span(document, before[-1][0], self.span.end) if before else self.span

    @property
    def score(self) -> float:
        """What it is chosen by: any number, more is better."""
        return logit("sentence", self.signals)

    @property
    def logit(self) -> float:
        """What the reader alone makes of it: any number, 0 is even odds."""
        return self.signals["sentence"]


def choose(query: Query, candidates: Sequence[Candidate]) -> tuple[Evidence, ...]:
    """The one to four sentences that answer best: the best first, the others by document.

    Empty when no passage has a sentence of the kind that the question asks for.
    """
    order = sorted(judged(query, candidates), key=lambda sentence: -sentence.score)
    chosen: list[Evidence] = []
    for sentence in order:
        if len(chosen) == SENTENCES or sentence.score < order[0].score - BELOW_BEST:
            break
        if chosen and (sentence.logit < FURTHER_LOGIT or _is_said(sentence.span, chosen)):
            continue
        chosen.append(sentence)
    return in_order(chosen, 1)


def in_order(chosen: Sequence[Evidence], leading: int = 0) -> tuple[Evidence, ...]:
    """Sentences as they read best: so many lead, the others by document, none is quoted twice."""
    kept = [one for one in chosen if not any(_holds(other, one) for other in chosen)]
    documents = list(dict.fromkeys(one.span.source for one in kept))
    further = sorted(
        kept[leading:], key=lambda one: (documents.index(one.span.source), one.span.start)
    )
    return (*kept[:leading], *further)


def confidence(
    query: Query, candidates: Sequence[Candidate], evidence: Sequence[Evidence]
) -> float:
    """The calibrated probability (0 to 1) that the evidence holds the answer; 0 without any."""
    return probability("answer", signals(query, candidates, evidence)) if evidence else 0.0


def signals(
    query: Query, candidates: Sequence[Candidate], evidence: Sequence[Evidence]
) -> dict[str, float]:
    """What the probability of an answer is reckoned from.

    The reader's logits of the best sentence and of its passage; the cosine of its passage, 0 where
    dense retrieval did not find it; the share (0 to 1) of the weight of the query's terms that the
    sentence carries; and the logarithm of how many passages were searched, since the best of many
    looks good by chance. That a word is absent counts only by what the sentence lacks.
    """
    best = evidence[0]
    home = next(item for item in candidates if item.passage == best.passage)
    return {
        "sentence": best.logit,
        "whole": home.judgement.whole if home.judgement else 0.0,
        "cosine": home.scores["dense"][0] if "dense" in home.scores else 0.0,
        "said": query.coverage(best.span.text),
        "passages": math.log(query.passages),
    }


def judged(query: Query, candidates: Sequence[Candidate]) -> Iterator[Evidence]:
    """Every sentence that was read and holds what is asked for.

    It is chosen by the reader's logits of the sentence and of its passage, by how well the passage
    was found, and by the shares of the query's weight that the sentence and the passage carry.
    """
    answer_type = expected_type(query.text)
    of_papers = re.search(rf"\b{PAPERS}\b", query.text, re.I)
    for candidate in candidates:
        for span, sentence_logit in candidate.judgement.sentences if candidate.judgement else ():
            if OF_ITSELF.match(span.text) and not of_papers:
                continue
            if span.document.is_header(span.start) or _is_title(span):
                continue  # it names what is told below it
            if not answer_type or answer_type.is_in(span.document.text, span.start, span.end):
                yield Evidence(
                    span,
                    candidate.passage,
                    {
                        "sentence": sentence_logit,
                        "whole": candidate.signals["whole"],
                        "fused": candidate.fused,
                        "said": query.coverage(span.text),
                        "covered": candidate.coverage,
                    },
                )


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
    mine = terms(span.text)
    for other in chosen:
        theirs = terms(other.span.text)
        within = mine <= theirs or theirs <= mine
        if (within or alike(span, other.span) > SAME_SENTENCE) and carries(other.span, span):
            return True
    return False


def alike(one: Span, other: Span) -> float:
    """The share of common terms (Jaccard, 0 to 1) of two sentences."""
    mine, yours = terms(one.text), terms(other.text)
    return len(mine & yours) / (len(mine | yours) or 1)


def carries(one: Span, other: Span) -> bool:
    """Whether a sentence says all that another one does: each number, date, name and denial."""
    said = {token.key for token in tokens_of(one.text)}
    facts = {token.key for token in tokens_of(other.text) if token.is_fact}
    return facts <= said and not unsupported(other.text, [one.text])
