"""Reading: what each format gives, and the line that each bad file gets."""

import re
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from made_files import MADE, SIGNS, TABLES, made

from askdoc import BlockKind, Document, Unreadable
from askdoc.ingest.chunker import chunk, split
from askdoc.ingest.extract import ENVELOPE
from askdoc.ingest.files import CODE, LOADERS, find, load
from askdoc.ingest.filetype import PICTURES
from askdoc.ingest.words import language

HTML = (
    "<!doctype html><html><head><title>R&amp;D report</title><style>p{}</style></head><body>"
    "<nav><a href='/'>Home</a></nav><h1>Report</h1><p>AT&amp;T spent 1 &lt; 2 <b>million</b>.</p>"
    "<script>alert('x')</script><h2>Figures</h2><table><tr><th>Year</th><th>Cost</th></tr>"
    "<tr><td>2023</td><td>$5</td></tr></table></body></html>"
)


UNWRITABLE = {".doc", ".ppt", ".pdf"}  # by any library here; the corpus has a PDF
VERBATIM = {".csv", ".tsv", ".log", *CODE}
SAID = {".json", ".jsonl", ".ndjson", ".srt", ".vtt"}  # without a heading of their own


def headings(document: Document) -> list[str]:
    """The texts of a document's headings."""
    return [document.words(heading) for heading in document.headings]


def status_of(root: Path, source: str) -> tuple[str, str]:
    """The status and the reason with which a file is turned down."""
    with pytest.raises(Unreadable) as caught:
        load(root, source)
    return caught.value.status, caught.value.why


def test_markdown_keeps_its_text_and_knows_its_headings(folder) -> None:
    text = "Intro.\n\nTitle\n=====\n\n## Part *one* ##\n\n```\n# no heading\n```\n\nBody.\n"
    document = load(folder({"a.md": text}), "a.md")
    assert document.text == text
    assert headings(document) == ["Title", "Part *one*"]
    assert document.title == "Title"
    assert document.heading_at(text.index("Body")) == "Part *one*"
    assert document.heading_at(0) is None


def test_markdown_is_parsed_into_blocks(folder) -> None:
    text = (
        "# Top #\n\nOne line\nand more.\n- first\n  of two\n1. second\n\n```py\nx = 1\n\ny\n```\n\n"
        "    far in\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nLow\n---\n"
    )
    document = load(folder({"a.md": text}), "a.md")
    assert [(block.kind, document.words(block)) for block in document.blocks] == [
        ("heading", "Top"),
        ("paragraph", "One line and more."),
        ("list item", "first of two"),
        ("list item", "1. second"),
        ("code", "x = 1 y"),
        ("code", "far in"),
        ("table", "| 1 | 2 |"),
        ("heading", "Low"),
    ]
    assert [document.text[block.start : block.end] for block in document.blocks][::7] == [
        "# Top #",
        "Low\n---",
    ]
    assert [heading.level for heading in document.headings] == [1, 2]


def test_a_line_of_capitals_above_a_paragraph_is_a_heading_of_plain_text(folder) -> None:
    text = "LETTER\n\nJAR OF SILVER\n\nNO DOGS, PLEASE!\n\nIt was WAX\nAND STRAW\n\nTHE LID\nWood."
    assert headings(load(folder({"a.txt": text}), "a.txt")) == ["JAR OF SILVER", "THE LID"]


def test_a_table_whose_rows_name_their_values_has_no_header(folder) -> None:
    page = (
        "<table><tr><th>Name</th><td>Biscuit</td></tr><tr><th>Allergies</th><td>Chicken</td></tr>"
        "</table>"
    )
    document = load(folder({"a.html": page}), "a.html")
    assert document.header_at(document.text.index("Allergies")) is None
    assert "Allergies | Chicken" in document.text


def test_a_short_numbered_line_above_prose_is_a_heading_of_plain_text(folder) -> None:
    text = (
        "1. Slipway\nThe concrete at its foot has cracked again.\n\n2. Milk\n3. Bread and butter"
        "\n\n4. Go home.\nThen we all went home, one by one.\n\n5. Bar\nIt is shut.\n"
    )
    assert headings(load(folder({"a.txt": text}), "a.txt")) == ["1. Slipway", "5. Bar"]


def test_a_message_kept_as_text_is_called_by_its_subject_and_told_line_by_line(folder) -> None:
    text = "From: Ann Lee\nTo: all\nSubject: Wet boats\nDate: 2 June\n\nNote: it rains.\nBail them."
    document = load(folder({"a.txt": text}), "a.txt")
    assert document.title == "Wet boats"
    long = load(folder({"b.txt": f"Received: {'x' * 200}\n{text}"}), "b.txt")
    assert long.title == "Wet boats"
    parts = [document.text[block.start : block.end] for block in document.blocks]
    assert parts == [*text.split("\n")[:4], "Note: it rains.\nBail them."]


def test_lines_with_wide_gaps_below_each_other_are_told_one_by_one(folder) -> None:
    text = (
        "Breach     Penalty\nNo bag     50\nOff the lead\t80\n\nOne   line.  It ends.\nIt goes on."
    )
    document = load(folder({"a.txt": text}), "a.txt")
    parts = [document.text[block.start : block.end] for block in document.blocks]
    assert parts == [*text.split("\n")[:3], "One   line.  It ends.\nIt goes on."]


@pytest.mark.parametrize(
    "sentences",
    [
        ["**My child is seven. Is that too young?** ", "Children may join from eight."],
        ["He said *no.* ", "Then he left."],
        ["**It opens. ", "It shuts. ", "Nobody knows."],
        ['She asked "Why?" ', "He knew."],
    ],
)
def test_signs_that_close_a_sentence_belong_to_it(sentences: list[str]) -> None:
    text = "".join(sentences)
    assert [text[start:end] for start, end in split(text)] == sentences


def test_a_rule_below_a_paragraph_does_not_make_it_a_heading(folder) -> None:
    """CommonMark says it does; a reader of a text file loses the paragraph."""
    document = load(folder({"a.txt": "First line\nand a second one.\n---\nAfter."}), "a.txt")
    assert headings(document) == []


def test_line_ends_and_byte_order_marks_are_left_out(folder) -> None:
    root = folder({"a.txt": b"\xef\xbb\xbfone\r\ntwo\rthree\x00"})
    assert load(root, "a.txt").text == "one\ntwo\nthree "


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251", "utf-8"])
def test_old_encodings_are_read(folder, encoding: str) -> None:
    text = (
        "Кремль заявил, что учения вызывают обеспокоенность, и обещал внимательно следить за ними."
    )
    assert load(folder({"a.txt": text.encode(encoding)}), "a.txt").text == text


def test_html_is_read_as_it_is_seen(folder) -> None:
    document = load(folder({"a.html": HTML}), "a.html")
    assert document.title == "R&D report"
    assert headings(document) == ["Report", "Figures"]
    assert "AT&T spent 1 < 2 million." in document.text
    assert "2023 | $5" in document.text
    assert "alert" not in document.text
    assert "Home" not in document.text


def test_a_word_document_keeps_every_sign(corpus: Path) -> None:
    document = load(corpus, "csto.docx")
    assert document.title == "Armenia and the Collective Security Treaty Organization (CSTO)"
    assert "What the CSTO is" in headings(document)
    assert " | " in document.text


def test_a_pdf_has_pages_paragraphs_and_headings(corpus: Path) -> None:
    document = load(corpus, "lachin-corridor.pdf")
    assert document.title == "The Lachin corridor, 2022–2023"
    assert "The road is blocked, December 2022" in headings(document)
    assert document.page_at(0) == 1
    assert document.page_at(len(document.text) - 1) == 2
    assert "\n\nAbout 120,000 people were affected" in document.text


def word(body: bytes) -> bytes:
    """A zip that calls itself a Word document."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", body)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.txt", b"", "empty"),
        ("a.md", b" \n\t\n", "empty"),
        ("a.html", b"", "empty"),
        ("a.html", b"<script>1</script>", "empty"),
        ("a.xyz", b"text", "unsupported"),
        ("noending", b"text", "unsupported"),
        ("a.pdf", b"%PDF-1.4 and then nothing", "failed"),
        ("a.docx", b"this is no zip", "failed"),
        ("a.docx", word(b"<broken"), "failed"),
        ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "encrypted"),
    ],
)
def test_a_bad_file_gets_its_status(folder, name: str, content: bytes, status: str) -> None:
    found, why = status_of(folder({name: content}), name)
    assert found == status
    assert why
    assert "\n" not in why


def test_every_format_has_a_file_to_try() -> None:
    assert LOADERS.keys() == MADE.keys() | UNWRITABLE | set(PICTURES)


@pytest.mark.parametrize("suffix", sorted(MADE))
def test_no_sign_is_lost_in_any_format(folder, suffix: str) -> None:
    """Angle brackets and ampersands are what readers of markup lose first."""
    document = made(folder, suffix)
    assert f"{SIGNS} and more" in document.text
    assert "\ufffd" not in document.text
    assert "\r" not in document.text


@pytest.mark.parametrize("suffix", sorted(MADE))
def test_every_format_keeps_its_places_in_order(folder, suffix: str) -> None:
    document = made(folder, suffix)
    borders = [0]
    for block in document.blocks:
        assert document.text[borders[-1] : block.start].strip() == ""
        borders += [block.start, block.inner_start, block.inner_end, block.end]
    assert borders == sorted(borders)
    assert document.text[borders[-1] :].strip() == ""
    assert list(document.pages) == sorted(document.pages)
    assert all(0 <= page <= len(document.text) for page in document.pages)
    for passage in chunk(document, 600):
        assert document.text[passage.start : passage.end] == passage.text


@pytest.mark.parametrize("suffix", sorted(MADE.keys() - {".txt", *VERBATIM, *SAID, ".xml"}))
def test_headings_are_found(folder, suffix: str) -> None:
    document = made(folder, suffix)
    expected = "Sheet Q2" if suffix in {".xls", ".xlsx", ".xlsm", ".ods"} else f"Costs of {SIGNS}"
    assert expected in headings(document)


@pytest.mark.parametrize("suffix", sorted(TABLES))
def test_a_row_of_a_table_is_a_line_below_its_header(folder, suffix: str) -> None:
    document = made(folder, suffix)
    header = document.header_at(document.text.index("2023"))
    assert header is not None
    cells = [cell for cell in re.split(r"[|,\t\n-]+", header.replace(" ", "")) if cell]
    assert cells == ["Year", "Cost"]
    assert any("2023" in line and "5 million" in line for line in document.text.split("\n"))


@pytest.mark.parametrize("suffix", sorted(LOADERS.keys() & {".txt", ".md", *VERBATIM}))
def test_text_is_kept_as_it_stands(folder, suffix: str) -> None:
    document = made(folder, suffix)
    assert document.text.encode() == MADE[suffix]()


def test_a_slide_is_a_page_and_its_notes_are_read(folder) -> None:
    document = made(folder, ".pptx")
    assert document.page_at(document.text.index("Second slide")) == 2
    assert document.heading_at(document.text.index("Said aloud")) == "Speaker notes"


def test_dates_in_a_workbook_are_dates(folder) -> None:
    assert "2024-05-01\n" in made(folder, ".xlsx").text + "\n"
    assert "00:00:00" not in made(folder, ".xlsx").text


def test_a_message_says_who_wrote_what(folder) -> None:
    document = made(folder, ".eml")
    assert document.title == f"Costs of {SIGNS}"
    assert "From: Zoë <zoe@example.com>" in document.text
    assert "Attachment: plan.pdf" in document.text


def test_a_mailbox_has_a_heading_for_each_message(folder) -> None:
    document = made(folder, ".mbox")
    assert headings(document) == [
        f"Costs of {SIGNS}", ENVELOPE, "Second", ENVELOPE,
    ]  # fmt: skip
    assert document.heading_at(document.text.index("The other one")) == "Second"


def test_a_record_in_xml_names_its_fields(folder) -> None:
    assert "capital: Washington, DC" in made(folder, ".xml").text


@pytest.mark.parametrize(
    ("name", "like"), [("a.doc", ".docx"), ("a.doc", ".rtf"), ("a.ppt", ".pptx"),
                       ("a.xls", ".xlsx"), ("a.doc", ".html"),
                       ("a.docx", ".odt"), ("a.xls", ".html"), ("a.rtf", ".docx")],
)  # fmt: skip
def test_a_file_is_read_by_what_it_holds(folder, name: str, like: str) -> None:
    """Whatever its suffix says."""
    assert f"{SIGNS} and more" in load(folder({name: MADE[like]()}), name).text


def test_the_encoding_that_a_page_names_is_believed(folder) -> None:
    page = '<html><head><meta charset="x-sjis"></head><body><p>漢字とかな</p></body></html>'
    assert "漢字とかな" in load(folder({"a.html": page.encode("cp932")}), "a.html").text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Größe der Brücke ".encode() + b"\xff 5 m", "Größe der Brücke \ufffd 5 m"),
        (b"It\x92s open, as the na\xefve say", "It’s open, as the naïve say"),
        (b"Five pumps for 5 \x80 each", "Five pumps for 5 € each"),
    ],
)  # fmt: skip
def test_a_few_bytes_do_not_change_how_a_small_file_is_read(folder, data: bytes, text: str) -> None:
    assert load(folder({"a.txt": data}), "a.txt").text == text


def test_one_broken_byte_does_not_change_the_encoding(folder) -> None:
    text = "Überall Wörter, größer und schöner. " * 9
    damaged = text.encode() + b"\xff"
    assert load(folder({"a.txt": damaged}), "a.txt").text == text + "\ufffd"


def test_words_of_neighbouring_blocks_do_not_run_together(folder) -> None:
    page = "<dl><dt>term</dt><dd>meaning</dd></dl><section>one</section><section>two</section>"
    text = load(folder({"a.html": page}), "a.html").text
    assert text.split() == ["term", "meaning", "one", "two"]


def test_a_table_that_lays_out_a_page_is_read_block_by_block(folder) -> None:
    page = f"<table><tr><td><h1>Left</h1><p>{'a ' * 600}</p></td><td><p>Right</p></td></tr></table>"
    document = load(folder({"a.html": page}), "a.html")
    assert all(block.kind is not BlockKind.TABLE for block in document.blocks)
    assert document.text.index("Left") < document.text.index("Right")


def test_languages_are_told_where_there_is_enough_to_tell() -> None:
    assert language("Дороги были закрыты зимой, и люди ждали помощи несколько месяцев.") == "ru"
    assert language("Die Straße war im Winter gesperrt, und die Menschen warteten lange.") == "de"
    assert language("Too short") is None
    assert language("1 2 3 " * 100) is None


def test_a_pdf_without_text_says_so(folder) -> None:
    import pypdfium2

    root = folder({})
    pdf = pypdfium2.PdfDocument.new()
    pdf.new_page(200, 200)
    pdf.save(root / "scan.pdf")
    assert status_of(root, "scan.pdf")[0] == "empty"


@pytest.mark.parametrize("content", [b"\0", b"PK\3\4xx", b"hello"])
@pytest.mark.parametrize("suffix", LOADERS)
def test_what_is_of_another_kind_than_its_name_says_is_told(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    (tmp_path / f"a{suffix}").write_bytes(content)
    with suppress(Unreadable):
        assert load(tmp_path, f"a{suffix}").text.strip()


def test_what_belongs_to_a_corpus(folder, tmp_path: Path) -> None:
    """Hidden files, the index, ignored files and links that lead out do not."""
    root = folder(
        {
            "b.txt": "b",
            "a/c.md": "c",
            ".hidden": "x",
            ".git/d.md": "x",
            "drafts/e.md": "x",
            ".askdocignore": "drafts/\n*.log\n",
            "f.log": "x",
            "index/g.md": "x",
        }
    )
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    (root / "link.txt").symlink_to(outside)
    (root / "inner.txt").symlink_to(root / "b.txt")
    assert list(find(root, root / "index").files) == ["b.txt", "inner.txt", "a/c.md"]
