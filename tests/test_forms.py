"""Sets of questions in the forms of others, and runs in forms that other programs read."""

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import ir_measures
import pytest
from helpers import fails, printed
from ir_measures import RR, R, nDCG

import askdoc
from askdoc import Assistant, BadInput
from askdoc.evaluation.forms import brings_documents, read
from askdoc.evaluation.questions import Corpus, Question, questions

FILES = {
    "ferry.md": "# The ferry\n\nThe ferry to Hiiumaa sails at seven in the morning.\n"
    "It takes an hour and a half and carries 150 cars.\n\nDogs travel free of charge.\n",
    "rye bread.md": "# Rye bread\n\nBake the rye bread for 50 minutes at 220 degrees.\n",
}
FERRY = "The ferry to Hiiumaa sails at seven in the morning."


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two documents, indexed once."""
    root = tmp_path_factory.mktemp("docs")
    for source, text in FILES.items():
        (root / source).write_text(text, "utf-8")
    return Corpus(Assistant.from_folder(root))


def told(path: Path, text: str, corpus: Corpus) -> tuple[list[Question], list[str]]:
    """The questions of a file of this text, and what is told of it."""
    path.write_text(text, "utf-8")
    lines: list[str] = []
    return questions(path, corpus, lines.append), lines


def test_a_table_is_read_by_the_names_of_its_columns(documents: Corpus, tmp_path: Path) -> None:
    text = (
        "Question;Expected Answer;Source;Evidence;Category\r\n"
        '"When does the ferry\nsail?";seven in the morning|at 7;ferry.md;'
        f"{FERRY};when\r\n"
        ";;;;\r\n"
        "Do dogs pay?;;ferry.md | rye bread.md;;\r\n"
    )
    (first, second), lines = told(tmp_path / "mine.csv", text, documents)
    assert first.question == "When does the ferry\nsail?"
    assert first.answers == ("seven in the morning", "at 7")
    assert (first.kind, first.answerable, first.id) == ("when", True, "1")
    (fact,) = first.facts
    source, start, end = fact.places[0]
    assert documents.document(source).text[start:end] == FERRY
    assert second.relevant == ("ferry.md", "rye bread.md")
    assert second.answerable is None, "nobody said so"
    assert lines == []


def test_a_table_says_in_a_line_what_it_lacks(documents: Corpus, tmp_path: Path) -> None:
    text = "id,prompt,answerable\na,When?,no\nb,Who?,yes\n"
    found, lines = told(tmp_path / "mine.csv", text, documents)
    assert [each.answerable for each in found] == [False, True]
    assert lines == [
        "mine.csv has no answer, source, evidence, kind: what rests on that is not counted"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "line 1: no column for the question (question, query, "),
        ("question,answer\nWhen?,7,8\n", "line 2: 3 cells for 2 columns"),
        ('question,answer\nWho?,me\n"When?,7\n', "line 3: it is no CSV: unexpected end of data"),
        ("question,answer\nWho?,me\n,7\n", "line 3: question: Field required"),
        ("id,question\na,Who?\n\na,When?\n", "line 4: id: 'a' is that of line 2"),
        ("question,source\nWho?,boat.md\n", "line 2: gold_ids: 'boat.md' is not in the corpus"),
        ("question,answerable\nWho?,maybe\n", "line 2: answerable: Input should be a valid bool"),
        ("question,must_include\nWho?,(\n", "line 2: must_include.0: it is no regular expression"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_line(
    text: str, words: str, documents: Corpus, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as error:
        told(tmp_path / "mine.csv", text, documents)
    assert str(error.value).startswith(f"{tmp_path / 'mine.csv'}, ")
    assert words in str(error.value)


RAGAS = {
    "user_input": "When does the ferry sail?", "reference": "It sails at seven.",
    "reference_contexts": [FERRY, "This stands nowhere."], "retrieved_contexts": ["x"],
    "response": "At nine.", "synthesizer_name": "single hop",
}  # fmt: skip
TURNS = [
    {"type": "human", "content": "Tell me of the ferry."},
    {"type": "ai", "content": "It goes to Hiiumaa."},
    {"type": "human", "content": "When does it sail?"},
]


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_records_of_ragas_are_read(form: str, documents: Corpus, tmp_path: Path) -> None:
    records = [RAGAS, RAGAS | {"user_input": TURNS, "reference": None}]
    lines = [json.dumps(record) for record in records]
    text = f"[{','.join(lines)}]" if form == "json" else "\n".join(lines)
    (first, second), notes = told(tmp_path / f"mine.{form}", text, documents)
    assert (first.id, first.kind, first.answerable) == ("1", "single hop", True)
    assert first.answers == ("It sails at seven.",)
    assert first.relevant == ("ferry.md",), "where its contexts stand"
    assert [fact.text for fact in first.facts] == [FERRY]
    assert second.question == "When does it sail?"
    assert [turn["role"] for turn in second.history] == ["user", "assistant"]
    assert notes == [
        f"mine.{form} has no source: what rests on that is not counted",
        f"mine.{form}: evidence that stands in no document is left out, 2 times",
    ]


def test_an_older_ragas_has_its_reference_in_ground_truth(
    documents: Corpus, tmp_path: Path
) -> None:
    record = {"question": "When?", "answer": "a system's", "contexts": ["x"], "ground_truth": "7"}
    (only,), _ = told(tmp_path / "mine.jsonl", json.dumps(record), documents)
    assert only.answers == ("7",)


def test_examples_of_langsmith_are_read(documents: Corpus, tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"id": "e1", "inputs": {"topic": "When does it sail?"}, "outputs": {"time": "at seven"},
         "metadata": {"kind": "when", "source": "ferry.md"}},
        {"inputs": {"messages": [{"role": "user", "content": "Do dogs pay?"}]},
         "outputs": {"answer": 0, "note": "x"}},
    ]  # fmt: skip
    text = "\n".join(map(json.dumps, records))
    (first, second), _ = told(tmp_path / "mine.jsonl", text, documents)
    assert (first.id, first.question, first.kind) == ("e1", "When does it sail?", "when")
    assert (first.answers, first.relevant) == (("at seven",), ("ferry.md",))
    assert (second.id, second.question, second.answers) == ("2", "Do dogs pay?", ("0",))
    with pytest.raises(BadInput, match=r"mine.jsonl, line 2: Invalid JSON"):
        told(tmp_path / "mine.jsonl", f"{json.dumps(records[0])}\n{{", documents)
    with pytest.raises(BadInput, match=r"record 2: question: Field required"):
        told(tmp_path / "mine.json", json.dumps([records[0], {"inputs": {}}]), documents)
    with pytest.raises(BadInput, match=r"mine.json, line 2: it is no JSON"):
        told(tmp_path / "mine.json", '[{"inputs": 1},\n{', documents)


CONTEXT = "The ferry takes 150 cars. It sails at seven. Dogs travel free of charge."
SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "The_ferry",
            "paragraphs": [
                {
                    "context": CONTEXT,
                    "qas": [
                        {"id": "s1", "question": "When does the ferry sail?",
                         "answers": [{"text": "at seven", "answer_start": 35}],
                         "is_impossible": False},
                        {"id": "s2", "question": "Who built the lighthouse of Alexandria?",
                         "answers": [], "is_impossible": True},
                    ],
                },
            ],
        },
        {"title": "Bread", "paragraphs": [{"context": "Rye bread rests a day.", "qas": []}]},
    ],
}  # fmt: skip


def test_squad_brings_its_contexts_or_goes_with_a_corpus(
    documents: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(SQUAD), "utf-8")
    out = tmp_path / "out"
    run = json.loads(printed(capsys, "eval", path, "--out", out, "--json"))
    assert run["about"]["set"] == "dev"
    assert run["about"]["corpus"]["count"] == 2
    assert run["figures"]["askdoc"]["right"] == 1
    assert run["figures"]["askdoc"]["recall@1"] == 1
    assert run["figures"]["askdoc"]["citation recall"] == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == [".askdoc-dev", "dev.json", "out"]

    found, lines = told(path, json.dumps(SQUAD), documents)
    assert [each.answers for each in found] == [("at seven",), ()]
    assert [each.answerable for each in found] == [True, False]
    assert found[0].facts == ()
    assert lines == ["dev.json: evidence that stands in no document is left out, 1 times"]

    paragraph = SQUAD["data"][0]["paragraphs"][0]
    del paragraph["qas"][1]["id"]
    path.write_text(json.dumps(SQUAD), "utf-8")
    assert "data.0.paragraphs.0: it is not as SQuAD's are: 'id'" in fails(capsys, "eval", path)


@pytest.fixture(scope="module")
def beir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as BEIR has them; with ids that are no file names."""
    root = tmp_path_factory.mktemp("sets") / "harbour"
    (root / "qrels").mkdir(parents=True)
    rows = [
        {"_id": "a 1", "title": "Ferry", "text": FERRY, "metadata": {}},
        {"_id": "b", "title": "", "text": "Bake the rye bread for 50 minutes."},
        {"_id": "c%", "title": "Dogs", "text": "Dogs travel free of charge on the ferry."},
    ]
    asked = [
        {"_id": "q1", "text": "When does the ferry sail to Hiiumaa?", "metadata": {}},
        {"_id": "q2", "text": "What does a dog pay on the ferry?"},
        {"_id": "q3", "text": "Nobody judged this"},
    ]
    for name, lines in (("corpus", rows), ("queries", asked)):
        (root / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    judged = "query-id\tcorpus-id\tscore\n"
    (root / "qrels" / "test.tsv").write_text(judged + "q1\ta 1\t1\nq1\tc%\t2\nq1\tb\t0\n")
    (root / "qrels" / "dev.tsv").write_text(judged + "q2\tc%\t1\n")
    return root


def test_a_folder_of_beir_is_a_set_and_trec_eval_agrees(
    beir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its queries, documents and judgements; the run as others read it has our figures."""
    assert brings_documents(beir)
    more = ("--index", tmp_path / "index", "--out", tmp_path, "--export", "trec", "--json")
    run = json.loads(printed(capsys, "eval", beir, *more))
    assert run["about"]["set"] == "harbour"
    assert run["about"]["questions"]["count"] == 2, "only what was judged"
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "qrels.trec")))
    ranked = list(ir_measures.read_trec_run(str(tmp_path / "askdoc.trec")))
    assert len(qrels) == 3
    theirs = ir_measures.calc_aggregate([nDCG @ 10, RR @ 10, R @ 1], qrels, ranked)
    mine = run["figures"]["askdoc"]
    assert mine["ndcg@10"] == pytest.approx(theirs[nDCG @ 10], abs=1e-4)
    assert mine["mrr@10"] == pytest.approx(theirs[RR @ 10], abs=1e-4)
    assert mine["recall@1"] == pytest.approx(theirs[R @ 1], abs=1e-4)
    asked = read(beir / "queries.jsonl", {"a 1", "b", "c%"}).rows
    assert [(row["id"], row["split"]) for _, row in asked] == [("q1", "test"), ("q2", "dev")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("q9\tb\t1", "'q9' is no query of queries.jsonl"),
        ("q1\tz\t1", "'z' is not in the corpus"),
        ("q1 b 1", "it should be query-id, corpus-id and score, by tabs, not 'q1 b 1'"),
    ],
)
def test_a_wrong_judgement_is_told_with_its_line(
    line: str, words: str, beir: Path, documents: Corpus, tmp_path: Path
) -> None:
    (tmp_path / "qrels").mkdir()
    queries = (beir / "queries.jsonl").read_text("utf-8")
    judged = tmp_path / "qrels" / "test.tsv"
    judged.write_text(f"query-id\tcorpus-id\tscore\nq1\tferry.md\t1\n{line}\n", "utf-8")
    if "'z'" in words:
        judged.write_text(judged.read_text("utf-8").replace("b\t", "ferry.md\t"), "utf-8")
    with pytest.raises(BadInput) as error:
        told(tmp_path / "queries.jsonl", queries, documents)
    assert str(error.value) == f"{judged}, line 3: {words}"


def test_a_run_is_a_table_and_a_report_of_tests(documents: Corpus, tmp_path: Path) -> None:
    """A line and a case for each question; what is wrong fails, and no cell is a formula."""
    rows = [
        {"id": "a", "question": "When does the ferry sail?", "answerable": True,
         "answers": ["seven"], "gold_ids": ["ferry.md"], "kind": "when"},
        {"id": "b", "question": "=1+1, how long is rye bread baked?", "answerable": True,
         "answers": ["ten\u0001 hours"]},
        {"id": "c", "question": "Do dogs pay?"},
    ]  # fmt: skip
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    askdoc.evaluate(path, documents, out=tmp_path, export=["csv", "junit"])
    with (tmp_path / "questions.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["id"] for line in lines] == ["a", "b", "c"]
    assert [line["right"] for line in lines] == ["True", "False", ""]
    assert lines[0]["cited"] == "ferry.md"
    assert lines[0]["recall@1"] == "1.0"
    assert lines[1]["question"].startswith("'=1+1")
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]  # noqa: S314 - our own
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped")} == {
        "name": "mine", "tests": "3", "failures": "1", "skipped": "1",
    }  # fmt: skip
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["skipped"]]
    assert suite[0].get("classname") == "mine.when"
    assert "expected: ten� hours" in (suite[1][0].text or "")
    with pytest.raises(BadInput, match="no export 'pdf': name trec, csv, junit"):
        askdoc.evaluate(path, documents, export=["pdf"])
