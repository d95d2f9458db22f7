"""Draft questions: how a sentence is asked for, what the reader keeps, what no document answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, fails, printed
from scripted import scripted
from scripted_server import Scripted
from scripted_server import scripted as server

from askdoc import Assistant, BadInput, Settings
from askdoc.answer.connect import connect
from askdoc.evaluation.phrasing import phrased
from askdoc.evaluation.questions import Corpus, questions
from askdoc.evaluation.synthesize import synthesize


@pytest.mark.parametrize(
    ("sentence", "kind", "question", "answer"),
    [
        ("The ferry sails at seven in the morning.", "when",
         "At what time does the ferry sail?", "at seven in the morning"),
        ("The hall was painted in June 2021 by volunteers.", "when",
         "When was the hall painted by volunteers?", "in June 2021"),
        ("In May 2021, the council bought a mower.", "when",
         "When did the council buy a mower?", "in May 2021"),
        ("The hall was painted in June and stands empty.", "when",
         "When was the hall painted?", "in June"),
        ("You must return the key by Friday.", "when", "By when must I return the key?",
         "by Friday"),
        ("We meet on Tuesdays.", "when", "When do you meet?", "on Tuesdays"),
        ("The trial lasts four months.", "how long", "How long does the trial last?",
         "four months"),
        ("A ticket costs 12 euros.", "how much", "How much does a ticket cost?", "12 euros"),
        ("The fee is £40 a year.", "how much", "What is the fee?", "£40 a year"),
        ("The choir has 34 members.", "how many", "How many members does the choir have?", "34"),
        ("There are 40 seats in the hall.", "how many", "How many seats are there in the hall?",
         "40"),
        ("Twelve people attended the meeting.", "how many", "How many people attended the meeting?",
         "twelve"),
        ("The spare key hangs behind the stove.", "where", "Where does the spare key hang?",
         "behind the stove"),
        ("The bridge was built by Anna Petrosyan.", "who", "Who built the bridge?",
         "Anna Petrosyan"),
        ("Anna Petrosyan is the treasurer of the club.", "who",
         "Who is the treasurer of the club?", "Anna Petrosyan"),
        ("The pool is closed because the pump is broken.", "why", "Why is the pool closed?",
         "because the pump is broken"),
        ("You may take photographs without flash.", "yes or no",
         "May I take photographs without flash?", ""),
    ],
)  # fmt: skip
def test_a_sentence_is_asked_for_as_a_person_would(
    sentence: str, kind: str, question: str, answer: str
) -> None:
    made = {each.question: each for each in phrased(sentence)}
    assert (made[question].kind, made[question].answer) == (kind, answer)


@pytest.mark.parametrize(
    "sentence",
    [
        "It sails at seven.", "They met in May 2021.", "This was decided on Friday.",
        "Red, green and blue flags hung in the hall.", "The red one, alas.",
        "The tank stays at 48 degrees.", "Closed on Mondays.",
        "If it rains, the walk is moved to Sunday.", "The other key is in the drawer.",
        "Floor sanded in August.", "The keys of the car parks cost 12 euros and the gates cost 30.",
    ],
)  # fmt: skip
def test_what_is_not_surely_understood_is_left_alone(sentence: str) -> None:
    assert [each.question for each in phrased(sentence)] == []


def test_the_page_shows_what_is_asked() -> None:
    page = (ROOT / "evals" / "README.md").read_text("utf-8")
    shown = re.findall(r"^(The |You )(\S.*\.) {3,}(\S.*\?)$", page, re.M)
    assert len(shown) == 5
    for opening, sentence, question in shown:
        assert question in [each.question for each in phrased(opening + sentence)]


def test_names_keep_their_capitals() -> None:
    (asked,) = [each.question for each in phrased("Rose sang in the chapel.", {"Rose"})][:1] or [""]
    assert asked in ("", "Where did Rose sing?")
    made = [each.question for each in phrased("Hope was held at the harbour.", {"Hope"})]
    assert "Where was Hope held?" in made


DRAFTED = ROOT / "evals" / "questions" / "folders" / "travel-plan"


@pytest.fixture(scope="module")
def travel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant over a small folder of a journey."""
    settings = Settings(index=tmp_path_factory.mktemp("index"))
    assistant = Assistant.from_folder(DRAFTED, settings)
    yield assistant
    assistant.index.close()


def test_drafts_pass_their_own_checks_and_are_the_same_again(
    travel: Assistant, tmp_path: Path, capsys: Any
) -> None:
    """Each is answered best by its own sentence; near misses by nothing; all can be asked."""
    place = ("--corpus", DRAFTED, "--index", travel.settings.index_folder)
    path = tmp_path / "draft.jsonl"
    printed(capsys, "eval", "--draft", 12, *place, "--out", path)
    found = questions(path, Corpus(travel))
    assert len(found) == 12
    misses = [question for question in found if question.answerable is False]
    assert 1 <= len(misses) <= 3
    assert len({question.kind for question in found if question.answerable}) >= 4
    assert len({question.question for question in found}) == len(found)
    for question in found:
        assert question.question.endswith("?")
        assert question.question[0].isupper()
        if question.answerable:
            best = travel.find(question.question).evidence[0].span
            (place_of, *_) = question.evidence
            assert (best.source, best.start) == place_of[:2]
            for answer in question.answers:
                words = " ".join(question.facts[0].text.split()).lower()
                assert answer.lower() in words
                assert answer not in question.question
        else:
            assert question.kind.startswith("near miss: ")
    assert "is there already" in fails(capsys, "eval", "--draft", 12, *place, "--out", path)
    assert synthesize(Corpus(travel), 12) == path.read_text("utf-8")


def test_a_corpus_without_plain_sentences_is_told() -> None:
    assistant = Assistant.from_documents(["Closed on Mondays. It is so."])
    with pytest.raises(BadInput, match="write some by hand"):
        synthesize(Corpus(assistant), 3)
    assistant.index.close()


def test_a_model_words_the_drafts_where_the_reader_agrees() -> None:
    """Over HTTP; what gives its answer away, or is no question, makes way for the rules."""
    replies = {
        "Term: 28 February": "When do I have to pay the deposit of 30 per cent?",
        "Term: 30": "How many per cent is the deposit that is due by 28 February?",
        "Term: Hiiumaa": "Does the ferry to Hiiumaa sail at seven?",
    }
    small = Assistant.from_documents(
        ["A deposit of 30 per cent is due by 28 February.", "The ferry to Hiiumaa sails at seven."]
    )
    with server() as url:

        def reply(body: dict[str, Any]) -> None:
            asked = body["messages"][-1]["content"]
            told = (words for term, words in replies.items() if asked.endswith(term))
            Scripted.words = [next(told, "No question.")]

        Scripted.refuses = reply
        assistant = Assistant(small.index, connect(Settings(llm="openai:it", llm_base_url=url)))
        rows = [json.loads(line) for line in synthesize(Corpus(assistant), 2).splitlines()]
    worded = {row["question"] for row in rows}
    assert worded & {*replies.values()}
    assert "At what time does the ferry to Hiiumaa sail?" in worded
    silent = Assistant(small.index, scripted("One?\nTwo?"))
    assert "One?" not in synthesize(Corpus(silent), 2)
    small.index.close()
