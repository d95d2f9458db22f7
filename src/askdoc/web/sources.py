"""The routes that show a document: its text with the cited spans marked, and the file itself."""

import re

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse

from askdoc.assistant import Assistant
from askdoc.errors import BadInput
from askdoc.types import Document
from askdoc.web import render

SPAN = re.compile(r"(\d{1,12})-(\d{1,12})")


def routes(assistant: Assistant) -> APIRouter:
    """``/api/document`` and ``/api/original``."""
    router = APIRouter(prefix="/api")

    @router.get("/document", response_class=HTMLResponse)
    def document(source: str, start: int, end: int, sha: str = "", others: str = "") -> str:
        """A document as HTML, one span of it in focus; ``sha`` is of the text that was cited.

        ``others`` are further spans to mark, as in ``10-20,35-60``.
        """
        found = _found(assistant, source)
        if sha and sha != found.text_sha256:
            raise HTTPException(409, f"{source} has changed since it was cited")
        if not 0 <= start < end <= len(found.text):
            raise HTTPException(422, f"{source} has no characters {start} to {end}")
        spans = [(int(first), int(last)) for first, last in SPAN.findall(others)]
        return render.document(found, start, end, spans)

    @router.get("/original")
    def original(source: str) -> FileResponse:
        """A document's file: a PDF to look at, any other to keep, since it may hold scripts."""
        path = assistant.settings.corpus / _found(assistant, source).source
        if not path.is_file():
            raise HTTPException(404, f"{source} is not in the folder any more")
        if path.suffix.lower() == ".pdf":
            return FileResponse(path, media_type="application/pdf")
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)

    return router


def _found(assistant: Assistant, source: str) -> Document:
    try:
        return assistant.document(source)
    except BadInput as error:
        raise HTTPException(404, str(error)) from error
