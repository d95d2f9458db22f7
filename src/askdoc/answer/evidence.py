"""From what was read to the sentences that answer, and the chance that they do.

A sentence counts by what the reader makes of it and its passage, by how well the passage was found,
and by the words of the question that it has. Where the question asks for an amount of money, a
number or a time, only sentences that hold one count at all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askdoc.answer.calibration import chance, weighed
from askdoc.answer.query import coverage, weights_of
from askdoc.answer.retrieve import Candidate
from askdoc.index.index import Index
from askdoc.types import Passage

MOST = 4  # sentences of an answer
NEAR = 1.5  # how far below the best sentence's score a further one may lie
GOOD = 0.0  # the reader's logit that a further one must reach in any case
ALIKE = 0.6  # share of common terms (Jaccard) from which two sentences say the same

NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|"
    r"million|billion|half|third|quarter|once|twice|both|single|several|none|no)\b"
)
TIME = (
    NUMBER + r"|\b(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:mid)?night|noon|dawn|dusk|mornings?|"
    r"evenings?|afternoons?|spring|summer|autumn|winter|easter|christmas|today|tomorrow|yesterday|"
    r"days?|weeks?|months?|years?|decades?|centur(?:y|ies)|ago|after|before|during|while|when|"
    r"until|since|always|never)\b"
)
MONEY = (
    r"[$€£¥₽₹₺₴֏]|\b(?:dollars?|euros?|pounds?|cents?|roubles?|rubles?|rupees?|yen|yuan|francs?|"
    r"drams?|usd|eur|gbp|chf|amd|kron(?:a|or|e|er)|zloty|manats?|pesos?|rand|liras?|baht|"
    r"riyals?|dirhams?|free of charge)\b|\d (?:thousand|million|billion|trillion)\b"
)
# What a question asks for, and what a sentence must then hold; the first that fits counts.
ASKED = [
    (re.compile(asked, re.I | re.S), re.compile(held, re.I))
    for asked, held in (
        (
            r"\bhow much\b.{0,99}\b(?:cost|pay|paid|spen[dt]|price|worth|earn|charge|budget)\w*",
            MONEY,
        ),
        (
            r"\b(?:what|which)\b.{0,30}\b(?:price|cost|budget|salary|fee)s?\b|\bhow expensive\b",
            MONEY,
        ),
        (
            r"\bhow (?:many|much|often|long|far|tall|wide|high|deep|heavy|large|big|old|fast)\b",
            NUMBER,
        ),
        (r"\bwhat (?:percent|percentage|proportion|number|share|age)\b", NUMBER),
        (r"^\W*(?:since |until |by )?when\b", TIME),
        (r"\b(?:what|which) (?:year|date|day|month|century|decade)\b", TIME),
    )
]

Judged = tuple[tuple[Passage, int, int], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage, by its offsets in the document.

    ``score`` (any number) is what it is chosen by, ``logit`` what the reader alone makes of it.
    """

    passage: Passage
    start: int
    end: int
    score: float
    logit: float

    @property
    def text(self) -> str:
        """The exact characters of the sentence."""
        return self.passage.document.text[self.start : self.end]


def evidence(query: str, found: Sequence[Candidate], index: Index) -> tuple[Evidence, ...]:
    """The one to four sentences that answer best: the best first, the others by document.

    Empty when no passage has a sentence of the kind that the question asks for.
    """
    every = [
        Evidence(*place, weighed("sentence", of), of["sentence"])
        for place, of in judged(query, found, index)
    ]
    order = sorted(every, key=lambda item: -item.score)
    chosen: list[Evidence] = []
    for item in order:
        if len(chosen) == MOST or item.score < order[0].score - NEAR:
            break
        if chosen and (item.logit < GOOD or any(_alike(item, other, index) for other in chosen)):
            continue
        chosen.append(item)
    documents = list(dict.fromkeys(item.passage.source for item in chosen))
    further = sorted(
        chosen[1:], key=lambda item: (documents.index(item.passage.source), item.start)
    )
    return (*chosen[:1], *further)


def confidence(
    query: str, found: Sequence[Candidate], chosen: Sequence[Evidence], index: Index
) -> float:
    """The calibrated chance (0 to 1) that the evidence holds the answer; 0 without any."""
    return chance("answer", signals(query, found, chosen, index)) if chosen else 0.0


def signals(
    query: str, found: Sequence[Candidate], chosen: Sequence[Evidence], index: Index
) -> dict[str, float]:
    """What the chance of an answer is reckoned from.

    The reader's logits of the best sentence, of its passage, and of the best passage beside it; the
    cosine of its passage; the share (0 to 1) of the weight of the query's terms that the sentence
    carries; the share of terms that no passage has; whether both legs found the passage, since a
    dense leg that did not gives no cosine.
    """
    best = chosen[0]
    home = next(item for item in found if item.passage == best.passage)
    others = [item.read.whole for item in found if item.read and item is not home]
    weights = weights_of(query, index)
    return {
        "sentence": best.logit,
        "whole": home.read.whole if home.read else 0.0,
        "beside": max(others, default=0.0),
        "cosine": home.scores["dense"][0] if "dense" in home.scores else 0.0,
        "said": coverage(best.text, weights, index),
        "unknown": sum(not index.stores.bm25.knows([term]) for term in weights) / len(weights)
        if weights
        else 1.0,
        "agreed": float(len(home.scores) == 2),
    }


def judged(query: str, found: Sequence[Candidate], index: Index) -> Iterator[Judged]:
    """Every sentence that was read and holds what is asked for, with what it is chosen by.

    That is the reader's logits of the sentence and of its passage, how well the passage was found,
    and the shares of the query's weight that the sentence and the passage with its title carry.
    """
    held = next((held for asked, held in ASKED if asked.search(query)), None)
    weights = weights_of(query, index)
    for item in found:
        if not item.read:
            continue
        for start, end, logit in item.read.sentences:
            if held is None or held.search(item.passage.document.text, start, end):
                said = coverage(item.passage.document.text[start:end], weights, index)
                yield (
                    (item.passage, start, end),
                    {
                        "sentence": logit,
                        "whole": item.read.whole,
                        "fused": item.fused,
                        "said": said,
                        "covered": item.covered,
                    },
                )


def _alike(one: Evidence, other: Evidence, index: Index) -> bool:
    """Whether two sentences share most of their terms, or one holds the other."""
    terms, others = index.stores.bm25.terms(one.text), index.stores.bm25.terms(other.text)
    shared = len(terms & others)
    return shared > ALIKE * len(terms | others) or shared == min(len(terms), len(others))
