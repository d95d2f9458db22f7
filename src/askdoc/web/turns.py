"""The turns of a conversation, as the browser keeps them between visits: the server has none."""

from collections.abc import Sequence

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from askdoc.answer.citation import cite
from askdoc.types import Answer, Citation, Hit

SHOWN = 3  # closest passages below a refusal
KEPT = 50  # turns that the browser keeps


class Place(BaseModel):
    """A span of a document that a click opens."""

    number: int = Field(ge=1)
    source: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    page: int | None
    heading: str | None
    text: str
    text_sha256: str
    title: str = ""
    file_sha256: str = ""

    @classmethod
    def cited(cls, citation: Citation) -> "Place":
        """The place of a citation."""
        return cls(
            number=citation.number,
            source=citation.source,
            start=citation.start,
            end=citation.end,
            page=citation.page,
            heading=citation.heading,
            text=citation.quote,
            text_sha256=citation.text_sha256,
            title=citation.title,
            file_sha256=citation.file_sha256,
        )

    @classmethod
    def close(cls, number: int, hit: Hit) -> "Place":
        """The place of one of the closest passages."""
        passage = hit.passage
        return cls.cited(cite(number, passage.document, passage.start, passage.end))

    @property
    def name(self) -> str:
        """Where it is, as a reader would look it up."""
        page = f"page {self.page}" if self.page else ""
        return ", ".join(part for part in (self.source, page, self.heading) if part)


class Sentence(BaseModel):
    """One sentence of an answer with the numbers of its citations."""

    text: str
    citations: list[int]
    problems: list[str] = []
    lead: str = " "


class Turn(BaseModel):
    """A question and what came of it, as the browser keeps it between visits."""

    question: str
    query: str = ""
    text: str = ""
    sentences: list[Sentence] = []
    citations: list[Place] = []
    closest: list[Place] = []
    error: str = ""
    note: str = ""
    model: str = ""
    confidence: float = 0.0
    seconds: float = 0.0
    tokens: dict[str, int] = {}
    unknown: list[str] = []
    sources: list[str] = []

    @classmethod
    def of(cls, answer: Answer, sources: Sequence[str] = ()) -> "Turn":
        """The turn of an answer, finished or still growing, kept to some documents, if any."""
        closest = () if answer.answered else answer.closest[:SHOWN]
        return cls(
            question=answer.question,
            query=answer.query,
            text=answer.text,
            sentences=[
                Sentence(
                    text=sentence.text,
                    citations=list(sentence.citations),
                    problems=list(sentence.problems),
                    lead=sentence.lead,
                )
                for sentence in answer.sentences
            ],
            citations=[Place.cited(citation) for citation in answer.citations],
            closest=[Place.close(number, hit) for number, hit in enumerate(closest, 1)],
            note=answer.note,
            model=answer.model,
            confidence=answer.confidence,
            seconds=sum(answer.seconds.values()),
            tokens=dict(answer.tokens),
            unknown=[] if answer.answered else list(answer.unknown),
            sources=list(sources),
        )


TURNS = TypeAdapter(list[Turn])


def restored(kept: str) -> list[Turn]:
    """The turns that a browser kept as JSON; none when they are not what we wrote."""
    try:
        return TURNS.validate_json(kept)
    except ValidationError:
        return []


def dumped(turns: list[Turn]) -> str:
    """The turns as JSON, for the browser to keep."""
    return TURNS.dump_json(turns).decode()


def history(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """The turns as the assistant takes them."""
    return [
        {"role": role, "content": content}
        for turn in turns
        if turn.text
        for role, content in (("user", turn.question), ("assistant", turn.text))
    ]
