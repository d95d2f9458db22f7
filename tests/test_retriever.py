"""Both ways to find fused, the best read, repeats folded, neighbours joined; the LangChain door."""

import pytest
from langchain_core.runnables import RunnableLambda

from askdoc import Assistant, Settings
from askdoc.answer.pipeline import find
from askdoc.answer.query import contextualize
from askdoc.tuning import JOINED

FILLER = {f"{n}.txt": f"Note {n} is about bread, flour and oven number {n}." for n in range(30)}


def test_hits_are_ranked_by_their_chance_and_say_who_found_them(assistant: Assistant) -> None:
    hits = assistant.search("Eagle Partner exercise", k=20)
    assert len(hits) == 20
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 < hit.score < 1 for hit in hits)
    assert hits[0].passage.source == "eagle-partner.md"
    assert set(hits[0].found_by) == {"dense", "lexical"}


@pytest.mark.parametrize(
    "question",
    [
        "Who mediated the ceasefire?",
        "Tell me about Eagle Partner",
        "What happened in September 2023?",
        "Who mediated the ceasefire? And when did the exercise begin?",
    ],
)
def test_a_search_has_the_hits_of_an_answer(assistant: Assistant, question: str) -> None:
    """No sentence is chosen for it, unless the hits lie with the answer."""
    assert assistant.search(question, k=8) == list(assistant.ask(question).closest)


def test_candidates_carry_the_scores_of_both_ways(assistant: Assistant) -> None:
    query = contextualize("Eagle Partner exercise", (), assistant.index)
    found = find(assistant.index, query).retrieved
    for way, ranking in zip(
        ("dense", "lexical"), assistant.index.search(query.text, 100), strict=True
    ):
        told = {item.passage.id: item.scores[way] for item in found if way in item.scores}
        kept = [(p.id, score, rank) for rank, (p, score) in enumerate(ranking) if p.id in told]
        assert {id: (score, rank) for id, score, rank in kept} == told
    assert [item.fused for item in found] == sorted((item.fused for item in found), reverse=True)
    assert all(0 <= item.fused <= 1 for item in found)


def test_what_is_read_is_the_best_of_the_fusion(assistant: Assistant) -> None:
    query = contextualize("Who mediated the ceasefire?", (), assistant.index)
    findings = find(assistant.index, query, 12)
    found, ranked = findings.candidates, findings.ranked
    assert {item.passage.id for item in ranked if item.judgement} == {
        item.passage.id for item in found[:12]
    }
    assert len(ranked) == len(found)


def test_a_hopeless_question_has_hits_of_low_score(assistant: Assistant) -> None:
    good = assistant.search("Who backed Azerbaijan in the 44-day war?")[0].score
    bad = assistant.search("How do I bake a lasagne?")[0].score
    assert bad < 0.3 < good


def test_near_duplicates_are_folded(folder) -> None:
    text = "The ferry to Marwick leaves the north quay at nine on each weekday of the summer."
    copies = {f"copy-{n}.txt": text.replace(" at", " at" + "," * n) for n in range(5)}
    copies["other.txt"] = text.replace("nine", "ten")
    assistant = Assistant.from_folder(folder(copies | FILLER))
    found = assistant.search("When does the ferry to Marwick leave?", k=10)
    ferry = [hit.passage.text for hit in found if "Marwick" in hit.passage.text]
    assert len(ferry) == 2
    assert any("ten" in text for text in ferry)  # what differs in a fact is no repetition


def test_neighbours_that_are_both_found_become_one_hit(folder) -> None:
    lines = [
        f"The ferry to Marwick calls at pier {n}, where {n * 3} people may wait for it in the rain."
        for n in range(12)
    ]
    root = folder({"ferry.md": "# Ferry\n\n" + " ".join(lines)} | FILLER)
    assistant = Assistant.from_folder(root, Settings(passage_size=200, corpus=root))
    query = contextualize("Which piers does the ferry call at?", (), assistant.index)
    found = find(assistant.index, query, 5).hits
    first = found[0].passage
    assert 200 < len(first.text) <= JOINED * 200 + JOINED
    assert first.text == first.document.text[first.start : first.end]
    spans = [(h.passage.start, h.passage.end) for h in found if h.passage.source == "ferry.md"]
    assert all(a[1] <= b[0] or b[1] <= a[0] for a in spans for b in spans if a != b)


def test_the_retriever_serves_in_a_chain(assistant: Assistant) -> None:
    retriever = assistant.as_retriever(k=3)
    chain = retriever | RunnableLambda(lambda found: [item.metadata["source"] for item in found])
    assert chain.invoke("What does Article 4 of the CSTO treaty say?")[0] == "csto.docx"
    documents = retriever.invoke("What does Article 4 of the CSTO treaty say?")
    assert len(documents) == 3
    for item in documents:
        text = assistant.document(item.metadata["source"]).text
        assert text[item.metadata["start"] : item.metadata["end"]] == item.page_content
