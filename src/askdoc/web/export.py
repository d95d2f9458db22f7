"""A conversation to take along: as Markdown, as one HTML file, and as JSON that can be checked."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from askdoc.answer.citation import marked
from askdoc.types import UNSURE, Certainty, Sentence
from askdoc.web.templating import render
from askdoc.web.turns import Turn

# What Markdown takes for more than text: a document's words must not load a picture.
ALIVE = re.compile(r"[\\`*_\[\]<~|]|&(?=#?\w+;)")
# Of a line: a heading, a quotation, a list.
BEGINS = re.compile(r"^([ \t]*\d{0,9})([#+.)-](?=[#-]*(?:\s|$))|[>=])", re.MULTILINE)
FORMATS = {"Markdown": "md", "HTML": "html", "JSON": "json"}


def exported(turns: Sequence[Turn], kind: str) -> str:
    """A conversation as ``md``, ``html`` or ``json``."""
    if kind == "json":
        answers = [answer for turn in turns if (answer := as_json(turn))]
        return json.dumps({"answers": answers}, ensure_ascii=False, indent=2) + "\n"
    if kind == "html":
        return render("saved", turns=turns, hedge=UNSURE) + "\n"
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
    parts = [UNSURE] if turn.answer.certainty is Certainty.UNSURE else []
    noted = [_noted(sentence, prefix) for sentence in turn.answer.sentences]
    parts += [marked(noted) or plain(turn.text)]
    parts += map(plain, turn.answer.remarks)
    parts += [
        f"[^{prefix}{cited.number}]: {plain(cited.place)}: “{plain(' '.join(cited.quote.split()))}”"
        for cited in turn.answer.citations
    ]
    return "\n\n".join(parts)


def _noted(sentence: Sentence, prefix: str) -> Sentence:
    """A sentence whose markers are those of footnotes, and what speaks against it behind them."""
    markers = "".join(f"[^{prefix}{number}]" for number in sentence.citations)
    doubts = "".join(f" (check: {plain(problem)})" for problem in sentence.problems)
    return replace(sentence, text=plain(sentence.text) + markers + doubts, citations=())


def plain(text: str) -> str:
    """A text that Markdown shows as it is written."""
    return BEGINS.sub(r"\1\\\2", ALIVE.sub(r"\\\g<0>", text))
