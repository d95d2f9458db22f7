"""A scripted language model, and the question that it is asked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from askdoc.answer.model import Model

QUESTION = "What is Eagle Partner for?"


class Scripted(BaseChatModel):
    """A chat model that writes the pieces it was given; an exception among them is raised."""

    pieces: list[Any]
    asked: list[Any] = Field(default_factory=list)
    stopped: list[bool] = Field(default_factory=list)
    pause: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.asked.append(messages)
        done = False
        try:
            for piece in self.pieces:
                await asyncio.sleep(self.pause)
                if isinstance(piece, Exception):
                    raise piece
                chunk = piece if isinstance(piece, AIMessageChunk) else AIMessageChunk(piece)
                yield ChatGenerationChunk(message=chunk)
            done = True
        finally:
            self.stopped.append(not done)


def scripted(*pieces: Any, pause: float = 0.0, timeout: float = 5.0) -> Model:
    """A scripted model as askdoc takes it."""
    return Model("scripted:it", Scripted(pieces=list(pieces), pause=pause), timeout)
