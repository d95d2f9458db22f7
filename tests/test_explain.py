"""Why was this document not used? Each stage, over real documents."""

import json

import pytest

from askdoc import Assistant, BadInput, Settings
from askdoc.cli import main

FERRY = "The ferry to Marwick leaves the north quay at nine on weekdays."


def test_a_document_that_is_quoted_was_used(assistant: Assistant) -> None:
    told = assistant.explain("Who backed Azerbaijan in the 44-day war?", "turkey-azerbaijan.md")
    assert told.stage == "used"
    assert told.scores["confidence"] >= told.scores["threshold"]


def test_a_question_that_is_refused_is_judged_unanswerable(assistant: Assistant) -> None:
    question = "How do I bake a lasagne?"
    source = assistant.ask(question).closest[0].passage.source
    stages = {
        assistant.explain(question, hit.passage.source).stage
        for hit in assistant.ask(question).closest
    }
    assert "judged unanswerable" in stages
    assert assistant.explain(question, source).scores["confidence"] < 0.5


def test_another_document_has_the_better_sentence(assistant: Assistant) -> None:
    question = "Who signed the Shusha Declaration for Turkey?"
    answer = assistant.ask(question)
    cited = {citation.source for citation in answer.citations}
    other = next(h.passage.source for h in answer.closest if h.passage.source not in cited)
    told = assistant.explain(question, other)
    assert told.stage == "no sentence chosen"
    assert "turkey-azerbaijan.md" in told.why


def test_what_is_far_down_was_fused_too_low_or_not_found(folder) -> None:
    many = {f"{n}.txt": f"Ferry number {n} to Marwick leaves at {n}." for n in range(150)}
    assistant = Assistant.from_folder(folder(many | {"bread.txt": "Flour, yeast and salt."}))
    question = "When does the ferry to Marwick leave?"
    assert assistant.explain(question, "bread.txt").stage == "not found"
    stages = [assistant.explain(question, f"{n}.txt").stage for n in range(0, 150, 10)]
    assert "fused too low" in stages


def test_what_is_read_may_answer_though_it_is_no_hit(folder) -> None:
    """With one hit, twelve passages are read: whether one is quoted hangs on its sentence."""
    texts = {f"{n}.txt": f"Ferry {n} to Marwick leaves quay {n} at {n}." for n in range(12)}
    root = folder(texts)
    assistant = Assistant.from_folder(root, Settings(corpus=root, k=1))
    question = "When does ferry 7 to Marwick leave?"
    stages = {source: assistant.explain(question, source).stage for source in texts}
    assert stages["7.txt"] == "used"
    assert "no sentence chosen" in stages.values()
    assert not {"not found", "fused too low"} & set(stages.values())


def test_a_copy_repeats_another(folder) -> None:
    many = {f"{n}.txt": f"Note {n} is about bread." for n in range(20)}
    assistant = Assistant.from_folder(folder(many | {"a.txt": FERRY, "b.txt": FERRY}))
    stages = {assistant.explain("When does the ferry leave?", f"{name}.txt").stage for name in "ab"}
    assert "repeats another" in stages


def test_a_file_without_text_is_not_indexed(folder) -> None:
    assistant = Assistant.from_folder(folder({"a.txt": FERRY, "empty.txt": " \n"}))
    told = assistant.explain("When does the ferry leave?", "empty.txt")
    assert told.stage == "not indexed"
    assert told.why.startswith("empty")


def test_a_document_that_is_not_there_gets_one_line(assistant: Assistant) -> None:
    with pytest.raises(BadInput, match=r"did you mean government\.md\?"):
        assistant.explain("Who is the prime minister?", "goverment.md")


def test_the_command_explains(corpus, assistant: Assistant, capsys) -> None:
    common = ["--corpus", str(corpus), "--index", str(assistant.index.folder)]
    command = ["explain", "Who is the prime minister?", "--document", "government.md", *common]
    with pytest.raises(SystemExit) as done:
        main([*command, "--json"])
    assert done.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"query", "source", "stage", "why", "scores"}
    with pytest.raises(SystemExit):
        main(command)
    assert told["stage"] in capsys.readouterr().out
