"""The open document: its pages as pictures or its text, with the cited spans marked."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from askdoc.ingest.formats.layout import Box
from askdoc.ingest.formats.pdf_pages import Sheets
from askdoc.types import Document
from askdoc.web.outline import Outline
from askdoc.web.templating import render
from askdoc.web.viewer.layout import laid_out

SHOWN = 1000  # pages around the one in focus
Spans = Sequence[tuple[int, int]]


def as_text(outline: Outline, start: int, end: int, others: Spans, has_pages: bool) -> str:
    """A document's text, one span in focus and others marked; nothing in focus where it is empty.

    ``has_pages`` tells whether it can be shown as pages, too.
    """
    text = laid_out(outline.document, start, end, others)
    return _shown(outline, start, view="text" if has_pages else "", text=text, sheets=())


def as_pages(outline: Outline, sheets: Sheets, spans: Spans) -> str:
    """A PDF's pages, loaded when they come into view; the first of the spans is the one in focus.

    ``sheets`` has the boxes of the same spans. Of very many pages those around it are shown.
    """
    document = outline.document
    boxes: dict[int, list[dict[str, Any]]] = {}
    for number, ((start, end), lines) in enumerate(zip(spans, sheets.boxes, strict=True)):
        words = document.text[start:end]
        for line, (page, box) in enumerate(lines):
            shown = {"style": _style(box), "words": "" if line else words, "other": number > 0}
            boxes.setdefault(page, []).append(shown)
    focus = (document.page_at(spans[0][0]) if spans else None) or 1
    first = max(0, min(focus - SHOWN // 2, len(sheets.sizes) - SHOWN))
    pages = [
        {
            "number": page,
            "size": f"{width:.0f}/{height:.0f}",
            "picture": _address("page", document, number=page, sha=document.file_sha256),
            "boxes": boxes.get(page, []),
        }
        for page, (width, height) in enumerate(sheets.sizes[first : first + SHOWN], first + 1)
    ]
    return _shown(outline, spans[0][0] if spans else 0, view="pages", text="", sheets=pages)


def _shown(outline: Outline, start: int, **values: Any) -> str:
    """What is open and at which place, its outline, and the document below."""
    document = outline.document
    page = document.page_at(start)
    where = (
        document.source,
        f"page {page} of {len(document.pages)}" if page else "",
        document.heading_at(start),
    )
    return render(
        "document",
        outline=outline,
        document=document,
        where=", ".join(part for part in where if part),
        original=_address("original", document) + (f"#page={page}" if page else ""),
        **values,
    )


def _address(route: str, document: Document, **more: object) -> str:
    """The address, from the page, of a route that is about a document."""
    return f"api/{route}?{urlencode({'source': document.source, **more})}"


def _style(box: Box) -> str:
    """Where a box is on its page."""
    left, top, width, height = (f"{100 * share:.2f}%" for share in box)
    return f"left:{left};top:{top};width:{width};height:{height}"
