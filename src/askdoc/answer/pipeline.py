"""The way of a question, once: what every step finds for a query.

Answers, searches, explanations, the LangChain retriever, the evaluation and the training scripts
all read the same findings.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from statistics import fmean

from askdoc.answer.calibration import Calibration, calibration
from askdoc.answer.disagreement import disagreeing
from askdoc.answer.evidence import Evidence, choose, confidence, judged, picked
from askdoc.answer.listing import listed
from askdoc.answer.query import Query, subqueries
from askdoc.answer.reader import read
from askdoc.answer.retrieve import Candidate, fold, join, rerank, retrieve
from askdoc.answer.similarity import similarities
from askdoc.answer.topic import topic_evidence, topic_first, topic_of, topic_told
from askdoc.index.embedder import embedder
from askdoc.index.index import Index
from askdoc.ingest.dates import date_asked, is_dated, tells
from askdoc.ingest.rows import with_header
from askdoc.settings import Settings
from askdoc.tuning import OF_ANOTHER_DATE, PICKED
from askdoc.types import Hit


@dataclass(frozen=True)
class Findings:
    """What the steps of one question found, in their order.

    ``retrieved`` is what both ways to find brought up, best first; ``candidates`` are those that
    do not repeat a better one, ``ranked`` the same after reading. ``evidence`` are the sentences
    that answer best, of all that was read, and ``confidence`` (0 to 1) is the probability that they
    do; under what the settings call sure they are ``alternatives`` to each other.
    ``calibrated`` tells whether it was fitted for the embedder and the reader in use.
    ``seconds`` tells what searching and reading took. ``parts`` are the findings of each of several
    questions in one, of which the others are put together. ``disagree`` are those of the evidence
    that contradict each other, the newest first.
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
    parts: tuple["Findings", ...] = ()
    disagree: tuple[Evidence, ...] = ()

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """The ``k`` best hits, best first, neighbours joined; some of each of several questions."""
        found = join(self.ranked, self.k)
        return tuple(sorted(found, key=lambda hit: -hit.score) if self.parts else found)


def load(settings: Settings) -> None:
    """Loads the models that ``find`` asks, so that the first question need not wait for them.

    Raises BadInput when one cannot be loaded.
    """
    embedder(settings.embedder).embed_query("")
    read("", (), settings.reader)
    similarities("", ())


def find(
    index: Index, query: Query, k: int | None = None, fitted: Calibration | None = None
) -> Findings:
    """What an index holds for a query; ``k`` hits are wanted, by default as many as it is set to.

    ``fitted`` are other weights than those for its embedder and reader. Raises BadInput when that
    reader cannot be loaded, or the weights for it cannot be read.
    """
    k, fitted = k or index.settings.k, fitted or calibration(index.settings)
    if query.questions:
        parts = [_one_of_several(index, part, k, fitted) for part in query.questions]
        return _together(query, parts, index.settings.threshold)
    found = _found(index, query, k, fitted)
    return _of_its_date(index, query, found, k, fitted) or found


def hits_of(index: Index, query: Query, k: int) -> tuple[Hit, ...]:
    """The ``k`` best hits that ``find`` has for a query, which no sentence is chosen for.

    But where they lie with the answer: of a topic, of a date, of several questions in one.
    """
    if any(topic_of(query)) or date_asked(query.text)[0] or query.questions:
        return find(index, query, k).hits
    candidates, settings = fold(retrieve(index, query)), index.settings
    return tuple(join(rerank(query, candidates, k, settings.reader, calibration(settings)), k))


def _found(index: Index, query: Query, k: int, fitted: Calibration) -> Findings:
    """What an index holds for one question."""
    began = time.perf_counter()
    retrieved = retrieve(index, query)
    topic = topic_of(query)
    candidates = topic_first(topic, fold(retrieved))
    searched = time.perf_counter()
    ranked = rerank(query, candidates, k, index.settings.reader, fitted)
    every = judged(query, ranked, fitted)
    rows = picked(query, every)
    headings = () if rows else listed(query, every)
    evidence = rows or headings or choose(query, every)
    told = PICKED if rows or headings else topic_told(topic, evidence)
    # Of headings no signal tells anything.
    sure = told if headings else max(confidence(query, ranked, evidence, fitted), told)
    doubtful = sure < index.settings.sure
    if doubtful and not (rows or headings):
        evidence = choose(query, every, doubtful)
    disagree = disagreeing(query.asked, evidence, every)
    evidence = (*disagree, *(one for one in evidence if one not in disagree))
    section, named = topic_evidence(topic, query, ranked, fitted)
    if named > sure:  # each section is told, whether they agree or not
        evidence, sure, ranked = section, named, topic_first(topic, ranked)
        doubtful, disagree = False, ()
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
        disagree=disagree,
    )


def _of_its_date(
    index: Index, query: Query, found: Findings, k: int, fitted: Calibration
) -> Findings | None:
    """What the documents hold that have the date which a question names; None where that is worse.

    The rules of 2021 answer *what was the limit in 2021?*, and do not name the year in each line.
    """
    asked, rest = date_asked(query.text)
    if asked is None:
        return None
    named = any(tells(with_header(one.span), asked) for one in found.evidence[:1])
    if named and found.confidence >= index.settings.sure:
        return None
    every = {item.passage.source: item.passage.document for item in found.retrieved}
    dated = [source for source, document in every.items() if is_dated(document, asked)]
    if not dated or len(dated) == len(every):
        return None
    other = _found(index, Query.of(rest, index, subqueries(rest), dated), k, fitted)
    foreign = any(one.span.source not in dated for one in found.evidence[:1])
    least = found.confidence * (OF_ANOTHER_DATE if foreign and not named else 1)
    return other if other.confidence >= least else None


def _one_of_several(index: Index, query: Query, k: int, fitted: Calibration) -> Findings:
    """What an index holds for one of several questions, with or without those before it."""
    if query.alone is None:
        return find(index, query, k, fitted)
    alone = find(index, query.alone, k, fitted)
    if not index.settings.threshold <= alone.confidence < index.settings.sure:
        return alone  # it is clear without them, or about something else
    return max(alone, find(index, query, k, fitted), key=lambda found: found.confidence)


def _together(query: Query, parts: Sequence[Findings], threshold: float) -> Findings:
    """What was found for each of several questions in one, by turns.

    The confidence is that of the least sure; where one is not answered, it is the mean.
    """
    sure = [part.confidence for part in parts]
    return replace(
        parts[0],
        query=query,
        retrieved=_by_turns([part.retrieved for part in parts]),
        candidates=_by_turns([part.candidates for part in parts]),
        ranked=_by_turns([part.ranked for part in parts]),
        evidence=tuple(one for part in parts for one in part.evidence),
        confidence=min(sure) if min(sure) >= threshold else fmean(sure),
        seconds={step: sum(part.seconds[step] for part in parts) for step in parts[0].seconds},
        parts=tuple(parts),
        disagree=(),  # each part has its own
    )


def _by_turns(lists: Sequence[Sequence[Candidate]]) -> tuple[Candidate, ...]:
    """The first of each list, then the second of each, and so on; each passage once."""
    mixed = (item for row in zip_longest(*lists) for item in row if item)
    once: dict[str, Candidate] = {}
    for item in mixed:
        once.setdefault(item.passage.id, item)
    return tuple(once.values())
