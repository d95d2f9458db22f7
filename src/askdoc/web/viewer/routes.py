"""The routes that show a document: its cited spans marked, its pages, and the file itself."""

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, TypeVar

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError, BadInput, Unreadable
from askdoc.ingest.files import file_sha256, path_of
from askdoc.ingest.filetype import PICTURES
from askdoc.ingest.formats import pdf_pages
from askdoc.ingest.formats.pdf_pages import Sheets
from askdoc.ingest.worker import CRASHED, OUT_OF_MEMORY, Failure, Worker
from askdoc.types import Document, Status
from askdoc.web.outline import outline
from askdoc.web.viewer import panel

SPAN = re.compile(r"(\d{1,12})-(\d{1,12})")
PAGED = (".pdf", *PICTURES)
SECONDS = 10.0  # that drawing a page may take
T = TypeVar("T")
KEEP = {"cache-control": "private, max-age=86400"}  # the address names the file's hash


class Picture(Response):
    """A page as it is seen."""

    media_type = "image/jpeg"


def routes(assistant: Assistant) -> APIRouter:
    """``/api/document``, ``/api/page`` and ``/api/original``."""
    router = APIRouter(prefix="/api")
    pages = Pages(assistant)
    pages.start()

    @router.get("/document", response_class=HTMLResponse)
    def document(
        source: str,
        start: int = 0,
        end: int = 0,
        sha: str = "",
        others: str = "",
        view: Literal["pages", "text"] = "pages",
    ) -> str:
        """A document as HTML, one span of it in focus; ``sha`` is of the text that was cited.

        ``others`` are further spans to mark, as in ``10-20,35-60``. A PDF is shown as pages where
        the words can be found on them, unless its text is asked for.
        """
        opened = _document(assistant, source)
        _check(opened, start, end, sha)
        focus, spans = [(start, end)] if start < end else [], _spans(others, len(opened.text))
        sheets = pages.sheets(opened, [*focus, *spans])
        shown = outline(assistant, opened, summed_up=not focus)
        if sheets and view == "pages":
            return panel.as_pages(shown, sheets, [*focus, *spans])
        return panel.as_text(shown, start, end, spans, has_pages=bool(sheets))

    @router.get("/page", response_class=Picture)
    def page(source: str, number: int, sha: str = "") -> Picture:
        """A page of a PDF, counted from 1, as a JPEG; ``sha`` is of the file that is meant."""
        opened = _document(assistant, source)
        if sha and sha != opened.file_sha256:
            raise HTTPException(409, f"{source} has changed")
        try:
            return Picture(pages.picture(opened, number), headers=KEEP)
        except Unreadable as error:
            raise HTTPException(404, f"{source}: {error.why}") from error

    @router.get("/original", response_class=FileResponse)
    def original(source: str) -> Response:
        """A document's file: a PDF to look at, any other to keep, since it may hold scripts.

        Of a document that is no file, its text.
        """
        opened = _document(assistant, source)
        if opened.source in assistant.index.given():
            keep = {"content-disposition": "attachment"}
            return Response(opened.text, media_type="text/plain; charset=utf-8", headers=keep)
        path = path_of(assistant.settings.corpus, opened.source)
        if not path.is_file():
            raise HTTPException(404, f"{source} is not in the folder any more")
        if path.suffix.lower() == ".pdf":
            return FileResponse(path, media_type="application/pdf")
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)

    return router


class Pages:
    """Draws the pages of PDFs, one at a time, in a process that a hostile file may take down.

    A file that has done so, or took too long, is not drawn again.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._index = assistant.index
        self._worker = Worker(SECONDS)
        self._lock = threading.Lock()
        self._hostile: dict[str, Failure] = {}  # by the hash of the file

    def start(self) -> None:
        """Has the process there before a PDF is opened, in a thread, where the index has one."""
        if any(file.source.lower().endswith(PAGED) for file in self._index.reports()):
            threading.Thread(target=self._start, daemon=True).start()

    def _start(self) -> None:
        with suppress(AskdocError), self._lock:  # what hinders it is told with a document
            self._worker.start()

    def sheets(self, document: Document, spans: panel.Spans) -> Sheets | None:
        """The sizes of a PDF's pages, and the boxes of spans.

        None where there are no pages to draw, where the file is not the one that was read, and
        where the words of the first span are not found on them.
        """
        path = path_of(self._index.corpus, document.source)
        if not document.pages or not document.source.lower().endswith(PAGED):
            return None
        try:
            if file_sha256(path) != document.file_sha256:
                return None
            sheets = self._run(document, pdf_pages.sheets, document.text, document.pages, spans)
        except (OSError, Unreadable):
            return None
        return sheets if not spans or sheets.boxes[0] else None

    def picture(self, document: Document, number: int) -> bytes:
        """A page as a JPEG; raises Unreadable."""
        return self._run(document, pdf_pages.picture, number)

    def _run(self, document: Document, task: Callable[..., T], *arguments: object) -> T:
        """What a task makes of a document's file; raises Unreadable."""
        with self._lock:
            if document.file_sha256 in self._hostile:
                raise Unreadable(*self._hostile[document.file_sha256])
            try:
                return self._worker.run(
                    task, path_of(self._index.corpus, document.source), *arguments
                )
            except Unreadable as error:
                failure = error.status, error.why
                if error.status is Status.TOOK_TOO_LONG or failure in (CRASHED, OUT_OF_MEMORY):
                    self._hostile[document.file_sha256] = failure
                raise


def _check(document: Document, start: int, end: int, sha: str) -> None:
    """Raises HTTPException for a span that the document does not have, or not any more."""
    if sha and sha != document.text_sha256:
        raise HTTPException(409, "This document has changed since it was cited: ask again.")
    if (start or end) and not 0 <= start < end <= len(document.text):
        raise HTTPException(422, f"{document.source} has no characters {start} to {end}")


def _spans(others: str, length: int) -> list[tuple[int, int]]:
    """The spans of a request that a text of this length has."""
    spans = [(int(first), int(last)) for first, last in SPAN.findall(others)]
    return [(first, last) for first, last in spans if first < last <= length]


def _document(assistant: Assistant, source: str) -> Document:
    """A document of the index; raises HTTPException where there is none."""
    try:
        return assistant.document(source)
    except BadInput as error:
        raise HTTPException(404, str(error)) from error
