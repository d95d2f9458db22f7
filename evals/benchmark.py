"""Measures finding, choosing and abstaining on the parts of public sets kept for reporting.

python -m evals.benchmark DATA --work FOLDER [--out evals/results]

DATA holds the sets, a folder each; FOLDER keeps their indexes. Takes about a quarter of an hour
on two cores. With --out the figures are written as JSON, and the reliability of the confidence
is drawn.
"""

import argparse
import json
import math
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from askdoc.answer.evidence import choose
from askdoc.answer.pipeline import find
from askdoc.answer.query import Query, contextualize
from askdoc.answer.reader import read
from askdoc.answer.retrieve import WAYS, Candidate, join, retrieve
from askdoc.evaluation.metrics import auroc, bins, calibration_error, ndcg_at_k
from evals.sets import Part, Row, lines, source_of
from evals.training.fit import answers, holds

RANKED = (
    "cranfield",
    "multihoprag",
    "hotpotqa_sample",
    "tatqa_dev",
    "squad2",
    "mtrag_subset",
    "xquad/en",
)
SMALL = ("tatqa_dev", "clapnq_dev", "mtrag_subset")
SIZES = (300, 600, 1000)
DEEP = 20  # hits that a ranking is made of
RRF = 60

Figures = dict[str, Any]


def reported(part: Part, most: int, answerable: bool | None = True) -> list[Row]:
    """Questions of the reported part, in a fixed random order."""
    found = [
        question
        for question in part.questions
        if question["gold_ids"] and part.part(question) == "report"
        if answerable is None or question["answerable"] == answerable
    ]
    random.Random(0).shuffle(found)
    return found[:most]


def turns(question: Row) -> list[dict[str, str]]:
    """The turns before a question, as askdoc takes them."""
    return [
        {"role": "user" if turn["role"] == "user" else "assistant", "content": turn["text"]}
        for turn in question.get("history") or []
    ]


def documents(sources: Sequence[str]) -> list[str]:
    """Each document once, at its best place."""
    return list(dict.fromkeys(sources))


def reciprocal(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Plain reciprocal rank fusion of passage ids (Cormack, Clarke and Buettcher, 2009)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, id in enumerate(ranking):
            scores[id] = scores.get(id, 0.0) + 1 / (RRF + 1 + rank)
    return sorted(scores, key=lambda found: -scores[found])


def ranking(part: Part, most: int) -> Figures:
    """nDCG@10 of documents: each leg with the last turn alone, their fusions, what askdoc gives."""
    index = part.assistant.index
    rows: dict[str, list[float]] = {}
    for question in reported(part, most):
        gold = [source_of(str(id)) for id in question["gold_ids"]]
        legs = index.search(question["question"], 100)
        ids = [[passage.id for passage, _ in leg] for leg in legs]
        places = {passage.id: passage.source for leg in legs for passage, _ in leg}
        query = contextualize(question["question"], turns(question), index)
        findings = find(index, query, DEEP)
        found = {
            **{leg: [places[id] for id in each] for leg, each in zip(WAYS, ids, strict=True)},
            "rrf": [places[id] for id in reciprocal(ids)],
            "fused": [item.passage.source for item in findings.candidates],
            "final": [hit.passage.source for hit in findings.hits],
        }
        for name, sources in found.items():
            rows.setdefault(name, []).append(ndcg_at_k(documents(sources), gold, 10))
    figures = {name: statistics.fmean(values) for name, values in rows.items()}
    better = max(figures[leg] for leg in WAYS)
    return {
        "questions": len(rows["final"]),
        **figures,
        "final above the better leg": figures["final"] - better,
    }


def asked(part: Part, question: str) -> tuple[float, list[Any]]:
    """The confidence and the sentences chosen, for a question."""
    index = part.assistant.index
    findings = find(index, contextualize(question, (), index))
    return findings.confidence, list(findings.evidence)


def sentences(part: Part, most: int) -> Figures:
    """How often the best sentence of all, and the best of the right paragraph, holds the answer."""
    index = part.assistant.index
    of_all, of_right, of_answer = [], [], []
    for question in reported(part, most):
        _, chosen = asked(part, question["question"])
        of_all.append(bool(chosen) and holds(chosen[0].span.text, question))
        of_answer.append(any(holds(item.span.text, question) for item in chosen))
        passages = index.passages(source_of(str(question["gold_ids"][0])))
        judgements = read(question["question"], passages, index.settings.reader)
        right = [
            Candidate(passage, {}, 0.0, judgement)
            for passage, judgement in zip(passages, judgements, strict=True)
        ]
        best = choose(Query.of(question["question"], index), right)[:1]
        of_right.append(bool(best) and holds(best[0].span.text, question))
    return {
        "questions": len(of_all),
        "best sentence of the corpus holds the answer": statistics.fmean(of_all),
        "a sentence of the answer holds it": statistics.fmean(of_answer),
        "best sentence of the right paragraph holds it": statistics.fmean(of_right),
    }


def refusals(part: Part, able: Sequence[Row], unable: Sequence[Row]) -> tuple[Figures, list[Any]]:
    """How well what can be answered is told from what cannot; and each (confidence, right)."""
    threshold = part.assistant.settings.threshold
    yes, no, pairs = [], [], []
    for question in able:
        sure, chosen = asked(part, question["question"])
        yes.append(sure)
        pairs.append((sure, answers(chosen, question)))
    for question in unable:
        sure, _ = asked(part, question["question"])
        no.append(sure)
        pairs.append((sure, False))
    refused = [sure < threshold for sure in yes], [sure < threshold for sure in no]
    both = sum(refused[0]) + sum(refused[1])
    figures = {
        "answerable": len(yes),
        "unanswerable": len(no),
        "auroc": auroc(yes, no),
        "refusal precision": sum(refused[1]) / both if both else math.nan,
        "refusal recall": statistics.fmean(refused[1]),
    }
    return figures, pairs


def follow_ups(part: Part) -> Figures:
    """Recall of the right documents within the first five, for turns with turns before them."""
    index = part.assistant.index
    rows: dict[str, list[float]] = {}
    for question in part.questions:
        gold = {source_of(str(id)) for id in question["gold_ids"]}
        if not gold or not question["history"]:
            continue
        last = question["question"]
        query = contextualize(last, turns(question), index)
        lexical = [passage.source for passage, _ in index.search(last, 100)[1]]
        found = {
            "BM25, last turn alone": lexical,
            "askdoc, last turn alone": _final(part, contextualize(last, (), index)),
            "askdoc, with the turns before": _final(part, query),
        }
        for name, sources in found.items():
            rows.setdefault(name, []).append(len(gold & set(documents(sources)[:5])) / len(gold))
        rows.setdefault("changed", []).append(float(query.text != last.strip()))
    return {"questions": len(rows["changed"])} | {
        name: statistics.fmean(values) for name, values in rows.items()
    }


def facts(part: Part, most: int) -> Figures:
    """How often all facts of a question are within the first ten passages."""
    index = part.assistant.index
    questions = [question for question in reported(part, most) if question["evidence"]]

    def share(of: Callable[[str], Sequence[Any]]) -> float:
        return statistics.fmean(
            all(
                any(
                    passage.source == source_of(str(fact["id"]))
                    and " ".join(fact["fact"].split())[:80] in " ".join(passage.text.split())
                    for passage in of(question["question"])
                )
                for fact in question["evidence"]
            )
            for question in questions
        )

    def found(text: str) -> list[Candidate]:
        return list(find(index, contextualize(text, (), index), 10).ranked)

    return {
        "questions": len(questions),
        "BM25": share(lambda text: [passage for passage, _ in index.search(text, 10)[1]]),
        "askdoc": share(lambda text: [item.passage for item in found(text)[:10]]),
        "askdoc, neighbours joined": share(
            lambda text: [hit.passage for hit in join(found(text), 10)]
        ),
    }


def speed(part: Part, most: int) -> Figures:
    """The seconds of a question, from call to answer, the first few left out."""
    taken = []
    for question in reported(part, most):
        began = time.perf_counter()
        part.assistant.ask(question["question"])
        taken.append(time.perf_counter() - began)
    return {
        "passages": len(part.assistant.index),
        "seconds p50": statistics.median(taken[3:]),
        "seconds p95": statistics.quantiles(taken[3:], n=20)[-1],
    }


def reliability(pairs: Sequence[tuple[float, bool]]) -> list[dict[str, float]]:
    """Confidences in ten bins: how many, their mean, and the share of them that were right."""
    return [
        {"answers": many, "confidence": sure, "right": right}
        for many, sure, right in bins(*zip(*pairs, strict=True))
    ]


def calibration(pairs: Sequence[tuple[float, bool]]) -> Figures:
    """The expected calibration error in ten bins."""
    error = calibration_error(*zip(*pairs, strict=True))
    return {"answers": len(pairs), "expected calibration error": error}


def drawn(rows: Sequence[dict[str, float]]) -> str:
    """The reliability of the confidence, as an SVG: a dot a bin, its area by its answers."""
    most = max(row["answers"] for row in rows)
    dots = "".join(
        f'<circle cx="{40 + 300 * row["confidence"]:.0f}" cy="{320 - 300 * row["right"]:.0f}" '
        f'r="{3 + 12 * math.sqrt(row["answers"] / most):.1f}" fill="#2b6cb0" fill-opacity=".7">'
        f"<title>{row['answers']:.0f} answers</title></circle>"
        for row in rows
    )
    marks = "".join(
        f'<text x="{40 + 300 * at:.0f}" y="338" text-anchor="middle">{at:g}</text>'
        f'<text x="32" y="{324 - 300 * at:.0f}" text-anchor="end">{at:g}</text>'
        for at in (0, 0.5, 1)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 370" width="360" '
        'font-family="sans-serif" font-size="12">\n'
        '<rect width="360" height="370" fill="white"/>\n'
        '<path d="M40 20V320H340" fill="none" stroke="#444"/>'
        '<path d="M40 320L340 20" stroke="#999" stroke-dasharray="4"/>\n'
        f'{marks}<text x="190" y="358" text-anchor="middle">confidence</text>'
        '<text x="14" y="170" text-anchor="middle" transform="rotate(-90 14 170)">'
        f"share that is right</text>\n{dots}\n</svg>\n"
    )


def _final(part: Part, query: Query) -> list[str]:
    """The sources of the hits for a query."""
    return [hit.passage.source for hit in find(part.assistant.index, query, DEEP).hits]


def measured(data: Path, place: Path, most: int) -> Figures:
    """Every figure."""
    parts = {name: Part(data, name, place) for name in (*RANKED, "clapnq_dev", "nq_open_oracle")}
    figures: Figures = {"ranking": {}}

    def note(name: str, value: Any, into: Figures = figures) -> None:
        into[name] = value
        print(name, json.dumps(rounded(value)), flush=True)

    squad, clapnq = parts["squad2"], parts["clapnq_dev"]
    note("sentences", sentences(squad, most))
    seen = {question["question"] for question in parts["nq_open_oracle"].questions}
    outside = [
        {"question": row["question"], "answerable": False, "answers": []}
        for row in lines(data / "nq_open_dev" / "questions.jsonl")
        if row["question"] not in seen
    ]
    random.Random(0).shuffle(outside)
    able = reported(squad, most)
    told, pairs = refusals(squad, able, outside[:most])
    note("outside", told)
    near = reported(squad, most, answerable=False)
    told, more = refusals(squad, able, near)
    note("near misses", told)
    pairs += more[len(able) :]
    told, more = refusals(clapnq, reported(clapnq, most), reported(clapnq, most, answerable=False))
    note("clapnq", told)
    note("calibration", calibration(pairs + more))
    note("bins", reliability(pairs + more))
    note("follow-ups", follow_ups(parts["mtrag_subset"]))
    note("facts", facts(parts["multihoprag"], most))
    for name in RANKED:
        note(name, ranking(parts[name], most), figures["ranking"])
    gains = [row["final above the better leg"] for row in figures["ranking"].values()]
    note("mean gain", statistics.fmean(gains))
    note("speed", speed(parts["multihoprag"], 60))
    return figures


def sizes(data: Path, place: Path, most: int) -> Figures:
    """nDCG@10 of documents after the fusion, by the size of the passages (characters, at most)."""
    figures: Figures = {}
    for size in SIZES:
        row = figures[str(size)] = {}
        for name in SMALL:
            part = Part(data, name, place / str(size), size)
            scores = []
            for question in reported(part, most):
                query = contextualize(question["question"], turns(question), part.assistant.index)
                found = retrieve(part.assistant.index, query)
                gold = [source_of(str(id)) for id in question["gold_ids"]]
                ranking = documents([item.passage.source for item in found])
                scores.append(ndcg_at_k(ranking, gold, 10))
            row[name] = statistics.fmean(scores)
        print(size, json.dumps(rounded(row)), flush=True)
    return figures


def rounded(value: Any) -> Any:
    """Numbers with three places."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value


def main() -> None:
    """Reads the command line, measures, and with --out writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--most", type=int, default=150, help="questions of a set, at most")
    parser.add_argument("--sizes", action="store_true", help="measure the size of passages only")
    parser.add_argument("--out", type=Path, help="a folder for the figures and the plot")
    arguments = parser.parse_args()
    if arguments.sizes:
        figures = rounded(sizes(arguments.data, arguments.work / "sizes", arguments.most))
        if arguments.out:
            text = json.dumps(figures, indent=2) + "\n"
            (arguments.out / "passage-size.json").write_text(text, "utf-8")
        return
    figures = rounded(measured(arguments.data, arguments.work / "corpora", arguments.most))
    if arguments.out:
        text = json.dumps(figures, indent=2) + "\n"
        (arguments.out / "benchmark.json").write_text(text, "utf-8")
        (arguments.out / "reliability.svg").write_text(drawn(figures["bins"]), "utf-8")


if __name__ == "__main__":
    main()
