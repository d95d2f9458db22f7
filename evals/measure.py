"""Measures askdoc on the questions about its own corpus, without a language model as judge.

python -m evals.measure [--half tune] [--out evals/results/corpus.json]

`python -m evals.benchmark` measures it on public sets.
"""

import argparse
import json
import math
import re
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from askdoc import Answer, Assistant, Settings
from evals.sets import Row, lines

HERE = Path(__file__).parent


def ndcg(ranking: Sequence[str], gold: Iterable[str], k: int = 10) -> float:
    """Normalised discounted cumulative gain (0 to 1), binary (Järvelin and Kekäläinen, 2002)."""
    relevant = set(gold)
    gain = sum(1 / math.log2(n + 2) for n, source in enumerate(ranking[:k]) if source in relevant)
    return gain / sum(1 / math.log2(n + 2) for n in range(min(k, len(relevant))))


def auroc(yes: Sequence[float], no: Sequence[float]) -> float:
    """The chance (0 to 1) that one of ``yes`` is above one of ``no``; ties count half."""
    wins = sum((a > b) + 0.5 * (a == b) for a in yes for b in no)
    return wins / (len(yes) * len(no)) if yes and no else math.nan


def sources(assistant: Assistant, query: str) -> dict[str, list[str]]:
    """The documents in the order in which each leg and then askdoc bring them up."""
    dense, lexical = assistant.index.search(query, 100)
    rankings = {
        "dense": [passage.source for passage, _ in dense],
        "lexical": [passage.source for passage, _ in lexical],
        "final": [hit.passage.source for hit in assistant.search(query, 20)],
    }
    return {leg: list(dict.fromkeys(ranking)) for leg, ranking in rankings.items()}


def holds(answer: Answer, question: Row) -> bool:
    """Whether an answer says what the question's author wants it to say."""
    patterns = question.get("must_include") or []
    if patterns:
        return all(re.search(pattern, answer.text, re.I) for pattern in patterns)
    folded = answer.text.casefold()
    return any(text.casefold() in folded for text in question.get("answers") or [])


def measured(assistant: Assistant, questions: Sequence[Row]) -> dict[str, Any]:
    """Every figure, rounded; refusals are counted as what is to be found."""
    ranked: dict[str, list[float]] = {"dense": [], "lexical": [], "final": []}
    rows = []
    for number, question in enumerate(questions, 1):
        began = time.perf_counter()
        answer = assistant.ask(question["question"], question.get("history") or ())
        seconds = time.perf_counter() - began
        rows.append((question, answer, seconds))
        if question["answerable"] and question["gold_ids"]:
            for leg, ranking in sources(assistant, question["question"]).items():
                ranked[leg].append(ndcg(ranking, question["gold_ids"]))
        print(f"\r{number}/{len(questions)}", end="", flush=True)
    print()
    able = [row for row in rows if row[0]["answerable"]]
    unable = [row for row in rows if not row[0]["answerable"]]
    refused = [row for row in rows if not row[1].answered]
    figures = {
        "questions": len(rows),
        "answerable": len(able),
        **{f"ndcg@10 {leg}": statistics.fmean(values) for leg, values in ranked.items() if values},
        "answer holds the answer": statistics.fmean(holds(answer, q) for q, answer, _ in able),
        "a right document is cited": statistics.fmean(
            any(cited.source in q["gold_ids"] for cited in answer.citations)
            for q, answer, _ in able
        ),
        "refusal precision": sum(not q["answerable"] for q, *_ in refused) / max(1, len(refused)),
        "refusal recall": sum(not answer.answered for _, answer, _ in unable) / max(1, len(unable)),
        "answerable auroc": auroc(
            [answer.confidence for _, answer, _ in able],
            [answer.confidence for _, answer, _ in unable],
        ),
        "seconds p50": statistics.median(seconds for *_, seconds in rows[1:]),
    }
    return {name: round(value, 3) for name, value in figures.items()}


def main() -> None:
    """Reads the command line, measures, prints a table and, with --out, writes it as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    arguments = parser.parse_args()
    every = lines(HERE / "questions" / "corpus.jsonl")
    questions = [question for question in every if question["split"] == arguments.half]
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(index=Path(place) / "index")
        figures = measured(Assistant.from_folder(HERE.parent / "corpus", settings), questions)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if arguments.out:
        arguments.out.write_text(json.dumps({"half": arguments.half, **figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
