"""Workbooks of before 2007, cell by cell."""

import os
from collections.abc import Iterator
from pathlib import Path

from askdoc.ingest.extract import Extract, comment_heading
from askdoc.ingest.formats import sheets
from askdoc.ingest.formats.cells import shown
from askdoc.ingest.formats.sheets import Sheet


def read(path: Path) -> Extract:
    """A workbook; what cannot be read cell by cell is read by what forgives more."""
    return sheets.read(path, _sheets)


def _sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets of a workbook."""
    import xlrd  # where first used: few corpora should pay for it

    with Path(os.devnull).open("w") as log:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=log)
    for each in book.sheets():
        sheet = Sheet(each.name, each.visibility != 0)
        sheet.merged = [
            (top, left, bottom - 1, right - 1) for top, bottom, left, right in each.merged_cells
        ]
        sheet.hidden_rows = {row for row, info in each.rowinfo_map.items() if info.hidden}
        sheet.hidden_columns = [(at, at) for at, info in each.colinfo_map.items() if info.hidden]
        for row in range(each.nrows):
            for column, cell in enumerate(each.row(row)):
                style = book.xf_list[cell.xf_index]
                code = book.format_map[style.format_key].format_str
                if book.font_list[style.font_index].bold:
                    sheet.bold.add((row, column))
                if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                    text = shown(cell.value, "" if code == "General" else code, book.datemode == 1)
                elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                    text = ("FALSE", "TRUE")[bool(cell.value)]
                elif cell.ctype == xlrd.XL_CELL_ERROR:
                    text = xlrd.error_text_from_code.get(cell.value, "")
                else:
                    text = str(cell.value)
                sheet.put(row, column, text)
        for (row, column), note in sorted(each.cell_note_map.items()):
            place = f"cell {xlrd.colname(column)}{row + 1}"
            sheet.comments.append((comment_heading(note.author or "", place), note.text))
        yield sheet
