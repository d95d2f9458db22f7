"""The questions about our own corpus are sound: exact evidence, fair halves, kinds as named."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from helpers import ROOT

from askdoc.index.bm25 import analyzer
from askdoc.ingest.files import find, load


def rows(name: str) -> list[dict]:
    """The questions of a set."""
    lines = (ROOT / "evals" / "questions" / name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


QUESTIONS = rows("corpus.jsonl")
CURIOUS = rows("curious.jsonl")
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answerable"]]
KINDS = {
    "who": 10, "what": 10, "when": 10, "where": 10, "why": 10, "how-many": 10, "comparison": 10,
    "yes-no": 10, "several-facts": 15, "paraphrase": 15, "typo": 10, "keywords": 5,
    "follow-up": 15, "other-language": 10,
}  # fmt: skip
REFUSED = {
    "near-miss": 20, "false-premise": 10, "outside": 10, "instruction": 10, "follow-up": 2,
    "other-language": 2,
}  # fmt: skip
# Words that carry no content, beside the analyzer's own.
FUNCTION = analyzer().analyze(
    "who whom whose what which when where why how many much did does do was were are been be have "
    "has had from since our us them him one on s"
)
PREFIX = 6  # letters that are the same in Azerbaijan and Azerbaijani


def by(kind: str, questions: list[dict]) -> list[dict]:
    return [question for question in questions if question["kind"] == kind]


def identity(question: dict) -> str:
    return question["id"]


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def content(text: str) -> set[str]:
    """The beginnings of the stems of a text's content words."""
    return {word[:PREFIX] for word in set(analyzer().analyze(text)) - set(FUNCTION)}


@pytest.fixture(scope="module")
def documents(corpus: Path) -> dict[str, str]:
    """The text of every document that askdoc reads in the corpus, by source."""
    return {source: load(corpus, source).text for source in find(corpus, corpus / ".askdoc").files}


def test_there_are_enough_of_every_kind() -> None:
    assert len(ANSWERABLE) >= 160
    assert len(UNANSWERABLE) >= 55
    for least, questions in ((KINDS, ANSWERABLE), (REFUSED, UNANSWERABLE)):
        counts = Counter(question["kind"] for question in questions)
        assert set(counts) == set(least)
        assert all(counts[kind] >= number for kind, number in least.items()), counts


def test_ids_count_up_and_no_question_comes_twice() -> None:
    assert [question["id"] for question in QUESTIONS] == [
        f"c{number:03}" for number in range(1, len(QUESTIONS) + 1)
    ]
    # A follow-up is the same only after the same turns: "When was that?" may be asked of anything.
    asked = Counter(folded(json.dumps([q["question"], q["history"]])) for q in QUESTIONS)
    assert [question for question, times in asked.items() if times > 1] == []


def test_both_halves_have_the_same_share_of_every_kind() -> None:
    assert {question["split"] for question in QUESTIONS} == {"tune", "report"}
    halves = Counter((q["kind"], q["answerable"], q["split"]) for q in QUESTIONS)
    for kind, answerable, _ in halves:
        both = [halves[kind, answerable, half] for half in ("tune", "report")]
        assert abs(both[0] - both[1]) <= 1, (kind, answerable, both)


@pytest.mark.parametrize(
    "question", [*ANSWERABLE, *(q for q in CURIOUS if q["answerable"])], ids=identity
)
def test_evidence_is_exact_text_of_every_right_document(
    question: dict, documents: dict[str, str]
) -> None:
    for item in question["evidence"]:
        assert item["fact"] in documents[item["id"]], item
    places = [(item["id"], item["fact"]) for item in question["evidence"]]
    assert len(places) == len(set(places))
    assert set(question["gold_ids"]) == {item["id"] for item in question["evidence"]}
    assert len(question["gold_ids"]) == len(set(question["gold_ids"])) > 0


@pytest.mark.parametrize(
    "question", [*ANSWERABLE, *(q for q in CURIOUS if q["answerable"])], ids=identity
)
def test_the_evidence_says_what_a_right_answer_must(question: dict) -> None:
    facts = " ".join(" ".join(item["fact"].split()) for item in question["evidence"])
    assert question["answers"]
    assert question["must_include"]
    for pattern in question["must_include"]:
        assert re.search(pattern, facts, re.I), pattern


@pytest.mark.parametrize("question", UNANSWERABLE, ids=identity)
def test_a_question_that_is_to_be_refused_has_no_answer(question: dict) -> None:
    for field in ("answers", "must_include", "gold_ids", "evidence"):
        assert question[field] == [], field


def test_every_document_is_asked_about(documents: dict[str, str]) -> None:
    asked = {source for question in QUESTIONS for source in question["gold_ids"]}
    assert asked == set(documents)
    assert len(documents) == 18


@pytest.mark.parametrize("question", by("paraphrase", ANSWERABLE), ids=identity)
def test_a_paraphrase_shares_no_content_word_with_its_evidence(question: dict) -> None:
    words = content(question["question"])
    assert len(words) >= 2
    for item in question["evidence"]:
        assert words & content(item["fact"]) == set()


def test_a_shared_word_is_found_in_any_of_its_forms() -> None:
    assert content("The Azerbaijanis arrested him") & content("who was an Azerbaijani") == {
        "azerba"
    }
    assert content("Who was it that arrested them?") & content("arrests") == {"arrest"}
    assert content("When did it do that?") == set()


def test_follow_ups_and_only_they_have_one_or_two_earlier_turns() -> None:
    for question in QUESTIONS:
        roles = [turn["role"] for turn in question["history"]]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert len(roles) in ((2, 4) if question["kind"] == "follow-up" else (0,)), question["id"]
        assert all(turn["content"].strip() for turn in question["history"])
    turns = Counter(len(question["history"]) for question in by("follow-up", ANSWERABLE))
    assert min(turns[2], turns[4]) >= 7


def test_several_facts_stand_in_several_places() -> None:
    for question in by("several-facts", ANSWERABLE):
        assert len(question["evidence"]) >= 2, question["id"]
        assert len(question["must_include"]) >= 2, question["id"]


def test_other_languages_are_several_and_not_english() -> None:
    questions = by("other-language", QUESTIONS)
    scripts = {
        name: sum(bool(re.search(letters, question["question"])) for question in questions)
        for name, letters in (
            ("Cyrillic", "[а-я]"),
            ("Armenian", "[ա-ֆ]"),
            ("Latin", "^[^а-яա-ֆ]*$"),
        )
    }
    assert min(scripts.values()) >= 2
    english = {"the", "what", "when", "who", "how", "did", "which", "is"}
    for question in questions:
        assert not english & set(re.findall(r"\w+", question["question"].casefold())), question


def test_the_curious_are_a_hundred_and_serve_for_reporting_only() -> None:
    assert len({folded(question["question"]) for question in CURIOUS}) == 100
    assert {question["split"] for question in CURIOUS} == {"report"}
    unanswerable = [question for question in CURIOUS if not question["answerable"]]
    assert len(unanswerable) <= 25
    assert not any(question["evidence"] or question["must_include"] for question in unanswerable)


def test_the_readme_tells_the_true_number() -> None:
    text = " ".join((ROOT / "evals" / "README.md").read_text("utf-8").split())
    told = re.search(r"holds (\d+) questions written by hand from the documents, (\d+) of", text)
    assert told is not None
    assert (int(told[1]), int(told[2])) == (len(QUESTIONS), len(UNANSWERABLE))
