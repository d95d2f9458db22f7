"""Subtitles: what is said in whole sentences, under the time at which it begins."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import Composer, Extract, one_line
from askdoc.ingest.formats.text import verbatim

CLOCK = r"(?:\d+:)?\d{1,2}:\d\d[.,]\d{1,3}"
CUE = re.compile(rf"[ \t]*({CLOCK})[ \t]*-->[ \t]*({CLOCK})[^\n]*\n((?:[^\n]*\S[^\n]*(?:\n|\Z))*)")
VOICE = re.compile(r"<v(?:\.[^ >]*)?[ \t]+([^>]+)>")
TAG = re.compile(r"</?(?:[ibucv]|font|lang|ruby|rt)(?:[ .][^>]*)?>|<[\d:.]+>|\{\\[^}]*\}", re.I)
ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]]*\Z")
ENOUGH = 200  # characters under one time, from which the end of a sentence ends them
MOST = 600  # characters after which any end of a cue does
SILENCE = 5.0  # seconds that part what is said


def read(path: Path) -> Extract:
    """What is said, its time above it as a heading; what has no times, as it stands."""
    text = decode(path.read_bytes())
    composer = Composer()
    began, said, last = "", "", 0.0
    for start, end, words in _cues(text, path.suffix.lower() == ".vtt"):
        done = ENDS.search(said) and len(said) >= ENOUGH
        if said and (done or len(said) >= MOST or _seconds(start) - last > SILENCE):
            _add(began, said, composer)
            said = ""
        began, said, last = began if said else start, f"{said} {words}".strip(), _seconds(end)
    _add(began, said, composer)
    if not composer.length:
        return verbatim(text)
    return Extract(composer.text, blocks=tuple(composer.blocks))


def _cues(text: str, marked_up: bool) -> Iterator[tuple[str, str, str]]:
    """The start, the end and the words of each cue; a speaker is named before what is said."""
    for cue in CUE.finditer(text):
        words = TAG.sub("", VOICE.sub(r"\1: ", cue[3]))
        if words := one_line(html.unescape(words) if marked_up else words, None):
            yield cue[1], cue[2], words


def _add(began: str, said: str, composer: Composer) -> None:
    """Adds what is said from one time on."""
    if said:
        composer.add_heading(f"At {re.split('[.,]', began)[0]}", 6)
        composer.add(said)


def _seconds(clock: str) -> float:
    """The seconds of a time."""
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total
