"""A sentence with its neighbours without which a reader would not understand it, or know why."""

import re
from bisect import bisect_right

from askdoc.index.bm25 import terms
from askdoc.ingest.chunker import sentences
from askdoc.tuning import ANSWERED, AT_ONCE, FRAGMENT
from askdoc.types import BlockKind, Span

# How a sentence begins that is only understood after the one before it.
LEANS = re.compile(
    r"\W*(?:it|its|they|their|them|he|his|him|she|her|both|these|those|this|that|such|"
    r"the (?:same|latter|former|other|two|three)|"
    r"(?:agreed|decided|carried|approved|rejected|resolved|adopted|postponed|deferred|put off)|"
    r"(?:in|at|by|after|before|because of|as a result of|for|with|under|of|on|since) "
    r"(?:it|them|him|her|this|that|these|those|which|both))\b",
    re.I,
)
# What tells of a wish, of which the next sentence may tell what came.
WISHES = re.compile(
    r"\b(?:propos(?:es?|ed)|suggest(?:s|ed)?|request(?:s|ed)?|recommend(?:s|ed)?|appl(?:y|ies|ied)|"
    r"(?:ask|want|mov|intend|call|hop|plan)(?:s|es|ed|ned)? (?:to|for|whether|that))\b",
    re.I,
)
ASKS = re.compile(r"\?\W*\Z")  # how a question ends
WHY = re.compile(r"\b(?:why|reasons?|how come)\b", re.I)


def with_context(span: Span, question: str) -> Span:
    """A sentence with what it is only understood with, in its paragraph.

    That is the one before it, where it leans on that one, all since the question that a paragraph
    begins with, and the one after it where that one leans on it, answers it, tells what came of its
    wish or what it only names, or where a reason is asked for.
    """
    document, start, end = span.document, span.start, span.end
    block = document.block_at(start)
    if block is None or block.kind is BlockKind.TABLE:
        return span
    before = max(block.start, start - AT_ONCE)  # a paragraph may be as long as a file
    earlier = sentences(document, before, start)
    asked = earlier[:1] if start - before < ANSWERED else []
    if any(ASKS.search(document.text, *each) for each in asked):
        start = earlier[0][0]
    elif earlier and LEANS.match(span.text):
        start = earlier[-1][0]
    border = block.end
    below = bisect_right(document.blocks, start, key=lambda block: block.start)
    for further in document.blocks[below : below + 1]:
        if ASKS.search(span.text) and further.kind is not BlockKind.HEADING:
            border = further.end  # what is asked at the end of a paragraph is answered by the next
    for first, last in sentences(document, end, min(border, end + AT_ONCE))[:1]:
        after = Span(document, first, last)
        if (
            LEANS.match(after.text)
            or ASKS.search(span.text)
            or WHY.search(question)
            or len(span.text.split()) <= FRAGMENT
            or (WISHES.search(span.text) and terms(after.text) & terms(span.text))
        ):
            end = last
    return Span(document, start, end)
