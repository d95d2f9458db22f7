"""What there is of something: *which courses are there?* asks for all on a page, or in a table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from askdoc.answer.columns import all_rows
from askdoc.answer.evidence import Evidence
from askdoc.answer.query import Query
from askdoc.answer.telling import telling
from askdoc.index.bm25 import terms
from askdoc.ingest.rows import named_cells
from askdoc.tuning import FEWEST_LISTED, LISTED_NAMED, LONGEST_LIST
from askdoc.types import Document, Span

_WHO = r"(?:you|i|we|they|one|people|there)"
_NAME = r"[\w'-]+(?: [\w'-]+){0,2}?"
# What asks for all that there is of something, and for nothing else of it.
THERE_IS = re.compile(
    rf"\W*(?:(?:and|so|please|can you|could you) )?(?:"
    rf"(?:which|what) (?:(?:sorts?|kinds?|types?) of )?({_NAME}) "
    rf"(?:are there|exist|(?:are|is) (?:on offer|offered|available|taught|held|run)|"
    rf"(?:do|can|could|may) {_WHO} (?:have|offer|run|do|teach|sell|stock|provide|hold|take|book|"
    rf"join|attend|choose(?: from)?))|"
    rf"(?:list|name|show(?: me)?|tell me|give me) (?:all|every|each)(?: of)?(?: (?:the|your|our))? "
    rf"({_NAME})|what are (?:all )?(?:the|your|our) ({_NAME}))"
    rf"(?: here| now| at the moment| this \w+| (?:that )?(?:{_WHO} (?:have|offer)|there are))?\W*",
    re.I,
)


def listed(query: Query, every: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The headings or rows of what a question wants listed; none where it asks for anything else.

    Headings stand below a heading that names it, rows below the name of their first column, the one
    that says least beside its name, in one of the documents of ``every``, which was judged.
    """
    asked = THERE_IS.fullmatch(query.asked)
    topic = telling(next(filter(None, asked.groups()), "")) if asked else frozenset()
    if not topic:
        return ()
    found = [
        (_share(topic, name), -place, one, below)
        for place, one in enumerate(_one_of_each(every))  # of prose and of each table
        for name, below in (*_table(one.span), *_sections(one.span.document))
        if len(below) >= FEWEST_LISTED
    ]
    named, _, one, below = max(found, key=lambda each: each[:2], default=(0.0, 0, None, []))
    if one is None or named < LISTED_NAMED:
        return ()
    return tuple(replace(one, span=span) for span in below[:LONGEST_LIST])


def _share(topic: frozenset[str], name: str) -> float:
    """The share that a topic is of the terms of a heading, years aside; 0 where that lacks it."""
    named = {term for term in terms(name) if not term.isdigit()}
    return len(topic) / len(named) if topic <= named else 0.0


def _one_of_each(every: Sequence[Evidence]) -> list[Evidence]:
    """The best sentence of each document beside its tables, and of each table, the best first."""
    best: dict[tuple[str, tuple[str, int] | None], Evidence] = {}
    for one in sorted(every, key=lambda one: -one.score):
        best.setdefault((one.span.source, one.table), one)
    return list(best.values())


def _table(row: Span) -> Iterator[tuple[str, list[Span]]]:
    """What the first column of a row's table is called, with all rows; nothing for other text."""
    if cells := named_cells(row):
        yield cells[0][0], list(all_rows(row))


def _sections(document: Document) -> Iterator[tuple[str, list[Span]]]:
    """The words of each heading, with the headings that stand one level below it."""
    headings = document.headings
    for at, heading in enumerate(headings):
        below = []
        for further in headings[at + 1 :]:
            if further.level <= heading.level:
                break
            if further.level == heading.level + 1:
                below.append(Span(document, further.inner_start, further.inner_end))
        yield document.words(heading), below
