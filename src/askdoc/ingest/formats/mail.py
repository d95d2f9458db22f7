"""E-mail: who wrote what to whom; a mailbox is a document with a heading for each message."""

import mailbox
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from itertools import chain
from pathlib import Path

from askdoc.errors import Unreadable
from askdoc.ingest.encoding import codec, decode
from askdoc.ingest.extract import ENVELOPE, Composer, Extract, clean, one_line
from askdoc.ingest.formats import html, properties, quoted
from askdoc.types import Status

SHOWN = ("From", "To", "Cc", "Date")
SEALED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
RICHER = 1.5  # times the letters of the plain text: then the HTML of a message says more


def read(path: Path) -> Extract:
    """A message with its text and the names of its attachments; its title is its subject."""
    data = path.read_bytes()
    if b"\0" in data[:1024]:  # saved in UTF-16, which no parser of messages expects
        data = decode(data).encode()
    message = message_from_bytes(data.lstrip())
    composer = Composer()
    if not _add(message, composer):
        if any(part.get_content_type() in SEALED for part in message.walk()):
            raise Unreadable(Status.ENCRYPTED, "its text is sealed for its receiver")
        if not message.keys():
            composer.add(decode(data))
    extract = composer.extract(_header(message, "Subject"))
    return replace(extract, metadata=properties.of_message(message))


def read_mailbox(path: Path) -> Extract:
    """All messages of a mailbox, each under its subject."""
    composer = Composer()
    messages = mailbox.mbox(path, create=False)
    for key in messages.iterkeys():  # one by one, since no line between two has to be ASCII
        _add(message_from_bytes(messages.get_bytes(key)), composer)
    if not composer.length:  # no line that begins a message
        composer.add(decode(path.read_bytes()))
    return Extract(composer.text, blocks=tuple(composer.blocks), hidden=composer.hidden)


def _add(message: Message, composer: Composer) -> bool:
    """Adds a message: its subject, its parts, then its other headers; whether any part had text."""
    composer.add_heading(_header(message, "Subject"), 1)
    before = composer.length
    for part in _parts(message):
        composer.add_extract(part, deeper=1)
    any_text = composer.length > before
    lines = [f"{name}: {value}" for name in SHOWN if (value := _header(message, name))]
    if lines:  # below the text: no sentence of it, but what a question may ask for
        composer.add_heading(ENVELOPE, 2)
    composer.add("\n".join(lines))
    return any_text


def _parts(message: Message) -> Iterator[Extract]:
    """The texts of a message in order, and a line for each attachment that is no text."""
    kind, inside = message.get_content_type(), message.get_payload()
    if kind == "message/rfc822" and isinstance(inside, list) and isinstance(inside[0], Message):
        forwarded = Composer()
        _add(inside[0], forwarded)
        yield Extract(forwarded.text, blocks=tuple(forwarded.blocks), hidden=forwarded.hidden)
    elif isinstance(inside, list):
        parts = [list(_parts(part)) for part in inside if isinstance(part, Message)]
        if kind == "multipart/alternative":
            parts = [_richest(parts)]
        yield from chain.from_iterable(parts)
    elif message.get_content_maintype() in ("text", "multipart"):
        text = _text(message)
        markup = kind == "text/html" and text.strip()
        yield html.from_markup(text, quoted.mark) if markup else quoted.read(text)
    elif message.get_filename() and kind not in SEALED:
        yield Extract(f"Attachment: {one_line(_decoded(message.get_filename() or ''))}")


def _richest(versions: list[list[Extract]]) -> list[Extract]:
    """The first version of a message, or a later one that says clearly more."""
    best, most = list[Extract](), 0
    for version in versions:
        letters = sum(map(str.isalnum, "".join(part.text for part in version)))
        if letters > RICHER * most:
            best, most = version, letters
    return best


def _text(message: Message) -> str:
    """The text of a part in the encoding that it names, or the one it looks most like."""
    data = message.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return clean(data.decode(codec(str(message.get_content_charset() or "utf-8"))))
    except (LookupError, ValueError):
        return decode(data)


def _header(message: Message, name: str) -> str:
    """A header on one line, its encoded words decoded; empty where there is none."""
    return one_line(_decoded(str(message.get(name, ""))), 1000)


def _decoded(value: str) -> str:
    """A header's value with its encoded words decoded, or as it is where they are damaged."""
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, HeaderParseError):
        return value
