"""Answers that read well: over a garden club's minutes, rules, prices and plots."""

from pathlib import Path

import pytest
from test_loaders import TABLES, made

from askdoc import Answer, Assistant, Settings
from askdoc.ingest.rows import with_header
from askdoc.types import Span

CLUB = {
    "prices.csv": (
        "item,member price (pounds),visitor price (pounds),where\n"
        'bag of compost,4.50,6.00,"shed A, left"\nwheelbarrow hire (day),,5.00,shed C\n'
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
