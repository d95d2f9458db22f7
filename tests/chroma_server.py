"""A real Chroma server of the tests' own, and what can stand between it and those who ask it."""

import http.client
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class ChromaServer:
    """`chroma run` over a folder, always on the same port; it can be killed and comes back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers; does nothing where it runs."""
        if self.process:
            return
        chroma = Path(sys.executable).parent / "chroma"
        command = [chroma, "run", "--path", self.path, "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api/v2/heartbeat", timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "chroma run does not answer"
                time.sleep(0.05)

    def kill(self) -> None:
        """As by a crash, also of one that was stopped."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Takes what it is sent and never answers, until the end."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Can write to no file, as on a disk without room, until the end."""
        import resource

        assert self.process
        before = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def guarded(port: int, token: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """A proxy with TLS that lets in who has the token: its address, and its certificate."""

    class Guard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Hands on what has the token in both headers."""
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            if (self.headers["authorization"], self.headers["x-chroma-token"]) != (
                f"Bearer {token}", token,
            ):  # fmt: skip
                self.send_error(401)
                return
            served = http.client.HTTPConnection("127.0.0.1", port)
            served.request(self.command, self.path, body, {"content-type": "application/json"})
            reply = served.getresponse()
            content = reply.read()
            self.send_response(reply.status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            served.close()

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=guard", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Guard) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}", certificate
        server.shutdown()
