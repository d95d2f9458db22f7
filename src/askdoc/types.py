"""The values that flow: Document -> Passage -> Hit -> Answer(Sentence, Citation).

All are frozen; whatever can be derived is a property. Offsets are counted in characters (code
points) of ``Document.text``, start included, end excluded.
"""

import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any


class Certainty(StrEnum):
    """What the confidence in an answer means to a reader."""

    SURE = "sure"
    UNSURE = "unsure"
    NONE = "none"


UNSURE = "Not certain, but this seems to tell:"
"""What introduces an answer that is not certain, wherever one is shown."""
GUESS = "Not certain: the documents may not answer this. The nearest that they tell:"
"""What introduces one that is more likely wrong than right."""

UNCALIBRATED = (
    "How certain this is was never measured with this embedder and reader: run `askdoc calibrate`."
)
"""What stands below an answer whose confidence is reckoned by the weights of other models."""

Metadata = Mapping[str, Any]
"""What is told of a document by its names: text, numbers, true or false, or lists of these."""

NO_ANSWER = "The documents do not answer this question."
"""The one refusal: the text of every answer that is abstained."""


INVISIBLE = re.compile(
    "[\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
    "|[\u202a-\u202e\u2066-\u2069]"  # they turn the order of what follows
    "|(?<=[A-Za-z])[\u200c\u200d]|[\u200c\u200d](?=[A-Za-z])"  # of use in other scripts
)
"""Signs that nobody sees; a document that holds them may say more to a machine than to a reader."""


UNSAID = re.compile(f"\u00ad|{INVISIBLE.pattern}")
WIDE = re.compile("[\ufb00-\ufb06\uff01-\uffee]+")  # ligatures, and letters of full and half width
LETTER = re.compile(r".[\u0300-\u036f]*", re.DOTALL)  # with the accents that stand behind it


def plain(text: str) -> str:
    """A text as its words are read: without soft hyphens, its letters in their common form.

    So it is indexed, read and compared; a quote has what the document has.
    """
    if text.isascii():
        return text
    whole = unicodedata.normalize("NFC", UNSAID.sub("", text))
    return WIDE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), whole)


def plain_in_place(text: str) -> tuple[str, list[int]]:
    """The same, and for each of its characters, and its end, the offset in the text."""
    if text == plain(text):
        return text, [*range(len(text) + 1)]
    parts, places = list[str](), list[int]()
    for match in LETTER.finditer(text):
        parts.append("" if UNSAID.match(text, match.start()) else plain(match[0]))
        places += [match.start()] * len(parts[-1])
    return "".join(parts), [*places, len(text)]


class BlockKind(StrEnum):
    """What a block of a document is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "list item"
    CODE = "code"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """A span of a document that stands by itself.

    Between ``inner_start`` and ``inner_end`` are its words without the signs of its format: the
    ``#`` of a heading, a list item's bullet, the fences of code. A table's are the rows below its
    header; it has none where ``inner_start`` equals ``start``. ``level`` is a heading's, from 1
    (largest) to 6, and 0 for all else.
    """

    kind: BlockKind
    start: int
    inner_start: int
    inner_end: int
    end: int
    level: int = 0


@dataclass(frozen=True)
class Document:
    """One file, read to text.

    ``source`` is the path relative to the corpus with forward slashes; ``blocks`` are in order,
    none overlaps another, and outside of them is only white space; ``pages`` holds the offset at
    which each page begins, and is empty where the format has no pages; ``hidden`` is how many
    characters the file holds that its reader does not see; ``remark`` is what else to know of how
    it was read, as by OCR; ``metadata`` is what ``where`` can ask for: what the file tells of
    itself, as its author and date, and its kind, folder and language.
    """

    source: str
    title: str
    text: str
    file_sha256: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[int, ...] = ()
    hidden: int = 0
    remark: str = ""
    metadata: Metadata = field(default_factory=dict, hash=False)

    @cached_property
    def unseen(self) -> str:
        """What its reader does not see, in words; empty where that is nothing."""
        signs = len(INVISIBLE.findall(self.text))
        counts = ((self.hidden, "hidden"), (signs, "invisible"))
        told = " and ".join(f"{count:,} {kind}" for count, kind in counts if count)
        return told and f"it holds {told} characters, which a reader does not see"

    @cached_property
    def text_sha256(self) -> str:
        """The SHA-256 of the text that all offsets point into."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def headings(self) -> tuple[Block, ...]:
        """The blocks that are headings."""
        return tuple(block for block in self.blocks if block.kind is BlockKind.HEADING)

    def words(self, block: Block) -> str:
        """The words of a block on one line, without the signs of its format."""
        return " ".join(self.text[block.inner_start : block.inner_end].split())

    def page_at(self, offset: int) -> int | None:
        """The page, counted from 1, on which an offset lies; None where there are no pages."""
        return bisect_right(self.pages, offset) or None if self.pages else None

    def heading_at(self, offset: int) -> str | None:
        """The text of the nearest heading above an offset; None under the document's title."""
        above = bisect_right(self.headings, offset, key=lambda heading: heading.start)
        words = self.words(self.headings[above - 1]) if above else ""
        return words if words and words != self.title else None

    def header_at(self, offset: int) -> str | None:
        """The header row above an offset in the body of a table; None elsewhere."""
        block = self.block_at(offset)
        if block is None or block.kind is not BlockKind.TABLE or self.is_header(offset):
            return None
        return self.text[block.start : block.inner_start].strip() or None

    def is_header(self, offset: int) -> bool:
        """Whether an offset lies in the header row of a table."""
        block = self.block_at(offset)
        return bool(block and block.kind is BlockKind.TABLE and offset < block.inner_start)

    def block_at(self, offset: int) -> Block | None:
        """The block that an offset lies in; None in the white space between two."""
        above = bisect_right(self.blocks, offset, key=lambda block: block.start)
        block = self.blocks[above - 1] if above else None
        return block if block and offset < block.end else None


def place(source: str, page: int | None, heading: str | None) -> str:
    """Where something is, in words: its document, its page, its heading."""
    parts = (source, f"page {page}" if page else "", heading)
    return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Span:
    """A part of a document: every quote, sentence and passage is one."""

    document: Document
    start: int
    end: int

    @property
    def source(self) -> str:
        """The source of the document."""
        return self.document.source

    @property
    def title(self) -> str:
        """The title of the document."""
        return self.document.title

    @property
    def metadata(self) -> Metadata:
        """The metadata of the document."""
        return self.document.metadata

    @property
    def text(self) -> str:
        """The exact characters of the span."""
        return self.document.text[self.start : self.end]

    @property
    def page(self) -> int | None:
        """The page on which the span begins, counted from 1."""
        return self.document.page_at(self.start)

    @property
    def heading(self) -> str | None:
        """The heading under which the span stands."""
        return self.document.heading_at(self.start)

    @property
    def place(self) -> str:
        """Where it is, as a reader would look it up."""
        return place(self.source, self.page, self.heading)

    def as_dict(self) -> dict[str, Any]:
        """The span as JSON values."""
        names = ("source", "title", "page", "heading", "start", "end", "text")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Passage(Span):
    """The unit that is embedded and retrieved: a span of its document."""

    @property
    def header(self) -> str | None:
        """The header row of the table in whose body the passage begins."""
        return self.document.header_at(self.start)

    @cached_property
    def indexed_text(self) -> str:
        """What is searched: the text with title, heading and a table's header row in front."""
        parts = (self.title, self.heading, self.header, self.text)
        return plain("\n".join(part for part in parts if part))

    @cached_property
    def content(self) -> str:
        """A hash of what is searched: passages of the same words have the same vector."""
        text = self.indexed_text.encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest()[:32]

    @cached_property
    def id(self) -> str:
        """A content hash: the same file indexed twice gives the same ids."""
        key = "\0".join((self.source, str(self.start), self.content))
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score (0 to 1, higher is better) and the ways that found it."""

    passage: Passage
    score: float
    found_by: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The hit as JSON values."""
        scored = {"score": round(self.score, 4), "found_by": list(self.found_by)}
        return self.passage.as_dict() | scored


@dataclass(frozen=True, slots=True)
class Citation:
    """A number in an answer and the exact span that it stands for.

    ``quote`` equals ``text[start:end]`` of the document whose text has ``text_sha256``.
    """

    number: int
    source: str
    title: str
    page: int | None
    heading: str | None
    start: int
    end: int
    quote: str
    file_sha256: str
    text_sha256: str

    @property
    def place(self) -> str:
        """Where it is, as a reader would look it up."""
        return place(self.source, self.page, self.heading)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without its markers, and the numbers of its citations.

    ``problems`` says, a line each, what the cited spans do not carry; ``lead`` is what stands in
    front of the sentence: white space, and the sign of a list item. ``cells`` are those of a row
    of a table, each with the name of its column; none of other text.
    """

    text: str
    citations: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()
    lead: str = " "
    cells: tuple[tuple[str, str], ...] = ()

    @property
    def grounded(self) -> bool:
        """Whether the sentence has a citation and nothing speaks against it."""
        return bool(self.citations) and not self.problems


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a question.

    ``query`` is what was searched for; ``closest`` are the best hits, answered or not;
    ``confidence`` is the probability (0 to 1) that the hits answer the question; ``seconds`` tells
    what each step took, ``tokens`` what a language model read and wrote, ``note``, in one line, why
    an answer is not what was asked of the model, or what of several questions in one it leaves
    open, and ``unknown`` are the words of the query that no document has. ``unsure`` tells that an
    answer is given, but that it is not certain; ``calibrated`` whether the confidence was fitted
    for the embedder and the reader in use.
    ``everyday`` is empty for a question; for a turn like *hello* or *what documents do you have?*
    it says what kind of turn it is: then ``closest`` has no part in the answer, and sentences that
    tell nothing of what a document says cite nothing.
    """

    question: str
    query: str
    text: str
    model: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    closest: tuple[Hit, ...] = ()
    confidence: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    unknown: tuple[str, ...] = ()
    unsure: bool = False
    everyday: str = ""
    calibrated: bool = True

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is shown below the answer, wherever one is shown: a line each."""
        doubted = sum(bool(sentence.problems) for sentence in self.sentences)
        lines = (
            self.note,
            f"{doubted} of {len(self.sentences)} sentences are not supported." if doubted else "",
            "" if self.calibrated else UNCALIBRATED,
        )
        return tuple(line for line in lines if line)

    @property
    def answered(self) -> bool:
        """Whether this is an answer; otherwise it is abstained and cites nothing."""
        return self.text != NO_ANSWER

    @property
    def rewritten(self) -> bool:
        """Whether other words were searched for than were asked; an apostrophe makes no other."""
        asked, searched = (text.strip().replace("'", "") for text in (self.question, self.query))
        return searched not in ("", asked)

    @property
    def certainty(self) -> Certainty:
        """What the confidence means: *sure*, *unsure*, or *none* where nothing is answered."""
        if not self.answered:
            return Certainty.NONE
        return Certainty.UNSURE if self.unsure else Certainty.SURE

    @property
    def hedge(self) -> str:
        """What introduces the answer, wherever one is shown; empty where it is sure, or none."""
        if self.certainty is not Certainty.UNSURE:
            return ""
        return UNSURE if self.confidence >= 0.5 else GUESS

    def as_dict(self) -> dict[str, Any]:
        """The answer as the JSON values of ``askdoc ask --json``."""
        return {
            "question": self.question,
            "query": self.query,
            "answered": self.answered,
            "text": self.text,
            "model": self.model,
            "sentences": [
                {
                    "text": sentence.text,
                    "citations": list(sentence.citations),
                    "grounded": sentence.grounded,
                    "problems": list(sentence.problems),
                }
                for sentence in self.sentences
            ],
            "citations": [asdict(citation) for citation in self.citations],
            "certainty": self.certainty.value,
            "closest": [hit.as_dict() for hit in self.closest],
            "confidence": round(self.confidence, 4),
            "seconds": {step: round(seconds, 4) for step, seconds in self.seconds.items()},
            # Only where it is false.
            **({} if self.calibrated else {"calibrated": False}),
            # Only with a language model: an answer of quotes has neither.
            **({"tokens": dict(self.tokens)} if self.tokens else {}),
            **({"note": self.note} if self.note else {}),
            **({"everyday": self.everyday} if self.everyday else {}),
        }


class Status(StrEnum):
    """What came of a file, in the order of what a reader should see first."""

    READ = "read"
    EMPTY = "empty"
    NO_TEXT_LAYER = "no text layer"
    ENCRYPTED = "encrypted"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too large"
    TOOK_TOO_LONG = "took too long"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One line of the report: what came of one file of the corpus.

    ``why`` explains any status but ``read``, and for that tells of OCR, and what a reader of the
    file does not see; ``language`` is an ISO 639-1 code, None where the text is too short to tell.
    """

    source: str
    status: Status
    pages: int | None = None
    characters: int = 0
    passages: int = 0
    seconds: float = 0.0
    language: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What ``sync`` found and did: a report for each file, and the sources that changed.

    ``unseen`` are kept, though they were not found: a disk or a share may be away.
    """

    documents: tuple[FileReport, ...]
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    seconds: float = 0.0
    unseen: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """A line about what was not found and is kept; empty where there is nothing of it."""
        if not self.unseen:
            return ""
        more = f" and {len(self.unseen) - 1:,} more" if len(self.unseen) > 1 else ""
        return (
            f"{self.unseen[0]}{more} cannot be seen any more, and may only be away: what was "
            "indexed of it is kept; `askdoc index --prune` drops what is gone"
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        told = asdict(self) | {"seconds": round(self.seconds, 3)}
        # Only where there is something of it.
        return told if self.unseen else {name: told[name] for name in told if name != "unseen"}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far ``sync`` is: bytes done of those that have to be, and the file in hand."""

    source: str
    done: int
    total: int

    def told(self, seconds: float) -> str:
        """That as one line, with the time that it will yet take after the seconds it took."""
        share = self.done / self.total if self.total else 0.0
        telling = share > 0.02 and seconds > 2
        left = f", about {seconds / share - seconds:.0f} s left" if telling else ""
        return f"Indexing {self.source}: {share:.0%}{left}"
