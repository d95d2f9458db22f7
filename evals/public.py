"""Measures askdoc and the baseline on public sets with the figures of ``askdoc eval``.

python -m evals.public DATA --work FOLDER [--out evals/results] [--most 100] [--only SET]…

DATA holds the sets, a folder each; FOLDER keeps their indexes, and what is measured so far: the
same command goes on where it was stopped. Takes about twenty minutes on two cores where the indexes
are there. Of the sets that something was trained or tuned on, only the parts kept for reporting are
asked.
"""

import json
import random
import time
from pathlib import Path
from typing import Annotated

import typer

from askdoc import Assistant, Settings
from askdoc.evaluation.questions import Corpus, Question, QuestionRow, question_of
from askdoc.evaluation.run import ASKDOC, BASELINE, run
from askdoc.evaluation.scores import System
from evals.baseline import Baseline
from evals.sets import Part, Row, lines, show
from evals.tables import about, keep

PARTS = (
    "squad2", "clapnq_dev", "hotpotqa_sample", "multihoprag", "tatqa_dev", "cranfield",
    "mtrag_subset", "xquad/en", "xquad/de", "xquad/es", "xquad/ru",
)  # fmt: skip
FILINGS = "sec10q"  # the set that brings PDF files
OUTSIDE = "squad2, outside"  # what squad2 answers, and as many questions from somewhere else
NAMES = [*PARTS, FILINGS, OUTSIDE]
TABLES = {
    "answering": ("right", "right answers", "answer in quote", "token F1"),
    "finding": ("recall@5", "recall@10", "ndcg@10", "mrr@10", "all facts@10"),
    "citing": ("relevant cited", "citation recall", "citation precision", "exactness"),
    "abstaining": (
        "abstention precision", "abstention recall", "AUROC", "AURC", "calibration error",
    ),
}  # fmt: skip


def part(data: Path, name: str, place: Path) -> tuple[Corpus, list[Question]]:
    """A set with its questions kept for reporting, in a fixed random order."""
    if name == FILINGS:
        settings = Settings(corpus=data / name / "pdfs", index=place / name)
        corpus = Corpus(Assistant.from_folder(settings=settings))
        rows = lines(data / name / "queries.jsonl")
        rows = [row for row in rows if all(id in corpus for id in row["gold_ids"])]
        random.Random(0).shuffle(rows)
        return corpus, [question_of(QuestionRow(**row), corpus) for row in rows]
    kept = Part(data, name.split(",")[0], place)
    questions = kept.kept("report")
    if name == OUTSIDE:
        known = {row["question"] for row in lines(data / "nq_open_oracle" / "queries.jsonl")}
        rows = lines(data / "nq_open_dev" / "questions.jsonl")
        outside = [row["question"] for row in rows if row["question"] not in known]
        random.Random(0).shuffle(outside)
        able = [question for question in questions if question.answerable]
        pairs = zip(able, outside, strict=False)
        questions = [
            q for own, text in pairs for q in (own, Question(text, text, answerable=False))
        ]
    return kept.corpus, questions


def measure(data: Path, name: str, place: Path, most: int) -> Row:
    """Every figure of a set, for both systems."""
    began = time.perf_counter()
    corpus, questions = part(data, name, place)
    chosen, settings = questions[:most], corpus.assistant.settings
    systems: dict[str, System] = {
        ASKDOC: corpus.assistant,
        BASELINE: Baseline.from_folder(settings.corpus, settings),
    }
    done = run(name, chosen, corpus, systems, show)
    return {
        "questions": len(chosen),
        "answerable": sum(question.answerable is not False for question in chosen),
        "documents": len(corpus),
        "minutes": round((time.perf_counter() - began) / 60, 1),
        "figures": done.figures,
        "seconds": done.speed[ASKDOC],
    }


def tables(rows: dict[str, Row]) -> Row:
    """The figures as tables: a row a set, a column a figure and a system."""
    every: Row = {"sets": {}} | {title: {} for title in TABLES}
    for name, row in rows.items():
        every["sets"][name] = {key: row[key] for key in ("documents", "questions", "answerable")}
        for title, figures in TABLES.items():
            values = {
                f"{figure}{'' if system == ASKDOC else ', baseline'}": value
                for figure in figures
                for system in (ASKDOC, BASELINE)
                if (value := row["figures"][system].get(figure)) is not None
            }
            every[title] |= {name: values} if values else {}
    every["seconds"] = {name: row["seconds"] for name, row in rows.items()}
    return every


def main(
    data: Path,
    work: Annotated[Path, typer.Option()],
    out: Path | None = None,
    most: int = 100,
    only: Annotated[list[str], typer.Option()] = NAMES,
) -> None:
    """Asks --most questions of each set, set by set, and prints their figures as tables."""
    taken = about()
    kept = work / f"public-{taken['commit']}-{most}.json"
    rows: dict[str, Row] = json.loads(kept.read_text()) if kept.is_file() else {}
    for name in only:
        if name not in rows:
            rows[name] = measure(data, name, work / "corpora", most)
            kept.write_text(json.dumps(rows))
        print(name, json.dumps(rows[name]["figures"][ASKDOC]), flush=True)
    keep({"about": taken} | tables(rows), out, "public.json")


if __name__ == "__main__":
    typer.run(main)
