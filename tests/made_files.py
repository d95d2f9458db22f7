"""Files of every format, made as they are asked for, each with the same heading, line and table."""

import datetime
import html
import json
import re
import struct
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import odf.draw
import odf.namespaces
import odf.table
import odf.text
import openpyxl
import xlwt
from docx import Document as word_document
from helpers import pdf, stream
from odf.opendocument import OpenDocumentPresentation, OpenDocumentSpreadsheet, OpenDocumentText
from pptx import Presentation

from askdoc import Document
from askdoc.ingest.files import CODE, load

Streams = dict[str, bytes]
"""What a file of Outlook holds, by its path."""
SIGNS = "AT&T < 5 > 3 é Ω 漢"


def docx() -> bytes:
    """A Word document."""
    file = word_document()
    file.add_heading(f"Costs of {SIGNS}", 1)
    file.add_paragraph(f"{SIGNS} and more")
    table = file.add_table(2, 2)
    for row, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    return saved(file)


def pptx_file() -> bytes:
    """A presentation of two slides with a table and notes."""
    file = Presentation()
    slide = file.slides.add_slide(file.slide_layouts[5])
    slide.shapes.title.text = f"Costs of {SIGNS}"
    slide.shapes.add_textbox(0, 3000000, 100, 100).text_frame.text = f"{SIGNS} and more"
    table = slide.shapes.add_table(2, 2, 0, 4000000, 100, 100).table
    for row, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    second = file.slides.add_slide(file.slide_layouts[5])
    second.shapes.title.text = "Second slide"
    second.notes_slide.notes_text_frame.text = "Said aloud"
    return saved(file)


def xlsx() -> bytes:
    """A workbook."""
    file = openpyxl.Workbook()
    sheet = file.active
    sheet.title = "Q2"
    for row in ROWS:
        sheet.append(row)
    sheet.append([f"{SIGNS} and more", datetime.date(2024, 5, 1)])
    return saved(file)


def xls() -> bytes:
    """A workbook of the old kind."""
    file = xlwt.Workbook()
    sheet = file.add_sheet("Q2")
    for row, cells in enumerate([*ROWS, [f"{SIGNS} and more"]]):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    return saved(file)


def odt() -> bytes:
    """An OpenDocument text."""
    file = OpenDocumentText()
    file.text.addElement(odf.text.H(outlinelevel=1, text=f"Costs of {SIGNS}"))
    file.text.addElement(odf.text.P(text=f"{SIGNS} and more"))
    file.text.addElement(_open_table(ROWS))
    return saved(file)


def ods() -> bytes:
    """An OpenDocument workbook."""
    file = OpenDocumentSpreadsheet()
    file.spreadsheet.addElement(_open_table([*ROWS, [f"{SIGNS} and more"]], name="Q2"))
    return saved(file)


def odp() -> bytes:
    """An OpenDocument presentation with a title, a text and notes."""
    file = OpenDocumentPresentation()
    page = odf.draw.Page(masterpagename="Default")
    for name, text in (("title", f"Costs of {SIGNS}"), ("outline", f"{SIGNS} and more")):
        box = odf.draw.TextBox()
        box.addElement(odf.text.P(text=text))
        frame = odf.draw.Frame()
        frame.setAttrNS(odf.namespaces.PRESENTATIONNS, "class", name)
        frame.addElement(box)
        page.addElement(frame)
    file.presentation.addElement(page)
    return saved(file)


def _open_table(rows: list[list[str]], **about: str) -> odf.table.Table:
    table = odf.table.Table(**about)
    for cells in rows:
        row = odf.table.TableRow()
        for text in cells:
            cell = odf.table.TableCell()
            cell.addElement(odf.text.P(text=text))
            row.addElement(cell)
        table.addElement(row)
    return table


def rtf() -> bytes:
    """A rich text file with the escapes that Word writes."""
    signs = "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in SIGNS).replace(" ", r"\~", 1)
    rows = "".join(
        r"\trowd\cellx100\cellx200\intbl " + "".join(cell + r"\cell " for cell in row) + r"\row"
        for row in ROWS
    )
    return (
        r"{\rtf1\ansi{\stylesheet{\s1 heading 1;}}\pard\s1\outlinelevel0 Costs of "
        + signs.replace(r"\~", " ") + r"\par\pard " + signs.replace(r"\~", " ")
        + r" and more\par\pard hard\~space\par " + rows + "}"
    ).encode()  # fmt: skip


def epub() -> bytes:
    """A book of one chapter."""
    chapter = PAGE.replace("<title>", "<title>Chapter: ")
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            "<container><rootfiles><rootfile full-path='in/b.opf'/></rootfiles></container>",
        )
        archive.writestr(
            "in/b.opf",
            "<package xmlns:dc='http://purl.org/dc/elements/1.1/'><metadata>"
            "<dc:title>A book</dc:title></metadata><manifest><item id='a' href='a%20b.xhtml'/>"
            "</manifest><spine><itemref idref='gone'/><itemref idref='a'/></spine></package>",
        )
        archive.writestr("in/a b.xhtml", chapter)
    return made.getvalue()


def message(subject: str, text: str) -> EmailMessage:
    """A message with an attachment."""
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "Zoë <zoe@example.com>", "b@example.com"
    made.set_content(text)
    made.add_alternative(f"<p>{html.escape(text)}</p>", subtype="html")
    made.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="plan.pdf")
    return made


def mbox() -> bytes:
    """A mailbox of two messages."""
    first = message(f"Costs of {SIGNS}", f"{SIGNS} and more").as_bytes()
    second = message("Second", "The other one").as_bytes()
    start = b"From a@example.com Thu Jan  1 00:00:00 2024\n"
    return start + first + b"\n" + start + second


def notebook() -> bytes:
    """A notebook with prose, code and what it printed."""
    prose = {"cell_type": "markdown", "source": [f"# Costs of {SIGNS}\n", f"{SIGNS} and more"]}
    output = {"output_type": "stream", "text": ["42\n"]}
    code = {"cell_type": "code", "source": "# no heading\nprint(42)", "outputs": [output]}
    return json.dumps({"cells": [prose, code]}).encode()


def saved(file: Any) -> bytes:
    """What a library writes."""
    made = BytesIO()
    file.save(made)
    return made.getvalue()


def outlook(subject: str, text: str) -> bytes:
    """A message as Outlook saves it: a tree of streams, one for each of its properties."""
    own = {0x0037001F: subject, 0x1000001F: text, 0x0C1A001F: "Zoë", 0x5D01001F: "zoe@example.com"}
    to = {0x3001001F: "Bo", 0x39FE001F: "bo@example.com"}
    sent = struct.pack("<IIQ", 0x00390040, 6, 133_500_000_000_000_000)  # 17 January 2024
    names = {f"__nameid_version1.0/__substg1.0_{tag}": b"" for tag in ("00020102", "00030102")}
    return _streams({
        **names,
        **_properties("", bytes(24), own, sent),
        **_properties("__recip_version1.0_#00000000/", b"", to),
    })  # fmt: skip


def _properties(folder: str, head: bytes, told: dict[int, str], more: bytes = b"") -> Streams:
    texts = {tag: text.encode("utf-16-le") for tag, text in told.items()}
    table = [struct.pack("<IIQ", tag, 6, len(text) + 2) for tag, text in texts.items()]
    streams = {f"{folder}__substg1.0_{tag:08X}": text for tag, text in texts.items()}
    return streams | {f"{folder}__properties_version1.0": b"".join([bytes(8), head, *table, more])}


def _streams(streams: Streams) -> bytes:
    """A file of Microsoft's old form for streams in folders, all small: one sector has 512 bytes.

    Its parts are a header, the table of sectors, the directory, the table of the pieces of 64 bytes
    that streams are cut into, and these. A folder's entries are in order, the next on the right.
    """
    none, end = 0xFFFFFFFF, 0xFFFFFFFE
    entries = [("Root Entry", 5, end, 0)]
    numbers, inside = {"": 0}, dict[int, list[int]]()
    pieces, data = list[int](), b""
    for path, content in streams.items():
        folder, _, name = path.rpartition("/")
        for place, kind in ((folder, 1), (path, 2)):
            if place in numbers:
                continue
            above = place.rpartition("/")[0]
            inside.setdefault(numbers[above], []).append(len(entries))
            numbers[place] = len(entries)
            begin, last = len(pieces), len(pieces) + -(-len(content) // 64)
            if kind == 2 and content:
                pieces += [*range(begin + 1, last), end]
                data += content.ljust((last - begin) * 64, b"\0")
            size = len(content) if kind == 2 else 0
            entries.append((place.rpartition("/")[2], kind, begin if size else end, size))
    first, right = dict[int, int](), dict[int, int]()
    for folder_number, kids in inside.items():
        kids.sort(key=lambda at: (len(entries[at][0]), entries[at][0].upper()))
        first[folder_number] = kids[0]
        right |= dict(pairwise(kids))
    cut = struct.pack(f"<{len(pieces)}I", *pieces)
    parts = [128 * len(entries), len(cut), len(data)]
    sectors, starts = [0xFFFFFFFD], []  # the table itself comes first
    for size in parts:
        starts.append(len(sectors))
        sectors += [*range(len(sectors) + 1, len(sectors) + -(-size // 512)), end]
    directory = b""
    for at, (name, kind, begin, size) in enumerate(entries):
        begin, size = (starts[2], len(data)) if at == 0 else (begin, size)
        words = name.encode("utf-16-le")
        directory += struct.pack(
            "<64sHBBIII36xIQ", words, len(words) + 2, kind, 1, none,
            right.get(at, none), first.get(at, none), begin, size,
        )  # fmt: skip
    header = struct.pack(
        "<8s16x5H6x9I", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, starts[0], 0, 4096, starts[1], -(-len(cut) // 512), end, 0,
    )  # fmt: skip
    table = struct.pack(f"<{len(sectors)}I", *sectors)
    whole = header + struct.pack("<I", 0)
    unused = struct.pack("<64xHBBIII36xIQ", 0, 0, 0, none, none, none, 0, 0)
    directory += unused * (-len(entries) % 4)
    return b"".join(
        part.ljust(-(-len(part) // 512) * 512, b"\xff")
        for part in (whole, table, directory, cut, data)
    )


ROWS = [["Year", "Cost"], ["2023", "5 million"]]
PAGE = (
    f"<html><head><title>A page</title></head><body><h1>Costs of {html.escape(SIGNS)}</h1>"
    f"<p>{html.escape(SIGNS)} and more</p><table><tr><th>Year</th><th>Cost</th></tr>"
    "<tr><td>2023</td><td>5 <br>million</td></tr></table></body></html>"
)
LINES = f"{SIGNS} and more\n\n"
MADE: dict[str, Callable[[], bytes]] = {
    ".txt": lambda: LINES.encode(),
    ".md": lambda: (
        f"# Costs of {SIGNS}\n\n{LINES}| Year | Cost |\n|---|---|\n| 2023 | 5 million |\n"
    ).encode(),
    ".rst": lambda: f"Costs of {SIGNS}\n=======================\n\n{LINES}".encode(),
    ".org": lambda: f"* Costs of {SIGNS}\n\n{LINES}".encode(),
    ".tex": lambda: (
        "\\documentclass{article}\n\\begin{document}\n"
        f"\\section{{Costs of {SIGNS}}}\n{LINES}\\end{{document}}\n"
    ).encode(),
    ".srt": lambda: f"1\n00:00:01,000 --> 00:00:02,000\n{LINES}".encode(),
    ".json": lambda: json.dumps({"a": f"{SIGNS} and more"}, ensure_ascii=False).encode(),
    ".csv": lambda: f"Year,Cost\n2023,5 million\n2024,{SIGNS} and more\n".encode(),
    ".tsv": lambda: f"Year\tCost\n2023\t5 million\n2024\t{SIGNS} and more\n".encode(),
    ".ipynb": notebook,
    ".html": PAGE.encode,
    ".htm": PAGE.encode,
    ".xml": lambda: (
        f"<all><p>{html.escape(SIGNS)} <b>and</b> more</p>"
        "<country><name>USA</name><capital>Washington, DC</capital></country></all>"
    ).encode(),
    ".docx": docx,
    ".odt": odt,
    ".rtf": rtf,
    ".epub": epub,
    ".pptx": pptx_file,
    ".xlsx": xlsx,
    ".xlsm": xlsx,
    ".xls": xls,
    ".ods": ods,
    ".odp": odp,
    ".docm": docx,
    ".pptm": pptx_file,
    ".markdown": lambda: MADE[".md"](),
    ".log": lambda: f"10:01 {LINES}10:02 done\n".encode(),
    ".vtt": lambda: (
        f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>{html.escape(SIGNS)}\n\n"
        "00:02.000 --> 00:03.000\nand more\n"
    ).encode(),
    ".jsonl": lambda: json.dumps({"a": f"{SIGNS} and more"}).encode(),
    ".ndjson": lambda: b'{"b": 1}\n' + json.dumps({"a": f"{SIGNS} and more"}).encode(),
    **dict.fromkeys(CODE, lambda: f"# {LINES}x = 1\n".encode()),
    ".eml": lambda: message(f"Costs of {SIGNS}", f"{SIGNS} and more").as_bytes(),
    ".mbox": mbox,
    ".msg": lambda: outlook(f"Costs of {SIGNS}", f"{SIGNS} and more"),
}
TABLES = {
    ".csv", ".tsv", ".md", ".html", ".htm", ".docx", ".odt", ".rtf", ".epub", ".pptx", ".xlsx",
    ".xlsm", ".xls", ".ods", ".docm", ".pptm", ".markdown",
}  # fmt: skip


def made(folder: Callable[..., Path], suffix: str) -> Document:
    """The document of a file made for a suffix."""
    return load(folder({f"a{suffix}": MADE[suffix]()}), f"a{suffix}")


Put = tuple[float, float, str]
"""Where words are put on a PDF's page, in points from its left lower corner."""


def pdf_of(
    *pages: list[Put], size: tuple[int, int] = (595, 842), rotate: int = 0, turn: int = 0
) -> bytes:
    """A PDF of pages with words where they are put, in Helvetica of 11 points.

    A sign in front sets them apart: ``*`` in bold, ``#`` in 16 points, ``^`` from below upwards.
    The words are drawn turned counter-clockwise by ``turn`` quarters, and shown turned clockwise
    by ``rotate`` degrees; the places stay those of the page as it reads upright.
    """
    wide, high = size if turn % 2 == 0 else size[::-1]
    turns = ("1 0 0 1 0 0", f"0 1 -1 0 {wide} 0", f"-1 0 0 -1 {wide} {high}", f"0 -1 1 0 0 {high}")
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
    ]
    for number, page in enumerate(pages):
        drawn = f"q {turns[turn]} cm\n".encode()
        for x, y, words in page:
            text = words.lstrip("*#^").encode("cp1252")
            text = re.sub(rb"([()\\])", rb"\\\1", text)
            font = f"/{'B' if words[:1] == '*' else 'F'} {16 if words[:1] == '#' else 11} Tf"
            way = "0 1 -1 0" if words[:1] == "^" else "1 0 0 1"
            drawn += f"BT {font} {way} {x} {y} Tm (".encode() + text + b") Tj ET\n"
        objects += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {wide} {high}]/Rotate {rotate}/Contents "
            f"{6 + 2 * number} 0 R/Resources<</Font<</F 3 0 R/B 4 0 R>>>>>>".encode(),
            stream(drawn + b"Q"),
        ]
    return pdf(*objects)


Field = tuple[str, str, tuple[int, int, int, int], str]
"""A form's field: its kind (``Tx``, ``Btn``, ``Ch``), name, place and value."""


def form_of(page: list[Put], fields: list[Field], more: tuple[bytes, ...] = ()) -> bytes:
    """A PDF of one page with a form; ``more`` are other annotations."""
    drawn = b"".join(
        f"BT /F 11 Tf {x} {y} Td ({words}) Tj ET\n".encode("cp1252") for x, y, words in page
    )
    boxes = [
        f"<</Type/Annot/Subtype/Widget/FT/{kind}/T({name})/F 4/Rect[{' '.join(map(str, place))}]"
        f"/V{f'/{value}/AS/{value}' if kind == 'Btn' else f'({value})'}"
        f"{'/AP<</N<</Yes 5 0 R/Off 5 0 R>>>>' if kind == 'Btn' else ''}>>".encode()
        for kind, name, place, value in fields
    ]
    refs = " ".join(f"{6 + at} 0 R" for at in range(len(boxes) + len(more)))
    own = " ".join(f"{6 + at} 0 R" for at in range(len(boxes)))
    return pdf(
        f"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{own}]/DR<<>>>>>>".encode(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Annots[{refs}]/Resources"
        "<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>".encode(),
        stream(drawn),
        stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 10 10]"),
        *boxes,
        *more,
    )
