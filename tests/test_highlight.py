"""The words of an answer that are set in bold."""

import json

import pytest
from helpers import ROOT

from askdoc.answer.highlight import answering_words
from askdoc.types import Answer, Sentence
from askdoc.web.render import conversation
from askdoc.web.turns import Turn

QUESTIONS = ROOT / "evals" / "questions"


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("When was it signed?", "They signed it on 3 May 2019 in Vienna.", "3 May 2019"),
        ("what time does the pool open", "The pool opens at 7.30.", None),
        ("When does the pool open?", "The pool opens at 7.30.", "7.30"),
        ("How much does a ticket cost?", "A ticket costs £4.20, or less.", "£4.20"),
        ("How many boats are there?", "The harbour holds forty boats.", "forty boats"),
        ("what is her phone number", "Ring her on 01632 960 422.", "01632 960 422"),
        ("Which e-mail address?", "Write to ann@hut.example.", "ann@hut.example"),
        ("Who signed it?", "the chair, Ines Brandt, signed it", "Ines Brandt"),
        ("Who signed for Ines Brandt?", "Omar Said signed for Ines Brandt.", "Omar Said"),
        ("When did it begin?", "It began in March and ended in May.", None),
        ("Why was it signed?", "They signed it on 3 May 2019.", None),
    ],
)
def test_only_the_one_place_that_answers_is_told(
    question: str, sentence: str, words: str | None
) -> None:
    found = answering_words(question, sentence)
    assert (sentence[slice(*found)] if found else None) == words


def test_what_is_told_is_what_answers() -> None:
    told = right = 0
    for path in (QUESTIONS / "corpus.jsonl", *(QUESTIONS / "folders").glob("*.jsonl")):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            for fact in row.get("evidence", [])[:1]:
                text = " ".join(fact["fact"].split())
                found = answering_words(row["question"], text)
                words = text[slice(*found)].casefold() if found else ""
                told += found is not None
                right += any(words in a.casefold() or a.casefold() in words for a in row["answers"])
    print(f"{right} of {told} words that are set in bold are the answer")
    assert told >= 50
    assert right / told > 0.9


def test_the_page_sets_them_in_bold() -> None:
    def page(text: str) -> str:
        answer = Answer("When?", "When was it?", text, "quotes", (Sentence(text, ()),))
        return conversation([Turn(question="When was it?", answer=answer)])

    assert "It was in <b>May 2019</b> &lt;b&gt;." in page("It was in May 2019 <b>.")
    assert "<b>" not in page("It was in the spring.")
