"""Measures askdoc and the baseline on small folders such as people have.

python -m evals.folders --work FOLDER [--split report] [--out evals/results]

Each folder of `evals/questions/folders` is a corpus of its own, of four to six documents, with the
questions of a file of its name. Their questions are reckoned as one set, by kind and by folder, and
those of `evals/questions/two-in-one`, which ask two things each, as another. FOLDER keeps the
indexes. Takes some minutes on two cores.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from askdoc import Assistant, Settings
from askdoc.evaluation.figures import figures, right
from askdoc.evaluation.questions import Corpus, Question, questions
from askdoc.evaluation.run import ASKDOC, BASELINE, run
from askdoc.evaluation.scores import Outcome, System
from evals.baseline import Baseline
from evals.sets import show
from evals.tables import keep

ROOT = Path(__file__).parents[1]
QUESTIONS = ROOT / "evals" / "questions"
FOLDERS = QUESTIONS / "folders"
TWO_IN_ONE = QUESTIONS / "two-in-one"
FIGURES = (
    "right", "value", "right answers", "all facts@10", "citation precision",
    "abstention precision", "abstention recall", "AUROC", "calibration error",
)  # fmt: skip


def folders(
    place: Path, split: str, asked: Path = FOLDERS
) -> Iterator[tuple[Corpus, list[Question]]]:
    """Each folder of a split, indexed below ``place``, with its questions in a folder of files."""
    for path in sorted(asked.glob("*.jsonl")):
        settings = Settings(corpus=FOLDERS / path.stem, index=place / path.stem)
        corpus = Corpus(Assistant.from_folder(settings=settings))
        chosen = [each for each in questions(path, corpus) if each.split == split]
        if chosen:
            yield corpus, chosen


def shipped(place: Path, split: str) -> tuple[Corpus, list[Question]]:
    """The corpus that comes with askdoc, indexed in ``place``, with its questions of a split."""
    settings = Settings(corpus=ROOT / "corpus", index=place)
    corpus = Corpus(Assistant.from_folder(settings=settings))
    every = questions(QUESTIONS / "corpus.jsonl", corpus)
    return corpus, [question for question in every if question.split == split]


def tables(outcomes: dict[str, list[Outcome]]) -> dict[str, Any]:
    """The figures of both systems, and the share that is right of each kind and each folder."""
    every = {system: figures(of_system) for system, of_system in outcomes.items()}
    return {
        "figures": {
            name: {system: of[name] for system, of in every.items() if of[name] is not None}
            for name in FIGURES
        },
        "right by kind": _right(outcomes, lambda outcome: outcome.kind),
        "right by folder": _right(outcomes, lambda outcome: outcome.id.rpartition("-")[0]),
    }


def _right(
    outcomes: dict[str, list[Outcome]], part_of: Callable[[Outcome], str]
) -> dict[str, dict[str, float]]:
    """The number of questions of each part, and the share of them that each system has right."""
    told: dict[str, dict[str, float]] = {}
    for part in dict.fromkeys(map(part_of, outcomes[ASKDOC])):
        of = {
            system: [outcome for outcome in of_system if part_of(outcome) == part]
            for system, of_system in outcomes.items()
        }
        shares = {system: right(of_system) for system, of_system in of.items()}
        told[part] = {"questions": len(of[ASKDOC]), **shares}
    return told


def main(
    work: Annotated[Path, typer.Option()],
    split: str = "report",
    out: Path | None = None,
) -> None:
    """Asks every question of the folders of a split, and prints what comes of them."""
    told = tables(_outcomes(work / "folders", split, FOLDERS))
    two = tables(_outcomes(work / "folders", split, TWO_IN_ONE))
    keep({**told, "two in one": two["figures"]}, out, "folders.json")


def _outcomes(place: Path, split: str, asked: Path) -> dict[str, list[Outcome]]:
    """What comes of every question of a split, by system."""
    outcomes: dict[str, list[Outcome]] = {ASKDOC: [], BASELINE: []}
    for corpus, chosen in folders(place, split, asked):
        settings = corpus.assistant.settings
        baseline = Baseline.from_folder(settings.corpus, settings)
        systems: dict[str, System] = {ASKDOC: corpus.assistant, BASELINE: baseline}
        for system, of_system in run(split, chosen, corpus, systems, show).outcomes.items():
            outcomes[system] += of_system
    return outcomes


if __name__ == "__main__":
    typer.run(main)
