"""Whatever bytes a file has, reading them gives a document that holds together, or one line."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from bombs import OASIS, OLE, zipped
from helpers import check_document, ingested
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_files import MADE

from askdoc import Document, Unreadable
from askdoc.ingest.blocks import code, heading, structure, table
from askdoc.ingest.chunker import sentences, split
from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import clean
from askdoc.ingest.files import LOADERS, ingest
from askdoc.ingest.filetype import BINARY, kind
from askdoc.ingest.rows import rows
from askdoc.tuning import AT_ONCE
from askdoc.types import Block, BlockKind, Span

MADE_TEXT = (
    f"<a xmlns:office='{OASIS}:office:1.0' xmlns:text='{OASIS}:text:1.0'>"
    "<office:text><text:p>hello</text:p></office:text></a>"
)
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MANY = settings(FEW, max_examples=5000)
STARTS = st.sampled_from(
    [b"", OLE, b"PK\x03\x04", b"%PDF-1.4\n", b"{\\rtf1 ", b"<?xml version='1.0' encoding='x'?>",
     b"<html><meta charset=utf-16>", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\xef\xbb\xbf",
     b"From a\n", b"MIME-Version: 1.0\n", b"\x1b$B", b"+AGE-", b"\r", b"\0", b"="]
)  # fmt: skip
SIGNS = st.sampled_from(
    [*"\n\r\t\f\v\0 |#>-=`*_\"'<>&,;:.!?。“„([{0aé漢😀\u0301\u200d\u2028\ufeff"]
)
TEXTS = st.lists(st.one_of(SIGNS, st.text(max_size=9)), max_size=80).map("".join)
BYTES = st.tuples(STARTS, st.one_of(st.binary(max_size=400), TEXTS.map(str.encode))).map(b"".join)
SOURCES = st.sampled_from([f"a{suffix}" for suffix in LOADERS])


def broken(source: str, at: int, content: bytes) -> bytes:
    """A real file, some of whose bytes are others."""
    real = MADE.get(Path(source).suffix, MADE[".txt"])()
    at %= len(real)
    return real[:at] + content + real[at + len(content) :]


def check_bytes(root: Path, source: str, content: bytes) -> None:
    """Any bytes under any name; what a library raises for them is the worker's to tell."""
    try:
        ingested(root, source, content)
    except AssertionError:
        raise
    except Exception:
        # The formats of packed files have parsers of their own, which raise what they like.
        if kind(root / source) not in BINARY:
            raise


@FEW
@given(source=SOURCES, content=BYTES)
def test_any_bytes_give_a_document_or_a_line(tmp_path: Path, source: str, content: bytes) -> None:
    check_bytes(tmp_path, source, content)


@FEW
@example(source="a.xml", at=1, content=b"MIME-Version: 1.0\n")  # a tag that is called so
@given(source=SOURCES, at=st.integers(0, 99_999), content=BYTES)
def test_any_damage_gives_a_document_or_a_line(
    tmp_path: Path, source: str, at: int, content: bytes
) -> None:
    check_bytes(tmp_path, source, broken(source, at, content))


@pytest.mark.attack
@MANY
@given(source=SOURCES, at=st.integers(-99_999, 99_999), content=BYTES)
def test_thousands_of_files(tmp_path: Path, source: str, at: int, content: bytes) -> None:
    check_bytes(tmp_path, source, content if at < 0 else broken(source, at, content))


@pytest.mark.parametrize("space", "\x85\xa0\u2009\u2028\u202f\u3000")
def test_an_initial_and_any_white_space_before_a_full_stop(space: str) -> None:
    text = f"It was J{space}. Then it rained."
    assert "".join(text[start:end] for start, end in split(text)) == text


@FEW
@given(content=BYTES)
def test_decoding_gives_text_that_can_be_stored(content: bytes) -> None:
    try:
        text = decode(content)
    except Unreadable:
        return
    assert text.encode().decode() == text
    assert not set("\0\r\f") & set(text)


@FEW
@given(entries=st.dictionaries(st.text(max_size=30), st.binary(max_size=50), max_size=4), cut=...)
def test_any_zip_has_a_kind(tmp_path: Path, entries: dict[str, bytes], cut: bool) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in (entries | {"mimetype": b"application/epub+zip"}).items():
            archive.writestr(zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), content)
    path = tmp_path / "a.docx"
    path.write_bytes(made.getvalue()[: -30 if cut else None])
    assert kind(path) == (".docx" if cut else ".epub")


def known(length: int) -> st.SearchStrategy[list[Block]]:
    """Blocks that a format may tell of a text, in any order, and over each other."""
    places = st.tuples(*[st.integers(0, length)] * 3).map(sorted)
    kinds = st.sampled_from([BlockKind.HEADING, BlockKind.TABLE, BlockKind.CODE])
    made = {
        BlockKind.HEADING: lambda start, _, end: heading(start, end, 1),
        BlockKind.TABLE: table,
        BlockKind.CODE: lambda start, _, end: code(start, end),
    }
    block = st.tuples(kinds, places).map(lambda given: made[given[0]](*given[1]))
    return st.lists(block, max_size=6)


@FEW
@given(text=TEXTS.map(clean), data=st.data(), size=st.integers(100, 300))
def test_any_blocks_give_a_structure_and_passages(
    text: str, data: st.DataObject, size: int
) -> None:
    blocks = structure(text, data.draw(known(len(text))))
    document = Document(data.draw(SOURCES), "A", text, "0" * 64, blocks)
    check_document(document, size)
    for block in blocks:
        for row in rows(document, block.start, block.end):
            assert block.start <= row.start <= row.end <= block.end
        inside = [Span(document, *span) for span in sentences(document, block.start, block.end)]
        assert all(block.start <= span.start < span.end <= block.end for span in inside)


@FEW
@given(text=TEXTS, times=st.integers(1, 40))
def test_sentences_are_all_of_a_text_in_order(text: str, times: int) -> None:
    """In parts, too, where it is too long to be split at once."""
    whole = text * max(times, 2 * AT_ONCE // max(len(text), 1) if times > 30 else 1)
    spans = split(whole)
    assert "".join(whole[start:end] for start, end in spans) == whole
    assert all(start < end for start, end in spans)


def test_a_damaged_part_that_is_not_needed_costs_nothing(tmp_path: Path) -> None:
    """Found by the above: the list of what is encrypted was read without a net."""
    name = b"META-INF/manifest.xml"
    made = zipped({name.decode(): "<a>" * 99, "content.xml": MADE_TEXT})
    at = made.index(name) + len(name)
    (tmp_path / "a.odt").write_bytes(made[:at] + b"\xff" * 4 + made[at + 4 :])
    assert ingest(tmp_path, "a.odt", 600)[0].text == "hello"


def test_no_row_ends_after_the_part_that_it_is_looked_for_in() -> None:
    document = Document("a.txt", "A", "a |", "0" * 64, (table(0, 0, 3),))
    assert [row.end for row in rows(document, 0, 2)] == [1]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_notebook_of_any_system_has_its_headings(tmp_path: Path, end: str) -> None:
    """Found by the above: their places were those in a text with other line ends."""
    cell = {"cell_type": "markdown", "source": end.join(["Begin", "", "# Ferry", "", "It sails."])}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell]}))
    document = ingest(tmp_path, "a.ipynb", 600)[0]
    assert [document.words(heading) for heading in document.headings] == ["Ferry"]


def test_a_control_character_does_not_cost_a_page(tmp_path: Path) -> None:
    """Found by the above: no row of a table could be written that had one."""
    (tmp_path / "a.html").write_bytes(
        b"<table><tr><td>a\x01b<td>c<tr><td>d<br>\xef\xbf\xbf<td>f</table>"
    )
    assert ingest(tmp_path, "a.html", 600)[0].text.split() == ["a", "b", "|", "c", "d", "|", "f"]


@pytest.mark.parametrize("source", ["a.md", "a.txt", "a.json", "a.eml"])
def test_no_passage_begins_with_the_space_behind_an_empty_item(source: str, tmp_path: Path) -> None:
    """Found by fuzz_atheris.py."""
    ingested(tmp_path, source, b"hello\n\n+ +  \n-\n words")
    ingested(tmp_path, source, b"  + +  \n-\n words")
