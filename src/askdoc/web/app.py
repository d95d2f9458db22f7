"""The chat's application: our own routes, the MCP server, and the page in Gradio."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from types import MappingProxyType

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
# Else it keeps figures of 10,000 events, and reckons them anew, in pandas, after each.
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)

import gradio as gr
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from askdoc.assistant import Assistant
from askdoc.web import api, completions, feedback, health, mcp, reference
from askdoc.web.corpora import names_of
from askdoc.web.indexing import Indexing
from askdoc.web.limits import MEGABYTE, SESSIONS
from askdoc.web.metrics import Metrics, Watched
from askdoc.web.page import build
from askdoc.web.session import Sessions
from askdoc.web.templating import UI, render
from askdoc.web.viewer import routes as viewer_routes
from askdoc.web.warmup import Warmup


def create_app(
    assistant: Assistant,
    indexing: Indexing | None = None,
    corpora: Mapping[str, bool] = MappingProxyType({}),
    sessions: Sessions | None = None,
    metrics: Metrics | None = None,
    warmup: Warmup | None = None,
) -> FastAPI:
    """The chat and its routes as one ASGI application; loading of the models begins at once.

    ``indexing`` is a sync that may yet be going on, ``corpora`` those that the server has, by
    name, and whether each is this one, ``sessions`` what they share, as ``metrics``, where
    questions are counted, and ``warmup`` what has begun to load the models; else it begins here.
    The application lets everyone in: ``server`` puts a guard before it.
    """
    if metrics:
        names = [name for name, own in corpora.items() if own]
        [name] = names or names_of([assistant.settings.corpus])
        assistant = Watched(assistant, name, metrics)
    tools = mcp.server(assistant, indexing)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with tools.session_manager.run() if tools else nullcontext():
            yield

    app = FastAPI(
        title="askdoc",
        version=version("askdoc"),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        exception_handlers=api.HANDLERS,
        responses=api.problems(),
        lifespan=life,
    )
    warmup = warmup or Warmup(assistant).start()
    whole = [Depends(indexing.ended)] if indexing else []
    app.include_router(api.routes(assistant), dependencies=whole)
    app.include_router(completions.routes(assistant), dependencies=whole)
    app.include_router(viewer_routes.routes(assistant))
    app.include_router(feedback.routes(assistant))
    app.include_router(health.routes(warmup, indexing, metrics))

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs(request: Request) -> str:
        """The description of the routes, for people."""
        return reference.page(app.openapi(), str(request.base_url), assistant.settings)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    @app.api_route("/api/{name:path}", methods=methods, include_in_schema=False)
    @app.api_route("/v1/{name:path}", methods=methods, include_in_schema=False)
    async def nothing(name: str, request: Request) -> None:
        """Tells in our own words that there is no such route."""
        path = request.scope["path"].removeprefix(request.scope["root_path"])
        raise HTTPException(404, f"there is no such route: {path}")

    app.mount("/ui", StaticFiles(directory=UI))
    if tools:
        app.mount("/mcp", tools.streamable_http_app())
    page = build(assistant, warmup, sessions or Sessions(), indexing, corpora)
    page.state_session_capacity = SESSIONS
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=gr.themes.Base(
            font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        head=render("links"),
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=assistant.settings.max_upload * MEGABYTE,  # for the page to tell
        ssr_mode=False,
        app_kwargs={
            "openapi_url": None,
            "docs_url": None,
            "redoc_url": None,
            "exception_handlers": api.HANDLERS,
        },
    )
    # Mounting does not say so, and before a launch Gradio lets an event read any file.
    page.has_launched = True
    return app
