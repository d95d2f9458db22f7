"""The open document: laid out as its format is read, and every mark exactly what is cited."""

import html
import random
import re
import shutil
import time
import urllib.request
from pathlib import Path

import pypdfium2
import pytest
from chat import serve, shot, visit
from PIL import Image
from playwright.sync_api import Page, expect

from askdoc import Document, Unreadable
from askdoc.ingest.files import find, load
from askdoc.ingest.formats.pdf_pages import Sheets, picture, sheets
from askdoc.web.outline import Outline
from askdoc.web.viewer.layout import laid_out
from askdoc.web.viewer.panel import as_pages

pytestmark = pytest.mark.alone

FORMATS = {
    "notes.md": "# Notes\n\nSome **bold** and *soft* words, `code` and [a link](http://x.y).\n\n"
    "- one\n- two\n  goes on\n\n1. first\n\n```\n# no heading\n```\n\n"
    "| Name | Age |\n|------|-----|\n| Ann  | 12  |\n| Bo   | 7   |\n\nEnd.",
    "sales.csv": 'Year,Place,Sold\n2021,"Marwick, North",7\n2022,Stennis,9\n',
    "lines.txt": "Title\n\nA first line\nand a second\n\n    far in\n",
    "data.json": '{\n  "a": [1, 2],\n\n  "b": "x"\n}',
    "page.html": "<h1>Top</h1><p>One.</p><table><tr><th>A</th><th>B</th></tr>"
    "<tr><td>1</td><td>2</td></tr></table><ul><li>x</li></ul>",
}


def marked(shown: str) -> str:
    """The words of the only mark of some HTML."""
    found = re.findall(r"<mark\b[^>]*>(.*?)</mark>", shown, re.DOTALL)
    assert len(found) == 1
    return html.unescape(re.sub(r"<[^>]+>", "", found[0]))


def spans(document: Document, number: int) -> list[tuple[int, int]]:
    """Random spans of a document, without white space around them."""
    chance = random.Random(document.source)
    found = []
    for _ in range(number):
        start = chance.randrange(len(document.text))
        end = min(len(document.text), start + chance.choice((3, 40, 300, 2000)))
        text = document.text[start:end]
        start, end = end - len(text.lstrip()), start + len(text.rstrip())
        if start < end:
            found.append((start, end))
    return found


def test_every_mark_is_one_and_exact(corpus: Path, folder) -> None:
    """In every format, wherever it begins and ends: in a cell, through a heading, in a list."""
    tried = 0
    for root in (corpus, folder(FORMATS)):
        for source in find(root, root / ".askdoc").files:
            document = load(root, source)
            for start, end in spans(document, 60):
                shown = laid_out(document, start, end, [(0, 5), (start - 9, start - 2)])
                assert shown.count("<mark") == 1, (source, start, end)
                assert marked(shown) == document.text[start:end], (source, start, end)
                tried += 1
    assert tried > 1000


def test_a_document_looks_as_its_format_is_read(folder) -> None:
    root = folder(FORMATS)
    notes = laid_out(load(root, "notes.md"), 0, 0)
    for part in (
        '<h3 dir="auto"><span class="sign"># </span>Notes</h3>',
        '<strong><span class="sign">**</span>bold<span class="sign">**</span></strong>',
        "</span>a link<span",
        "<li",
        '<span class="sign">```\n</span># no heading<span class="sign">\n```</span></pre>',
        '<span role="columnheader" dir="auto">Age</span>',
        '<span role="cell" dir="auto">Bo</span>',
    ):
        assert part in notes
    assert notes.count("<li") == 3
    assert notes.count('role="row"') == 3  # the line of dashes is none
    sales = laid_out(load(root, "sales.csv"), 0, 0)
    assert '<span role="cell" dir="auto">Marwick, North</span>' in sales
    assert ">a: 1, 2; b: x</span>" in laid_out(load(root, "data.json"), 0, 0)
    assert '<span role="cell" dir="auto">2</span>' in laid_out(load(root, "page.html"), 0, 0)


def test_rows_that_are_cited_are_marked_in_their_columns(folder) -> None:
    document = load(folder(FORMATS), "notes.md")
    row = "| Ann  | 12  |"
    start = document.text.index(row)
    shown = laid_out(document, start, start + len(row))
    assert marked(shown) == row
    assert '<mark role="rowgroup"><div role="row">' in shown
    assert shown.count('role="cell"') == 4


def test_foreign_signs_are_laid_out_in_time(folder) -> None:
    """What a hostile file holds must not keep the server busy."""
    hostile = {
        "a.md": "**" * 30_000 + "\n\n" + "`" * 30_000 + "\n\n" + "_a " * 20_000,
        "b.txt": " " * 100_000 + "\n" + "x" * 100_000 + "\n" + " \t" * 50_000,
        "c.csv": 'a,b\n"' + 'x""' * 30_000 + "\n" + '"' * 50_000,
        "d.md": "[" * 30_000 + "](" * 30_000 + "\n" + "- " * 50_000 + "```\n" * 5_000,
    }
    root = folder(hostile)
    for source in hostile:
        document = load(root, source)
        began = time.perf_counter()
        laid_out(document, 1, 5)
        assert time.perf_counter() - began < 3, source


def test_the_boxes_of_a_span_are_where_its_words_are_drawn(corpus: Path, tmp_path: Path) -> None:
    """Read back from the page itself: pdfium's text within the boxes is the span's."""
    source = "lachin-corridor.pdf"
    document = load(corpus, source)
    wanted = [(s.start(), s.end()) for s in re.finditer(r"[A-Z][^.]{30,200}\.", document.text)]
    found = sheets(corpus / source, document.text, document.pages, wanted)
    assert len(found.sizes) == len(document.pages)
    pdf = pypdfium2.PdfDocument(corpus / source)
    for (start, end), boxes in zip(wanted, found.boxes, strict=True):
        assert boxes
        said = ""
        for page, (left, top, width, height) in boxes:
            w, h = found.sizes[page - 1]
            text = pdf[page - 1].get_textpage()
            said += text.get_text_bounded(
                left * w - 1, h - (top + height) * h - 1, (left + width) * w + 1, h - top * h + 1
            )
        squeezed = "".join(document.text[start:end].split())
        assert squeezed[5:-5] in "".join(said.split())
    pdf.close()
    (tmp_path / "page.jpg").write_bytes(picture(corpus / source, 2))
    with Image.open(tmp_path / "page.jpg") as image:
        assert image.format == "JPEG"
        assert image.width == 1100
    for number in (0, 3):
        with pytest.raises(Unreadable, match="it has no page"):
            picture(corpus / source, number)
    with pytest.raises(Unreadable, match="no PDF"):
        picture(corpus / "csto.docx", 1)


def test_a_turned_and_cropped_page_has_its_boxes_where_it_is_drawn(
    corpus: Path, tmp_path: Path
) -> None:
    document = load(corpus, "lachin-corridor.pdf")
    start = document.text.index("About 120,000 people")
    pdf = pypdfium2.PdfDocument(corpus / "lachin-corridor.pdf")
    pdf[0].set_rotation(90)
    pdf[0].set_cropbox(0, 100, 500, 700)
    pdf.save(tmp_path / "turned.pdf")
    pdf.close()
    turned = load(tmp_path, "turned.pdf")
    at = turned.text.index("About 120,000 people")
    upright = sheets(
        corpus / "lachin-corridor.pdf", document.text, document.pages, [(start, start + 60)]
    ).boxes[0][0][1]
    found = sheets(tmp_path / "turned.pdf", turned.text, turned.pages, [(at, at + 60)])
    _, (left, top, width, height) = found.boxes[0][0]
    assert found.sizes[0] == (600, 500)
    assert height > width  # the line runs down the page now
    assert upright[2] > upright[3]
    assert 0 < left < 1
    assert 0 < top < 1


def long_pdf(path: Path, corpus: Path, pages: int) -> None:
    """A PDF of so many pages, every twentieth and the one after it the corpus's, others blank."""
    one = pypdfium2.PdfDocument(corpus / "lachin-corridor.pdf")
    made = pypdfium2.PdfDocument.new()
    while len(made) < pages:
        made.import_pages(one)
        for _ in range(18):
            made.new_page(*one[0].get_size())
    made.save(path)
    made.close()
    one.close()


@pytest.mark.slow
def test_five_hundred_pages_open_at_the_right_one_within_a_second(
    browser, folder, corpus: Path
) -> None:
    root = folder({"a.md": "# Ferry\n\nThe ferry sails at nine."})
    long_pdf(root / "long.pdf", corpus, 500)
    document = load(root, "long.pdf")
    start = document.text.index("About 120,000 people", document.pages[400])
    (root / ".askdocignore").write_text("*.md")
    server, url = serve("-m", "askdoc", "serve", root)
    try:
        page: Page = browser.new_page()
        visit(page, url)
        page.get_by_role("textbox", name="Question").wait_for(timeout=90_000)
        pictures: list[str] = []
        page.on("request", lambda request: pictures.append(request.url))
        # A citation like any other, but of a page far inside.
        page.evaluate(
            """([start, sha]) => { const cite = document.createElement('button');
            cite.className = 'cite'; cite.textContent = '1'; cite.ariaLabel = 'Citation 1: x';
            const place = {key: '0-1', source: 'long.pdf', start, end: start + 60, sha};
            Object.assign(cite.dataset, place);
            document.getElementById('log').append(cite); }""",
            [start, document.text_sha256],
        )
        urllib.request.urlopen(f"{url}/api/page?source=long.pdf&number=1").read()  # started
        began = time.perf_counter()
        page.locator("button.cite").click()
        mark = page.locator("#page mark")
        expect(mark).to_be_in_viewport()
        image = page.locator("figure.sheet").nth(document.page_at(start) - 1).locator("img")
        expect(image).to_have_js_property("complete", True)
        took = time.perf_counter() - began
        expect(mark).to_have_text(document.text[start : start + 60])
        expect(page.locator("#page .source")).to_contain_text(f"page {document.page_at(start)} of")
        drawn = [address for address in pictures if "/api/page" in address]
        assert 0 < len(drawn) < 12
        assert took < 1, f"{took:.2f} s"
        shot(page, "long")
        page.close()
    finally:
        server.terminate()
        server.wait(30)


def test_a_pdf_is_shown_as_pages_and_as_text(address: str, corpus: Path, tmp_path: Path) -> None:
    document = load(corpus, "lachin-corridor.pdf")
    start = document.text.index("About 120,000 people")
    span = f"source=lachin-corridor.pdf&start={start}&end={start + 60}"

    def fetched(route: str) -> str:
        with urllib.request.urlopen(f"{address}/api/{route}", timeout=60) as response:
            return response.read().decode()

    pages = fetched(f"document?{span}")
    assert pages.count("<figure") == 2
    assert marked(pages) == document.text[start : start + 60]
    text = fetched(f"document?{span}&view=text")
    assert "<figure" not in text
    assert marked(text) == document.text[start : start + 60]
    assert fetched("document?source=lachin-corridor.pdf").count("<figure") == 2
    assert "<mark" not in fetched("document?source=44-day-war.md")


def test_of_very_many_pages_those_around_the_cited_one_are_shown() -> None:
    """And the panel says which."""
    count, focus = 100_000, 70_000
    text = "".join(f"Page {number}.\n" for number in range(1, count + 1))
    pages = tuple(match.start() for match in re.finditer("Page", text))
    document = Document("long.pdf", "Long", text, "0" * 64, pages=pages)
    start = pages[focus - 1]
    found = Sheets(((600.0, 800.0),) * count, (((focus, (0.1, 0.1, 0.5, 0.02)),),))
    shown = as_pages(Outline(document, ()), found, [(start, start + 6)])
    assert len(shown) < 500_000
    assert shown.count("<figure") == 1000
    assert f'alt="Page {focus}"' in shown
    assert marked(shown) == "Page 7"
    assert "Pages 69501 to 70500 are shown" in shown


def test_a_changed_pdf_is_shown_as_the_text_that_was_read(folder, corpus: Path) -> None:
    from askdoc import Assistant
    from askdoc.web.viewer.routes import Pages

    root = folder({})
    shutil.copy(corpus / "lachin-corridor.pdf", root / "a.pdf")
    assistant = Assistant.from_folder(root)
    pages, document = Pages(assistant), assistant.document("a.pdf")
    assert pages.sheets(document, [(0, 20)]) is not None
    (root / "a.pdf").write_bytes((root / "a.pdf").read_bytes() + b"\n%")
    assert pages.sheets(document, [(0, 20)]) is None
    assert pages.sheets(assistant.document("a.pdf"), []) is None
