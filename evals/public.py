"""Measures askdoc and the baseline on public sets with the figures of ``askdoc eval``.

python -m evals.public DATA --work FOLDER [--out evals/results] [--most 100] [--only SET …]

DATA holds the sets, a folder each; FOLDER keeps their indexes, and what is measured so far: the
same command goes on where it was stopped. Takes about twenty minutes on two cores where the indexes
are there. Of the sets that something was trained or tuned on, only the parts kept for reporting are
asked.
"""

import argparse
import datetime
import json
import os
import random
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from askdoc import Assistant, Settings
from askdoc.evaluation.questions import Corpus, Question, QuestionRow, question_of
from askdoc.evaluation.run import ASKDOC, BASELINE, Run, run
from askdoc.evaluation.scores import System
from evals.baseline import Baseline
from evals.sets import Part, lines

PARTS = (
    "squad2", "clapnq_dev", "hotpotqa_sample", "multihoprag", "tatqa_dev", "cranfield",
    "mtrag_subset", "xquad/en", "xquad/de", "xquad/es", "xquad/ru",
)  # fmt: skip
FILINGS = "sec10q"  # the set that brings PDF files
TABLES = {
    "answering": ("right", "right answers", "answer in quote", "token F1"),
    "finding": ("recall@5", "recall@10", "ndcg@10", "mrr@10", "all facts@10"),
    "citing": ("relevant cited", "citation recall", "citation precision", "exactness"),
    "abstaining": (
        "abstention precision", "abstention recall", "AUROC", "AURC", "calibration error",
    ),
}  # fmt: skip

Row = dict[str, Any]


def part(data: Path, name: str, place: Path) -> tuple[Corpus, list[Question], Settings]:
    """A set with its questions kept for reporting, in a fixed random order."""
    if name == FILINGS:
        settings = Settings(corpus=data / name / "pdfs", index=place / name)
        rows = lines(data / name / "queries.jsonl")
        corpus = Corpus(Assistant.from_folder(settings=settings))
        rows = [row for row in rows if all(id in corpus for id in row["gold_ids"])]
    else:
        found = Part(data, name, place)
        settings = found.assistant.settings
        ids = {str(row["id"]): source for source, row in found.rows.items()}
        corpus = Corpus(found.assistant, ids)
        rows = [row for row in found.questions if found.part(row) == "report"]
    random.Random(0).shuffle(rows)
    return corpus, [question_of(QuestionRow(**row), corpus) for row in rows], settings


def measured(data: Path, name: str, place: Path, most: int) -> Row:
    """Every figure of a set, for both systems."""
    began = time.perf_counter()
    corpus, questions, settings = part(data, name, place)
    chosen = questions[:most]
    systems: dict[str, System] = {
        ASKDOC: Assistant.from_folder(settings=settings),
        BASELINE: Baseline.from_folder(settings.corpus, settings),
    }
    found = run(name, chosen, corpus, systems, _told)
    return {
        "questions": len(chosen),
        "answerable": sum(question.answerable is not False for question in chosen),
        "documents": len(corpus),
        "minutes": round((time.perf_counter() - began) / 60, 1),
        "figures": found.figures,
        "seconds p50": _seconds(found),
    }


def tables(rows: dict[str, Row]) -> Row:
    """The figures as tables: a row a set, a column a figure and a system."""
    made: Row = {
        "sets": {
            name: {key: row[key] for key in ("documents", "questions", "answerable")}
            for name, row in rows.items()
        }
    }
    for title, names in TABLES.items():
        made[title] = {
            set: {
                f"{figure}{'' if system == ASKDOC else ', baseline'}": round(value, 3)
                for figure in names
                for system in (ASKDOC, BASELINE)
                if (value := row["figures"][system].get(figure)) is not None
            }
            for set, row in rows.items()
        }
        made[title] = {set: row for set, row in made[title].items() if row}
    return made


def _seconds(found: Run) -> float | None:
    return found.speed[ASKDOC].get("p50")


def _told(system: str, done: int, of: int) -> None:
    print(f"\r{system} {done + 1}/{of}   ", end="", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line, measures set by set, and with --out writes the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="a folder for public.json")
    parser.add_argument("--most", type=int, default=100, help="questions of a set")
    parser.add_argument("--only", nargs="*", choices=(*PARTS, FILINGS), default=(*PARTS, FILINGS))
    given = parser.parse_args(arguments)
    commit = subprocess.run(  # a fixed command
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        capture_output=True, text=True, cwd=Path(__file__).parent, check=False,
    ).stdout.strip()  # fmt: skip
    kept = given.work / f"public-{commit}-{given.most}.json"
    rows: dict[str, Row] = json.loads(kept.read_text()) if kept.is_file() else {}
    for name in given.only:
        if name not in rows:
            rows[name] = measured(given.data, name, given.work / "corpora", given.most)
            kept.write_text(json.dumps(rows))
        print(name, json.dumps(rows[name]["figures"][ASKDOC]), flush=True)
    if given.out:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        about = {"date": today, "cores": os.cpu_count(), "commit": commit}
        path = given.out / "public.json"
        path.write_text(json.dumps({"about": about} | tables(rows), indent=2) + "\n")


if __name__ == "__main__":
    main()
