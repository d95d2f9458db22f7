"""OpenDocument: texts by way of the markup of a page, and workbooks as they are shown."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import lxml.etree

from askdoc.errors import Unreadable
from askdoc.ingest.extract import MARGINS, NOTES, Composer, Extract, comment_heading, one_line
from askdoc.ingest.formats import html, opendocument_numbers, properties, sheets
from askdoc.ingest.formats.opendocument_numbers import STYLE, TEXT
from askdoc.ingest.formats.parts import Element, opened, root
from askdoc.ingest.formats.sheets import Sheet
from askdoc.types import Status

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
FONT = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
NOTE = f"{TEXT}note"
SPACES = (f"{TEXT}s", f"{TEXT}tab")
TAGS = {
    f"{TEXT}p": "p",
    f"{TEXT}list": "ul",
    f"{TEXT}list-item": "li",
    f"{TEXT}list-header": "li",
    f"{TEXT}line-break": "br",
    f"{TEXT}section": "div",
    f"{TABLE}table": "table",
    f"{TABLE}table-header-rows": "thead",
    f"{TABLE}table-row": "tr",
    f"{TABLE}table-cell": "td",
}
"""What OpenDocument calls a thing -> what a page calls it."""
SPANS = {"rowspan": "rows", "colspan": "columns"}
UNSEEN = (
    f"{TEXT}note-citation",
    f"{OFFICE}annotation",
    f"{OFFICE}annotation-end",
    f"{TEXT}hidden-paragraph",
    f"{TEXT}hidden-text",
    f"{TEXT}sequence-decls",
)
MOST_REPEATED = 1000  # times that a file may say that a cell or a row is there again


def read_text(path: Path) -> Extract:
    """An OpenDocument text with its headings, lists and tables, by way of the markup of a page.

    Notes, and the texts in its margins, each once, stand below the text: they would break a
    sentence in two.
    """
    with opened(path) as archive:
        content = root(archive, "content.xml")
        named = "styles.xml" in archive.namelist()
        styles = [root(archive, "styles.xml")] if named else []
    body = next(content.iter(f"{OFFICE}text"), None)
    if body is None:
        raise Unreadable(Status.FAILED, "it holds no text document")
    margins = {
        words: None
        for part in styles
        for page in part.iter(f"{STYLE}master-page")
        for paragraph in page.iter(f"{TEXT}p")
        if any(map(str.isalpha, words := one_line(_words(paragraph), None)))
    }
    composer = Composer()
    body_text = _read(body, content, *styles)
    composer.add_extract(body_text)
    composer.add_heading(MARGINS if margins else "", 2)
    composer.add("\n\n".join(margins))
    return replace(composer.extract(body_text.title), metadata=properties.of_zip(path))


def read_slides(path: Path) -> Extract:
    """An OpenDocument presentation, a slide a page; those that are hidden are left out."""
    with opened(path) as archive:
        content = root(archive, "content.xml")
    composer, hidden = Composer(), 0
    away = _styles(content, f"{PRESENTATION}visibility", "hidden")
    for page in content.iter(f"{DRAW}page"):
        composer.turn_page()
        if page.get(f"{DRAW}style-name", "") in away:
            hidden += 1
            continue
        notes = page.find(f"{PRESENTATION}notes")
        for title in page.iterfind(f"{DRAW}frame[@{PRESENTATION}class='title']"):
            for paragraph in list(title.iter(f"{TEXT}p")):
                paragraph.tag = f"{TEXT}h"
        if notes is not None:
            page.remove(notes)
        composer.add_extract(_read(page, content))
        said = [_words(each) for each in notes.iter(f"{TEXT}p")] if notes is not None else []
        composer.add_heading(NOTES if any(map(str.strip, said)) else "", 2)
        composer.add("\n".join(said))
    remark = f"left out: hidden slides ({hidden})" if hidden else ""
    return replace(composer.extract(), remark=remark, metadata=properties.of_zip(path))


def _read(body: Element, *styles: Element) -> Extract:
    """A part of a document by way of the markup of a page; ``styles`` has those of its lists."""
    lxml.etree.strip_elements(body, f"{TEXT}tracked-changes", with_tail=False)
    comments = [_comment(each) for each in body.iter(f"{OFFICE}annotation")]
    for section in list(body.iter(f"{TEXT}section")):
        if section.get(f"{TEXT}display") == "none":
            section.clear()
    lxml.etree.strip_elements(body, *UNSEEN, with_tail=False)
    opendocument_numbers.tell(body, *styles)
    for frame in list(body.iter(f"{DRAW}frame")):
        _unbox(frame)
    for note in list(body.iter(NOTE)):
        body.extend(list(note.iter(f"{TEXT}p")))
    lxml.etree.strip_elements(body, NOTE, with_tail=False)
    for element in list(body.iter(lxml.etree.Element)):
        _rename(element)
    for heading, text in comments:
        lxml.etree.SubElement(body, "h2").text = heading
        lxml.etree.SubElement(body, "p").text = text
    lxml.etree.cleanup_namespaces(body)
    return html.from_markup(lxml.etree.tostring(body, method="html", encoding="unicode"))


def _unbox(frame: Element) -> None:
    """Puts what a text box holds below the paragraph that it is anchored in."""
    anchor, box = next(frame.iterancestors(f"{TEXT}p"), None), frame.find(f"{DRAW}text-box")
    if anchor is not None and box is not None:
        tail, anchor_tail = frame.tail, anchor.tail
        box.tag, box.tail, anchor.tail = f"{TEXT}section", anchor_tail, None
        anchor.addnext(box)
        frame.clear()
        frame.tail = tail


def _rename(element: Element) -> None:
    """Gives an element the name that a page has for it; what it does not know is running text."""
    tag, level = str(element.tag), element.get(f"{TEXT}outline-level", "1")
    title = element.get(f"{TEXT}style-name") == "Title"
    if tag in SPACES:
        element.text = " "
    if tag == f"{TEXT}h" or title:
        element.tag = f"h{min(int(level), 6) if level.isdigit() else 6}"
    else:
        element.tag = TAGS.get(tag, "span")
    spans = {name: element.get(f"{TABLE}number-{of}-spanned") for name, of in SPANS.items()}
    element.attrib.clear()
    element.attrib.update({name: count for name, count in spans.items() if count})


def read_workbook(path: Path) -> Extract:
    """An OpenDocument workbook, whose cells hold what they show."""
    return sheets.read(path, _sheets)


def _sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets of a workbook."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        content = root(archive, "content.xml")
    hidden = _styles(content, f"{TABLE}display", "false")
    bold = _styles(content, f"{FONT}font-weight", "bold")
    for table in content.iter(f"{TABLE}table"):
        sheet = Sheet(table.get(f"{TABLE}name", ""), table.get(f"{TABLE}style-name", "") in hidden)
        column = 0
        for each in table.iter(f"{TABLE}table-column"):
            last = column + _times(each, "columns") - 1
            if each.get(f"{TABLE}visibility", "visible") != "visible":
                sheet.hidden_columns.append((column, last))
            column = last + 1
        row = 0
        for line in table.iter(f"{TABLE}table-row"):
            times = _times(line, "rows")
            for number in range(row, row + min(times, MOST_REPEATED)):
                _row(sheet, line, number, bold)
            if line.get(f"{TABLE}visibility", "visible") != "visible":
                sheet.hidden_rows.update(range(row, row + min(times, MOST_REPEATED)))
            row += times
        yield sheet


def _styles(content: Element, name: str, value: str) -> set[str | None]:
    """The names of the styles that have such a property."""
    return {
        style.get(f"{{{style.nsmap['style']}}}name")
        for style in content.iter("{*}style")
        if any(each.get(name) == value for each in style)
    }


def _row(sheet: Sheet, line: Element, row: int, bold: set[str | None]) -> None:
    """Puts a row of an OpenDocument table into its sheet."""
    column = 0
    for cell in line.iter(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
        times = _times(cell, "columns")
        down, right = (
            int(cell.get(f"{TABLE}number-{of}-spanned", "1")) for of in ("rows", "columns")
        )
        if down * right > 1:
            sheet.merged.append((row, column, row + down - 1, column + right - 1))
        text = "\n".join(_words(each) for each in cell.iterchildren(f"{TEXT}p"))
        if text and cell.tag == f"{TABLE}table-cell":
            for at in range(column, column + min(times, MOST_REPEATED)):
                sheet.put(row, at, text)
                if cell.get(f"{TABLE}style-name", "") in bold:
                    sheet.bold.add((row, at))
        for note in cell.iterchildren(f"{OFFICE}annotation"):
            sheet.comments.append(_comment(note))
        column += times


def _times(element: Element, of: str) -> int:
    """How many columns or rows an element stands for."""
    return max(1, int(element.get(f"{TABLE}number-{of}-repeated", "1")))


def _comment(note: Element) -> tuple[str, str]:
    """The heading of a comment, and its text."""
    told = one_line(" ".join(_words(each) for each in note.iter(f"{TEXT}p")), None)
    return comment_heading(note.findtext("{*}creator") or ""), told


def _words(paragraph: Element) -> str:
    """The text of a paragraph, its spaces and tabs written out."""
    for space in paragraph.iter(*SPACES, f"{TEXT}line-break"):
        space.text = " "
    return "".join(paragraph.itertext())
