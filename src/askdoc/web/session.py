"""What the server keeps, in memory only: a browser's language model, and a tab's Stop."""

import secrets
import threading
import time
from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass, field

from pydantic import SecretStr

from askdoc.answer.connect import connect
from askdoc.answer.model import Model
from askdoc.answer.thoughts import thinks_aloud, without_thoughts
from askdoc.errors import BadInput, ModelFailed
from askdoc.settings import Settings

COOKIE = "askdoc-session"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST = 200  # sessions that are kept; the one not used for longest goes
SHOWN = 60  # characters of what it writes in a test
GREETING = [("human", "Reply with the one word: ready")]


@dataclass
class Session:
    """A language model, None for that of the settings, and whether Stop was pressed."""

    model: Model | None = None
    stop: threading.Event = field(default_factory=threading.Event)


class Sessions:
    """The sessions: a browser's by the value of its cookie, a tab's by Gradio's hash."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str) -> Session:
        """The session of a browser or a tab, new where there is none."""
        with self._lock:
            session = self._known.setdefault(key, Session())
            self._known.move_to_end(key)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return session


def new_cookie() -> str:
    """A value that nobody guesses, as a header that ends with the browser."""
    return f"{COOKIE}={secrets.token_urlsafe(18)}; HttpOnly; SameSite=Strict; Path=/"


def try_out(settings: Settings, name: str, address: str, key: str) -> tuple[Model, str]:
    """A model that has answered a test, and a line that says so.

    Raises BadInput where it cannot be used, ModelFailed where it does not answer.
    """
    if not name.strip():
        raise BadInput("name a model, as in ollama:llama3.2 or openai:gpt-4o-mini")
    chosen = {
        "llm": name.strip(),
        "llm_base_url": address.strip() or None,
        "llm_key": SecretStr(key.strip()) if key.strip() else None,
    }
    model = connect(settings.model_copy(update=chosen))
    if model is None:
        raise BadInput(f"there is no model {name!r}")
    began = time.perf_counter()
    words = ""
    with closing(model.write(GREETING)) as pieces:
        for piece in pieces:
            words += piece
            if len(without_thoughts(words)) > SHOWN and not thinks_aloud(words):
                break
    said, seconds = " ".join(without_thoughts(words).split())[:SHOWN], time.perf_counter() - began
    if not said:
        raise ModelFailed(f"{model.name} wrote nothing")
    return model, f"{model.name} answered “{said}” after {seconds:.1f} seconds"
