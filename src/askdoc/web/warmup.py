"""What is made ready while the page is already there: the models, and what an empty chat tells.

All that stays in memory is loaded then, so that a server fills as much on its last day as on its
first.
"""

import threading
from contextlib import suppress
from typing import Self

from askdoc.answer.pipeline import load
from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.ingest.words import clearly_not_english
from askdoc.web.overview import Overview, Overviews


class Warmup:
    """Loads the models in a thread of its own."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = Assistant(assistant.index)  # a model is shown nothing before one asks
        self._overviews = Overviews(self.assistant)
        self._error: AskdocError | None = None
        self._ended = threading.Event()

    def start(self) -> Self:
        """Begins to load; to be called once."""
        threading.Thread(target=self._run, daemon=True).start()
        return self

    @property
    def done(self) -> bool:
        """Whether nothing has to be waited for."""
        return self._ended.is_set()

    def wait(self) -> None:
        """Returns when the models are loaded; raises what kept them from it."""
        self._ended.wait()
        if self._error:
            raise self._error

    def overview(self) -> Overview:
        """What an empty chat tells, when the models are loaded; raises what kept them from it."""
        self.wait()
        return self._overviews.now()

    def _run(self) -> None:
        try:
            load(self.assistant.settings)
            self.assistant.index.warning_of(lambda: clearly_not_english("warm up"))
            if not self.assistant.index.is_empty:
                self.assistant.ask("hello")
        except AskdocError as error:
            self._error = error
        finally:
            self._ended.set()
        with suppress(AskdocError):  # it is told where somebody asks for it
            self._overviews.now()
