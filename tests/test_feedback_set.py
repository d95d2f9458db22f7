"""Thumbs of the chat become a set of questions, with what a person says is right of the others."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import fails, printed

from askdoc import Assistant
from askdoc.answer.query import History
from askdoc.cli import main
from askdoc.evaluation.questions import Corpus, questions
from askdoc.web.feedback import Opinion, append, judged
from askdoc.web.turns import Turn

FERRY = """# The ferry

The ferry to Hiiumaa sails at seven in the morning.
It takes an hour and a half and carries 150 cars.

Dogs travel free of charge.
"""
OPINIONS = {
    "When does the ferry sail to Hiiumaa?": "up",
    "How many cars does the ferry carry?": "down",
    "Who won the 1966 World Cup?": "down",
    "Do dogs pay on the ferry?": "down",
    "hello": "up",
}


@pytest.fixture(scope="module")
def liked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus, and a file of opinions as the chat writes it; of one question there are two."""
    root = tmp_path_factory.mktemp("liked")
    (root / "ferry.md").write_text(FERRY, "utf-8")
    assistant = Assistant.from_folder(root)
    path = root / ".askdoc" / "feedback.jsonl"
    history: History = ()
    for question, rating in [("When does the ferry sail to Hiiumaa?", "down"), *OPINIONS.items()]:
        turn = Turn(question=question, answer=assistant.ask(question, history))
        append(path, judged(Opinion(rating=rating, turns=[turn]), assistant))
    assistant.index.close()
    return root, path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_without_a_terminal_only_what_was_liked_is_a_question(
    liked: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """What was cited is the evidence; a greeting is no question; no file is overwritten."""
    root, path = liked
    mine = tmp_path / "mine.jsonl"
    monkeypatch.setattr("sys.stdin", None)
    command = ("eval", "--from-feedback", path, mine, "--corpus", root)
    with pytest.raises(SystemExit):
        main([str(each) for each in command])
    told = capsys.readouterr()
    assert "3 thumbs down left out" in told.err
    assert f"1 questions are in {mine}" in told.out
    (only,) = questions(mine, Corpus(Assistant.from_folder(root)))
    assert only.question == "When does the ferry sail to Hiiumaa?"
    assert only.answerable is True
    assert only.relevant == ("ferry.md",)
    assert only.facts[0].text.startswith("The ferry to Hiiumaa sails at seven in the morning.")
    assert "is there already" in fails(capsys, *command)
    printed(capsys, "eval", mine, "--corpus", root, "--out", tmp_path / "out")


def test_on_a_terminal_a_person_is_asked_what_is_right(
    liked: tuple[Path, Path], tmp_path: Path
) -> None:
    """Words, a dash or nothing, typed at a real terminal; each is asked with what was answered."""
    root, path = liked
    mine = tmp_path / "mine.jsonl"
    keyboard, terminal = pty.openpty()
    os.write(keyboard, b"150 cars\n-\n\n")
    command = [sys.executable, "-m", "askdoc", "eval", "--from-feedback", path, mine]
    done = subprocess.run(
        [*command, "--corpus", root], stdin=terminal, capture_output=True, text=True, check=True
    )
    os.close(keyboard)
    os.close(terminal)
    assert "How many cars does the ferry carry?" in done.stdout
    assert done.stdout.count("Words of the right answer") == 3
    assert "1 thumbs down left out" in done.stderr
    _, cars, cup = rows(mine)
    assert cars["answers"] == ["150 cars"]
    assert cars["gold_ids"] == ["ferry.md"], "where a hit says so"
    assert (cup["question"], cup["answerable"]) == ("Who won the 1966 World Cup?", False)


def test_an_opinion_of_what_no_longer_stands_is_left_out(
    liked: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    root, path = liked
    others = tmp_path / "others.jsonl"
    others.write_text(path.read_text("utf-8").replace("seven", "nine"), "utf-8")
    monkeypatch.setattr("sys.stdin", None)
    told = printed(capsys, "eval", "--from-feedback", others, "--corpus", root)
    assert "0 questions are in questions.jsonl" in told
    path = tmp_path / "feedback.jsonl"
    path.write_text('{"id": "a", "question": "Who?"}\n', "utf-8")
    assert "line 1: rating: Field required" in fails(
        capsys, "eval", "--from-feedback", path, tmp_path / "b.jsonl", "--corpus", root
    )
