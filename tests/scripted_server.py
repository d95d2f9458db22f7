"""A server of a language model that streams what it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

FALSE = "Eagle Partner 2023 was a joint exercise of American and Armenian soldiers, held in 2019."
Body = dict[str, Any]


class Scripted(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that streams what it is told to, a word at a time.

    A word may also be a delta. ``end`` is its finish reason, None for none; ``refuses`` tells of
    a request why it is refused, with a status; ``asked`` holds all of them.
    """

    words: ClassVar[list[str | Body]] = []
    pause = 0.0
    end: ClassVar[str | None] = "stop"
    asked: ClassVar[list[Body]] = []
    refuses: ClassVar[Callable[[Body], tuple[int, str] | None]] = lambda body: None
    broken = threading.Event()

    def do_POST(self) -> None:
        """Streams the words, or sends them at once to who wants no stream; or refuses."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body)
        refused = type(self).refuses(body)
        if refused:
            status, why = refused
            return self._send(status, {"error": {"message": why}} if why else {})
        if not body.get("stream"):
            text = "".join(word for word in self.words if isinstance(word, str))
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": self.end}
            return self._send(200, {"id": "1", "choices": [choice]})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for word in self.words:
                time.sleep(self.pause)
                self._stream(word if isinstance(word, dict) else {"content": word})
            if self.end:
                self._stream({}, self.end)
                self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.broken.set()

    def _stream(self, delta: Body, end: str | None = None) -> None:
        piece = {"choices": [{"index": 0, "delta": delta, "finish_reason": end}], "id": "1"}
        self.wfile.write(b"data: " + json.dumps(piece).encode() + b"\n\n")
        self.wfile.flush()

    def _send(self, status: int, told: Body) -> None:
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def scripted() -> Iterator[str]:
    """The address of such a server, which at first is ready."""
    Scripted.words, Scripted.pause, Scripted.end = ["ready"], 0.0, "stop"
    Scripted.refuses = lambda body: None
    Scripted.asked.clear()
    Scripted.broken.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
