"""The server's routes for programs: what the command line prints as JSON, over HTTP."""

import errno
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain, groupby
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError, BadInput
from askdoc.types import Certainty, Citation, SyncReport
from askdoc.web.limits import Refusal

SOURCES = "The documents that count, folders with a slash at the end; all where there are none."

WHERE = (
    'What has to be told of a document, as {"author": "Ann", "date": {"$gte": "2024"}}: author, '
    "date, kind, folder, language, and what its file tells of itself. Signs are $eq, $ne, $gt, "
    "$gte, $lt, $lte, $in, $nin, $and and $or."
)


class Problem(BaseModel):
    """What is wrong, in one line."""

    error: str


class Message(BaseModel):
    """What was asked or answered before."""

    role: Literal["user", "assistant"]
    content: str


class Question(BaseModel):
    """What is asked, and about what."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(examples=["What is Eagle Partner for?"])
    history: list[Message] = Field([], description="The turns before it, oldest first.")
    sources: list[str] = Field([], description=SOURCES)
    where: dict[str, Any] = Field({}, description=WHERE)


class Search(BaseModel):
    """What is searched for, and in what."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(examples=["Lachin corridor"])
    k: int = Field(10, description="How many hits, 1 to 1000.")
    sources: list[str] = Field([], description=SOURCES)
    where: dict[str, Any] = Field({}, description=WHERE)


class HitBody(BaseModel):
    """A passage that was found: the characters from ``start`` to ``end`` of a document's text."""

    source: str
    title: str
    page: int | None
    heading: str | None
    start: int
    end: int
    text: str
    score: float = Field(description="From 0 to 1, higher is better.")
    found_by: list[str] = Field(description="The ways that found it: dense, lexical.")


class SentenceBody(BaseModel):
    """A sentence of an answer, and the numbers of its citations."""

    text: str
    citations: list[int]
    grounded: bool = Field(description="Whether it has a citation, and no problem.")
    problems: list[str] = Field(description="What the cited spans do not carry.")


class AnswerBody(BaseModel):
    """The reply to a question. Keys with a default are there only where they tell something."""

    question: str
    query: str = Field(description="What was searched for.")
    answered: bool
    text: str = Field(description="The answer with its markers, or the one refusal.")
    model: str = Field(description="Who wrote it: a language model, or quotes.")
    sentences: list[SentenceBody]
    citations: list[Citation]
    certainty: Certainty = Field(description="Where nothing is answered, none.")
    closest: list[HitBody] = Field(description="The best hits, answered or not.")
    confidence: float = Field(description="The probability that the hits answer the question.")
    seconds: dict[str, float] = Field(description="What each step took.")
    calibrated: bool = Field(True, description="Whether the confidence was fitted.")
    tokens: dict[str, int] = Field({}, description="What a language model read and wrote.")
    note: str = Field("", description="Why it is not what was asked for, or what it leaves open.")
    everyday: str = Field("", description="What kind of turn it was that is no question.")


class Lines(StreamingResponse):
    """A line of JSON for each step."""

    media_type = "application/x-ndjson"


def answer_to(assistant: Assistant, question: str, **more: Any) -> dict[str, Any]:
    """The answer from what is in the folder now, as ``askdoc ask --json`` prints it.

    ``more`` is what else ``Assistant.ask`` takes.
    """
    assistant.keep_up()
    return assistant.ask(question, **more).as_dict()


def hits_of(assistant: Assistant, query: str, **more: Any) -> list[dict[str, Any]]:
    """The best hits in what is in the folder now, as ``askdoc search --json`` prints them.

    ``more`` is what else ``Assistant.search`` takes.
    """
    assistant.keep_up()
    return [hit.as_dict() for hit in assistant.search(query, **more)]


def routes(assistant: Assistant) -> APIRouter:
    """``/api/ask``, ``/api/ask/stream``, ``/api/search`` and ``/api/documents``."""
    router = APIRouter(prefix="/api")

    @router.post("/ask", response_model=AnswerBody, response_model_exclude_unset=True)
    def ask(asked: Question) -> dict[str, Any]:
        """The answer, as ``askdoc ask --json`` prints it."""
        return answer_to(assistant, **asked.model_dump())

    @router.post("/ask/stream", response_class=Lines, responses={200: {"model": AnswerBody}})
    def stream(asked: Question) -> Lines:
        """The answer as it grows: a line of JSON each, the last one is what ``/api/ask`` gives."""
        assistant.keep_up()
        answers = assistant.stream(**asked.model_dump())
        first = next(answers)  # what is wrong with the question is told with a status

        def lines() -> Iterator[str]:
            with closing(answers):
                for answer, _ in groupby(chain([first], answers)):
                    yield json.dumps(answer.as_dict()) + "\n"

        return Lines(lines())

    @router.post("/search", response_model=list[HitBody])
    def search(asked: Search) -> list[dict[str, Any]]:
        """The best hits, as ``askdoc search --json`` prints them."""
        return hits_of(assistant, **asked.model_dump())

    @router.get("/documents", response_model=SyncReport, response_model_exclude_unset=True)
    @router.post("/documents", response_model=SyncReport, response_model_exclude_unset=True)
    def documents() -> dict[str, Any]:
        """The report, as ``askdoc index --json`` prints it, after a sync."""
        return assistant.sync().as_dict()

    return router


def misfit(why: str, where: Iterable[object]) -> str:
    """What does not fit a description, and where, in one line."""
    return f"{'.'.join(map(str, where)) or 'the body'}: {why}"


async def _ours(request: Request, error: Exception) -> Refusal:
    """What askdoc raised."""
    return Refusal(400 if isinstance(error, BadInput) else 503, str(error))


async def _http(request: Request, error: HTTPException) -> Refusal:
    """What a route told with a status."""
    return Refusal(error.status_code, str(error.detail), error.headers)


async def _theirs(request: Request, error: RequestValidationError) -> Refusal:
    """The first of what does not fit a route's description."""
    first = error.errors()[0]
    where = [] if first["type"] == "json_invalid" else first["loc"][1:]
    return Refusal(422, misfit(first["msg"], where))


async def _full(request: Request, error: OSError) -> Refusal:
    """What cannot be kept, as an upload for which there is no room."""
    if error.errno not in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        raise error
    return Refusal(503, f"the server cannot keep that: {error.strerror}")


async def _unforeseen(request: Request, error: Exception) -> Refusal:
    """What nobody thought of: it is logged, too."""
    return Refusal(500, "the server failed: its log says where")


HANDLERS: dict[Any, Any] = {
    AskdocError: _ours,
    HTTPException: _http,
    RequestValidationError: _theirs,
    OSError: _full,
    Exception: _unforeseen,
}
"""They make what a request did wrong, or what askdoc raised, one line of JSON."""


def problems(form: type[BaseModel] = Problem) -> dict[int | str, dict[str, Any]]:
    """The same, as the description of routes tells it that answer in this form."""
    content = {"application/json": {"schema": form.model_json_schema()}}
    told = (("4XX", "The request cannot be taken."), (503, "Later, perhaps."))
    return {status: {"description": why, "content": content} for status, why in told}
