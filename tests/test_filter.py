"""Questions that only some documents may answer: both ways to find keep to them."""

import json

import pytest
from helpers import printed

from askdoc import NO_ANSWER, Assistant, BadInput

QUESTION = "When did the first Nagorno-Karabakh war end?"


def test_both_legs_obey(assistant: Assistant) -> None:
    every = assistant.index.search(QUESTION, 100)
    assert all(len({passage.source for passage, _ in ranking}) > 5 for ranking in every)
    chosen = ("timeline.txt", "csto.docx")
    for ranking, whole in zip(assistant.index.search(QUESTION, 100, chosen), every, strict=True):
        assert {passage.source for passage, _ in ranking} == set(chosen)
        known = {passage.id: score for passage, score in whole}
        for passage, score in ranking:
            assert score == pytest.approx(known.get(passage.id, score), abs=1e-5)


def test_answers_and_hits_are_of_the_chosen_documents(assistant: Assistant) -> None:
    free = assistant.ask(QUESTION)
    assert {cited.source for cited in free.citations} - {"timeline.txt"}
    kept = assistant.ask(QUESTION, sources=["timeline.txt"])
    assert kept.answered
    assert {cited.source for cited in kept.citations} == {"timeline.txt"}
    assert {hit.passage.source for hit in kept.closest} == {"timeline.txt"}
    refused = assistant.ask("How do I bake a lasagne?", sources=["eagle-partner.md"])
    assert refused.text == NO_ANSWER
    assert {hit.passage.source for hit in refused.closest} == {"eagle-partner.md"}
    hits = assistant.search(QUESTION, 5, sources=["csto.docx"])
    assert {hit.passage.source for hit in hits} == {"csto.docx"}


def test_follow_ups_keep_to_them_too(assistant: Assistant) -> None:
    history = [
        {"role": "user", "content": "What is Eagle Partner for?"},
        {"role": "assistant", "content": "To train peacekeepers."},
    ]
    answer = assistant.ask("And how many Americans came?", history, ["eagle-partner.md"])
    assert "Eagle Partner" in answer.query
    assert {hit.passage.source for hit in answer.closest} == {"eagle-partner.md"}


def test_the_shell_names_them_too(assistant: Assistant, corpus, capsys) -> None:
    place = ("--corpus", corpus, "--index", assistant.settings.index_folder)
    only = ("--document", "timeline.txt", "--document", "csto.docx", "--json")
    answer = json.loads(printed(capsys, "ask", QUESTION, *place, *only))
    assert {cited["source"] for cited in answer["citations"]} == {"timeline.txt"}
    hits = json.loads(printed(capsys, "search", QUESTION, *place, *only))
    assert {hit["source"] for hit in hits} == {"timeline.txt", "csto.docx"}


def test_a_document_that_is_not_there_is_named(assistant: Assistant) -> None:
    for call in (assistant.ask, assistant.search):
        with pytest.raises(BadInput, match=r"there is no document 'no\.md' in the index"):
            call(QUESTION, sources=["timeline.txt", "no.md"])


def test_a_document_without_text_answers_nothing(folder) -> None:
    root = folder({"a.md": "The ferry sails at nine.", "empty.txt": " "})
    answer = Assistant.from_folder(root).ask("When does the ferry sail?", sources=["empty.txt"])
    assert answer.text == NO_ANSWER
    assert answer.closest == ()
    assert answer.confidence == 0


def test_thousands_of_documents_can_be_chosen(folder) -> None:
    root = folder({f"{n}.txt": f"Ferry {n} sails at {n} past nine." for n in range(1200)})
    assistant = Assistant.from_folder(root)
    hits = assistant.search("Ferry sails", 20, [f"{n}.txt" for n in range(600)])
    assert len(hits) == 20
    assert all(int(hit.passage.source.removesuffix(".txt")) < 600 for hit in hits)


def test_a_folder_stands_for_all_documents_below_it(folder) -> None:
    root = folder({
        "ferries/a.md": "The ferry to Marwick sails at nine.",
        "ferries/old/b.md": "The ferry to Holm sailed at six.",
        "ferriesb.md": "The ferry to Tarn sails at four.",
    })  # fmt: skip
    assistant = Assistant.from_folder(root)
    hits = assistant.search("When does the ferry sail?", sources=["ferries/"])
    assert {hit.passage.source for hit in hits} == {"ferries/a.md", "ferries/old/b.md"}
    hits = assistant.search("When does the ferry sail?", sources=["ferries/old/", "ferriesb.md"])
    assert {hit.passage.source for hit in hits} == {"ferries/old/b.md", "ferriesb.md"}
    for named in ("ferries", "none/", "/", ""):
        with pytest.raises(BadInput, match="there is no document"):
            assistant.ask("When does the ferry sail?", sources=[named])
