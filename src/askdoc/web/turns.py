"""The turns of a conversation, as the browser keeps them between visits: the server has none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from askdoc.answer.citation import cite
from askdoc.types import Answer, Citation

SHOWN = 3  # closest passages below a refusal
KEPT = 50  # turns that the browser keeps
STOPPED = "Stopped."  # the note of an answer that was ended before it was finished


class Turn(BaseModel):
    """A question, and the answer to it or the error that came of it.

    The answer is without its closest hits, each of which holds a whole document; ``closest`` are
    the places that a refusal shows. ``sources`` are the documents that the question was kept to, if
    any; ``about`` says of those that are cited what else to know: their dates, how they were read.
    ``nearest`` are the passages nearest to sentences that a model wrote and nothing supports, by
    their places in the answer, and ``room`` the tokens that the model may be shown.
    """

    model_config = ConfigDict(extra="forbid")

    question: str
    answer: Answer | None = None
    closest: tuple[Citation, ...] = ()
    sources: tuple[str, ...] = ()
    about: dict[str, str] = {}
    nearest: dict[int, Citation] = {}
    room: int = 0
    error: str = ""

    @classmethod
    def of(cls, answer: Answer, sources: Sequence[str] = ()) -> "Turn":
        """The turn of an answer, finished or still growing."""
        passages = [] if answer.answered else [hit.passage for hit in answer.closest[:SHOWN]]
        return cls(
            question=answer.question,
            answer=replace(answer, closest=()),
            closest=tuple(cite(number, passage) for number, passage in enumerate(passages, 1)),
            sources=tuple(sources),
        )

    @property
    def text(self) -> str:
        """What was answered; empty where nothing was, or not yet."""
        return self.answer.text if self.answer else ""


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


def history(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The turns as the assistant takes them."""
    return [
        {"role": role, "content": content}
        for turn in turns
        if turn.text
        for role, content in (("user", turn.question), ("assistant", turn.text))
    ]
