"""What a server has done so far, as Prometheus reads it."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askdoc.answer.model import Model
from askdoc.answer.query import History
from askdoc.assistant import Assistant
from askdoc.errors import BadInput
from askdoc.index.filter import Where
from askdoc.index.index import Index
from askdoc.types import Answer

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)  # seconds of an answer


class Metrics:
    """The counts of one server, whatever corpora it has; raises BadInput without the package."""

    def __init__(self) -> None:
        # Imported where first used: not everybody has it.
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
        except ImportError as error:
            raise BadInput(
                "ASKDOC_METRICS needs a package: pip install 'askdoc[metrics]'"
            ) from error

        own = self._registry = CollectorRegistry()
        self._questions = Counter(
            "askdoc_questions", "Questions answered, by certainty.", ["certainty"], registry=own
        )
        self._seconds = Histogram(
            "askdoc_answer_seconds", "Seconds of an answer.", buckets=BUCKETS, registry=own
        )
        self._requests = Counter(
            "askdoc_requests", "HTTP requests, by status.", ["status"], registry=own
        )
        self._documents = Gauge(
            "askdoc_documents", "Documents that answer.", ["corpus"], registry=own
        )
        self._passages = Gauge(
            "askdoc_passages", "Passages that are searched.", ["corpus"], registry=own
        )

    def watch(self, name: str, index: Index) -> None:
        """Tells from now on how much the index of a corpus holds."""
        self._documents.labels(name).set_function(lambda: len(index.titles()))
        self._passages.labels(name).set_function(index.size)

    def asked(self, answer: Answer, seconds: float) -> None:
        """Counts a question."""
        self._questions.labels(answer.certainty.value).inc()
        self._seconds.observe(seconds)

    def sent(self, status: int) -> None:
        """Counts a request."""
        self._requests.labels(str(status)).inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)


class Watched(Assistant):
    """An assistant over the corpus of a name, whose questions are counted."""

    def __init__(self, assistant: Assistant, name: str, metrics: Metrics) -> None:
        super().__init__(assistant.index, assistant.model)
        self._metrics = metrics
        metrics.watch(name, assistant.index)

    def stream(
        self,
        question: str,
        history: History = (),
        model: Model | None = None,
        sources: Sequence[str] = (),
        where: Where | None = None,
    ) -> Generator[Answer]:
        """The answer as it grows; it counts when it is finished."""
        began = time.perf_counter()
        with closing(super().stream(question, history, model, sources, where)) as answers:
            for answer in answers:
                yield answer
        self._metrics.asked(answer, time.perf_counter() - began)


class Counting:
    """Counts the replies of an application by their status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.sent(message["status"])
            await send(message)

        await self._app(scope, receive, counted)
