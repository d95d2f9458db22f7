"""The gate on the committed sets: it lets this commit through, and stops two bad changes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers import printed

from askdoc import Assistant
from askdoc.cli import main
from askdoc.evaluation.gate import Limit, dropped
from askdoc.index.index import Index
from askdoc.index.stores import Ranking

EVALS = Path(__file__).parent.parent / "evals"
QUESTIONS = EVALS / "questions"
pytestmark = pytest.mark.slow


@pytest.fixture
def gate(corpus: Path, assistant: Assistant, tmp_path: Path):
    """The arguments that run a set through the gate, by the set's name."""
    index = assistant.settings.index_folder
    end = ["--gate", EVALS / "gates.toml", "--out", tmp_path / "out", "--json"]
    return {
        "corpus": [
            *(QUESTIONS / "corpus.jsonl", "--split", "tune"),
            *("--corpus", corpus, "--index", index, *end),
        ],
        "public-style": ["--data", QUESTIONS / "public-style", "--index", tmp_path / "set", *end],
    }


@pytest.mark.parametrize("name", ["corpus", "public-style"])
def test_this_commit_passes_the_gate(name: str, gate, capsys) -> None:
    printed(capsys, "eval", *gate[name])


def test_the_gate_stops_a_change_that_answers_everything(gate, capsys, monkeypatch) -> None:
    monkeypatch.setenv("ASKDOC_THRESHOLD", "0")
    with pytest.raises(SystemExit, match="3"):
        main(["eval", *map(str, gate["public-style"])])
    lines = capsys.readouterr().err.strip().splitlines()
    assert any(line.startswith("gate abstention recall is 0.0000; it was 0.") for line in lines)


def test_the_gate_stops_a_change_that_drops_a_leg(gate, capsys, monkeypatch) -> None:
    """Without dense retrieval there is nothing to fuse, and the confidence has lost a signal."""
    both = Index.search

    def lexical(self: Index, query: str, k: int, sources: Sequence[str]) -> tuple[Ranking, Ranking]:
        return [], both(self, query, k, sources)[1]

    monkeypatch.setattr(Index, "search", lexical)
    with pytest.raises(SystemExit, match="3"):
        main(["eval", *map(str, gate["public-style"])])
    assert "gate calibration error is" in capsys.readouterr().err


def test_a_drop_by_the_tolerance_is_none() -> None:
    """Higher is better but where it is not; what can no longer be reckoned has dropped."""
    limits = {
        "right": Limit(reference=0.9, tolerance=0.1),
        "AURC": Limit(reference=0.2, tolerance=0.1),
    }
    assert dropped(limits, {"right": 0.8, "AURC": 0.3}) == []
    assert dropped(limits, {"right": 1.0, "AURC": 0.0}) == []
    assert [line.split(" is ")[0] for line in dropped(limits, {"right": 0.79, "AURC": 0.31})] == [
        "right", "AURC",
    ]  # fmt: skip
    assert "cannot be reckoned" in dropped(limits, {"right": None, "AURC": 0.1})[0]
