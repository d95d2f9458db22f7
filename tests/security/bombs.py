"""Files that are small, and ask for all of a machine: each by its name, made when it is asked for.

The names say what is too much of; the numbers are those at which a reader without limits spends
minutes or gigabytes.
"""

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence

from xlwt import Workbook
from xlwt.CompoundDoc import XlsDoc

M = 1_000_000
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KINDS = "application/vnd.openxmlformats-officedocument"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def zipped(entries: Mapping[str, str | bytes]) -> bytes:
    """A zip of entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def package(main: str, parts: Mapping[str, str | bytes], types: Mapping[str, str]) -> bytes:
    """An Office file of parts, with the types of those that have one of their own."""
    overrides = "".join(
        f"<Override PartName='/{part}' ContentType='{KINDS}.{kind}+xml'/>"
        for part, kind in types.items()
    )
    return zipped(
        {
            "[Content_Types].xml": f"<Types xmlns='{PACKAGE}/content-types'>{overrides}</Types>",
            "_rels/.rels": related("officeDocument", main),
            **parts,
        }
    )


def related(*targets: str) -> str:
    """The relationships of a part: kinds and targets in turn."""
    inside = "".join(
        f"<Relationship Id='r{n}' Type='{OFFICE}/{targets[n]}' Target='{targets[n + 1]}'/>"
        for n in range(0, len(targets), 2)
    )
    return f"<Relationships xmlns='{PACKAGE}/relationships'>{inside}</Relationships>"


def docx(body: str, head: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A Word document."""
    text = f"{head}<w:document xmlns:w='{WORD}'><w:body>{body}</w:body></w:document>"
    main = "word/document.xml"
    types = {main: "wordprocessingml.document.main"}
    return package(main, {main: text, **(more or {})}, types)


def said(text: str) -> str:
    """A paragraph of a Word document."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(rows: str, strings: str = "", size: str = "A1") -> bytes:
    """A workbook of one sheet."""
    main, sheet = "xl/workbook.xml", "xl/worksheets/sheet1.xml"
    names = f"<sheets><sheet name='S' sheetId='1' xmlns:r='{OFFICE}' r:id='r0'/></sheets>"
    return package(
        main,
        {
            main: f"<workbook xmlns='{SHEET}'>{names}</workbook>",
            "xl/_rels/workbook.xml.rels": related(
                "worksheet", "worksheets/sheet1.xml", "sharedStrings", "sharedStrings.xml"
            ),
            "xl/sharedStrings.xml": f"<sst xmlns='{SHEET}'>{strings}</sst>",
            sheet: f"<worksheet xmlns='{SHEET}'><dimension ref='{size}'/>"
            f"<sheetData>{rows}</sheetData></worksheet>",
        },
        {main: "spreadsheetml.sheet.main", sheet: "spreadsheetml.worksheet"},
    )


def rows(count: int, cell: str, columns: str = "A") -> str:
    """Rows of a sheet, the same cell in all columns."""
    return "".join(
        f"<row r='{n}'>" + "".join(f"<c r='{c}{n}' {cell}</c>" for c in columns) + "</row>"
        for n in range(1, count + 1)
    )


def odt(body: str, head: str = "") -> bytes:
    """An OpenDocument text."""
    spaces = " ".join(f"xmlns:{name}='{OASIS}:{name}:1.0'" for name in ("office", "text", "table"))
    text = f"<office:body><office:text>{body}</office:text></office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"{head}<office:document {spaces}>{text}</office:document>",
        }
    )


def epub(spine: Sequence[str], chapters: Mapping[str, str]) -> bytes:
    """A book whose spine names chapters, any of them more than once."""
    items = "".join(f"<item id='{name}' href='{name}.xhtml'/>" for name in chapters)
    order = "".join(f"<itemref idref='{name}'/>" for name in spine)
    package = f"<package><manifest>{items}</manifest><spine>{order}</spine></package>"
    container = "<container><rootfile full-path='b.opf'/></container>"
    files = {f"{name}.xhtml": text for name, text in chapters.items()}
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "b.opf": package,
            **files,
        }
    )


def laughs(deep: int = 11) -> str:
    """Entities that stand for ten of the one before each."""
    more = "".join(f"<!ENTITY x{n} '{f'&x{n - 1};' * 10}'>" for n in range(1, deep + 1))
    return f"<!DOCTYPE a [<!ENTITY x0 'ha'>{more}]>"


def pdf(objects: Sequence[str | bytes]) -> bytes:
    """A PDF of objects, the first its catalog."""
    made, places = io.BytesIO(), []
    made.write(b"%PDF-1.4\n")
    for number, each in enumerate(objects, 1):
        places.append(made.tell())
        content = each if isinstance(each, bytes) else each.encode()
        made.write(b"%d 0 obj\n%b\nendobj\n" % (number, content))
    table = made.tell()
    made.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    made.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    made.write(b"trailer<</Size %d/Root 1 0 R>>\n" % (len(places) + 1))
    made.write(b"startxref\n%d\n%%%%EOF" % table)
    return made.getvalue()


def stream(content: bytes, more: str = "") -> bytes:
    """A compressed stream of a PDF."""
    packed = zlib.compress(content)
    head = f"<</Length {len(packed)}/Filter/FlateDecode{more}>>stream\n".encode()
    return head + packed + b"\nendstream"


LINE = b"(Hello there) Tj 0 -14 Td "
CATALOG = "<</Type/Catalog/Pages 2 0 R>>"
FONT = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"


def pages(
    count: int, content: bytes = LINE, box: str = "0 0 612 792", forms: Sequence[bytes] = ()
) -> bytes:
    """A PDF of pages that share their content; forms are objects from number 4 on."""
    first = 4 + len(forms)
    kids = " ".join(f"{first + n} 0 R" for n in range(count))
    drawn = stream(content if forms else b"BT /F 12 Tf 72 700 Td " + content + b"ET")
    uses = f"/Resources<<{FONT}/XObject<</X0 4 0 R>>>>"
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 3 0 R{uses}>>"
    tree = f"<</Type/Pages/Count {count}/Kids[{kids}]>>"
    return pdf([CATALOG, tree, drawn, *forms, *[page] * count])


def forms(deep: int, wide: int) -> list[bytes]:
    """Forms of a PDF, each of which draws the next so many times."""
    kind = "/Type/XObject/Subtype/Form/BBox[0 0 612 792]"
    return [
        stream(
            f"/X{n + 1} Do ".encode() * wide,
            f"{kind}/Resources<</XObject<</X{n + 1} {5 + n} 0 R>>>>",
        )
        for n in range(deep)
    ] + [stream(b"BT /F 12 Tf " + LINE + b"ET", f"{kind}/Resources<<{FONT}>>")]


def png(side: int) -> bytes:
    """A picture that says it has so many pixels on each side."""

    def part(kind: bytes, content: bytes) -> bytes:
        sum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", sum)

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    inside = part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(M))) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + inside


def overlapping(count: int) -> bytes:
    """A zip whose entries all are the same ten megabytes: a few bytes of the file for each."""
    raw = b" " * 10 * M
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(raw) + packer.flush()
    sizes = (8, 0, 0, zlib.crc32(raw), len(packed), len(raw))
    made = io.BytesIO()
    made.write(struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, *sizes, 1, 0) + b"a" + packed)
    start = made.tell()
    for number in range(count):
        name = f"word/{number}.xml".encode()
        entry = (0x02014B50, 20, 20, 0, *sizes, len(name), 0, 0, 0, 0, 0, 0)
        made.write(struct.pack("<IHHHHHHIIIHHHHHII", *entry) + name)
    end = (0x06054B50, 0, 0, count, count, made.tell() - start, start, 0)
    made.write(struct.pack("<IHHHHIIH", *end))
    return made.getvalue()


def lying(made: bytes, entry: bytes) -> bytes:
    """A zip whose entry says that it unpacks to a thousand bytes."""
    content, at = bytearray(made), -1
    while (at := made.find(entry, at + 1)) >= 0:
        for sign, before, size in ((b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)):
            if made[at - before : at - before + 4] == sign:
                struct.pack_into("<I", content, at - before + size, 1000)
    return bytes(content)


def parts_in_parts(deep: int) -> str:
    """A message of parts in parts."""
    heads = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(deep)
    )
    return f"{heads}Content-Type: text/plain\n\nhello\n"


def ole(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file of one stream, as .xls and .ppt are."""
    made = io.BytesIO()
    XlsDoc().save(made, stream)
    entry = name.encode("utf-16-le")
    places = "Workbook".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 18)
    return made.getvalue().replace(
        places, entry.ljust(64, b"\0") + struct.pack("<H", len(entry) + 2)
    )


def xls(rows: int, text: str) -> bytes:
    """A workbook of one column, as Excel 97 writes it: equal texts are kept once."""
    book, made = Workbook(), io.BytesIO()
    sheet = book.add_sheet("S")
    for row in range(rows):
        sheet.write(row, 0, text)
    book.save(made)
    return made.getvalue()


def slides(kind: int, deep: int) -> bytes:
    """Records of PowerPoint 97, each inside of the one before."""
    heads = (struct.pack("<HHI", 15, kind, 8 * (deep - n - 1)) for n in range(deep))
    return ole(b"".join(heads), "PowerPoint Document")


MAIL = 'Content-Type: multipart/{}; boundary="b"\n\n'
TEXTS: dict[str, Callable[[], str | bytes]] = {
    "headings.md": lambda: "# a\n" * 250_000,
    "headings-underlined.txt": lambda: "a\n==\n" * 200_000,
    "headings-in-quotes.md": lambda: "> a\n> b\n> ==\n\n" * 70_000,
    "backticks.txt": lambda: "`a` " * 250_000,
    "backticks-only.md": lambda: "`" * M,
    "quotes-never-closed.txt": lambda: "“a " * 333_000,
    "sentences-without-spaces.txt": lambda: "漢字。" * 111_000,
    "one-word.txt": lambda: "a" * 5 * M,
    "one-character-with-accents.txt": lambda: "a" + "\u0301" * 500_000,
    "numbered.txt": lambda: "1. " * 333_000,
    "spaces.txt": lambda: "a" + " " * 5 * M + "b",
    "empty-lines.txt": lambda: "a\n\n" * 100_000,
    "quotes-in-quotes.md": lambda: "\n".join(">" * n + " a" for n in range(1400)),
    "lists-in-lists.md": lambda: "\n".join("  " * n + "- a" for n in range(1400)),
    "brackets.md": lambda: "[" * M,
    "wide-table.md": lambda: "\n".join(f"|{cell * 100_000}" for cell in ("a|", "-|", "1|")),
    "tables.md": lambda: "|a|b|\n|-|-|\n|1|2|\n\n" * 30_000,
    "fences.md": lambda: "```\na\n```\n" * 50_000,
    "one-line.csv": lambda: "a," * 16 * M,
    "long-header.csv": lambda: "a," * 250_000 + "\n" + "1,2,3\n" * 100_000,
    "one-line.tsv": lambda: "a\t" * 16 * M,
    "quote-never-closed.tsv": lambda: '"' + "a\t\n" * 333_000,
    "captions.srt": lambda: "1\n00:00:00,000 --> 00:00:01,000\na\n\n" * 200_000,
    "no-captions.srt": lambda: "1\n" * 2 * M,
    "rows.csv": lambda: "a,b\n" + "1,2\n" * M,
    "quote-never-closed.csv": lambda: '"' + "a,\n" * 333_000,
    "arrays-in-arrays.json": lambda: "[" * M,
    "arrays-in-arrays.ipynb": lambda: "[" * M,
    "cells.ipynb": lambda: f'{{"cells":[{",".join(["{}"] * 300_000)}]}}',
    "nul.txt": lambda: bytes(M),
    "any-encoding.txt": lambda: bytes(range(128, 256)) * 2000,
    "escapes.txt": lambda: b"\x1b$B\x1b(B" * 160_000,
    "stars.org": lambda: "* a\n" * 100_000,
    "lines.rst": lambda: "a\\b\n====\n\ntext\n\n" * 20_000,
    "braces.tex": lambda: "\\begin{document}" + "{" * 500_000,
    "environments.tex": lambda: "\\begin{document}" + "\\begin{a}" * 100_000,
}
PAGES: dict[str, Callable[[], str | bytes]] = {
    "elements-in-elements.html": lambda: "<div>a" * 300_000,
    "tables-in-tables.html": lambda: "<table><tr><td>a<td>b" * 50_000,
    "cells.html": lambda: "<table>" + "<tr><td>1<td>2<td>3<td>4<td>5" * 200_000,
    "spans.html": lambda: "<table><tr><td colspan=1000000 rowspan=1000000>a<td>b<tr><td>1<td>2",
    "items.html": lambda: "<ul>" + "<li>a" * 100_000,
    "attributes.html": lambda: "<p " + " ".join(f"a{n}" for n in range(100_000)) + ">a",
    "headings.html": lambda: "<h1>a</h1>" * 150_000,
    "long-heading.html": lambda: f"<h1>{'word ' * 100_000}</h1><p>" + "It sails at nine. " * 50_000,
    "formats.html": lambda: "<p>" + "<font>" * 1000 + "<p>a" * 20_000,
    "elements-in-elements.htm": lambda: "<b><i>a" * 200_000,
    "tables-in-tables.htm": lambda: "<table><tr><td>" * 50_000,
    "elements-in-elements.xml": lambda: "<a>" * 300_000,
    "elements-at-depth.xml": lambda: "<a>" * 250 + "<b>word </b>" * 50_000 + "</a>" * 250,
    "laughs.xml": lambda: f"{laughs()}<a>&x11;</a>",
    "one-entity.xml": lambda: f"<!DOCTYPE a [<!ENTITY x '{'a' * M}'>]><a>{'&x;' * M}</a>",
    "endless.xml": lambda: "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///dev/zero'>]><a>&x;</a>",
    "pages-in-fields.xml": lambda: f"<a>{'<b>&lt;p>c</b>' * 30_000}</a>",
}
OFFICES: dict[str, Callable[[], str | bytes]] = {
    "paragraphs.docx": lambda: docx(said("a") * M),
    "characters.docx": lambda: docx(said("a" * 189 * M)),
    "tables-in-tables.docx": lambda: docx("<w:tbl><w:tr><w:tc>" * 500 + said("a")),
    "laughs.docx": lambda: docx(said("&x11;"), laughs()),
    "parts.docx": lambda: docx(said("a"), "", {f"word/{n}.xml": " " * 10 * M for n in range(30)}),
    "zip-in-zip.docx": lambda: docx(
        said("hello"), "", {"word/a.zip": zipped({"a": zipped({"b": " " * 100 * M})})}
    ),
    "one-part-often.docx": lambda: overlapping(1000),
    "lying.docx": lambda: lying(docx(said("a" * 300 * M)), b"word/document.xml"),
    "picture.docx": lambda: docx(said("hello"), "", {"word/media/a.png": png(60_000)}),
    "declared-rows.xlsx": lambda: xlsx("", size="A1:XFD1048576"),
    "far-corner.xlsx": lambda: xlsx(
        "<row r='1'><c r='A1'><v>1</v></c></row>"
        "<row r='1048576'><c r='XFD1048576'><v>2</v></c></row>",
        size="A1:XFD1048576",
    ),
    "empty-rows.xlsx": lambda: xlsx("".join(f"<row r='{n + 1}'/>" for n in range(1_048_576))),
    "cells.xlsx": lambda: xlsx(rows(100_000, "><v>1</v>", "ABCDEFGHIJ")),
    "one-string-often.xlsx": lambda: xlsx(
        rows(200_000, "t='s'><v>0</v>"), f"<si><t>{'a' * 32_000}</t></si>"
    ),
    "no-workbook.pptx": lambda: zipped({"ppt/presentation.xml": "<a>" * 500_000}),
    "repeated-cells.odt": lambda: odt(
        "<table:table><table:table-row table:number-rows-repeated='1000000'><table:table-cell "
        "table:number-columns-repeated='1000000'><text:p>a</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    ),
    "sections-in-sections.odt": lambda: odt("<text:section>" * 100_000),
    "laughs.odt": lambda: odt("<text:p>&x11;</text:p>", laughs()),
    "notes.odt": lambda: odt(f"<text:p>{'<text:note><text:p>a</text:p></text:note>' * 50_000}"),
    "characters.odt": lambda: odt(f"<text:p>{'word ' * 30 * M}</text:p>"),
    "one-chapter-often.epub": lambda: epub(["a"] * 20_000, {"a": "<p>" + "word " * 100_000}),
    "elements-in-elements.epub": lambda: epub(["a"], {"a": "<div>" * 100_000}),
    "braces.rtf": lambda: "{\\rtf1 " + "{a" * 300_000,
    "binary.rtf": lambda: "{\\rtf1 \\bin999999999999 a}",
    "paragraphs.rtf": lambda: "{\\rtf1 " + "a\\par " * 100_000 + "}",
    "sectors.xls": lambda: OLE + bytes(M),
    "sectors.ppt": lambda: OLE + b"\xff" * M,
    "no-records.xls": lambda: ole(bytes(M)),
    "one-string-often.xls": lambda: xls(60_000, "a" * 32_000),
    "records-in-records.ppt": lambda: slides(0x03E8, 100_000),
    "masters-in-masters.ppt": lambda: slides(0x0FF0, 100_000),
    "no-records.ppt": lambda: ole(bytes(M), "PowerPoint Document"),
    "sectors.doc": lambda: OLE + bytes(M),
    "sectors.msg": lambda: OLE + b"\xff" * M,
}
MAILS: dict[str, Callable[[], str | bytes]] = {
    "parts-in-parts.eml": lambda: parts_in_parts(3000),
    "messages-in-messages.eml": lambda: "Content-Type: message/rfc822\n\n" * 3000,
    "parts.eml": lambda: MAIL.format("mixed") + "--b\n\na\n" * 20_000,
    "versions.eml": lambda: (
        MAIL.format("alternative") + "--b\nContent-Type: text/html\n\n<p>a b c\n" * 5000
    ),
    "headers.eml": lambda: "X: b\n" * 200_000 + "\nhello",
    "encoded-words.eml": lambda: "Subject: " + "=?utf-8?q?a?= " * 50_000 + "\n\nhello",
    "encoded-page.eml": lambda: (
        b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"<b>" * M)
    ),
    "messages.mbox": lambda: "From a\n\nb\n\n" * 30_000,
}
PDFS: dict[str, Callable[[], str | bytes]] = {
    "pages.pdf": lambda: pages(100_000),
    "objects.pdf": lambda: pdf([CATALOG, "<</Type/Pages/Count 0/Kids[]>>", *["null"] * M]),
    "huge-page.pdf": lambda: pages(3, box="0 0 1e9 1e9"),
    "long-content.pdf": lambda: pages(1, LINE * 10 * M),
    "many-lines.pdf": lambda: pages(3, LINE * 100_000),
    "forms-in-forms.pdf": lambda: pages(1, b"/X0 Do ", forms=forms(9, 10)),
    "pages-in-themselves.pdf": lambda: pdf([CATALOG, "<</Type/Pages/Count 1/Kids[2 0 R]>>"]),
    "counted-pages.pdf": lambda: pdf([CATALOG, "<</Type/Pages/Count 2000000000/Kids[3 0 R]>>"]),
    "arrays-in-arrays.pdf": lambda: pdf([CATALOG, "[" * M]),
}
BOMBS = TEXTS | PAGES | OFFICES | MAILS | PDFS
