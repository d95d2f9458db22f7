"""The command line: parse, call, print.

Each command imports what it needs when it runs: `askdoc --help` needs none of it.
"""

import gc
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from askdoc.cli.printing import (
    Plain,
    answered,
    catch_up,
    out,
    print_answer,
    print_differences,
    print_explanation,
    print_hits,
    print_json,
    print_reports,
    print_warning,
    tell,
    tell_error,
    tell_more,
    watched,
)
from askdoc.errors import BadInput, IndexUnavailable
from askdoc.redaction import redact_logs
from askdoc.types import Progress

if TYPE_CHECKING:
    from askdoc.assistant import Assistant
    from askdoc.index.index import OnProgress
    from askdoc.settings import Settings

app = typer.Typer(
    name="askdoc",
    help="Ask a folder of documents; every sentence of the answer cites an exact span.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

DIFFERS = 3  # the exit code of a check that found something

Folder = Annotated[Path | None, typer.Argument(metavar="[CORPUS]", help="The folder of documents.")]
Corpus = Annotated[Path | None, typer.Option(help="The folder of documents. [default: corpus]")]
Corpora = Annotated[
    list[Path] | None,
    typer.Option("--corpus", help="The folder of documents; can be repeated. [default: corpus]"),
]
Place = Annotated[
    Path | None, typer.Option("--index", help="The folder of the index. [default: CORPUS/.askdoc]")
]
EnvFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Settings, as ASKDOC_…=… a line, to go by."),
]
Documents = Annotated[
    list[str] | None,
    typer.Option("--document", help="Only this document, by its source; can be repeated."),
]
Filter = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="JSON",
        help='Only documents of which this is told, as {"author": "Ann", "date": {"$gte": "2024"}}',
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Told = Annotated[
    bool | None,
    typer.Option(
        "--verbose/--quiet",
        "-v/-q",
        callback=lambda more: tell_more(more),
        help="Tell each step on standard error, or nothing but errors.",
    ),
]


@app.command()
def index(
    folder: Folder = None,
    corpus: Corpus = None,
    place: Place = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the index anew, and then replace it.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Drop what is gone, also where that is over half.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Read and embed on a Ray cluster: auto, ray://host:10001 or local.",
        ),
    ] = None,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Bring the index up to date with the folder, and show what came of each file."""
    from askdoc.index.index import Index, foreign, unchanged

    settings = settings_of(folder or corpus, place, env_file)
    opened, report = None, None if rebuild else unchanged(settings)
    with watched() as on_progress:
        if rebuild:
            opened, report = Index.rebuild(settings, on_progress, ray)
        elif report is None:
            opened = Index.open(settings)
            report = opened.sync(on_progress, prune=prune, ray=ray)
    if as_json:
        print_json(report.as_dict())
    else:
        print_reports(report.documents)
        out.print(
            f"{len(report.added)} added, {len(report.changed)} changed, "
            f"{len(report.removed)} removed, {len(report.kept)} kept "
            f"in {report.seconds:.1f} s; the index is in {escape(str(settings.index_folder))}"
        )
        print_warning(foreign(settings, report.documents))
    if report.note:
        tell(report.note)
    if opened:
        opened.check_not_empty()


@app.command()
def ask(
    question: Annotated[
        str | None,
        typer.Argument(
            help="What to answer; - reads it from standard input. [default: a prompt, or each line "
            "of standard input]"
        ),
    ] = None,
    corpus: Corpus = None,
    place: Place = None,
    documents: Documents = None,
    where: Filter = None,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents, or say that they do not hold the answer."""
    from askdoc.cli.prompt import Prompt, answer_lines, given

    only = chosen(documents, where)
    assistant = assistant_of(settings_of(corpus, place, env_file))
    if question is None:
        if sys.stdin.isatty():
            Prompt(assistant, only, as_json).run()
        else:
            answer_lines(assistant, only, as_json)
        return
    answer = answered(assistant, given().read().strip() if question == "-" else question, only)
    if as_json:
        print_json(answer.as_dict())
    else:
        print_answer(answer)


@app.command()
def search(
    query: str,
    corpus: Corpus = None,
    place: Place = None,
    k: Annotated[int, typer.Option("-k", help="How many passages to show.")] = 10,
    documents: Documents = None,
    where: Filter = None,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Show the passages that best match a query."""
    only = chosen(documents, where)
    hits = assistant_of(settings_of(corpus, place, env_file)).search(query, k, **only)
    if as_json:
        print_json([hit.as_dict() for hit in hits])
    else:
        print_hits(hits)


@app.command()
def explain(
    question: str,
    document: Annotated[str, typer.Option(help="Its source: the path inside the corpus.")],
    corpus: Corpus = None,
    place: Place = None,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Tell why a document was used for a question, or which step lost it."""
    explanation = assistant_of(settings_of(corpus, place, env_file)).explain(question, document)
    if as_json:
        print_json(explanation.as_dict())
    else:
        print_explanation(explanation)


@app.command()
def check(
    answers: Annotated[
        Path, typer.Argument(help="What `askdoc ask --json` printed, or an exported conversation.")
    ],
    corpus: Corpus = None,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Verify that all that answers cite still stands in its sources; exit with 3 if not."""
    from askdoc.answer.recheck import check as verify
    from askdoc.index.home import Home

    try:
        value = json.loads(answers.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"{answers} cannot be opened: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{answers} is no JSON: {error}") from error
    settings = settings_of(corpus, None, env_file)
    home = Home(settings.index_folder, settings.corpus, settings.rebuild_command)
    findings = verify(value, settings.corpus, home)
    if as_json:
        print_json({"findings": findings})
    else:
        print_differences(findings, "Every citation stands as it was cited.")
    if findings:
        raise typer.Exit(DIFFERS)


@app.command()
def serve(
    folder: Folder = None,
    corpus: Corpora = None,
    place: Place = None,
    host: Annotated[str | None, typer.Option(help="The address. [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; 0 takes a free one. [default: 7860]")
    ] = None,
    auth: Annotated[
        str | None, typer.Option(help="user:password to ask for. [default: none]")
    ] = None,
    env_file: EnvFile = None,
    told: Told = None,
) -> None:
    """Serve the chat in the browser, and its routes for programs; several corpora, if named."""
    from concurrent.futures import ThreadPoolExecutor

    from askdoc.assistant import Assistant
    from askdoc.web import server
    from askdoc.web.indexing import Indexing
    from askdoc.web.metrics import Metrics
    from askdoc.web.session import Sessions
    from askdoc.web.warmup import Warmup

    folders: Sequence[Path | None] = [one for one in (folder, *(corpus or [])) if one] or [None]
    each = [settings_of(one, place, env_file, host=host, port=port, auth=auth) for one in folders]
    served, shared = corpora_of(each), each[0]
    metrics = Metrics() if shared.metrics else None
    listener = server.listen(shared.host, shared.port)
    sessions = Sessions()

    def build(settings: "Settings", corpora: Mapping[str, bool], tell: "OnProgress") -> Any:
        def both(step: Progress) -> None:
            on_progress(step)  # on the terminal
            tell(step)  # on the page

        def opened() -> tuple[Assistant, Indexing, Warmup]:
            assistant = Assistant.open(settings)
            indexing = Indexing(assistant, both)
            indexing.start()
            return assistant, indexing, Warmup(assistant).start()

        with ThreadPoolExecutor(1) as beside:
            opening = beside.submit(opened)
            # Not before the page is there: Gradio takes seconds to import.
            from askdoc.web.app import create_app

            assistant, indexing, warmup = opening.result()
        return create_app(assistant, indexing, corpora, sessions, metrics, warmup)

    builds = {}
    for name, settings in served.items():
        others = {other: other == name for other in served} if len(served) > 1 else {}
        builds[name] = partial(build, settings, others)
    code = 0
    try:
        with watched() as on_progress:
            server.serve(shared, listener, builds, metrics)
    except typer.Exit as interrupted:
        code = interrupted.exit_code
    # A thread that is in native code (it indexes, or loads models) would abort the process where
    # Python ends it: up to 3.13, by a forced unwinding that C++ and Rust do not allow. What such a
    # thread leaves undone is what a kill leaves: nothing that was committed.
    os._exit(code)


@app.command()
def mcp(
    folder: Folder = None,
    corpus: Corpus = None,
    place: Place = None,
    env_file: EnvFile = None,
    told: Told = None,
) -> None:
    """Serve an agent over standard input and output (MCP), as desktop programs start it."""
    from askdoc.assistant import Assistant
    from askdoc.web import mcp
    from askdoc.web.indexing import Indexing

    assistant = Assistant.open(settings_of(folder or corpus, place, env_file))
    with watched() as on_progress:
        indexing = Indexing(assistant, on_progress)
        server = mcp.server(assistant, indexing)
        if server is None:
            raise BadInput("askdoc mcp needs one more package: pip install 'askdoc[mcp]'")
        indexing.begin()
        server.run()
    os._exit(0)  # as `serve` ends


@app.command()
def status(
    folder: Folder = None,
    corpus: Corpus = None,
    place: Place = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also see that all of it is as it was written.")
    ] = False,
    env_file: EnvFile = None,
    told: Told = None,
    as_json: Json = False,
) -> None:
    """Compare the folder with its index; exit with 3 when they differ."""
    from askdoc.index.index import Index, foreign, unchanged

    settings = settings_of(folder or corpus, place, env_file)
    same = None if deep else unchanged(settings)
    if same:
        reports, differences = same.documents, []
    else:
        opened = Index.open(settings)
        reports, differences = opened.reports(), opened.verify(deep)
    if as_json:
        print_json(
            {
                "corpus": str(settings.corpus),
                "index": str(settings.index_folder),
                "embedder": settings.embedder,
                "documents": [asdict(file_report) for file_report in reports],
                "differences": differences,
            }
        )
    else:
        print_reports(reports)
        print_warning(foreign(settings, reports))
        holds = "The index holds exactly what the corpus holds."
        print_differences(differences, holds, "`askdoc index` mends this.")
    if differences:
        raise typer.Exit(DIFFERS)


@app.command()
def passages(
    corpus: Corpus = None,
    place: Place = None,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="With the embedding of each, a list of numbers.")
    ] = False,
    env_file: EnvFile = None,
    told: Told = None,
) -> None:
    """Write every passage of the index as it stands, a line of JSON each, for another engine."""
    from askdoc.index.index import Index, home_of

    settings = settings_of(corpus, place, env_file)
    if not home_of(settings).is_made:
        raise BadInput(f"there is no index at {settings.index_folder}: `askdoc index` makes it")
    opened = Index.open(settings)
    for some in opened.all_passages():
        found = opened.vectors(some) if vectors else [(passage, None) for passage in some]
        if len(found) < len(some):
            raise IndexUnavailable(
                f"the index at {opened.folder} lacks vectors where it looks for them: run "
                "`askdoc index`, then this again"
            )
        for passage, vector in found:
            line = {"id": passage.id, **passage.as_dict(), "indexed_text": passage.indexed_text}
            more = {"metadata": dict(passage.metadata), "vector": vector}
            print_json(line | {name: value for name, value in more.items() if value}, None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; our own errors become one line and exit code 1."""
    # What a command imports is never garbage: to look for some after each 700 new objects would
    # take a tenth of the time of all imports.
    gc.set_threshold(50_000)
    # Where FORCE_COLOR is set, typer would write colours that Plain shows as escapes.
    os.environ["_TYPER_FORCE_DISABLE_TERMINAL"] = "1"
    redact_logs()
    tell_more(None)
    sys.stdout, sys.stderr = Plain(sys.stdout), Plain(sys.stderr)
    try:
        app(arguments, prog_name="askdoc")
    except Exception as error:  # noqa: BLE001 - each is told, or raised again
        tell_error(error)
        sys.exit(1)


def settings_of(
    corpus: Path | None, index: Path | None, env_file: Path | None, **more: Any
) -> "Settings":
    """The settings, where what the command names goes before the environment."""
    from askdoc.settings import Settings

    given = {"corpus": corpus, "index": index, "_env_file": env_file, **more}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def chosen(documents: list[str] | None, where: str | None) -> dict[str, Any]:
    """The documents that count, as ``Assistant.ask`` takes them; raises BadInput for no JSON."""
    try:
        return {"sources": documents or [], "where": json.loads(where) if where else None}
    except ValueError as error:
        example = '{"author": "Ann"}'
        raise BadInput(f"--where is no JSON ({error}): give it as {example}") from error


def corpora_of(each: Sequence["Settings"]) -> dict[str, "Settings"]:
    """The settings of the corpora that are served together, by their names.

    Raises BadInput where an index cannot be built with them, or two of them would have the same.
    """
    from askdoc.index.index import check_settings
    from askdoc.web.corpora import names_of

    named = dict(zip(names_of([settings.corpus for settings in each]), each, strict=True))
    for settings in each:
        check_settings(settings)
        if settings.index and len(each) > 1:
            raise BadInput(
                f"the index {settings.index} can only be of one corpus: without --index and "
                "ASKDOC_INDEX each has its own"
            )
    return named


def assistant_of(settings: "Settings") -> "Assistant":
    """An assistant over an index that is brought up to date first, its models loaded meanwhile."""
    from concurrent.futures import ThreadPoolExecutor

    from askdoc.answer.pipeline import load
    from askdoc.assistant import Assistant
    from askdoc.index.index import check_settings
    from askdoc.settings import BUNDLED

    check_settings(settings)  # what is wrong with them is told at once
    with ThreadPoolExecutor(1) as beside:
        if settings.embedder == BUNDLED:  # others are not imported beside Chroma: both take it all
            beside.submit(load, settings)  # what goes wrong is told to the question
        assistant = Assistant.open(settings)
        catch_up(assistant)
    return assistant
