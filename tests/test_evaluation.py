"""``askdoc eval``: what it refuses, what it writes, that it repeats, and that its gate holds."""

import json
import math
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import ROOT, fails, printed
from langchain_core.messages import AIMessageChunk
from scipy.stats import binomtest, bootstrap
from scripted import QUESTION, scripted

import askdoc
from askdoc import NO_ANSWER, Answer, Assistant, Citation
from askdoc.evaluation.comparison import compare, interval, mcnemar, reworded
from askdoc.evaluation.figures import FIGURES
from askdoc.evaluation.groups import intervals, wilson
from askdoc.evaluation.questions import Corpus, Fact, Question
from askdoc.evaluation.run import read_run
from askdoc.evaluation.scores import Outcome, System, right
from askdoc.evaluation.sets import laid_out, names

FILES = {
    "ferry.md": "# The ferry\n\nThe ferry to Hiiumaa sails at seven in the morning.\n"
    "It takes an hour and a half and carries 150 cars.\n\nDogs travel free of charge.\n",
    "bread.md": "# Rye bread\n\nBake the rye bread for 50 minutes at 220 degrees.\n"
    "Let it rest for a day, <script>alert('bread')</script> or the crumb stays wet.\n",
}
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "q1", "question": "When does the ferry to Hiiumaa sail?", "answerable": True,
        "answers": ["seven in the morning"], "gold_ids": ["ferry.md"], "kind": "when",
        "evidence": [
            {"id": "ferry.md", "fact": "The ferry to Hiiumaa sails at seven in the morning."}
        ],
    },
    {
        "id": "q2", "question": "How long is rye bread baked?", "answerable": True,
        "must_include": ["50\\s+minutes"], "gold_ids": ["bread.md"], "rating": "up", "hits": [],
        "evidence": [
            {"id": "bread.md", "fact": "Bake the rye bread  for\n50 minutes at 220 degrees."}
        ],
    },
    {"id": "q3", "question": "Who won the 1966 World Cup?", "answerable": False},
    {"id": 4, "question": "And how many cars does it carry?", "answers": ["a thousand"],
     "answerable": True, "gold_ids": ["ferry.md"],
     "history": [{"role": "user", "text": "When does the ferry sail?"},
                 {"role": "agent", "text": "At seven."}]},
    {"id": "q5", "question": "Do <b>dogs</b> pay?"},
]  # fmt: skip

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes rows, or lines as they are, as a file of questions."""

    def write(*rows: object, name: str = "mine.jsonl") -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    return write


@pytest.fixture
def small(folder) -> Path:
    """A corpus of two documents."""
    return folder(FILES)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same corpus, indexed once, for tests that change nothing in it."""
    root = tmp_path_factory.mktemp("docs")
    for source, text in FILES.items():
        (root / source).write_text(text, "utf-8")
    Assistant.from_folder(root).index.close()
    return root


def evaluated(capsys, path: Path, corpus: Path, out: Path, *more: object, code: int = 0) -> Any:
    """What ``askdoc eval --json`` printed."""
    shown = printed(
        capsys, "eval", path, "--corpus", corpus, "--out", out, "--json", *more, code=code
    )
    return json.loads(shown)


GOOD = {"id": "a", "question": "When?"}


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        ([GOOD, "{"], 2, "Invalid JSON: EOF while parsing an object at column 1"),
        (["[1]"], 1, "should be an object, not [1]"),
        ([{"question": "When?"}], 1, "id: Field required"),
        ([{"id": True, "question": "When?"}], 1, "id: Input should be a valid string, not True"),
        ([GOOD, "", {"id": "b"}], 3, "question: Field required"),
        ([{"id": "b", "question": " "}], 1, "question: it is empty: write one"),
        ([GOOD, {"id": "b", "question": "?"}, GOOD], 3, "that of line 1"),
        ([{**GOOD, "answerable": "yes"}], 1, "answerable: Input should be a valid boolean"),
        ([{**GOOD, "answers": "seven"}], 1, "answers: Input should be a valid array, not 'seven'"),
        ([{**GOOD, "answers": [7]}], 1, "answers.0: Input should be a valid string, not 7"),
        ([{**GOOD, "must_include": ["("]}], 1, "must_include.0: it is no regular expression"),
        ([{**GOOD, "gold_ids": ["boat.md"]}], 1, "gold_ids: 'boat.md' is not in the corpus"),
        ([{**GOOD, "evidence": ["x"]}], 1, "evidence.0: Input should be an object"),
        ([{**GOOD, "evidence": [{"id": "ferry.md", "fact": "It flies."}]}], 1, "does not stand in"),
        ([{**GOOD, "evidence": [{"id": "ferry.md", "fact": " "}]}], 1, "does not stand in"),
        ([{**GOOD, "evidence": [{"id": "x.md", "fact": "It"}]}], 1, "not in the corpus"),
        (
            [{**GOOD, "history": [{"role": "cook", "content": "x"}]}],
            1,
            "history.0.role: Input should be 'user'",
        ),
        ([{**GOOD, "history": {}}], 1, "history: Input should be a valid array"),
        ([{"id": "b", "question": "x" * 20_001}], 1, "at most 20000 characters"),
        (['{"id": "b", "question": "\\ud800?"}'], 1, "hex escape"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    rows, line: int, words: str, put: Put, unchanged: Path, tmp_path: Path, capsys
) -> None:
    told = fails(
        capsys, "eval", put(*rows), "--corpus", unchanged, "--out", tmp_path / "out"
    )  # fmt: skip
    assert f"line {line}: " in told
    assert words in told
    assert not (tmp_path / "out").exists()


def test_the_first_bad_lines_are_named_together(put: Put, unchanged: Path, capsys) -> None:
    told = fails(capsys, "eval", put(*["{"] * 9), "--corpus", unchanged)
    assert all(f"line {n}: " in told for n in range(1, 6))
    assert told.endswith("and 4 more")


def test_other_bad_input_is_told_in_a_line(
    put: Put, unchanged: Path, tmp_path: Path, capsys
) -> None:
    """A set, a run, gates and a baseline that cannot be used, before anything is asked."""
    good, out = put(GOOD), tmp_path / "out"

    def told(*more: object, path: Path = good) -> str:
        line = fails(capsys, "eval", path, "--corpus", unchanged, "--out", out, *more)
        assert not out.exists()
        return line

    assert "is empty" in told(path=put("", name="empty.jsonl"))
    assert "cannot be opened" in told(path=tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "a"}\n{"id": "\xe9"}\n')
    assert "line 2: it is not in UTF-8" in told(path=tmp_path / "latin.jsonl")
    assert "no question whose split is tune" in told("--split", "tune")
    assert "cannot be opened" in told("--against", tmp_path / "none.json")
    assert "no run of askdoc eval" in told("--against", put("{}", name="run.json"))
    assert "no run of askdoc eval" in told("--against", put("[]", name="run.json"))
    for text, words in (
        ("= 1", "no TOML"),
        ("[other]", "no table [mine]"),
        ("[mine]", "[mine] figures: Field required"),
        ("[mine.figures]\nspeed = {tolerance = 1}", "no figure 'speed'"),
        ("[mine.figures]\nright = 0.5", "figures.right: Input should be a valid dictionary"),
        ("[mine.figures]\nright = {tolerance = 0.1}", "needs a reference"),
        (
            '[mine.figures]\nright = {reference = 1, tolerance = "x"}',
            "figures.right.tolerance: Input should be a valid number, not 'x'",
        ),
        ('[mine]\nagainst = "none.json"\nfigures.right.tolerance = 1', "cannot be opened"),
    ):
        assert words in told("--gate", put(text, name="gates.toml"))
    assert "no Python file" in told("--baseline", tmp_path / "none.py")
    assert "AttributeError" in told("--baseline", put("", name="empty.py"))
    assert "ZeroDivisionError" in told("--baseline", put("1 / 0", name="broken.py"))
    out.write_text("mine")
    assert "is a file" in fails(capsys, "eval", good, "--corpus", unchanged, "--out", out)


def test_a_run_of_another_corpus_or_of_other_questions_is_refused(
    put: Put, small: Path, tmp_path: Path, capsys
) -> None:
    path, out = put(*QUESTIONS[:3]), tmp_path / "out"
    evaluated(capsys, path, small, out)
    more = ("--corpus", small, "--against", out / "run.json", "--out", tmp_path / "more")
    assert "a run of other questions" in fails(capsys, "eval", path, *more, "--limit", 2)
    (small / "ferry.md").write_text(FILES["ferry.md"] + "It never sinks.")
    assert "a run of another corpus" in fails(capsys, "eval", path, *more)
    assert not (tmp_path / "more").exists()


def test_a_run_says_what_came_of_every_question(
    put: Put, unchanged: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "out"
    told = evaluated(capsys, put(*QUESTIONS), unchanged, out)
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "run.json"]
    run = read_run(out / "run.json")
    first, second, third, fourth, fifth = run.outcomes["askdoc"]
    assert first.right is True
    assert first.hits[0]["source"] == "ferry.md"
    assert first.scores["citation recall"] == 1
    assert first.scores["recall@1"] == first.scores["all facts@5"] == first.scores["exactness"] == 1
    assert first.scores["localisation F1"] > 0.6  # with the sentence after, which leans on it
    assert second.scores["must include"] == 1
    assert (third.right, third.answered, third.lost) == (True, False, "")
    assert fourth.history == 2
    assert fourth.right is False
    assert fourth.lost
    assert fifth.right is None
    assert fifth.answerable is None
    assert told["figures"]["askdoc"]["right"] == 0.75
    assert told["figures"]["askdoc"]["exactness"] == 1
    assert set(told["figures"]["askdoc"]) == set(FIGURES)
    costs = {"sure": 1, "unsure": 0.25, "none": 0.5}
    assert told["figures"]["askdoc"]["value"] == (3 - costs[fourth.certainty]) / 4
    seconds = told["seconds"]["askdoc"]
    steps = {"query", "search", "read", "write"}
    late = {f"{step} {part}".strip() for step in ("", *steps) for part in ("p95", "p99")}
    assert set(seconds) == steps | late | {"p50"}
    assert seconds["read"] <= seconds["read p95"] <= seconds["read p99"] <= seconds["p99"]
    assert told["groups"]["kind"] == {"when": told["groups"]["kind"]["when"]}
    assert told["groups"]["kind"]["when"]["right"] == 1
    assert list(told["groups"]["document"]) == ["ferry.md", "bread.md"]
    assert told["groups"]["document"]["ferry.md"]["right"] == 0.5
    assert told["intervals"]["askdoc"]["right"] == pytest.approx(wilson(3, 4), abs=1e-4)
    assert told["group_intervals"]["document"] == {"ferry.md": {}, "bread.md": {}}, "too few"
    assert set(told["groups"]["certainty"]) == {each.certainty for each in run.outcomes["askdoc"]}
    assert told["tokens"] == {}

    page = (out / "report.html").read_text("utf-8")
    assert "And how many cars does it carry?" in page
    assert "a thousand" in page
    assert page.count("<svg") == 4
    assert not re.search(r"(?:src|href)=\"(?!#)", page), "it needs nothing else"
    for foreign in ("<b>dogs", "<script>alert"):
        assert foreign not in page


def test_two_runs_give_the_same_numbers(put: Put, unchanged: Path, tmp_path: Path, capsys) -> None:
    """Everything but when and how long."""
    runs = []
    for name in ("one", "two"):
        evaluated(capsys, put(*QUESTIONS), unchanged, tmp_path / name)
        runs.append(json.loads((tmp_path / name / "run.json").read_text("utf-8")))
        assert runs[-1].pop("taken")["seconds"]
    assert runs[0] == runs[1]


def test_the_tables_show_both_columns_and_what_changed(
    put: Put, unchanged: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    path, out = put(*QUESTIONS), tmp_path / "out"
    place = ("--corpus", unchanged, "--out", out)
    first = printed(capsys, "eval", path, *place)
    assert "recall@5" in first
    assert re.search(r"^ *none +1 of 1 ", first, re.M)
    before = tmp_path / "before.json"
    (out / "run.json").rename(before)
    monkeypatch.setenv("ASKDOC_THRESHOLD", "0.999")
    told = printed(capsys, "eval", path, *place, "--against", before)
    assert "before" in told
    assert "wrong now q1, q2" in told
    assert re.search(r"wrong now q1, q2 \(McNemar p 0.500\); [2-5] answered in other", told)
    page = (out / "report.html").read_text("utf-8")
    assert "Wrong now: q1, q2" in page
    assert "right before, wrong now" in page
    assert re.search("<del>.*</del>", page)
    assert re.search(r"<ins>.*\bdocuments\b.*</ins>", page), "of the refusal"


BASELINE = '''
"""A system of one's own: the first hit is the answer, always."""
from askdoc import Answer, Assistant, Sentence
from askdoc.answer.citation import Quote, quoted, marked

class Baseline:
    def __init__(self, assistant):
        self.assistant = assistant

    @classmethod
    def from_folder(cls, corpus, settings):
        return cls(Assistant.from_folder(corpus, settings))

    def search(self, query, k=10):
        return self.assistant.search(query, k)

    def ask(self, question, history=()):
        best = self.search(question, 1)[0].passage
        sentences, citations = quoted([Quote(best)])
        return Answer(question, question, marked(sentences), "first", sentences, citations)
'''


def test_one_call_measures(put: Put, unchanged: Path, tmp_path: Path) -> None:
    """The same in Python: what came of it, with a run before to hold it against."""
    path, gates = put(*QUESTIONS), put('[mine.figures]\nright = {reference = 1, tolerance = 0.1}',
                                       name="gates.toml")  # fmt: skip
    first = askdoc.evaluate(path, unchanged, out=tmp_path / "out")
    assert first.figures["right"] == 0.75
    assert first.comparisons == {}
    second = askdoc.evaluate(
        path, str(unchanged), against=tmp_path / "out" / "run.json", gates=gates,
    )  # fmt: skip
    assert second.run.outcomes == first.run.outcomes
    assert second.comparisons["before"].p == 1
    assert second.dropped == ["right is 0.7500; it was 1.0000, and may be worse by 0.1"]
    with pytest.raises(askdoc.BadInput, match="no questions"):
        askdoc.evaluate(corpus=unchanged)


def test_a_baseline_has_its_own_column(put: Put, unchanged: Path, tmp_path: Path, capsys) -> None:
    other = tmp_path / "other.py"
    other.write_text(BASELINE)
    out = tmp_path / "out"
    told = evaluated(capsys, put(*QUESTIONS), unchanged, out, "--baseline", other)
    assert set(told["figures"]) == {"askdoc", "baseline"}
    assert told["figures"]["baseline"]["abstention recall"] == 0
    assert "q3" in told["comparisons"]["baseline"]["better"]
    assert told["certainty"]["baseline"]["sure"] == {"questions": 4, "right": 2}
    assert told["figures"]["baseline"]["value"] == 0
    run = read_run(out / "run.json")
    assert {each.model for each in run.outcomes["baseline"]} == {"first"}
    lost = {each.id: each.lost for each in run.outcomes["baseline"]}
    assert lost["q3"] == "answered what it cannot know"
    assert "baseline" in (out / "report.html").read_text("utf-8")


STUCK = """
from pathlib import Path
from threading import Event

class Baseline:
    @classmethod
    def from_folder(cls, corpus, settings):
        return cls()

    def search(self, query, k=10):
        return []

    def ask(self, question, history=()):
        Path("asked").touch()
        Event().wait()
"""


def test_questions_asked_at_once_give_the_same_run(put: Put, unchanged: Path) -> None:
    """In the order of the file, and counted up to the last; an error comes through as it is."""
    path, counts = put(*QUESTIONS), []
    corpus = Corpus(Assistant.from_folder(unchanged))
    one = askdoc.evaluate(path, corpus)
    several = askdoc.evaluate(
        path, corpus, jobs=3, on_question=lambda system, done, of: counts.append((done, of))
    )
    assert several.run.outcomes == one.run.outcomes
    assert several.run.about == one.run.about
    assert counts == sorted(counts)
    assert counts[0] == (0, 5)
    with pytest.raises(askdoc.BadInput, match="jobs = 0"):
        askdoc.evaluate(path, corpus, jobs=0)
    corpus.assistant.index.close()
    with pytest.raises(askdoc.AskdocError):
        askdoc.evaluate(path, corpus, jobs=2)


def test_ctrl_c_ends_at_once_whatever_is_being_asked(
    put: Put, assistant: Assistant, tmp_path: Path
) -> None:
    """Though the system that is asked never answers; nothing is written."""
    (tmp_path / "stuck.py").write_text(STUCK)
    command = [sys.executable, "-m", "askdoc", "eval", put({"id": "a", "question": "Who?"})]
    command += ["--corpus", ROOT / "corpus", "--index", assistant.settings.index_folder]
    command += ["--baseline", "stuck.py", "--jobs", "2", "--out", "out"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "asked").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, told = process.communicate(timeout=10)
    except subprocess.TimeoutExpired:  # Python loses one that comes while it cleans up
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "stopped; nothing was written" in told
    assert not (tmp_path / "out").exists()


def test_the_assistant_is_a_system(assistant: Assistant) -> None:
    """The seam that a baseline fills; mypy checks the assignment's shape in the command."""
    system: System = assistant
    assert system.search("Lachin corridor", 2)


def test_a_set_may_bring_its_documents(tmp_path: Path, capsys, put: Put) -> None:
    """Ids that are no file names, evidence by title, and questions that the set has."""
    data = tmp_path / "set"
    data.mkdir()
    rows = [
        {"id": "a/1", "title": "Ferry", "text": "The ferry sails at seven."},
        {"id": "A_1", "title": "", "text": "Bread rests for a day before it is cut."},
    ]
    (data / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    question = {"id": "q", "question": "When does the ferry sail?", "answerable": True}
    question |= {"gold_ids": ["a/1"], "answers": ["seven"]}
    question |= {"evidence": [{"title": "Ferry", "fact": "The ferry sails at seven."}]}
    (data / "queries.jsonl").write_text(json.dumps(question), "utf-8")
    place = ("--data", data, "--index", tmp_path / "cache", "--out", tmp_path / "out")
    told = json.loads(printed(capsys, "eval", *place, "--json"))
    assert told["about"]["set"] == "set"
    assert told["about"]["corpus"]["count"] == 2
    assert told["figures"]["askdoc"]["recall@1"] == told["figures"]["askdoc"]["right"] == 1
    assert sorted(path.name for path in data.iterdir()) == ["corpus.jsonl", "queries.jsonl"]

    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache/documents").iterdir()}
    laid_out(data, tmp_path / "cache")
    assert written == {path: path.stat().st_mtime_ns for path in written}, "once"

    (data / "corpus.jsonl").write_text('{"id": "x"}', "utf-8")
    assert "line 1: text: Field required" in fails(capsys, "eval", *place)
    (data / "corpus.jsonl").write_text((json.dumps(rows[0]) + "\n") * 2, "utf-8")
    assert "line 2: id: 'a/1' is that of line 1" in fails(capsys, "eval", *place)


def test_a_folder_of_somebody_else_is_not_overwritten(tmp_path: Path, capsys) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"id": "a", "title": "", "text": "Bread."}')
    (tmp_path / "mine" / "documents").mkdir(parents=True)
    told = fails(capsys, "eval", "--data", tmp_path, "--index", tmp_path / "mine")
    assert "not from askdoc" in told


def test_every_id_has_a_file_name_of_its_own() -> None:
    ids = ["a", "A", "a/b", "a_b", "..", "", "x" * 300, "x" * 301, "ü b", ".hidden"]
    found = names(ids)
    assert len({name.casefold() for name in found.values()}) == len(ids)
    assert all(re.fullmatch(r"[\w-]{1,100}\.md", name) for name in found.values())


def outcome(id: str, is_right: bool, **scores: float) -> Outcome:
    """An outcome of which only little matters."""
    return Outcome(
        id, "", "?", "?", 0, True, {}, True, "", "quotes", "", 0.5, is_right, "", dict(scores)
    )


FACTS = (Fact("At 7.", (("a.md", 0, 5),)),)


@pytest.mark.parametrize(
    ("about", "text", "expected"),
    [
        ({"answerable": False}, NO_ANSWER, True),
        ({"answerable": False, "answers": ("7",)}, "At 7. [1]", False),
        ({"answerable": True, "must_include": ("7", "am")}, "At 7 AM. [1]", True),
        ({"answerable": True, "must_include": ("7", "pm"), "answers": ("7",)}, "At 7. [1]", False),
        ({"answerable": True, "answers": ("at 8", "at 7")}, "It sails at 7. [1]", True),
        ({"answerable": True, "answers": ("1",)}, "It sails. [1]", False),
        ({"answerable": True, "answers": ("7",)}, NO_ANSWER, False),
        ({"answers": ("7",)}, NO_ANSWER, None),
        ({"answers": ("7",)}, "At 7. [1]", True),
        ({"answerable": True}, "At 7. [1]", None),
        ({"facts": FACTS}, "At 7. [1]", True),
        ({"answers": ("seven " * 13,), "facts": FACTS}, "At 7. [1]", True),
        ({"answers": ("seven " * 13,), "relevant": ("b.md",)}, "At 7. [1]", False),
        ({"relevant": ("a.md",)}, "At 7. [1]", True),
        ({"facts": (Fact("At 9.", (("a.md", 6, 11),)),)}, "At 7. [1]", False),
    ],
)
def test_what_is_right(about, text: str, expected: bool | None) -> None:
    """Patterns, answers, evidence, documents: the first that is known decides."""
    cited = Citation(1, "a.md", "A", None, None, 0, 5, "At 7.", "", "")
    citations = () if text == NO_ANSWER else (cited,)
    answer = Answer("When?", "When?", text, "quotes", (), citations)
    assert right(Question("q", "When?", **about), answer) is expected


def test_mcnemar_is_the_exact_binomial_test_of_scipy() -> None:
    for better in range(12):
        for worse in range(12):
            theirs = binomtest(better, better + worse).pvalue if better + worse else 1.0
            assert mcnemar(better, worse) == pytest.approx(theirs)


def test_the_interval_is_that_of_scipys_bootstrap() -> None:
    draw = random.Random(3)
    pairs = []
    for n in range(150):
        mine, other = draw.random(), draw.random() * 0.8
        pairs.append((outcome(str(n), True, x=mine), outcome(str(n), True, x=other)))

    def mean(side) -> float:
        return sum(each.scores["x"] for each in side) / len(side)

    differences = np.array([a.scores["x"] - b.scores["x"] for a, b in pairs])
    theirs = bootstrap((differences,), np.mean, method="percentile", rng=0).confidence_interval
    assert interval(mean, pairs) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_the_interval_of_a_share_is_that_of_scipy() -> None:
    for of in range(1, 15):
        for good in range(of + 1):
            theirs = binomtest(good, of).proportion_ci(method="wilson")
            assert wilson(good, of) == pytest.approx((theirs.low, theirs.high), abs=1e-6)
    assert all(map(math.isnan, wilson(0, 0)))


def test_the_intervals_of_a_group_are_those_of_scipy_too() -> None:
    """Of five questions or more; none of a figure that nothing tells."""
    draw = random.Random(5)
    many = [outcome(str(n), n % 3 > 0, **{"ndcg@10": draw.random()}) for n in range(60)]
    found = intervals(many)
    values = ([each.scores["ndcg@10"] for each in many],)
    theirs = bootstrap(values, np.mean, method="percentile", rng=0).confidence_interval
    assert found["ndcg@10"] == pytest.approx((theirs.low, theirs.high), abs=0.02)
    assert found["right"] == pytest.approx(wilson(40, 60), abs=1e-4)
    assert "AUROC" not in found
    assert intervals(many[:4]) == {}


def test_the_words_of_two_answers_are_laid_side_by_side() -> None:
    pieces = reworded("It sails at seven. [1]", "The ferry sails at nine. [1]")
    assert "".join(text for kind, text in pieces if kind != "new") == "It sails at seven. [1]"
    assert "".join(text for kind, text in pieces if kind != "gone") == (
        "The ferry sails at nine. [1]"
    )
    assert ("gone", "seven.") in pieces
    assert ("same", " [1]") in pieces


def test_the_tokens_of_a_model_have_a_price(
    assistant: Assistant, put: Put, tmp_path: Path, capsys
) -> None:
    """What a model tells of them, in all, and what a million of them costs."""
    usage = {"input_tokens": 300, "output_tokens": 20, "total_tokens": 320}
    piece = AIMessageChunk("It trains soldiers. [1]", usage_metadata=usage)
    writer = Assistant(assistant.index, scripted(piece))
    path = put({"id": "a", "question": QUESTION}, {"id": "b", "question": "What is the CSTO?"})
    told = askdoc.evaluate(path, Corpus(writer), price=(2, 10), out=tmp_path)
    used = {"read": 600, "written": 40, "price": 0.0016}
    assert told.as_dict()["tokens"] == {"askdoc": used}
    assert read_run(tmp_path / "run.json").used == {"askdoc": used}
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "600 read, 40 written. Price of all: 0.0016" in page
    printed(capsys, "eval", path, "--price", "2", code=2)


def test_a_comparison_names_what_changed() -> None:
    before = [outcome(str(n), n < 6) for n in range(10)]
    after = [replace(each, right=each.id in "01789") for each in before]
    found = compare(after, before)
    assert found.better == ("7", "8", "9")
    assert found.worse == ("2", "3", "4", "5")
    assert found.p == 1
    assert found.differences["right"].by == -0.1
    assert found.differences["right"].low < 0 < found.differences["right"].high


def test_wrong_usage_ends_with_2(small: Path, tmp_path: Path, capsys) -> None:
    printed(capsys, "eval", code=2)
    printed(capsys, "eval", "--data", tmp_path, "--corpus", small, code=2)
    printed(capsys, "eval", "x.jsonl", "--split", "other", code=2)
