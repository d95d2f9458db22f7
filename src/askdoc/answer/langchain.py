"""askdoc's retrieval as a LangChain retriever."""

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from askdoc.answer.pipeline import hits_of
from askdoc.answer.query import contextualize
from askdoc.index.filter import Where
from askdoc.index.index import Index
from askdoc.types import Hit
from askdoc.waiting import waited


class PassageRetriever(BaseRetriever):
    """The ``k`` best hits for anyone's chain, of documents that match ``where`` if it is given.

    A document's ``page_content`` is the passage, its metadata where that is: source, title, page,
    heading, start and end in the text, both hashes, score and the ways that found it, and what is
    told of its document (author, date, kind …).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    index: Index
    k: int
    where: Where | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return self._found(query)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return await waited(self._found, query)

    def _found(self, query: str) -> list[Document]:
        among = self.index.matching(self.where) if self.where else ()
        searched = contextualize(query, (), self.index, sources=among)
        return [_document(hit) for hit in hits_of(self.index, searched, self.k)]


def _document(hit: Hit) -> Document:
    """A hit as LangChain has it."""
    of = hit.passage.document
    metadata = {**of.metadata, **hit.as_dict()}
    hashes = {"file_sha256": of.file_sha256, "text_sha256": of.text_sha256}
    return Document(page_content=metadata.pop("text"), metadata=metadata | hashes)
