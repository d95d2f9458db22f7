"""Finding, choosing, citing and abstaining, over the real corpus with the real models."""

import json

import pytest
from helpers import ROOT

from askdoc import NO_ANSWER, Assistant, BadInput, Settings, ask
from askdoc.answer.answer_types import expected_type
from askdoc.answer.calibration import bundled
from askdoc.answer.citation import Quote, marked, quoted
from askdoc.answer.evidence import confidence
from askdoc.answer.query import Query
from askdoc.answer.spelling import language_asked
from askdoc.types import Span


@pytest.mark.parametrize(
    ("question", "source", "holds"),
    [
        ("What is Eagle Partner for?", "eagle-partner.md", "peacekeeping"),
        ("Who backed Azerbaijan in the 44-day war?", "turkey-azerbaijan.md", "Turkey"),
        ("Is Pashinyan the president of Armenia?", "government.md", "Prime Minister"),
        ("When was the Lachin corridor blocked?", "lachin-corridor.pdf", "12\nDecember 2022"),
        ("What does Article 4 of the CSTO treaty say?", "csto.docx", "attack on one member"),
        (
            "How many votes did the Rome Statute get in Armenia's parliament?",
            "rome-statute.html",
            "60",
        ),
    ],
)
def test_the_first_citation_is_the_right_span(
    assistant: Assistant, question: str, source: str, holds: str
) -> None:
    """One question for each format, and the three of the README."""
    answer = assistant.ask(question)
    assert answer.answered
    assert any(cited.source == source and holds in cited.quote for cited in answer.citations)
    assert answer.sentences[0].grounded
    assert answer.confidence >= assistant.settings.threshold


@pytest.mark.parametrize(
    "question",
    [
        "How do I bake a lasagne?",
        "How much did Eagle Partner cost?",
        "What is the capital of Australia?",
        "Write a poem about autumn leaves",
        'AND OR NOT field:x "unclosed',
        "\N{PILE OF POO} \N{PILE OF POO} lasagne",
    ],
)
def test_what_the_corpus_does_not_hold_is_refused(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert not answer.answered
    assert answer.text == NO_ANSWER
    assert answer.citations == answer.sentences == ()
    assert answer.closest
    assert answer.confidence < assistant.settings.threshold


def test_whether_there_is_a_number_asks_for_none() -> None:
    assert expected_type("Do I need a phone number to join?") is None
    assert expected_type("why is the phone no longer charged") is None


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("How much did it cost?", "It cost 40 million euros.", "It ran for 10 days."),
        ("What price did they pay?", "They paid $5.", "They paid a high price."),
        ("How many soldiers came?", "About 85 came.", "Many came."),
        ("How old is he?", "He is 49.", "He is old."),
        ("When did it begin?", "It began in September.", "It began well."),
        ("In which year was that?", "That was 1999.", "That was long."),
        ("what is her phone number", "Ring 01632 960 422.", "Date: Tue, 22 Jul 2025 18:05 +0100"),
        ("Which extension number?", "Dial extension 214.", "The extension is new."),
        ("Ann's telephone no?", "Tel. 112", "She phones often."),
        ("what email address", "Write to ann@hut.example.", "Write to Ann."),
    ],
)
def test_the_kind_that_is_asked_for_must_be_there(question: str, holds: str, lacks: str) -> None:
    answer_type = expected_type(question)
    assert answer_type
    assert answer_type.is_in(holds)
    assert not answer_type.is_in(lacks)


def test_confidence_grows_with_what_the_evidence_carries(assistant: Assistant) -> None:
    """From a question about something else to one in the words of the corpus."""
    chances = [
        assistant.ask(question).confidence
        for question in (
            "How do I bake a lasagne?",
            "What does France think about it?",
            "Who backed Azerbaijan in the 44-day war?",
        )
    ]
    assert chances == sorted(chances)
    assert chances[0] < 0.2
    assert chances[2] > 0.7
    assert confidence(Query.of("Anything?", assistant.index), (), (), bundled()) == 0


def test_the_same_is_not_said_twice(folder) -> None:
    same = "The ferry to Marwick leaves at nine."
    root = folder({"a.txt": same, "b.txt": same, "c.txt": "Bread needs flour."})
    answer = Assistant.from_folder(root).ask("When does the ferry to Marwick leave?")
    assert answer.text == f"{same} [1] [2]"
    assert [cited.quote for cited in answer.citations] == [same, same]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What does E7 mean?", "E7: the pipe is empty."),
        ("what is the weight of X0417", "item: X0417; weight: 1252"),
        ("What is the fee for adults?", "group: adults; fee: 130"),
        (
            "who is on duty in the week of 21 july",
            "week: 30; from: 2025-07-21; duty: Marek",
        ),
    ],
)
def test_a_code_finds_its_row_and_a_price_needs_no_currency_in_a_table(
    folder, question: str, said: str
) -> None:
    rows = "\n".join(f"X{number:04},{number * 3 + 1}" for number in range(400, 430))
    files = {
        "pump.md": "# Errors\n\nE4: the coil is broken.\n\nE7: the pipe is empty.\n\nE9: call us.",
        "weights.csv": f"item,weight\n{rows}\n",
        "rota.csv": "week,from,duty\n28,2025-07-07,Bernard until 9 July\n29,2025-07-14,Bernard\n"
        "30,2025-07-21,Marek\n31,2025-07-28,Marek\n",
        "fees.csv": "group,fee\nadults,130\nchildren,60\n",
    }
    answer = Assistant.from_folder(folder(files)).ask(question)
    assert answer.text.replace(" [1]", "") == said


def test_a_marker_in_the_source_is_not_a_marker_of_the_answer(folder) -> None:
    text = "The ferry to Marwick leaves at nine.[2][3]"
    answer = Assistant.from_folder(folder({"a.txt": text})).ask(
        "When does the ferry to Marwick leave?"
    )
    assert answer.citations[0].quote == text
    assert answer.text == "The ferry to Marwick leaves at nine.(2)(3) [1]"


def test_a_span_cited_twice_is_one_citation(assistant: Assistant) -> None:
    document = assistant.document("government.md")
    sentences, citations = quoted(
        [Quote(Span(document, *ends)) for ends in ((0, 9), (20, 30), (0, 9))]
    )
    assert [sentence.citations for sentence in sentences] == [(1,), (2,), (1,)]
    assert marked(sentences).count("[1]") == 2
    assert len(citations) == 2


def turns(*texts: str) -> list[dict[str, str]]:
    """A history of questions and answers, by turns."""
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]


def test_a_follow_up_is_answered(assistant: Assistant) -> None:
    history = turns("What is Eagle Partner for?", "To prepare peacekeepers. [1]")
    answer = assistant.ask("And how many Americans came?", history)
    assert answer.query == "Eagle Partner: And how many Americans came?"
    assert any("85" in cited.quote for cited in answer.citations)


def test_the_threshold_is_where_refusing_begins(corpus, assistant: Assistant) -> None:
    question = "How do I bake a lasagne?"
    assert not assistant.ask(question).answered
    bold = Settings(corpus=corpus, index=assistant.index.folder, threshold=0)
    assert Assistant.open(bold).ask(question).answered


@pytest.mark.parametrize("question", ["", "  \n", "x" * 100_000, None])
def test_a_question_that_is_none_gets_one_line(assistant: Assistant, question: str) -> None:
    with pytest.raises(BadInput) as caught:
        assistant.ask(question)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("history", [[{"role": "system", "content": "x"}], [{"role": "user"}]])
def test_a_history_of_another_shape_gets_one_line(assistant: Assistant, history) -> None:
    with pytest.raises(BadInput, match="each turn must be"):
        assistant.ask("What is Eagle Partner for?", history)


def test_ask_indexes_answers_and_follows_the_folder(folder) -> None:
    """The one function that a developer needs."""
    root = folder({"a.txt": "The ferry to Marwick leaves at nine."})
    question = "When does the ferry to Marwick leave?"
    assert ask(question, corpus=root).citations[0].quote.endswith("nine.")
    (root / "a.txt").write_text("The ferry to Marwick leaves at noon, in August.")
    assert ask(question, corpus=str(root)).citations[0].quote.endswith("August.")


@pytest.mark.parametrize(
    "question",
    [
        "WHO BACKED AZERBAIJAN IN THE 44-DAY WAR?",
        "who bakced azerbijan in teh 44 day war",
        "Wer unterstützte Aserbaidschan im Krieg?",
        "Кто поддержал Азербайджан?",
        "Pashinyan",
        "why " * 2000,
        "Eagle Partner " * 1000,
        'source:csto.docx AND (treaty OR "Article 4") NOT x^2 ~3 [a TO b]',
        "\N{PILE OF POO} Eagle Partner",
        "Eagle\x00\x07\x1b[31mPartner\u202e?",
        "[SEP] [MASK] [CLS]",
        "?",
        "-",
    ],
)
def test_odd_questions_are_answered_or_refused(question: str, assistant: Assistant) -> None:
    answer = assistant.ask(question)
    assert answer.text
    assert 0 <= answer.confidence <= 1
    for cited in answer.citations:
        assert assistant.document(cited.source).text[cited.start : cited.end] == cited.quote


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie hoch ist der Berg Aragaz?", "de"),
        ("Combien coûte le billet pour Gyumri ?", "fr"),
        ("¿Cuándo se construyó la presa de Sevan?", "es"),
        ("Kto zbudował zaporę w Metsamor?", "pl"),
        ("Когда была построена плотина?", "ru"),
        ("ダムはいつ建設されましたか", "ja"),
    ],
)
def test_a_refusal_tells_of_a_language_that_the_embedder_was_not_made_for(
    assistant: Assistant, question: str, language: str
) -> None:
    answer = assistant.ask(question)
    assert not answer.answered
    assert answer.note == answer.as_dict()["note"] == answer.remarks[0]
    assert f"the embedder was not made for: {language}. For it, set ASKDOC_EMBEDDER=" in answer.note
    assert f"`{assistant.settings.rebuild_command}`" in answer.note
    unsure = assistant.ask("Wie viele Soldaten waren bei Eagle Partner?")
    assert (unsure.certainty, "made for: de." in unsure.note) == ("unsure", True)


def test_no_english_question_is_taken_for_another(assistant: Assistant) -> None:
    """Nor one with many names; those of all our sets that are foreign are known to be so."""
    assert assistant.ask("Who owns the Krzysztof Szczepaniak bakery?").note == ""
    rows = [
        json.loads(line)
        for path in (ROOT / "evals" / "questions").glob("**/*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    asked = [row for row in rows if row.get("question")]
    found = {row["question"] for row in asked if language_asked(row["question"])}
    foreign = {row["question"] for row in asked if row.get("kind") == "other-language"}
    assert len(asked) > 2000
    assert found <= foreign
    assert 2 * len(found) > len(foreign)
    for names in (
        "Who are Ararat Mirzoyan, Hakan Fidan and Jeyhun Bayramov?",
        "Does Jean-Luc Mélenchon support François Ruffin?",
        "Who wrote Cien años de soledad?",
        "Kubernetes kubelet cgroup OOMKilled pods?",
        "summarise csto.docx",
    ):
        assert language_asked(names) is None
