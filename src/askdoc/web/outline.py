"""What an opened document shows first: the sentences that sum it up, and its headings."""

from dataclasses import dataclass

from askdoc.answer.replies import summing_up
from askdoc.assistant import Assistant
from askdoc.types import Block, Document, Span

SENTENCES = 3
HEADINGS = 200  # at most


@dataclass(frozen=True, slots=True)
class Outline:
    """A document in short: ``sentences`` of it, and its headings but the one that is its title."""

    document: Document
    headings: tuple[Block, ...]
    sentences: tuple[Span, ...] = ()


def outline(assistant: Assistant, document: Document, summed_up: bool = True) -> Outline:
    """The outline of a document; its sentences take a second, and only come with ``summed_up``."""
    headings = [
        heading
        for heading in document.headings
        if document.words(heading) not in ("", document.title)
    ]
    sentences = summing_up(assistant.index, document.source, SENTENCES) if summed_up else ()
    return Outline(document, tuple(headings[:HEADINGS]), tuple(sentences))
