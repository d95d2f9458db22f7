"""What is made ready while the page is already there: the models, and questions to begin with."""

import itertools
import re
import threading
from collections.abc import Iterator

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.types import Document, Status

EXAMPLES = 4
# A heading that is a whole question, and needs no other to be understood.
ASKS = re.compile(r"(?:who|did|does|is|are|was|were)\b(?!.*\b(?:it|its|they|he|she)\b)", re.I)


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
        """Questions about different documents, each answered by its own; headings go first."""
        if self._assistant.index.is_empty:
            return
        files = self._assistant.index.reports()
        read = [file.source for file in files if file.status is Status.READ]
        documents = [self._assistant.document(source) for source in read]
        used: set[str] = set()
        for questions, document in itertools.product((_asked, _about), documents):
            if document.source in used:
                continue
            for question in questions(document):
                cited = {citation.source for citation in self._assistant.ask(question).citations}
                if document.source in cited:
                    used.add(document.source)
                    yield question
                    break


def _asked(document: Document) -> Iterator[str]:
    """The questions that a document's headings ask."""
    for heading in document.headings:
        words = document.words(heading).split(": ")[0].strip()
        if ASKS.match(words):
            yield words.rstrip("?") + "?"


def _about(document: Document) -> Iterator[str]:
    """A question about a document's title."""
    title = document.title.split(": ")[0]
    yield f"What is said about {re.sub('^(The|An?) ', lambda article: article[0].lower(), title)}?"
