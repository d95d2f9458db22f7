"""Thumbs of the chat as a set: what was liked is right, of the rest a person is asked."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from askdoc.errors import BadInput
from askdoc.evaluation.metrics import says
from askdoc.evaluation.questions import Corpus, QuestionRow, question_of, read_rows

KEPT = {"id", "question", "history", "answerable", "answers", "gold_ids", "evidence"}


class FeedbackRow(QuestionRow):
    """A line of ``feedback.jsonl``; only after a thumb up does it say what is right."""

    rating: str
    comment: str = ""
    hits: list[dict[str, Any]] = Field(default_factory=list)
    answer: dict[str, Any] | None = None

    @property
    def said(self) -> str:
        """What was answered."""
        return str((self.answer or {}).get("text", ""))

    @property
    def everyday(self) -> bool:
        """Whether it was no question about what the documents say."""
        return bool((self.answer or {}).get("everyday"))


Judge = Callable[[FeedbackRow], str | None]
"""What a person says is right: words of the answer; empty where there is none; None to pass."""


@dataclass(frozen=True, slots=True)
class Made:
    """Questions as JSON Lines; how many opinions were not judged, and how many are out of date."""

    text: str
    unjudged: int
    outdated: int


def from_feedback(path: Path, corpus: Corpus, judge: Judge | None = None) -> Made:
    """The questions of a file of feedback, of the same question asked twice the later one.

    After a thumb up what was cited is the evidence; after a thumb down ``judge`` says what is
    right, and without one it is left out, as is what cites words that the documents no longer
    have. Raises BadInput for a file that cannot be read, with its lines.
    """
    rows = read_rows(path, FeedbackRow, lambda row: row)
    last = {(row.question, repr(row.history)): row for row in rows if not row.everyday}
    made: list[dict[str, Any]] = []
    unjudged = outdated = 0
    for row in last.values():
        if row.answerable is None:
            right = judge(row) if judge else None
            if right is None:
                unjudged += 1
                continue
            row = row.model_copy(update=_judged(row, right))
        try:
            question_of(row, corpus)
        except BadInput:
            outdated += 1
        else:
            made.append(row.model_dump(include=KEPT, exclude_none=True))
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in made)
    return Made("".join(lines), unjudged, outdated)


def _judged(row: FeedbackRow, right: str) -> dict[str, Any]:
    """What a question's row says then; the documents of those hits are relevant that say it."""
    if not right:
        return {"answerable": False}
    said = [hit["source"] for hit in row.hits if says(hit.get("text", ""), [right]) == 1]
    return {"answerable": True, "answers": [right], "gold_ids": list(dict.fromkeys(said))}
