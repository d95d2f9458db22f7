"""From a query to ranked hits: both ways to find fused, the best read, neighbours joined."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from askdoc.answer.calibration import Calibration
from askdoc.answer.query import Query
from askdoc.answer.reader import Judgement, read
from askdoc.answer.terms import CAPITAL, DENIALS, any_of
from askdoc.index.bm25 import terms
from askdoc.index.index import Index
from askdoc.tuning import (
    APART,
    DENSE_SHARE,
    DEPTH,
    FOLDED,
    JOINED,
    NEAR_DUPLICATE,
    READ,
    SUBQUERY_SHARE,
)
from askdoc.types import Hit, Passage

# What repetitions must have in common
FACT = re.compile(rf"\d[\d.,]*\d|\d|\b{CAPITAL}\w+|\b(?i:{any_of(DENIALS)})\b|n['’]t\b")
WAYS = {"dense": DENSE_SHARE, "lexical": 1 - DENSE_SHARE}
"""The two ways to find passages, with their shares of the fusion."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage on its way to become a hit.

    ``scores`` has, for each way that found it, its score there and its rank (from 0); ``fused`` is
    0 to 1. Those that were read have a ``judgement``, and in ``coverage`` the share (0 to 1) of the
    query's weight that they carry. ``score`` (0 to 1) is what ranks.
    """

    passage: Passage
    scores: Mapping[str, tuple[float, int]]
    fused: float
    judgement: Judgement | None = None
    coverage: float = 0.0
    score: float = 0.0

    @property
    def signals(self) -> dict[str, float]:
        """What the probability that the passage is right is reckoned from; read ones have it."""
        if self.judgement is None:
            return {}
        return {
            "fused": self.fused,
            "whole": self.judgement.whole,
            "sentence": self.judgement.best,
            "covered": self.coverage,
        }


def retrieve(index: Index, query: Query) -> list[Candidate]:
    """What both ways find for a query and its subqueries, fused, best first.

    Each way's scores are stretched over 0 to 1 and added by weight (Bruch, Gai and Ingber, 2023);
    a subquery adds what it alone would give.
    """
    whole, *parts = [_fused(index, text, query.sources) for text in (query.text, *query.subqueries)]
    candidates = {**whole}
    for part in parts:
        for id, candidate in part.items():
            candidates.setdefault(id, replace(candidate, fused=0.0))
    total = {
        id: candidate.fused
        + SUBQUERY_SHARE * max((part[id].fused for part in parts if id in part), default=0.0)
        for id, candidate in candidates.items()
    }
    highest = 1 + (SUBQUERY_SHARE if parts else 0)
    ranked = sorted(total, key=total.__getitem__, reverse=True)  # stable: equals stay as found
    return [replace(candidates[id], fused=total[id] / highest) for id in ranked]


def fold(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those, near the top, that say the same as a better one."""
    kept: list[Candidate] = []
    seen: list[tuple[frozenset[str], str]] = []
    for candidate in islice(candidates, FOLDED):
        text = candidate.passage.text
        words = terms(text)
        if not any(
            len(words & other) > NEAR_DUPLICATE * len(words | other)
            and set(FACT.findall(text)) == set(FACT.findall(before))
            for other, before in seen
        ):
            kept.append(candidate)
            seen.append((words, text))
    return [*kept, *candidates[FOLDED:]]


def rerank(
    query: Query, candidates: Sequence[Candidate], k: int, reader: str, fitted: Calibration
) -> list[Candidate]:
    """The candidates by their probability of being right, ``k`` of them (or twelve) read."""
    first, rest = candidates[: max(k, READ)], candidates[max(k, READ) :]
    judgements = read(query.text, [candidate.passage for candidate in first], reader)
    judged = []
    for candidate, judgement in zip(first, judgements, strict=True):
        coverage = query.coverage(candidate.passage.indexed_text)
        candidate = replace(candidate, judgement=judgement, coverage=coverage)
        judged.append(replace(candidate, score=fitted.probability("ranking", candidate.signals)))
    judged.sort(key=lambda candidate: -candidate.score)
    # What was not read comes after what was, in the order of the fusion.
    share = judged[-1].score / (rest[0].fused or 1.0) if rest else 0.0
    return judged + [replace(candidate, score=share * candidate.fused) for candidate in rest]


def join(ranked: Sequence[Candidate], k: int) -> list[Hit]:
    """The ``k`` best hits, best first; a passage next to a better one joins it.

    A hit is a passage, or up to three neighbours of one section that were all found.
    """
    hits: list[Hit] = []
    sizes: list[int] = []
    for candidate in ranked[: JOINED * k]:
        for at, hit in enumerate(hits):
            if sizes[at] < JOINED and _neighbours(hit.passage, candidate.passage):
                hits[at] = _joined(hit, candidate)
                sizes[at] += 1
                break
        else:
            hits.append(Hit(candidate.passage, candidate.score, tuple(candidate.scores)))
            sizes.append(1)
    return hits[:k]


def _fused(index: Index, text: str, sources: Sequence[str]) -> dict[str, Candidate]:
    """What both ways find for one text, by id."""
    candidates: dict[str, Candidate] = {}
    rankings = index.search(text, DEPTH, sources)
    for (way, share), ranking in zip(WAYS.items(), rankings, strict=True):
        # A way that found fewer than it may give has found all there is: its worst is no zero.
        low = ranking[-1][1] if len(ranking) == DEPTH else 0.0
        width = ranking[0][1] - low if ranking else 0.0
        for rank, (passage, score) in enumerate(ranking):
            candidate = candidates.get(passage.id) or Candidate(passage, {}, 0.0)
            candidates[passage.id] = replace(
                candidate,
                scores={**candidate.scores, way: (score, rank)},
                fused=candidate.fused + share * ((score - low) / width if width > 0 else 1.0),
            )
    return candidates


def _neighbours(one: Passage, other: Passage) -> bool:
    """Whether two passages follow each other in one section of one document."""
    if one.source != other.source or one.heading != other.heading:
        return False
    between = one.document.text[min(one.end, other.end) : max(one.start, other.start)]
    return len(between) <= APART and not any(map(str.isalnum, between))


def _joined(hit: Hit, candidate: Candidate) -> Hit:
    """A hit with a neighbour."""
    one, other = hit.passage, candidate.passage
    passage = Passage(one.document, min(one.start, other.start), max(one.end, other.end))
    return Hit(passage, hit.score, tuple(dict.fromkeys((*hit.found_by, *candidate.scores))))
