"""The questions of a set, checked against the corpus line by line before anything is asked."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from askdoc.assistant import LONGEST_QUESTION, Assistant
from askdoc.errors import BadInput
from askdoc.evaluation.forms import Row as Placed
from askdoc.evaluation.forms import lines, read, text_of
from askdoc.evaluation.metrics import Span
from askdoc.types import Document

NAMED = 5  # lines that a message names
SHORT = 12  # words of an answer that can be looked for word by word
SHOWN = 60  # characters of a value that a message shows


@dataclass(frozen=True, slots=True)
class Fact:
    """A piece of evidence, and every place in its document where its words stand."""

    text: str
    places: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is known of its answer.

    ``answerable`` is None where nobody has said; ``relevant`` are sources; ``kind`` is any word
    that tells questions apart.
    """

    id: str
    question: str
    history: tuple[Mapping[str, str], ...] = ()
    answerable: bool | None = None
    answers: tuple[str, ...] = ()
    must_include: tuple[str, ...] = ()
    relevant: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    kind: str = ""
    split: str = ""

    @property
    def short_answers(self) -> tuple[str, ...]:
        """The answers that can be looked for word by word; nobody says long ones the same way."""
        return tuple(answer for answer in self.answers if len(answer.split()) <= SHORT)

    @property
    def evidence(self) -> list[Span]:
        """Every place of every fact."""
        return [place for fact in self.facts for place in fact.places]


class Corpus:
    """The documents that questions are about, by the ids that their set gives them.

    ``assistant`` answers about them; ``sources`` maps the ids to sources: by default a source is
    its own id.
    """

    def __init__(self, assistant: Assistant, sources: Mapping[str, str] | None = None) -> None:
        self.assistant = assistant
        index = assistant.index
        read = {report.source for report in index.reports() if report.passages}
        self.sources = sources or {source: source for source in sorted(read)}
        self._documents = {
            source: index.document(source) for source in self.sources.values() if source in read
        }

    def __contains__(self, source: object) -> bool:
        return source in self._documents

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def document(self, source: str) -> Document:
        """A document as it was indexed."""
        return self._documents[source]

    @property
    def sha256(self) -> str:
        """A hash of every source and the hash of its text: the same text, the same corpus."""
        lines = sorted(f"{source} {d.text_sha256}\n" for source, d in self._documents.items())
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty: write one")
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"it is no regular expression: {error}") from error
    return text


def _usual_role(role: object) -> object:
    """The role of a turn as askdoc has it; others write *human*, *agent* and *ai*."""
    return {"human": "user", "agent": "assistant", "ai": "assistant"}.get(str(role), role)


Id = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    AfterValidator(_not_blank),
]
"""The id of a question or a document: a text, or a number that is taken as one."""


class Row(BaseModel):
    """An object of a JSON Lines file; it may hold more than its fields."""

    model_config = ConfigDict(strict=True)


class IdentifiedRow(Row):
    """A line of a file, whose id no other line may have."""

    id: Id


class TurnRow(Row):
    """An earlier turn of a conversation."""

    role: Annotated[Literal["user", "assistant"], BeforeValidator(_usual_role)] = Field(
        validation_alias=AliasChoices("role", "type")
    )
    content: str = Field(validation_alias=AliasChoices("content", "text"))


class FactRow(Row):
    """A piece of evidence, in the document of an id or of a title."""

    id: Id | None = None
    title: str | None = None
    fact: str


class QuestionRow(IdentifiedRow):
    """A question as a file has it; all but ``id`` and ``question`` may be left out.

    ``contexts`` are evidence that need not stand in the documents, as of sets that others made.
    """

    question: Annotated[
        str, StringConstraints(max_length=LONGEST_QUESTION), AfterValidator(_not_blank)
    ]
    history: list[TurnRow] | None = None
    answerable: bool | None = None
    answers: list[str] | None = None
    must_include: list[Annotated[str, AfterValidator(_pattern)]] | None = None
    gold_ids: list[Id] | None = None
    evidence: list[FactRow] | None = None
    contexts: list[FactRow] | None = None
    kind: Any = Field(None, validation_alias=AliasChoices("kind", "type"))
    split: Any = None


R = TypeVar("R", bound=IdentifiedRow)
T = TypeVar("T")


def questions(
    path: Path, corpus: Corpus, tell: Callable[[str], None] = lambda line: None
) -> list[Question]:
    """The questions of a file in any of the forms that ``forms`` reads.

    ``tell`` is called with a line on what the file does not say, and on what of it the documents
    have not. Raises BadInput, which names the first lines that are wrong and what is wrong.
    """
    rows = read(path, corpus.sources)
    lost: list[FactRow] = []
    made = read_rows(path, QuestionRow, lambda row: question_of(row, corpus, lost), rows.rows)
    if rows.missing:
        tell(f"{rows.missing}: what rests on that is not counted")
    if lost:
        tell(f"{path.name}: evidence that stands in no document is left out, {len(lost)} times")
    return made


def question_of(row: QuestionRow, corpus: Corpus, lost: list[FactRow] | None = None) -> Question:
    """A question from its row; raises BadInput where the corpus has not what it names.

    Those of its contexts that stand nowhere are added to ``lost``.
    """
    facts = [_fact(fact, corpus) for fact in row.evidence or ()]
    for context in row.contexts or ():
        places = _places(context.fact, _named(context, corpus), corpus)
        if places:
            facts.append(Fact(context.fact, places))
        elif lost is not None:
            lost.append(context)
    relevant = [_source(id, "gold_ids", corpus) for id in row.gold_ids or ()]
    if row.contexts and not relevant:
        relevant = [source for fact in facts for source, _, _ in fact.places]
    return Question(
        row.id,
        row.question,
        tuple(turn.model_dump() for turn in row.history or ()),
        row.answerable,
        tuple(row.answers or ()),
        tuple(row.must_include or ()),
        tuple(dict.fromkeys(relevant)),
        tuple(facts),
        row.kind if isinstance(row.kind, str) else "",
        row.split if isinstance(row.split, str) else "",
    )


def identity(chosen: Sequence[Question]) -> str:
    """A hash of the questions and of all that is known of their answers."""
    return hashlib.sha256(repr(list(chosen)).encode("utf-8", "surrogatepass")).hexdigest()


def read_rows(
    path: Path, kind: type[R], use: Callable[[R], T], rows: Sequence[Placed] | None = None
) -> list[T]:
    """What becomes of rows, by default those of a JSON Lines file.

    Raises BadInput, which names the first rows that cannot be used or whose id stands twice.
    """
    if rows is None:
        rows = [(f"line {number}", line) for number, line in lines(text_of(path))]
    made: list[T] = []
    wrong: list[str] = []
    places: dict[str, str] = {}
    for place, value in rows:
        try:
            row = (
                kind.model_validate_json(value)
                if isinstance(value, str)
                else kind.model_validate(value)
            )
            item = use(row)
            if row.id in places:
                raise BadInput(f"id: {_short(row.id)} is that of {places[row.id]}")
            places[row.id] = place
            made.append(item)
        except ValidationError as error:
            wrong.append(f"{place}: {what_is_wrong(error)}")
        except BadInput as error:
            wrong.append(f"{place}: {error}")
    if wrong:
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise BadInput(f"{path}, {'; '.join(wrong[:NAMED])}{more}")
    if not made:
        raise BadInput(f"{path} is empty: write one JSON object a line")
    return made


def what_is_wrong(error: ValidationError) -> str:
    """The first thing that is wrong with a value: its field, what it should be, what it is."""
    first = error.errors()[0]
    field = "".join(f"{part}: " for part in [".".join(map(str, first["loc"]))] if part)
    what = first["msg"].removeprefix("Value error, ").replace(" at line 1 column", " at column")
    told = first["type"] in ("json_invalid", "missing")
    return f"{field}{what}" if told else f"{field}{what}, not {_short(first['input'])}"


def _source(id: str, field: str, corpus: Corpus) -> str:
    source = corpus.sources.get(id)
    if source is None or source not in corpus:
        raise BadInput(f"{field}: {_short(id)} is not in the corpus")
    return source


def _fact(row: FactRow, corpus: Corpus) -> Fact:
    """A fact with the places where its words stand; raises BadInput where they do not."""
    id, title = row.id, row.title or ""
    if id is None:
        there = (i for i, s in corpus.sources.items() if s in corpus)
        id = next((i for i in there if corpus.document(corpus.sources[i]).title == title), title)
    places = _places(row.fact, [_source(id, "evidence.id", corpus)], corpus)
    if not places:
        raise BadInput(f"evidence.fact: {_short(row.fact)} does not stand in {id}")
    return Fact(row.fact, places)


def _named(context: FactRow, corpus: Corpus) -> Sequence[str]:
    """The document that a context is of, or every one where it is of none that is here."""
    source = corpus.sources.get(context.id or "")
    return [source] if source is not None and source in corpus else list(corpus)


def _places(text: str, among: Sequence[str], corpus: Corpus) -> tuple[Span, ...]:
    """Where the words of a text stand in documents, white space folded."""
    pattern = re.compile(r"\s+".join(map(re.escape, text.split())))
    if not pattern.pattern:
        return ()
    return tuple(
        (source, *match.span())
        for source in among
        for match in pattern.finditer(corpus.document(source).text)
    )


def _short(value: object) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
