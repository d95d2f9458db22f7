"""What is replied to an everyday turn: a friendly line, a list, or sentences that sum up.

Whatever is told of what a document says is cited like any sentence of an answer.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from askdoc.answer.citation import cite, sentence_of, unmarked
from askdoc.answer.context import with_context
from askdoc.answer.everyday import Kind, Turn
from askdoc.answer.telling import telling
from askdoc.index.bm25 import terms
from askdoc.index.dense import cosine
from askdoc.index.index import Index
from askdoc.ingest.chunker import sentences
from askdoc.ingest.dates import Date, date_asked, date_of, is_of
from askdoc.ingest.rows import named_cells, rows
from askdoc.tuning import SAME_SENTENCE
from askdoc.types import BlockKind, Citation, Document, Passage, Sentence, Span

LISTED = 30  # documents of a list, at most
TOLD = 5  # sentences of a summary, at most
EACH = 8  # documents of which an overview has a sentence, at most
HEADINGS = 8  # of a document that are named, at most
SAMPLE = 500  # passages that stand for the whole corpus, or for a long document
LEADING = 3  # passages in which the sentence stands that a summary begins with
LENGTH = range(40, 400)  # characters of a sentence that may sum up
BEGINNING = 1_500  # characters in which the name of an author stands
AUTHOR = re.compile(
    r"^[^\w\n]*(?P<line>(?:(?:written|edited|compiled)\s+by|by|authors?)\b[:\s]+(?=(?-i:[A-Z]))"
    r"[^\n]{2,60}[^\n.\s])\s*$",
    re.I | re.M,
)
ITEM = "\n- "
TEXTS = {
    Kind.GREETING: "Hello! Ask me about the {0}.",
    Kind.THANKS: "You are welcome. Ask on whenever you like.",
    Kind.CHAT: "All right. Ask on whenever you like.",
    Kind.COMPLAINT: "I am sorry. Ask in other words, or name what or whom you mean.",
    Kind.HELP: """I am askdoc: I answer questions about the {0}. Every sentence carries a number \
for the exact words that it rests on. Where the documents do not answer, I say so.

You can also ask:
- What documents do you have?
- What is this about?
- Summarise {1}
- How many pages has {1}?
- What is new?""",
}
"""What is said where nothing is told of the documents but their number and the first one."""

Piece = tuple[str, str | Span]
"""What stands in front of a sentence, and the sentence: our own words, or those of a document."""


def reply(turn: Turn, index: Index) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """What is replied to an everyday turn, without a language model; each quote is cited.

    Nothing where no document has all of what documents are looked for by.
    """
    said: list[Sentence] = []
    citations: list[Citation] = []
    for lead, piece in _pieces(turn, index):
        if isinstance(piece, Span):
            citations.append(cite(len(citations) + 1, piece))
            said.append(sentence_of(piece, [len(citations)], lead))
        else:
            said.append(Sentence(unmarked(piece), lead=lead))
    return tuple(said), tuple(citations)


def _pieces(turn: Turn, index: Index) -> Iterator[Piece]:
    """The reply, piece by piece."""
    match turn.kind:
        case Kind.DOCUMENTS:
            yield from _documents(index)
        case Kind.OVERVIEW:
            yield from _overview(index)
        case Kind.SUMMARY:
            yield from _summary(index, index.document(turn.source))
        case Kind.AUTHOR:
            yield from _author(index.document(turn.source))
        case Kind.PAGES:
            yield "", f"{turn.source} has {_length(index, turn.source)}."
        case Kind.NEWS:
            yield from _news(index)
        case Kind.MENTIONS:
            yield from _mentions(index, turn)
        case kind:
            text = TEXTS[kind].format(_count(index), next(iter(index.titles())))
            yield from re.findall(r"(\n*(?:- )?)(.+)", text)


def _documents(index: Index) -> Iterator[Piece]:
    """The list of documents."""
    titles = list(index.titles())
    yield "", f"I have {_count(index)}:"
    for source in titles[:LISTED]:
        yield from _named(index.document(source), ITEM)
    if len(titles) > LISTED:
        yield "\n\n", f"And {len(titles) - LISTED:,} more."


def _overview(index: Index) -> Iterator[Piece]:
    """A sentence of each of the documents that stand for the others."""
    yield "", f"The {_count(index)} tell, among other things:"
    told = _nearest_to_the_whole(index, index.sample(SAMPLE), one_each=True)
    for span in told:
        yield from _named(span.document, ITEM)
        yield ": ", next(_leading(index, span.source), span)
    rest = sorted(index.titles().keys() - {span.source for span in told})
    if rest and told:
        more = f", and {len(rest) - EACH:,} more" if len(rest) > EACH else ""
        yield "\n\n", f"Not told of here: {', '.join(rest[:EACH])}{more}."


def _news(index: Index) -> Iterator[Piece]:
    """The documents whose files are the newest."""
    yield "", "The documents that were changed last:"
    for source, changed in index.newest(TOLD):
        when = datetime.fromtimestamp(changed / 1e9) if changed else datetime.now()
        yield ITEM, f"{source}, {when.day} {when:%B %Y}"


def _mentions(index: Index, turn: Turn) -> Iterator[Piece]:
    """The documents with a passage that has all of a topic, each with the sentence of most of it.

    Nothing where there is none.
    """
    date, beside = date_asked(turn.topic)
    if date and not beside.strip():
        yield from _dated(index, turn, date)
        return
    topic = telling(turn.topic)
    told: dict[str, Span] = {}
    _, found = index.search(turn.topic, SAMPLE, turn.sources)
    for passage, _ in found:
        if passage.source not in told and topic <= terms(passage.indexed_text):
            best = max(_sentences(passage), key=lambda span: len(topic & terms(span.text)))
            told[passage.source] = best
    if told:
        count = f"{len(told):,} documents mention" if len(told) > 1 else "One document mentions"
        yield "", f"{count} {turn.topic}:"
    for source, span in islice(told.items(), EACH):
        yield ITEM, f"{source}:"
        yield " ", span
    if rest := list(told)[EACH:]:
        yield "\n\n", f"And {', '.join(rest[:LISTED])}."


def _dated(index: Index, turn: Turn, date: Date) -> Iterator[Piece]:
    """The documents that tell a date of themselves; nothing where none does."""
    every = (index.document(source) for source in turn.sources or islice(index.titles(), SAMPLE))
    told = [document for document in every if is_of(date_of(document), date)]
    if told:
        yield "", f"{turn.topic[0].upper()}{turn.topic[1:]}:"
    for document in told[:LISTED]:
        yield from _named(document, ITEM)


def _summary(index: Index, document: Document) -> Iterator[Piece]:
    """Title and headings of a document, its first sentence, and those nearest to the whole."""
    yield from _named(document, "")
    headings = [
        Span(document, heading.inner_start, heading.inner_end)
        for heading in document.headings
        if document.words(heading) not in ("", document.title)
    ]
    if headings:
        yield "\n\n", "Its headings:" if len(headings) <= HEADINGS else "Its first headings:"
    for number, heading in enumerate(headings[:HEADINGS]):
        yield ", " if number else " ", heading
    told = summing_up(index, document.source)
    if not told:  # a table, or lines that are no sentences: its beginning has to do
        passages = _in_order(index, document.source)
        told = [span for passage in passages[:1] for span in _sentences(passage)][:TOLD]
        block = document.block_at(passages[0].start) if passages else None
        if block and block.kind is BlockKind.TABLE:
            told = [span for span in told if named_cells(span)] or told
            count = sum(1 for _ in rows(document, block.inner_start, block.end))
            yield "\n\n", f"A table of {count:,} rows. It begins with these:"
    for span in told:
        yield ITEM, span


def summing_up(index: Index, source: str, most: int = TOLD) -> list[Span]:
    """The sentences that sum up a document, in its order; none where it has no running text.

    They are its first one and those nearest to the whole of it.
    """
    lead = list(islice(_leading(index, source), 1))
    told = _nearest_to_the_whole(index, _in_order(index, source), lead)[:most]
    return sorted(told, key=lambda span: span.start)


def _in_order(index: Index, source: str) -> list[Passage]:
    """The passages of a document."""
    return sorted(index.passages(source), key=lambda passage: passage.start)


def _author(document: Document) -> Iterator[Piece]:
    """The line at the beginning of a document that names its author."""
    named = AUTHOR.search(document.text[:BEGINNING])
    if named:
        yield "", f"{document.source}:"
        yield " ", Span(document, *named.span("line"))
    else:
        yield "", f"{document.source} names no author at its beginning."


def _named(document: Document, lead: str) -> Iterator[Piece]:
    """The source of a document, and its title, cited where it stands in the text."""
    start = document.text.find(document.title) if document.title else -1
    yield lead, document.source + (":" if start >= 0 else "")
    if start >= 0:
        yield " ", Span(document, start, start + len(document.title))


def _count(index: Index) -> str:
    """How many documents there are, and in which folder, in words."""
    count = len(index.titles())
    return f"{f'{count:,} documents' if count > 1 else 'one document'} in {Path(index.corpus).name}"


def _length(index: Index, source: str) -> str:
    """How long a document is, in words: its pages where it has some, and its words."""
    pages = next(report.pages for report in index.reports() if report.source == source)
    words = f"{len(index.document(source).text.split()):,} words"
    if not pages:
        return f"{words}; its format has no pages"
    return f"{pages} page{'s' if pages > 1 else ''} and {words}"


def _nearest_to_the_whole(
    index: Index, passages: Sequence[Passage], told: Sequence[Span] = (), one_each: bool = False
) -> list[Span]:
    """The sentences that tell most of passages, nearest to their middle first, one of a passage.

    They come after those that are ``told``. With ``one_each`` they are of as many documents.
    """
    vectors = index.vectors(passages[:: max(1, len(passages) // SAMPLE)])
    middle = [sum(each) / len(vectors) for each in zip(*(v for _, v in vectors), strict=True)]
    said = list(told)
    for passage, _ in sorted(vectors, key=lambda pair: -cosine(middle, pair[1])):
        repeats = one_each and passage.source in [span.source for span in said]
        if repeats or len(said) == (EACH if one_each else TOLD):
            continue
        spans = _sentences(passage)
        new = [span for span in spans if _sums_up(span, said)]
        embed = index.embedder.embed_query
        said += sorted(new, key=lambda span: -cosine(middle, embed(span.text)))[:1]
    return said


def _leading(index: Index, source: str) -> Iterator[Span]:
    """The sentences with which a document begins that may sum it up: writers lead with what counts.

    The first ones of an article are hard to beat as its summary (Nenkova, 2005).
    """
    passages = _in_order(index, source)[:LEADING]
    leading = (span for passage in passages for span in _sentences(passage) if _sums_up(span, ()))
    return (with_context(span, "") for span in leading)


def _sentences(passage: Passage) -> list[Span]:
    """The sentences of a passage."""
    document = passage.document
    return [Span(document, *place) for place in sentences(document, passage.start, passage.end)]


def _sums_up(span: Span, said: Sequence[Span]) -> bool:
    """Whether a span is a whole sentence of running text, and none that was said."""
    text, block = span.text, span.document.block_at(span.start)
    if (
        (block and block.kind in (BlockKind.TABLE, BlockKind.CODE))
        or len(text) not in LENGTH
        or text.rstrip("\"'”’)»")[-1:] not in (".", "!")
    ):
        return False
    mine = terms(text)
    shared = ((mine & terms(other.text), mine | terms(other.text)) for other in said)
    return all(len(both) <= SAME_SENTENCE * len(either) for both, either in shared)
