"""``askdoc eval``: a set of questions, checked, asked, counted, compared and told."""

import math
import os
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from askdoc.cli.commands import DIFFERS, EnvFile, Json, Place, Told, app, assistant_of, settings_of
from askdoc.cli.commands import Corpus as Folder
from askdoc.cli.printing import err, out, print_json, progress, tell
from askdoc.errors import BadInput

if TYPE_CHECKING:
    from askdoc.evaluation.comparison import Comparison
    from askdoc.evaluation.evaluate import Evaluation
    from askdoc.evaluation.feedback import FeedbackRow
    from askdoc.evaluation.figures import Figures, Price
    from askdoc.evaluation.questions import Corpus
    from askdoc.evaluation.run import OnQuestion

DRAFT = "questions.jsonl"


@app.command("eval")
def evaluate(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[QUESTIONS]",
            help="The questions: JSON Lines, CSV, SQuAD, a BEIR folder, ragas or LangSmith.",
        ),
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
    split: Annotated[
        Literal["tune", "report", "train", "dev", "test"] | None,
        typer.Option(help="Only the questions of this part."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many.")] = None,
    export: Annotated[
        list[str] | None,
        typer.Option(help="Also write the run as trec, csv or junit; can be repeated."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="So many questions at once, as of a model that is far away.")
    ] = 1,
    price: Annotated[
        str | None,
        typer.Option(metavar="IN,OUT", help="Of a million tokens that a model reads, writes."),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="PROVIDER:MODEL", help="Let this language model judge the answers, too."
        ),
    ] = None,
    draft: Annotated[
        int | None, typer.Option(min=1, help="Write so many draft questions instead.")
    ] = None,
    feedback: Annotated[
        Path | None,
        typer.Option("--from-feedback", help="Write the thumbs of this file as questions instead."),
    ] = None,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Measure answers, citations and refusals on questions with known answers."""
    from askdoc.evaluation.evaluate import evaluate as measure
    from askdoc.evaluation.evaluate import set_name
    from askdoc.evaluation.forms import brings_documents
    from askdoc.evaluation.sets import questions_of_set

    made = draft is not None or feedback is not None
    if path is None and data is None and not made:
        raise typer.BadParameter("name a file of questions, a set with --data, or --draft")
    paid = _price(price)
    if data is None and corpus is None and path and not made and brings_documents(path):
        data = path
    documents = _documents(corpus, data, place, env_file)
    if made:
        _make(documents, draft, feedback, folder or path or Path(DRAFT))
        return
    path = questions_of_set(path or Path(str(data)))
    folder = folder or Path(f"eval-{set_name(path)}")
    try:
        with _counted() as on_question:
            evaluation = measure(
                path,
                documents,
                against=against,
                gates=gates,
                baseline=baseline,
                split=split,
                limit=limit,
                out=folder,
                export=export or (),
                price=paid,
                jobs=jobs,
                judge=judge,
                on_question=on_question,
                tell=tell,
            )
    except typer.Exit as interrupted:
        if jobs > 1:
            os._exit(interrupted.exit_code)  # else Python waits for what is still being asked
        raise
    if as_json:
        print_json(evaluation.as_dict() | {"out": str(folder)})
    else:
        _print(evaluation)
        out.print(f"\nThe run and its report are in {escape(str(folder))}.")
    for line in evaluation.dropped:
        err.print(f"[red]gate[/] {escape(line)}", soft_wrap=True)
    if evaluation.dropped:
        raise typer.Exit(DIFFERS)


@app.command()
def calibrate(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[QUESTIONS.jsonl]", help="Questions about the corpus. [default: those shipped]"
        ),
    ] = None,
    corpus: Folder = None,
    place: Place = None,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Fit the confidence to the embedder and the reader, from questions with known answers."""
    from askdoc.evaluation.calibrate import calibrate as fit

    settings = settings_of(corpus, place, env_file)
    if path:
        assistant_of(settings)  # it is indexed first, with progress
    with _counted() as on_question:
        before, after = fit(settings, path, on_question)
    if as_json:
        print_json({"before": asdict(before), "after": asdict(after)})
        return
    out.print(f"before: {before}\nnow:    {after}")
    models = f"{escape(settings.embedder)} and {escape(settings.reader)}"
    out.print(f"Answers of {models} over this index are now reckoned by it.")


def _documents(
    corpus: Path | None, data: Path | None, place: Path | None, env_file: Path | None
) -> "Corpus":
    """The documents of a folder or a set, indexed first, with progress; BadParameter for both."""
    from askdoc.evaluation.questions import Corpus
    from askdoc.evaluation.sets import place_of_set, settings_of_set

    if data is None:
        return Corpus(assistant_of(settings_of(corpus, place, env_file)))
    if corpus is not None:
        raise typer.BadParameter("--data brings its own documents: leave --corpus out")
    beside = settings_of(None, place or place_of_set(data), env_file)
    settings, sources = settings_of_set(data, beside)
    return Corpus(assistant_of(settings), sources)


def _make(documents: "Corpus", draft: int | None, feedback: Path | None, path: Path) -> None:
    """Writes a set, of drafts or of feedback; raises BadInput when its file is there already."""
    from askdoc.evaluation.feedback import from_feedback
    from askdoc.evaluation.run import save
    from askdoc.evaluation.synthesize import synthesize

    if path.exists():
        raise BadInput(f"{path} is there already: name another file")
    if feedback is None:
        with _counted() as on_question:
            text = synthesize(documents, draft or 0, on_question)
        what, then = "draft questions", ": read them, mend them, throw the odd ones away"
    else:
        judge = _judge if sys.stdin is not None and sys.stdin.isatty() else None
        made = from_feedback(feedback, documents, judge)
        text, what, then = made.text, "questions", ""
        if made.unjudged:
            tell(f"{made.unjudged} thumbs down left out: what is right is asked on a terminal")
        if made.outdated:
            tell(f"{made.outdated} opinions left out: the documents no longer say what they cite")
    save(path.parent, {path.name: text})
    out.print(f"{len(text.splitlines())} {what} are in {escape(str(path))}{then}")


def _judge(row: "FeedbackRow") -> str | None:
    """What a person on the terminal says of an answer that was not liked."""
    out.print(f"\n[bold]{escape(row.question)}[/]\n{escape(row.said)}")
    if row.comment:
        out.print(f"[dim]{escape(row.comment)}[/]")
    told = typer.prompt(
        "Words of the right answer, - if the documents have none, nothing to leave it out",
        default="",
        show_default=False,
    ).strip()
    return {"-": "", "": None}.get(told, told)


def _print(evaluation: "Evaluation") -> None:
    """The figures of each system, and by how much askdoc's differ."""
    from rich.table import Table

    from askdoc.evaluation.figures import FIGURES
    from askdoc.evaluation.report import BEFORE
    from askdoc.evaluation.run import ASKDOC

    comparisons = evaluation.comparisons
    columns, speeds = dict(evaluation.run.figures), dict(evaluation.run.speed)
    certainties = dict(evaluation.run.certainty)
    if evaluation.before:
        certainties[BEFORE] = evaluation.before.certainty[ASKDOC]
        columns[BEFORE] = evaluation.before.figures[ASKDOC]
        speeds[BEFORE] = evaluation.before.speed[ASKDOC]
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
    table.add_row("[bold]Certainty[/]")
    for certainty in certainties[ASKDOC]:
        counts = [of[certainty] for of in certainties.values()]
        cells = [f"{count['right']} of {count['questions']}" for count in counts]
        table.add_row(f"  {certainty}", *cells, "" if comparisons else "[dim]right of these[/]")
    table.add_row("[bold]Seconds[/]")
    mine = speeds[ASKDOC]
    for step in dict.fromkeys(step for speed in speeds.values() for step in speed):
        if not step.endswith((" p95", " p99")):
            cells = [f"{speed.get(step) or 0:.3f}" for speed in speeds.values()]
            table.add_row(f"  {step}", *cells, "" if comparisons else _step(step, mine))
    out.print(table)
    _print_models(evaluation)
    for name, each in comparisons.items():
        better, worse = (escape(", ".join(ids)) or "none" for ids in (each.better, each.worse))
        out.print(
            f"\nAgainst {name}: right now {better}; wrong now {worse} (McNemar p {each.p:.3f}); "
            f"{len(each.changed)} answered in other words"
        )


def _print_models(evaluation: "Evaluation") -> None:
    """What language models read and wrote, and what a judge says of the answers."""
    from askdoc.evaluation.figures import JUDGE, OWN

    for name, used in evaluation.run.used.items():
        for whose, kinds in ((name, OWN), (f"the judge of {name}", JUDGE)):
            if any(kind in used for kind in kinds):
                read, written = (f"{used.get(kind, 0):,}" for kind in kinds)
                out.print(f"\nTokens of {whose}: {read} read, {written} written")
        if "price" in used:
            out.print(f"Price of all: {used['price']:g}")
    for name, told in evaluation.run.agreement.items():
        out.print(
            f"\n{escape(evaluation.run.about['judge']['model'])} judged what {name} answered:"
        )
        for figure, of in told.items():
            out.print(f"  {figure}: {_agreement(of)}")


def _agreement(of: "Figures") -> str:
    """How many answers were judged, and how often as they are counted."""
    line = f"{of['judged']} judged, {of['not judged']} not"
    if of["agreement"] is not None:
        line += f"; as counted: {of['agreement']:.2f} of {of['compared']}"
    return line + (f", kappa {of['kappa']:.2f}" if of["kappa"] is not None else "")


def _difference(comparison: "Comparison", name: str) -> str:
    """A difference with its interval; bold where the interval leaves no difference out."""
    difference = comparison.differences.get(name)
    if difference is None or math.isnan(difference.low):
        return ""
    text = f"{difference.by:+.3f} ({difference.low:+.2f} to {difference.high:+.2f})"
    return f"[bold]{text}[/]" if difference.sure else text


def _step(step: str, mine: "Figures") -> str:
    whole = {
        "p50": "a question, the median",
        "p95": "19 of 20 questions take less",
        "p99": "99 of 100 questions take less",
    }
    slow = (f"{mine.get(f'{step} {part}') or 0:.3f}" for part in ("p95", "p99"))
    return f"[dim]{whole.get(step, 'the median of this step; p95 {}, p99 {}'.format(*slow))}[/]"


def _price(text: str | None) -> "Price | None":
    """Two prices with a comma between; raises BadParameter for anything else."""
    if text is None:
        return None
    try:
        read, written = map(float, text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"--price {text}: two numbers, of a million tokens read and written, as 0.15,0.60"
        ) from None
    return read, written


def _counted() -> AbstractContextManager["OnQuestion"]:
    """A count on standard error of the questions done."""
    from rich.progress import MofNCompleteColumn

    return progress(MofNCompleteColumn(), "nothing was written")
