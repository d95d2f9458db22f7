"""Sure, unsure, none: what an answer says of itself, and what a connected model changes."""

import json

import pytest
from helpers import check_spans
from scripted import QUESTION, scripted

from askdoc import NO_ANSWER, Answer, Assistant, Certainty, Settings
from askdoc.answer.calibration import bundled
from askdoc.answer.context import LEANS, with_context
from askdoc.answer.evidence import OF_ITSELF, SALUTATION, choose, judged
from askdoc.answer.quotes import BELOW, quotes_of
from askdoc.cli import main
from askdoc.types import GUESS, UNSURE, Span

LASAGNE = "How do I bake a lasagne?"


def with_bars(assistant: Assistant, threshold: float, sure: float) -> Assistant:
    """The same assistant with other bars."""
    other = Assistant(assistant.index)
    other.settings = assistant.settings.model_copy(update={"threshold": threshold, "sure": sure})
    return other


def test_the_confidence_decides_between_three_certainties(assistant: Assistant) -> None:
    confidence = assistant.ask(QUESTION).confidence
    sure = with_bars(assistant, 0.01, confidence - 0.01).ask(QUESTION)
    unsure = with_bars(assistant, 0.01, confidence + 0.01).ask(QUESTION)
    none = with_bars(assistant, confidence + 0.01, 1).ask(QUESTION)
    assert [answer.certainty for answer in (sure, unsure, none)] == list(Certainty)
    assert unsure.citations == sure.citations
    assert (none.text, none.citations, none.sentences) == (NO_ANSWER, (), ())
    assert [answer.as_dict()["certainty"] for answer in (sure, unsure, none)] == [
        "sure", "unsure", "none",
    ]  # fmt: skip
    check_spans(assistant, unsure)


def test_the_shell_says_where_an_answer_is_not_certain(
    corpus, assistant: Assistant, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    common = ["ask", QUESTION, "--corpus", str(corpus), "--index", str(assistant.index.folder)]
    for sure, introduced in (("1", True), ("0", False)):
        monkeypatch.setenv("ASKDOC_SURE", sure)
        with pytest.raises(SystemExit):
            main(common)
        printed = " ".join(capsys.readouterr().out.split())
        assert (assistant.ask(QUESTION).confidence >= 0.5, UNSURE in printed) == (True, introduced)
    monkeypatch.setenv("ASKDOC_SURE", "1")
    with pytest.raises(SystemExit):
        main([*common, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["certainty"], told["answered"]) == ("unsure", True)
    assert UNSURE not in told["text"]


def test_what_is_more_likely_wrong_is_introduced_otherwise() -> None:
    hedges = [
        Answer("?", "?", "Yes.", "quotes", confidence=confidence, unsure=unsure).hedge
        for confidence, unsure in ((0.9, False), (0.5, True), (0.49, True))
    ]
    assert hedges == ["", UNSURE, GUESS]
    assert Answer("?", "?", NO_ANSWER, "quotes", unsure=True).hedge == ""


def test_a_model_is_asked_where_the_reader_has_doubts(assistant: Assistant) -> None:
    shy = with_bars(assistant, 0.99, 1)
    right = assistant.ask(QUESTION).sentences[0].text
    assert not shy.ask(QUESTION).answered
    *_, answer = shy.stream(QUESTION, model=scripted(right.rstrip("."), " [1]."))
    assert answer.certainty is Certainty.UNSURE
    assert answer.sentences[0].text == right
    check_spans(assistant, answer)
    *_, refused = shy.stream(QUESTION, model=scripted(NO_ANSWER))
    assert refused.certainty is Certainty.NONE
    *_, failed = shy.stream(QUESTION, model=scripted(RuntimeError("out of order")))
    assert failed.certainty is Certainty.NONE
    assert "out of order" in failed.note


def test_a_model_is_not_asked_where_there_is_no_hope(assistant: Assistant) -> None:
    model = scripted("Preheat the oven. [1]")
    *_, answer = assistant.stream(LASAGNE, model=model)
    assert answer.certainty is Certainty.NONE
    assert model.chat.asked == []


def test_what_a_model_wrote_and_nothing_carries_is_never_sure(assistant: Assistant) -> None:
    bold = with_bars(assistant, 0, 0)
    right = assistant.ask(QUESTION).sentences[0].text
    *_, good = bold.stream(QUESTION, model=scripted(f"{right} [1]"))
    *_, doubtful = bold.stream(QUESTION, model=scripted(f"{right} [1] Unicorns grazed in Lisbon."))
    assert (good.certainty, doubtful.certainty) == (Certainty.SURE, Certainty.UNSURE)


def test_a_quote_that_leans_brings_along_what_it_leans_on(folder) -> None:
    text = (
        "The harbour of Marwick was dredged in 1931. It holds forty boats of the herring fleet. "
        "Bread is sold on Mondays."
    )
    root = folder({"harbour.txt": text})
    answer = Assistant.from_folder(root, Settings(corpus=root, threshold=0)).ask(
        "How many boats of the herring fleet does the harbour hold?"
    )
    quote = answer.citations[0].quote
    assert quote.startswith("The harbour")
    assert quote.endswith("fleet.")
    assert text[answer.citations[0].start : answer.citations[0].end] == quote


@pytest.mark.parametrize(
    ("sentence", "leans"),
    [
        ("It holds forty boats.", True),
        ("These two signed it.", True),
        ("In this, he failed.", True),
        ("The same article says so.", True),
        ("Agreed by five votes to one.", True),
        ("Italy holds forty boats.", False),
        ("There are forty boats.", False),
        ("In 1931 the harbour was dredged.", False),
    ],
)
def test_a_sentence_that_leans_is_told_by_how_it_begins(sentence: str, leans: bool) -> None:
    assert bool(LEANS.match(sentence)) is leans


HOUSE = (
    "The web view was removed. It was hardly used. Release 1.5. Planned for 11 June, after tests. "
    "The lift is closed. The motor burnt in May. The hall is red."
)


@pytest.mark.parametrize(
    ("sentence", "question", "quote"),
    [
        ("The web view was removed.", "is there a web view", "removed. It was hardly used."),
        ("Release 1.5.", "1.5 release date", "1.5. Planned for 11 June, after tests."),
        ("The lift is closed.", "why is the lift closed", "closed. The motor burnt in May."),
        ("The lift is closed.", "is the lift closed", "The lift is closed."),
    ],
)
def test_the_sentence_after_comes_along_where_it_tells_more(
    folder, sentence: str, question: str, quote: str
) -> None:
    document = Assistant.from_folder(folder({"house.txt": HOUSE})).document("house.txt")
    start = HOUSE.index(sentence)
    assert with_context(Span(document, start, start + len(sentence)), question).text.endswith(quote)


POOL = (
    "# Pool\n\n**Must I be able to swim?** Yes: fifty metres in clothes. We test it.\n\n"
    "**Is there a sauna?**\n\nOn the first floor, for adults.\n\n## Who pays?\n\nThe town does.\n"
)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        (
            "**Must I be able to swim?**",
            "**Must I be able to swim?** Yes: fifty metres in clothes.",
        ),
        (
            "Yes: fifty metres in clothes.",
            "**Must I be able to swim?** Yes: fifty metres in clothes.",
        ),
        ("We test it.", "**Must I be able to swim?** Yes: fifty metres in clothes. We test it."),
        ("**Is there a sauna?**", "**Is there a sauna?** On the first floor, for adults."),
        ("The town does.", "The town does."),
    ],
)
def test_a_question_in_a_document_and_its_answer_come_together(
    folder, sentence: str, quote: str
) -> None:
    document = Assistant.from_folder(folder({"pool.md": POOL})).document("pool.md")
    start = POOL.index(sentence)
    shown = with_context(Span(document, start, start + len(sentence)), "").text
    assert " ".join(shown.split()) == quote


COVER = (
    "WHAT IS COVERED\n\n1. Broken legs of dogs.\n2. Bites by other dogs.\n\n"
    "WHAT IS NOT COVERED\n\n1. Vaccination of dogs.\n2. The neutering of dogs.\n\n"
    "HOW TO CLAIM\n\n1. Ask the vet for a bill.\n2. Send us the bill by post.\n3. Wait for us.\n"
)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("is the neutering of dogs paid", "WHAT IS NOT COVERED [1]: 2. The neutering of dogs. [2]"),
        ("are bites by other dogs paid", "2. Bites by other dogs. [1]"),
        (
            "how do I send the bill by post",
            "- 1. Ask the vet for a bill. [1]\n- 2. Send us the bill by post. [2]\n"
            "- 3. Wait for us. [3]",
        ),
    ],
)
def test_an_item_is_quoted_below_a_heading_that_denies_and_steps_with_each_other(
    folder, question: str, text: str
) -> None:
    root = folder({"cover.txt": COVER})
    answer = Assistant.from_folder(root, Settings(corpus=root, threshold=0)).ask(question)
    assert answer.text == text


def test_two_sentences_that_bring_each_other_along_are_quoted_once(folder) -> None:
    text = "Dear Ann,\n\nThe coach has 49 seats. It leaves The Swan at 12.45.\n\nYours,\nBo\n"
    root = folder({"note.txt": text})
    answer = Assistant.from_folder(root, Settings(corpus=root, threshold=0)).ask(
        "when does the coach leave the swan"
    )
    assert [cited.quote for cited in answer.citations] == [
        "The coach has 49 seats. It leaves The Swan at 12.45."
    ]


@pytest.mark.parametrize("greeting", ["Hi Priya,", "Dear Mr Weller and Ms Pike,", "Best wishes,"])
def test_a_greeting_is_no_answer(greeting: str) -> None:
    assert SALUTATION.fullmatch(greeting)
    assert not SALUTATION.fullmatch("Dear friends came from Oslo.")


def test_a_doubtful_answer_shows_up_to_three_alternatives(assistant: Assistant) -> None:
    asked = ("geese in Yerevan", "Who lives in Armenia?", "Is the road safe?", "What do they eat?")
    findings = [assistant.find(question) for question in asked]
    doubtful = next(found for found in findings if len(found.evidence) > 1 and found.alternatives)
    assert all(len(found.evidence) <= 3 for found in findings)
    assert {quote.lead for quote in quotes_of(doubtful, 0)} == {BELOW}
    every = judged(doubtful.query, doubtful.ranked[: doubtful.k], bundled())
    best = choose(doubtful.query, every)
    assert best[0].span == doubtful.evidence[0].span
    assert not assistant.find("How many soldiers took part in Eagle Partner?").alternatives


def test_a_list_item_does_not_lean_on_the_one_before(folder) -> None:
    root = folder(
        {"rules.md": "# Rules\n\n- Dogs must be on a lead.\n- It costs a fine of 9 euros.\n"}
    )
    assistant = Assistant.from_folder(root, Settings(corpus=root, threshold=0))
    quotes = [cited.quote for cited in assistant.ask("What fine in euros is there?").citations]
    assert "It costs a fine of 9 euros." in quotes


def test_what_a_document_says_of_itself_answers_only_questions_about_it(folder) -> None:
    assert OF_ITSELF.match("This page gives information as of June 2024.")
    assert not OF_ITSELF.match("This page boy gives way.")
    root = folder({"ferry.txt": "This page describes the ferry to Marwick. The ferry is blue."})
    assistant = Assistant.from_folder(root, Settings(corpus=root, threshold=0))
    assert "page" not in assistant.ask("What is said of the ferry to Marwick?").text
    assert "page" in assistant.ask("What does this page describe?").text


def test_the_header_of_a_table_is_no_answer(folder) -> None:
    root = folder({"tools.csv": "tool,where,fee\nrotavator,shed A,15\nbarrow,shed B,0\n"})
    assistant = Assistant.from_folder(root, Settings(corpus=root, threshold=0))
    answer = assistant.ask("Which tool is in shed B?")
    assert "barrow" in answer.text
    assert not any(cited.quote.startswith("tool") for cited in answer.citations)


KAYAKS = {
    "prices.md": "# Prices\n\nA double kayak costs 45 euros a day.\n",
    "rules.md": "# Rules\n\nDogs may come along if they can swim.\n",
}


def test_each_of_several_questions_in_one_is_answered(folder) -> None:
    """In paragraphs; what is already quoted is not quoted again, and what is open is named."""
    root = folder(KAYAKS)
    assistant = Assistant.from_folder(root, Settings(corpus=root))
    cost, dogs = "A double kayak costs 45 euros a day.", "Dogs may come along if they can swim."
    both = assistant.ask("What does a double kayak cost, and can we bring our dogs along?")
    assert both.text == f"{cost} [1]\n\n{dogs} [2]"
    assert both.note == ""
    again = assistant.ask("What does a double kayak cost? And how much is the double kayak?")
    assert again.text == f"{cost} [1]"

    half = assistant.ask("What does a double kayak cost and who won the 1966 world cup?")
    assert half.text == f"{cost} [1]"
    assert half.certainty is Certainty.UNSURE
    assert half.remarks == ("The documents do not answer “who won the 1966 world cup?”.",)
    neither = assistant.ask("Who won the 1966 world cup and where was the final played?")
    assert neither.certainty is Certainty.NONE


def test_several_questions_are_sure_only_where_each_is(assistant: Assistant) -> None:
    asked = "How many soldiers took part in Eagle Partner, and who lives in Yerevan?"
    found = assistant.find(asked)
    sure, doubtful = (part.confidence for part in found.parts)
    assert sure > doubtful
    assert found.confidence <= sure
    read = {candidate.passage for candidate in found.ranked}
    assert all(one.passage in read for part in found.parts for one in part.evidence)
    for part in found.parts:  # its best hit may be one with a neighbour now
        best = part.hits[0].passage
        assert any(
            hit.passage.source == best.source and hit.passage.start <= best.start < hit.passage.end
            for hit in found.hits
        )
    assert [hit.score for hit in found.hits] == sorted(hit.score for hit in found.hits)[::-1]


def test_a_date_alone_is_a_topic(assistant: Assistant) -> None:
    answer = assistant.ask("What happened on 27 September 2020?")
    assert "the 44-day war" in answer.text
    assert assistant.ask("What happened on 31 February 1733?").certainty is Certainty.NONE
    assert assistant.ask("tell me about roses").certainty is Certainty.NONE


BRIGADE = {
    "letter.md": "# Hydrants\n\nOf the 41 hydrants three were found broken in May: Church Street "
    "9, Orchard Row 2 and the one at the school.\n",
    "list.csv": "item,quantity,place\nHydrant key,4,Pump 1\nHydrant book,1,Pump 2\n",
    "handbook.md": "# Who we are\n\nThe chief is Harald Pryce, his deputy Joan Tebbutt.\n\n"
    "# Training\n\nTraining is every Tuesday from 19:30 to 21:30 at the station.\n",
}


def test_beside_a_sentence_that_answers_stands_no_row_of_a_table(folder) -> None:
    root = folder(BRIGADE)
    answer = Assistant.from_folder(root, Settings(corpus=root)).ask("Which hydrants are broken?")
    assert answer.certainty is Certainty.SURE
    assert [cited.source for cited in answer.citations] == ["letter.md"]


def test_a_short_question_about_something_else_leans_on_nothing(folder) -> None:
    root = folder(BRIGADE)
    chief = "The chief is Harald Pryce, his deputy Joan Tebbutt. [1]"
    asked = ("who is the chief", "and the deputy?", "what's she allowed to do that others aren't")
    history = [
        {"role": role, "content": content}
        for question in asked
        for role, content in (("user", question), ("assistant", chief))
    ]
    assistant = Assistant.from_folder(root, Settings(corpus=root))
    assert assistant.ask("when is training", history).query == "when is training"
    assert assistant.ask("and the deputy?", history[:2]).query == "chief: and the deputy?"


def test_what_was_just_told_is_no_sure_answer_to_what_leans_on_it(folder) -> None:
    camp = "The summer camp is at Lake Orrin from 4 to 8 August."
    root = folder({"camp.md": f"# Youth group\n\n{camp} The group is led by Tina Sorrell.\n"})
    history = [
        {"role": "user", "content": "where is the summer camp"},
        {"role": "assistant", "content": f"{camp} [1]"},
    ]
    assistant = Assistant.from_folder(root, Settings(corpus=root))
    assert assistant.ask("when is the summer camp").certainty is Certainty.SURE
    again = assistant.ask("when is it", history)
    assert again.sentences[0].text == camp
    assert again.certainty is Certainty.UNSURE
