"""The way of a question, once: what every step finds for a query.

Answers, searches, explanations, the LangChain retriever, the evaluation and the training scripts
all read the same findings.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from askdoc.answer.calibration import Calibration, calibration
from askdoc.answer.evidence import Evidence, choose, confidence
from askdoc.answer.query import Query
from askdoc.answer.retrieve import Candidate, fold, join, rerank, retrieve
from askdoc.answer.topic import topic_evidence, topic_first, topic_of
from askdoc.index.index import Index
from askdoc.types import Hit


@dataclass(frozen=True)
class Findings:
    """What the steps of one question found, in their order.

    ``retrieved`` is what both ways to find brought up, best first; ``candidates`` are those that
    do not repeat a better one, ``ranked`` the same after reading. ``evidence`` are the sentences
    that answer best, of all that was read, and ``confidence`` (0 to 1) is the probability that they
    do; under what the settings call sure they are ``alternatives`` to each other.
    ``calibrated`` tells whether it was fitted for the embedder and the reader in use.
    ``seconds`` tells what searching and reading took.
    """

    query: Query
    k: int
    retrieved: tuple[Candidate, ...]
    candidates: tuple[Candidate, ...]
    ranked: tuple[Candidate, ...]
    evidence: tuple[Evidence, ...]
    confidence: float
    alternatives: bool
    seconds: Mapping[str, float]
    calibrated: bool

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """The ``k`` best hits, best first, neighbours joined."""
        return tuple(join(self.ranked, self.k))


def find(
    index: Index, query: Query, k: int | None = None, fitted: Calibration | None = None
) -> Findings:
    """What an index holds for a query; ``k`` hits are wanted, by default as many as it is set to.

    ``fitted`` are other weights than those for its embedder and reader. Raises BadInput when that
    reader cannot be loaded, or the weights for it cannot be read.
    """
    k, fitted = k or index.settings.k, fitted or calibration(index.settings)
    began = time.perf_counter()
    retrieved = retrieve(index, query)
    topic = topic_of(query)
    candidates = topic_first(topic, fold(retrieved))
    searched = time.perf_counter()
    ranked = rerank(query, candidates, k, index.settings.reader, fitted)
    evidence = choose(query, ranked, fitted)
    sure = confidence(query, ranked, evidence, fitted)
    doubtful = sure < index.settings.sure
    if doubtful:
        evidence = choose(query, ranked, fitted, doubtful)
    section, named = topic_evidence(topic, query, ranked, fitted)
    if named > sure:
        evidence, sure, ranked = section, named, topic_first(topic, ranked)
        doubtful = False
    seconds = {"search": searched - began, "read": time.perf_counter() - searched}
    return Findings(
        query,
        k,
        tuple(retrieved),
        tuple(candidates),
        tuple(ranked),
        evidence,
        sure,
        doubtful,
        seconds,
        fitted.fits,
    )
