"""From the sentences that were chosen to the quotes of an answer, so that they read well.

A fact that several places tell is said once, and cited at each; the items of a list stand below the
line that introduces them, what means little without its heading comes after that, and sentences of
which it is doubtful which one answers stand below each other.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile

from askdoc.answer.citation import Quote
from askdoc.answer.context import LEANS
from askdoc.answer.evidence import alike, asks_for_several, carries
from askdoc.answer.pipeline import Findings
from askdoc.answer.telling import telling
from askdoc.answer.verify.tokens import Kind, tokens_of
from askdoc.ingest.chunker import sentences
from askdoc.tuning import AT_ONCE, FOLDED, ITEMS, LABEL, MARKERS, SAME_FACT, SAME_TERMS
from askdoc.types import Block, BlockKind, Passage, Span

# What a row of steps answers.
HOW_TO = re.compile(
    r"\W*(?:(?:so|and|but|ok|please) )?how (?:do|can|could|should|would|must|to)\b", re.I
)
# How a sentence begins that has only the value of something.
BARE = re.compile(
    r"(?:[£$€¥]\s?\d|\d[\d.,]*\s?(?:[£$€¥]|(?:euros?|pounds?|dollars?)\b)|[A-Z][a-z]+: )"
)
PERSON = re.compile(r"\b(?:he|she)\b", re.I)  # whom the heading may name
LISTED = {BlockKind.ITEM, BlockKind.TABLE}
BELOW = "\n- "  # what leads an item of a list


def quotes_of(findings: Findings, threshold: float) -> tuple[Quote, ...]:
    """The quotes that answer, in the order in which they read best.

    None where the confidence is below the ``threshold``; of several questions in one, those of each
    that is above it, in paragraphs.
    """
    if findings.confidence < threshold:
        return ()
    quotes: list[Quote] = []
    for part in findings.parts:
        new = [one for one in quotes_of(part, threshold) if not _is_quoted(one.span, quotes)]
        if quotes and new:
            sign = new[0].lead.strip("\n") if len(new) > 1 else ""
            new[0] = replace(new[0], lead=f"\n\n{sign}")
        quotes += new
    return tuple(quotes) or _quotes(findings)


def left_open(findings: Findings, threshold: float) -> str:
    """A line that names what is not answered of several questions in one; empty where all are."""
    missing = [f"“{part.query.asked}”" for part in findings.parts if part.confidence < threshold]
    return f"The documents do not answer {' and '.join(missing)}." if missing else ""


def _is_quoted(span: Span, quotes: Sequence[Quote]) -> bool:
    """Whether one of the quotes has a span in it."""
    return any(
        quote.source == span.source and quote.start <= span.start <= span.end <= quote.end
        for quote in (one.span for one in quotes)
    )


def _quotes(findings: Findings) -> tuple[Quote, ...]:
    """The quotes that answer one question."""
    shown: dict[tuple[str, int], Span] = {}
    asked = findings.query.asked
    whole = HOW_TO.match(asked) is not None or asks_for_several(asked)
    for place, one in enumerate(findings.evidence):
        for span in _with_list(one.quote, whole=whole and place == 0):
            shown.setdefault((span.source, span.start), span)
    spans = list(_under_headings(shown.values()))
    elsewhere = [
        (other, telling(other.text))
        for candidate in findings.retrieved[: FOLDED if any(map(_is_told_alone, spans)) else 0]
        for other in _sentences(candidate.passage)
        if (other.source, other.start) not in shown
    ]
    quotes = [Quote(span, _also(span, elsewhere)) for span in spans]
    introduced = any(span.text.endswith(":") for span in spans)
    if findings.alternatives and len(shown) > 1 and not introduced:
        return tuple(_after_headings([replace(quote, lead=BELOW) for quote in quotes]))
    return tuple(_after_headings(list(_laid_out(quotes))))


def _under_headings(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans, with a heading in front of those under it that mean little or nothing without it.

    *Vaccinations* means the opposite under *What is not covered*, and *£140 (members £115)* is the
    price of what its heading names, *he* the one whom it names.
    """
    before = None
    for span in spans:
        at = bisect_right(span.document.headings, span.start, key=lambda block: block.start) - 1
        block = span.document.headings[at] if at >= 0 else None
        heading = Span(span.document, block.inner_start, block.inner_end) if block else None
        if heading and heading not in (before, span) and _needs(span, heading.text):
            yield heading
        before = heading
        yield span


def _needs(span: Span, heading: str) -> bool:
    """Whether a span is only understood below its heading."""
    if _denies(heading) and not _denies(span.text):
        return True
    named = _names(heading)
    if PERSON.search(span.text) and named and not named & _names(span.text):
        return True
    block = span.document.block_at(span.start)
    if block is None or block.kind is not BlockKind.PARAGRAPH or not BARE.match(span.text):
        return False
    return not telling(heading) <= telling(span.text)


def _names(text: str) -> set[object]:
    """What the names in a text are compared by."""
    return {token.key for token in tokens_of(text) if token.kind is Kind.NAME}


def _denies(text: str) -> bool:
    """Whether a text says that something is not so."""
    return any(token.kind is Kind.DENIAL for token in tokens_of(text))


def _after_headings(quotes: Sequence[Quote]) -> Iterator[Quote]:
    """The quotes, what stands under a heading that is quoted on one line with it."""
    before = False
    for quote in quotes:
        block = quote.span.document.block_at(quote.span.start)
        heading = block is not None and block.kind is BlockKind.HEADING
        yield replace(quote, lead=": ") if before and not heading else quote
        before = heading


def _with_list(span: Span, whole: bool = False) -> Iterator[Span]:
    """A line with the items that it introduces, an item below the line that introduces it.

    The ``whole`` list is wanted where an item is one of the steps, or of the things, asked for.
    """
    document, blocks = span.document, span.document.blocks
    at = bisect_right(blocks, span.start, key=lambda block: block.start) - 1
    if at < 0:
        yield span
    elif blocks[at].kind is BlockKind.ITEM:
        first = at
        while first and blocks[first - 1].kind is BlockKind.ITEM:
            first -= 1
        block = blocks[first - 1]
        begin = max(block.start, block.end - AT_ONCE)  # a paragraph may be as long as a file
        above = sentences(document, begin, block.end) if first else []
        if above and document.text[slice(*above[-1])].endswith(":"):
            yield Span(document, *above[-1])
        items = takewhile(lambda block: block.kind is BlockKind.ITEM, blocks[first:])
        listed = list(islice(items, ITEMS)) if whole else []
        if blocks[at] in listed:
            for block in listed:
                yield Span(document, block.inner_start, block.inner_end)
        else:
            yield span
    else:
        yield span
        if _introduces(span, blocks[at]):
            items = takewhile(lambda block: block.kind is BlockKind.ITEM, blocks[at + 1 :])
            for block in islice(items, ITEMS):
                yield Span(document, block.inner_start, block.inner_end)


def _introduces(span: Span, block: Block) -> bool:
    """Whether a span introduces what stands below its block, as *How to apply* does steps."""
    return span.text.endswith(":") or (
        len(span.text.split()) <= LABEL and span.end == block.inner_end and span.text[-1].isalnum()
    )


def _also(span: Span, elsewhere: Sequence[tuple[Span, frozenset[str]]]) -> tuple[Span, ...]:
    """Up to two sentences elsewhere, here with their terms, that say the same, no more or less."""
    if not _is_told_alone(span):
        return ()  # elsewhere, the same words may be about something else
    mine = telling(span.text)
    same = (
        other
        for other, terms in elsewhere
        if alike(mine, terms) > SAME_FACT and carries(span, other) and carries(other, span)
    )
    return tuple(islice(same, MARKERS - 1))


def _is_told_alone(span: Span) -> bool:
    """Whether a sentence tells enough to be the same wherever its words stand."""
    block = span.document.block_at(span.start)
    enough = len(telling(span.text)) >= SAME_TERMS and not LEANS.match(span.text)
    return enough and block is not None and block.kind is not BlockKind.TABLE


def _sentences(passage: Passage) -> list[Span]:
    """The sentences of a passage."""
    ends = sentences(passage.document, passage.start, passage.end)
    return [Span(passage.document, *each) for each in ends]


def _laid_out(quotes: Sequence[Quote]) -> Iterator[Quote]:
    """The quotes with the items and rows among them below each other, where there are several."""
    blocks = [quote.span.document.block_at(quote.span.start) for quote in quotes]
    kinds = [block.kind if block else BlockKind.PARAGRAPH for block in blocks]
    # Headings alone are what there is of something; else one stands above what follows it.
    are = LISTED | ({BlockKind.HEADING} if set(kinds) == {BlockKind.HEADING} else set())
    listed = [kind in are for kind in kinds]
    for at, quote in enumerate(quotes):
        if listed[at] and (sum(listed) > 1 or (at and quotes[at - 1].span.text.endswith(":"))):
            yield replace(quote, lead=BELOW)
        else:
            yield replace(quote, lead="\n\n") if at and listed[at - 1] else quote
