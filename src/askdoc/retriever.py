"""From a question and what was said before it to a query, and from a query to ranked hits."""

import re
from collections.abc import Mapping, Sequence

from askdoc.index import Index
from askdoc.types import Hit, Passage

DEPTH = 50  # passages that each leg gives to the fusion
RRF = 60  # the constant of Cormack, Clarke and Buettcher (2009)
LEGS = ("dense", "lexical")
TURNS = 3  # that a question can lean on

# A question that opens like this continues the one before it.
OPENING = re.compile(
    r"\s*(?:(?:and|but|so|then|what about|how about)\b|why\W*$|since when\W*$)", re.I
)
POINTER = re.compile(r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs)\b", re.I)
NAME = re.compile(r"(?<=\s)[^\W\d_a-zß-ÿ]\w+")  # a capital that does not open the question


def query_from(question: str, history: Sequence[Mapping[str, str]]) -> str:
    """What to search for: the question, with the one before it in front where it leans on it.

    A question leans when it opens with *and*, *what about* and the like, or has a pronoun that no
    name comes before. ``history`` holds the earlier turns, oldest first, each
    ``{"role": "user" or "assistant", "content": text}``.
    """
    query = question.strip()
    for turn in reversed(history[-2 * TURNS :]):
        if not _leans(query):
            break
        if turn["role"] == "user":
            query = f"{turn['content'].strip()} {query}"
    return query


def _leans(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    pointer = POINTER.search(question)
    alone = pointer is None or NAME.search(question[: pointer.start()]) is not None
    return OPENING.match(question) is not None or not alone


def retrieve(index: Index, query: str, k: int) -> list[Hit]:
    """The ``k`` best hits of both legs, fused by reciprocal rank, best first.

    A hit that both legs rank first scores 1 (Cormack, Clarke and Buettcher, 2009, scaled).
    """
    scores: dict[str, float] = {}
    found_by: dict[str, list[str]] = {}
    passages: dict[str, Passage] = {}
    for leg, ranking in zip(LEGS, index.search(query, max(k, DEPTH)), strict=True):
        for rank, (passage, _) in enumerate(ranking):
            share = (RRF + 1) / (RRF + 1 + rank) / len(LEGS)
            scores[passage.id] = scores.get(passage.id, 0.0) + share
            found_by.setdefault(passage.id, []).append(leg)
            passages[passage.id] = passage
    best = sorted(scores, key=lambda found: -scores[found])[:k]  # stable: equals stay as found
    return [Hit(passages[id], scores[id], tuple(found_by[id])) for id in best]
