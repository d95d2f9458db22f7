"""From a question to what is searched for: follow-ups, misspelt words, several things at once."""

import json

import pytest
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from askdoc import Assistant
from askdoc.answer.acronyms import defined
from askdoc.answer.query import History, contextualize, subqueries
from askdoc.answer.spelling import correct_spelling
from askdoc.answer.telling import telling

EAGLE = [
    {"role": "user", "content": "What is Eagle Partner for?"},
    {"role": "assistant", "content": "To prepare peacekeepers. [1]"},
]
MINISTER = [
    {"role": "user", "content": "Who is the prime minister?"},
    {"role": "assistant", "content": "The prime minister is Nikol Pashinyan. [1]"},
]
QUESTIONS = [
    json.loads(line)
    for line in (ROOT / "evals" / "questions" / "corpus.jsonl").read_text("utf-8").splitlines()
]


def query(question: str, history: History, assistant: Assistant) -> str:
    return contextualize(question, history, assistant.index).text


@pytest.mark.parametrize(
    ("question", "history", "searched"),
    [
        ("And how did Russia react?", EAGLE, "Eagle Partner: And how did Russia react?"),
        ("Why?", EAGLE, "Eagle Partner: Why?"),
        ("Did they train there?", EAGLE, "Eagle Partner: Did they train there?"),
        ("When did he come?", MINISTER, "prime minister Nikol Pashinyan: When did he come?"),
        ("any reactions?", EAGLE, "Eagle Partner: any reactions?"),
        ("tell me more", EAGLE, "Eagle Partner: tell me more"),
        ("what else?", EAGLE, "Eagle Partner: what else?"),
        ("anything else?", EAGLE, "Eagle Partner: anything else?"),
        ("what else happened there", EAGLE, "Eagle Partner: what else happened there"),
        ("what happened next", EAGLE, "Eagle Partner: what happened next"),
        ("give me details", EAGLE, "Eagle Partner: give me details"),
        ("ok and who took part?", EAGLE, "Eagle Partner: ok and who took part?"),
        ("when did the work begin", EAGLE, "Eagle Partner: when did the work begin"),
        ("when is the next summit", EAGLE, "when is the next summit"),
        ("who is peskov and what did he say", EAGLE, "who is peskov and what did he say"),
        ("what's his name", MINISTER, "prime minister Nikol Pashinyan: what's his name"),
        ("Who dissolved the Republic of Artsakh?", EAGLE, "Who dissolved the Republic of Artsakh?"),
        ("who is pashinyan", EAGLE, "who is pashinyan"),
        ("Is it true that Armenia left the CSTO?", EAGLE, "Is it true that Armenia left the CSTO?"),
        ("what did armenia say about its border", EAGLE, "what did armenia say about its border"),
        ("are there soldiers in the army", EAGLE, "are there soldiers in the army"),
        ("WHERE DID IT HAPPEN?", EAGLE, "Eagle Partner: WHERE DID IT HAPPEN?"),
        ("What happened in 2020?", EAGLE, "What happened in 2020?"),
        ("how much is the radar", EAGLE, "how much is the radar"),
        ("tell me about ceasefires", EAGLE, "tell me about ceasefires"),
    ],
)  # fmt: skip
def test_only_a_question_that_leans_on_the_last_is_changed(
    question: str, history: History, searched: str, assistant: Assistant
) -> None:
    assert query(question, history, assistant) == searched
    assert query(question, [], assistant) == question


def test_a_question_that_stands_alone_is_never_changed(assistant: Assistant) -> None:
    """Every question of the corpus's set that comes without turns before it.

    Words of other languages may be put as the corpus spells them, as misspelt ones are.
    """
    alone = [
        row["question"]
        for row in QUESTIONS
        if not row.get("history") and row["kind"] not in ("typo", "other-language")
    ]
    assert len(alone) > 150
    changed = [question for question in alone if query(question, EAGLE, assistant) != question]
    assert changed == []


@pytest.mark.parametrize("question", ["what isnt covered", "What isn't covered?", "whats covered"])
def test_what_is_drawn_together_tells_nothing(question: str) -> None:
    assert telling(question) == telling("covered")


def test_words_that_no_document_has_are_not_carried(assistant: Assistant) -> None:
    history = [
        {"role": "user", "content": "Did the zeppelins fly to Eagle Partner?"},
        {"role": "assistant", "content": "Eagle Partner was held in Armenia. [1]"},
    ]
    assert query("When was it?", history, assistant) == "Eagle Partner: When was it?"


def test_what_a_follow_up_asks_is_known_without_what_it_leans_on(assistant: Assistant) -> None:
    asked = contextualize("When did he come?", MINISTER, assistant.index)
    assert asked.asked == "When did he come?"
    assert asked.alone is not None
    assert asked.alone.text == "When did he come?"
    assert contextualize("And when?", MINISTER, assistant.index).alone is None


def test_a_chain_of_follow_ups_keeps_its_beginning(assistant: Assistant) -> None:
    history = [
        *EAGLE,
        {"role": "user", "content": "And who took part in it?"},
        {"role": "assistant", "content": "175 Armenian soldiers. [1]"},
    ]
    assert query("And then?", history, assistant) == "Eagle Partner took part: And then?"


def test_what_no_question_named_is_taken_from_the_answer(assistant: Assistant) -> None:
    history = [
        {"role": "user", "content": "any freebies?"},
        {"role": "assistant", "content": "Ukraine got medicine. [1]\n\nRussia did not. [2]"},
    ]
    asked = query("When was that?", history, assistant)
    assert telling(asked) >= telling("Ukraine medicine")
    assert "Russia" not in asked


def test_a_thousand_follow_ups_lean_on_the_last_few(assistant: Assistant) -> None:
    turn = [{"role": "user", "content": "And Russia?"}, {"role": "assistant", "content": "No. [1]"}]
    assert query("And then?", turn * 1000, assistant) == "Russia: And then?"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Who is Pashinian?", "Who is Pashinyan?"),
        ("When did Armnia ratify the Rome Statute?", "When did Armenia ratify the Rome Statute?"),
        ("What is the Lachin coridor?", "What is the Lachin corridor?"),
        ("mirzojan and blinkin sign", "Mirzoyan and Blinken sign"),
        ("What did Pashinian and Aliev sign?", "What did Pashinyan and Aliyev sign?"),
        ("How many peple died in the frist war?", "How many people died in the first war?"),
        ("is anybody alergic to it", "is anybody allergic to it"),
        ("whos in the CSTO if theres no Armenia", "who's in the CSTO if there's no Armenia"),
        ("Didnt they say theyll leave?", "Didn't they say they'll leave?"),
        ("how many ppl left", "how many people left"),
        ("did armenia join the icc", "did armenia join the International Criminal Court"),
        ("Is Armenia in the UN?", "Is Armenia in the United Nations?"),
        ("was there a war on Boxing Day", "was there a war on 26 December"),
    ],
)
def test_a_misspelt_word_is_put_as_the_corpus_spells_it(
    typed: str, meant: str, assistant: Assistant
) -> None:
    answer = assistant.ask(typed)
    assert answer.query == meant
    assert answer.rewritten == (typed.lower() != meant.lower().replace("'", ""))


@pytest.mark.parametrize(
    "question",
    [
        "How do I bake a lasagne?",
        "What is quantum gravity?",
        "Why?",
        "What does ICC stand for?",  # asks for it
        "What is the ICC?",
        "Is Armenia in the CSTO?",  # as most passages have it
        "What does it do for us?",
        "WHAT DID THEY TELL US ABOUT IT?",
        "is it open on christmas evening",
        "where does mbappe play",
        "wieviel kostet der alergic",
        "was sagt der Präsident von Armnenia dazu",
        "Who is Kurz?",
        "summarise, analyse and prioritise the programme of the organisation",
        "Who favours travelling, labelling and modelling neighbours?",
    ],
)
def test_words_that_are_only_absent_stay(question: str, assistant: Assistant) -> None:
    assert query(question, [], assistant) == question


def test_an_abbreviation_is_written_out_as_it_stands(folder) -> None:
    r"""Whatever signs the document has in it: *\1* is no reference."""
    index = Assistant.from_folder(
        folder({"a.md": r"The Net\1work Group (NG) met. The Net\1work Group ate."})
    ).index
    assert contextualize("did the NG eat", [], index).text == r"did the Net\1work Group eat"


@pytest.mark.parametrize(
    ("short", "before", "long"),
    [
        ("ICC", "the International Criminal Court ", "International Criminal Court"),
        ("PTO", "Employees have paid time off ", "paid time off"),
        ("HoA", "the Home-owners' Association ", "Home-owners' Association"),
        ("BBC", "He lives in Berlin ", ""),
        ("EU", "", ""),
    ],
)  # fmt: skip
def test_an_abbreviation_is_made_of_the_words_before_it(short, before, long) -> None:
    assert defined(short, before) == long


def test_no_word_that_the_corpus_knows_is_changed(assistant: Assistant) -> None:
    documents = [assistant.document(source) for source in ("csto.docx", "government.md")]
    words = sorted({word for document in documents for word in document.text.split()})

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(words), min_size=1, max_size=12).map(" ".join))
    def unchanged(question: str) -> None:
        assert correct_spelling(question, assistant.index) == question

    unchanged()


def test_a_question_that_names_several_things_has_a_search_for_each(assistant: Assistant) -> None:
    both = "When did Armenia ratify the Rome Statute, and who dissolved the Republic of Artsakh?"
    assert subqueries(both) == (
        "When did Armenia ratify the Rome Statute",
        "who dissolved the Republic of Artsakh",
    )
    assert subqueries("Who is the prime minister of Armenia?") == ()
    sources = {hit.passage.source for hit in assistant.search(both, k=10)}
    assert {"rome-statute.html", "september-2023-offensive.md"} <= sources


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("When was Eagle Partner held and who took part?",
            ["When was Eagle Partner held", "Eagle Partner held: and who took part?"]),
        ("Is the road open? And how long is the Lachin corridor",
            ["Is the road open", "how long is the Lachin corridor"]),
        ("What is the CSTO, and does it have a base in Armenia?",
            ["What is the CSTO", "CSTO: does it have a base in Armenia?"]),
        ("who is peskov and what did he say", []),
        ("Which town was founded in 1200 and was destroyed in 1300?", []),
        ("When and where was the declaration signed?", []),
        ("Why? And when?", []),
        ("When was Eagle Partner held? Thanks for your help!", []),
        ("Who is Peskov? I need it for a letter to my school.", []),
        ("What did Armenia and Russia sign?", []),
        ("Armenia? Russia? Turkey? Iran? Georgia?", []),
    ],
)  # fmt: skip
def test_several_questions_in_one_are_told_apart(
    question: str, parts: list[str], assistant: Assistant
) -> None:
    asked = contextualize(question, (), assistant.index)
    assert asked.text == question
    assert [part.text for part in asked.questions] == parts


def test_the_first_of_several_questions_leans_on_the_turn_before(assistant: Assistant) -> None:
    asked = contextualize("When was it held and who took part?", EAGLE, assistant.index)
    assert asked.questions[0].text == "Eagle Partner: When was it held"
