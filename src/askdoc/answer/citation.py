"""From spans to numbered citations and the text that shows them; and back from markers."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from askdoc.ingest.chunker import split
from askdoc.ingest.rows import named_cells, with_header
from askdoc.types import Citation, Sentence, Span

# What a reader would take for a marker: the same signs in a source must not pass for one.
LOOKALIKE = re.compile(r"[\[【](\d[\d\s,;-]*)[\]】]")
# What models write: [1], [1, 2], [1-3], [passage 2], 【1】, 【1†source】.
MARKER = re.compile(
    r"[ \t]*[\[【][ \t]*(?:passages?|sources?)?[ \t]*#?"
    r"(\d{1,4}(?:[ \t]*(?:[,;–-]|and)[ \t]*\d{1,4})*)[ \t]*(?:†[^\]】\n]{0,60})?[\]】]",
    re.I,
)
BEGUN = re.compile(r"[ \t]*[\[【][^\]】\n]{0,80}$")  # what may become a marker when more comes
CODE = re.compile(r"(?P<fence>```|~~~).*?(?:(?P=fence)|\Z)|`[^`\n]+`", re.S)
# The sign in front of a line: of a list item, a heading or a quotation.
SIGN = re.compile(r"\s*(?:(?:[-*+•>]|#{1,6}|\d{1,3}[.)])[ \t]+)*")
RANGE = 10  # numbers that [1-9] stands for, at most


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that a model wrote: what stands in front of it, its text, and what it cites.

    ``numbers`` are those of passages, in the order of their markers, each once.
    """

    lead: str
    text: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of an answer that is a span of a document.

    ``same`` are spans elsewhere that say the same; ``lead`` is what stands in front of it.
    """

    span: Span
    same: tuple[Span, ...] = ()
    lead: str = " "


def cite(number: int, span: Span) -> Citation:
    """The citation of a span."""
    return Citation(
        number=number,
        source=span.source,
        title=span.title,
        page=span.page,
        heading=span.heading,
        start=span.start,
        end=span.end,
        quote=span.text,
        file_sha256=span.document.file_sha256,
        text_sha256=span.document.text_sha256,
    )


def quoted(
    quotes: Iterable[Quote], before: Sequence[Citation] = ()
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """A sentence for each quote, citing its spans; the same span twice is one citation.

    The citations come after those of what stands ``before``, which are returned with them.

    """
    sentences: list[Sentence] = []
    citations = {(cited.source, cited.start, cited.end): cited for cited in before}
    for quote in quotes:
        numbers = []
        for span in (quote.span, *quote.same):
            key = (span.source, span.start, span.end)
            if key not in citations:
                citations[key] = cite(len(citations) + 1, span)
            numbers.append(citations[key].number)
        sentences.append(sentence_of(quote.span, numbers, quote.lead))
    return tuple(sentences), tuple(citations.values())


def sentence_of(span: Span, numbers: Iterable[int], lead: str) -> Sentence:
    """The sentence that quotes a span, with the numbers of its citations.

    It is the span with the white space folded, a row of a table with the names of its columns. What
    looks like a marker in the source, as ``[3]`` does, is written ``(3)``, so that every ``[n]`` of
    an answer is a citation of it.
    """
    cells = tuple((unmarked(name), unmarked(cell)) for name, cell in named_cells(span))
    return Sentence(unmarked(with_header(span)), tuple(numbers), lead=lead, cells=cells)


def unmarked(text: str) -> str:
    """A text in which nothing looks like a marker: ``[3]`` is written ``(3)``."""
    return LOOKALIKE.sub(r"(\1)", text)


def marked(sentences: Iterable[Sentence]) -> str:
    """The sentences as one text, each followed by the markers of its citations."""
    return "".join(
        sentence.lead + sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        for sentence in sentences
    ).strip()


def claims(written: str, finished: bool = True) -> list[Claim]:
    """What a model wrote, sentence by sentence, with the passages that each one cites.

    A marker belongs to the sentence that it stands in or behind, one that opens a line to the
    sentence after it. Code is left as it is. While the text is not ``finished``, what may still
    become a marker is held back.
    """
    if not finished:
        written = BEGUN.sub("", written)
    plain, markers = _without_markers(written)
    spans = list(_spans(plain))
    cited: dict[int, list[int]] = {}
    for at, numbers in markers:
        before = sum(start < at for start, _ in spans)
        opens = not plain[plain.rfind("\n", 0, at) + 1 : at].strip(" \t-*+•>#")
        place = before if opens and before < len(spans) else before - 1
        cited.setdefault(max(0, place), []).extend(numbers)
    ends = [0, *(end for _, end in spans)]
    return [
        Claim(
            plain[ends[number] : start] or " ",
            plain[start:end],
            tuple(dict.fromkeys(cited.get(number, ()))),
        )
        for number, (start, end) in enumerate(spans)
    ]


def _without_markers(written: str) -> tuple[str, list[tuple[int, list[int]]]]:
    """The text without its markers, and for each the place where it stood and its numbers."""
    plain, markers, last = "", [], 0
    for code in [*CODE.finditer(written), None]:
        start = code.start() if code else len(written)
        between = ""
        for match in MARKER.finditer(written, last, start):
            between += written[last : match.start()]
            markers.append((len(plain) + len(between), _numbers(match[1])))
            last = match.end()
        # What is left may look like a marker, also when one was taken out of its middle.
        plain += unmarked(between + written[last:start]) + (code[0] if code else "")
        last = code.end() if code else start
    return plain, markers


def _numbers(inside: str) -> list[int]:
    """The numbers of a marker; a range stands for all in between."""
    numbers: list[int] = []
    for part in re.split(r"[,;]|and", inside):
        first, *rest = map(int, re.findall(r"\d+", part))
        last = rest[-1] if rest else first
        ends = [first, last] if last < first else range(first, min(last, first + RANGE - 1) + 1)
        numbers += ends
    return numbers


def _spans(plain: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text, without white space around them or a sign in front; and its code."""
    last = 0
    fences = [match.span() for match in CODE.finditer(plain) if match["fence"]]
    for start, end in [*fences, (len(plain), len(plain))]:
        for line in plain[last:start].splitlines(keepends=True):
            sign = SIGN.match(line)
            begin = last + (sign.end() if sign else 0)
            for first, behind in split(plain[begin : last + len(line)]):
                text = plain[begin + first : begin + behind]
                if text.strip():
                    right = begin + first + len(text.rstrip())
                    yield right - len(text.strip()), right
            last += len(line)
        if end > start:
            yield start, start + len(plain[start:end].rstrip())
        last = end
