"""From a query to ranked hits: both legs fused, the best read, neighbours joined."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from askdoc.answer.calibration import chance
from askdoc.answer.query import Query, contextualize, coverage, weights_of
from askdoc.answer.reader import Read, read
from askdoc.index.index import Index
from askdoc.types import Hit, Passage

DEPTH = 100  # passages that each leg gives to the fusion
DENSE = 0.45  # share of the dense leg in it
SUBQUERY = 0.7  # what the best subquery adds, beside the whole query
FOLDED = 40  # best passages among which near-duplicates are looked for
SAME = 0.9  # share of common terms (Jaccard) from which a passage repeats another
READ = 10  # passages that are read, at least
JOINED = 3  # passages that a hit is joined from, at most
APART = 20  # signs between neighbours, at most
FACT = re.compile(r"\d[\d.,]*\d|\d|\b[A-Z]\w+")  # what repetitions must have in common
LEGS = ("dense", "lexical")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage on its way to become a hit.

    ``scores`` has, for each leg that found it, the leg's score and rank (from 0); ``fused`` is 0
    to 1. Those that were read have ``read``, and in ``covered`` the share (0 to 1) of the query's
    weight that they carry. ``score`` (0 to 1) is what ranks.
    """

    passage: Passage
    scores: Mapping[str, tuple[float, int]]
    fused: float
    read: Read | None = None
    covered: float = 0.0
    score: float = 0.0


def candidates(index: Index, query: Query) -> list[Candidate]:
    """What both legs find, fused, best first, near-duplicates folded into the better one.

    Each leg's scores are stretched over 0 to 1 and added by weight (Bruch, Gai and Ingber, 2023);
    an subquery of the query adds what it alone would give.
    """
    whole, *parts = [_fused(index, text, query.sources) for text in (query.text, *query.subqueries)]
    found = {**whole}
    for part in parts:
        for id, candidate in part.items():
            found.setdefault(id, replace(candidate, fused=0.0))
    most = 1 + (SUBQUERY if parts else 0)
    total = {
        id: candidate.fused + SUBQUERY * max((p[id].fused for p in parts if id in p), default=0.0)
        for id, candidate in found.items()
    }
    ranked = sorted(total, key=lambda found_id: -total[found_id])  # stable: equals stay as found
    return _folded([replace(found[id], fused=total[id] / most) for id in ranked], index)


def reranked(index: Index, query: Query, found: Sequence[Candidate], k: int) -> list[Candidate]:
    """The candidates by their chance of being right, the first ``k`` of them (or ten) read."""
    first, rest = found[: max(k, READ)], found[max(k, READ) :]
    seen = read(query.text, [item.passage for item in first], index.settings.reader)
    weights = weights_of(query.text, index)
    judged = []
    for item, each in zip(first, seen, strict=True):
        covered = coverage(item.passage.indexed_text, weights, index)
        item = replace(item, read=each, covered=covered)
        score = chance("ranking", ranking_signals(item, each))
        judged.append(replace(item, score=score))
    judged.sort(key=lambda item: -item.score)
    # What was not read comes after what was, in the order of the fusion.
    share = judged[-1].score / (rest[0].fused or 1.0) if rest else 0.0
    return judged + [replace(item, score=share * item.fused) for item in rest]


def hits(found: Sequence[Candidate], k: int) -> list[Hit]:
    """The ``k`` best hits, best first; a passage next to a better one joins it.

    A hit is a passage, or up to three neighbours of one section that were all found.
    """
    joined: list[Hit] = []
    sizes: list[int] = []
    for item in found[: JOINED * k]:
        for at, hit in enumerate(joined):
            if sizes[at] < JOINED and _neighbours(hit.passage, item.passage):
                joined[at] = _joined(hit, item)
                sizes[at] += 1
                break
        else:
            joined.append(Hit(item.passage, item.score, tuple(item.scores)))
            sizes.append(1)
    return joined[:k]


def retrieve(index: Index, query: Query, k: int) -> list[Hit]:
    """The ``k`` best hits for a query, best first."""
    return hits(reranked(index, query, candidates(index, query), k), k)


class PassageRetriever(BaseRetriever):
    """askdoc's retrieval as a LangChain retriever, for anyone's chain.

    A document's ``page_content`` is the passage, its metadata where that is: source, title, page,
    heading, start and end in the text, both hashes, score and the legs that found it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Index
    k: int

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        found = retrieve(self.index, contextualize(query, (), self.index), self.k)
        return [_document(hit) for hit in found]


def _document(hit: Hit) -> Document:
    """A hit as LangChain has it."""
    metadata = hit.as_dict()
    of = hit.passage.document
    hashes = {"file_sha256": of.file_sha256, "text_sha256": of.text_sha256}
    return Document(page_content=metadata.pop("text"), metadata=metadata | hashes)


def _fused(index: Index, text: str, sources: Sequence[str]) -> dict[str, Candidate]:
    """What both legs find for one text, by id."""
    found: dict[str, Candidate] = {}
    for leg, share, ranking in zip(
        LEGS, (DENSE, 1 - DENSE), index.search(text, DEPTH, sources), strict=True
    ):
        # A leg that found fewer than it may give has found all there is: its worst is no zero.
        low = ranking[-1][1] if len(ranking) == DEPTH else 0.0
        width = ranking[0][1] - low if ranking else 0.0
        for rank, (passage, score) in enumerate(ranking):
            item = found.get(passage.id) or Candidate(passage, {}, 0.0)
            found[passage.id] = replace(
                item,
                scores={**item.scores, leg: (score, rank)},
                fused=item.fused + share * ((score - low) / width if width > 0 else 1.0),
            )
    return found


def _folded(ranking: Sequence[Candidate], index: Index) -> list[Candidate]:
    """The candidates without those, near the top, that say the same as a better one."""
    kept: list[Candidate] = []
    seen: list[tuple[frozenset[str], set[str]]] = []
    for item in islice(ranking, FOLDED):
        terms = index.stores.bm25.terms(item.passage.text)
        facts = set(FACT.findall(item.passage.text))
        if not any(
            facts == others and len(terms & other) > SAME * len(terms | other)
            for other, others in seen
        ):
            kept.append(item)
            seen.append((terms, facts))
    return [*kept, *ranking[FOLDED:]]


def ranking_signals(item: Candidate, seen: Read) -> dict[str, float]:
    """What the chance of a passage is reckoned from."""
    return {
        "fused": item.fused,
        "whole": seen.whole,
        "sentence": seen.best,
        "covered": item.covered,
    }


def _neighbours(one: Passage, other: Passage) -> bool:
    """Whether two passages follow each other in one section of one document."""
    if one.source != other.source or one.heading != other.heading:
        return False
    between = one.document.text[min(one.end, other.end) : max(one.start, other.start)]
    return len(between) <= APART and not any(map(str.isalnum, between))


def _joined(hit: Hit, item: Candidate) -> Hit:
    """A hit with a neighbour."""
    one, other = hit.passage, item.passage
    passage = Passage(one.document, min(one.start, other.start), max(one.end, other.end))
    return Hit(passage, hit.score, tuple(dict.fromkeys((*hit.found_by, *item.scores))))
