"""How a server is: the routes that tell programs which watch it."""

import time
from typing import Literal

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response
from pydantic import BaseModel, Field

from askdoc.errors import AskdocError
from askdoc.web.indexing import Indexing
from askdoc.web.metrics import Metrics
from askdoc.web.warmup import Warmup


class Ready(BaseModel):
    """That it answers."""

    status: Literal["ready"]


class Health(BaseModel):
    """How far the server is."""

    status: Literal["ready", "warming up"]
    started: float = Field(description="When, in seconds since 1970.")
    indexing: str = Field(description="How far that is, in one line; empty when it is done.")


def routes(warmup: Warmup, indexing: Indexing | None, metrics: Metrics | None) -> APIRouter:
    """``/api/health``, ``/api/ready`` and ``/metrics``."""
    router, started = APIRouter(), time.time()

    @router.get("/api/health")
    async def health() -> Health:
        """Whether the models are loaded, since when this server runs, how far indexing is."""
        status: Literal["ready", "warming up"] = "ready" if warmup.done else "warming up"
        told = indexing.told if indexing else ""
        return Health(status=status, started=started, indexing=told)

    @router.get("/api/ready")
    async def ready() -> Ready:
        """Whether questions are answered at once: all is indexed, and the models are loaded."""
        if indexing and not indexing.done:
            raise HTTPException(503, indexing.told or "indexing")
        if not warmup.done:
            raise HTTPException(503, "warming up: the models are being loaded")
        try:
            warmup.wait()
        except AskdocError as error:
            raise HTTPException(503, str(error)) from error
        return Ready(status="ready")

    @router.get("/metrics", include_in_schema=False)
    def counted() -> Response:
        """What was asked so far, for Prometheus."""
        if not metrics:
            raise HTTPException(404, "there is no /metrics: set ASKDOC_METRICS=1")
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
