"""What is there for tests of others: docs/testing.md, whose examples run as readers would."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from helpers import ROOT, printed

from askdoc import Assistant
from askdoc.cli import main
from askdoc.testing import assert_answers, assert_refuses

PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
SIGNED = "Who signed the Shusha Declaration for Turkey?"


def blocks(language: str) -> list[str]:
    """The code of a language that the page shows."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def test_the_example_runs_in_a_project_of_its_own(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pass; a third, which must fail, says why in lines of its own."""
    conftest, tests = blocks("python")
    (tmp_path / "conftest.py").write_text(conftest, "utf-8")
    wrong = f'\n\ndef test_wrong(assistant):\n    assert_refuses(assistant, "{SIGNED}")\n'
    (tmp_path / "test_answers.py").write_text(tests + wrong, "utf-8")
    monkeypatch.setenv("ASKDOC_CORPUS", str(ROOT / "corpus"))
    monkeypatch.setenv("ASKDOC_INDEX", str(assistant.settings.index_folder))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "missing: a refusal" in done.stdout
    assert done.returncode == 1


def test_a_failure_tells_what_there_was_and_what_was_missing(assistant: Assistant) -> None:
    """The message is the one that the page shows; what is right is given back."""
    with pytest.raises(pytest.fail.Exception) as failed:
        assert_answers(assistant, SIGNED, ["Putin", "Erdo"], ["csto.docx", "turkey-azerbaijan.md"])
    without = re.compile(r"confidence \d\.\d\d")
    (shown,) = re.findall(r"^question: .*?(?=\n```)", PAGE, re.M | re.S)
    assert without.sub("", str(failed.value)) == without.sub("", shown)
    with pytest.raises(pytest.fail.Exception, match="an answer, a citation of csto"):
        assert_answers(assistant, "How do I bake a lasagne?", "oven", "csto.docx")
    assert assert_answers(assistant, SIGNED, "erdoğan").answered
    assert not assert_refuses(assistant, "How do I bake a lasagne?").answered


def test_a_project_that_does_not_ask_for_it_loads_nothing() -> None:
    """Whatever is an entry point of pytest is imported in every run of it."""
    assert [each for each in entry_points(group="pytest11") if "askdoc" in each.value] == []


def test_the_workflow_lets_a_good_change_through_and_stops_a_bad_one(
    tmp_path: Path, folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its commands as it has them; the gate is the one that the page shows."""
    folder({"ferry.md": "# The ferry\n\nThe ferry sails at seven in the morning.\n"})
    rows = [
        {"id": "a", "question": "When does the ferry sail?", "answerable": True,
         "answers": ["seven"], "gold_ids": ["ferry.md"]},
        {"id": "b", "question": "Who won the 1966 World Cup?", "answerable": False},
    ]  # fmt: skip
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (gates,) = blocks("toml")
    assert tomllib.loads(gates)["questions"]["against"] == "reference/run.json"
    (tmp_path / "gates.toml").write_text(gates, "utf-8")
    workflow = yaml.safe_load((ROOT / "docs" / "answers.yml").read_text("utf-8"))
    runs = [step["run"] for step in workflow["jobs"]["answers"]["steps"] if "run" in step]
    (measure,) = [shlex.split(run)[1:] for run in runs if run.startswith("askdoc ")]
    (reference,) = re.findall(r"^askdoc (eval .*--out reference)$", PAGE, re.M)
    printed(capsys, *shlex.split(reference))
    printed(capsys, *measure)
    assert (tmp_path / "eval-questions" / "junit.xml").is_file()
    monkeypatch.setenv("ASKDOC_THRESHOLD", "0")
    with pytest.raises(SystemExit, match="3"):
        main(measure)
    assert "gate abstention recall is 0.0000; it was 1.0000" in capsys.readouterr().err
