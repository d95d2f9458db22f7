"""Scanned pages and pictures: read, marked where the words stand, or told in one line."""

import ctypes
import io
from pathlib import Path

import pypdfium2
import pytest
from helpers import check_document
from made_files import pdf_of
from PIL import Image, ImageDraw, ImageFont
from pypdfium2 import raw
from rapidfuzz.distance import Levenshtein
from scanned import scanned, written

from askdoc import Assistant, Settings, Unreadable
from askdoc.ingest.files import ingest, load
from askdoc.ingest.formats import ocr
from askdoc.ingest.formats.pdf_pages import sheets
from askdoc.ingest.worker import Worker
from askdoc.types import Status
from askdoc.web.outline import Outline
from askdoc.web.viewer import panel


def right(read: str, lines: list[str]) -> float:
    """The share of a page's characters that were read, white space aside."""
    wanted, found = "".join("".join(lines).split()), "".join(read.split())
    return 1 - Levenshtein.distance(wanted, found) / len(wanted)


def saved(folder: Path, name: str, *pages: Image.Image) -> Path:
    """A file of these pages."""
    first, *others = (page.convert("RGB") for page in pages)
    first.save(folder / name, **({"save_all": True, "append_images": others} if others else {}))
    return folder / name


@pytest.mark.parametrize("count", [1, pytest.param(10, marks=pytest.mark.attack)])
def test_scanned_pages_are_read_in_the_worker(tmp_path: Path, count: int) -> None:
    """Each within the worker's limits of memory and of a minute; all of them may take longer."""
    told = [written(number) for number in range(count)]
    saved(tmp_path, "minutes.pdf", *(scanned(lines, n) for n, lines in enumerate(told)))
    with Worker() as worker:
        document, passages = worker.run(ingest, tmp_path, "minutes.pdf", 600)
    check_document(document)
    assert len(document.pages) == count
    assert passages
    assert document.remark.startswith(f"{count} of {count} pages read by OCR; confidence 0.9")
    starts = [*document.pages, len(document.text)]
    for number, lines in enumerate(told):
        assert right(document.text[starts[number] : starts[number + 1]], lines) >= 0.95


@pytest.mark.attack
def test_the_parts_of_a_task_have_their_time_each(tmp_path: Path) -> None:
    saved(tmp_path, "minutes.pdf", *(scanned(written(number)[:5]) for number in range(4)))
    with Worker(seconds=8) as worker:
        worker.run(load, tmp_path, "minutes.pdf")
        assert worker._child is not None


def test_a_scanned_page_is_cited_marked_and_told(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    words = "The harbour master of Marwick is Ingrid Sund since 4 May 2019."
    saved(docs, "letter.png", scanned(["Marwick harbour office", "", words, "", *written(3)[:8]]))
    assistant = Assistant.from_folder(docs, Settings(index=tmp_path / "index"))
    (report,) = assistant.index.reports()
    assert "1 of 1 pages read by OCR; confidence" in report.why
    answer = assistant.ask("Who is the harbour master of Marwick?")
    cited = answer.citations[0]
    assert "Ingrid Sund" in cited.quote
    assert cited.page == 1
    document = assistant.document("letter.png")
    assert document.text[cited.start : cited.end] == cited.quote
    span = (cited.start, cited.end)
    found = sheets(docs / "letter.png", document.text, document.pages, [span])
    ((page, (left, top, width, height)),) = found.boxes[0]
    assert page == 1
    assert 0.06 < left < 0.1
    assert 0.08 < top < 0.11  # the third line of 44
    assert 0.4 < width < 0.75
    assert height < 0.04
    shown = panel.as_pages(Outline(document, ()), found, [span])
    assert "read by OCR" in shown
    assert "<mark" in shown


def test_a_page_without_text_among_others_is_read(tmp_path: Path, corpus: Path) -> None:
    pdf = pypdfium2.PdfDocument(corpus / "lachin-corridor.pdf")
    scan = io.BytesIO()
    scanned(["Appendix", "The corridor is five kilometres wide at Tegh."]).save(scan, "PDF")
    pdf.import_pages(pypdfium2.PdfDocument(scan.getvalue()))
    pdf.save(tmp_path / "both.pdf")
    document = load(tmp_path, "both.pdf")
    assert document.text.startswith(load(corpus, "lachin-corridor.pdf").text[:300])
    assert "five kilometres wide at Tegh." in document.text[document.pages[2] :]
    assert document.remark.startswith("1 of 3 pages read by OCR")


def test_a_page_may_be_upside_down_or_have_columns(tmp_path: Path) -> None:
    saved(tmp_path, "turned.jpg", scanned(written(1)[:6]).rotate(180))
    assert right(load(tmp_path, "turned.jpg").text, written(1)[:6]) >= 0.95
    page = Image.new("L", (1240, 1000), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=24)
    draw.text((100, 40), "The harbour news, spring edition, for all who live near the sea", 0, font)
    left = [f"Left line {number} tells of boats and of nets" for number in range(9)]
    right_one = [f"Right line {number} tells of the price of fish" for number in range(9)]
    for at, both in enumerate(zip(left, right_one, strict=True)):
        for x, line in zip((100, 670), both, strict=True):
            draw.text((x, 130 + 44 * at), line, 0, font)
    saved(tmp_path, "columns.webp", page)
    text = load(tmp_path, "columns.webp").text
    assert text.index("Left line 8") < text.index("Right line 0")


def test_what_is_no_page_costs_one_line(tmp_path: Path) -> None:
    saved(tmp_path, "blank.png", Image.new("L", (900, 900), 255))
    saved(tmp_path, "huge.png", Image.new("L", (20_000, 20_000), 255))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    for name, status in (
        ("blank.png", Status.EMPTY), ("huge.png", Status.TOO_LARGE), ("broken.png", Status.FAILED)
    ):  # fmt: skip
        with pytest.raises(Unreadable) as told:
            load(tmp_path, name)
        assert told.value.status is status, told.value.why
        assert "\n" not in told.value.why


def test_without_the_extra_the_report_says_how_to_get_it(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    saved(tmp_path, "scan.tif", scanned(written(1)[:3]), scanned(written(2)[:3]))
    with pytest.raises(Unreadable, match=r"pip install 'askdoc\[ocr\]'") as told:
        load(tmp_path, "scan.tif")
    assert told.value.status is Status.NO_TEXT_LAYER
    pdf = pypdfium2.PdfDocument(corpus / "lachin-corridor.pdf")
    scan = io.BytesIO()
    scanned(["Appendix"]).save(scan, "PDF")
    pdf.import_pages(pypdfium2.PdfDocument(scan.getvalue()))
    pdf.save(tmp_path / "both.pdf")
    assert load(tmp_path, "both.pdf").remark.startswith("1 of its 3 pages are pictures: `pip")


def test_a_page_whose_text_layer_is_gibberish_is_read(tmp_path: Path) -> None:
    """Unless it shows no other letters than it tells."""
    page = Image.new("L", (1240, 400), 255)
    words = "The bell of Tarvo was cast in 1907."
    ImageDraw.Draw(page).text((80, 100), words, 0, ImageFont.load_default(size=30))
    scan = io.BytesIO()
    page.save(scan, "PDF", resolution=150)
    shown = "The keeper lived on the island with his family, and a boat brought oil and flour."
    shifted = "".join(chr(ord(sign) + 1) if sign > " " else sign for sign in shown)
    made = pypdfium2.PdfDocument(scan.getvalue())
    layer = raw.FPDFPageObj_NewTextObj(made, b"Helvetica", 4.0)
    raw.FPDFText_SetText(layer, (ctypes.c_ushort * (len(shifted) + 1))(*map(ord, shifted), 0))
    raw.FPDFTextObj_SetTextRenderMode(layer, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    raw.FPDFPageObj_Transform(layer, 1, 0, 0, 1, 40, 20)
    raw.FPDFPage_InsertObject(made[0], layer)
    raw.FPDFPage_GenerateContent(made[0])
    made.save(tmp_path / "bell.pdf")
    document = load(tmp_path, "bell.pdf")
    assert document.text == words
    span = (0, len(words))
    ((number, (left, *_)),) = sheets(
        tmp_path / "bell.pdf", document.text, document.pages, [span]
    ).boxes[0]
    assert (number, round(left, 2)) == (1, 0.06)
    (tmp_path / "same.pdf").write_bytes(pdf_of([(72, 700, shifted)]))
    with pytest.raises(Unreadable, match="text layer cannot be read, nor has OCR"):
        load(tmp_path, "same.pdf")


def test_a_note_on_a_scan_is_told_beside_its_words(tmp_path: Path) -> None:
    page = Image.new("L", (1240, 400), 255)
    words = "The bell of Tarvo was cast in 1907."
    ImageDraw.Draw(page).text((80, 100), words, 0, ImageFont.load_default(size=30))
    scan = io.BytesIO()
    page.save(scan, "PDF", resolution=150)
    made = pypdfium2.PdfDocument(scan.getvalue())
    note, told = raw.FPDFPage_CreateAnnot(made[0], raw.FPDF_ANNOT_TEXT), "Ring it"
    signs = (ctypes.c_ushort * (len(told) + 1))(*map(ord, told), 0)
    raw.FPDFAnnot_SetStringValue(note, b"Contents", signs)
    raw.FPDFPage_CloseAnnot(note)
    made.save(tmp_path / "noted.pdf")
    assert load(tmp_path, "noted.pdf").text == f"{words}\n\nNote: {told}"
