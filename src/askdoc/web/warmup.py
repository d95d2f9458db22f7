"""What is made ready while the page is already there: the models, and questions to begin with."""

import itertools
import re
import threading
from collections.abc import Iterator

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.ingest.chunker import sentences
from askdoc.tuning import AT_ONCE
from askdoc.types import Document, Status

EXAMPLES = 4
TRIED_DOCUMENTS, TRIED = 12, 3  # documents, and questions of each, at most
LONGEST = 60  # characters of a question or a topic
OVERVIEW = "What is this about?"
# A question that needs no other to be understood.
ASKS = re.compile(
    r"(?:who|did|does?|is|are|was|were|can|may|must|(?:what|when|where|how|why)\b(?=.*\?))\b"
    r"(?!.*\b(?:it|its|they|them|he|she|him|her|this|that|these|those)\b)",
    re.I,
)


class Warmup:
    """Loads the models in a thread of its own, and finds examples that the corpus answers."""

    def __init__(self, assistant: Assistant) -> None:
        self.examples: tuple[str, ...] = ()
        self._assistant = Assistant(assistant.index)  # a model is shown nothing before one asks
        self._error: AskdocError | None = None
        self._ended = threading.Event()

    def start(self) -> None:
        """Begins to load; to be called once."""
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether nothing has to be waited for."""
        return self._ended.is_set()

    def wait(self) -> None:
        """Returns when the models are loaded; raises what kept them from it."""
        self._ended.wait()
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            self._assistant.index.embedder.embed_query("warm up")
            if not self._assistant.index.is_empty:
                self._assistant.ask("hello")
            self.examples = tuple(itertools.islice(self._answered(), EXAMPLES))
        except AskdocError as error:
            self._error = error
        finally:
            self._ended.set()

    def _answered(self) -> Iterator[str]:
        """What to ask first: for an overview, of different documents what their own text answers.

        Questions that they ask themselves go first, then topics that their headings name.
        """
        if self._assistant.index.is_empty:
            return
        files = self._assistant.index.reports()
        read = [file.source for file in files if file.status is Status.READ][:TRIED_DOCUMENTS]
        documents = [self._assistant.document(source) for source in read]
        if len(read) > 1:
            yield OVERVIEW
        used: set[str] = set()
        for questions, document in itertools.product((_asked, _topics), documents):
            if document.source in used:
                continue
            for question in itertools.islice(questions(document), TRIED):
                answer = self._assistant.ask(question)
                cited = {citation.source for citation in answer.citations[:1]}
                if document.source in cited and answer.certainty == "sure":
                    used.add(document.source)
                    yield question
                    break
        yield from (f"Summarise {source}" for source in read if source not in used)


def _asked(document: Document) -> Iterator[str]:
    """The questions that a document's headings and sentences ask."""
    for heading in document.headings:
        words = document.words(heading).split(": ")[0].strip()
        if ASKS.match(words):
            yield words.rstrip("?") + "?"
    for start, end in sentences(document, 0, min(len(document.text), AT_ONCE)):
        words = " ".join(document.text[start:end].strip("*_# \"'").split())
        if words.endswith("?") and ASKS.match(words) and len(words) <= LONGEST:
            yield words


def _topics(document: Document) -> Iterator[str]:
    """The topics that a document's headings name, below its title."""
    for heading in document.headings:
        words = document.words(heading)
        if words != document.title and len(words) <= LONGEST and not re.search(r"\d|[?:]", words):
            topic = re.sub("^(The|An?) ", lambda article: article[0].lower(), words)
            yield f"Tell me about {topic}"
