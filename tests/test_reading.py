"""Reading in a process of its own: what goes wrong with a file costs one line, and no more."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from askdoc import Unreadable
from askdoc.ingest.files import load
from askdoc.ingest.limits import MEGABYTES
from askdoc.ingest.worker import Worker

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = "http://schemas.openxmlformats.org/package/2006"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX's")


def word(paragraphs: int, each: str = "some words") -> bytes:
    """A Word document with so many paragraphs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f"<Types xmlns='{TYPES}/content-types'>"
            f"<Override PartName='/word/document.xml' ContentType='{MAIN}'/></Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f"<Relationships xmlns='{TYPES}/relationships'>"
            f"<Relationship Id='a' Type='{OFFICE}' Target='word/document.xml'/></Relationships>",
        )
        body = f"<w:p><w:r><w:t>{each}</w:t></w:r></w:p>" * paragraphs
        archive.writestr(
            "word/document.xml",
            f"<w:document xmlns:w='{WORD}'><w:body>{body}</w:body></w:document>",
        )
    return made.getvalue()


def bomb(kind: str) -> bytes:
    """Some kilobytes of XML that stand for gigabytes of text."""
    entities = "".join(f"<!ENTITY x{n} '{f'&x{n - 1};' * 10}'>" for n in range(1, 12))
    return f"<!DOCTYPE a [<!ENTITY x0 'ha'>{entities}]><{kind}>&x11;</{kind}>".encode()


def zipped(**entries: bytes) -> bytes:
    """A zip of entries, double underscores in their names for slashes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return made.getvalue()


def status_of(worker: Worker, root: Path, source: str) -> tuple[str, str]:
    """The status and the reason with which a worker turns a file down."""
    with pytest.raises(Unreadable) as caught:
        worker.run(load, root, source)
    return caught.value.status, caught.value.why


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker with the usual limits."""
    with Worker() as worker:
        yield worker


def test_a_worker_reads_what_the_loaders_read(worker: Worker, folder) -> None:
    root = folder({"a.md": "# Title\n\nBody.\n", "b.html": "<h1>Head</h1><p>Text</p>"})
    document = worker.run(load, root, "a.md")
    assert (document.source, document.title, document.text) == (
        "a.md",
        "Title",
        "# Title\n\nBody.\n",
    )
    assert worker.run(load, root, "b.html").title == "Head"


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.txt", b"", "empty"),
        ("a.odt", zipped(**{"META-INF__manifest_xml": b"<encryption-data/>"}), "encrypted"),
        ("a.eml", b"Subject: s\nContent-Type: application/pkcs7-mime\n\nMIIB\n", "encrypted"),
        ("a.xyz", b"text", "unsupported"),
        ("a.pptx", b"no zip", "failed"),
        ("a.epub", b"PK\x03\x04 cut off", "failed"),
        ("a.odt", zipped(content_xml=b"<none/>"), "failed"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "failed"),
        ("a.doc", bytes(range(256)) * 9, "failed"),
        ("a.msg", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000), "failed"),
        ("a.txt", os.urandom(4096) + b"\xff\xfe\x00", "failed"),
        ("a.pdf", b"%PDF-1.4\n%%EOF", "failed"),
    ],
)
def test_each_status_reaches_the_report(
    worker: Worker, folder, name: str, content: bytes, status: str
) -> None:
    found, why = status_of(worker, folder({name: content}), name)
    assert found == status
    assert why
    assert "\n" not in why


def test_a_file_too_large_is_not_even_opened(worker: Worker, folder) -> None:
    root = folder({"a.txt": "x"})
    os.truncate(root / "a.txt", (MEGABYTES + 1) * 1_000_000)  # a hole: it takes no room
    assert status_of(worker, root, "a.txt")[0] == "too large"


def test_a_file_that_takes_too_long_is_given_up(folder) -> None:
    root = folder({"slow.docx": word(200_000), "a.txt": "fine"})
    with Worker(seconds=1) as worker:
        began = time.perf_counter()
        status, why = status_of(worker, root, "slow.docx")
        assert status == "took too long"
        assert "1 second" in why
        assert time.perf_counter() - began < 5
        assert worker.run(load, root, "a.txt").text == "fine"


@POSIX
@pytest.mark.parametrize("sign", ["SIGSEGV", "SIGABRT"])
def test_a_crash_costs_one_file(folder, sign: str) -> None:
    root = folder({"slow.docx": word(200_000), "a.txt": "fine"})
    with Worker() as worker:
        worker.run(load, root, "a.txt")
        child = worker._child
        assert child is not None
        crash = threading.Timer(0.3, os.kill, (child.pid, getattr(signal, sign)))
        crash.start()
        status, why = status_of(worker, root, "slow.docx")
        assert (status, why) == ("failed", "its parser crashed")
        assert worker.run(load, root, "a.txt").text == "fine"


@POSIX
def test_a_file_is_tried_again_where_others_left_too_little_memory(folder) -> None:
    """The system kills a process that has grown over many files: the last one is not to blame."""
    root = folder({"slow.docx": word(30_000), "a.txt": "fine"})
    with Worker() as worker:
        worker.run(load, root, "a.txt")
        child = worker._child
        assert child is not None
        threading.Timer(0.2, child.kill).start()
        assert worker.run(load, root, "slow.docx").text
        assert worker._child is not child


@POSIX
def test_a_child_that_died_between_two_files_is_replaced(folder, worker: Worker) -> None:
    root = folder({"a.txt": "fine"})
    worker.run(load, root, "a.txt")
    assert worker._child is not None
    worker._child.kill()
    worker._child.wait()
    assert worker.run(load, root, "a.txt").text == "fine"


@POSIX
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fields.docx", lambda: word(1_000_000)),
        ("zip.docx", lambda: word(1, "a" * 300_000_000)),
        ("zip.odt", lambda: zipped(content_xml=b"<a>" + b" " * 300_000_000)),
        ("laughs.docx", lambda: zipped(word__document_xml=bomb("w"))),
        ("laughs.odt", lambda: zipped(content_xml=bomb("a"))),
    ],
)
def test_a_bomb_costs_one_file(folder, name: str, content: Callable[[], bytes]) -> None:
    root = folder({name: content(), "a.txt": "fine"})
    with Worker(seconds=30, megabytes=600) as worker:
        began = time.perf_counter()
        status, why = status_of(worker, root, name)
        assert status in {"failed", "too large"}, why
        assert time.perf_counter() - began < 20
        assert worker.run(load, root, "a.txt").text == "fine"


def test_an_entity_in_xml_does_not_explode(worker: Worker, folder) -> None:
    assert len(worker.run(load, folder({"a.xml": bomb("a")}), "a.xml").text) < 10_000


SCRIPT = """
import os, sys
from pathlib import Path
from askdoc.ingest.files import load
from askdoc.ingest.worker import Worker

worker = Worker()
print(worker.run(load, Path(sys.argv[1]), "a.txt").text, worker._child.pid, flush=True)
os._exit(0)
"""


@POSIX
def test_a_script_needs_no_guard_and_leaves_no_child_behind(folder, tmp_path: Path) -> None:
    """And a module in the folder it is called in does not pass for one of the library's."""
    root = folder({"a.txt": "fine", "json.py": "1/0", "types.py": "1/0"})
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script, root], capture_output=True, text=True, check=True, cwd=root
    )
    text, pid = done.stdout.split()
    assert text == "fine"
    for _ in range(100):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the child outlives its parent")


def test_the_child_is_light(worker: Worker, folder) -> None:
    """It starts at once and imports none of what only answering needs."""
    root = folder({"a.txt": "fine"})
    began = time.perf_counter()
    worker.run(load, root, "a.txt")
    assert time.perf_counter() - began < 5  # about 0.6 on two quiet cores
    heavy = {"torch", "chromadb", "gradio", "kreuzberg", "pptx", "mammoth"}
    script = f"import sys, askdoc.ingest.worker; print(sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
