"""From the spans that an answer rests on to numbered citations, and to the text that shows them."""

import re
from collections.abc import Iterable, Sequence

from askdoc.types import Citation, Document, Sentence

# What a reader would take for a marker: the same signs in a source must not pass for one.
LOOKALIKE = re.compile(r"[\[【](\d[\d\s,;-]*)[\]】]")

Quote = tuple[Document, int, int]


def cite(number: int, document: Document, start: int, end: int) -> Citation:
    """The citation of a span of a document."""
    return Citation(
        number=number,
        source=document.source,
        title=document.title,
        page=document.page_at(start),
        heading=document.heading_at(start),
        start=start,
        end=end,
        quote=document.text[start:end],
        file_sha256=document.file_sha256,
        text_sha256=document.text_sha256,
    )


def quoted(quotes: Iterable[Quote]) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """A sentence for each span, citing it; the same span twice is one citation.

    A sentence is its span with the white space folded. What looks like a marker in the source,
    as ``[3]`` does, is written ``(3)``, so that every ``[n]`` of an answer is a citation of it.
    """
    sentences: list[Sentence] = []
    citations: dict[tuple[str, int, int], Citation] = {}
    for document, start, end in quotes:
        key = (document.source, start, end)
        if key not in citations:
            citations[key] = cite(len(citations) + 1, document, start, end)
        text = LOOKALIKE.sub(r"(\1)", " ".join(document.text[start:end].split()))
        sentences.append(Sentence(text, (citations[key].number,)))
    return tuple(sentences), tuple(citations.values())


def marked(sentences: Sequence[Sentence]) -> str:
    """The sentences as one text, each followed by the markers of its citations."""
    return " ".join(
        sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        for sentence in sentences
    )
