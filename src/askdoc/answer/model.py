"""A language model, any that LangChain knows: asked as its server takes it, read as it writes."""

import asyncio
import functools
import queue
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from askdoc.answer.prompt import REWRITE, Message, alternating
from askdoc.answer.query import History
from askdoc.answer.thoughts import thinks_aloud, without_thoughts
from askdoc.errors import ModelFailed
from askdoc.redaction import redact

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

LONGEST_WRITTEN = 4000  # characters after which a model is stopped
LONGEST_THOUGHT = 40_000  # the same with its thoughts; a piece without text counts for one
LONGEST_QUERY = 400  # characters of a rewritten question
CALLED = re.compile(r"\W*(?:the |rewritten |last |standalone )*question(?: is)?\W*:\W*", re.I)
AWAKE = 0.2  # seconds of silence after which an empty piece is given
EXTRAS = ("anthropic", "google_genai", "ollama", "openai")  # of askdoc, each a provider's package
ENDS = ("finish_reason", "stop_reason", "done_reason", "status")  # where they tell why they end
CUT = ("length", "max_tokens", "model_length", "incomplete")
FILTERED = ("content_filter", "refusal", "safety", "recitation", "blocklist", "prohibited_content")
ROLES = r"\b(?:system|developer)\b.{0,20}\b(?:role|message|prompt|instruction)"
REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "count of tokens": (r"stream_options|include_usage", {"stream_usage": False}),
    "temperature": (r"temperature", {"temperature": None}),
    "rules": (
        rf"{ROLES}|\broles?\b.{{0,120}}\b(?:system|developer)\b|roles must alternate"
        r"|input should be 'user'",
        {},
    ),
    "stream": (r"\bstream(?:ing|ed)?\b|no generation chunks", {"disable_streaming": True}),
}
"""What some servers refuse: the words by which they name it, and what asks without it."""


class Writing(Iterator[str]):
    """What a model writes, piece by piece; an empty piece now and then while it is silent.

    Raises ModelFailed, also where the stream ends without a word why. ``close`` stops the request.
    ``tokens`` is how many the model read and wrote, as far as it has told; ``cut`` says that it was
    stopped before it was done.
    """

    def __init__(self, model: "Model", messages: Sequence[Message]) -> None:
        self.tokens: dict[str, int] = {}
        self.cut = False
        self._model = model
        self._messages = messages
        self._text = ""
        self._ended = False
        self._pieces: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        self._request: Future[None] | None = None

    def __iter__(self) -> "Writing":
        """Sends the request, the first time."""
        self._request = self._request or asyncio.run_coroutine_threadsafe(self._run(), _loop())
        return self

    def __next__(self) -> str:
        try:
            piece = self._pieces.get(timeout=AWAKE)
        except queue.Empty:
            return ""
        if piece is None:
            raise StopIteration
        if isinstance(piece, Exception):
            raise ModelFailed(self._model.explain(piece)) from piece
        return piece

    def close(self) -> None:
        """Stops the request, if it is still going on."""
        if self._request:
            self._request.cancel()

    async def _run(self) -> None:
        """Reads the model's stream into the queue; ends with None or with what went wrong."""
        # Imported where first used: only LangChain's models are traced.
        from langsmith import tracing_context

        # None: as the environment says
        with tracing_context(enabled=None if self._model.tracing else False):
            before = set(self._model.without)
            while True:
                try:
                    await self._read()
                    return self._pieces.put(None)
                except Exception as error:  # noqa: BLE001 - each provider raises errors of its own
                    if self._text or not self._model.does_without(error):
                        self._model.without.intersection_update(before)  # it was not that
                        return self._pieces.put(error)

    async def _read(self) -> None:
        """Reads one stream, up to its end or to the most that is taken."""
        stream, pieces = self._model.asked(self._messages), 0
        try:
            while not self.cut:
                try:
                    chunk = await asyncio.wait_for(anext(stream), self._model.timeout)
                except StopAsyncIteration:
                    break
                self._book(chunk)
                self._text += chunk.text
                self._pieces.put(str(chunk.text))
                pieces += 1
                self.cut = self.cut or self._is_long_enough(pieces)
        finally:
            await cast("AsyncGenerator[object, None]", stream).aclose()  # ends the request
        if self._model.tells_ends and not self._ended and not self.cut:
            raise ModelFailed("its stream ended without a finish reason")

    def _is_long_enough(self, pieces: int) -> bool:
        if max(pieces, len(self._text)) > LONGEST_THOUGHT:
            return True
        return (
            len(self._text) > LONGEST_WRITTEN
            and not thinks_aloud(self._text)
            and len(without_thoughts(self._text)) > LONGEST_WRITTEN
        )

    def _book(self, chunk: "AIMessageChunk") -> None:
        """Books the tokens that a piece tells of, and why it is the last one."""
        used = chunk.usage_metadata
        if used:
            counts = {"read": used["input_tokens"], "written": used["output_tokens"]}
            for name, number in counts.items():
                self.tokens[name] = self.tokens.get(name, 0) + number
        reasons = [str(chunk.response_metadata.get(name) or "").lower() for name in ENDS]
        if any(reason in FILTERED for reason in reasons):
            raise ModelFailed("its provider's content filter stopped it")
        self._ended = self._ended or any(reasons)
        self.cut = self.cut or any(reason in CUT for reason in reasons)


@dataclass(frozen=True)
class Model:
    """A language model, ready to write.

    ``timeout`` is the seconds that it may be silent; ``key`` is known so that no message shows it;
    ``tracing`` lets LangSmith trace what is sent, where the environment asks for it. ``without``
    is what its server has refused, of REFUSED.
    """

    name: str
    chat: "BaseChatModel"
    timeout: float = 60.0
    key: str = field(default="", repr=False)
    tracing: bool = False
    without: set[str] = field(default_factory=set)

    def write(self, messages: Sequence[Message]) -> Writing:
        """A reply, which it begins to write when the first piece is asked for."""
        return Writing(self, messages)

    def reply(self, messages: Sequence[Message]) -> str:
        """All of a reply but its thoughts; raises ModelFailed, also where it was cut off."""
        writing = self.write(messages)
        written = "".join(writing)
        if writing.cut:
            raise ModelFailed(f"{self.name} was stopped before it was done")
        return without_thoughts(written).strip()

    def rewrite(self, question: str, history: History) -> str:
        """A question that leans on earlier turns, as one that stands alone.

        Raises ModelFailed, also when what comes back is no question to search for.
        """
        turns = "\n".join(f"{turn['role']}: {turn['content'][:600]}" for turn in history[-6:])
        asked = f"{turns}\n\nThe last question: {question}"
        lines = CALLED.sub("", self.reply([("system", REWRITE), ("human", asked)])).splitlines()
        if len(lines) != 1 or len(lines[0]) > LONGEST_QUERY:
            raise ModelFailed(f"{self.name} did not put the question in other words")
        return lines[0].strip(' *"“”')

    @property
    def tells_ends(self) -> bool:
        """Whether the last piece of each of its streams tells why it is the last one."""
        return self.name.partition(":")[0] in EXTRAS and "stream" not in self.without

    def asked(self, messages: Sequence[Message]) -> "AsyncIterator[AIMessageChunk]":
        """The stream of a new request, without what the server refused before."""
        sent = alternating(messages, system="rules" not in self.without)
        changes = {name: value for what in self.without for name, value in REFUSED[what][1].items()}
        chat = self.chat.model_copy(update=changes) if changes else self.chat
        return chat.astream(list(sent))

    def does_without(self, error: Exception) -> bool:
        """Whether an error refuses what can be left out, and was not yet; then it is from now on.

        A refusal of the form (422) that names nothing refuses the first thing that is left.
        """
        words, status = str(error).lower(), _status(error)
        if status not in (400, 422, 500, 501) and "no generation chunks" not in words:
            return False
        left = [what for what in REFUSED if what not in self.without]
        named = [what for what in left if re.search(REFUSED[what][0], words, re.S)]
        refused = (named or (left if status == 422 else []))[:1]
        self.without.update(refused)
        return bool(refused)

    def explain(self, error: Exception) -> str:
        """What went wrong, in one line that never has a key in it."""
        kind, status, words = type(error).__name__, _status(error), str(error)
        folded = f"{kind} {words}".lower()
        reasons = {
            f"did not answer within {self.timeout:g} seconds": "timeout" in folded,
            "does not accept the key": status in (401, 403),
            "takes no more requests for now (rate limit)": status == 429,
            "cannot take that much: lower ASKDOC_LLM_TOKENS": status in (400, 413)
            and any(word in folded for word in ("context", "too long", "too large", "tokens")),
            "was stopped by a content filter": "content filter" in folded.replace("_", " "),
            "stopped half-way": "without a finish reason" in folded,
            "is not known to its server": status == 404,
            "cannot be reached: is its server running?": "connect" in folded,
        }
        if self.key:
            words = words.replace(self.key, "…")
        first = redact((words.splitlines() or [""])[0])[:200]
        why = next((why for why, holds in reasons.items() if holds), f"failed: {kind}: {first}")
        return f"{self.name} {why}"


def _status(error: Exception) -> int:
    """The HTTP status that an error of a provider's client tells, or the one it comes of; or 0."""
    found = [
        getattr(each, name, None)
        for each in (error, error.__cause__)
        for name in ("status_code", "code")
    ]
    return next((status for status in found if isinstance(status, int)), 0)


@functools.lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    """The one event loop on which all models are asked: their clients belong to a loop."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="askdoc models").start()
    return loop
