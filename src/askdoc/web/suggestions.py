"""Questions to ask next, made of what documents ask themselves and of what their headings name.

Each is asked before it is shown, so that nobody clicks on one that is not answered.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from askdoc.answer.spelling import is_frequent
from askdoc.assistant import Assistant
from askdoc.ingest.chunker import sentences
from askdoc.ingest.extract import BESIDE, QUOTED
from askdoc.tuning import AT_ONCE
from askdoc.types import Answer, Document

NEXT = 3  # questions after an answer, at most
TRIED = 3  # questions of a document that are tried, at most
LONGEST = 60  # characters of a question or a topic
# A question that needs no other to be understood.
ASKS = re.compile(
    r"(?:who|did|does?|is|are|was|were|can|may|must|(?:what|when|where|how|why)\b(?=.*\?))\b"
    r"(?!.*\b(?:it|its|they|them|he|she|him|her|this|that|these|those)\b)",
    re.I,
)
# What numbers a part, quotes, asks, names a file or tells something, and so names no topic.
NO_TOPIC = re.compile(
    r"^\W*\d+(?:[.):]|\s|$)|\s\d{1,3}$|[?!_\"“”:]|^(?:About|On) "
    r"|\b(?:has|have|had|is|are|was|were|does|did|will|can|must|says|said)\b"
)
LOWERED = re.compile("^(?:The|An?|How|What|When|Where|Who|Why) ")  # in the middle of a question

Candidate = tuple[int, str]
"""Where in its document a question comes from, and the question."""


def after(
    assistant: Assistant,
    answer: Answer,
    before: Collection[str],
    wanted: Callable[[], bool] = lambda: True,
) -> list[str]:
    """Questions that lead on from an answer, each surely answered by what was not yet cited.

    They come of the documents that the answer cites, the parts that are nearest to it first, and
    then of those that were found beside them. ``before`` is what has been asked already. None is
    tried any more when they are not ``wanted``.
    """
    cited = {place.source: place.start for place in reversed(answer.citations)}
    hits = assistant.search(answer.query or answer.question)
    near = dict.fromkeys([*reversed(cited), *(hit.passage.source for hit in hits)])
    documents = [assistant.document(source) for source in near]
    names = named_often(documents)
    asked = {question.casefold() for question in (*before, answer.query)}
    told = {place.quote for place in answer.citations}
    found: list[str] = []
    for document in documents:
        questions = [*asks(document), *topics(document, names)]
        questions.sort(key=lambda made: abs(made[0] - cited.get(document.source, 0)))
        new = [made for made in questions if made[1].casefold() not in asked]
        tried = itertools.takewhile(lambda made: wanted(), new[:TRIED])
        for question, reply in itertools.islice(answered(assistant, document, tried), 2):
            if told.isdisjoint(place.quote for place in reply.citations):
                found.append(question)
                told |= {place.quote for place in reply.citations}
        if len(found) >= NEXT or not wanted():
            break
    return found[:NEXT]


def answered(
    assistant: Assistant, document: Document, questions: Iterable[Candidate]
) -> Iterator[tuple[str, Answer]]:
    """Those of some questions that are surely answered, by this document first, with the answer."""
    for _, question in questions:
        answer = assistant.ask(question)
        cited = [place.source for place in answer.citations[:1]]
        if cited == [document.source] and answer.certainty == "sure":
            yield question, answer


def asks(document: Document) -> Iterator[Candidate]:
    """The questions that a document's headings and sentences ask."""
    for heading in document.headings:
        words, asked, _ = document.words(heading).split(": ")[0].partition("?")
        if ASKS.match(words + asked):
            yield heading.start, words.strip() + "?"
    for start, end in sentences(document, 0, min(len(document.text), AT_ONCE)):
        words = " ".join(document.text[start:end].strip("*_# \"'").split())
        if words.endswith("?") and ASKS.match(words) and len(words) <= LONGEST:
            yield start, words


def topics(document: Document, often: Collection[str] = ()) -> Iterator[Candidate]:
    """Questions about the topics that a document's headings name, below its title.

    What stands ``often`` names no topic: *About this page*, *Contact*.
    """
    for heading in document.headings:
        words = document.words(heading)
        if words not in (document.title, *often) and is_topic(words):
            yield heading.start, about(words)


def is_topic(words: str) -> bool:
    """Whether a heading or a title may name a topic; *Income* or *Notes* tells too little.

    Nor does what is told beside a text, as the headers of a message.
    """
    no_topic = NO_TOPIC.search(words) or is_frequent(words) or BESIDE.match(words)
    return 0 < len(words) <= LONGEST and not (no_topic or words.startswith(QUOTED))


def about(topic: str) -> str:
    """What asks for a topic."""
    return "Tell me about " + LOWERED.sub(lambda word: word[0].lower(), topic)


def named_often(documents: Sequence[Document]) -> frozenset[str]:
    """The headings that several documents have."""
    counts = Counter(
        words
        for document in documents
        for words in {document.words(heading) for heading in document.headings}
    )
    return frozenset(words for words, count in counts.items() if count > 1)
