"""Why a document was used for a question, or which step lost it."""

import difflib
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from askdoc.answer.pipeline import Findings
from askdoc.answer.retrieve import WAYS, Candidate
from askdoc.errors import BadInput
from askdoc.index.index import Index
from askdoc.tuning import DEPTH, READ


class Stage(StrEnum):
    """How far a document came, from the first step on."""

    NOT_INDEXED = "not indexed"
    NOT_FOUND = "not found"
    REPEATS_ANOTHER = "repeats another"
    FUSED_TOO_LOW = "fused too low"
    NO_SENTENCE_CHOSEN = "no sentence chosen"
    JUDGED_UNANSWERABLE = "judged unanswerable"
    USED = "used"

    @property
    def steps(self) -> int:
        """How many steps it passed."""
        return list(Stage).index(self)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How far a document came, in words and in numbers: the step that lost it, or *used*."""

    query: str
    source: str
    stage: Stage
    why: str
    scores: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON values."""
        return asdict(self)


def explain(index: Index, findings: Findings, source: str) -> Explanation:
    """How far a document came, by what was found for a query.

    Raises BadInput when the corpus has no such document.
    """
    source = index.spelt(source)
    unread = _unread(index, source)
    if unread:
        return Explanation(findings.query.text, source, Stage.NOT_INDEXED, unread)
    stage, why, scores = (
        _not_found(index, findings, source)
        or _fused_too_low(findings, source)
        or _read(findings, source, index.settings.threshold)
    )
    return Explanation(findings.query.text, source, stage, why, scores)


Verdict = tuple[Stage, str, dict[str, float]]


def _not_found(index: Index, findings: Findings, source: str) -> Verdict | None:
    """What to say of a document that neither way to find brought up, or only as a repetition."""
    if any(item.passage.source == source for item in findings.candidates):
        return None
    if any(item.passage.source == source for item in findings.retrieved):
        why = "its passages repeat, nearly word for word, what a better one says"
        return Stage.REPEATS_ANOTHER, why, {}
    cosines = index.cosines(findings.query.text, index.passages(source))
    scores = {"dense score": max(cosines)} if cosines else {}
    for way in WAYS:
        last = [item.scores[way][0] for item in findings.candidates if way in item.scores]
        if last:
            scores[f"{way} score of the last found"] = min(last)
    why = (
        f"none of its passages is among the first {DEPTH} by meaning or by words: "
        "both are further from the question than theirs"
    )
    return Stage.NOT_FOUND, why, scores


def _fused_too_low(findings: Findings, source: str) -> Verdict | None:
    """What to say of a document that was found, but not near enough to the top to be read."""
    place, best = _best(findings.candidates, source)
    read = max(findings.k, READ)
    if place <= read:
        return None
    why = f"its best passage is number {place} of all that was found; {read} are read"
    last = {"fused of the last read": findings.candidates[read - 1].fused}
    return Stage.FUSED_TOO_LOW, why, _found_scores(place, best) | last


def _read(findings: Findings, source: str, threshold: float) -> Verdict:
    """What came of a document of which something was read."""
    place, best = _best(findings.ranked, source)
    evidence = findings.evidence
    scores = _found_scores(*_best(findings.candidates, source)) | {
        "score": best.score,
        "rank": place,
        "passage logit": best.judgement.whole if best.judgement else 0.0,
        "best sentence logit": best.judgement.best if best.judgement else 0.0,
        "confidence": findings.confidence,
        "threshold": threshold,
    }
    if evidence:
        scores["logit of the chosen sentence"] = evidence[0].logit
    if not any(sentence.span.source == source for sentence in evidence):
        other = f": {evidence[0].span.source} has a better one" if evidence else ""
        why = f"none of its sentences answers well enough{other}"
        return Stage.NO_SENTENCE_CHOSEN, why, scores
    if findings.confidence < threshold:
        why = (
            "its sentence was chosen, but the probability that it answers is "
            f"{findings.confidence:.2f}; {threshold:.2f} is asked for"
        )
        return Stage.JUDGED_UNANSWERABLE, why, scores
    return Stage.USED, "the answer quotes it", scores


def _best(candidates: tuple[Candidate, ...], source: str) -> tuple[int, Candidate]:
    """The best passage of a document that was found, with its place from 1."""
    places = enumerate(candidates, 1)
    return next((place, item) for place, item in places if item.passage.source == source)


def _found_scores(place: int, candidate: Candidate) -> dict[str, float]:
    """How a passage stood in each way to find, and in both together."""
    scores = {f"{way} score": score for way, (score, _) in candidate.scores.items()}
    scores |= {f"{way} rank": rank + 1 for way, (_, rank) in candidate.scores.items()}
    return scores | {"fused": candidate.fused, "fused rank": place}


def _unread(index: Index, source: str) -> str:
    """Why a document has no passages; empty where it has some."""
    reports = {report.source: report for report in index.reports()}
    if source not in reports:
        similar = difflib.get_close_matches(source, reports, 1, 0.5)
        meant = f"; did you mean {similar[0]}?" if similar else ""
        raise BadInput(f"there is no document {source} in the index{meant}")
    report = reports[source]
    if report.passages:
        return ""
    why = f" ({report.why})" if report.why else ""
    return f"{report.status}{why}: nothing of it is in the index"
