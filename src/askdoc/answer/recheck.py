"""Whether what an answer cites still stands in its sources: no index, model or network needed."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from askdoc.answer.citation import CODE
from askdoc.errors import BadInput, Unreadable
from askdoc.index.home import Home
from askdoc.index.manifest import given_in
from askdoc.ingest.files import load, path_of
from askdoc.types import Document

MARKER = re.compile(r"\[(\d+)\]")
SHOWN = 60  # characters of a quote that a finding shows
NEEDED = {"number": int, "source": str, "start": int, "end": int, "quote": str, "file_sha256": str}


def check(value: object, corpus: Path, home: Home | None = None) -> list[str]:
    """What does not hold of answers, a line each; empty when all does.

    ``value`` is the JSON of one answer, a list of them, or an exported conversation with them under
    ``answers``; ``home`` is where the index lies that holds documents that are no files. Raises
    BadInput for anything else.
    """
    answers = value.get("answers", [value]) if isinstance(value, Mapping) else value
    if not isinstance(answers, list) or not answers:
        raise BadInput("the file holds no answer: give it what `askdoc ask --json` printed")
    read: dict[str, Document | str] = {}
    return [f"{number}. {line}" for number, answer in enumerate(answers, 1)
            for line in _findings(answer, corpus, home, read)]  # fmt: skip


def _findings(
    answer: object, corpus: Path, home: Home | None, read: dict[str, Document | str]
) -> Iterator[str]:
    """What does not hold of one answer; ``read`` keeps the documents that were read for it."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("citations"), list):
        raise BadInput(f"{str(answer)[:80]} is no answer: it has no citations")
    text = CODE.sub("", str(answer.get("text", "")))
    citations = [_cited(cited) for cited in answer["citations"]]
    numbers = [cited["number"] for cited in citations]
    for number in sorted({int(marker) for marker in MARKER.findall(text)} | set(numbers)):
        if numbers.count(number) != 1:
            yield f"marker [{number}] has {numbers.count(number)} citations"
    for cited in citations:
        source = cited["source"]
        if source not in read:
            read[source] = _document(corpus, home, source)
        document = read[source]
        if isinstance(document, str):
            yield f"citation {cited['number']}: {source} {document}"
        else:
            yield from _changed(cited, document)


def _cited(cited: object) -> Mapping[str, Any]:
    """A citation that has what a citation needs; raises BadInput."""
    if not isinstance(cited, Mapping):
        raise BadInput(f"a citation of the file is no object: {str(cited)[:80]}")
    for name, kind in NEEDED.items():
        if not isinstance(cited.get(name), kind):
            raise BadInput(f"a citation of the file has no {name}: {str(cited)[:80]}")
    return cited


def _document(corpus: Path, home: Home | None, source: str) -> Document | str:
    """A document, or why there is none."""
    root = corpus.resolve()
    path = path_of(root, source)
    if not path.resolve().is_relative_to(root) or not path.is_file():
        for given in given_in(home, [source]) if home else ():
            return given
        return f"is not in {corpus}"
    try:
        return load(corpus, source)
    except Unreadable as error:
        return f"cannot be read: {error}"


def _changed(cited: Mapping[str, Any], document: Document) -> Iterator[str]:
    """How a document differs from the one that was cited."""
    number, start, end, quote = (cited[name] for name in ("number", "start", "end", "quote"))
    if document.text[max(0, start) : end] != quote or start < 0:
        words = " ".join(quote.split())[:SHOWN]
        at = document.text.find(quote) if quote else -1
        now = f"now stand at {at} to {at + len(quote)}" if at >= 0 else "are gone"
        yield f"citation {number}: {document.source}, {start} to {end}: “{words}” {now}"
    elif document.file_sha256 != cited["file_sha256"]:
        yield f"citation {number}: {document.source} has changed elsewhere; the words still stand"
