"""What every step of a question, and every signal of the calibration, is worth: each left out once.

python -m evals.ablation DATA --work FOLDER [--out evals/results] [--most 60] [--only SET]…

DATA holds the sets, a folder each, beside which stand our own small folders and the corpus that
ships; FOLDER keeps their indexes. Only questions are asked that serve for tuning: what is left out
for its figures here is measured on others. A step is left out by putting something that does
nothing in its place, and the whole set is asked again; a signal by fitting the weights without it,
on one half of the questions for the other.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from askdoc import Answer, Assistant, Hit
from askdoc.answer import evidence, pipeline, query, reader, retrieve
from askdoc.answer.calibration import Calibration, bundled
from askdoc.answer.query import History, Query
from askdoc.answer.retrieve import Candidate
from askdoc.evaluation.calibrate import HEADS, Asked, Fit, Groups, ask
from askdoc.evaluation.comparison import interval
from askdoc.evaluation.figures import FIGURES
from askdoc.evaluation.metrics import auroc, ndcg_at_k
from askdoc.evaluation.questions import Corpus, Question
from askdoc.evaluation.run import run
from askdoc.evaluation.scores import Outcome
from evals.folders import folders, shipped
from evals.sets import Part, show
from evals.tables import keep

OWN, SHIPPED = "folders", "corpus"  # our own small folders, as one set, and the corpus that ships
SETS = [
    OWN, SHIPPED, "squad2", "clapnq_dev", "hotpotqa_sample", "tatqa_dev", "cranfield",
    "mtrag_subset", "multihoprag",
]  # fmt: skip
MEASURED = ("ndcg@10", "all facts@5", "right answers", "value", "AUROC")
WHOLE = "everything"


def fused_order(
    asked: Query, candidates: Sequence[Candidate], k: int, reader: str, fitted: Calibration
) -> list[Candidate]:
    """Reading without ranking by it: the passages are read, and stay as the fusion has them."""
    ranked = retrieve.rerank(asked, candidates, k, reader, fitted)
    read = {found.passage.id: found for found in ranked}
    return [replace(read[found.passage.id], score=found.fused) for found in candidates]


STEPS: dict[str, tuple[Any, str, Any]] = {  # where a step stands, and what does nothing there
    "subqueries": (query, "subqueries", lambda question: ()),
    "earlier turns": (query, "_carried", lambda question, history, index: []),
    "spelling": (query, "correct_spelling", lambda question, index: question),
    "dense retrieval": (retrieve, "WAYS", {"dense": 0.0, "lexical": 1.0}),
    "BM25": (retrieve, "WAYS", {"dense": 1.0, "lexical": 0.0}),
    "folding near-duplicates": (pipeline, "fold", list),
    "ranking by reading": (pipeline, "rerank", fused_order),
    "joining neighbours": (retrieve, "JOINED", 1),
    "expected answer type": (evidence, "expected_type", lambda question: None),
    "topics": (pipeline, "topic_of", lambda query: frozenset()),
    "alternatives": (evidence, "DOUBTFUL", 1),
    "context": (evidence, "with_context", lambda span, question: span),
}


@contextmanager
def put(place: Any, name: str, instead: Any) -> Iterator[None]:
    """Another value under a name, for as long as the context lasts."""
    before = getattr(place, name)
    setattr(place, name, instead)
    try:
        yield
    finally:
        setattr(place, name, before)


class Without:
    """An assistant that leaves a step out; none where there is none to leave out."""

    def __init__(self, assistant: Assistant, step: str = "") -> None:
        self._assistant = assistant
        self._changed = STEPS.get(step, (self, "_assistant", assistant))

    def ask(self, question: str, history: History = ()) -> Answer:
        """The answer to a question."""
        with put(*self._changed):
            return self._assistant.ask(question, history)

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The hits for a query."""
        with put(*self._changed):
            return self._assistant.search(query, k)


def corpora(
    data: Path, name: str, place: Path, most: int
) -> Iterator[tuple[Corpus, Sequence[Question]]]:
    """The corpora of a set, each with the questions to tune on, at most so many."""
    if name == OWN:
        for corpus, chosen in folders(place / "own", "tune"):
            yield corpus, chosen[:: -(-len(chosen) // most)]  # they are ordered by kind
    elif name == SHIPPED:
        yield shipped(place / "shipped", "tune")
    else:
        part = Part(data, name, place / "corpora")
        yield part.corpus, part.tuning(most)


def outcomes_of(name: str, corpus: Corpus, chosen: Sequence[Question]) -> dict[str, list[Outcome]]:
    """What comes of a set's questions with everything, and with each step left out."""
    assistant = corpus.assistant
    systems = {WHOLE: Without(assistant)} | {step: Without(assistant, step) for step in STEPS}
    outcomes = run(name, chosen, corpus, systems, show).outcomes
    return {
        system: [replace(outcome, id=f"{name} {outcome.id}") for outcome in of_system]
        for system, of_system in outcomes.items()
    }


def steps(outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, dict[str, str]]:
    """The figures with everything, and by how much they are higher than with a step left out."""
    whole = outcomes[WHOLE]
    table = {WHOLE: {name: _number(FIGURES[name].of(whole)) for name in MEASURED}}
    for step in STEPS:
        pairs = list(zip(whole, outcomes[step], strict=True))
        changed = sum(a.text != b.text for a, b in pairs)
        table[step] = {
            name: _gain(FIGURES[name].of(whole) - FIGURES[name].of(outcomes[step]),
                        *interval(FIGURES[name].of, pairs))
            for name in MEASURED
        } | {"other answers": str(changed)}  # fmt: skip
    return table


def by_set(outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, dict[str, str]]:
    """For each set, its nDCG@10 with everything, and what each step adds to it."""
    figure = FIGURES["ndcg@10"].of
    table: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(outcome.id.split()[0] for outcome in outcomes[WHOLE]):
        values = {
            system: figure([outcome for outcome in of_system if outcome.id.split()[0] == name])
            for system, of_system in outcomes.items()
        }
        whole = values.pop(WHOLE)
        table[name] = {WHOLE: _number(whole)}
        table[name] |= {step: _gain(whole - value) for step, value in values.items()}
    return table


def order(groups: Groups, scores: Sequence[Sequence[float]]) -> float:
    """The nDCG@10 of what was read, questions without a right passage left out."""
    values = []
    for group, of_group in zip(groups, scores, strict=True):
        best = sorted(range(len(group)), key=lambda n: -of_group[n])
        right = [str(n) for n, (_, is_right) in enumerate(group) if is_right]
        if right:
            values.append(ndcg_at_k(list(map(str, best)), right, 10))
    return sum(values) / len(values)


def first(groups: Groups, scores: Sequence[Sequence[float]]) -> float:
    """The share of the questions whose best sentence is right."""
    best = [max(range(len(each)), key=each.__getitem__) for each in scores]
    return sum(group[n][1] for n, group in zip(best, groups, strict=True)) / len(groups)


def told_apart(groups: Groups, scores: Sequence[Sequence[float]]) -> float:
    """The AUROC of right answers."""
    pairs = [(score, group[0][1]) for group, (score,) in zip(groups, scores, strict=True)]
    return auroc([s for s, right in pairs if right], [s for s, right in pairs if not right])


MEASURES: dict[str, tuple[str, Callable[..., float]]] = {
    "ranking": ("nDCG@10 of what was read", order),
    "sentence": ("best sentence right", first),
    "answer": ("AUROC of right answers", told_apart),
}
"""For each use of the calibration, what is measured of its samples, and how."""


def signals(asked: Sequence[Asked]) -> dict[str, dict[str, dict[str, str]]]:
    """For each use of the calibration, what every signal adds to what it is for."""
    tables = {}
    for head, (samples_of, fit) in HEADS.items():
        means, measure = MEASURES[head]
        groups = samples_of(asked, bundled())
        names = list(groups[0][0][0])
        whole = measure(groups, held_out(groups, fit))
        table = tables[f"signals of {head}"] = {WHOLE: {means: _number(whole)}}
        for name in names:
            less = [
                [({n: v for n, v in of.items() if n != name}, right) for of, right in group]
                for group in groups
            ]
            table[name] = {means: _gain(whole - measure(less, held_out(less, fit)))}
    return tables


def held_out(groups: Groups, fit: Fit) -> list[list[float]]:
    """The score of every sample by weights that were fitted on the other half of the questions."""
    halves = [fit(groups[1::2], {}), fit(groups[::2], {})]

    def score(weights: Mapping[str, float], of: Mapping[str, float]) -> float:
        return weights["bias"] + sum(weights[name] * value for name, value in of.items())

    return [[score(halves[n % 2], of) for of, _ in group] for n, group in enumerate(groups)]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _gain(value: float, low: float = 0.0, high: float = 0.0) -> str:
    """A gain with its interval; in bold where that leaves no gain out."""
    if math.isnan(value):
        return ""
    text = f"{value:+.3f}" + (f" ({low:+.3f} to {high:+.3f})" if low or high else "")
    return f"**{text}**" if low > 0 or high < 0 else text


def main(
    data: Path,
    work: Annotated[Path, typer.Option()],
    out: Path | None = None,
    most: int = 60,
    only: Annotated[list[str], typer.Option()] = SETS,
) -> None:
    """Asks --most questions of each set, set by set, and prints what each step and signal adds."""
    outcomes: dict[str, list[Outcome]] = {}
    asked: list[Asked] = []
    for name in only:
        for corpus, chosen in corpora(data, name, work, most):
            index = corpus.assistant.index
            # What is searched for and read once need not be again: most steps change little of it.
            with (
                put(index, "search", functools.cache(index.search)),
                put(reader, "REMEMBERED", 1_000_000),
            ):
                asked += ask(corpus.assistant, chosen)
                for system, of_system in outcomes_of(name, corpus, chosen).items():
                    outcomes.setdefault(system, []).extend(of_system)
        print(f"\n{name}: {len(asked)} questions so far", flush=True)
        tables: dict[str, Any] = {
            "sets": {"questions": len(asked), "sets": ", ".join(by_set(outcomes))},
            "steps": steps(outcomes),
            "by set": by_set(outcomes),
            **signals(asked),
        }
        keep(tables, out, "ablation.json")


if __name__ == "__main__":
    typer.run(main)
