"""What the tabs of the page have in common: how their events run, and what they tell."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from askdoc.errors import AskdocError
from askdoc.web.session import COOKIE
from askdoc.web.templating import render

LOG = logging.getLogger("askdoc.web")
EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
ASKING: dict[str, Any] = EVENT | {"concurrency_limit": 2, "concurrency_id": "ask"}
INDEXING: dict[str, Any] = EVENT | {"concurrency_limit": 1, "concurrency_id": "index"}
LEADING: dict[str, Any] = EVENT | {"concurrency_limit": 1, "concurrency_id": "lead"}
CLICKS = (Path(__file__).parent / "ui" / "events.js").read_text("utf-8")

Steps = Iterator[dict[Any, Any]]
"""What an event changes, step by step: the components and their new values."""


def html(content: str = "", elem_id: str | None = None, js: str | None = None) -> gr.HTML:
    """A place for HTML of ours; ``js`` is CLICKS where clicks in it are events."""
    return gr.HTML(content, elem_id=elem_id, js_on_load=js, apply_default_css=False)


def cookie_of(request: gr.Request) -> str:
    """What tells one browser from another."""
    return str(request.cookies.get(COOKIE) or request.session_hash)


def line(text: str) -> str:
    """A line of text as HTML."""
    return render("status", text=text, error=False)


def failed(error: Exception) -> str:
    """An error as HTML that is read out."""
    return render("status", text=in_words(error), error=True)


def in_words(error: Exception) -> str:
    """An error for a person to read; one that is not ours also goes to the log, whole."""
    if isinstance(error, AskdocError):
        return str(error)
    LOG.error("unexpected", exc_info=error)
    return f"askdoc failed, please report this: {type(error).__name__}: {error}"[:300]
