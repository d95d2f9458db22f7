"""What several tests need: places, commands run here, the page's events, what always holds."""

import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from askdoc import Answer, Assistant, Document, Unreadable
from askdoc.cli import main
from askdoc.ingest.chunker import chunk
from askdoc.ingest.extract import clean
from askdoc.ingest.files import ingest
from askdoc.ingest.rows import with_header

ROOT = Path(__file__).parent.parent
# Root may look into any folder, and write to any.
AS_NOBODY = (
    ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    if hasattr(os, "geteuid") and os.geteuid() == 0
    else []
)


def build_of(index: Path) -> Path:
    """The folder in an index folder in which the index lies."""
    return index / (index / "current").read_text()


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Runs a command that must end with exit code 1, and gives its one line."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    assert caught.value.code == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("askdoc: ")
    return lines[0]


def printed(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    """Runs a command that must end with an exit code, and gives what it printed."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    assert (caught.value.code or 0) == code
    return capsys.readouterr().out


def begun(
    client: httpx.Client, name: str, data: list[Any], session: str = "", **told: object
) -> str:
    """Runs an event of the page, by the name of its function, and gives what the page is told."""
    events = {event["api_name"]: event for event in client.get("/config").json()["dependencies"]}
    asked = {"session_hash": session or uuid.uuid4().hex}
    body = {"data": data, "event_data": told or None, "fn_index": events[name]["id"], **asked}
    client.post("/gradio_api/queue/join", json=body).raise_for_status()
    return client.get("/gradio_api/queue/data", params=asked).text


def named(path: object, url: object = None) -> dict[str, Any]:
    """A file as the page names it to Gradio."""
    return {"path": str(path), "url": url, "meta": {"_type": "gradio.FileData"}}


def check_document(document: Document, size: int = 200) -> None:
    """What all else relies on: blocks in order, nothing but white space between, exact passages."""
    text, after = document.text, 0
    assert "\0" not in text
    assert "\r" not in text
    assert clean(text) == text
    for block in document.blocks:
        assert after <= block.start <= block.inner_start <= block.end <= len(text)
        assert block.start <= block.inner_end <= block.end
        assert not text[after : block.start].strip()
        after = block.end
    assert not text[after:].strip()
    assert list(document.pages) == sorted(document.pages)
    assert all(0 <= page <= len(text) for page in document.pages)
    after = 0
    for passage in chunk(document, size):
        assert after <= passage.start < passage.end <= passage.start + size
        assert passage.text.strip() == passage.text
        after = passage.end
        assert with_header(passage) == " ".join(with_header(passage).split())
    document.title.encode()
    text.encode()


def ingested(root: Path, source: str, content: bytes) -> None:
    """Reads a file, which must give a document that holds together, or one line."""
    (root / source).write_bytes(content)
    why = ""
    try:
        check_document(ingest(root, source, 200)[0])
    except Unreadable as error:
        why = str(error)
    assert "\n" not in why


def cites(answer: Answer) -> list[tuple[int, ...]]:
    """The numbers that each sentence of an answer cites."""
    return [sentence.citations for sentence in answer.sentences]


def check_spans(assistant: Assistant, answer: Answer) -> None:
    """Invariants 2 and 3."""
    for cited in answer.citations:
        document = assistant.document(cited.source)
        assert document.text[cited.start : cited.end] == cited.quote
    used = list(dict.fromkeys(n for numbers in cites(answer) for n in numbers))
    assert used == [cited.number for cited in answer.citations] == [*range(1, len(used) + 1)]


def pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, of which the first is the catalog."""
    text, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count, start = len(objects) + 1, len(text)
    text += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    return text + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, start)


def stream(content: bytes, more: bytes = b"") -> bytes:
    """A PDF object with content of its own."""
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (more, len(content), content)


def slow_pdf(text: str) -> bytes:
    """A PDF that is read at once, and takes minutes to draw: a colour is reckoned at each point."""
    reckon = b"{" + b"2 copy sin exch cos mul .5 mul .5 add pop " * 20 + b"pop pop .5 .5 .5}"
    drawn = b"BT /F 12 Tf 50 700 Td (%s) Tj ET " % text.encode() + b"/S sh " * 99
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>/Shading<</S 6 0 R>>>>>>",
        stream(drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</ShadingType 1/ColorSpace/DeviceRGB/Domain[0 600 0 800]/Function 7 0 R>>",
        stream(reckon, b"/FunctionType 4/Domain[0 600 0 800]/Range[0 1 0 1 0 1]"),
    )


@contextmanager
def recording() -> Iterator[tuple[str, list[str]]]:
    """A server that refuses whatever it is sent: its address, and all requests so far, whole."""
    sent: list[str] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Refuses in a way that every client understands."""
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            sent.append(f"{self.path}\n{self.headers}\n{body.decode(errors='replace')}")
            self.send_error(404)

        do_GET = do_POST

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", sent
    server.shutdown()
