"""Nothing that documents, their names or a question say commands the terminal it is shown on."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from helpers import printed

from askdoc.cli import app, main
from askdoc.cli.printing import visible

TITLE = "\x1b]0;owned\x07"  # gives the window another title
HIDDEN = "\x1b[8m"  # what follows is not shown
ERASED = "\x9b2J"  # the same as ESC [ 2 J: all that was shown is gone
TURNED = "\u202e"  # what follows runs from right to left
HOSTILE = f"{TITLE}{HIDDEN}{ERASED}{TURNED}\x7f\x08[bold]"
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
NAME = f"ferry {HOSTILE}\nread {HIDDEN}.md"  # with a line end, too
FERRY = f"# The ferry {HOSTILE}\n\nThe ferry to Marwick{HOSTILE} sails at nine.\n"
ASKED = f"When does the ferry to Marwick {HIDDEN}sail?"
Hostile = Callable[..., list[str]]


def shown(told: str) -> str:
    """What was printed, which must hold nothing that is not to be seen."""
    for sign in (TITLE[:2], "\x07", HIDDEN, ERASED[0], TURNED, "\x7f", "\x08"):
        assert sign not in told, repr(told)
    return told


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    """The arguments of each command, over a folder whose names and texts are hostile."""
    root = tmp_path_factory.mktemp("hostile")
    corpus = root / "docs"
    corpus.mkdir()
    (corpus / NAME).write_text(FERRY)
    (corpus / f"bad {HOSTILE}.pdf").write_bytes(b"%PDF-")
    (corpus / "good.md").write_text("# Bread\n\nThe bakery opens at six.")
    question = {"id": f"q{HOSTILE}", "question": ASKED, "answers": ["nine"], "gold_ids": [NAME]}
    (root / "questions.jsonl").write_text(json.dumps(question))
    cited = {"number": 1, "source": NAME, "title": "", "page": None, "heading": None, "start": 0}
    cited |= {"end": 9, "quote": HOSTILE, "file_sha256": "", "text_sha256": ""}
    answer = {"text": "It does. [1]", "citations": [cited]}
    (root / "answer.json").write_text(json.dumps(answer))
    index = ("--corpus", corpus)

    def arguments(command: str) -> list[str]:
        given = {
            "index": (corpus,),
            "ask": (ASKED, *index),
            "search": (ASKED, *index),
            "explain": (ASKED, "--document", NAME, *index),
            "check": (root / "answer.json", *index),
            "status": index,
            "passages": index,
            "eval": (root / "questions.jsonl", *index, "--out", root / f"out{HIDDEN}"),
            "calibrate": (root / f"none{HOSTILE}\n.jsonl", *index),
            "serve": ("--corpus", root / f"none{HOSTILE}\nhere"),
            "mcp": (root / f"none{HOSTILE}\nhere",),
        }
        assert set(given) == set(COMMANDS)
        return [command, *map(str, given[command])]

    return arguments


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_what_a_terminal_obeys(
    command: str, hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    """As text for people, as JSON, and in what is told on standard error."""
    code = {"check": 3, "calibrate": 1, "serve": 1, "mcp": 1}.get(command, 0)
    with pytest.raises(SystemExit) as caught:
        main(hostile(command))
    assert (caught.value.code or 0) == code
    told = capsys.readouterr()
    assert ("\\u" in shown(told.out) + shown(told.err)) == (command != "explain")  # names nothing
    assert len(told.err.strip().splitlines()) == (code == 1)
    if code != 1:
        as_json = () if command == "passages" else ("--json",)  # which writes nothing else
        told = shown(printed(capsys, *hostile(command), *as_json, code=code))
        every = told.splitlines() if command == "passages" else [told]
        assert HIDDEN in "".join(_strings([json.loads(each) for each in every]))


def _strings(value: Any) -> Iterator[str]:
    """All texts of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inside in value.values() if isinstance(value, dict) else value:
            yield from _strings(inside)


def test_a_name_with_a_line_end_stays_on_one_line(
    hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second line would pass for the line of another file."""
    assert f"[bold] {visible(f'read {HIDDEN}.md')} (" in printed(capsys, *hostile("search"))
    lines = printed(capsys, *hostile("index")).splitlines()
    assert [line for line in lines if line.startswith("read")] == []


@pytest.mark.parametrize("command", ["index", "ask"])
def test_nor_where_it_is_a_terminal_with_progress_and_colours(
    command: str, hostile: Hostile
) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "askdoc", *hostile(command)],
        stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    told = b""
    while piece := _read(ours):
        told += piece
    assert child.wait(60) == 0
    assert b"\x1b[" in told  # the colours, and the bar, are our own
    shown(told.decode().replace("\x1b[?25", ""))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_wrong_usage_and_logs_are_shown_safely(
    hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever else is written to standard error once a command runs, libraries' logs included."""
    with pytest.raises(SystemExit) as caught:
        main(["index", f"a{HOSTILE}", f"b{HOSTILE}", HOSTILE])
    assert caught.value.code == 2
    print(HOSTILE, file=sys.stderr)
    assert shown(capsys.readouterr().err).count("\\u001b") > 1


def test_what_is_safe_is_left_as_it_is() -> None:
    kept = "Zoë\tΩ 漢字 שלום\u200f 👩\u200d👩 \n[1] \u00a0€"
    assert visible(kept) == kept
    assert visible("\x1b[1m\u2066\ud800\x9b\0") == "\\u001b[1m\\u2066\\ud800\\u009b\\u0000"
    assert json.loads(visible(json.dumps(HOSTILE, ensure_ascii=False))) == HOSTILE


def test_the_names_of_files_are_told_as_they_are_in_json(
    hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = json.loads(printed(capsys, *hostile("index"), "--json"))["documents"]
    assert NAME in [row["source"] for row in rows]
    assert Path(hostile("index")[1], NAME).exists()
