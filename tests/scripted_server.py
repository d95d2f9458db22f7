"""A server of a language model that streams what it is told to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

FALSE = "Eagle Partner 2023 was a joint exercise of American and Armenian soldiers, held in 2019."


class Scripted(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that streams what it is told to, a word at a time."""

    words: ClassVar[list[str]] = []
    pause = 0.0
    broken = threading.Event()

    def do_POST(self) -> None:
        """Streams the words, whatever was asked."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for word in self.words:
                time.sleep(self.pause)
                piece = {"choices": [{"index": 0, "delta": {"content": word}}], "id": "1"}
                self.wfile.write(b"data: " + json.dumps(piece).encode() + b"\n\n")
                self.wfile.flush()
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.broken.set()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def scripted() -> Iterator[str]:
    """The address of such a server, which at first is ready."""
    Scripted.words, Scripted.pause = ["ready"], 0.0
    Scripted.broken.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
