"""Whether the vectors that indexing makes rank as those of the bare model in full precision do."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from askdoc.evaluation.metrics import ndcg_at_k
from askdoc.index.embedder import SentenceEmbeddings, bundled
from askdoc.settings import BUNDLED
from evals.bench.rows import Bench
from evals.bench.texts import read
from evals.bench.times import Row
from evals.sets import lines

JUDGED = (
    "xquad/en", "mtrag_subset", "cranfield", "squad2", "clapnq_dev", "hotpotqa_sample", "tatqa_dev",
)  # fmt: skip
BEST = 10  # documents of a ranking that count


@dataclass(frozen=True)
class Judged:
    """A set: its passages, the document of each, its questions, and what is relevant to each."""

    passages: list[str]
    sources: list[str]
    questions: list[str]
    relevant: list[set[str]]

    def ndcg(self, passages: np.ndarray, questions: np.ndarray) -> float:
        """The mean nDCG of comparing each question with all passages, by their unit vectors."""
        figures = []
        for cosines, relevant in zip(questions @ passages.T, self.relevant, strict=True):
            nearest = dict.fromkeys(self.sources[row] for row in np.argsort(-cosines))
            figures.append(ndcg_at_k([*nearest][:BEST], relevant, BEST))
        return fmean(figures)


def vectors(bench: Bench) -> Row:
    """nDCG@10 of exact search, by vectors as indexing makes them and as float32 has them.

    Of the sets that have at most ``bench.most`` passages, by the engine that fits all of them.
    """
    import torch  # with what comes with it, seconds, for one row only
    from sentence_transformers import SentenceTransformer

    sets = {name: _judged(bench, name) for name in JUDGED}
    sets = {name: one for name, one in sets.items() if len(one.passages) <= bench.most}
    own = SentenceEmbeddings(BUNDLED)
    bulk = own.engine([text for one in sets.values() for text in one.passages])
    bare = SentenceTransformer(str(bundled()), model_kwargs={"dtype": torch.float32})

    def in_full(texts: Sequence[str]) -> np.ndarray:
        made = bare.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(made, np.float32)

    told = {}
    for name, one in sets.items():
        ours, theirs = np.array(bulk(one.passages), np.float32), in_full(one.passages)
        asked = np.array([own.embed_query(question) for question in one.questions], np.float32)
        as_made, as_it_is = one.ndcg(ours, asked), one.ndcg(theirs, in_full(one.questions))
        told[name] = {
            "passages": len(one.passages),
            "questions": len(one.questions),
            "nDCG@10 as indexed": as_made,
            "nDCG@10 in float32": as_it_is,
            "difference": as_made - as_it_is,
            "least cosine of a passage's two": float(np.min(np.sum(ours * theirs, axis=1))),
        }
    return {"passages": sum(len(one.passages) for one in sets.values()), "sets": told}


def _judged(bench: Bench, name: str) -> Judged:
    """A set, with the questions whose relevant documents have text."""
    texts, sources = read(bench.data, bench.work, name)
    passages = [(one.indexed_text, path.name) for path, each in texts.items() for one in each]
    there = {source for _, source in passages}
    asked = [
        (row["question"], {sources[str(id)] for id in row["gold_ids"]} & there)
        for row in lines(bench.data / name / "queries.jsonl")
    ]
    asked = [(question, relevant) for question, relevant in asked if relevant]
    return Judged(*map(list, zip(*passages, strict=True)), *map(list, zip(*asked, strict=True)))
