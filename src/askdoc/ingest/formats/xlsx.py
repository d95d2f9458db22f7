"""Workbooks of Office Open XML: what each cell shows, read from the markup of its sheet."""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

import lxml.etree

from askdoc.ingest.extract import Extract, comment_heading, one_line
from askdoc.ingest.formats import sheets
from askdoc.ingest.formats.cells import BUILT_IN, shown, shown_text
from askdoc.ingest.formats.parts import Element, related, root
from askdoc.ingest.formats.sheets import Area, Sheet

PLACE = re.compile(r"([A-Z]{1,3})(\d+)\Z")
TRUE = ("1", "true", "on")
Show = Callable[[Element], str]  # what a cell shows


def read(path: Path) -> Extract:
    """A workbook; what cannot be read cell by cell is read by what forgives more."""
    return sheets.read(path, _sheets)


def _sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets of a workbook, those that are hidden without their cells."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        book = root(archive, "xl/workbook.xml")
        parts = related(archive, "xl/workbook.xml")
        strings = _strings(archive) if "xl/sharedStrings.xml" in archive.namelist() else []
        styles = root(archive, "xl/styles.xml") if "xl/styles.xml" in archive.namelist() else None
        codes, bold = ([], []) if styles is None else (_codes(styles), _bold(styles))
        since_1904 = any(pr.get("date1904") in TRUE for pr in book.iter("{*}workbookPr"))
        show = partial(_text, strings=strings, codes=codes, since_1904=since_1904)
        for element in book.iter("{*}sheet"):
            identity = next((v for k, v in element.items() if k.endswith("}id")), "")
            place = parts.get(identity, ("", ""))[1]
            sheet = Sheet(element.get("name", ""), element.get("state", "visible") != "visible")
            if place in archive.namelist() and "worksheet" in parts[identity][0]:
                if not sheet.hidden:
                    _fill(sheet, archive, place, show, bold)
                yield sheet


def _strings(archive: zipfile.ZipFile) -> list[str]:
    """The texts that cells share, without how they are pronounced."""
    return [_rich(item) for item in root(archive, "xl/sharedStrings.xml").iter("{*}si")]


def _rich(element: Element) -> str:
    """The text of an element in one or several fonts, without how it is pronounced."""
    parts = element.xpath(".//*[local-name()='t'][not(ancestor::*[local-name()='rPh'])]")
    return "".join(part.text or "" for part in parts)


def _codes(styles: Element) -> list[str]:
    """The number format of each style of cells."""
    own = {each.get("numFmtId"): each.get("formatCode", "") for each in styles.iter("{*}numFmt")}
    ids = [style.get("numFmtId", "0") for style in styles.iterfind("{*}cellXfs/{*}xf")]
    return [own.get(id, BUILT_IN.get(int(id) if id.isdecimal() else 0, "")) for id in ids]


def _bold(styles: Element) -> list[bool]:
    """Whether each style of cells is in bold type."""
    fonts = [font.find("{*}b") for font in styles.iterfind("{*}fonts/{*}font")]
    bold = {str(at) for at, b in enumerate(fonts) if b is not None and b.get("val", "1") in TRUE}
    return [style.get("fontId") in bold for style in styles.iterfind("{*}cellXfs/{*}xf")]


def _fill(
    sheet: Sheet, archive: zipfile.ZipFile, place: str, show: Show, bold: Sequence[bool]
) -> None:
    """Puts the cells of a worksheet into a sheet, and the texts that stand over them."""
    tags = ("{*}row", "{*}mergeCell", "{*}col")
    row = -1
    with archive.open(place) as file:
        for _, element in lxml.etree.iterparse(
            file, tag=tags, huge_tree=True, resolve_entities=False, no_network=True
        ):
            tag = lxml.etree.QName(element).localname
            unseen = element.get("hidden") in TRUE
            if tag == "row":
                row = int(element.get("r", row + 2)) - 1
                if unseen:
                    sheet.hidden_rows.add(row)
                _fill_row(sheet, row, element, show, bold)
                element.clear()
            elif tag == "col" and unseen:
                columns = int(element.get("min", "1")) - 1, int(element.get("max", "1")) - 1
                sheet.hidden_columns.append(columns)
            elif tag == "mergeCell" and (area := _area(element.get("ref", ""))):
                sheet.merged.append(area)
    for type, part in related(archive, place).values():
        if part not in archive.namelist():
            continue
        if type == "comments":
            sheet.comments += _comments(root(archive, part))
        elif type == "drawing":
            boxes = root(archive, part).iter("{*}txBody")
            sheet.boxes += (one_line(" ".join(map(_rich, box)), None) for box in boxes)


def _fill_row(sheet: Sheet, row: int, element: Element, show: Show, bold: Sequence[bool]) -> None:
    """Puts the cells of a row into its sheet."""
    column = -1
    for cell in element:
        exact = PLACE.match(cell.get("r", ""))
        column = _column(exact[1]) if exact else column + 1
        text = show(cell)
        sheet.put(row, column, text)
        style = int(cell.get("s") or 0)
        if style < len(bold) and bold[style]:
            sheet.bold.add((row, column))
        formula = not text and cell.find("{*}f") is not None and not cell.findtext("{*}v")
        sheet.empty_formulas += formula and cell.get("t") != "str"


def _comments(part: Element) -> Iterator[tuple[str, str]]:
    """The comments on cells, each with the heading that tells its author and its cell."""
    authors = [author.text or "" for author in part.iter("{*}author")]
    for comment in part.iter("{*}comment"):
        number, text = comment.get("authorId", ""), one_line(_rich(comment), None)
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        known = "" if author.startswith("tc=") else author  # the name of a thread
        if text:
            told = text.removeprefix(f"{author}:").strip()
            yield comment_heading(known, f"cell {comment.get('ref', '')}"), told


def _text(cell: Element, strings: list[str], codes: list[str], since_1904: bool) -> str:
    """What a cell shows."""
    form, value = cell.get("t", "n"), cell.findtext("{*}v") or ""
    style = int(cell.get("s") or 0)
    code = codes[style] if style < len(codes) else ""
    if form == "s":
        return shown_text(strings[int(value)], code) if int(value or -1) < len(strings) else ""
    if form == "inlineStr":
        return shown_text(_rich(cell), code)
    if form == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(value, value)
    if form == "str":
        return shown_text(value, code)
    try:
        return shown(float(value), code, since_1904) if value and form == "n" else value
    except (ValueError, ArithmeticError):  # no number, or one that no format can show
        return value


def _area(reference: str) -> Area | None:
    """The rows and columns between two cells, such as A1:B2."""
    first, _, last = reference.partition(":")
    one, other = PLACE.match(first), PLACE.match(last)
    if not one or not other:
        return None
    return int(one[2]) - 1, _column(one[1]), int(other[2]) - 1, _column(other[1])


def _column(letters: str) -> int:
    """The number of a column, counted from 0, that is named by letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
