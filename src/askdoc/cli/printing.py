"""What the command line shows: answers, hits, reports, progress.

Documents and their names are others' words: whatever of them a terminal would obey is shown as an
escape. Our consoles see to it themselves, a Plain stream for all that is printed or logged besides.
"""

import errno
import json
import logging
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING, Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.text import Text

from askdoc.errors import MORE_FILES, AskdocError
from askdoc.types import Answer, FileReport, Hit, Status

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from askdoc.answer.explain import Explanation
    from askdoc.answer.query import History
    from askdoc.assistant import Assistant
    from askdoc.index.index import OnProgress

# All controls but tab and line ends, those that turn the direction of text, halves of characters.
OBEYED = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Text with an escape, as JSON has them, in the place of each sign that a terminal obeys."""
    return OBEYED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


class Plain:
    """A stream that shows what is written to it, and lets none of it command the terminal."""

    def __init__(self, stream: Any) -> None:
        self.terminal = getattr(stream, "terminal", stream)

    def write(self, text: str) -> Any:
        """Writes text as it is safe to be seen."""
        return self.terminal.write(visible(text))

    def isatty(self) -> bool:
        """No: colours and the like are for our consoles, which write to the terminal itself."""
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.terminal, name)


class Terminal(Console):
    """A console that styles what it shows, and shows foreign text as it is safe to be seen."""

    @property  # type: ignore[misc]  # nobody sets it
    def file(self) -> IO[str]:
        """The terminal, or whatever stands in its place."""
        stream = super().file
        return getattr(stream, "terminal", stream)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """What is shown, piece by piece."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(visible(piece.text), piece.style)


out = Terminal(highlight=False, soft_wrap=True)
err = Terminal(stderr=True, highlight=False)
notes = Terminal(stderr=True, highlight=False)
"""Standard error too, for what is no error: `--quiet` silences it."""

INTERRUPTED = 130  # the exit code that shells give to Ctrl-C


class Logged(logging.Handler):
    """Lines of logs, on whatever standard error is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one, with the library that it is from."""
        print(f"{record.name.partition('.')[0]}: {self.format(record)}", file=sys.stderr)


LOGGED = Logged()


def tell_more(more: bool | None) -> None:
    """Has standard error tell every step, if ``more``; warnings, if None; if not, only errors."""
    logging.getLogger().addHandler(LOGGED)  # or else a library may add one of its own
    logging.getLogger("askdoc").setLevel(logging.DEBUG if more else logging.NOTSET)
    quiet = notes.quiet = more is False
    logging.disable(logging.WARNING if quiet else logging.NOTSET)  # of other libraries, too


@contextmanager
def watched() -> Iterator["OnProgress"]:
    """A progress bar on standard error for what is indexed."""
    from rich.progress import TaskProgressColumn

    kept = "what is done is kept, the same command goes on"
    with progress(TaskProgressColumn(), kept) as show:
        yield lambda step: show(step.source[-40:], step.done, step.total)


@contextmanager
def progress(count: "ProgressColumn", stopped: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error: what is in hand, how much is done, and of how much.

    It shows itself when there is something to do; Ctrl-C ends the command with ``stopped``.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeRemainingColumn())
    bar = Progress(*columns, console=notes, transient=True)
    task = bar.add_task("", total=None)

    def show(what: str, done: int, of: int) -> None:
        bar.start()  # not before: with nothing to do there is nothing to show
        bar.update(task, description=_line(what), completed=done, total=of)

    try:
        yield show
    except KeyboardInterrupt:
        bar.stop()
        tell(f"stopped; {stopped}")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if bar.live.is_started:
            bar.stop()


def catch_up(assistant: "Assistant") -> None:
    """Brings an index up to date; where another process hinders that, standard error tells so."""
    with watched() as on_progress:
        note = assistant.catch_up(on_progress)
    if note:
        notes.print(f"askdoc: {_line(note)}", soft_wrap=True)


def answered(
    assistant: "Assistant", question: str, only: Mapping[str, Any], history: "History" = ()
) -> Answer:
    """The answer, of some documents only; while a model writes it, standard error tells of it."""
    if not assistant.model:
        return assistant.ask(question, history, **only)
    with (
        notes.status(f"{_line(assistant.model.name)} reads") as status,
        closing(assistant.stream(question, history, **only)) as growing,
    ):
        for answer in growing:
            if answer.text:
                status.update(f"{_line(answer.model)} writes: {len(answer.text.split())} words")
    return answer


def tell(what: str) -> None:
    """A line on standard error."""
    print(f"askdoc: {' '.join(what.splitlines())}", file=sys.stderr)


def tell_error(error: Exception) -> None:
    """An error as a line on standard error; raised again for developers, if it is none of ours."""
    if isinstance(error, OSError) and error.errno == errno.EMFILE:  # wherever it happens
        error = AskdocError(f"too many files are open: {MORE_FILES}")
    if isinstance(error, AskdocError):
        tell(str(error))
        return
    if sys.flags.dev_mode:
        raise error
    # What we did not foresee is told in one line, too: a traceback helps nobody who only asks.
    first = (str(error).splitlines() or [""])[0]
    tell(f"unexpected {type(error).__name__}: {first} (`python -X dev -m askdoc …` shows where)")


def _line(text: str) -> str:
    """Foreign text on one line, none of which is markup."""
    return escape(" ".join(text.splitlines()))


def print_json(value: Any, indent: int | None = 2) -> None:
    """A value as JSON; on one line, and at once, without an indent."""
    print(json.dumps(value, ensure_ascii=False, indent=indent), flush=True)


def print_answer(answer: Answer) -> None:
    """An answer, what speaks against it, and its citations; the closest passages of a refusal."""
    if answer.rewritten:
        out.print(f"[dim]Searched for: {_line(answer.query)}[/]\n")
    if answer.hedge:
        out.print(f"[yellow]{answer.hedge}[/]\n")
    out.print(escape(answer.text))
    for sentence in answer.sentences:
        for problem in sentence.problems:
            begin = _line(textwrap.shorten(sentence.text, 60, placeholder="…"))
            out.print(f"[yellow]check[/] [dim]{begin}:[/] {_line(problem)}")
    for remark in answer.remarks:
        out.print(f"[dim]{_line(remark)}[/]")
    if not answer.answered:
        out.print("\nThe closest passages:")
        print_hits(answer.closest[:3])
    for citation in answer.citations:
        out.print(f"\n[bold]\\[{citation.number}][/] {_line(citation.place)}")
        out.print(f"    [dim]{_line(' '.join(citation.quote.split()))}[/]")


def print_hits(hits: Sequence[Hit]) -> None:
    """Hits with their score, place and text."""
    for hit in hits:
        place, found_by = _line(hit.passage.place), " and ".join(hit.found_by)
        out.print(f"\n[bold]{hit.score:.2f}[/] {place} [dim]({found_by})[/]")
        out.print(f"    [dim]{_line(' '.join(hit.passage.text.split()))}[/]")


def print_explanation(explanation: "Explanation") -> None:
    """What became of a document, with its scores."""
    out.print(f"[bold]{explanation.stage}[/]: {_line(explanation.why)}")
    for name, score in explanation.scores.items():
        out.print(f"    {name:32} {score:.3f}".rstrip("0").rstrip("."))


def print_differences(differences: Sequence[str], holds: str, remedy: str = "") -> None:
    """What differs, a line each, and what mends it; or that all holds."""
    for difference in differences:
        out.print(f"[yellow]differs[/] {_line(difference)}")
    if last := remedy if differences else holds:
        out.print(last)


def print_warning(warning: str) -> None:
    """What to know of the documents, if anything."""
    if warning:
        out.print(f"[yellow]Note:[/] {_line(warning)}")


def print_reports(reports: Sequence[FileReport]) -> None:
    """The report: a line for each file, by hand: rich's table takes half a second a thousand."""
    rows: list[tuple[str, ...]] = [
        ("document", "status", "pages", "characters", "passages", "language", "why")
    ]
    rows += [
        (
            visible(" ".join(file_report.source.splitlines())),
            file_report.status,
            str(file_report.pages or ""),
            f"{file_report.characters:,}" if file_report.characters else "",
            str(file_report.passages or ""),
            file_report.language or "",
            visible(" ".join(file_report.why.splitlines())),
        )
        for file_report in reports
    ]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    styles = ["bold", *("" if each.status is Status.READ else "yellow" for each in reports)]
    shown = Text()
    for row, style in zip(rows, styles, strict=True):
        shown.append(" " + "  ".join(map(set_cell_size, row, widths)).rstrip() + "\n", style)
    out.print(shown, end="")
