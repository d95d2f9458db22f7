"""What a developer writes in an afternoon from LangChain's tutorial, to hold askdoc against.

The answer is the nearest passage, quoted: it never abstains. A model that the settings name answers
from the nearest four, all cited, and may refuse; only it sees the turns before the question.
"""

import tempfile
from contextlib import suppress
from pathlib import Path

from langchain_chroma import Chroma
from langchain_text_splitters import RecursiveCharacterTextSplitter

from askdoc import NO_ANSWER, Answer, Document, Hit, Passage, Sentence, Settings, Unreadable
from askdoc.answer.citation import Quote, marked, quoted, unmarked
from askdoc.answer.connect import connect
from askdoc.answer.query import History
from askdoc.index.embedder import embedder
from askdoc.ingest.files import find, load

BATCH = 1000  # passages stored at once
SPLITTER = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
RULES = f"Answer from the context in three sentences at most. If you cannot, write: {NO_ANSWER}"


class Baseline:
    """Answers questions about one corpus, from a temporary index that goes with it."""

    def __init__(self, documents: dict[str, Document], settings: Settings) -> None:
        self._documents, self._model = documents, connect(settings)
        self._passages = {one.id: one for each in documents.values() for one in chunk(each)}
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._store = Chroma(
            embedding_function=embedder(settings.embedder),  # type: ignore[arg-type]  # it will do
            persist_directory=self._folder.name,
            collection_configuration={"hnsw": {"space": "cosine", "num_threads": 1}},  # repeatable
        )
        for n in range(0, len(self._passages), BATCH):
            part = list(self._passages.values())[n : n + BATCH]
            self._store.add_texts([each.text for each in part], ids=[each.id for each in part])

    @classmethod
    def from_folder(cls, corpus: Path, settings: Settings) -> "Baseline":
        """The baseline over the documents of a folder that askdoc can read."""
        documents = {}
        for source in find(corpus, settings.index_folder).files:
            with suppress(Unreadable):
                documents[source] = load(corpus, source)
        return cls(documents, settings)

    def document(self, source: str) -> Document:
        """A document as it was read."""
        return self._documents[source]

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The ``k`` nearest passages, best first; the score is their cosine, 0 where negative."""
        found = self._store.similarity_search_with_score(query, k)
        near = [(self._passages[str(each.id)], 1 - distance) for each, distance in found]
        return [Hit(passage, min(1.0, max(0.0, score)), ("dense",)) for passage, score in near]

    def ask(self, question: str, history: History = ()) -> Answer:
        """The nearest passage as it stands, or what the model makes of the nearest four."""
        hits, name = tuple(self.search(question, 4)), self._model.name if self._model else "quotes"
        spans = [hit.passage for hit in hits]
        said, cited = quoted(map(Quote, spans if self._model else spans[:1]))
        if self._model and hits:
            context = "\n\n".join([RULES, *(hit.passage.text for hit in hits)])
            turns = [("system", context), *((turn["role"], turn["content"]) for turn in history)]
            text = unmarked(self._model.reply([*turns, ("user", question)]))
            said = (Sentence(text, tuple(each.number for each in cited)),)
            said, cited = ((), ()) if NO_ANSWER in (text or NO_ANSWER) else (said, cited)
        sure = hits[0].score if hits else 0.0
        return Answer(question, question, marked(said) or NO_ANSWER, name, said, cited, hits, sure)


def chunk(document: Document) -> list[Passage]:
    """The passages of a document, in order, each at its exact place."""
    found = SPLITTER.create_documents([document.text])
    spans = [(each.metadata["start_index"], len(each.page_content)) for each in found]
    return [Passage(document, start, start + length) for start, length in spans]
