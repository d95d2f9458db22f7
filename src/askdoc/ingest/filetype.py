"""What a file is by its content: names lie, and a password leaves nothing to read."""

import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from askdoc.errors import Unreadable
from askdoc.ingest import limits
from askdoc.types import Status

if TYPE_CHECKING:
    from olefile import OleFileIO

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # what old Office files and encrypted new ones begin with
STREAMS = {
    ".doc": "WordDocument",
    ".xls": "Workbook",
    ".ppt": "PowerPoint Document",
    ".msg": "__properties_version1.0",
}
FOLDERS = {".docx": "word/", ".xlsx": "xl/", ".pptx": "ppt/"}
MIMETYPES = {
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
    b"application/vnd.oasis.opendocument.presentation": ".odp",
    b"application/epub+zip": ".epub",
}
BINARY = {*STREAMS, *FOLDERS, *MIMETYPES.values(), ".rtf", ".pdf"}
STARTS = {
    b"<!doctype html": ".html",
    b"<html": ".html",
    b"<table": ".html",
    b"<?xml": ".xml",
    b"mime-version:": ".eml",
}  # what programs save under the suffix of an Office file
LOCKED_SLIDES = bytes.fromhex("dfc4d1f3")  # how a .ppt marks that it is encrypted


def kind(path: Path) -> str:
    """The suffix that a file's content calls for; raises Unreadable when it needs a password."""
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(1024)
    if start.startswith(OLE):
        return _in_ole(path, suffix)
    if start.startswith(b"PK\x03\x04"):
        return _in_zip(path, suffix)
    if start.startswith(b"%PDF-"):
        return ".pdf"
    if start.startswith(b"{\\rtf"):
        return ".rtf"
    if suffix in BINARY:
        text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        return next((kind for mark, kind in STARTS.items() if text.startswith(mark)), suffix)
    return suffix


def _in_ole(path: Path, suffix: str) -> str:
    """The suffix that the streams of an OLE container call for."""
    import olefile  # where first used: few files need it

    kinds, locked = [], False
    # What it raises for a damaged container; the loader of the suffix tells what is wrong with it.
    damaged = suppress(OSError, ValueError, IndexError, TypeError)
    with damaged, olefile.OleFileIO(str(path)) as ole:
        locked = ole.exists("EncryptedPackage") or _is_locked(ole)
        kinds = [kind for kind, stream in STREAMS.items() if ole.exists(stream)]
    if locked or (not kinds and suffix in FOLDERS):
        raise Unreadable(Status.ENCRYPTED, "it needs a password")
    return suffix if suffix in kinds or not kinds else kinds[0]


def _is_locked(ole: "OleFileIO[str]") -> bool:
    """Whether an old Word or PowerPoint file says of itself that it is encrypted."""
    if ole.exists("WordDocument"):
        flags = ole.openstream("WordDocument").read(12)[11:]
        return bool(flags and flags[0] & 1)
    if ole.exists("Current User"):
        return bool(ole.openstream("Current User").read(16)[12:] == LOCKED_SLIDES)
    return False


def _in_zip(path: Path, suffix: str) -> str:
    """The suffix that the entries of a zip call for."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            more = sum(entry.file_size - entry.compress_size for entry in archive.infolist())
            limits.check(more // 1_000_000, limits.MEGABYTES, "megabytes more when unpacked")
            mimetype = archive.read("mimetype").strip() if "mimetype" in names else b""
            manifest = "META-INF/manifest.xml"
            locked = manifest in names and b"encryption-data" in archive.read(manifest)
    # A damaged zip raises anything; the loader of its suffix tells what is wrong with it.
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError, EOFError):
        return suffix
    if locked:
        raise Unreadable(Status.ENCRYPTED, "it needs a password")
    office = [kind for kind, folder in FOLDERS.items() if any(n.startswith(folder) for n in names)]
    return MIMETYPES.get(mimetype) or (office[0] if office and suffix not in office else suffix)
