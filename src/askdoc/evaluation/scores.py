"""What one answer to one question is worth, and where a failing one was lost."""

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from askdoc.answer.query import History
from askdoc.assistant import Assistant
from askdoc.evaluation import metrics
from askdoc.evaluation.judge import Judge, Verdict
from askdoc.evaluation.metrics import Span
from askdoc.evaluation.questions import Corpus, Question
from askdoc.types import Answer, Citation, Hit

DEPTH = 20  # hits that a ranking is made of
RECALLS = (1, 2, 3, 5, 10)
EXPLAINED = 3  # relevant documents that a failing question is explained by
KEPT_CITATION = ("number", "source", "start", "end", "quote")
MARKERS = re.compile(r"\s*\[\d+\]")
KEPT_HIT = ("source", "start", "end", "score", "found_by")  # its text is in the corpus
PLACES = 4  # decimals: the last bits differ from machine to machine


class System(Protocol):
    """What can be measured: it answers questions and gives hits, as ``Assistant`` does."""

    def ask(self, question: str, history: History = ()) -> Answer:
        """The answer to a question, after earlier turns."""
        ...

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The ``k`` best hits, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question; every field is a JSON value, seconds are kept elsewhere.

    ``right`` is None where nothing is known of the answer; ``lost`` is the stage at which a wrong
    one was lost; ``history`` counts the earlier turns; ``certainty`` is empty in old runs.
    ``judged`` is what a judge says of an answer, where one is named: the fields of its verdict, and
    ``supported``, whether each sentence has a citation and nothing counted speaks against it.
    """

    id: str
    kind: str
    question: str
    query: str
    history: int
    answerable: bool | None
    expected: dict[str, Any]
    answered: bool
    text: str
    model: str
    note: str
    confidence: float
    right: bool | None
    lost: str
    scores: dict[str, float]
    tokens: dict[str, int] = field(default_factory=dict)
    citations: list[dict[str, Any]] = field(default_factory=list)
    hits: list[dict[str, Any]] = field(default_factory=list)
    certainty: str = ""
    judged: dict[str, Any] = field(default_factory=dict)


def ask(
    system: System, question: Question, corpus: Corpus, judge: Judge | None = None
) -> tuple[Outcome, dict[str, float]]:
    """A question put to a system: what came of it, and the seconds of each step.

    A judge, where there is one, is asked about every answer but of everyday turns.
    """
    began = time.perf_counter()
    answer = system.ask(question.question, question.history)
    whole = {"whole": time.perf_counter() - began}  # of a system that does not tell its steps
    # Where no document is relevant there is no ranking to judge, and a search less to pay for.
    hits: Sequence[Hit] = answer.closest
    if question.relevant:
        hits = system.search(answer.query or question.question, DEPTH)
    is_right = right(question, answer)
    verdict = None
    if judge and answer.answered and not answer.everyday:
        verdict = judge.verdict(question.question, question.history, answer)
    outcome = Outcome(
        question.id,
        question.kind,
        question.question,
        answer.query,
        len(question.history),
        question.answerable,
        {
            "answers": list(question.answers),
            "must_include": list(question.must_include),
            "relevant": list(question.relevant),
            "facts": [fact.text for fact in question.facts],
        },
        answer.answered,
        answer.text,
        answer.model,
        answer.note,
        round(answer.confidence, PLACES),
        is_right,
        lost(system, question, answer, hits) if is_right is False else "",
        scores(question, answer, hits, corpus) | (verdict.scores if verdict else {}),
        dict(answer.tokens) | (verdict.tokens if verdict else {}),
        [{name: getattr(c, name) for name in KEPT_CITATION} for c in answer.citations],
        [{name: hit.as_dict()[name] for name in KEPT_HIT} for hit in hits],
        answer.certainty.value,
        _judged(verdict, answer) if verdict else {},
    )
    return outcome, dict(answer.seconds) or whole


def _judged(verdict: Verdict, answer: Answer) -> dict[str, Any]:
    """What a judge says, beside what is counted of the same."""
    supported = bool(answer.sentences) and all(each.grounded for each in answer.sentences)
    return {**verdict.as_dict(), "supported": supported}


def right(question: Question, answer: Answer) -> bool | None:
    """Whether an answer is what its question's author wants; None where nothing tells.

    To an unanswerable question only the refusal is right. Else it must be answered, and the first
    of these that the question has decides: it says all of ``must_include``; it says one of the
    ``answers`` of up to twelve words; it cites evidence; it cites a relevant document.
    """
    if question.answerable is False:
        return not answer.answered
    text = MARKERS.sub("", answer.text) if answer.answered else ""
    cited = [_cited(citation) for citation in answer.citations]
    if question.must_include:
        is_right = metrics.must_include(text, question.must_include) == 1
    elif question.short_answers:
        is_right = metrics.says(text, question.short_answers) == 1
    elif question.facts:
        is_right = any(metrics.supports(each, question.evidence) for each in cited)
    elif question.relevant:
        is_right = any(source in question.relevant for source, _, _ in cited)
    else:
        return None
    # Where nobody said that it can be answered, a refusal is neither right nor wrong.
    return is_right if answer.answered or question.answerable else None


def scores(
    question: Question, answer: Answer, hits: Sequence[Hit], corpus: Corpus
) -> dict[str, float]:
    """Every score that a question has; what cannot be reckoned for it is left out."""
    quotes = [
        (c.quote, corpus.document(c.source).text[c.start : c.end] if c.source in corpus else "\0")
        for c in answer.citations
    ]
    values = {"exactness": metrics.exactness(quotes)}
    is_right = right(question, answer)
    if is_right is not None:
        values["value"] = metrics.value(is_right, answer.certainty)
    if question.answerable is not False:
        values |= _retrieval(question, hits) | _answer(question, answer)
        if answer.answered:
            values |= _citations(question, answer)
    return {name: round(value, PLACES) for name, value in values.items() if not math.isnan(value)}


def lost(system: System, question: Question, answer: Answer, hits: Sequence[Hit]) -> str:
    """The stage at which a question that was not answered right was lost.

    A stage of ``askdoc explain`` where the system can tell, for the relevant document that came
    furthest; ``wrong sentence`` where one was used, but not for what was asked.
    """
    if question.answerable is False:
        return "answered what it cannot know"
    if {c.source for c in answer.citations} & set(question.relevant):
        return "wrong sentence"
    if question.relevant and isinstance(system, Assistant):
        stages = [
            system.explain(answer.query, source).stage for source in question.relevant[:EXPLAINED]
        ]
        stage = max(stages, key=lambda stage: stage.steps)
        return stage if stage != "used" else "wrong sentence"
    if question.relevant and not {hit.passage.source for hit in hits} & set(question.relevant):
        return "not found"
    if not answer.answered:
        return "abstained"
    return "wrong document" if question.relevant else "wrong sentence"


def _retrieval(question: Question, hits: Sequence[Hit]) -> dict[str, float]:
    """How high the relevant documents and the facts stand."""
    relevant = question.relevant
    ranking = list(dict.fromkeys(hit.passage.source for hit in hits))
    spans = [(p.source, p.start, p.end) for p in (hit.passage for hit in hits)]
    return {
        **{f"recall@{k}": metrics.recall_at_k(ranking, relevant, k) for k in RECALLS},
        "ndcg@10": metrics.ndcg_at_k(ranking, relevant, 10),
        "mrr@10": metrics.mrr(ranking, relevant, 10),
        **{f"all facts@{k}": _all_facts(question, spans, k) for k in (5, 10)},
    }


def _all_facts(question: Question, hits: Sequence[Span], k: int) -> float:
    """Whether the first hits hold what is needed.

    Where the question says what an answer must include, facts that together have all of it are
    enough: evidence often says the same twice. Else every fact is needed.
    """
    places = [fact.places for fact in question.facts]
    if not places or not question.must_include:
        return metrics.all_facts_found(places, hits, k)
    found = zip(question.facts, metrics.facts_found(places, hits, k), strict=True)
    text = " ".join(fact.text for fact, is_there in found if is_there)
    return float(metrics.must_include(text, question.must_include) == 1)


def _answer(question: Question, answer: Answer) -> dict[str, float]:
    """What an answer says; a refusal says nothing."""
    text = MARKERS.sub("", answer.text) if answer.answered else ""
    quotes = " ".join(citation.quote for citation in answer.citations)
    return {
        "must include": metrics.must_include(text, question.must_include),
        "token F1": metrics.token_f1(text, question.answers),
        "exact match": metrics.exact_match(text, question.answers),
        "answer in quote": metrics.says(quotes, question.short_answers),
    }


def _citations(question: Question, answer: Answer) -> dict[str, float]:
    """Whether what is cited is what the question's author marked."""
    by_number = {citation.number: _cited(citation) for citation in answer.citations}
    sentences = [[by_number[n] for n in each.citations] for each in answer.sentences]
    iou, f1 = metrics.localisation(list(by_number.values()), question.evidence)
    cited = {source for source, _, _ in by_number.values()}
    return {
        "citation recall": metrics.citation_recall(sentences, question.evidence),
        "citation precision": metrics.citation_precision(sentences, question.evidence),
        "localisation IoU": iou,
        "localisation F1": f1,
        "relevant cited": float(bool(cited & set(question.relevant)))
        if question.relevant
        else math.nan,
    }


def _cited(citation: Citation) -> Span:
    return citation.source, citation.start, citation.end
