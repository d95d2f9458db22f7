"""The command line: parse, call, print."""

import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from askdoc.assistant import Assistant
from askdoc.check import check as verify
from askdoc.errors import AskdocError, BadInput
from askdoc.index import Index, Watch
from askdoc.index import check as check_settings
from askdoc.settings import Settings
from askdoc.types import Answer, Hit, Reading
from askdoc.types import Progress as Step
from askdoc.web import front

app = typer.Typer(
    name="askdoc",
    help="Ask a folder of documents; every sentence of the answer cites an exact span.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = Console(highlight=False, soft_wrap=True)

INTERRUPTED = 130  # the exit code that shells give to Ctrl-C
DIFFERS = 3  # the exit code of a check that found something

Corpus = Annotated[Path | None, typer.Option(help="The folder of documents. [default: corpus]")]
Place = Annotated[
    Path | None, typer.Option("--index", help="The folder of the index. [default: CORPUS/.askdoc]")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def index(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[CORPUS]", help="The folder of documents.")
    ] = None,
    corpus: Corpus = None,
    place: Place = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Throw the index away and start over.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the index up to date with the folder, and show what came of each file."""
    settings = _settings(folder or corpus, place)
    if rebuild:
        Index.discard(settings)
    opened = Index(settings)
    with _watched() as watch:
        report = opened.sync(watch)
    if as_json:
        _print_json(report.as_dict())
    else:
        _print_readings(report.documents)
        out.print(
            f"{len(report.added)} added, {len(report.changed)} changed, "
            f"{len(report.removed)} removed, {len(report.kept)} kept "
            f"in {report.seconds:.1f} s; the index is in {escape(str(settings.index_folder))}"
        )
        _print_warning(opened)
    opened.check_not_empty()


@app.command()
def ask(question: str, corpus: Corpus = None, place: Place = None, as_json: Json = False) -> None:
    """Answer a question from the documents, or say that they do not hold the answer."""
    answer = _answered(_assistant(corpus, place), question)
    if as_json:
        _print_json(answer.as_dict())
    else:
        _print_answer(answer)


@app.command()
def search(
    query: str,
    corpus: Corpus = None,
    place: Place = None,
    k: Annotated[int, typer.Option("-k", help="How many passages to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Show the passages that best match a query."""
    hits = _assistant(corpus, place).search(query, k)
    if as_json:
        _print_json([hit.as_dict() for hit in hits])
    else:
        _print_hits(hits)


@app.command()
def explain(
    question: str,
    document: Annotated[str, typer.Option(help="Its source: the path inside the corpus.")],
    corpus: Corpus = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Tell why a document was used for a question, or which step lost it."""
    explanation = _assistant(corpus, place).explain(question, document)
    if as_json:
        _print_json(explanation.as_dict())
        return
    out.print(f"[bold]{explanation.stage}[/]: {escape(explanation.why)}")
    for name, score in explanation.scores.items():
        out.print(f"    {name:32} {score:.3f}".rstrip("0").rstrip("."))


@app.command()
def check(
    answers: Annotated[
        Path, typer.Argument(help="What `askdoc ask --json` printed, or an exported conversation.")
    ],
    corpus: Corpus = None,
    as_json: Json = False,
) -> None:
    """Verify that all that answers cite still stands in its sources; exit with 3 if not."""
    try:
        told = json.loads(answers.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"{answers} cannot be opened: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{answers} is no JSON: {error}") from error
    findings = verify(told, _settings(corpus, None).corpus)
    if as_json:
        _print_json({"findings": findings})
    for finding in () if as_json else findings:
        out.print(f"[yellow]differs[/] {escape(finding)}")
    if findings:
        raise typer.Exit(DIFFERS)
    if not as_json:
        out.print("Every citation stands as it was cited.")


@app.command()
def serve(
    corpus: Corpus = None,
    place: Place = None,
    host: Annotated[
        str | None, typer.Option(help="The address to serve on. [default: 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; 0 takes a free one. [default: 7860]")
    ] = None,
    auth: Annotated[
        str | None, typer.Option(help="user:password to ask for. [default: none]")
    ] = None,
) -> None:
    """Serve the chat in the browser, and its routes for programs."""
    settings = _settings(corpus, place, host=host, port=port, auth=auth)
    check_settings(settings)
    listener = front.listen(settings.host, settings.port)

    def build() -> Any:
        # Imported where first used: Gradio takes seconds to import.
        from askdoc.web.app import create_app

        return create_app(Assistant.from_folder(settings=settings, watch=watch))

    with _watched() as watch:
        front.serve(settings, listener, build)


@app.command()
def status(corpus: Corpus = None, place: Place = None, as_json: Json = False) -> None:
    """Compare the folder with its index; exit with 3 when they differ."""
    settings = _settings(corpus, place)
    opened = Index(settings)
    readings, differences = opened.readings(), opened.verify()
    if as_json:
        _print_json(
            {
                "corpus": str(settings.corpus),
                "index": str(settings.index_folder),
                "embedder": settings.embedder,
                "documents": [asdict(reading) for reading in readings],
                "differences": differences,
            }
        )
    else:
        _print_readings(readings)
        for difference in differences:
            out.print(f"[yellow]differs[/] {escape(difference)}")
        _print_warning(opened)
        out.print(
            "`askdoc index` mends this."
            if differences
            else "The index holds exactly what the corpus holds."
        )
    if differences:
        raise typer.Exit(DIFFERS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; our own errors become one line and exit code 1."""
    try:
        app(arguments)
    except AskdocError as error:
        print(f"askdoc: {error}", file=sys.stderr)
        sys.exit(1)
    # What we did not foresee is told in one line too: a traceback helps nobody who only asks.
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        first = (str(error).splitlines() or [""])[0]
        print(
            f"askdoc: unexpected {type(error).__name__}: {first} "
            "(`python -X dev -m askdoc …` shows where)",
            file=sys.stderr,
        )
        sys.exit(1)


def _settings(corpus: Path | None, index: Path | None, **more: Any) -> Settings:
    """The settings, where what the command names goes before the environment."""
    given = {"corpus": corpus, "index": index, **more}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def _assistant(corpus: Path | None, index: Path | None) -> Assistant:
    """An assistant over an index that is brought up to date first."""
    assistant = Assistant(Index(_settings(corpus, index)))
    with _watched() as watch:
        note = assistant.catch_up(watch)
    if note:
        print(f"askdoc: {note}", file=sys.stderr)
    return assistant


def _answered(assistant: Assistant, question: str) -> Answer:
    """The answer; while a language model writes it, standard error tells how far it is."""
    if not assistant.model:
        return assistant.ask(question)
    with Console(stderr=True, highlight=False).status(f"{assistant.model.name} reads") as status:
        for answer in assistant.stream(question):
            if answer.text:
                status.update(f"{answer.model} writes: {len(answer.text.split())} words")
    return answer


@contextmanager
def _watched() -> Iterator[Watch]:
    """A progress bar on standard error, which shows itself when there is something to do."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
    task = bar.add_task("Indexing", total=None)

    def watch(step: Step) -> None:
        bar.start()  # not before: with nothing to do there is nothing to show
        name = escape(step.source[-40:])
        bar.update(task, description=name, completed=step.done, total=step.total)

    try:
        yield watch
    except KeyboardInterrupt:
        bar.stop()
        print("askdoc: stopped; what is done is kept, the same command goes on", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if bar.live.is_started:
            bar.stop()


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _print_answer(answer: Answer) -> None:
    if answer.query != answer.question.strip():
        out.print(f"[dim]Searched for: {escape(answer.query)}[/]\n")
    out.print(escape(answer.text))
    for sentence in answer.sentences:
        for problem in sentence.problems:
            begin = escape(textwrap.shorten(sentence.text, 60, placeholder="…"))
            out.print(f"[yellow]check[/] [dim]{begin}:[/] {escape(problem)}")
    if answer.note:
        out.print(f"[dim]{escape(answer.note)}[/]")
    if not answer.answered:
        out.print("\nThe closest passages:")
        _print_hits(answer.closest[:3])
    for citation in answer.citations:
        place = _place(citation.source, citation.page, citation.heading)
        out.print(f"\n[bold]\\[{citation.number}][/] {place}")
        out.print(f"    [dim]{escape(' '.join(citation.quote.split()))}[/]")


def _print_hits(hits: Sequence[Hit]) -> None:
    for hit in hits:
        passage = hit.passage
        place = _place(passage.source, passage.page, passage.heading)
        out.print(f"\n[bold]{hit.score:.2f}[/] {place} [dim]({' and '.join(hit.found_by)})[/]")
        out.print(f"    [dim]{escape(' '.join(passage.text.split()))}[/]")


def _place(source: str, page: int | None, heading: str | None) -> str:
    """Where something stands, as a reader would look it up."""
    parts = [source, f"page {page}" if page else "", heading or ""]
    return escape(", ".join(part for part in parts if part))


def _print_warning(index: Index) -> None:
    if index.warning():
        out.print(f"[yellow]Note:[/] {escape(index.warning())}")


def _print_readings(readings: Sequence[Reading]) -> None:
    table = Table(
        "document", "status", "pages", "characters", "passages", "language", "why", box=None
    )
    for reading in readings:
        table.add_row(
            escape(reading.source),
            reading.status if reading.status == "read" else f"[yellow]{reading.status}[/]",
            str(reading.pages or ""),
            f"{reading.characters:,}" if reading.characters else "",
            str(reading.passages or ""),
            reading.language or "",
            escape(reading.why),
        )
    out.print(table)
