"""Tables: each value below the name of its column, as its cell shows it, merged or not."""

import datetime
import zipfile
from io import BytesIO
from pathlib import Path

import odf.style
import odf.table
import odf.text
import openpyxl
import pytest
import xlwt
from docx import Document as word_document
from made_files import saved
from odf.opendocument import OpenDocumentSpreadsheet, OpenDocumentText
from openpyxl.comments import Comment
from openpyxl.styles import Font
from pptx import Presentation

from askdoc import Document
from askdoc.ingest.chunker import sentences
from askdoc.ingest.files import load
from askdoc.ingest.formats.cells import shown, shown_text
from askdoc.ingest.rows import with_header
from askdoc.types import Span

HARBOURS = [
    ["Port", "Ship", "Load"],
    ["Oslo", "Aker", "12 t"],
    ["", "Brage", "7 t"],
    ["Bodø", "Odin", "3 t"],
]
ROWS = [
    "Port: Oslo; Ship: Aker; Load: 12 t",
    "Port: Oslo; Ship: Brage; Load: 7 t",
    "Port: Bodø; Ship: Odin; Load: 3 t",
]


def told(document: Document) -> list[str]:
    """The rows of a document's tables, each value with the name of its column."""
    spans = (Span(document, *span) for span in sentences(document, 0, len(document.text)))
    inside = [span for span in spans if document.header_at(span.start)]
    return [with_header(span) for span in inside]


def page() -> bytes:
    """A page whose first cell spans two rows."""
    return (
        b"<table><tr><th>Port<th>Ship<th>Load<tr><td rowspan=2>Oslo<td>Aker<td>12 t"
        b"<tr><td>Brage<td>7 t<tr><td>Bod&oslash;<td>Odin<td>3 t</table>"
    )


def word() -> bytes:
    """A Word document with the same table."""
    file = word_document()
    table = file.add_table(4, 3)
    for number, cells in enumerate(HARBOURS):
        for column, text in enumerate(cells):
            table.cell(number, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    return saved(file)


def presentation() -> bytes:
    """A slide with the same table."""
    file = Presentation()
    table = file.slides.add_slide(file.slide_layouts[5]).shapes.add_table(4, 3, 0, 0, 9, 9).table
    for number, cells in enumerate(HARBOURS):
        for column, text in enumerate(cells):
            table.cell(number, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    return saved(file)


def workbook() -> bytes:
    """A workbook with the same table."""
    file = openpyxl.Workbook()
    for cells in HARBOURS:
        file.active.append(cells)
    file.active.merge_cells("A2:A3")
    return saved(file)


def old_workbook() -> bytes:
    """A workbook of the old kind with the same table."""
    file = xlwt.Workbook()
    sheet = file.add_sheet("Ports")
    for number, cells in enumerate(HARBOURS):
        for column, text in enumerate(cells):
            if text and text != "Oslo":
                sheet.write(number, column, text)
    sheet.write_merge(1, 2, 0, 0, "Oslo")
    return saved(file)


def _filled(table: odf.table.Table) -> odf.table.Table:
    for cells in HARBOURS:
        row = odf.table.TableRow()
        for text in cells:
            cell = odf.table.TableCell(**{"numberrowsspanned": 2} if text == "Oslo" else {})
            cell = cell if text else odf.table.CoveredTableCell()
            cell.addElement(odf.text.P(text=text))
            row.addElement(cell)
        table.addElement(row)
    return table


def open_text() -> bytes:
    """An OpenDocument text with the same table."""
    file = OpenDocumentText()
    file.text.addElement(_filled(odf.table.Table()))
    return saved(file)


def open_workbook() -> bytes:
    """An OpenDocument workbook with the same table."""
    file = OpenDocumentSpreadsheet()
    file.spreadsheet.addElement(_filled(odf.table.Table(name="Ports")))
    return saved(file)


@pytest.mark.parametrize(
    ("name", "make"),
    [("a.html", page), ("a.docx", word), ("a.pptx", presentation), ("a.xlsx", workbook),
     ("a.xls", old_workbook), ("a.odt", open_text), ("a.ods", open_workbook)],
)  # fmt: skip
def test_a_cell_over_two_rows_stands_in_both(folder, name: str, make) -> None:
    assert told(load(folder({name: make()}), name)) == ROWS


def test_columns_below_a_wide_name_have_both_names(folder) -> None:
    markup = (
        "<table><tr><td rowspan=2>Group<td colspan=2>Fee</tr><tr><td>year<td>half a year</tr>"
        "<tr><td>Adults<td>60<td>30</tr></table>"
    )
    document = load(folder({"a.html": markup}), "a.html")
    assert told(document) == ["Group: Adults; Fee year: 60; Fee half a year: 30"]
    book = openpyxl.Workbook()
    for row in (
        ["Fees of 2024"],
        ["Group", "Fee", None],
        [None, "year", "half"],
        ["Adults", 60, 30],
    ):
        book.active.append(row)
    for area in ("A1:C1", "A2:A3", "B2:C2"):
        book.active.merge_cells(area)
    document = load(folder({"a.xlsx": saved(book)}), "a.xlsx")
    assert told(document) == ["Group: Adults; Fee year: 60; Fee half: 30"]
    assert document.text.count("Fees of 2024") == 1


@pytest.mark.parametrize("markup", [
    "<table><tr><td>Name<td colspan=2>Reach<tr><td>Ann<td>Lee<td>555</table>",
    "<table><tr><th>Name<th colspan=2>Reach<tr><td>Ann<td>Lee<td>555</table>",
])  # fmt: skip
def test_a_wide_name_alone_makes_no_header_of_the_row_below(folder, markup: str) -> None:
    document = load(folder({"a.html": markup}), "a.html")
    assert told(document) == ["Name: Ann; Reach: Lee; Reach: 555"]


def test_an_empty_first_cell_and_a_bar_in_a_cell_shift_no_value(folder) -> None:
    book = openpyxl.Workbook()
    for row in ([None, "Cost", "Kind"], ["Oak", 5, "a|b"], [None, 6, "c"]):
        book.active.append(row)
    document = load(folder({"a.xlsx": saved(book)}), "a.xlsx")
    assert told(document) == ["Oak; Cost: 5; Kind: a¦b", "Cost: 6; Kind: c"]
    markup = "<table><tr><td>Tree<td>Cost</tr><tr><td><td>5</tr></table>"
    assert told(load(folder({"a.html": markup}), "a.html")) == ["Cost: 5"]
    text = "| Tree | Cost |\n|---|---|\n| | 5 |\n"
    assert "5" in told(load(folder({"a.md": text}), "a.md"))[0]


def test_a_value_in_several_lines_stays_in_its_row(folder) -> None:
    text = 'Port,Note\nOslo,"Deep.\nOpen at night."\nMoss,Shut\n'
    assert told(load(folder({"a.csv": text}), "a.csv")) == [
        "Port: Oslo; Note: Deep. Open at night.",
        "Port: Moss; Note: Shut",
    ]


def test_what_spans_more_rows_than_there_are_costs_nothing(folder) -> None:
    wide = f"<td rowspan=65534 colspan=9999>{'x' * 900}<td>b"
    markup = f"<table><tr>{wide}</tr>{'<tr><td>c' * 3000}</table>"
    text = load(folder({"a.html": markup}), "a.html").text
    assert text.count("x" * 900) == 1
    assert text.count("c") == 3000


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        (0.125, "0.0%", "12.5%"), (0.125, "0.0 %", "12.5 %"), (-0.05, "0%", "-5%"),
        (1234.5, '#,##0.00 "€"', "1,234.50 €"), (5, "[$€-407] #,##0.00", "€ 5.00"),
        (-3, "_-* #,##0.00 _€_-;-* #,##0.00 _€_-", "-3.00"), (-7, "#,##0;(#,##0)", "(7)"),
        (-7, "#,##0;[Red]#,##0", "-7"), (0, '0;-0;"none"', "none"), (3, ";;;", ""),
        (1.09375, "[h]:mm", "26:15"), (2.5, "[mm]:ss", "3600:00"), (-0.5, "[h]:mm", "-12:00"),
        (0.0104166667, "mm:ss", "15:00"), (0.5, "h:mm AM/PM", "12:00 PM"), (0.25, "h:mm", "6:00"),
        (45047, "dd.mm.yyyy", "01.05.2023"), (45047, "mmm yyyy", "May 2023"), (1, "d", "1"),
        (45356, "dddd, d mmmm yyyy", "Tuesday, 5 March 2024"), (45030, 'm"月"d"日"', "4月14日"),
        (45356.60416666666, "yyyy-mm-dd h:mm:ss", "2024-03-05 14:30:00"),
        (45047.5, "m/d/yy h:mm", "2023-05-01 12:00"),  # 5/1/23 is another day elsewhere
        (79.40000000000001, "General", "79.4"), (1 / 3, "", "0.3333333333"), (0.1 + 0.2, "", "0.3"),
        (4006381333931, "General", "4006381333931"), (1e20, "General", "1E+20"), (7, "000", "007"),
        (1.5, "# ?/?", "1 1/2"), (1234567, '0.0,,"M"', "1.2M"), (12345, "0.00E+00", "1.23E+04"),
        (5551234567, "(000) 000-0000", "(555) 123-4567"), (2, "0.##", "2"), (1.005, "0.00", "1.01"),
        (90, '[<100]"low";"high"', "low"), (190, '[<100]"low";"high"', "high"),
        (-0.001, "0.00", "0.00"),
    ],
)  # fmt: skip
def test_a_number_reads_as_its_cell_shows_it(value: float, code: str, expected: str) -> None:
    assert shown(value, code) == expected


def test_a_text_reads_as_its_cell_shows_it() -> None:
    assert [shown_text("ab", code) for code in ("@", "", "0.00", '@" kg"', ";;;")] == [
        "ab", "ab", "ab", "ab kg", "",
    ]  # fmt: skip


def formats() -> bytes:
    """A workbook of values with formats, hidden parts, a comment and a formula without a value."""
    file = openpyxl.Workbook()
    sheet = file.active
    sheet.title = "Tolls"
    sheet.append(["Gate", "Share", "Since", "Took", "Inside", "Sum"])
    sheet.append(
        ["West", 0.075, datetime.date(2024, 5, 1), datetime.timedelta(hours=30), 9, "=1+1"]
    )
    sheet.append(["Gone", 0.5])
    sheet.append(["East", 0.2, datetime.datetime(2024, 5, 2, 9, 30), datetime.time(9, 5)])
    for row in (2, 3, 4):
        sheet.cell(row, 2).number_format = "0.0%"
    sheet["A2"].comment = Comment("Toll is free on Sunday", "Ann")
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["E"].hidden = True
    file.create_sheet("Secret").append(["Key", "under the mat"])
    file["Secret"].sheet_state = "hidden"
    return saved(file)


def test_a_workbook_reads_as_it_is_seen(folder) -> None:
    document = load(folder({"a.xlsx": formats()}), "a.xlsx")
    assert told(document) == [
        "Gate: West; Share: 7.5%; Since: 2024-05-01; Took: 30:00:00",
        "Gate: East; Share: 20.0%; Since: 2024-05-02 9:30:00; Took: 9:05:00",
    ]
    assert document.remark == (
        "left out: the hidden sheet Secret, hidden rows (1), hidden columns (1), "
        "formulas without a value (1)"
    )
    comment = document.text.index("Toll is free")
    assert document.heading_at(comment) == "Comment by Ann on cell A2"


def test_an_old_workbook_reads_as_it_is_seen(folder) -> None:
    file = xlwt.Workbook()
    sheet, secret = file.add_sheet("Tolls"), file.add_sheet("Secret")
    secret.write(0, 0, "under the mat")
    secret.visibility = 1
    for column, name in enumerate(("Gate", "Share", "Took")):
        sheet.write(0, column, name)
    sheet.write(1, 0, "West")
    sheet.write(1, 1, 0.075, xlwt.easyxf(num_format_str="0.0%"))
    sheet.write(1, 2, 1.25, xlwt.easyxf(num_format_str="[h]:mm"))
    sheet.write(2, 0, "Gone")
    sheet.row(2).hidden = True
    document = load(folder({"a.xls": saved(file)}), "a.xls")
    assert told(document) == ["Gate: West; Share: 7.5%; Took: 30:00"]
    assert document.remark == "left out: the hidden sheet Secret, hidden rows (1)"


def test_an_open_workbook_reads_as_it_is_seen(folder) -> None:
    file = OpenDocumentSpreadsheet()
    style = odf.style.Style(name="away", family="table")
    style.addElement(odf.style.TableProperties(display="false"))
    file.automaticstyles.addElement(style)
    for name, away in (("Tolls", {}), ("Secret", {"stylename": style})):
        table = odf.table.Table(name=name, **away)
        for cells, seen in (
            (["Gate", "Share"], "visible"),
            (["Gone", "1%"], "collapse"),
            (["West", "7.5%"], "visible"),
        ):
            row = odf.table.TableRow(visibility=seen)
            for text in cells:
                cell = odf.table.TableCell(valuetype="string")
                cell.addElement(odf.text.P(text=text))
                row.addElement(cell)
            table.addElement(row)
        file.spreadsheet.addElement(table)
    document = load(folder({"a.ods": saved(file)}), "a.ods")
    assert told(document) == ["Gate: West; Share: 7.5%"]
    assert document.remark == "left out: the hidden sheet Secret, hidden rows (1)"


APART: list[tuple[str, list[list[object]], list[str]]] = [
    (
        "below each other",
        [["Port", "Ships"], ["Oslo", 12], ["Bodø", 3], [], ["Pilot", "Licence"], ["Ann", "A 7"],
         ["Bo", "B 2"]],
        ["Port: Oslo; Ships: 12", "Port: Bodø; Ships: 3",
         "Pilot: Ann; Licence: A 7", "Pilot: Bo; Licence: B 2"],
    ),
    (
        "beside each other",
        [["Port", "Ships", "", "Pilot", "Fee"], ["Oslo", 12, "", "Ann", 70],
         ["", "", "", "Bo", 90]],
        ["Port: Oslo; Ships: 12", "Pilot: Ann; Fee: 70", "Pilot: Bo; Fee: 90"],
    ),
    (
        "with titles",
        [["Ports"], ["Name", "Town"], ["Quay", "Oslo"], [], ["Pilots"], ["Name", "Rank"],
         ["Ann", "First"]],
        ["Name: Quay; Town: Oslo", "Name: Ann; Rank: First"],
    ),
    (
        "titles apart from them",
        [["2023"], [], ["Port", "Ships"], ["Oslo", 12], [], ["2024"], [], ["Port", "Ships"],
         ["Oslo", 15]],
        ["Port: Oslo; Ships: 12", "Port: Oslo; Ships: 15"],
    ),
    (
        "one above two",
        [["Port", "Ships", "Crew", "Tons", "Fee"], ["Oslo", 12, 40, 900, 5], [],
         ["Pilot", "Fee", "", "Crane", "Tons"], ["Ann", 70, "", "North", 8], ["Bo", 90]],
        ["Port: Oslo; Ships: 12; Crew: 40; Tons: 900; Fee: 5", "Pilot: Ann; Fee: 70",
         "Pilot: Bo; Fee: 90", "Crane: North; Tons: 8"],
    ),
    (
        "groups of one table",
        [["Port", "Ships"], ["Oslo", 12], [], ["North"], ["Bodø", 3], ["Narvik", "none"], [],
         ["Total", 15]],
        ["Port: Oslo; Ships: 12", "Port: North", "Port: Bodø; Ships: 3",
         "Port: Narvik; Ships: none", "Port: Total; Ships: 15"],
    ),
    (
        "an empty column in one table",
        [["Port", "2022", "2023", "", "Change", "Rank"], ["Oslo", 12, 14, "", 2, 1],
         ["Bodø", 3, 3, "", 0, 2]],
        ["Port: Oslo; 2022: 12; 2023: 14; Change: 2; Rank: 1",
         "Port: Bodø; 2022: 3; 2023: 3; Change: 0; Rank: 2"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [each[1:] for each in APART],
                         ids=[each[0] for each in APART])  # fmt: skip
def test_each_of_several_tables_of_a_sheet_has_its_own_header(
    folder, rows: list[list[object]], expected: list[str]
) -> None:
    file = openpyxl.Workbook()
    for at, row in enumerate(rows, 2):
        for column, value in enumerate(row, 2):
            if value != "":
                file.active.cell(at, column, value)
    assert told(load(folder({"a.xlsx": saved(file)}), "a.xlsx")) == expected


def test_bold_type_tells_the_header_of_another_table(folder) -> None:
    """Of words alone nothing else tells it from one more row."""
    file, old, bold = openpyxl.Workbook(), xlwt.Workbook(), xlwt.easyxf("font: bold on")
    sheet = old.add_sheet("a")
    rows = [["Port", "Town"], ["Quay", "Oslo"], [], ["Pier", "Bodø"], ["Dock", "Moss"], [],
            ["Pilot", "Rank of the pilot there"], ["Ann", "First"]]  # fmt: skip
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            file.active.cell(at + 1, column + 1, text)
            if at in (0, 6):
                file.active.cell(at + 1, column + 1).font = Font(bold=True)
            sheet.write(at, column, text, bold if at in (0, 6) else xlwt.Style.default_style)
    root = folder({"a.xlsx": saved(file), "b.xls": saved(old)})
    for name in ("a.xlsx", "b.xls"):
        assert told(load(root, name)) == [
            "Port: Quay; Town: Oslo", "Port: Pier; Town: Bodø", "Port: Dock; Town: Moss",
            "Pilot: Ann; Rank of the pilot there: First",
        ]  # fmt: skip


def test_a_workbook_that_is_damaged_is_read_by_what_forgives_more(folder, tmp_path: Path) -> None:
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(formats())) as old, zipfile.ZipFile(made, "w") as new:
        for part in old.namelist():
            new.writestr(part, b"<styleSheet" if part == "xl/styles.xml" else old.read(part))
    assert "West" in load(folder({"a.xlsx": made.getvalue()}), "a.xlsx").text
