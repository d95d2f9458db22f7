"""What is replied to an everyday turn: a friendly line, a list, or sentences that sum up.

Whatever is told of what a document says is cited like any sentence of an answer.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from askdoc.answer.citation import cite, unmarked
from askdoc.answer.everyday import Kind, Turn
from askdoc.index.bm25 import terms
from askdoc.index.dense import cosine
from askdoc.index.index import Index
from askdoc.ingest.chunker import sentences
from askdoc.ingest.rows import with_header
from askdoc.tuning import SAME_SENTENCE
from askdoc.types import BlockKind, Citation, Document, FileReport, Passage, Sentence, Span

LISTED = 30  # documents of a list, at most
TOLD = 5  # sentences of a summary, at most
HEADINGS = 8  # of a document that are named, at most
SAMPLE = 500  # passages that stand for the whole corpus, or for a long document
LENGTH = range(40, 400)  # characters of a sentence that may sum up
BEGINNING = 1_500  # characters in which the name of an author stands
AUTHOR = re.compile(
    r"^[^\w\n]*(?:(?:written|edited|compiled)\s+by|by|authors?)\b[:\s]+(?=(?-i:[A-Z]))[^\n]{2,60}[^\n.]$",
    re.I | re.M,
)
ITEM = "\n- "

Place = TypeVar("Place", bound=Span)


class Lines:
    """A reply as it is put together; ``sentences`` and ``citations`` are what an answer has."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self.citations: list[Citation] = []

    def say(self, text: str, lead: str = " ") -> None:
        """Adds a sentence that cites nothing."""
        self.sentences.append(Sentence(unmarked(text), lead=lead))

    def quote(self, span: Span, lead: str = " ") -> None:
        """Adds the words of a span, citing it."""
        number = len(self.citations) + 1
        self.citations.append(cite(number, span))
        self.sentences.append(Sentence(unmarked(with_header(span)), (number,), lead=lead))

    def name(self, document: Document, lead: str) -> None:
        """Adds the source of a document, and its title, cited where it stands in the text."""
        start = document.text.find(document.title) if document.title else -1
        if start < 0:
            self.say(document.source, lead)
            return
        self.say(f"{document.source}:", lead)
        self.quote(Span(document, start, start + len(document.title)))


def reply(turn: Turn, index: Index) -> Lines:
    """What is replied to an everyday turn, without a language model."""
    made = Lines()
    match turn.kind:
        case Kind.GREETING:
            made.say(f"Hello! Ask me about the {_count(index)}.")
        case Kind.THANKS:
            made.say("You are welcome. Ask on whenever you like.")
        case Kind.HELP:
            _help(made, index)
        case Kind.DOCUMENTS:
            _documents(made, index)
        case Kind.OVERVIEW:
            _overview(made, index)
        case Kind.NEWS:
            _news(made, index)
        case Kind.SUMMARY:
            _summary(made, index, turn.source)
        case Kind.AUTHOR:
            _author(made, index.document(turn.source))
        case Kind.PAGES:
            _pages(made, index, turn.source)
    return made


def _help(made: Lines, index: Index) -> None:
    """Who answers, and what can be asked."""
    source = next(iter(index.titles()))
    made.say(f"I am askdoc: I answer questions about the {_count(index)}.")
    made.say("Every sentence carries a number for the exact words that it rests on.")
    made.say("Where the documents do not answer, I say so.")
    made.say("You can also ask:", "\n\n")
    for example in (
        "What documents do you have?",
        "What is this about?",
        f"Summarise {source}",
        f"How many pages has {source}?",
        "What is new?",
    ):
        made.say(example, ITEM)


def _documents(made: Lines, index: Index) -> None:
    """The list of documents."""
    titles = list(index.titles())
    made.say(f"I have {_count(index)}:", "")
    for source in titles[:LISTED]:
        made.name(index.document(source), ITEM)
    if len(titles) > LISTED:
        made.say(f"And {len(titles) - LISTED:,} more.", "\n\n")


def _overview(made: Lines, index: Index) -> None:
    """The documents nearest to the whole corpus, and what each tells nearest to it."""
    vectors = index.vectors(index.sample(SAMPLE))
    whole = _mean([vector for _, vector in vectors])
    nearest: dict[str, Passage] = {}
    for passage in _by_nearness(whole, vectors):
        nearest.setdefault(passage.source, passage)
    made.say(f"The {_count(index)} tell, among other things:", "")
    said: list[Span] = []
    for passage in list(nearest.values())[:TOLD]:
        best = _best_sentence(index, whole, passage, said)
        if best:
            said.append(best)
            made.name(best.document, ITEM)
            made.quote(best, ": ")


def _summary(made: Lines, index: Index, source: str) -> None:
    """Title and headings of a document, and its sentences nearest to the whole of it."""
    document = index.document(source)
    made.name(document, "")
    headings = [
        Span(document, heading.inner_start, heading.inner_end)
        for heading in document.headings
        if document.words(heading) not in ("", document.title)
    ]
    if headings:
        made.say("Its headings:" if len(headings) <= HEADINGS else "Its first headings:", "\n\n")
    for number, heading in enumerate(headings[:HEADINGS]):
        made.quote(heading, ", " if number else " ")
    passages = sorted(index.passages(source), key=lambda passage: passage.start)
    vectors = index.vectors(passages[:: max(1, len(passages) // SAMPLE)])
    whole = _mean([vector for _, vector in vectors])
    said: list[Span] = []
    for passage in _by_nearness(whole, vectors):
        best = _best_sentence(index, whole, passage, said)
        if best:
            said.append(best)
        if len(said) == TOLD:
            break
    first = passages[0] if passages and not said else None
    if first:  # a table, or lines that are no sentences: its beginning has to do
        spans = sentences(document, first.start, first.end)[:TOLD]
        said = [Span(document, start, end) for start, end in spans]
    for span in sorted(said, key=lambda span: span.start):
        made.quote(span, ITEM)


def _author(made: Lines, document: Document) -> None:
    """The line at the beginning of a document that names its author."""
    named = AUTHOR.search(document.text[:BEGINNING])
    if named is None:
        made.say(f"{document.source} names no author at its beginning.", "")
        return
    text = named[0]
    start = named.start() + len(text) - len(text.lstrip("#*_> \t"))
    made.say(f"{document.source}:", "")
    made.quote(Span(document, start, named.start() + len(text.rstrip())))


def _pages(made: Lines, index: Index, source: str) -> None:
    """How long a document is."""
    report = next(report for report in index.reports() if report.source == source)
    made.say(f"{source} has {_length(report, index.document(source))}.", "")


def _news(made: Lines, index: Index) -> None:
    """The documents that were changed last."""
    made.say("The documents that were changed last:", "")
    for source, changed in index.newest(TOLD):
        when = datetime.fromtimestamp(changed / 1e9) if changed else datetime.now()
        made.say(f"{source}, {when.day} {when:%B %Y}", ITEM)


def _count(index: Index) -> str:
    """How many documents there are, and in which folder, in words."""
    count = len(index.titles())
    folder = Path(index.corpus).name
    return f"{count:,} documents in {folder}" if count != 1 else f"one document in {folder}"


def _length(report: FileReport, document: Document) -> str:
    """How long a document is, in words: its pages where it has some, and its words."""
    words = f"{len(document.text.split()):,} words"
    if not report.pages:
        return f"{words}; its format has no pages"
    return f"{report.pages} page{'s' if report.pages > 1 else ''} and {words}"


def _best_sentence(
    index: Index, whole: Sequence[float], passage: Passage, said: Sequence[Span]
) -> Span | None:
    """The sentence of a passage nearest to the whole that says nothing twice; None without any."""
    document = passage.document
    spans = [
        span
        for start, end in sentences(document, passage.start, passage.end)
        if (span := Span(document, start, end)) and _sums_up(span, said)
    ]
    vectors = [(span, index.embedder.embed_query(span.text)) for span in spans]
    return next(iter(_by_nearness(whole, vectors)), None)


def _sums_up(span: Span, said: Sequence[Span]) -> bool:
    """Whether a span is a whole sentence of running text, and none that was said."""
    text = span.text
    blocks = span.document.blocks
    block = blocks[max(0, bisect_right(blocks, span.start, key=lambda block: block.start) - 1)]
    if (
        block.kind in (BlockKind.TABLE, BlockKind.CODE)
        or len(text) not in LENGTH
        or text.rstrip("\"'”’)»")[-1:] not in (".", "!")
    ):
        return False
    mine = terms(text)
    shared = ((mine & terms(other.text), mine | terms(other.text)) for other in said)
    return all(len(both) <= SAME_SENTENCE * len(either) for both, either in shared)


def _by_nearness(
    whole: Sequence[float], vectors: Iterable[tuple[Place, Sequence[float]]]
) -> list[Place]:
    """The spans by their nearness to the whole, nearest first."""
    return [span for span, _ in sorted(vectors, key=lambda pair: -cosine(whole, pair[1]))]


def _mean(vectors: Sequence[Sequence[float]]) -> list[float]:
    """The vector in the middle of some."""
    return [sum(numbers) / len(vectors) for numbers in zip(*vectors, strict=True)]
