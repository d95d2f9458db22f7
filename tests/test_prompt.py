"""`askdoc ask` without a question: at a real terminal, and with questions in a file."""

import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from scripted_server import Scripted, scripted

from askdoc import Assistant
from askdoc.cli import main

ASKDOC = str(Path(sys.executable).parent / "askdoc")
# Runs a command at a terminal of its own, as a person does, and types what it is sent.
AT_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
SHUSHA = "Who signed the Shusha Declaration for Turkey?"


class Terminal:
    """A terminal: what is typed, and all that it has shown."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._shown = ""
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def type(self, keys: str) -> None:
        """Types some keys; what was shown until then is gone."""
        with self._more:
            self._shown = ""
        self._process.stdin.write(keys.encode())
        self._process.stdin.flush()

    def shows(self, *patterns: str) -> str:
        """What is shown, without its styles, once it has all of these."""
        with self._more:
            assert self._has(*patterns, seconds=60), (patterns, self._shown)
            return self._plain

    def interrupts(self) -> None:
        """Presses Ctrl-C until there is a new prompt: readline loses one while it draws."""
        for _ in range(6):
            self.type("\x03")
            with self._more:
                if self._has("> $", seconds=10):
                    return
        raise AssertionError(self._shown)

    def _has(self, *patterns: str, seconds: float) -> bool:
        """Whether all of these are shown, soon; within the lock."""
        return self._more.wait_for(
            lambda: all(re.search(each, self._plain, re.DOTALL) for each in patterns), seconds
        )

    @property
    def _plain(self) -> str:
        return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", self._shown)

    def _read(self) -> None:
        while piece := os.read(self._process.stdout.fileno(), 4096):
            with self._more:
                self._shown += piece.decode(errors="replace")
                self._more.notify()


@contextmanager
def prompt(assistant: Assistant, *options: str, **env: str) -> Iterator[Terminal]:
    """The prompt over the real corpus; it has to end with exit code 0 once it was left."""
    place = ("--corpus", str(assistant.index.corpus), "--index", str(assistant.index.folder))
    process = subprocess.Popen(
        [sys.executable, "-c", AT_A_TERMINAL, ASKDOC, "ask", *place, *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", **env},
    )  # fmt: skip
    try:
        terminal = Terminal(process)
        terminal.shows("> $")
        yield terminal
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals on Windows")
def test_a_conversation_at_the_prompt(assistant: Assistant) -> None:
    """Sources as `ask` prints them, follow-ups, commands, what was typed before, and errors."""
    with prompt(assistant) as terminal:
        terminal.type(f"{SHUSHA}\n")
        terminal.shows(r"\[1\].*\[1\] turkey-azerbaijan.md, The Shusha Declaration", "> $")
        terminal.type("And who signed it for Azerbaijan?\n")
        terminal.shows("Searched for: .*Shusha", "Aliyev signed it for Azerbaijan", "> $")
        terminal.type(":open 1\n")
        shown = terminal.shows("turkey-azerbaijan.md, The Shusha Declaration", "> $")
        cited = assistant.ask(SHUSHA).citations[0]
        (passage,) = (
            one
            for one in assistant.index.passages(cited.source)
            if one.start <= cited.start < one.end
        )
        for words in passage.text.split("\n"):
            assert words[-40:] in shown
        terminal.type(":open 9\n")
        terminal.shows("askdoc: the last answer has no citation 9", "> $")
        terminal.type(":opens\n")
        terminal.shows("askdoc: :opens is no command: :help names them", "> $")
        terminal.type("x" * 3000 + "\n")
        terminal.shows("> $")
        terminal.type(":help\n")
        terminal.shows(":new .*:quit ", "> $")
        terminal.type(":new\n")
        terminal.shows("> $")
        terminal.type("And who signed it for Azerbaijan?\n")
        assert "Searched for" not in terminal.shows("> $", r"\w\W+> $")
        terminal.type("\x1b[A\x1b[A")
        terminal.shows(":new$")
        terminal.interrupts()
        terminal.type("\x04")


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals on Windows")
def test_ctrl_c_stops_an_answer_but_not_the_prompt(assistant: Assistant) -> None:
    """The model is told to stop, too; at an empty prompt it takes back what was typed."""
    with scripted() as url:
        Scripted.words, Scripted.pause = ["Eagle "] * 500, 0.05
        model = {"ASKDOC_LLM": "openai:x", "ASKDOC_LLM_BASE_URL": url, "ASKDOC_LLM_KEY": "none"}
        with prompt(assistant, **model) as terminal:
            terminal.type("What is Eagle Partner for?\n")
            terminal.shows("writes: ")
            terminal.type("\x03")
            terminal.shows("askdoc: stopped", "> $")
            assert Scripted.broken.wait(30)
            terminal.type("half a question\x03")
            terminal.shows("> $")
            terminal.type(":quit\n")


Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ask:
    """`askdoc ask` over the real corpus with a standard input: exit code, output and errors."""
    place = ("--corpus", str(assistant.index.corpus), "--index", str(assistant.index.folder))

    def ask(given: bytes, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), "ascii"))
        with pytest.raises(SystemExit) as caught:
            main(["ask", *words, *place])
        return int(caught.value.code or 0), *capsys.readouterr()

    return ask


def test_each_line_of_standard_input_is_a_question(asked: Ask) -> None:
    """One that cannot be answered is told, stops none after it, and shows in the exit code."""
    lines = f"{SHUSHA}\n \nHow do I bake a lasagne?\n".encode()
    code, out, err = asked(b"\xef\xbb\xbf" + lines, "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["question"] for answer in answers] == [SHUSHA, "How do I bake a lasagne?"]
    assert [answer["answered"] for answer in answers] == [True, False]
    assert (code, err) == (0, "")
    code, out, err = asked(b"bad \xff\n" + lines)
    assert err == "askdoc: the question holds bytes that are no text: type it again\n"
    assert f"> {SHUSHA}\nErdo\u011fan signed" in out
    assert code == 1
    code, out, err = asked(b" \n")
    assert (code, out) == (1, "")
    assert "holds no question" in err


def test_one_question_from_standard_input(asked: Ask) -> None:
    code, out, _ = asked(b"Who signed the Shusha\nDeclaration for Turkey?\n", "-", "--json")
    answer = json.loads(out)
    assert answer["question"] == "Who signed the Shusha\nDeclaration for Turkey?"
    assert answer["citations"][0]["source"] == "turkey-azerbaijan.md"
    assert code == 0
