"""The server's routes for programs: what the command line prints as JSON, over HTTP."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from starlette.requests import Request

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError, BadInput


class Said(BaseModel):
    """An earlier turn."""

    role: Literal["user", "assistant"]
    content: str


class Question(BaseModel):
    """What is asked, the turns before it, oldest first, and the documents that may answer."""

    question: str
    history: list[Said] = []
    sources: list[str] = []

    @property
    def turns(self) -> list[dict[str, str]]:
        """The history as the assistant takes it."""
        return [turn.model_dump() for turn in self.history]


class Search(BaseModel):
    """What is searched for, how many hits are wanted, and the documents that they may be of."""

    query: str
    k: int = 10
    sources: list[str] = []


def routes(assistant: Assistant) -> APIRouter:
    """``/api/ask``, ``/api/ask/stream``, ``/api/search`` and ``/api/documents``."""
    router = APIRouter(prefix="/api")

    @router.post("/ask")
    def ask(asked: Question) -> dict[str, Any]:
        """The answer, as ``askdoc ask --json`` prints it."""
        assistant.catch_up()
        return assistant.ask(asked.question, asked.turns, asked.sources).as_dict()

    @router.post("/ask/stream")
    def stream(asked: Question) -> StreamingResponse:
        """The answer as it grows: a line of JSON each, the last one is what ``/api/ask`` gives."""
        assistant.catch_up()
        answers = assistant.stream(asked.question, asked.turns, sources=asked.sources)
        first = next(answers)  # what is wrong with the question is told with a status

        def lines() -> Iterator[str]:
            with closing(answers):
                told = first
                yield json.dumps(told.as_dict()) + "\n"
                for answer in answers:
                    if answer != told:
                        told = answer
                        yield json.dumps(answer.as_dict()) + "\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    @router.post("/search")
    def search(asked: Search) -> list[dict[str, Any]]:
        """The best hits, as ``askdoc search --json`` prints them."""
        assistant.catch_up()
        return [hit.as_dict() for hit in assistant.search(asked.query, asked.k, asked.sources)]

    @router.api_route("/documents", methods=["GET", "POST"])
    def documents() -> dict[str, Any]:
        """The report, as ``askdoc index --json`` prints it, after a sync."""
        return assistant.sync().as_dict()

    return router


def tell_errors(app: FastAPI) -> None:
    """Makes what a request did wrong, or what askdoc raised, one line of JSON."""

    @app.exception_handler(AskdocError)
    def _ours(request: Request, error: AskdocError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 400 if isinstance(error, BadInput) else 503)

    @app.exception_handler(RequestValidationError)
    def _theirs(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return JSONResponse({"error": f"{where}: {first['msg']}"}, 422)
