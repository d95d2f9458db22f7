"""A question that only names a topic, as *tell me about water* does, and the sections on it.

No one sentence answers such a question, so that the reader thinks little of each. What stands
under a heading that names the topic, or in a document whose title does, is told in its place.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from askdoc.answer.calibration import Calibration
from askdoc.answer.evidence import Evidence, in_order, judged
from askdoc.answer.query import ASKING, Query
from askdoc.answer.retrieve import Candidate
from askdoc.answer.telling import function_terms
from askdoc.index.bm25 import terms
from askdoc.ingest.dates import MONTHS
from askdoc.tuning import (
    ITEMS,
    SENTENCES,
    TOPIC,
    TOPIC_DOCUMENT,
    TOPIC_FOLLOWS,
    TOPIC_OF_TITLE,
    TOPIC_READ,
    TOPIC_TERMS,
    TOPIC_TOLD,
)
from askdoc.types import Passage, Span

# How a question begins that names no more than a topic; a few words without any verb do, too.
VAGUE = re.compile(
    r"\W*(?:(?:please|so|and|ok|well|now|can you|could you|would you)\W+)*(?:"
    r"tell|describe|explain|give|anything|something|everything|more|news|info|information|details|"
    r"(?:is|was) (?:there )?(?:any|some)thing|(?:what|how) about|"
    r"what(?:'s| is| was| were| do| does| did| has been| can)?\b[^?]*?\b"
    r"(?:happen\w*|going on|said?|says?|know\w*|tells?|told|decided|discussed|written|mention\w*)"
    r")\b",
    re.I,
)
# What such a question says beside its topic.
FRAME = terms(
    "tell tells told describe explain give anything something everything more news info details "
    "information detail happen happened happening going said say says know known decided discussed "
    "written write mention mentioned document documents file files please there now well ok"
)
# A part of a document by its number: "section 3.2", "Article IV", "§ 4", "step b)".
_PART = r"(?:section|article|clause|chapter|paragraph|part|step|item|point|rule|annex|appendix)s?"
_NUMBER = r"(?P<number>(?:\d{1,3}|[IVX]+\b|[A-Z]\b)(?:\.\d{1,3})*|[a-z](?=\)))"
PART = re.compile(rf"(?:\b(?i:{_PART}) |§ ?)\(?{_NUMBER}\)?")
NUMBERED = re.compile(rf"[ \t]*(?:(?i:{_PART}) |§ ?)?\(?{_NUMBER}[.):]*(?=\s)")


class Topic(NamedTuple):
    """What a question only names: the terms of a topic, the number of a part, or both."""

    terms: frozenset[str] = frozenset()
    number: str = ""


def topic_of(query: Query) -> Topic:
    """The topic that a question only names; an empty one where it asks for something."""
    asked = query.asked
    vague = VAGUE.match(asked)
    part = PART.search(asked)
    rest = asked.replace(part[0], " ") if part else asked
    # In a topic, "may" is the month.
    topic = terms(rest) - (function_terms() - terms(" ".join(MONTHS))) - FRAME
    if part and (vague or not topic):
        return Topic(topic, part["number"])
    if not vague and (ASKING.search(asked) or len(topic) > TOPIC_TERMS):
        return Topic()
    return Topic(topic)


def on_topic(topic: Topic, passage: Passage) -> float:
    """How nearly the heading above a passage, or the title, names a topic: 0 to 1, 1 is only it.

    A part that has a number is named by that, in its heading or in front of its text.
    """
    if not any(topic):
        return 0.0
    heading, title = terms(passage.heading or ""), terms(passage.title)
    if not topic.terms <= heading | title:
        return 0.0
    if topic.number:
        lines = passage.heading or "", *passage.text.split("\n")
        return float(any(_begins(topic.number, line) for line in lines))
    if _is_called(topic, passage):
        return 1.0
    naming = heading if topic.terms & heading else title
    return len(topic.terms & naming) / len(naming)


def _begins(number: str, words: str) -> bool:
    """Whether words begin with the number of a part, or of one of its parts."""
    found = NUMBERED.match(f"{words} ")
    return found is not None and f"{found['number']}.".startswith(f"{number}.")


def _is_of(topic: Topic, span: Span) -> bool:
    """Whether a sentence is of the part that has the number of a topic, if that has one."""
    block = span.document.block_at(span.start)
    above = (span.heading or "", span.document.text[block.start : block.end] if block else "")
    return not topic.number or any(_begins(topic.number, words) for words in above)


def _is_called(topic: Topic, passage: Passage) -> bool:
    """Whether the title of a passage's document says hardly more than a topic."""
    title = terms(passage.title)
    named = len(topic.terms) >= TOPIC_OF_TITLE * len(title)
    return not topic.number and topic.terms <= title and named


def _on_topic(topic: Topic, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that stand where the topic is named best, a document's on it in front."""
    near = [on_topic(topic, item.passage) for item in candidates]
    best = max(near, default=0.0)
    on = [item for item, each in zip(candidates, near, strict=True) if best and each == best]
    return sorted(on, key=lambda item: not _is_called(topic, item.passage))


def topic_first(topic: Topic, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with the first of those in front that stand where the topic is named best."""
    front = _on_topic(topic, candidates)[:TOPIC_READ]
    return [*front, *(item for item in candidates if item not in front)]


def topic_told(topic: Topic, evidence: Sequence[Evidence]) -> float:
    """The confidence (0 to 1) in evidence, at least, whose best sentence has all of a topic.

    One word may mean something else there: "roses" are found where something rose.
    """
    told = len(topic.terms) > 1 and evidence and topic.terms <= terms(evidence[0].span.text)
    return TOPIC_TOLD if told else 0.0


def topic_evidence(
    topic: Topic, query: Query, candidates: Sequence[Candidate], fitted: Calibration
) -> tuple[tuple[Evidence, ...], float]:
    """What the sections on a question's topic begin with, and the confidence (0 to 1) in it.

    Nothing, and 0, where the question asks for more than a topic, or no section is on it.
    """
    on = _on_topic(topic, candidates)
    sections: dict[tuple[str, str | None], list[Evidence]] = {}
    for one in judged(query, on, fitted):
        if one.is_label or not _is_of(topic, one.span):
            continue
        sections.setdefault((one.span.source, one.span.heading), []).append(one)
    each = max(1, SENTENCES // max(1, len(sections)))
    evidence = [
        one
        for section in list(sections.values())[:ITEMS]
        for one in sorted(section, key=lambda one: one.span.start)[:each]
    ]
    follows = TOPIC_FOLLOWS if query.subqueries else 1.0
    named = on_topic(topic, on[0].passage) if evidence else 0.0
    exact = topic.number or (on and _is_called(topic, on[0].passage))
    sure = TOPIC_DOCUMENT if exact else TOPIC
    return in_order(evidence), sure * named * follows
