"""The process that reads files: no network, none of our secrets, and nothing left on the disk."""

import ctypes
import os
import platform
import resource
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bombs import OFFICE, WORD, docx, package, related, said, xlsx, zipped
from made_files import MADE
from scanned import scanned

from askdoc import Unreadable
from askdoc.ingest.files import ingest
from askdoc.ingest.formats.pdf_pages import picture
from askdoc.ingest.worker import MEGABYTES, Worker

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="how calls are forbidden is Linux's")
CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The kernel's name of a machine, and its number of the call `socket`."""
PLACE = "http://192.0.2.1/canary"
USERS = "file:///etc/passwd"


def forbid_sockets() -> None:
    """Has the kernel end this process when it asks for a socket, whichever code does."""
    machine, number = CALLS[platform.machine()]
    rules = [
        (0x20, 0, 0, 4),  # load the machine
        (0x15, 0, 3, machine),
        (0x20, 0, 0, 0),  # load the number of the call
        (0x15, 0, 1, number),
        (0x06, 0, 0, 0x80000000),  # end the process
        (0x06, 0, 0, 0x7FFF0000),  # allow
    ]
    code = b"".join(struct.pack("=HBBI", *rule) for rule in rules)
    kept = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(kept))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # no new privileges
    assert libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())


def surroundings() -> dict[str, str]:
    """The environment of this process."""
    return dict(os.environ)


def open_a_socket() -> None:
    """What no reader may do."""
    socket.socket()


def linked(kind: str) -> str:
    """An outside entity of XML."""
    return f"<!DOCTYPE a SYSTEM '{PLACE}' [<!ENTITY x SYSTEM '{kind}'>]>"


FETCHING = {
    "page.html": f"<base href='{PLACE}'><link rel=stylesheet href='{PLACE}'><img src='{PLACE}'>"
    f"<iframe src='{USERS}'></iframe><object data='{PLACE}'></object><p>hello",
    "place.xml": f"{linked(PLACE)}<a>hello &x;</a>",
    "file.xml": f"{linked(USERS)}<a>hello &x;</a>",
    "include.xml": "<a xmlns:xi='http://www.w3.org/2001/XInclude'>hello "
    f"<xi:include href='{USERS}' parse='text'/></a>",
    "entity.docx": docx(said("hello &x;"), linked(USERS)),
    "picture.docx": package(
        "word/document.xml",
        {
            "word/document.xml": f"<w:document xmlns:w='{WORD}'><w:body>{said('hello')}<w:p><w:r>"
            "<w:drawing><wp:inline xmlns:wp='http://schemas.openxmlformats.org/drawingml/2006/"
            "wordprocessingDrawing'><a:graphic xmlns:a='http://schemas.openxmlformats.org/"
            "drawingml/2006/main'><a:graphicData><pic:pic xmlns:pic='http://schemas."
            "openxmlformats.org/drawingml/2006/picture'><pic:blipFill><a:blip "
            f"xmlns:r='{OFFICE}' r:link='r0'/></pic:blipFill></pic:pic></a:graphicData></a:graphic>"
            "</wp:inline></w:drawing></w:r></w:p></w:body></w:document>",
            "word/_rels/document.xml.rels": related("image", PLACE).replace(
                "Target=", "TargetMode='External' Target="
            ),
        },
        {"word/document.xml": "wordprocessingml.document.main"},
    ),
    "formula.xlsx": xlsx(f"<row r='1'><c r='A1'><f>WEBSERVICE(\"{PLACE}\")</f><v>1</v></c></row>"),
    "book.epub": zipped(
        {
            "META-INF/container.xml": f"{linked(USERS)}<a><rootfile full-path='b.opf'/></a>",
            "b.opf": "<a><item id='a' href='a.html'/><itemref idref='a'/></a>",
            "a.html": f"<img src='{PLACE}'>hello",
        }
    ),
    "field.rtf": f'{{\\rtf1 hello {{\\field{{\\*\\fldinst INCLUDEPICTURE "{PLACE}"}}}}}}',
    "body.eml": f'Content-Type: message/external-body; access-type=URL; URL="{PLACE}"\n\nhello',
    "page.md": f"hello ![]({PLACE})",
    "input.tex": "\\begin{document}hello \\input{/etc/passwd}\\end{document}",
    "include.rst": "hello\n\n.. include:: /etc/passwd\n",
    "include.org": "hello\n\n#+INCLUDE: /etc/passwd\n",
}


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker that has read a file of each kind, and with that imported all its libraries."""
    with Worker() as worker:
        yield worker


@LINUX
def test_no_file_has_the_worker_open_a_socket_or_another_file(
    worker: Worker, folder, corpus: Path
) -> None:
    """Files of every format, and files that name addresses and other files of the machine."""
    root = folder(
        FETCHING | {f"made{suffix}": make() for suffix, make in MADE.items()} | {"a.txt": "`" * 700}
    )
    worker.run(ingest, root, "a.txt", 600)
    scanned(["The ferry sails at noon."]).save(root / "scan.png")
    worker.run(ingest, root, "scan.png", 600)
    worker.run(ingest, root, "made.html", 600)  # imports open some, to see what the system can
    worker.run(forbid_sockets)
    child = worker._child
    for source in [*FETCHING, *(f"made{suffix}" for suffix in MADE)]:
        try:
            text = worker.run(ingest, root, source, 600)[0].text
        except Unreadable as error:
            text = error.why
        assert "root:" not in text, source
        assert worker._child is child, source
    worker.run(ingest, corpus, "lachin-corridor.pdf", 600)
    worker.run(picture, corpus / "lachin-corridor.pdf", 1)
    assert "noon" in worker.run(ingest, root, "scan.png", 600)[0].text
    with pytest.raises(Unreadable, match="crashed"):
        worker.run(open_a_socket)


def test_the_worker_knows_no_secrets(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASKDOC_LLM_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "ANYTHING"):
        monkeypatch.setenv(name, "sk-secret")
    here = worker.run(surroundings)
    assert "PATH" in here
    assert "sk-secret" not in str(here)


def test_the_worker_leaves_nothing_on_the_disk(
    folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither when it reads, nor when it is ended in the middle, nor when it crashes."""
    places = [tmp_path / name for name in ("tmp", "home", "here")]
    for place in places:
        place.mkdir()
    monkeypatch.setenv("TMPDIR", str(places[0]))
    monkeypatch.setenv("HOME", str(places[1]))
    monkeypatch.chdir(places[2])
    root = folder({f"a{suffix}": make() for suffix, make in MADE.items()})
    with Worker() as worker:
        for suffix in MADE:
            worker.run(ingest, root, f"a{suffix}", 600)
        with pytest.raises(Unreadable):
            worker.run(os.kill, worker.run(os.getpid), signal.SIGABRT)
        with pytest.raises(Unreadable, match="gave up"):
            worker.run(Path(places[0] / "file").write_text, "text")
    assert [path for place in places for path in place.rglob("*") if path.stat().st_size] == []


def test_the_worker_has_the_limits_it_promises(worker: Worker) -> None:
    """Of memory; and it writes to no file, not even what it would leave when it crashes."""
    names = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CORE")
    now = [worker.run(resource.getrlimit, getattr(resource, name))[0] for name in names]
    assert now == [MEGABYTES * 1_000_000, 0, 0]
