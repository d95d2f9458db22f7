"""The public sets to train on in one shape: a question, its document, and where that answers it.

Beside the public sets there is one of our own, written for this: documents of an office, news,
lives, each with questions that it answers and questions that it seems to.

Of the sets that something is reported on, only the part to train on is here, with its documents and
no others; of those that are only there to train on, all but one document in twenty-five, which is
kept to look at while training is tried out.
"""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from askdoc.ingest.blocks import structure, table
from askdoc.ingest.chunker import Span
from askdoc.ingest.formats.text import from_markdown
from askdoc.types import Document
from evals.sets import REPORTED, TUNED, Row, lines, part_of, source_of

PUBLIC = ("squad2", "xquad/en", "nq_open_oracle", "hotpotqa_sample", "tatqa_dev")
TAUGHT = (
    "qamr",
    "fairytaleqa",
    "selqa",
    "pubmedqa",
    "wikitablequestions",
    "fetaqa",
    "quoref_contrast",
)
WRITTEN = Path(__file__).parent / "written.jsonl"
KEPT = 0.04  # share of the documents of a set to train on that is kept for trying out
TRAIN, TRIED = "train", "tried"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the text that it was asked about.

    ``group`` names the article, story or company that the document is a part of. ``answers`` are
    spans of the document's text. Where the words of an answer occur more than once and nobody knows
    which of them answer, ``sure`` is false.
    """

    question: str
    document: Document
    group: str
    answers: tuple[Span, ...]
    answerable: bool
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of a set's part, and every document that their answers may be looked for in."""

    name: str
    asked: tuple[Asked, ...]
    documents: tuple[Document, ...]
    groups: dict[str, str]
    """The group of each document, by its source."""


def questions(data: Path, part: str) -> Iterator[Questions]:
    """The questions of every set, of the part to train on or of the one to try out."""
    for name in PUBLIC:
        yield _public(data, name, part)
    for name in TAUGHT:
        yield _taught(data / "train" / f"{name}.jsonl.gz", name, part)
    yield _written(part)


def _public(data: Path, name: str, part: str) -> Questions:
    """The part of a set in the shape of the product's own questions."""
    rows = {source_of(str(row["id"])): row for row in lines(data / name / "corpus.jsonl")}
    asked = lines(data / name / "queries.jsonl")
    elsewhere = {
        str(row["title"]).replace("_", " ") for row in lines(data / "squad2" / "corpus.jsonl")
    }
    titles = {source: str(row["title"]).replace("_", " ") for source, row in rows.items()}
    gold = {
        source_of(str(id)): question["question"]
        for question in asked
        for id in question["gold_ids"]
    }

    def belongs(source: str) -> str:
        title = titles[source]
        if title in REPORTED or (name.startswith("xquad") and title in elsewhere):
            return "report"
        if title in TUNED:
            return TRIED
        if name == "squad2":
            return TRAIN
        if name.startswith("xquad"):
            return part_of(title, ((TRAIN, 0.5), ("report", 0.5)))
        if name == "nq_open_oracle":
            return part_of(gold.get(source, source), ((TRAIN, 0.8), (TRIED, 0.2)))
        return part_of(source, ((TRAIN, 0.5), ("report", 0.5)))

    documents = {
        source: _document(source, titles[source], str(row["text"]))
        for source, row in rows.items()
        if belongs(source) == part
    }
    groups = {source: titles[source] or source for source in documents}
    found = [
        item
        for question in asked
        if all(source_of(str(id)) in documents for id in question["gold_ids"])
        for item in _located(question, documents, groups)
    ]
    return Questions(name, tuple(found), tuple(documents.values()), groups)


def _located(
    question: Row, documents: dict[str, Document], groups: dict[str, str]
) -> Iterator[Asked]:
    """The question with each document that answers it, and where its words are."""
    facts = [str(item["fact"]) for item in question.get("evidence") or []]
    wanted = facts or [str(answer) for answer in question.get("answers") or []]
    for id in question["gold_ids"]:
        document = documents[source_of(str(id))]
        spans = tuple(
            match.span()
            for words in wanted
            if words.strip()
            for match in re.finditer(
                r"(?<!\w)" + r"\s+".join(map(re.escape, words.split())) + r"(?!\w)",
                document.text,
                re.I,
            )
        )
        if spans or not question["answerable"]:
            group = groups[document.source]
            able = bool(question["answerable"])
            yield Asked(
                question["question"], document, group, spans if able else (), able, bool(facts)
            )


def _taught(path: Path, name: str, part: str) -> Questions:
    """The part of a set whose questions come with their passage."""
    documents: dict[tuple[str, str], Document] = {}
    groups: dict[str, str] = {}
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows: list[Row] = [json.loads(line) for line in file]
    for row in rows:
        group, title = str(row["document"]), str(row["title"]).replace("\r", " ")
        if part_of(group, ((TRIED, KEPT), (TRAIN, 1 - KEPT))) != part:
            continue
        if {group, title.split(":")[0]} & (REPORTED | TUNED):
            continue
        text = str(row["passage"]).replace("\r", "\n")
        key = group, text
        if key not in documents:
            source = f"{name}-{len(documents)}.md"
            documents[key] = _document(source, title, text, tabular=row["kind"] == "table")
            groups[source] = group
        spans = tuple((item["start"], item["start"] + len(item["text"])) for item in row["answers"])
        found.append(Asked(row["question"], documents[key], group, spans, bool(spans)))
    return Questions(name, tuple(found), tuple(documents.values()), groups)


def _written(part: str) -> Questions:
    """The part of our own questions: lines answer, told by their numbers, or none does.

    A question that none answers has, mostly, a line that would, and where it stands. Each text is
    here twice, with one half of these lines and with the other, so that nobody can tell by its
    words alone whether a question is answered (Kaushik, Hovy and Lipton, 2020).
    """
    documents, groups, found = [], {}, []
    for number, row in enumerate(lines(WRITTEN)):
        if row["part"] != part:
            continue
        for half in range(2):
            added = [item for item in row["not"] if isinstance(item, list)][half::2]
            placed = sorted(
                [((at, 0), line) for at, line in enumerate(row["lines"])]
                + [((at, 1 + order), line) for order, (_, at, line) in enumerate(added)]
            )
            text, spans = _laid_out([line for _, line in placed])
            span = {place: span for (place, _), span in zip(placed, spans, strict=True)}
            source, title = f"written-{number}-{half}.md", str(row["title"])
            blocks = structure(text, from_markdown(text).blocks)
            document = Document(source, title, text, "", blocks)
            documents.append(document)
            groups[source] = source
            told = [
                (question, [span[at, 0] for at in np.atleast_1d(places)])
                for question, places in row["answered"]
            ]
            told += [(item[0], [span[item[1], 1 + order]]) for order, item in enumerate(added)]
            rest = [item for item in row["not"] if item not in added]
            told += [(item if isinstance(item, str) else item[0], []) for item in rest]
            found += [
                Asked(question, document, source, tuple(spans), bool(spans))
                for question, spans in told
            ]
    return Questions("written", tuple(found), tuple(documents), groups)


def _laid_out(written: Sequence[str]) -> tuple[str, list[Span]]:
    """Lines as the Markdown of a document, and the span of each; an empty one parts paragraphs."""
    text, spans, before = "", [], ""
    for line in written:
        apart = not line or not before or line[0] in "-|#" or before[0] in "-|#"
        text += ("\n" if apart else " ") if text else ""
        spans.append((len(text), len(text) + len(line)))
        text += line
        if line.startswith("|") and not before.startswith("|"):
            text += "\n" + re.sub(r"[^|]+", "---", line)
        before = line
    return text, spans


def _document(source: str, title: str, text: str, tabular: bool = False) -> Document:
    """A text as askdoc knows it; one that is a table has its first line for a header."""
    body = text.find("\n") + 1
    known = [table(0, body, len(text))] if tabular and body else []
    return Document(source, title, text, "", structure(text, known))


def sizes(found: Sequence[Questions]) -> str:
    """How many questions and documents each set has, for the log."""
    return "\n".join(
        f"{part.name}: {len(part.asked)} questions, {len(part.documents)} documents"
        for part in found
    )
