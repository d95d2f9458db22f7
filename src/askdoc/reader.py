"""Reads the hits: which of their sentences answer the question, and how likely it is that they do.

A sentence counts by its cosine to the query and by the share of the query's telling words that it
has. Where the question asks for an amount of money, a number or a time, only sentences that hold
one count at all.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul

from askdoc.chunker import sentences
from askdoc.index import Index
from askdoc.types import Hit, Passage

MOST = 4  # sentences of an answer
NEAR = 0.85  # of the best sentence's score: what a further sentence must reach
ALIKE = 0.6  # share of common terms (Jaccard) from which two sentences say the same
HIT_WEIGHT = 0.3  # of the hit's own score in that of its sentences

# Fitted by `evals/measure.py --fit` on the tuning half of a public set; rounded.
COSINE_WEIGHT, COVERAGE_WEIGHT, BIAS = 14.5, 6.8, -10.2

FUNCTION_WORDS = (
    "who whom whose what which when where why how many much did does do was were is are been be "
    "have has had can could should would may might will i me my we us our you your about from "
    "after before during than any some most more name called type kind term word there his her he "
    "she its their him them many often tell say said according"
)
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
    r"drams?|usd|eur|gbp|free of charge)\b"
)
# What a question asks for, and what a sentence must then hold; the first that fits counts.
ASKED = [
    (re.compile(asked, re.I | re.S), re.compile(held, re.I))
    for asked, held in (
        (
            r"\bhow much\b.*\b(?:cost|pay|paid|spen[dt]|price|worth|earn|charge|budget|money)\w*",
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


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a hit, by its offsets in the document.

    ``cosine`` (-1 to 1) is between the query and the sentence with its title and heading in
    front; ``coverage`` (0 to 1) is the share of the query's weight that its passage carries.
    """

    passage: Passage
    start: int
    end: int
    score: float
    cosine: float
    coverage: float

    @property
    def text(self) -> str:
        """The exact characters of the sentence."""
        return self.passage.document.text[self.start : self.end]


def evidence(query: str, hits: Sequence[Hit], index: Index) -> tuple[Evidence, ...]:
    """The one to four sentences that answer best: the best first, the others by document.

    Empty when no hit has a sentence of the kind that the question asks for.
    """
    ranked = sorted(_scored(query, hits, index), key=lambda item: -item.score)
    chosen: list[Evidence] = []
    for item in ranked:
        if len(chosen) == MOST or item.score < NEAR * ranked[0].score:
            break
        if not any(_alike(item, other, index) for other in chosen):
            chosen.append(item)
    documents = list(dict.fromkeys(item.passage.source for item in chosen))
    further = sorted(
        chosen[1:], key=lambda item: (documents.index(item.passage.source), item.start)
    )
    return (*chosen[:1], *further)


def confidence(found: Sequence[Evidence]) -> float:
    """The chance (0 to 1) that the best of the evidence answers the question; 0 without any."""
    if not found:
        return 0.0
    best = max(found, key=lambda item: item.score)
    weighed = COSINE_WEIGHT * best.cosine + COVERAGE_WEIGHT * best.coverage + BIAS
    return 1 / (1 + math.exp(-weighed))


def _scored(query: str, hits: Sequence[Hit], index: Index) -> list[Evidence]:
    """Every sentence of the hits that holds what is asked for, with its score."""
    held = next((held for asked, held in ASKED if asked.search(query)), None)
    spans = {
        (hit.passage.source, start, end): hit
        for hit in reversed(hits)  # so that a sentence of two hits counts with the better one
        for start, end in sentences(hit.passage.document, hit.passage.start, hit.passage.end)
        if held is None or held.search(hit.passage.document.text, start, end)
    }
    if not spans:
        return []
    weights = _weights(query, index)
    texts = [hit.passage.document.text[start:end] for (_, start, end), hit in spans.items()]
    passages = [hit.passage for hit in spans.values()]
    framed = [
        ": ".join(part for part in (passage.title, passage.heading, passage.header, text) if part)
        for passage, text in zip(passages, texts, strict=True)
    ]
    asked, *vectors = index.embedder.embed_documents([query, *framed])
    scored = []
    for (_, start, end), hit, text, vector in zip(
        spans, spans.values(), texts, vectors, strict=True
    ):
        cosine = _cosine(asked, vector)
        score = cosine + _coverage(text, weights, index) + HIT_WEIGHT * hit.score
        coverage = _coverage(hit.passage.indexed_text, weights, index)
        scored.append(Evidence(hit.passage, start, end, score, cosine, coverage))
    return scored


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of two vectors of one length; 0 when one of them is zero."""
    size = math.hypot(*one) * math.hypot(*other)
    return sum(map(mul, one, other)) / size if size else 0.0


def _weights(query: str, index: Index) -> dict[str, float]:
    """The query's telling terms with their weights; all of its terms, when none tells."""
    terms = index.parts.lexicon.terms(query)
    return index.parts.lexicon.weights(terms - index.parts.lexicon.terms(FUNCTION_WORDS) or terms)


def _coverage(text: str, weights: Mapping[str, float], index: Index) -> float:
    """The share (0 to 1) of the weights that belongs to terms of the text."""
    terms = index.parts.lexicon.terms(text)
    total = sum(weights.values())
    return (
        sum(weight for term, weight in weights.items() if term in terms) / total if total else 0.0
    )


def _alike(one: Evidence, other: Evidence, index: Index) -> bool:
    """Whether two sentences share most of their terms, or one holds the other."""
    terms, others = index.parts.lexicon.terms(one.text), index.parts.lexicon.terms(other.text)
    shared = len(terms & others)
    return shared > ALIKE * len(terms | others) or shared == min(len(terms), len(others))
