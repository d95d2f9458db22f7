"""The questions of a set, checked against the corpus line by line before anything is asked."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askdoc.assistant import LONGEST_QUESTION
from askdoc.errors import BadInput
from askdoc.evaluation.metrics import Span
from askdoc.index.index import Index
from askdoc.types import Document

NAMED = 5  # lines that a message names
SHORT = 12  # words of an answer that can be looked for word by word
SHOWN = 60  # characters of a value that it shows
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # JSON's way to write half of a character
ROLES = {"user": "user", "human": "user", "assistant": "assistant", "agent": "assistant"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A piece of evidence, and every place in its document where its words stand."""

    text: str
    places: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is known of its answer.

    ``answerable`` is None where nobody has said; ``relevant`` are sources; ``kind`` is any word
    that tells questions apart.
    """

    id: str
    question: str
    history: tuple[Mapping[str, str], ...] = ()
    answerable: bool | None = None
    answers: tuple[str, ...] = ()
    must_include: tuple[str, ...] = ()
    relevant: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    kind: str = ""
    split: str = ""

    @property
    def short_answers(self) -> tuple[str, ...]:
        """The answers that can be looked for word by word; nobody says long ones the same way."""
        return tuple(answer for answer in self.answers if len(answer.split()) <= SHORT)

    @property
    def evidence(self) -> list[Span]:
        """Every place of every fact."""
        return [place for fact in self.facts for place in fact.places]


class Corpus:
    """The documents that questions are about, by the ids that their set gives them.

    ``sources`` maps these ids to sources; by default a source is its own id.
    """

    def __init__(self, index: Index, sources: Mapping[str, str] | None = None) -> None:
        read = {file_report.source for file_report in index.reports() if file_report.passages}
        self.sources = sources or {source: source for source in sorted(read)}
        self._documents = {
            source: index.document(source) for source in self.sources.values() if source in read
        }

    def __contains__(self, source: object) -> bool:
        return source in self._documents

    def __len__(self) -> int:
        return len(self._documents)

    def document(self, source: str) -> Document:
        """A document as it was indexed."""
        return self._documents[source]

    def titled(self, title: str) -> list[str]:
        """The ids of the documents of a title."""
        return [
            id
            for id, source in self.sources.items()
            if source in self and self._documents[source].title == title
        ]

    @property
    def sha256(self) -> str:
        """A hash of every source and the hash of its text: the same text, the same corpus."""
        lines = sorted(f"{source} {d.text_sha256}\n" for source, d in self._documents.items())
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def questions(path: Path, corpus: Corpus) -> list[Question]:
    """The questions of a JSON Lines file.

    Raises BadInput, which names the first lines that are wrong and what is wrong with them.
    """
    found: list[Question] = []
    wrong: list[str] = []
    lines: dict[str, int] = {}
    for number, line in _lines(path):
        try:
            question = question_of(_row(line), corpus)
            if question.id in lines:
                raise BadInput(f"its id {_short(question.id)} is that of line {lines[question.id]}")
            lines[question.id] = number
            found.append(question)
        except BadInput as error:
            wrong.append(f"line {number}: {error}")
    if wrong:
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise BadInput(f"{path}, {'; '.join(wrong[:NAMED])}{more}")
    if not found:
        raise BadInput(f"{path} holds no question: write one JSON object a line")
    return found


def identity(chosen: Sequence[Question]) -> str:
    """A hash of the questions and of all that is known of their answers."""
    return hashlib.sha256(repr(list(chosen)).encode("utf-8", "surrogatepass")).hexdigest()


def rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers; raises BadInput."""
    found = []
    for number, line in _lines(path):
        try:
            found.append((number, _row(line)))
        except BadInput as error:
            raise BadInput(f"{path}, line {number}: {error}") from error
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers from 1."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}") from error
    except UnicodeDecodeError as error:
        at = error.object[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {at}: it is not in UTF-8") from error
    # Not splitlines: JSON may hold other line ends than this one as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"it is no JSON ({error})") from error
    if not isinstance(row, dict):
        raise BadInput(f"it is no JSON object: {_short(row)}")
    if SURROGATE.search(line):
        try:
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise BadInput("it holds half a character, which no file can") from error
    return row


def question_of(row: Mapping[str, Any], corpus: Corpus) -> Question:
    """A question from its row; raises BadInput with what is wrong with it."""
    id, text = row.get("id"), row.get("question")
    if isinstance(id, bool) or not isinstance(id, str | int) or not str(id).strip():
        raise BadInput("it has no id" if id is None else f"its id must be a text, not {_short(id)}")
    if not isinstance(text, str) or not text.strip():
        raise BadInput(
            "it has no question" if text is None else f"its question is {_short(text)}: write one"
        )
    if len(text) > LONGEST_QUESTION:
        raise BadInput(f"its question has {len(text):,} characters, over {LONGEST_QUESTION:,}")
    answerable = row.get("answerable")
    if answerable is not None and not isinstance(answerable, bool):
        raise BadInput(f"answerable must be true or false, not {_short(answerable)}")
    kind, split = row.get("kind", row.get("type")), row.get("split")
    return Question(
        str(id),
        text,
        tuple(_turn(turn) for turn in _list(row, "history")),
        answerable,
        _texts(row, "answers"),
        _patterns(row),
        tuple(dict.fromkeys(_source(id, "gold id", corpus) for id in _list(row, "gold_ids"))),
        tuple(_fact(item, corpus) for item in _list(row, "evidence")),
        kind if isinstance(kind, str) else "",
        split if isinstance(split, str) else "",
    )


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    if value is not None and not isinstance(value, list):
        raise BadInput(f"{name} must be a list, not {_short(value)}")
    return value or []


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = _list(row, name)
    for value in values:
        if not isinstance(value, str):
            raise BadInput(f"{name} must hold texts, not {_short(value)}")
    return tuple(values)


def _patterns(row: Mapping[str, Any]) -> tuple[str, ...]:
    patterns = _texts(row, "must_include")
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise BadInput(
                f"must_include has {_short(pattern)}, no regular expression: {error}"
            ) from error
    return patterns


def _turn(turn: object) -> Mapping[str, str]:
    """An earlier turn as askdoc takes it; others write ``text`` and *agent*."""
    if isinstance(turn, Mapping):
        role, text = ROLES.get(str(turn.get("role"))), turn.get("content", turn.get("text"))
        if role and isinstance(text, str):
            return {"role": role, "content": text}
    raise BadInput(
        f"history holds {_short(turn)}: each turn must be "
        '{"role": "user" or "assistant", "content": text}'
    )


def _source(id: object, what: str, corpus: Corpus) -> str:
    source = corpus.sources.get(str(id))
    if not isinstance(id, str | int) or source is None or source not in corpus:
        raise BadInput(f"{what} {_short(id)} is not in the corpus")
    return source


def _fact(item: object, corpus: Corpus) -> Fact:
    """A fact with the places where its words stand, white space folded."""
    if not isinstance(item, Mapping) or not isinstance(item.get("fact"), str):
        raise BadInput(f'evidence holds {_short(item)}: it must be {{"id": …, "fact": text}}')
    id, words = item.get("id"), item["fact"].split()
    if id is None and isinstance(item.get("title"), str):
        id = next(iter(corpus.titled(item["title"])), item["title"])
    source = _source(id, "evidence id", corpus)
    pattern = r"\s+".join(map(re.escape, words))
    text = corpus.document(source).text
    places = [(source, *match.span()) for match in re.finditer(pattern, text)] if words else []
    if not places:
        raise BadInput(f"evidence {_short(item['fact'])} does not stand in {id}")
    return Fact(item["fact"], tuple(places))


def _short(value: object) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
