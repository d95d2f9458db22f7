"""`askdoc ask` without a question: they are typed one after the other, or read line by line."""

import io
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

import typer
from rich.text import Text

from askdoc.assistant import Assistant
from askdoc.cli.printing import (
    answered,
    catch_up,
    err,
    notes,
    out,
    print_answer,
    print_json,
    tell,
    tell_error,
)
from askdoc.errors import AskdocError, BadInput
from askdoc.types import Answer

if TYPE_CHECKING:
    from askdoc.answer.query import History

PROMPT = "> "
HELP = """\
:open 1   shows citation 1 of the last answer where it stands
:new      begins anew: what was asked before counts no more
:help     shows this
:quit     ends, as Ctrl-D does; Ctrl-C stops an answer"""


class Prompt:
    """A conversation on a terminal, about some documents (``only``) or all."""

    def __init__(self, assistant: Assistant, only: Mapping[str, Any], as_json: bool) -> None:
        self._assistant = assistant
        self._only = only
        self._as_json = as_json
        self._history: list[dict[str, str]] = []
        self._last: Answer | None = None

    def run(self) -> None:
        """Asks for a question and answers it, until there are no more."""
        with suppress(ImportError):  # not on Windows
            import readline  # noqa: F401 - from then on what is typed can be edited and brought back

        # While the first question is typed. Ctrl-C in an import would leave half of a library.
        threading.Thread(target=self._warm_up).start()
        notes.print("[dim]Ask; :help tells what else can be typed.[/]")
        while (line := _typed()) is not None:
            match line.split():
                case []:
                    pass
                case [":open", number]:
                    self._open(number)
                case [":new"]:
                    self._history.clear()
                case [":help"]:
                    out.print(HELP)
                case [":quit"]:
                    return
                case [first, *_] if first.startswith(":"):
                    tell(f"{line.strip()} is no command: :help names them")
                case _:
                    self._ask(line)

    def _warm_up(self) -> None:
        with suppress(AskdocError):  # it is told to who asks
            Assistant(self._assistant.index).ask("hello")

    def _ask(self, question: str) -> None:
        try:
            answer = _answer(self._assistant, question, self._only, self._history, self._as_json)
        except (KeyboardInterrupt, typer.Exit):  # the latter where it was indexing
            tell("stopped")
            return
        if answer:
            self._last = answer
            self._history += [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer.text},
            ]

    def _open(self, number: str) -> None:
        """Shows a citation of the last answer in its passage."""
        try:
            place, text = self._passage(number)
        except AskdocError as error:
            tell_error(error)
            return
        out.print(Text(place, "bold"))
        out.print(text)

    def _passage(self, number: str) -> tuple[str, Text]:
        """Where a citation is, and its passage, in which it is marked; raises BadInput."""
        citations = self._last.citations if self._last else ()
        cited = next((each for each in citations if str(each.number) == number), None)
        if cited is None:
            raise BadInput(f"the last answer has no citation {number}")
        document = self._assistant.document(cited.source)
        if document.text_sha256 != cited.text_sha256:
            raise BadInput(f"{cited.source} has changed since then: ask again")
        spans = [(one.start, one.end) for one in self._assistant.index.passages(cited.source)]
        around = [each for each in spans if each[0] < cited.end and cited.start < each[1]]
        start = min([cited.start, *(start for start, _ in around)])
        text = Text(document.text[start : max([cited.end, *(end for _, end in around)])])
        text.stylize("reverse", cited.start - start, cited.end - start)
        return cited.place, text


def given() -> TextIO:
    """Standard input, in which bytes that are no text keep no other line from being answered."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
    return sys.stdin


def answer_lines(assistant: Assistant, only: Mapping[str, Any], as_json: bool) -> None:
    """Answers each line of standard input by itself; exit code 1 when one could not be.

    Raises BadInput when there is none.
    """
    done = []
    for line in filter(None, map(str.strip, given())):
        if not as_json:
            out.print(Text(f"{PROMPT}{line}", "bold"))
        done.append(_answer(assistant, line, only, (), as_json) is not None)
        if not as_json:
            out.print()
    if not done:
        raise BadInput("standard input holds no question: write one on each line")
    if not all(done):
        raise typer.Exit(1)


def _answer(
    assistant: Assistant,
    question: str,
    only: Mapping[str, Any],
    history: "History",
    as_json: bool,
) -> Answer | None:
    """The answer, which is shown; None where standard error tells why there is none."""
    try:
        catch_up(assistant)
        answer = answered(assistant, question, only, history)
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 - the next question may be answered
        tell_error(error)
        return None
    if as_json:
        print_json(answer.as_dict(), indent=None)
    else:
        print_answer(answer)
    return answer


def _typed() -> str | None:
    """What is typed; empty where Ctrl-C has taken it back, None when there is no more."""
    try:
        return input(PROMPT if os.isatty(1) else "")  # else it would stand among the answers
    except KeyboardInterrupt:
        err.print()
        return ""
    except EOFError:
        err.print()
        return None
