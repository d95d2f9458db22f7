"""What the tabs of the page have in common: how their events run, and how errors are told."""

import logging
from collections.abc import Iterator
from typing import Any

import gradio as gr

from askdoc.errors import AskdocError
from askdoc.web.session import COOKIE

LOG = logging.getLogger("askdoc.web")
EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
ASKING: dict[str, Any] = EVENT | {"concurrency_limit": 2, "concurrency_id": "ask"}
INDEXING: dict[str, Any] = EVENT | {"concurrency_limit": 1, "concurrency_id": "index"}

Steps = Iterator[tuple[Any, ...]]


def cookie_of(request: gr.Request) -> str:
    """What tells one browser from another."""
    return str(request.cookies.get(COOKIE) or request.session_hash)


def in_words(error: Exception) -> str:
    """An error for a person to read; one that is not ours also goes to the log, whole."""
    if isinstance(error, AskdocError):
        return str(error)
    LOG.error("unexpected", exc_info=error)
    return f"askdoc failed, please report this: {type(error).__name__}: {error}"[:300]
