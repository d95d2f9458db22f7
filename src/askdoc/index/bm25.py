"""BM25 retrieval: passages ranked by BM25 (Robertson and Zaragoza, 2009), on disk, in tantivy."""

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import tantivy

from askdoc.index.home import Home
from askdoc.types import Passage, plain

TERMS = "askdoc"  # the name under which tantivy finds our analyzer
ALIKE = 50  # passages that are looked at for the spelling of a word
LONGEST_TERM = 60  # characters; longer ones are encoded data, not words


@functools.cache
def analyzer() -> tantivy.TextAnalyzer:
    """What makes a text into terms: the stems of its words, without accents and stop words."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(LONGEST_TERM))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def terms(text: str) -> frozenset[str]:
    """The stems of a text's words, without accents and without English stop words."""
    return frozenset(analyzer().analyze(plain(text)))


class Bm25:
    """Passages by the stems of their words."""

    def __init__(self, folder: Path, home: Home) -> None:
        self._telling = functools.partial(home.telling, "BM25:")
        self._schema = (
            tantivy.SchemaBuilder()
            .add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
            .add_text_field("text", tokenizer_name=TERMS, index_option="freq")
            .build()
        )
        with self._telling():
            folder.mkdir(exist_ok=True)
            self._index = tantivy.Index(self._schema, str(folder))
        self._index.register_tokenizer(TERMS, analyzer())

    def __len__(self) -> int:
        return self._searcher().num_docs

    def add(self, passages: Sequence[Passage]) -> None:
        """Puts passages in, or in again under their ids; they are found when this returns."""
        with self._writing() as writer:
            for passage in passages:
                writer.delete_documents_by_term("id", passage.id)
                writer.add_document(tantivy.Document(id=passage.id, text=passage.indexed_text))

    def remove(self, ids: Iterable[str]) -> None:
        """Takes passages out; ids that are not in are passed over."""
        with self._writing() as writer:
            for id in ids:
                writer.delete_documents_by_term("id", id)

    def clear(self) -> None:
        """Takes everything out."""
        with self._writing() as writer:
            writer.delete_all_documents()

    def ids(self) -> set[str]:
        """The ids of all passages."""
        return {id for id, _ in self._search(tantivy.Query.all_query(), max(1, len(self)))}

    def search(
        self, query: str, k: int, among: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the ``k`` passages of highest BM25 (0 and up) that share a term, best first.

        Any text is a query: no character of it is an operator. With ``among``, only these ids.
        """
        if not terms(query):
            return []
        wanted = self._any_of(sorted(terms(query)))
        if among is not None:
            # Worth nothing, so that the scores stay those of the terms.
            those = tantivy.Query.const_score_query(
                tantivy.Query.term_set_query(self._schema, "id", among), 0.0
            )
            wanted = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, wanted), (tantivy.Occur.Must, those)]
            )
        return self._search(wanted, k)

    def idf(self, terms: Iterable[str]) -> dict[str, float]:
        """How much each term tells: its inverse document frequency among the passages, as in BM25.

        About 0 for a term in every passage; a term in none has the highest weight.
        """
        searcher = self._searcher()
        total = searcher.num_docs
        with self._telling():
            # Until its segment is merged, a passage that was taken out still counts.
            frequencies = {term: min(searcher.doc_freq("text", term), total) for term in terms}
        return {
            term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in frequencies.items()
        }

    def knows(self, terms: Iterable[str]) -> bool:
        """Whether a passage has one of these terms."""
        return bool(self._search(self._any_of(terms), 1))

    def like(self, term: str, changes: int) -> list[str]:
        """The ids of passages with a term at most one or two changes of letters away."""
        query = tantivy.Query.fuzzy_term_query(self._schema, "text", term, changes)
        return [id for id, _ in self._search(query, ALIKE)]

    def _any_of(self, terms: Iterable[str]) -> tantivy.Query:
        """A query for passages that have one of these terms."""
        return tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "text", term, "freq"))
                for term in terms
            ]
        )

    def _search(self, query: tantivy.Query, k: int) -> list[tuple[str, float]]:
        """The ids and scores of the ``k`` best passages for a query of tantivy's."""
        searcher = self._searcher()
        with self._telling():
            best = searcher.search(query, k, count=False)
            return [(str(searcher.doc(address)["id"][0]), score) for score, address in best.hits]

    def _searcher(self) -> tantivy.Searcher:
        with self._telling():
            return self._index.searcher()

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        with self._telling():
            writer = self._index.writer(num_threads=1)
            # A commit that was killed has left files that this one would have to write again.
            writer.garbage_collect_files()
            yield writer
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()
