"""What stands on a PDF's page beside its content: the values of form fields, and notes."""

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from askdoc.ingest.extract import one_line

Place = tuple[float, float, float, float]
"""Left, bottom, right and top in the page's own space, in points."""

BOXES = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}
VALUES = {
    raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX
}  # fmt: skip
PASSWORD = 1 << 13  # of a field's flags
UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
NO_NOTES = {raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_WIDGET}


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in, or noted, at a place; ``name`` is the field's, None for a note."""

    text: str
    place: Place
    name: str | None = None


def filled(page: pypdfium2.PdfPage) -> Iterator[Filled]:
    """The values of a page's form fields and the texts of its notes, without what nobody sees."""
    form = page.formenv
    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        kind, flags = raw.FPDFAnnot_GetSubtype(annotation), raw.FPDFAnnot_GetFlags(annotation)
        box = raw.FS_RECTF()
        raw.FPDFAnnot_GetRect(annotation, box)
        place = (box.left, box.bottom, box.right, box.top)
        if not flags & UNSEEN and kind == raw.FPDF_ANNOT_WIDGET and form:
            name = _text(lambda *into: raw.FPDFAnnot_GetFormFieldName(form, annotation, *into))  # noqa: B023
            if text := _value(form, annotation):
                yield Filled(text, place, name)
        elif not flags & UNSEEN and kind not in NO_NOTES:
            text = _text(lambda *into: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", *into))  # noqa: B023
            if text:
                yield Filled(text, place)
        raw.FPDFPage_CloseAnnot(annotation)


def attached(pdf: pypdfium2.PdfDocument) -> str:
    """Which files a PDF holds that are not read, in words; empty where there are none."""
    names = [one_line(pdf.get_attachment(at).get_name()) for at in range(pdf.count_attachments())]
    return f"not read: what is attached to it ({', '.join(names)})" if names else ""


def _value(form: object, annotation: object) -> str:
    """The value of a field that is seen; a box's is ``☒`` or ``☐`` where it has no name."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    text = _text(lambda *into: raw.FPDFAnnot_GetFormFieldValue(form, annotation, *into))
    if kind in BOXES:
        checked = raw.FPDFAnnot_IsChecked(form, annotation)
        named = kind == raw.FPDF_FORMFIELD_CHECKBOX and text.isalpha()
        return text if named and checked else "☒" if checked else "☐"
    secret = raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & PASSWORD
    return text if kind in VALUES and not secret else ""


def _text(read: Callable[..., int]) -> str:
    """What a function of pdfium writes into a buffer, on one line."""
    length = read(None, 0)
    buffer = ctypes.create_string_buffer(length)
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    return one_line(buffer.raw[:length].decode("utf-16-le", "replace").replace("\0", " "), None)
