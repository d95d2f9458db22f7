"""Files of questions in the forms that others use, told apart by what they hold, put in our own.

askdoc's own JSON Lines; BEIR folders (``corpus.jsonl``, ``queries.jsonl``, ``qrels/*.tsv``); SQuAD
1.1 and 2.0; records of ragas and LangSmith, as JSON or JSON Lines; CSV with a header.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askdoc.errors import BadInput
from askdoc.ingest.chunker import sentences
from askdoc.types import Document

QUERIES, QRELS = "queries.jsonl", "qrels"
NAMES: Mapping[str, Sequence[str]] = {
    "id": ("id", "_id", "question_id", "qid"),
    "question": ("question", "query", "user_input", "messages", "input", "prompt"),
    # A reference goes first: beside one, ragas has in `answer` what its system said.
    "answers": (
        "answers", "reference", "ground_truth", "ground_truths", "expected_answer",
        "expected_output", "expected", "answer", "output",
    ),
    "gold_ids": ("gold_ids", "source", "sources", "document", "file"),
    "contexts": ("reference_contexts", "evidence", "context", "quote"),
    "must_include": ("must_include",),
    "answerable": ("answerable",),
    "kind": ("kind", "type", "category", "synthesizer_name"),
    "split": ("split",),
}  # fmt: skip
"""What others call the fields of a question; the first that a record has counts."""
TOLD = {
    "answers": "answer", "gold_ids": "source", "contexts": "evidence", "answerable": "answerable",
    "kind": "kind",
}  # fmt: skip
"""The fields that are missed where no record has them, as a message calls them."""
SEVERAL = ("answers", "gold_ids")  # of which a cell of a table may have more, with a bar between
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
DELIMITERS = ",;\t"

Row = tuple[str, str | dict[str, Any]]
"""Where a question stands in its file, and the question: as JSON, or as JSON values."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The questions of a file in askdoc's own form; ``missing`` is a line about what none tells."""

    rows: Sequence[Row]
    missing: str = ""


def read(path: Path, ids: Collection[str]) -> Rows:
    """The questions of a file in any form; ``ids`` are those of the documents that it may name.

    Raises BadInput for a file that cannot be read as any, with its line.
    """
    if path.name == QUERIES and (path.parent / QRELS).is_dir():
        return Rows(list(_beir(path, ids)))
    text = text_of(path)
    value = _json(text, path)
    if is_squad(value):
        return Rows([row for _, asked in _squad(value, path) for row in asked])
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _records([(f"record {n}", record) for n, record in enumerate(value, 1)], path)
    if text.lstrip()[:1] not in ("", "{", "[") and "\n" in text.strip():
        return _records(list(_cells(text, path)), path, cells=True)
    rows: list[Row] = [(f"line {number}", line) for number, line in lines(text)]
    first = _loaded(rows[0][1]) if rows else {}
    if isinstance(first, dict) and {"user_input", "ground_truth", "inputs"} & first.keys():
        return _records([(place, _loaded(line)) for place, line in rows], path)
    return Rows(rows)


def documents(path: Path) -> list[dict[str, str]]:
    """The contexts of a SQuAD file as documents: ``id``, ``title`` and ``text``."""
    return [document for document, _ in _squad(json.loads(text_of(path)), path)]


def is_squad(value: object) -> bool:
    """Whether JSON values are SQuAD's."""
    articles = value.get("data") if isinstance(value, dict) else None
    return isinstance(articles, list) and all(
        isinstance(article, dict) and "paragraphs" in article for article in articles
    )


def brings_documents(path: Path) -> bool:
    """Whether a set has documents of its own: a folder of files, or SQuAD's contexts."""
    if path.is_dir():
        return True
    return path.suffix.lower() == ".json" and path.is_file() and is_squad(_loaded(text_of(path)))


def text_of(path: Path) -> str:
    """The text of a file in UTF-8; raises BadInput when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}") from error
    except UnicodeDecodeError as error:
        at = error.object[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {at}: it is not in UTF-8") from error


def lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers from 1."""
    # Not splitlines: JSON may hold other line ends than this one as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _json(text: str, path: Path) -> Any:
    """The one JSON value of a file; None where it holds another form, as JSON Lines do."""
    try:
        return json.loads(text)
    except ValueError as error:
        if path.suffix.lower() == ".json" and isinstance(error, json.JSONDecodeError):
            first = next(lines(text), (1, ""))[1]
            if not isinstance(_loaded(first), dict):
                raise BadInput(f"{path}, line {error.lineno}: it is no JSON: {error.msg}") from None
        return None


def _loaded(text: str | dict[str, Any]) -> Any:
    """A line's value; the line itself where it is no JSON, for whoever checks it to tell."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _beir(path: Path, ids: Collection[str]) -> Iterator[Row]:
    """The queries of a BEIR folder that have judgements; above zero, a document is relevant."""
    rows = [(f"line {number}", _loaded(line)) for number, line in lines(text_of(path))]
    queries = {str(_first(row, "id")) for _, row in rows if isinstance(row, dict)}
    relevant: dict[str, list[str]] = {}
    splits: dict[str, str] = {}
    for split, place, (query, document, score) in _judgements(path.parent / QRELS):
        if query not in queries:
            raise BadInput(f"{place}: {query[:60]!r} is no query of {path.name}")
        if document not in ids:
            raise BadInput(f"{place}: {document[:60]!r} is not in the corpus")
        splits.setdefault(query, split)
        relevant.setdefault(query, []).extend([document] if int(score) > 0 else [])
    if not relevant:
        raise BadInput(f"{path.parent / QRELS} has no judgement of any query")
    for place, row in rows:
        if not isinstance(row, dict):
            yield place, str(row)
        elif (id := str(_first(row, "id"))) in relevant:
            asked = {"id": id, "question": row.get("text"), "gold_ids": relevant[id]}
            yield place, asked | {"split": splits[id]}


def _judgements(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    """The split and the place of each line of qrels, and its query, document and score."""
    for path in sorted(folder.glob("*.tsv")):
        for number, line in lines(text_of(path)):
            cells = line.strip().split("\t")
            judged = len(cells) == 3 and cells[2].lstrip("-").isdigit()
            if judged:
                yield path.stem, f"{path}, line {number}", cells
            elif number > 1:  # else it is the header
                should = "it should be query-id, corpus-id and score, by tabs"
                raise BadInput(f"{path}, line {number}: {should}, not {line[:60]!r}")


def _squad(value: Any, path: Path) -> Iterator[tuple[dict[str, str], list[Row]]]:
    """Each context of SQuAD as a document, and the questions about it."""
    for a, article in enumerate(value["data"]):
        title = str(article.get("title", "")).replace("_", " ")
        for p, paragraph in enumerate(article["paragraphs"]):
            place = f"data.{a}.paragraphs.{p}"
            try:
                text: str = paragraph["context"]
                document = {"id": f"{a}-{p}", "title": title, "text": text}
                asked: list[Row] = [
                    (f"{place}.qas.{q}", _asked(document, each))
                    for q, each in enumerate(paragraph["qas"])
                ]
            except (KeyError, TypeError, AttributeError) as error:
                raise BadInput(f"{path}, {place}: it is not as SQuAD's are: {error}") from error
            yield document, asked


def _asked(document: dict[str, str], each: dict[str, Any]) -> dict[str, Any]:
    """A question of SQuAD; what answers it is the sentence in which an answer begins."""
    answers = [] if each.get("is_impossible") else each["answers"]
    read = Document("", "", document["text"], "")
    facts = {
        document["text"][start:end]: None
        for start, end in sentences(read, 0, len(read.text))
        if any(start <= answer["answer_start"] < end for answer in answers)
    }
    return {
        "id": each["id"],
        "question": each["question"],
        "answerable": bool(answers),
        "answers": list(dict.fromkeys(answer["text"] for answer in answers)),
        "contexts": [{"id": document["id"], "fact": fact} for fact in facts],
    }


def _cells(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    """The records of a table with a header, and the line that each begins in."""
    header = text.splitlines()[0]
    delimiter = max(DELIMITERS, key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 0
    try:
        columns = ["_".join(cell.lower().split()) for cell in next(rows)]
        if not any(name in columns for name in NAMES["question"]):
            named = ", ".join(NAMES["question"])
            raise BadInput(f"{path}, line 1: no column for the question ({named}): {header[:200]}")
        line = rows.line_num
        for cells in rows:
            place, line = f"line {line + 1}", rows.line_num
            if len(cells) > len(columns):
                raise BadInput(f"{path}, {place}: {len(cells)} cells for {len(columns)} columns")
            if any(cell.strip() for cell in cells):
                kept = zip(columns, map(str.strip, cells), strict=False)
                yield place, {name: cell for name, cell in kept if cell}
    except csv.Error as error:
        raise BadInput(f"{path}, line {line + 1}: it is no CSV: {error}") from error


def _records(records: Sequence[tuple[str, Any]], path: Path, cells: bool = False) -> Rows:
    """Records with fields of others' names, and what none of them tells."""
    rows: list[Row] = []
    found: set[str] = set()
    for number, (place, record) in enumerate(records, 1):
        if not isinstance(record, dict):
            rows.append((place, record if isinstance(record, str) else json.dumps(record)))
            continue
        row = _own(_flat(record), cells)
        rows.append((place, {"id": str(number)} | row))
        found |= row.keys()
    lacks = [told for field, told in TOLD.items() if field not in found]
    return Rows(rows, f"{path.name} has no {', '.join(lacks)}" if lacks else "")


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record of LangSmith with what is in its inputs, outputs and metadata; others as they are.

    The only value of the inputs is the question, whatever it is called, and that of the outputs
    the answer.
    """
    flat = {**(record.get("metadata") or {}), **record} if "inputs" in record else record
    for part, field in (("inputs", "question"), ("outputs", "answers")):
        value = record.get(part)
        if isinstance(value, dict) and len(value) == 1:
            value = next(iter(value.values()))
        flat = flat | (value if isinstance(value, dict) else {field: value} if value else {})
    return flat


def _own(record: dict[str, Any], cells: bool) -> dict[str, Any]:
    """A record with our own fields; one that has an answer can be answered, unless it says no."""
    row: dict[str, Any] = {}
    for field in NAMES:
        value = _first(record, field)
        if value in (None, "", []):
            continue
        if cells and field in SEVERAL:
            value = [part.strip() for part in value.split("|")]
        row[field] = value
    turns = row.get("question")
    if isinstance(turns, list) and turns:
        row["history"], last = turns[:-1], turns[-1]
        row["question"] = last.get("content") if isinstance(last, dict) else last
    for field in ("answers", "gold_ids", "contexts", "must_include"):
        if field in row:
            row[field] = [_text(each) for each in _several(row[field])]
    if "contexts" in row:
        row["contexts"] = [{"fact": fact} for fact in row["contexts"]]
    answerable = row.get("answerable", "answers" in row or None)
    if isinstance(answerable, str):
        answerable = WORDS.get(answerable.casefold(), answerable)
    return row | ({} if answerable is None else {"answerable": answerable})


def _first(record: Mapping[str, Any], field: str) -> Any:
    """What a record has under the first of the names of a field."""
    return next((record[name] for name in NAMES[field] if name in record), None)


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> Any:
    """A text; a number as one; the only value of an object."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
