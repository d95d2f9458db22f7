"""What the empty chat tells of a corpus: what is in it, what it is about, and what to ask first."""

import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askdoc.assistant import Assistant
from askdoc.index.dense import cosine
from askdoc.types import Document, FileReport, Status
from askdoc.web import suggestions
from askdoc.web.templating import kind

QUESTIONS, TOPICS = 4, 6  # that are shown, at most
TRIED_DOCUMENTS = 12  # of which questions are made, at most
LOOKED_THROUGH = 100  # documents whose years and headings are told, at most
ASKED = 24  # topics that are tried, at most, where many are not answered
NAMES = 200  # headings and titles from which the topics are chosen, at most
WHAT = "What is this about?"
YEAR = re.compile(r"(?<![\w.,/-])(?:1[5-9]|20)\d\d(?![\w/-]|[.,]\d)")


@dataclass(frozen=True, slots=True)
class Overview:
    """What the empty chat tells.

    ``kinds`` counts the documents by the ends of their names, ``years`` are the first and the last
    that they name, if they name any, ``unread`` are files that could not be read with the reason,
    ``topics`` and ``questions`` what can be asked: each was, and was answered.
    """

    kinds: tuple[tuple[str, int], ...] = ()
    years: tuple[int, ...] = ()
    unread: tuple[FileReport, ...] = ()
    topics: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


class Overviews:
    """The overview of a corpus, made anew when its documents are others."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._making = threading.Lock()
        self._of: tuple[FileReport, ...] = ()
        self._overview = Overview()

    def now(self) -> Overview:
        """The overview of what is indexed now; it takes some seconds where that has changed."""
        with self._making:
            files = self._assistant.index.reports()
            if files != self._of:
                self._overview = overview(self._assistant, files)
                self._of = files
            return self._overview


def overview(assistant: Assistant, files: Sequence[FileReport]) -> Overview:
    """The overview of the corpus whose report these files are."""
    read = [file.source for file in files if file.status is Status.READ]
    kinds = Counter(map(kind, read))
    unread = (file for file in files if file.status is not Status.READ)
    if assistant.index.is_empty:
        return Overview(unread=tuple(unread))
    step = max(1, len(read) // LOOKED_THROUGH)
    documents = [assistant.document(source) for source in read[::step][:LOOKED_THROUGH]]
    return Overview(
        tuple(kinds.most_common()),
        _years(documents),
        tuple(unread),
        tuple(itertools.islice(_topics(assistant, documents), TOPICS)),
        tuple(itertools.islice(_questions(assistant, documents[:TRIED_DOCUMENTS]), QUESTIONS)),
    )


def _years(documents: Sequence[Document]) -> tuple[int, ...]:
    """The first and the last year that documents name; two have to, where there are so many."""
    named = Counter(year for document in documents for year in set(YEAR.findall(document.text)))
    years = sorted(int(year) for year, count in named.items() if count > (len(documents) > 2))
    return (years[0], years[-1]) if len(years) > 1 else ()


def _topics(assistant: Assistant, documents: Sequence[Document]) -> Iterator[str]:
    """The titles, or else headings, that stand for most of all of them, and are answered.

    Each is the one that brings most of the others nearest to one that is told (facility location:
    Lin and Bilmes, 2011).
    """
    often = suggestions.named_often(documents)
    titles = {document.title.split(": ")[0] for document in documents}
    headings = {document.words(each) for document in documents for each in document.headings}
    # A title is answered with an outline, so headings stand in only where there are few titles.
    names = list(filter(suggestions.is_topic, titles))
    if len(names) < TOPICS:
        names += filter(suggestions.is_topic, headings - titles - often)
    left = sorted(names)
    left = left[:: max(1, len(left) // NAMES)][:NAMES]
    vectors = dict(zip(left, assistant.index.embedder.embed_documents(left), strict=True))
    alike = {
        name: {other: cosine(vectors[name], vectors[other]) for other in vectors}
        for name in vectors
    }
    nearest = dict.fromkeys(vectors, 0.0)
    for _ in range(min(ASKED, len(left))):
        gains = {
            name: sum(max(0.0, alike[name][other] - near) for other, near in nearest.items())
            for name in left
        }
        best = max(left, key=gains.__getitem__)
        left.remove(best)
        if assistant.ask(suggestions.about(best)).answered:
            nearest = {other: max(near, alike[best][other]) for other, near in nearest.items()}
            yield best


def _questions(assistant: Assistant, documents: Sequence[Document]) -> Iterator[str]:
    """What to ask first: for an overview, of different documents what their own text answers.

    Questions that they ask themselves go first, then topics that their headings name.
    """
    if len(documents) > 1:
        yield WHAT
    often = suggestions.named_often(documents)
    made = (suggestions.asks, lambda document: suggestions.topics(document, often))
    used: set[str] = set()
    for questions, document in itertools.product(made, documents):
        if document.source in used:
            continue
        tried = itertools.islice(questions(document), suggestions.TRIED)
        for question, _ in itertools.islice(suggestions.answered(assistant, document, tried), 1):
            used.add(document.source)
            yield question
    yield from (f"Summarise {each.source}" for each in documents if each.source not in used)
