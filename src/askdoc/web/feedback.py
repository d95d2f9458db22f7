"""What people think of answers, kept beside the index as questions that `askdoc eval` can read."""

import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError, BadInput
from askdoc.types import Answer
from askdoc.web.export import as_json
from askdoc.web.turns import KEPT, Turn, history

FILE = "feedback.jsonl"
LONGEST = 1  # megabytes of an opinion with all that was answered
LARGEST = 100  # megabytes of the file
WRITING = threading.Lock()


class Opinion(BaseModel):
    """A thumb up or down for the last of some turns, and why.

    It takes the place of an earlier one, if ``instead_of`` is the id of that: a thumb counts at
    once, and why comes later, if at all.
    """

    instead_of: str = Field("", pattern=r"^(feedback-[0-9a-f]{12})?$")
    rating: Literal["up", "down"]
    comment: str = Field("", max_length=5_000)
    turns: list[Turn] = Field(min_length=1, max_length=KEPT)


def routes(assistant: Assistant) -> APIRouter:
    """``/api/feedback``."""
    router = APIRouter(prefix="/api")

    @router.post("/feedback")
    def feedback(opinion: Opinion) -> dict[str, str]:
        """Appends an opinion to the file; its id."""
        row = judged(opinion, assistant)
        path = assistant.index.folder / FILE
        append(path, row)
        if opinion.instead_of:
            drop(path, opinion.instead_of)
        return {"id": row["id"]}

    return router


def judged(opinion: Opinion, assistant: Assistant) -> dict[str, Any]:
    """An opinion as a question for ``askdoc eval``, with what was answered.

    Only a thumb up says what is right: that it can be answered, by what, and from where; or, of a
    refusal, that it cannot. ``hits`` are the ones that the query has now.
    """
    *before, turn = opinion.turns
    answer = turn.answer
    query = answer.query if answer else ""
    hits = assistant.search(query or turn.question, assistant.settings.k, turn.sources)
    return {
        "id": f"feedback-{uuid.uuid4().hex[:12]}",
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "rating": opinion.rating,
        "comment": opinion.comment,
        "question": turn.question,
        "history": history(before),
        "query": query,
        **(_right(answer) if opinion.rating == "up" and answer and answer.text else {}),
        "hits": [hit.as_dict() for hit in hits],
        "answer": as_json(turn),
    }


def _right(answer: Answer) -> dict[str, Any]:
    """What a good answer says of its question, as ``askdoc eval`` reads it."""
    if not answer.sentences:
        return {"answerable": False}
    return {
        "answerable": True,
        "answers": [sentence.text for sentence in answer.sentences],
        "gold_ids": sorted({cited.source for cited in answer.citations}),
        "evidence": [{"id": cited.source, "fact": cited.quote} for cited in answer.citations],
    }


def append(path: Path, row: dict[str, Any]) -> None:
    """Adds a line to a file of JSON Lines.

    Raises BadInput where the line is too long, AskdocError where it cannot be written.
    """
    line = (json.dumps(row, ensure_ascii=False) + "\n").encode()
    if len(line) > LONGEST * 1_000_000:
        raise BadInput(f"an opinion may have {LONGEST} megabyte with its conversation")
    try:
        path.touch(0o600)  # it holds what was answered from documents that not everyone may read
        with WRITING, path.open("ab") as file:
            if file.tell() + len(line) > LARGEST * 1_000_000:
                raise AskdocError(f"{path} has {LARGEST} megabytes: move it away")
            file.write(line)
    except OSError as error:
        raise AskdocError(f"{path} cannot be written to: {error.strerror}") from error


def drop(path: Path, id: str) -> None:
    """Takes the line of an id out of the file, if it is there, in one step."""
    beginning = f'{{"id": "{id}"'.encode()
    shorter = path.with_suffix(".new")
    try:
        with WRITING:
            with path.open("rb") as file:
                others = [line for line in file if not line.startswith(beginning)]
            shorter.touch(0o600)
            shorter.write_bytes(b"".join(others))
            shorter.replace(path)
    except OSError as error:
        raise AskdocError(f"{path} cannot be written to: {error.strerror}") from error
