"""``askdoc eval``: a set of questions, checked, asked, counted, compared and told."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from askdoc.assistant import Assistant
from askdoc.cli.commands import DIFFERS, Json, app, assistant_of, settings_of
from askdoc.cli.commands import Corpus as Folder
from askdoc.cli.printing import INTERRUPTED, err, out, print_json
from askdoc.errors import BadInput
from askdoc.evaluation.aggregates import FIGURES
from askdoc.evaluation.baseline import baseline as loaded
from askdoc.evaluation.comparison import Comparison, compare
from askdoc.evaluation.gate import dropped, gate
from askdoc.evaluation.questions import Corpus, Question, questions
from askdoc.evaluation.report import BEFORE, report
from askdoc.evaluation.run import (
    ASKDOC,
    BASELINE,
    Run,
    Told,
    about,
    check_comparable,
    read_run,
    run,
    save,
)
from askdoc.evaluation.scores import System
from askdoc.evaluation.sets import QUESTIONS, laid_out
from askdoc.evaluation.synthesize import drafted
from askdoc.settings import Settings

DRAFT = "questions.jsonl"


class Split(StrEnum):
    """The halves of a set: one to tune on, one to report."""

    TUNE = "tune"
    REPORT = "report"


@app.command("eval")
def evaluate(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[QUESTIONS.jsonl]", help="The questions, a JSON object a line."),
    ] = None,
    corpus: Folder = None,
    data: Annotated[
        Path | None, typer.Option(help="A set that has its documents in `corpus.jsonl`.")
    ] = None,
    place: Annotated[
        Path | None,
        typer.Option("--index", help="The folder of the index. [default: CORPUS or DATA/.askdoc]"),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Where run.json and report.html go. [default: eval-SET]"),
    ] = None,
    against: Annotated[Path | None, typer.Option(help="A run.json to compare with.")] = None,
    gates: Annotated[
        Path | None, typer.Option("--gate", help="A gates.toml; exit with 3 when a figure falls.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A Python file with another system, as a class Baseline.")
    ] = None,
    split: Annotated[Split | None, typer.Option(help="Only the questions of this split.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many.")] = None,
    draft: Annotated[
        int | None, typer.Option(min=1, help="Write so many draft questions instead.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure answers, citations and refusals on questions with known answers."""
    if path is None and data is None and draft is None:
        raise typer.BadParameter("name a file of questions, a set with --data, or --draft")
    settings, sources = _settings(corpus, data, place)
    assistant = assistant_of(settings)
    documents = Corpus(assistant.index, sources)
    if draft is not None:
        _draft(assistant, documents, draft, folder or path or Path(DRAFT))
        return
    path = path or Path(str(data)) / QUESTIONS
    name = path.resolve().parent.name if path.name == QUESTIONS else path.stem
    folder = folder or Path(f"eval-{name}")
    # Whatever may be wrong is looked at before anything is asked.
    chosen = _chosen(questions(path, documents), split, limit, path)
    told = about(name, chosen, documents, settings)
    before = read_run(against) if against else None
    if before and against:
        check_comparable(told, before, against)
    limits = gate(gates, told, before) if gates else []
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file: name a folder with --out")
    systems: dict[str, System] = {ASKDOC: assistant}
    if baseline:
        systems[BASELINE] = loaded(baseline, settings.corpus, settings)
    with _counted() as counted:
        found = run(name, chosen, documents, systems, settings, counted)
    comparisons = _comparisons(found, before)
    fallen = dropped(limits, found.figures[ASKDOC])
    page = report(found, before, comparisons, fallen)
    save(folder, {"run.json": found.as_json(), "report.html": page})
    if as_json:
        print_json(
            {"about": found.about, "figures": found.figures, "seconds": found.speed}
            | {"comparisons": {name: each.as_dict() for name, each in comparisons.items()}}
            | {"gate": fallen, "out": str(folder)}
        )
    else:
        _print(found, before, comparisons)
        out.print(f"\nThe run and its report are in {escape(str(folder))}.")
    for line in fallen:
        err.print(f"[red]gate[/] {escape(line)}", soft_wrap=True)
    if fallen:
        raise typer.Exit(DIFFERS)


def _settings(
    corpus: Path | None, data: Path | None, place: Path | None
) -> tuple[Settings, Mapping[str, str] | None]:
    """The settings, and the sources of a set's own documents by their ids."""
    if data is None:
        return settings_of(corpus, place), None
    if corpus is not None:
        raise typer.BadParameter("--data brings its own documents: leave --corpus out")
    place = place or data / ".askdoc"
    documents, sources = laid_out(data, place)
    return settings_of(documents, place / "index"), sources


def _chosen(
    every: Sequence[Question], split: str | None, limit: int | None, path: Path
) -> list[Question]:
    """The questions that are wanted; raises BadInput when there is none."""
    chosen = [question for question in every if split in (None, question.split)]
    if not chosen:
        raise BadInput(f"{path} has no question whose split is {split}")
    return chosen[:limit]


def _draft(assistant: Assistant, corpus: Corpus, many: int, path: Path) -> None:
    """Writes a draft set; raises BadInput when its file is there already."""
    if path.exists():
        raise BadInput(f"{path} is there already: name another file")
    with _counted() as counted:
        text = drafted(assistant, corpus, many, counted)
    save(path.parent, {path.name: text})
    out.print(
        f"{len(text.splitlines())} draft questions are in {escape(str(path))}: "
        "read them, mend them, throw the odd ones away"
    )


def _comparisons(found: Run, before: Run | None) -> dict[str, Comparison]:
    """What askdoc does now against what it did before, and against the baseline."""
    mine = found.outcomes[ASKDOC]
    others = {BASELINE: found.outcomes.get(BASELINE)}
    others[BEFORE] = before.outcomes.get(ASKDOC) if before else None
    return {name: compare(mine, other) for name, other in others.items() if other}


def _print(found: Run, before: Run | None, comparisons: Mapping[str, Comparison]) -> None:
    """The figures of each system, and by how much askdoc's differ."""
    columns = dict(found.figures)
    if before:
        columns[BEFORE] = before.figures[ASKDOC]
    # With comparisons there is no room for what each means: the report has it.
    heads = [f"against {name}" for name in comparisons] or ["means"]
    table = Table("", *columns, *heads, box=None)
    group = ""
    for figure in FIGURES.values():
        values = [column.get(figure.name) for column in columns.values()]
        if all(value is None for value in values):
            continue
        if figure.group != group:
            table.add_row(f"[bold]{figure.group}[/]")
            group = figure.group
        cells = ["" if value is None else f"{value:.3f}" for value in values]
        cells += [_difference(each, figure.name) for each in comparisons.values()] or [
            f"[dim]{figure.means}[/]"
        ]
        table.add_row(f"  {figure.name}", *cells)
    table.add_row("[bold]Seconds[/]")
    speeds = dict(found.speed)
    if before:
        speeds[BEFORE] = before.speed[ASKDOC]
    for step in dict.fromkeys(step for speed in speeds.values() for step in speed):
        cells = [f"{speed.get(step) or 0:.3f}" for speed in speeds.values()]
        table.add_row(f"  {step}", *cells, "" if comparisons else _step(step))
    out.print(table)
    for name, each in comparisons.items():
        better, worse = (escape(", ".join(ids)) or "none" for ids in (each.better, each.worse))
        out.print(
            f"\nAgainst {name}: right now {better}; wrong now {worse} (McNemar p {each.p:.3f})"
        )


def _difference(comparison: Comparison, name: str) -> str:
    """A difference with its interval; bold where the interval leaves no difference out."""
    found = comparison.differences.get(name)
    if found is None or math.isnan(found.low):
        return ""
    text = f"{found.by:+.3f} ({found.low:+.2f} to {found.high:+.2f})"
    return f"[bold]{text}[/]" if found.sure else text


def _step(step: str) -> str:
    whole = {"p50": "a question, the median", "p95": "19 of 20 questions take less"}
    return f"[dim]{whole.get(step, 'the median of this step')}[/]"


@contextmanager
def _counted() -> Iterator[Told]:
    """A count on standard error of the questions done."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )
    task = bar.add_task("", total=None)

    def told(what: str, done: int, of: int) -> None:
        bar.start()
        bar.update(task, description=escape(what), completed=done, total=of)

    try:
        yield told
    except KeyboardInterrupt:
        bar.stop()
        err.print("askdoc: stopped; nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if bar.live.is_started:
            bar.stop()
