"""Turns that are no questions: recognised by meaning, replied to with citations, never carried."""

import json
import re
from collections.abc import Callable
from datetime import date

import pytest
from helpers import ROOT

from askdoc import NO_ANSWER, Answer, Assistant, Settings
from askdoc.answer.citation import MARKER
from askdoc.answer.everyday import Kind, recognise
from askdoc.answer.recheck import check
from askdoc.web.export import exported
from askdoc.web.overview import Overviews
from askdoc.web.render import conversation
from askdoc.web.suggestions import about, after, is_topic
from askdoc.web.turns import Turn, dumped, history, restored

QUESTIONS = ROOT / "evals" / "questions"
ROWS = [json.loads(line) for line in (QUESTIONS / "everyday.jsonl").read_text("utf-8").splitlines()]
FOLLOW_UPS = [
    json.loads(line) for line in (QUESTIONS / "follow-ups.jsonl").read_text("utf-8").splitlines()
]
RECOGNISED = {"tune": 0.95, "report": 0.75}  # of the everyday turns of a part, at least
SWALLOWED = 0.01  # of the questions, at most
SHOWN = {"tune": 99, "report": 0}  # what is missed of the part for reporting is not looked at


@pytest.fixture(scope="module")
def assistants(assistant: Assistant, tmp_path_factory) -> dict[str, Assistant]:
    """An assistant for each corpus of the set."""
    small = {
        name: Assistant.from_folder(
            QUESTIONS / "everyday" / name, Settings(index=tmp_path_factory.mktemp(name))
        )
        for name in ("bakery", "club")
    }
    return {"corpus": assistant, **small}


@pytest.mark.parametrize("split", ["tune", "report"])
def test_everyday_turns_are_recognised_and_no_question_is(assistants, split: str) -> None:
    rows = [row for row in ROWS if row["split"] == split]
    turns = {row["id"]: recognise(row["question"], assistants[row["corpus"]].index) for row in rows}
    questions = [row for row in rows if row["kind"] == "question"]
    swallowed = [row["question"] for row in questions if turns[row["id"]]]
    assert len(swallowed) <= SWALLOWED * len(questions)
    everyday = [row for row in rows if row["kind"] != "question"]
    missed = [
        row["question"]
        for row in everyday
        if (turn := turns[row["id"]]) is None or turn.kind != row["kind"]
    ]
    print(f"{split}: {1 - len(missed) / len(everyday):.3f} of {len(everyday)}")
    print(*missed[: SHOWN[split]], sep="\n")
    assert len(missed) <= (1 - RECOGNISED[split]) * len(everyday)


def test_no_question_is_swallowed_of_the_corpus_or_of_folders_that_speak_otherwise(
    assistant: Assistant,
) -> None:
    """The words of *can I keep chickens?* are in no document of the corpus."""
    paths = [QUESTIONS / "corpus.jsonl", *(QUESTIONS / "folders").glob("*.jsonl")]
    lines = [line for path in paths for line in path.read_text("utf-8").splitlines()]
    questions = [json.loads(line)["question"] for line in lines] + ["can i keep chickens"]
    swallowed = [question for question in questions if recognise(question, assistant.index)]
    assert len(swallowed) <= len(questions) // 1000, swallowed
    assert "can i keep chickens" not in swallowed


def test_what_a_named_document_says_about_something_is_a_question(assistants) -> None:
    index = assistants["club"].index
    for question in (
        "What does statutes.md say about members?",
        "what is in statutes.md about the chair",
        "How many members has statutes.md?",
        "who wrote statutes.md's article on documents for members",
    ):
        assert recognise(question, index) is None


def test_a_word_that_one_file_is_called_by_names_it(folder) -> None:
    files = {"newsletter-june.md": "# News\n\nIt rained.", "letter-hanna.md": "Dear Hanna, come."}
    index = Assistant.from_folder(folder(files)).index
    for text, source in {
        "summarise the newsletter": "newsletter-june.md",
        "give me a summary of the letter": "letter-hanna.md",
        "sum up the june newsletter please": "newsletter-june.md",
    }.items():
        turn = recognise(text, index)
        assert turn
        assert (turn.kind, turn.source) == (Kind.SUMMARY, source)
    assert recognise("what is the letter about", index) is None
    assert recognise("what does the newsletter say about rain", index) is None


def test_every_kind_is_in_both_parts_of_the_set() -> None:
    for split in ("tune", "report"):
        kinds = {row["kind"] for row in ROWS if row["split"] == split}
        assert kinds == {*Kind, "question"} - {Kind.MENTIONS}  # which is recognised by its form


def holds(answer: Answer, assistant: Assistant) -> None:
    """Every number has its citation, every citation its exact words."""
    numbers = [cited.number for cited in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [int(match[1]) for match in MARKER.finditer(answer.text)] == numbers
    for cited in answer.citations:
        assert assistant.document(cited.source).text[cited.start : cited.end] == cited.quote


@pytest.mark.parametrize(
    ("typed", "kind", "words"),
    [
        ("hello", Kind.GREETING, "18 documents"),
        ("thanks!", Kind.THANKS, "welcome"),
        ("ok cool", Kind.CHAT, "Ask on"),
        ("ah ok thanks!", Kind.THANKS, "welcome"),
        ("So, what can you do?", Kind.HELP, "I am askdoc"),
        ("that is wrong!", Kind.COMPLAINT, "other words"),
        ("???", Kind.HELP, "You can also ask"),
        ("what can you do", Kind.HELP, "I am askdoc"),
        ("How many pages has lachin-corridor.pdf?", Kind.PAGES, "2 pages"),
        ("how long is csto.docx", Kind.PAGES, "its format has no pages"),
        ("who wrote csto.docx", Kind.AUTHOR, "names no author"),
    ],
)
def test_what_tells_nothing_of_the_texts_cites_nothing(
    typed: str, kind: Kind, words: str, assistant: Assistant
) -> None:
    answer = assistant.ask(typed)
    assert (answer.everyday, answer.answered, answer.citations) == (kind, True, ())
    assert words in answer.text
    assert (answer.model, answer.query) == ("quotes", typed)
    assert answer.closest
    assert answer.seconds.keys() == {"query", "search", "read", "write"}
    assert answer.as_dict()["everyday"] == kind


@pytest.mark.parametrize(
    "typed",
    [
        "Which documents mention the ferry?",
        "what files talk about the ferry",
        "in which documents is the ferry mentioned?",
        "where is the ferry mentioned?",
        "find all documents about the ferry",
        "show me the files that mention the ferry",
    ],
)
def test_documents_are_found_by_what_they_mention(typed: str, folder: Callable) -> None:
    files = {
        "a.md": "# Harbour\n\nIt opens at nine.\n\nThe ferry leaves at ten.",
        "b.md": "# Island\n\nTwo ferries land here.",
        "c.md": "# Bread\n\nIt needs flour.",
    }
    assistant = Assistant.from_folder(folder(files))
    answer = assistant.ask(typed)
    quotes = {place.source: place.quote for place in answer.citations}
    assert quotes == {"a.md": "The ferry leaves at ten.", "b.md": "Two ferries land here."}
    assert answer.text.startswith("2 documents mention the ferry:\n- ")
    holds(answer, assistant)
    kept = assistant.ask(typed, sources=["b.md"])
    assert [place.source for place in kept.citations] == ["b.md"]


def test_documents_are_found_by_the_date_that_they_tell(folder: Callable) -> None:
    files = {
        "minutes 2023-05-09.md": "# Minutes of May\n\nAll were there.",
        "minutes 2024-05-07.md": "# Minutes\n\nNobody was there.",
    }
    assistant = Assistant.from_folder(folder(files))
    answer = assistant.ask("which document is from 9 may 2023")
    assert [place.source for place in answer.citations] == ["minutes 2023-05-09.md"]
    assert "2024" not in answer.text
    holds(answer, assistant)
    assert assistant.ask("Which document is from 1 April 1999?").certainty != "sure"


def test_what_documents_mention_can_be_asked_on(folder: Callable) -> None:
    files = {"a.md": "The new boiler was put in on 21 October.", "b.md": "Bread needs flour."}
    assistant = Assistant.from_folder(folder(files))
    question = "which documents mention the boiler"
    said = assistant.ask(question).text
    history = [{"role": "user", "content": question}, {"role": "assistant", "content": said}]
    answer = assistant.ask("when was it put in?", history)
    assert "21 October" in answer.text
    assert "boiler" in answer.query


def test_what_no_document_mentions_is_a_question(assistant: Assistant) -> None:
    assert assistant.ask("Which documents mention lasagne?").certainty == "none"
    for question in (
        "Which papers did Pashinyan sign?",
        "Which treaty is about the base in Gyumri?",
        "what does the report say about the base",
    ):
        assert recognise(question, assistant.index) is None


def test_the_list_of_documents_cites_their_titles(assistant: Assistant) -> None:
    answer = assistant.ask("What documents do you have?")
    holds(answer, assistant)
    sources = [report.source for report in assistant.index.reports()]
    assert [cited.source for cited in answer.citations] == sources
    assert "- csto.docx: Armenia and the Collective Security Treaty" in answer.text


@pytest.mark.parametrize(
    "typed",
    [
        "summarise csto.docx",
        "What is in CSTO.docx?",
        "give me a summary of Armenia and the Collective Security Treaty Organization (CSTO)",
        "summarise csto",
    ],
)
def test_a_summary_quotes_title_headings_and_sentences(typed: str, assistant: Assistant) -> None:
    answer = assistant.ask(typed)
    holds(answer, assistant)
    assert answer.everyday == Kind.SUMMARY
    assert {cited.source for cited in answer.citations} == {"csto.docx"}
    document = assistant.document("csto.docx")
    quotes = [" ".join(cited.quote.split()) for cited in answer.citations]
    assert quotes[0] == document.title
    assert "What the CSTO is" in quotes
    assert sum(quote.endswith(".") for quote in quotes) == 5
    assert len(set(quotes)) == len(quotes)


def test_an_overview_quotes_several_documents(assistant: Assistant) -> None:
    answer = assistant.ask("what is this about?")
    holds(answer, assistant)
    assert answer.everyday == Kind.OVERVIEW
    told = {cited.source for cited in answer.citations}
    assert len(told) == 8
    rest = sorted(assistant.index.titles().keys() - told)
    assert answer.text.endswith(
        f"Not told of here: {', '.join(rest[:8])}, and {len(rest) - 8} more."
    )


def test_an_overview_tells_what_each_document_begins_with(folder: Callable) -> None:
    lead = "The club owns six boats and a hut by the sea."
    more = "The hut has a stove. Its chimney was swept in May, and the roof is to be tarred."
    root = folder({"a.txt": f"{lead} {more}", "b.txt": "Bread is baked here every Monday at six."})
    answer = Assistant.from_folder(root).ask("what is this about?")
    assert {cited.quote for cited in answer.citations} >= {lead}


def test_the_first_questions_are_answered_and_of_several_kinds(folder: Callable) -> None:
    """They are what a newcomer sees first."""
    rules = "# Rules\n\n## Club boats\n\nThe club owns six boats. No boat may leave the bay.\n"
    asked = "# Newcomers\n\n**Is there parking?** There are 20 places behind the boathouse.\n"
    message = "From: Ann\nSubject: Wednesdays\n\nWe sail on Wednesdays from six until sunset.\n"
    root = folder({"asked.md": asked, "mail.txt": message, "rules.md": rules})
    (root / "scan.pdf").write_bytes(b"%PDF-1.4 nothing")
    assistant = Assistant.from_folder(root)
    overviews = Overviews(assistant)
    told = overviews.now()
    assert told.questions == (
        "What is this about?",
        "Is there parking?",
        "Tell me about Club boats",
        "Summarise mail.txt",
    )
    assert dict(told.kinds) == {"MD": 2, "TXT": 1}
    assert [file.source for file in told.unread] == ["scan.pdf"]
    assert "Club boats" in told.topics
    asked = [*told.questions, *map(about, told.topics)]
    assert all(assistant.ask(question).citations for question in asked)
    assert overviews.now() is told
    (root / "races.md").write_text("# Races\n\nThe race of 2021 was won by Ann, in 2022 by Bo.\n")
    assistant.sync()
    assert overviews.now().kinds == (("MD", 3), ("TXT", 1))


def test_what_leads_on_from_an_answer_is_answered_by_something_else(assistant: Assistant) -> None:
    question = "Who backed Azerbaijan in the 44-day war?"
    answer = assistant.ask(question)
    further = after(assistant, answer, [question])
    assert 1 < len(further) <= 3
    told = {cited.quote for cited in answer.citations}
    for each in further:
        reply = assistant.ask(each)
        assert reply.certainty == "sure"
        assert told.isdisjoint(cited.quote for cited in reply.citations)
    assert not {*after(assistant, answer, [question, *further])} & {*further}


@pytest.mark.parametrize(
    ("heading", "names_one"),
    [
        ("The ceasefire of November 2020", True),
        ("Eagle Partner 2023", True),
        ("How Russia reacted", True),
        ("3. Payment", False),
        ("Chapter 12", False),
        ("An old ally has doubts", False),
        ("About this page", False),
        ("minutes_final", False),
        ("Income", False),
        ("Sender, receivers and date", False),
        ("Quoted from an earlier message (From: Bo)", False),
        ("Pancakes", True),
    ],
)
def test_a_heading_names_a_topic_or_not(heading: str, names_one: bool) -> None:
    assert is_topic(heading) == names_one


def test_the_author_is_quoted_where_the_document_begins(assistants) -> None:
    answer = assistants["bakery"].ask("who wrote sourdough.md?")
    holds(answer, assistants["bakery"])
    assert answer.citations[0].quote == "By Ruth Alder"


def test_a_table_is_summed_up_by_its_first_rows(assistants) -> None:
    answer = assistants["bakery"].ask("what is in price_list.csv?")
    holds(answer, assistants["bakery"])
    assert any("rye loaf" in cited.quote for cited in answer.citations)
    assert "A table of 4 rows." in answer.text
    assert all(len(s.cells) > 1 for s in answer.sentences if s.lead == "\n- ")


def test_what_is_new_tells_when(assistant: Assistant) -> None:
    answer = assistant.ask("what is new?")
    assert answer.everyday == Kind.NEWS
    assert str(date.today().year) in answer.text


def test_this_document_is_the_one_that_is_asked(assistant: Assistant) -> None:
    answer = assistant.ask("What is this about?", sources=["timeline.txt"])
    assert {cited.source for cited in answer.citations} == {"timeline.txt"}
    assert assistant.ask("summarise the document").everyday == Kind.OVERVIEW


def test_a_document_without_words_or_headings_is_no_trouble(folder: Callable) -> None:
    assistant = Assistant.from_folder(folder({"a.txt": "x", "b.md": "- one\n- two\n\n`code`"}))
    for typed in ("summarise a.txt", "summarise b.md", "what is this about?", "who wrote a.txt"):
        answer = assistant.ask(typed)
        holds(answer, assistant)
        assert answer.everyday


def test_an_everyday_turn_can_be_shown_saved_and_checked(assistant: Assistant, corpus) -> None:
    turns = [Turn.of(assistant.ask(typed)) for typed in ("hello", "summarise csto.docx")]
    assert restored(dumped(turns)) == turns
    page = conversation(turns)
    assert "Hello!" in page
    assert "Sure." not in page
    assert "How this was made" not in page
    assert page.count('aria-label="Sources of answer') == 1
    told = json.loads(exported(turns, "json"))
    assert check(told, corpus) == []
    assert "Hello!" in exported(turns, "md")
    assert "Hello!" in exported(turns, "html")
    assert [turn["role"] for turn in history(turns)] == ["user", "assistant"] * 2


@pytest.mark.parametrize("split", ["tune", "report"])
def test_a_follow_up_is_right_or_left_alone(split: str, assistant: Assistant) -> None:
    """The set's ``carries`` and ``drops`` are expressions that the query must and must not have."""
    rows = [row for row in FOLLOW_UPS if row["split"] == split]
    wrong = []
    for row in rows:
        query = assistant.find(row["question"], row["history"]).query.text
        carried = all(re.search(words, query) for words in row["carries"])
        dropped = not any(re.search(words, query, re.I) for words in row["drops"])
        alone = query == row["question"]
        if not (alone or (carried and dropped and row["carries"])):
            wrong.append(query)
    print(f"{split}: {1 - len(wrong) / len(rows):.3f} of {len(rows)}")
    print(*wrong[: SHOWN[split]], sep="\n")
    assert len(wrong) <= len(rows) // 10


def test_a_refused_question_is_not_carried(assistant: Assistant) -> None:
    refused = [
        {"role": "user", "content": "How much did the helicopters cost?"},
        {"role": "assistant", "content": NO_ANSWER},
    ]
    assert assistant.find("And then?", refused).query.text == "And then?"


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How do I bake a lasagne?", ("lasagne",)),
        ("Tell me about the cheapest hotel", ("hotel",)),
        ("Why did the helicopter crash in 1847?", ("helicopter", "1847")),
        ("Who painted Guernica?", ("Guernica",)),
        ("Is the hotel near the beach cheap?", ("hotel", "beach")),
        ("What does a kilo of apples cost?", ("kilo", "apples")),
        ("When was the pyramid of Giza built?", ("pyramid", "Giza")),
        ("whats the recipe for pancakes", ("recipe", "pancakes")),
        ("Was the war deadlier?", ()),
        ("is it expensive?", ()),
    ],
)
def test_a_refusal_names_nouns_only(question: str, missing: tuple, assistant: Assistant) -> None:
    assert assistant.find(question).query.unknown_words == missing


@pytest.mark.parametrize("question", ["why didnt the csto help", "why didn't the csto help?"])
def test_a_denial_beside_the_name_of_a_document_is_a_question(
    question: str, assistant: Assistant
) -> None:
    assert recognise(question, assistant.index) is None


def test_a_question_about_a_tool_is_a_question(folder) -> None:
    root = folder({"tools.csv": "tool,fee\nrotavator,15\nbarrow,free\n"})
    index = Assistant.from_folder(root).index
    assert recognise("which tool is free", index) is None
    assert recognise("what can you do", index) is not None
