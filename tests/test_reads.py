"""Answers that read well: over a garden club's minutes, rules, prices and plots."""

import pytest
from made_files import TABLES, made

from askdoc import Answer, Assistant, Document, Settings
from askdoc.answer.evidence import carries
from askdoc.ingest.rows import with_header
from askdoc.types import Span

CLUB = {
    "prices.csv": (
        "item,member price (pounds),visitor price (pounds),where\n"
        'bag of compost,4.50,6.00,"shed A, left"\nwheelbarrow hire (day),,5.00,shed C\n'
        "rotavator hire (day),15,25,shed C\n"
    ),
    "calendar.md": (
        "# Sowing calendar\n\n| Vegetable | Sow | Spacing |\n|---|---|---|\n"
        "| Broad beans | November | 20 cm |\n| Garlic | October | 15 cm |\n"
        "| Pumpkins | May | 150 cm |\n| Leeks | March | 15 cm |\n| Carrots | April | 5 cm |\n"
    ),
    "may.md": (
        "# Minutes of the May meeting\n\n## Water\n\nThe standpipe by the north gate leaks. Two "
        "new butts were bought.\n\n## Plot fees\n\nTom Hale proposed to raise the plot fee from 40 "
        "to 48 pounds. The proposal was rejected by 14 votes to 9.\n"
    ),
    "rules.md": (
        "# Rules\n\n## Water\n\nHosepipes are not allowed between 10 am and 5 pm.\n\n## Forbidden\n"
        "\nThe following are not allowed on the site:\n\n- glass greenhouses\n- barbed wire\n"
        "- cockerels\n"
    ),
    "letter.txt": (
        "The council writes that it plans a cycle path.\n\nHosepipes are not allowed between 10 am "
        "and 5 pm. The rent of the site is 600 pounds a year.\n"
    ),
    "old.txt": (
        "Hosepipes are allowed between 10 am and 5 pm. The rent of the site is 550 pounds a year.\n"
    ),
    "september.md": (
        "# Minutes of the September meeting\n\n## Water\n\nThe standpipe was replaced on 17 June.\n"
        "\n## Show\n\nThe show made a profit of 325 pounds.\n"
    ),
}


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant over the club's folder."""
    root = tmp_path_factory.mktemp("club")
    for name, text in CLUB.items():
        (root / name).write_text(text, "utf-8")
    return Assistant.from_folder(root, Settings(index=tmp_path_factory.mktemp("index")))


def asked(club: Assistant, question: str) -> Answer:
    """An answer, whose citations are exact and whose markers all have one."""
    answer = club.ask(question)
    for cited in answer.citations:
        assert club.document(cited.source).text[cited.start : cited.end] == cited.quote
    numbers = [number for sentence in answer.sentences for number in sentence.citations]
    assert list(dict.fromkeys(numbers)) == [cited.number for cited in answer.citations]
    return answer


def test_a_row_is_told_with_its_header_and_cited_as_it_stands(club: Assistant) -> None:
    answer = asked(club, "How much is a bag of compost?")
    told = (
        "item: bag of compost; member price (pounds): 4.50; visitor price (pounds): 6.00; where: "
    )
    assert answer.text == f"{told}shed A, left [1]"
    assert answer.citations[0].quote == 'bag of compost,4.50,6.00,"shed A, left"'


@pytest.mark.parametrize("suffix", sorted(TABLES))
def test_a_row_of_every_format_is_told_with_its_header(folder, suffix: str) -> None:
    document = made(folder, suffix)
    row = document.text.index("2023")
    start = document.text.rfind("\n", 0, row) + 1
    end = document.text.find("\n", row)
    line = Span(document, start, end if end > 0 else len(document.text))
    assert with_header(line).startswith("Year: 2023; Cost: ")
    part = Span(document, row, row + 2)
    assert with_header(part) == "20"


WATER = {"may.md": "Water", "rules.md": "Water", "letter.txt": None, "september.md": "Water"}


@pytest.mark.parametrize(
    ("question", "headings"),
    [
        ("tell me about water", WATER),
        ("Water?", WATER),
        ("what was decided on water in May", {"may.md": "Water"}),
        ("anything about plot fees?", {"may.md": "Plot fees"}),
    ],
)
def test_a_topic_is_answered_with_the_sections_on_it(
    club: Assistant, question: str, headings: dict[str, str]
) -> None:
    answer = asked(club, question)
    assert answer.answered
    assert {cited.source: cited.heading for cited in answer.citations} == headings


def test_a_document_named_by_a_topic_is_told_section_by_section(club: Assistant) -> None:
    answer = asked(club, "What happened in the May meeting?")
    assert list(dict.fromkeys(cited.heading for cited in answer.citations)) == [
        "Water",
        "Plot fees",
    ]


def test_a_document_called_by_a_topic_comes_before_sections_of_others(folder) -> None:
    rules = "# Rules\n\n## Bees\n\nBees are kept behind the hedge. Bees need water.\n"
    root = folder({"a.md": rules, "b.md": "# Bees\n\nThe hives came in 1990. Ann keeps them.\n"})
    answer = asked(Assistant.from_folder(root), "tell me about bees")
    assert answer.citations[0].source == "b.md"
    assert {cited.source for cited in answer.citations} == {"a.md", "b.md"}


def test_a_topic_that_no_heading_names_is_no_topic(club: Assistant) -> None:
    answer = asked(club, "Tell me about roses")
    assert answer.confidence < 0.5
    assert answer.unknown == ("roses",)
    assert asked(club, "When was the standpipe replaced?").text.endswith("17 June. [1]")


def test_a_fact_that_two_documents_tell_is_said_once(club: Assistant) -> None:
    answer = asked(club, "Between which hours are hosepipes not allowed?")
    said = [sentence for sentence in answer.sentences if "not allowed" in sentence.text]
    assert [sentence.citations for sentence in said] == [(1, 2)]
    assert {cited.source for cited in answer.citations[:2]} == {"rules.md", "letter.txt"}
    assert answer.text.startswith("Hosepipes are not allowed between 10 am and 5 pm. [1] [2]")


def test_sentences_that_differ_in_a_number_are_both_shown(club: Assistant) -> None:
    answer = asked(club, "What is the rent of the site?")
    assert {"550", "600"} <= set(answer.text.split())
    assert all(len(sentence.citations) == 1 for sentence in answer.sentences)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The fee stays at 40 pounds.", "The fee stays at 40 pounds.", True),
        ("The fee stays at 40 pounds.", "The fee stays at 48 pounds.", False),
        ("Dogs are allowed on the site.", "Dogs are not allowed on the site.", False),
        ("Turkey backed Azerbaijan.", "Azerbaijan backed Turkey.", False),
        ("The show is on 2 August.", "The show is on 2 September.", False),
        ("The cup was won by Mei Tanaka.", "The cup was won by Tom Hale.", False),
    ],
)
def test_two_sentences_say_the_same_only_with_the_same_facts(
    one: str, other: str, same: bool
) -> None:
    document = Document("a.txt", "A", f"{one} {other}", "0" * 64)
    first = Span(document, 0, len(one))
    second = Span(document, len(one) + 1, len(document.text))
    assert (carries(first, second) and carries(second, first)) is same


def test_a_line_brings_its_list_and_an_item_its_line(club: Assistant) -> None:
    line = "The following are not allowed on the site: [1]\n- "
    answer = asked(club, "What is not allowed on the site?")
    assert answer.text == f"{line}glass greenhouses [2]\n- barbed wire [3]\n- cockerels [4]"
    assert asked(club, "Are there rules on cockerels?").text.startswith(f"{line}cockerels [2]")


def test_a_list_has_every_row(club: Assistant) -> None:
    """More than the four sentences of another answer, in the order of the table."""
    answer = asked(club, "List the vegetables in the sowing calendar")
    vegetables = ["Broad beans", "Garlic", "Pumpkins", "Leeks", "Carrots"]
    said = [sentence.text.split(";")[0] for sentence in answer.sentences]
    assert said == [f"Vegetable: {name}" for name in vegetables]
    assert answer.text.count("\n- Vegetable") == len(vegetables) - 1


def test_a_row_that_has_more_of_the_question_goes_before_its_neighbours(club: Assistant) -> None:
    """What the header says, as the currency, counts for each row."""
    answer = asked(club, "What does it cost visitors to hire a rotavator?")
    assert [cited.quote for cited in answer.citations] == ["rotavator hire (day),15,25,shed C"]


def test_a_proposal_comes_with_its_outcome(club: Assistant) -> None:
    answer = asked(club, "Was the plot fee raised?")
    assert answer.citations[0].quote.endswith("The proposal was rejected by 14 votes to 9.")
