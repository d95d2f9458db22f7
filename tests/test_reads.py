"""Answers that read well: over a garden club's minutes, rules, prices and plots."""

import pytest
from test_loaders import TABLES, made

from askdoc import Answer, Assistant, Certainty, Settings
from askdoc.ingest.rows import with_header
from askdoc.types import Span

CLUB = {
    "prices.csv": (
        "item,member price (pounds),visitor price (pounds),where\n"
        'bag of compost,4.50,6.00,"shed A, left"\nwheelbarrow hire (day),,5.00,shed C\n'
    ),
    "may.md": (
        "# Minutes of the May meeting\n\n## Water\n\nThe standpipe by the north gate leaks. Two "
        "new butts were bought.\n\n## Plot fees\n\nTom Hale proposed to raise the plot fee from 40 "
        "to 48 pounds. The proposal was rejected by 14 votes to 9.\n"
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


@pytest.mark.parametrize(
    ("question", "headings"),
    [
        ("tell me about water", {"may.md": "Water", "september.md": "Water"}),
        ("Water?", {"may.md": "Water", "september.md": "Water"}),
        ("what was decided on water in May", {"may.md": "Water"}),
        ("anything about plot fees?", {"may.md": "Plot fees"}),
    ],
)
def test_a_topic_is_answered_with_the_sections_on_it(
    club: Assistant, question: str, headings: dict[str, str]
) -> None:
    answer = asked(club, question)
    assert answer.certainty is Certainty.UNSURE
    assert {cited.source: cited.heading for cited in answer.citations} == headings


def test_a_document_named_by_a_topic_is_told_section_by_section(club: Assistant) -> None:
    answer = asked(club, "What happened in the May meeting?")
    assert [cited.heading for cited in answer.citations] == [
        "Water",
        "Water",
        "Plot fees",
        "Plot fees",
    ]


def test_a_topic_that_no_heading_names_is_no_topic(club: Assistant) -> None:
    assert asked(club, "Tell me about roses").certainty is Certainty.NONE
    assert asked(club, "When was the standpipe replaced?").text.endswith("17 June. [1]")
