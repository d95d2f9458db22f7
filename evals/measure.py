"""Measures askdoc, without a language model as judge: on its own questions, or on a public set.

python evals/measure.py                          the corpus's questions, the half that is reported
python evals/measure.py --data SET               a folder with corpus.jsonl and queries.jsonl
python evals/measure.py --data SET --outside SET2   and questions that SET cannot answer
python evals/measure.py --data SET --outside SET2 --fit   the reader's weights, from the other half

The halves of a public set share no document title, so what is tuned on one is reported on another.
"""

import argparse
import json
import math
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from askdoc import Answer, Assistant, Settings
from askdoc.reader import evidence
from askdoc.retriever import retrieve

HERE = Path(__file__).parent
Question = dict[str, Any]


def lines(path: Path) -> list[Question]:
    """The values of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def folder_of(data: Path, into: Path) -> dict[str, str]:
    """Writes the documents of a set as Markdown files; the title of each by its source."""
    titles = {}
    for row in lines(data / "corpus.jsonl"):
        source = re.sub(r"[^\w.-]", "_", str(row["id"])) + ".md"
        (into / source).write_text(f"# {row['title']}\n\n{row['text']}\n", "utf-8")
        titles[source] = row["title"]
    return titles


def public_questions(data: Path, titles: dict[str, str], half: str, most: int) -> list[Question]:
    """Questions whose document's title belongs to a half of the set, in a fixed random order."""
    chosen = set(sorted(set(titles.values()))[half == "report" :: 2])
    found = []
    for question in lines(data / "queries.jsonl"):
        gold = [re.sub(r"[^\w.-]", "_", str(id)) + ".md" for id in question.get("gold_ids", [])]
        if gold and titles.get(gold[0]) in chosen:
            found.append({**question, "gold_ids": gold, "outside": False})
    random.Random(0).shuffle(found)
    return found[:most]


def outside_questions(data: Path, most: int) -> list[Question]:
    """Questions about anything else."""
    (path,) = data.glob("q*.jsonl")
    questions = [str(row["question"]) for row in lines(path)]
    random.Random(0).shuffle(questions)
    return [
        {"question": text, "answerable": False, "gold_ids": [], "outside": True}
        for text in questions[:most]
    ]


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
    """The documents in the order in which each leg and their fusion bring them up."""
    dense, lexical = assistant.index.search(query, 100)
    rankings = {
        "dense": [passage.source for passage, _ in dense],
        "lexical": [passage.source for passage, _ in lexical],
        "fused": [hit.passage.source for hit in retrieve(assistant.index, query, 100)],
    }
    return {leg: list(dict.fromkeys(ranking)) for leg, ranking in rankings.items()}


def holds(answer: Answer, question: Question) -> bool:
    """Whether an answer says what the question's author wants it to say."""
    patterns = question.get("must_include") or []
    if patterns:
        return all(re.search(pattern, answer.text, re.I) for pattern in patterns)
    folded = answer.text.casefold()
    return any(text.casefold() in folded for text in question.get("answers") or [])


def measured(assistant: Assistant, questions: Sequence[Question]) -> dict[str, Any]:
    """Every figure, rounded; refusals are counted as what is to be found."""
    ranked: dict[str, list[float]] = {"dense": [], "lexical": [], "fused": []}
    rows = []
    for number, question in enumerate(questions, 1):
        began = time.perf_counter()
        answer = assistant.ask(question["question"])
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


def fitted(assistant: Assistant, questions: Sequence[Question]) -> dict[str, float]:
    """The reader's weights by logistic regression (Newton's method) over cosine and coverage."""
    import numpy as np

    signals, labels = [], []
    for question in questions:
        query = question["question"]
        found = evidence(query, retrieve(assistant.index, query, 8), assistant.index)
        if found:
            best = max(found, key=lambda item: item.score)
            signals.append((best.cosine, best.coverage, 1.0))
            labels.append(float(question["answerable"]))
    x, y = np.array(signals), np.array(labels)
    weights = np.zeros(3)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + np.eye(3) * 1e-3
        weights += np.linalg.solve(curvature, x.T @ (y - chance))
    return dict(zip(("cosine", "coverage", "bias"), weights.round(2).tolist(), strict=True))


def main() -> None:
    """Reads the command line, measures, prints a table and, with --out, writes it as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a public set")
    parser.add_argument("--outside", type=Path, help="a set of questions that it cannot answer")
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--most", type=int, default=400, help="questions of a set, at most")
    parser.add_argument("--fit", action="store_true", help="fit the reader on the tuning half")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    arguments = parser.parse_args()
    half = "tune" if arguments.fit else arguments.half
    with tempfile.TemporaryDirectory() as place:
        if arguments.data:
            corpus = Path(place) / "corpus"
            corpus.mkdir()
            titles = folder_of(arguments.data, corpus)
            questions = public_questions(arguments.data, titles, half, arguments.most)
            if arguments.outside:
                able = [question for question in questions if question["answerable"]]
                questions = able + outside_questions(arguments.outside, len(able))
        else:
            corpus = HERE.parent / "corpus"
            every = lines(HERE / "questions" / "corpus.jsonl")
            questions = [question for question in every if question["split"] == half]
        assistant = Assistant.from_folder(corpus, Settings(index=Path(place) / "index"))
        figures = (fitted if arguments.fit else measured)(assistant, questions)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if arguments.out:
        arguments.out.write_text(json.dumps({"half": half, **figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
