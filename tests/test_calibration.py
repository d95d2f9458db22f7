"""Another embedder or reader: its certainty is told not to be calibrated, until it is."""

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import fails, printed

from askdoc import Assistant, BadInput, Settings
from askdoc.answer.calibration import WEIGHTS, Calibration, bundled, calibration
from askdoc.evaluation.calibrate import PENALTY, SHIPPED, conditional, logistic
from askdoc.evaluation.metrics import says
from askdoc.evaluation.sets import CORPUS, QUESTIONS, laid_out
from askdoc.index.embedder import bundled as model_folder
from askdoc.types import UNCALIBRATED
from askdoc.web.export import exported
from askdoc.web.render import conversation
from askdoc.web.turns import Turn

FERRY = {"ferry.txt": "The ferry to Marwick sails at seven. It carries 150 cars."}
QUESTION = "When does the ferry to Marwick sail?"


def test_the_bundled_models_are_calibrated(assistant: Assistant) -> None:
    answer = assistant.ask("Who backed Azerbaijan in the 44-day war?")
    assert answer.calibrated
    assert answer.remarks == ()
    assert "calibrated" not in answer.as_dict()


def test_no_other_weights_choose_sentences_better() -> None:
    """By the loss as it is defined, a question at a time (McFadden, 1974)."""
    dice = random.Random(3)
    groups = [
        [({"near": dice.random() + (at == 0), "far": dice.random()}, at == 0) for at in range(size)]
        for size in (2, 5, 3, 9) * 5
    ]

    def loss(near: float, far: float) -> float:
        total = PENALTY * len(groups) * (near**2 + far**2)
        for group in groups:
            odds = [math.exp(near * of["near"] + far * of["far"]) for of, _ in group]
            right = sum(odd for odd, (_, is_right) in zip(odds, group, strict=True) if is_right)
            total -= math.log(right / sum(odds))
        return total

    found = conditional(groups, {})
    best = loss(found["near"], found["far"])
    assert found["near"] > 1
    for step in (-0.05, 0.05):
        assert best < loss(found["near"] + step, found["far"])
        assert best < loss(found["near"], found["far"] + step)


def test_an_answer_of_another_embedder_says_so_wherever_it_is_shown(folder) -> None:
    root = folder(FERRY)
    other = Assistant.from_folder(root, Settings(corpus=root, embedder=str(model_folder())))
    answer = other.ask(QUESTION)
    assert answer.as_dict()["calibrated"] is False
    turn = Turn.of(replace(answer, note="Stopped."))
    shown = [exported([turn], kind) for kind in ("md", "html")] + [conversation([turn])]
    for page in shown:
        assert UNCALIBRATED in page.replace("\\", "")  # as Markdown wants it
        assert "Stopped." in page
    assert '"calibrated": false' in exported([turn], "json")


@pytest.mark.slow
def test_the_shell_says_so_until_askdoc_calibrate_has_run(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    """The shipped documents as a folder of one's own, with half of their questions."""
    corpus, sources = laid_out(SHIPPED, tmp_path / "laid")
    rows = [json.loads(line) for line in (SHIPPED / QUESTIONS).read_text("utf-8").splitlines()]
    for row in rows:
        row["gold_ids"] = [sources[id] for id in row.get("gold_ids", ())]
    mine = tmp_path / "mine.jsonl"
    mine.write_text("\n".join(map(json.dumps, rows[::2])), "utf-8")
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(map(json.dumps, rows[:8])), "utf-8")
    monkeypatch.setenv("ASKDOC_EMBEDDER", str(model_folder()))
    place = ("--corpus", corpus)
    assert "at least 20 of each are needed" in fails(capsys, "calibrate", few, *place)
    assert UNCALIBRATED in printed(capsys, "ask", "How heavy is a barn owl?", *place)

    told = json.loads(printed(capsys, "calibrate", mine, *place, "--json"))
    assert told["after"]["error"] < told["before"]["error"]
    assert UNCALIBRATED not in printed(capsys, "ask", "How heavy is a barn owl?", *place)
    settings = Settings(corpus=corpus)
    assert calibration(settings).fits
    assert not calibration(settings.model_copy(update={"reader": "another"})).fits
    assert calibration(settings.model_copy(update={"embedder": "all-MiniLM-L6-v2"})) == bundled()


def test_each_shipped_answer_stands_in_its_document() -> None:
    documents = {}
    for line in (SHIPPED / CORPUS).read_text("utf-8").splitlines():
        row = json.loads(line)
        documents[row["id"]] = row["text"]
    for line in (SHIPPED / QUESTIONS).read_text("utf-8").splitlines():
        row = json.loads(line)
        for id in row.get("gold_ids", ()):
            assert says(documents[id], row["answers"]) == 1, row


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"e": {"r": {}}}', b'{"e": {"r": {"answer": {"bias": NaN}}}}'],
)
def test_a_file_that_cannot_be_used_is_told_with_what_mends_it(folder, content: bytes) -> None:
    root = folder(FERRY)
    settings = Settings(corpus=root)
    assistant = Assistant.from_folder(settings=settings)
    (settings.index_folder / WEIGHTS.name).write_bytes(content)
    with pytest.raises(BadInput, match=rf"run `askdoc calibrate --corpus {root}`"):
        assistant.ask(QUESTION)


def test_a_signal_that_never_changes_keeps_its_weight() -> None:
    groups = [[({"cosine": n / 40, "passages": 3.0}, n > 20)] for n in range(40)]
    weights = logistic(groups, {"passages": -0.3})
    assert weights["passages"] == -0.3
    fitted = Calibration({"answer": weights})
    assert fitted.probability("answer", groups[0][0][0]) < 0.2
    assert fitted.probability("answer", groups[-1][0][0]) > 0.8
