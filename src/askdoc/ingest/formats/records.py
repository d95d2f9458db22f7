"""JSON: each record on a line with the names of its values, its escapes decoded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import Composer, Extract, clean, one_line
from askdoc.ingest.formats.text import verbatim

SHORT = 200  # characters of a value that stands in its record's line; a longer one is a text
WHOLE = 600  # characters of a record that is told on one line with all inside it
DEEPEST = 100  # containers in each other; what is deeper is told as it stands


def read(path: Path) -> Extract:
    """The values of a JSON file, or of one with a record a line; what is neither, as it stands."""
    text = decode(path.read_bytes())
    composer = Composer()
    try:
        _walk(_parsed(text), (), composer)
    except (ValueError, RecursionError):
        return verbatim(text)
    return Extract(composer.text, blocks=tuple(composer.blocks))


def _parsed(text: str) -> Any:
    """The values of a text, its numbers as they are written; raises ValueError for none."""
    loads = json.JSONDecoder(parse_float=str, parse_int=str).decode
    try:
        return loads(text)
    except json.JSONDecodeError:
        return [loads(line) for line in text.splitlines() if line.strip()]


def _walk(value: Any, path: tuple[str, ...], composer: Composer) -> None:
    """Adds a value: a record on a line, what is long or has much in it under a heading."""
    if len(path) > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, list) and not _is_plain(value):
        for each in value:
            _walk(each, path, composer)
        return
    if not isinstance(value, dict):
        _tell(value, composer)
        return
    flat = list(_flat(value))
    whole = len("".join(name + words for name, words in flat)) <= WHOLE
    if whole and all(_is_short(words) for _, words in flat):
        composer.add_record(_line(flat))
        return
    own = {name: each for name, each in value.items() if _is_plain(each)}
    short = [(name, words) for name, words in _flat(own) if _is_short(words)]
    composer.add_record(_line(short))
    names = {name for name, _ in short}
    for name, each in value.items():
        if name not in names and each not in (None, "", [], {}):
            composer.add_heading(" › ".join((*path, name)), min(len(path) + 1, 6))
            _walk(each, (*path, name), composer)


def _tell(value: Any, composer: Composer) -> None:
    """Adds a value that has no name of its own."""
    words = _words(value)
    if _is_short(words):
        composer.add_record(words)
    else:
        composer.add(words)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The values inside of one, each with the way to it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _flat(each, f"{path}.{name}" if path else name)
    elif _is_plain(value):
        if words := _words(value):
            yield path, words
    else:
        for number, each in enumerate(value, 1):
            yield from _flat(each, f"{path}.{number}")


def _is_plain(value: Any) -> bool:
    """Whether a value has no names inside it."""
    inside = value if isinstance(value, list) else [value]
    return not any(isinstance(each, dict | list) for each in inside)


def _is_short(words: str) -> bool:
    return len(words) <= SHORT and "\n" not in words.strip()


def _words(value: Any) -> str:
    """A value in words; nothing for what is null."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_words, value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else clean(str(value))


def _line(values: list[tuple[str, str]]) -> str:
    """A record on a line."""
    return "; ".join(f"{name}: {one_line(words, None)}" for name, words in values)
