"""`askdoc check`: what was cited is held against the sources, offline."""

import json
from pathlib import Path

import pytest

from askdoc import Answer, Assistant, BadInput, Settings
from askdoc.answer.recheck import check
from askdoc.cli import main
from askdoc.web.export import exported
from askdoc.web.turns import Turn

FERRY = "# Ferry\n\nThe ferry to Marwick sails at nine.\n\nIt carries sixty cars."
QUESTION = "When does the ferry to Marwick sail?"


@pytest.fixture
def root(folder) -> Path:
    return folder({"ferry.md": FERRY, "whale.md": "Whale oil lit the lamps of Marwick."})


@pytest.fixture
def answer(root: Path) -> Answer:
    found = Assistant.from_folder(root, Settings()).ask(QUESTION)
    assert found.citations[0].source == "ferry.md"
    return found


def test_what_stands_holds_and_needs_no_index(answer: Answer, root: Path) -> None:
    told = json.loads(json.dumps(answer.as_dict()))
    assert check(told, root) == check([told, told], root) == check({"answers": [told]}, root) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (FERRY.replace("nine", "ninе"), "are gone"),  # one letter, Cyrillic
        (FERRY.replace("sixty", "fifty"), "changed elsewhere; the words still stand"),
        ("Note.\n\n" + FERRY, "now stand at 16 to 51"),
    ],
)
def test_one_changed_byte_is_found_and_told_where(
    answer: Answer, root: Path, text: str, finding: str
) -> None:
    (root / "ferry.md").write_text(text, "utf-8")
    (line,) = check(answer.as_dict(), root)
    assert line.startswith("1. citation 1: ferry.md")
    assert finding in line


def test_a_source_that_is_gone_or_outside_is_told(answer: Answer, root: Path) -> None:
    (root / "ferry.md").unlink()
    assert "is not in" in check(answer.as_dict(), root)[0]
    told = answer.as_dict()
    (root.parent / "secret.md").write_text(FERRY)
    told["citations"][0]["source"] = "../secret.md"
    assert "is not in" in check(told, root)[0]


def test_markers_and_citations_must_match(answer: Answer, root: Path) -> None:
    told = answer.as_dict()
    assert "marker [7] has 0 citations" in check(told | {"text": "It sails. [1] [7]"}, root)[0]
    twice = told | {"citations": told["citations"] * 2}
    assert "marker [1] has 2 citations" in check(twice, root)[0]


@pytest.mark.parametrize(
    "bad",
    [None, 5, "x", [], {}, [1], {"answers": []}, {"citations": [{}]}, {"citations": [5]},
     {"citations": [{"number": 1, "source": "a", "start": "x"}]}],
)  # fmt: skip
def test_what_is_no_answer_gets_one_line(bad: object, root: Path) -> None:
    with pytest.raises(BadInput) as caught:
        check(bad, root)
    assert "\n" not in str(caught.value)


def test_from_the_shell(answer: Answer, root: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer.as_dict()))
    with pytest.raises(SystemExit) as done:
        main(["check", str(path), "--corpus", str(root)])
    assert done.value.code == 0
    (root / "ferry.md").write_text("Nothing.")
    with pytest.raises(SystemExit) as done:
        main(["check", str(path), "--corpus", str(root), "--json"])
    assert done.value.code == 3
    assert "are gone" in capsys.readouterr().out
    for bad in (tmp_path / "none.json", root / "ferry.md"):
        with pytest.raises(SystemExit) as done:
            main(["check", str(bad), "--corpus", str(root)])
        assert done.value.code == 1


def test_a_conversation_is_exported_in_three_forms(answer: Answer, root: Path) -> None:
    turns = [Turn.of(answer), Turn(question="<b>", error="no & never")]
    told = json.loads(exported(turns, "json"))
    assert check(told, root) == []
    assert told["answers"][0]["citations"][0]["quote"] == answer.citations[0].quote
    assert told["answers"][0]["text"] == answer.text
    text = exported(turns, "md")
    assert f"{answer.sentences[0].text}[^1-1]" in text
    assert f"[^1-1]: ferry.md: “{answer.citations[0].quote}”" in text
    page = exported(turns, "html")
    assert '<a href="#1-1">[1]</a>' in page
    assert '<p id="1-1">' in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "http" not in page
