"""The first sync of a chat: what is indexed so far answers while the rest is being read."""

import asyncio
import logging
import threading
import time

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.index.index import OnProgress
from askdoc.types import Progress

WAIT = 15.0  # seconds for which a chat waits for all of it: most folders are done by then
LOG = logging.getLogger("askdoc.web")


class Indexing:
    """Brings an index up to date in a thread of its own, and tells how far it is.

    ``told`` is a line while it is at work, and where it has failed; else empty.
    """

    def __init__(self, assistant: Assistant, on_progress: OnProgress) -> None:
        self.told = ""
        self._assistant = assistant
        self._on_progress = on_progress
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._error: Exception | None = None

    def begin(self) -> None:
        """Begins, and returns at once."""
        threading.Thread(target=self._run, daemon=True).start()

    def start(self) -> None:
        """Begins, and returns when there is something to answer from, or after all of it.

        Raises what the sync raises before that.
        """
        self.begin()
        while not self._ended.wait(0.1):
            if time.monotonic() > self._began + WAIT and not self._assistant.index.is_empty:
                return
        if self._error:
            raise self._error

    async def ended(self) -> None:
        """Returns when it has ended: programs get answers from all documents, as they expect."""
        while not self.done:
            await asyncio.sleep(0.2)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._ended.is_set()

    def _run(self) -> None:
        try:
            self._assistant.catch_up(self._tell)
            self.told = ""
        except Exception as error:
            self._error = error
            self.told = f"Indexing has stopped: {error}"
            if not isinstance(error, AskdocError):
                LOG.error("unexpected", exc_info=error)
        finally:
            self._ended.set()

    def _tell(self, step: Progress) -> None:
        self._on_progress(step)
        self.told = f"{step.told(time.monotonic() - self._began)}. What is read so far answers."
