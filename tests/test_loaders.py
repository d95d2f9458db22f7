"""Reading: what each format gives, and the line that each bad file gets."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from askdoc import Document, Unreadable
from askdoc.loaders import find, load

HTML = (
    "<!doctype html><html><head><title>R&amp;D report</title><style>p{}</style></head><body>"
    "<nav><a href='/'>Home</a></nav><h1>Report</h1><p>AT&amp;T spent 1 &lt; 2 <b>million</b>.</p>"
    "<script>alert('x')</script><h2>Figures</h2><table><tr><th>Year</th><th>Cost</th></tr>"
    "<tr><td>2023</td><td>$5</td></tr></table></body></html>"
)


def headings(document: Document) -> list[str]:
    """The texts of a document's headings."""
    return [document.text[heading.start : heading.end] for heading in document.headings]


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


def test_a_rule_below_a_paragraph_does_not_make_it_a_heading(folder) -> None:
    """CommonMark says it does; a reader of a text file loses the paragraph."""
    document = load(folder({"a.txt": "First line\nand a second one.\n---\nAfter."}), "a.txt")
    assert headings(document) == []


def test_line_ends_and_byte_order_marks_are_left_out(folder) -> None:
    root = folder({"a.txt": b"\xef\xbb\xbfone\r\ntwo\rthree\x00"})
    assert load(root, "a.txt").text == "one\ntwo\nthree\ufffd"


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


def test_a_pdf_without_text_says_so(folder) -> None:
    import pypdfium2

    root = folder({})
    pdf = pypdfium2.PdfDocument.new()
    pdf.new_page(200, 200)
    pdf.save(root / "scan.pdf")
    assert status_of(root, "scan.pdf")[0] == "no text layer"


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
    assert list(find(root, root / "index")) == ["b.txt", "inner.txt", "a/c.md"]
