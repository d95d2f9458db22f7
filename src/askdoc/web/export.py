"""A conversation to take along: as Markdown, as one HTML file, and as JSON that can be checked."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import compress, groupby
from typing import Any

from askdoc.answer.citation import marked
from askdoc.types import Sentence
from askdoc.web.templating import render
from askdoc.web.turns import Turn

# What Markdown takes for more than text: a document's words must not load a picture.
ALIVE = re.compile(r"[\\`*_\[\]<~|]|&(?=#?\w+;)")
# Of a line: a heading, a quotation, a list.
BEGINS = re.compile(r"^([ \t]*\d{0,9})([#+.)-](?=[#-]*(?:\s|$))|[>=])", re.MULTILINE)
COLUMNS, WIDE = 12, 60  # of a small table, and characters of its cells, at most
FORMATS = {"Markdown": "md", "HTML": "html", "JSON": "json"}


def exported(turns: Sequence[Turn], kind: str) -> str:
    """A conversation as ``md``, ``html`` or ``json``."""
    if kind == "json":
        answers = [answer for turn in turns if (answer := as_json(turn))]
        return json.dumps({"answers": answers}, ensure_ascii=False, indent=2) + "\n"
    if kind == "html":
        return render("saved", turns=turns) + "\n"
    parts = [
        f"## {plain(' '.join(turn.question.split()))}\n\n{markdown(turn, f'{number}-')}"
        for number, turn in enumerate(turns, 1)
    ]
    return "\n\n".join(["# askdoc", *parts]) + "\n"


def as_json(turn: Turn) -> dict[str, Any]:
    """The answer as ``askdoc ask --json`` prints it, with the closest passages that were shown.

    Empty where nothing was answered.
    """
    if not turn.answer or not turn.text:
        return {}
    closest = [{**asdict(place), "text": place.quote} for place in turn.closest]
    return turn.answer.as_dict() | {"closest": closest}


def markdown(turn: Turn, prefix: str = "") -> str:
    """An answer with a footnote for each citation, whose names begin with the prefix."""
    if not turn.answer:
        return plain(turn.error)
    parts = [turn.answer.hedge] if turn.answer.hedge else []
    said = [_said(columns, part, prefix) for columns, part in laid_out(turn.answer.sentences)]
    parts += said or [plain(turn.text)]
    parts += map(plain, turn.answer.remarks)
    parts += [
        f"[^{prefix}{cited.number}]: {plain(cited.place)}: “{plain(' '.join(cited.quote.split()))}”"
        for cited in turn.answer.citations
    ]
    return "\n\n".join(parts)


def laid_out(sentences: Sequence[Sentence]) -> list[tuple[tuple[str, ...], list[Sentence]]]:
    """The sentences in order, those together that are one text or the rows of one table.

    In front of each part are the names of the table's columns that hold anything, none for a text.
    A row of more cells, or longer ones, than a small table can show is a sentence like others.
    """
    return [_filled(columns, list(part)) for columns, part in groupby(sentences, key=_columns)]


def _filled(
    columns: tuple[str, ...], part: list[Sentence]
) -> tuple[tuple[str, ...], list[Sentence]]:
    """The columns of a table in which one of its rows has a cell, and the rows with those."""
    filled = [any(row.cells[at][1] for row in part) for at in range(len(columns))]
    if all(filled):
        return columns, part
    rows = [replace(row, cells=tuple(compress(row.cells, filled))) for row in part]
    return tuple(compress(columns, filled)), rows


def _columns(sentence: Sentence) -> tuple[str, ...]:
    """The names of the columns under which a sentence is shown; none where it is no row."""
    small = len(sentence.cells) <= COLUMNS and all(len(cell) <= WIDE for _, cell in sentence.cells)
    return tuple(name for name, _ in sentence.cells) if small else ()


def _said(columns: Sequence[str], part: Sequence[Sentence], prefix: str) -> str:
    """Sentences as Markdown: one text, or one table."""
    if not columns:
        return marked(
            replace(each, text=plain(each.text) + _notes(each, prefix), citations=())
            for each in part
        )
    lines = [[*map(plain, columns), ""], ["---"] * (len(columns) + 1)]
    lines += [[*(plain(cell) for _, cell in row.cells), _notes(row, prefix)] for row in part]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _notes(sentence: Sentence, prefix: str) -> str:
    """The markers of a sentence's footnotes, and what speaks against it behind them."""
    markers = "".join(f"[^{prefix}{number}]" for number in sentence.citations)
    return markers + "".join(f" (check: {plain(problem)})" for problem in sentence.problems)


def plain(text: str) -> str:
    """A text that Markdown shows as it is written."""
    return BEGINS.sub(r"\1\\\2", ALIVE.sub(r"\\\g<0>", text))
