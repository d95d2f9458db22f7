"""The same answers in the form of OpenAI's API, which most chat programs speak."""

import base64
import json
import struct
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from askdoc.answer.citation import marked
from askdoc.assistant import Assistant
from askdoc.errors import BadInput
from askdoc.types import Answer
from askdoc.web.api import WHERE, problems
from askdoc.web.limits import Refusal
from askdoc.web.wording import REPLACED, answered, below, said, whole

MODEL = "askdoc"
MOST_TEXTS = 2048  # that are embedded at once: as many as OpenAI takes


# Other keys are taken and left aside, as programs send a temperature and the like: what they set
# is nothing that an answer depends on.
class Part(BaseModel):
    """A part of a message; only text can be read."""

    type: str
    text: str = ""


class Said(BaseModel):
    """What was said before, or is asked; what is said to the system is left aside."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: list[Part] | str | None = None

    @property
    def text(self) -> str:
        """Its text; raises BadInput where a part is none."""
        if not isinstance(self.content, list):
            return self.content or ""
        for part in self.content:
            if part.type != "text":
                raise BadInput(f"askdoc reads text only, and no {part.type[:40]!r}: leave it out")
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """Whether the end of a stream tells the tokens."""

    include_usage: bool = False


class Completion(BaseModel):
    """A conversation: its last message of a user is the question."""

    model: str = Field(examples=[MODEL])
    messages: list[Said] = Field(
        examples=[[{"role": "user", "content": "What is Eagle Partner for?"}]]
    )
    stream: bool = Field(False, description="Whether it comes as it grows, as events.")
    stream_options: StreamOptions | None = None
    where: dict[str, Any] = Field({}, description=WHERE)


class Texts(BaseModel):
    """What is embedded: one text or several."""

    model: str = Field(examples=[MODEL])
    input: list[str] | str
    encoding_format: Literal["float", "base64"] = "float"


class Failure(BaseModel):
    """What is wrong, in one line, and of what kind it is."""

    message: str
    type: str
    code: str | None = None


class Failed(BaseModel):
    """An error as OpenAI's API tells it."""

    error: Failure


def routes(assistant: Assistant) -> APIRouter:
    """``/v1/chat/completions``, ``/v1/models`` and ``/v1/embeddings``."""
    router = APIRouter(prefix="/v1", responses=problems(Failed))
    model = {"id": MODEL, "object": "model", "created": int(time.time()), "owned_by": "askdoc"}

    @router.post("/chat/completions", response_model=dict[str, Any])
    def complete(asked: Completion) -> Any:
        """The answer as OpenAI's API gives it: text with its sources.

        ``askdoc`` in the message, or in the last chunk of a stream, has what ``/api/ask`` gives.
        """
        return _unknown(asked.model) or _completed(assistant, asked)

    @router.get("/models")
    def models() -> dict[str, Any]:
        """The one model: this corpus."""
        return {"object": "list", "data": [model]}

    @router.get("/models/{name}", response_model=dict[str, Any])
    def described(name: Annotated[str, Path(examples=[MODEL])]) -> Any:
        """That model alone."""
        return _unknown(name) or model

    @router.post("/embeddings", response_model=dict[str, Any])
    def embed(asked: Texts) -> Any:
        """The vectors of texts, by the embedder of the corpus."""
        return _unknown(asked.model) or _embedded(assistant, asked)

    return router


def _unknown(model: str) -> Response | None:
    """What is told where another model is named than the one that there is."""
    why = f"there is no model {model[:80]!r}: name {MODEL}"
    return None if model == MODEL else Refusal(404, why, code="model_not_found")


def _completed(assistant: Assistant, asked: Completion) -> dict[str, Any] | Response:
    """The answer, whole or as a stream; raises what ``Assistant.ask`` does."""
    question, history = conversation(asked.messages)
    assistant.keep_up()
    answers = assistant.stream(question, history, where=asked.where)
    if not asked.stream:
        *_, answer = answers
        message = {"role": "assistant", "content": whole(answer), "askdoc": answer.as_dict()}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return _named("chat.completion") | {"choices": [choice], "usage": usage(answer)}
    first = next(answers)  # what is wrong with the question is told with a status
    told = asked.stream_options is not None and asked.stream_options.include_usage

    def events() -> Iterator[str]:
        with closing(answers):
            for piece in chunks(chain([first], answers), told):
                yield f"data: {json.dumps(piece)}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


def _embedded(assistant: Assistant, asked: Texts) -> dict[str, Any]:
    """The vectors of texts; raises BadInput for too many, and for what is no text."""
    texts = [asked.input] if isinstance(asked.input, str) else asked.input
    if not 0 < len(texts) <= MOST_TEXTS:
        raise BadInput(f"input has {len(texts):,} texts: send 1 to {MOST_TEXTS:,}")
    if any("\ud800" <= sign <= "\udfff" for text in texts for sign in text):
        raise BadInput("input holds bytes that are no text")
    vectors = assistant.index.embedder.embed_documents(texts)
    form = _packed if asked.encoding_format == "base64" else list
    data = [
        {"object": "embedding", "index": number, "embedding": form(vector)}
        for number, vector in enumerate(vectors)
    ]
    used = {"prompt_tokens": 0, "total_tokens": 0}  # no language model reads them
    return {"object": "list", "model": MODEL, "data": data, "usage": used}


def conversation(messages: Sequence[Said]) -> tuple[str, list[dict[str, str]]]:
    """The question, and the turns before it as the assistant takes them.

    An answer is what was answered, without what stood before and below it. Raises BadInput where
    no user asks, and for what is no text.
    """
    said = [(message.role, message.text) for message in messages]
    turns = [
        (role, text) for role, text in said if role == "user" or (role == "assistant" and text)
    ]
    while turns and turns[-1][0] != "user":
        turns.pop()
    if not turns:
        raise BadInput("no message is of the role user: the last one that is, is the question")
    *before, (_, question) = turns
    return question, [
        {"role": role, "content": answered(text) if role == "assistant" else text}
        for role, text in before
    ]


def chunks(answers: Iterator[Answer], told: bool) -> Iterator[dict[str, Any]]:
    """An answer as it grows, as chunks; with the tokens at the end, if they are to be ``told``.

    What was sent stands, so a sentence is sent when the next one has begun: it is checked by then.
    A hedge that comes of a later sentence is told by the remarks; an answer that does not go on
    from what was sent is sent whole, with a line that says so.
    """
    named, sent, hedge = _named("chat.completion.chunk"), "", ""

    def chunk(delta: dict[str, str], end: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        return named | {"choices": [choice]} | ({"usage": None} if told else {})

    yield chunk({"role": "assistant", "content": ""})
    for answer in answers:
        hedge = hedge if sent else answer.hedge
        checked = marked(answer.sentences[:-1])
        text = said(hedge, checked) if checked else ""
        if text.startswith(sent) and text != sent:
            yield chunk({"content": text.removeprefix(sent)})
            sent = text
    text = said(hedge, answer.text)
    rest = (
        text.removeprefix(sent)
        if text.startswith(sent)
        else REPLACED + said(answer.hedge, answer.text)
    )
    yield chunk({"content": rest + below(answer)})
    last = chunk({}, "stop")
    if told:
        yield last
        last = named | {"choices": [], "usage": usage(answer)}
    yield last | {"askdoc": answer.as_dict()}


def usage(answer: Answer) -> dict[str, int]:
    """The tokens that a language model has read and written; none for quotes."""
    read, written = (answer.tokens.get(way, 0) for way in ("read", "written"))
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _named(kind: str) -> dict[str, Any]:
    """What every reply, and each chunk of one, begins with."""
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
    }


def _packed(vector: Sequence[float]) -> str:
    """A vector as OpenAI's client asks for it: the bytes of its floats, in base64."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
