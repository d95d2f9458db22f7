"""A file that asks for all of a machine gets its limits and one line; the others are read."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bombs import BOMBS, docx, epub, said
from helpers import printed

from askdoc import Document, Settings, Unreadable
from askdoc.answer.context import with_context
from askdoc.index.index import Index
from askdoc.ingest import limits
from askdoc.ingest.blocks import structure, table
from askdoc.ingest.files import ingest
from askdoc.ingest.rows import with_header
from askdoc.ingest.worker import SECONDS, STARTING, Worker
from askdoc.types import Passage, Span, Status

FERRY = "The ferry to Marwick sails at nine."
SOON = 20.0  # seconds
PRICE = 20  # times its own characters that a document's passages may have to be searched
Read = tuple[Document, tuple[Passage, ...]]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A worker that is given up sooner than usual, since many here would use all their time."""
    with Worker(SOON) as worker:
        yield worker


def spent(root: Path, source: str) -> tuple[Read | None, str, float]:
    """What a file gives, or the line that says why nothing, and the processor's seconds for it."""
    began = time.process_time()
    try:
        return ingest(root, source, 600), "", time.process_time() - began
    except Unreadable as error:
        return None, f"{error.status}: {error.why}", time.process_time() - began


@pytest.mark.attack
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_its_limits_with_one_line(name: str, worker: Worker, folder) -> None:
    content = BOMBS[name]()
    root = folder({name: content, "good.md": FERRY})
    assert (root / name).stat().st_size < 50_000_000
    began = time.monotonic()
    read, why = None, ""
    try:
        read = worker.run(ingest, root, name, 600)
    except Unreadable as error:
        why = f"{error.status}: {error.why}"
    assert time.monotonic() - began < SOON + STARTING
    if read is None:
        assert why
        assert "\n" not in why
    else:
        document, passages = read
        assert len(document.text) <= limits.CHARACTERS
        assert len(passages) <= limits.PASSAGES
        searched = sum(len(passage.indexed_text) for passage in passages)
        assert searched < PRICE * len(document.text) + 10_000
    child = worker._child
    assert worker.run(ingest, root, "good.md", 600)[0].text == FERRY
    assert worker._child is child or why
    print(f"{name}: {time.monotonic() - began:.1f} s, {why or f'read, {len(passages)} passages'}")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", lambda: "a," * (limits.CHARACTERS // 2 + 1), "30,000,002 characters"),
        ("a.md", lambda: "# a\n" * (limits.PASSAGES + 1), "100,001 passages"),
        ("a.epub", lambda: epub(["a"] * 900, {"a": "<p>" + "word " * 8000}), "characters"),
        ("a.docx", BOMBS["parts.docx"], "299 megabytes more when unpacked"),
        ("b.docx", BOMBS["one-part-often.docx"], "megabytes more when unpacked"),
    ],
)
def test_what_is_too_large_is_told_with_what_to_do(
    name: str, content: Callable[[], str | bytes], told: str, worker: Worker, folder
) -> None:
    """Whichever of its limits a file breaks."""
    with pytest.raises(Unreadable) as caught:
        worker.run(ingest, folder({name: content()}), name, 600)
    assert caught.value.status == Status.TOO_LARGE
    assert told in caught.value.why
    assert caught.value.why.endswith(": split it into smaller files")


def test_a_file_that_takes_more_than_there_is_time_for_is_not_read_in_the_server(folder) -> None:
    """Chunking, too, ends with the worker: it has nothing of the process that answers."""
    root = folder({"words.txt": "a" * 20_000_000, "good.md": FERRY})
    with Worker(seconds=3) as worker:
        began = time.process_time()
        with pytest.raises(Unreadable) as caught:
            worker.run(ingest, root, "words.txt", 600)
        assert caught.value.status == Status.TOOK_TOO_LONG
        assert time.process_time() - began < 1
    assert ingest(root, "good.md", 600)[1][0].text == FERRY


@pytest.mark.parametrize(
    "name",
    [
        "headings-in-quotes.md",
        "backticks-only.md",
        "quotes-never-closed.txt",
        "sentences-without-spaces.txt",
        "long-header.csv",
        "long-heading.html",
    ],
)
def test_the_time_for_a_file_grows_with_its_length_only(name: str, folder) -> None:
    """A part, and four times as much of what took minutes as a whole."""
    text = str(BOMBS[name]())
    text = text[: len(text) // 4] if name != "long-header.csv" else text
    root = folder({f"whole-{name}": text, f"part-{name}": text[: len(text) // 4]})
    spent(root, f"part-{name}")  # what is imported first
    _, _, part = spent(root, f"part-{name}")
    read, why, whole = spent(root, f"whole-{name}")
    assert whole < 8 * part + 0.3
    assert read is not None, why
    assert sum(len(passage.indexed_text) for passage in read[1]) < PRICE * len(read[0].text)


def test_the_time_for_xml_does_not_grow_with_its_depth(folder) -> None:
    inside = "<b>word </b>" * 20_000
    root = folder({f"{n}.xml": "<a>" * n + inside + "</a>" * n for n in (5, 240)})
    (_, _, flat), (_, _, deep) = spent(root, "5.xml"), spent(root, "240.xml")
    assert deep < 3 * flat + 0.3


def test_a_file_of_a_terabyte_is_not_even_hashed(folder) -> None:
    """It is told in the report, by the next sync, too."""
    root = folder({"good.md": FERRY, "huge.txt": ""})
    os.truncate(root / "huge.txt", 10**12)  # a hole: it takes no room
    index = Index.open(Settings(corpus=root))
    report = index.sync()
    assert [file.status for file in report.documents] == ["read", "too large"]
    assert report.documents[1].why.startswith("it has 1,000,000 megabytes")
    assert index.sync().kept == ("good.md", "huge.txt")


def test_bombs_cost_their_lines_and_the_others_are_answered_from(folder, capsys) -> None:
    names = ("laughs.xml", "parts.docx", "tables-in-tables.html", "counted-pages.pdf",
             "arrays-in-arrays.ipynb", "parts-in-parts.eml", "brackets.md")  # fmt: skip
    root = folder({name: BOMBS[name]() for name in names} | {"z-good.md": FERRY})
    rows = json.loads(printed(capsys, "index", root, "--json"))["documents"]
    assert {row["source"] for row in rows} == {*names, "z-good.md"}
    assert {row["source"]: row["status"] for row in rows}["z-good.md"] == "read"
    for row in rows:
        assert row["status"] == "read" or row["why"]
        assert row["seconds"] < SECONDS + 15
    question = ("ask", "When does the ferry to Marwick sail?", "--corpus", root)
    assert "sails at nine. [1]" in printed(capsys, *question)


def test_a_heading_or_header_that_is_too_long_is_not_repeated() -> None:
    """Every passage below would have it in front, and every search pay for it."""
    long, rest = "word " * 1000, "1 | 2\n" * 500
    text = f"{long}\n{rest}"
    blocks = structure(text, [table(0, len(long) + 1, len(text))])
    assert [(block.start, block.inner_start) for block in blocks] == [(0, 0)]
    short = structure(rest, [table(0, 6, len(rest))])
    assert [(block.start, block.inner_start) for block in short] == [(0, 6)]


def test_a_question_costs_no_more_where_a_paragraph_is_as_long_as_a_file() -> None:
    """What stands beside a sentence, and the cells of a row, are looked for near by."""
    text = "“a " * 300_000 + "The ferry sails. It sails at nine. " + "“a " * 300_000
    document = Document("a.txt", "A", text, "0" * 64, structure(text))
    at = text.index("It sails")
    began = time.process_time()
    quote = with_context(Span(document, at, at + len("It sails at nine.")), "When?")
    assert quote.text.endswith("The ferry sails. It sails at nine.")
    row = "a,b\n" + "1," * 5_000_000
    document = Document("a.csv", "A", row, "0" * 64, structure(row, [table(0, 4, len(row))]))
    assert with_header(Span(document, 500_000, 500_600)) == row[500_000:500_600]
    assert time.process_time() - began < 2


def test_a_page_of_one_long_text_is_read_whole(folder) -> None:
    """libxml2 drops a text of more than ten megabytes, unless it is told not to."""
    text = ("A line of a log. " * 50 + "\n") * 14_000
    root = folder({"log.html": f"<p>Begin</p><pre>{text}</pre><p>End</p>"})
    document = ingest(root, "log.html", 600)[0]
    assert document.text.count("line of a log") == 700_000
    assert document.text.strip().endswith("End")


def test_a_book_that_repeats_a_short_chapter_is_read(worker: Worker, folder) -> None:
    """The limits leave alone what people have."""
    book = epub(["a", "b", "a"], {"a": f"<p>{FERRY}", "b": "<p>Bread."})
    root = folder({"a.epub": book, "a.docx": docx(said(FERRY) * 2000)})
    assert FERRY in worker.run(ingest, root, "a.epub", 600)[0].text
    assert len(worker.run(ingest, root, "a.docx", 600)[1]) > 100
