"""Presentations: a slide is a page, its title a heading; tables, charts and notes are read too."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lxml.etree

from askdoc.ingest.extract import NOTES, Composer, Extract, comment_heading, one_line
from askdoc.ingest.formats import office, properties
from askdoc.ingest.formats.html import telling
from askdoc.ingest.formats.numbering import Count, Level
from askdoc.ingest.formats.parts import parser
from askdoc.ingest.tables import Cell

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
NUMBERED = re.compile(r"(arabic|alphaLc|alphaUc|romanLc|romanUc)(Period|ParenR|ParenBoth|Plain)\Z")
FORMS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
if TYPE_CHECKING:
    from pptx.slide import Slide


def read(path: Path) -> Extract:
    """A presentation; the shapes of a slide come in the order of their places on it."""
    from pptx import Presentation  # where first used: few corpora should pay for it

    try:
        slides = list(Presentation(str(path)).slides)
        composer = Composer()
        hidden = [slide for slide in slides if slide.element.get("show") in ("0", "false")]
        for slide in slides:
            composer.turn_page()
            if slide not in hidden:
                _add(slide, composer)
    except MemoryError:
        raise
    # python-pptx has no root error, and a damaged file surfaces as whatever its parts raise.
    except Exception:  # noqa: BLE001
        return office.read(path)  # it forgives more, but knows no slides
    remark = f"left out: hidden slides ({len(hidden)})" if hidden else ""
    return replace(composer.extract(), remark=remark, metadata=properties.of_zip(path))


def _add(slide: "Slide", composer: Composer) -> None:
    """Adds a slide: its title, its other shapes, and its notes."""
    title = slide.shapes.title
    if title is not None:
        composer.add_heading(title.text_frame.text, 1)
    for shape in _in_order(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.has_text_frame:
            _add_text(shape, composer)
        elif told := telling(shape._element.xpath("string(.//p:cNvPr/@descr)")):
            composer.add(told)
        elif getattr(shape, "has_table", False):
            composer.add_table([_cells(row) for row in shape.table.rows])
        elif getattr(shape, "has_chart", False):
            _add_chart(shape.chart, composer)
    _add_remarks(slide, composer)


def _add_text(shape: Any, composer: Composer) -> None:
    """Adds the paragraphs of a shape; those with a bullet or a number are items."""
    from pptx.enum.shapes import PP_PLACEHOLDER

    counts, above = Count(), False
    several = sum(bool(each.text.strip()) for each in shape.text_frame.paragraphs) > 1
    # A placeholder has its bullets from its layout.
    listed = (
        several
        and shape.is_placeholder
        and shape.placeholder_format.type
        in (
            PP_PLACEHOLDER.BODY,
            PP_PLACEHOLDER.OBJECT,
        )
    )
    for paragraph in shape.text_frame.paragraphs:
        words = one_line(paragraph.text, None)
        if not words:
            continue
        counted = paragraph._p.find(f"{A}pPr/{A}buAutoNum")
        plain = paragraph._p.find(f"{A}pPr/{A}buNone") is not None
        bullet = paragraph._p.find(f"{A}pPr/{A}buChar") is not None or (listed and not plain)
        sign = "- " if bullet else ""
        if counted is None:
            counts.numbers.pop(paragraph.level, None)
        else:
            sign = counts.next({paragraph.level: _level(counted)}, paragraph.level)
        composer.add(f"{sign}{words}", parted_by="\n" if sign and above else "\n\n")
        above = bool(sign)


def _level(counted: Any) -> Level:
    """How the paragraphs of a slide are numbered: ``alphaLcParenR`` is a), b), c)."""
    kind = NUMBERED.match(counted.get("type", ""))
    form, signs = kind.groups() if kind else ("arabic", "Period")
    around = {"Period": "%1. ", "ParenR": "%1) ", "ParenBoth": "(%1) "}.get(signs, "%1 ")
    return Level(FORMS[form], around, int(counted.get("startAt", "1")))


def _add_remarks(slide: "Slide", composer: Composer) -> None:
    """Adds what is no part of what a slide shows: its speaker's notes, and comments on it."""
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        if notes:
            composer.add_heading(NOTES, 2)
            composer.add(notes)
    for heading, text in _comments(slide):
        composer.add_heading(heading, 2)
        composer.add(text)


def _comments(slide: "Slide") -> Iterator[tuple[str, str]]:
    """The comments on a slide, each with its heading."""
    authors: dict[str | None, str] = {}
    presentation = slide.part.package.presentation_part
    for relation in (*presentation.rels.values(), *slide.part.rels.values()):
        kind = relation.reltype.rpartition("/")[2]
        if kind in ("commentAuthors", "authors"):
            people = lxml.etree.fromstring(relation.target_part.blob, parser())
            authors |= {each.get("id"): each.get("name", "") for each in people}
        elif kind == "comments":
            for each in lxml.etree.fromstring(relation.target_part.blob, parser()).iter("{*}cm"):
                told = one_line(" ".join(each.xpath(".//text()")), None)
                yield comment_heading(authors.get(each.get("authorId"), "")), told


def _cells(row: Any) -> list[Cell]:
    """The cells of a table's row, without those that others cover."""
    return [
        Cell(cell.text, cell.span_height, cell.span_width)
        for cell in row.cells
        if not cell.is_spanned
    ]


def _add_chart(chart: Any, composer: Composer) -> None:
    """Adds the title and the numbers of a chart, a row for each category."""
    if chart.has_title and chart.chart_title.has_text_frame:
        composer.add(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        series = list(plot.series)
        columns = [map(str, column.values) for column in series]
        rows = zip(map(str, plot.categories), *columns, strict=False)
        composer.add_table([["", *(column.name for column in series)], *rows])


def _in_order(shapes: Any) -> Iterator[Any]:
    """The shapes of a slide from top to bottom, those in a group in its place."""
    from pptx.enum.shapes import MSO_SHAPE_TYPE

    # A placeholder without a place of its own keeps its turn.
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _in_order(shape.shapes)
        else:
            yield shape
