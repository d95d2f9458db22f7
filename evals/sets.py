"""Public question sets as askdoc sees them, and which of their questions serve for what.

Nothing is trained, fitted and reported on the same questions: squad2 and xquad are split by
article, the others by document, nq_open_oracle by question.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from askdoc import Assistant, Settings

Row = dict[str, Any]

REPORTED = {  # articles of squad2 that nothing is trained or tuned on
    "European Union law",
    "French and Indian War",
    "Immune system",
    "Scottish Parliament",
    "Yuan dynasty",
}
TUNED = {"1973 oil crisis"}  # the one on which the chances are fitted; all others are trained on


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


def source_of(id: str) -> str:
    """The file name of a document of a set."""
    return re.sub(r"[^\w.-]", "_", id) + ".md"


class Part:
    """One public set, indexed by askdoc."""

    def __init__(self, data: Path, name: str, place: Path, size: int = 600) -> None:
        self.name = name
        self.rows = {source_of(str(row["id"])): row for row in lines(data / name / "corpus.jsonl")}
        corpus = place / name.replace("/", "_")
        if not corpus.exists():
            corpus.mkdir(parents=True)
            for source, row in self.rows.items():
                text = f"# {row['title']}\n\n{row['text']}\n"
                (corpus / source).write_text(text, "utf-8")
        self.assistant = Assistant.from_folder(corpus, Settings(corpus=corpus, passage_size=size))
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

    def title(self, source: str) -> str:
        """The title of a document: in squad2 and xquad, the article that it is a paragraph of."""
        return str(self.rows[source]["title"]).replace("_", " ")
