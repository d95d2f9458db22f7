"""Work that an event loop waits for, done in a few threads: a step of askdoc keeps a core busy."""

import asyncio
import contextvars
import functools
import os
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

# One question reads on all cores already, so further threads are for those that wait for a language
# model, and more of them than this would only take turns.
THREADS = 8


async def waited(work: Callable[..., Outcome], *arguments: object) -> Outcome:
    """What a function gives. Cancelled, it is not begun, or what it gives is dropped."""
    return await asyncio.wrap_future(_begun(work, *arguments))


async def each(growing: Generator[Item]) -> AsyncGenerator[Item]:
    """What a generator yields, which is closed when this is, or what waits for it is cancelled.

    None ends it. What is under way between two items is done first: nothing can end a thread.
    """
    step: Future[Item | None] | None = None
    try:
        while True:
            step = _begun(next, growing, None)
            item = await asyncio.wrap_future(step)
            if item is None:
                return
            yield item
    finally:
        if step:  # a generator that runs cannot be closed
            step.add_done_callback(lambda _: growing.close())


def _begun(work: Callable[..., Outcome], *arguments: object) -> Future[Outcome]:
    """Work in one of the threads, which sees the context variables of who waits for it."""
    return _threads().submit(contextvars.copy_context().run, work, *arguments)


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="askdoc-waited")


if hasattr(os, "register_at_fork"):  # a child has none of the threads
    os.register_at_fork(after_in_child=_threads.cache_clear)
