"""Public question sets as askdoc sees them, and which of their questions serve for what.

Nothing is trained, fitted and reported on the same questions: squad2 and xquad are split by
article, the others by document, nq_open_oracle by question.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from askdoc import Assistant, Settings
from askdoc.evaluation.questions import Corpus, Question, QuestionRow, question_of
from askdoc.evaluation.sets import names, settings_of_set

Row = dict[str, Any]

REPORTED = {  # articles of squad2 that nothing is trained or tuned on
    "European Union law",
    "French and Indian War",
    "Immune system",
    "Scottish Parliament",
    "Yuan dynasty",
}
TUNED = {"1973 oil crisis"}  # the one that the weights are fitted on; all others are trained on
TRAINED = ("squad2", "nq_open_oracle")  # whose part to train on is the reader's alone


def part_of(name: str, share: Sequence[tuple[str, float]]) -> str:
    """The part of a set that a document or question belongs to, always the same by its name."""
    point = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    for part, size in share:
        if point <= size:
            return part
        point -= size
    return share[-1][0]


def lines(path: Path) -> list[Row]:
    """The values of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def show(system: str, done: int, of: int) -> None:
    """How far the questions of a system are, on the line of the terminal."""
    print(f"\r{system} {done + 1}/{of}{'':20}", end="", flush=True)


def source_of(id: str) -> str:
    """The file name of a document of a set."""
    return names([id])[id]


class Part:
    """One public set, indexed by askdoc in a folder of its own below ``place``."""

    def __init__(self, data: Path, name: str, place: Path, size: int = 600) -> None:
        self.name = name
        given = Settings(index=place / name.replace("/", "_"), passage_size=size)
        settings, sources = settings_of_set(data / name, given)
        self.assistant = Assistant.from_folder(settings=settings)
        self.corpus = Corpus(self.assistant, sources)
        self.rows = {sources[str(row["id"])]: row for row in lines(data / name / "corpus.jsonl")}
        self.questions = lines(data / name / "queries.jsonl")
        self.squad2 = {row["title"] for row in lines(data / "squad2" / "corpus.jsonl")}

    def part(self, question: Row) -> str:
        """``train``, ``tune`` or ``report``."""
        gold = [source_of(str(id)) for id in question["gold_ids"]]
        title = self.title(gold[0]) if gold else ""
        if self.name == "squad2":
            return "report" if title in REPORTED else "tune" if title in TUNED else "train"
        if self.name.startswith("xquad"):
            if title in REPORTED | TUNED:
                return "report" if title in REPORTED else "tune"
            half = part_of(title, (("train", 0.5), ("report", 0.5)))
            return "seen in squad2" if half == "report" and title in self.squad2 else half
        if self.name == "nq_open_oracle":
            return part_of(question["question"], (("train", 0.8), ("tune", 0.2)))
        return part_of((gold or [question["id"]])[0], (("train", 0.5), ("report", 0.5)))

    def tuning(self, most: int | None = None, seed: int = 1) -> list[Question]:
        """The questions to tune on, at most so many, in an order that the seed decides."""
        return self.kept("tune" if self.name in TRAINED else "train", most, seed)

    def kept(self, part: str, most: int | None = None, seed: int = 0) -> list[Question]:
        """The questions of a part, at most so many, in an order that the seed decides."""
        rows = [row for row in self.questions if self.part(row) == part]
        there = self.corpus.sources  # a few documents of Cranfield are empty, and were not read
        rows = [r for r in rows if all(there.get(str(id)) in self.corpus for id in r["gold_ids"])]
        random.Random(seed).shuffle(rows)
        return [question_of(QuestionRow(**row), self.corpus) for row in rows[:most]]

    def title(self, source: str) -> str:
        """The title of a document: in squad2 and xquad, the article that it is a paragraph of."""
        return str(self.rows[source]["title"]).replace("_", " ")
