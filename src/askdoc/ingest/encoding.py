"""Bytes to text: in the encoding that they name, or in the likeliest."""

import codecs
import re

from askdoc.errors import Unreadable
from askdoc.ingest.extract import clean
from askdoc.types import Status

DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
ESCAPED = re.compile(rb"\x1b\$[@AB]|\x1b\([BJ]")  # ISO-2022-JP is ASCII but for these
WIDER = {
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-1": "cp1252",
    "us-ascii": "cp1252",
}
STRAY = 0.05  # share of broken characters up to which a text is UTF-8 with some damage
FEW = 12  # characters beyond ASCII from which no encoding can be told
SPARSE = 0.1  # and their share of a text that is in Latin letters
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> str:
    """The text of bytes in the encoding that they name, in UTF-8, or in what they look most like.

    Raises Unreadable when they look like no text at all.
    """
    for encoding in _named(data):
        try:
            return clean(data.decode(encoding).removeprefix("\ufeff"))
        except (UnicodeError, LookupError):
            continue
    damaged = data.decode("utf-8", "replace")
    broken = damaged.count("\ufffd")
    beyond = sum(character > "\x7f" for character in damaged)
    if broken <= STRAY * beyond or (broken <= FEW and 2 * broken <= beyond):
        return clean(damaged.removeprefix("\ufeff"))
    if beyond <= FEW and beyond <= SPARSE * len(damaged):  # too little to tell by
        return clean(data.decode("cp1252", "replace"))
    from charset_normalizer import from_bytes  # imported where first used, which is seldom

    best = from_bytes(data).best()
    if best is None:
        raise Unreadable(Status.FAILED, "its bytes are not text in any known encoding")
    return clean(str(best))


def _named(data: bytes) -> list[str]:
    """The encodings to try first: by byte order mark, by escapes, UTF-8, and as declared."""
    marked = [encoding for mark, encoding in MARKS if data.startswith(mark)]
    if marked:
        return marked[:1]
    names = ["iso2022_jp_ext"] if ESCAPED.search(data) else []
    odd, even = data[1:1024:2].count(0), data[0:1024:2].count(0)
    if max(odd, even) > max(4 * min(odd, even), len(data[:1024]) // 8):  # UTF-16 without its mark
        names.append("utf-16-le" if odd > even else "utf-16-be")
    declared = DECLARED.search(data[:2048]) if data.lstrip()[:1] == b"<" else None
    names.append("utf-8")
    if declared:
        names.append(codec(declared[1].decode("ascii", "replace")))
    return names


def codec(name: str) -> str:
    """The codec for an encoding's name in a page or a message: browsers read some more widely."""
    name = name.lower().removesuffix("-i")
    return WIDER.get(name, name)
