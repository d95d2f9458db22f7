"""The open document: its pages as pictures or its text, with the cited spans marked."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from askdoc.ingest.formats.pdf_pages import Box, Sheets
from askdoc.types import Document
from askdoc.web.viewer.layout import laid_out

Spans = Sequence[tuple[int, int]]


def as_text(document: Document, start: int, end: int, others: Spans, has_pages: bool) -> str:
    """A document's text, one span in focus and others marked; nothing in focus where it is empty.

    ``has_pages`` tells whether it can be shown as pages, too.
    """
    views = _views("text") if has_pages else ""
    return _head(document, start, views) + laid_out(document, start, end, others)


def as_pages(document: Document, sheets: Sheets, spans: Spans) -> str:
    """A PDF's pages, loaded when they come into view; the first of the spans is the one in focus.

    ``sheets`` has the boxes of the same spans.
    """
    boxes: dict[int, str] = {}
    for number, ((start, end), places) in enumerate(zip(spans, sheets.boxes, strict=True)):
        for line, (page, box) in enumerate(places):
            words = document.text[start:end] if line == 0 else ""
            boxes[page] = boxes.get(page, "") + _box(box, words, other=number > 0)
    pages = "".join(
        f'<figure class="sheet" style="aspect-ratio:{width:.0f}/{height:.0f}">'
        f'<img loading="lazy" alt="Page {page}" src="{_picture(document, page)}">'
        f"{boxes.get(page, '')}</figure>"
        for page, (width, height) in enumerate(sheets.sizes, 1)
    )
    start = spans[0][0] if spans else 0
    return f'{_head(document, start, _views("pages"))}<div class="sheets">{pages}</div>'


def _head(document: Document, start: int, views: str) -> str:
    """What is open and at which place."""
    page, heading = document.page_at(start), document.heading_at(start)
    where = [
        document.source,
        f"page {page} of {len(document.pages)}" if page else "",
        heading or "",
    ]
    original = f"/api/original?{urlencode({'source': document.source})}"
    original += f"#page={page}" if page else ""
    return (
        f'<header><h2 dir="auto">{escape(document.title)}</h2>'
        f'<p class="source"><bdi>{escape(", ".join(part for part in where if part))}</bdi> · '
        f'<a href="{escape(original)}" target="_blank" rel="noopener">Open the original</a></p>'
        f"{views}</header>"
    )


def _views(shown: str) -> str:
    """Buttons that change between pages and text."""
    buttons = "".join(
        f'<button type="button" class="view" data-view="{view}" '
        f'aria-pressed="{str(view == shown).lower()}">{view.capitalize()}</button>'
        for view in ("pages", "text")
    )
    return f'<div class="views" role="group" aria-label="Shown as">{buttons}</div>'


def _box(box: Box, words: str, other: bool) -> str:
    """A box on a page; the first of a span holds its words, for those who do not see the page."""
    left, top, width, height = (f"{100 * share:.2f}%" for share in box)
    place = f'style="left:{left};top:{top};width:{width};height:{height}"'
    if not words:
        return f'<span class="box{" other" if other else ""}" {place}></span>'
    if other:
        return f'<span role="mark" class="box other" {place}>{escape(words)}</span>'
    return f'<mark class="box" {place}>{escape(words)}</mark>'


def _picture(document: Document, page: int) -> str:
    """The address of a page's picture."""
    of = {"source": document.source, "number": page, "sha": document.file_sha256}
    return escape(f"/api/page?{urlencode(of)}")
