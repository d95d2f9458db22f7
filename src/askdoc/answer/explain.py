"""Why a document was used for a question, or which step lost it."""

import difflib
from dataclasses import asdict, dataclass, field
from typing import Any

from askdoc.answer.evidence import confidence, evidence
from askdoc.answer.query import Query
from askdoc.answer.retrieve import DEPTH, LEGS, READ, Candidate, candidates, reranked
from askdoc.errors import BadInput
from askdoc.index.index import Index

STAGES = (
    "not indexed",
    "not found",
    "repeats another",
    "fused too low",
    "reranked too low",
    "no sentence chosen",
    "judged unanswerable",
    "used",
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How far a document came, in words and in numbers.

    ``stage`` is one of ``STAGES``: the step that lost the document, or ``used``.
    """

    query: str
    source: str
    stage: str
    why: str
    scores: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON values."""
        return asdict(self)


def explain(index: Index, query: Query, source: str) -> Explanation:
    """How far a document came for a query; raises BadInput when the corpus has no such document."""
    unread = _unread(index, source)
    if unread:
        return Explanation(query.text, source, "not indexed", unread)
    found = candidates(index, query)
    mine = [item for item in found if item.passage.source == source]
    if not mine:
        return _not_found(index, query, source, found)
    place = found.index(mine[0]) + 1
    scores = {f"{leg} score": score for leg, (score, _) in mine[0].scores.items()}
    scores |= {f"{leg} rank": rank + 1 for leg, (_, rank) in mine[0].scores.items()}
    scores |= {"fused": mine[0].fused, "fused rank": place}
    k = index.settings.k
    most = max(k, READ)
    if place > most:
        why = f"its best passage is number {place} of both legs together; {most} are read"
        scores["fused of the last read"] = found[most - 1].fused
        return Explanation(query.text, source, "fused too low", why, scores)
    ranked = reranked(index, query, found, k)
    return _read(index, query, source, ranked, scores)


def _read(
    index: Index, query: Query, source: str, ranked: list[Candidate], scores: dict[str, float]
) -> Explanation:
    """What came of a document of which something was read."""
    best = next(item for item in ranked if item.passage.source == source)
    place, k = ranked.index(best) + 1, index.settings.k
    chosen = evidence(query.text, ranked[:k], index)
    certain = confidence(query.text, ranked[:k], chosen, index)
    scores |= {
        "score": best.score,
        "rank": place,
        "passage logit": best.read.whole if best.read else 0.0,
        "best sentence logit": best.read.best if best.read else 0.0,
        "confidence": certain,
        "threshold": index.settings.threshold,
    }
    if chosen:
        scores["logit of the chosen sentence"] = chosen[0].logit

    def told(stage: str, why: str) -> Explanation:
        return Explanation(query.text, source, stage, why, scores)

    if not any(item.passage.source == source for item in chosen):
        if place > k:
            return told(
                "reranked too low",
                f"reading put its best passage on place {place}; {k} are hits",
            )
        other = f": {chosen[0].passage.source} has a better one" if chosen else ""
        return told("no sentence chosen", f"none of its sentences answers well enough{other}")
    if certain < index.settings.threshold:
        return told(
            "judged unanswerable",
            f"its sentence was chosen, but the chance that it answers is {certain:.2f}; "
            f"{index.settings.threshold:.2f} is asked for",
        )
    return told("used", "the answer quotes it")


def _not_found(index: Index, query: Query, source: str, found: list[Candidate]) -> Explanation:
    """What to say of a document that neither leg brought up."""
    ids = [id for id, place in index.stores.manifest.sources().items() if place == source]
    scores: dict[str, float] = {}
    ranking = [passage for leg in index.search(query.text, DEPTH) for passage, _ in leg]
    if any(passage.source == source for passage in ranking):
        why = "its passages repeat, nearly word for word, what a better one says"
        return Explanation(query.text, source, "repeats another", why)
    asked = index.embedder.embed_query(query.text)
    cosines = [
        sum(a * b for a, b in zip(asked, vector, strict=True))
        for vector in index.stores.dense.get(ids).values()
    ]
    if cosines:
        scores["dense score"] = max(cosines)
    for leg in LEGS:
        last = [item.scores[leg][0] for item in found if leg in item.scores]
        if last:
            scores[f"{leg} score of the last found"] = min(last)
    why = (
        f"none of its passages is among the first {DEPTH} of either leg: "
        "its words and its meaning are further from the question than theirs"
    )
    return Explanation(query.text, source, "not found", why, scores)


def _unread(index: Index, source: str) -> str:
    """Why a document has no passages; empty where it has some."""
    files = index.stores.manifest.files()
    if source not in files:
        near = difflib.get_close_matches(source, files, 1, 0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise BadInput(f"there is no document {source} in the index{meant}")
    file_report = files[source].report
    if file_report.passages:
        return ""
    why = f" ({file_report.why})" if file_report.why else ""
    return f"{file_report.status}{why}: nothing of it is in the index"
