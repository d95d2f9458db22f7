"""The rows of a table that a question picks out, and what there is of something."""

import pytest

from askdoc import Assistant
from askdoc.answer.everyday import recognise
from askdoc.answer.evidence import CODE

FILES = {
    "heating.csv": "flat,floor,heating kWh,water m3\n"
    + "".join(
        f"{flat},{(flat + 1) // 2},{heat},{water}\n"
        for flat, (heat, water) in enumerate(
            [(4210, 61), (3900, 58), (5120, 70), (2875, 44), (4433, 80), (3999, 39)] * 12, 1
        )
    )
    + "73,37,2870,12\nTotal,,297314,4236\n",
    "rooms.md": "# Rooms of the Alba\n\n| Room | Beds | Price per night |\n|---|---|---|\n"
    "| Rose | 2 | 84 euros |\n| Sage | 1 | 52 euros |\n| Thyme | 4 | 140 euros |\n",
    "prices.csv": "ticket,adult,reduced\nDay ticket,14.50,11.50\nMonthly pass,62,52\n"
    "Yearly pass,560,470\nShoes (hire),4.00,3.50\nHarness (hire),3.00,3.00\n",
    "dyes.md": "# Dyes in the cellar\n\n| No. | Dye | Washable | Remarks |\n|---|---|---|---|\n"
    "| 1 | Madder | yes | our best dye |\n| 2 | Woad | yes | |\n"
    "| 3 | Walnut | no, it bleeds | stains hands |\n| 4 | Guest dye | see lid | |\n",
    "evenings.md": "# Evenings in autumn\n\nAll evenings begin at six.\n\n## Felt balls\n\n"
    "Bring soap.\n\n## Weaving a belt\n\nTutor: Ada Krol. 40 euros.\n\n## Knots\n\nBring string.\n",
    "looms.md": "# The workshop\n\nWe have looms, and each of the looms that are there can be "
    "hired.\n\n| Loom | Width |\n|---|---|\n| Anna | 60 cm |\n| Berta | 90 cm |\n"
    "| Clara | 120 cm |\n",
    "grant.txt": "THE GRANT\n\nIt pays for wool.\n\nHow to ask for it\n1. Fetch the blue form from "
    "the desk.\n2. Say what it is for.\n3. Hand it in before Easter.\n",
    "staff.md": "# Who works here\n\n## Dr Ivo Brandt\n\nVet for cats. He is off on Wednesdays.\n",
    "letter.txt": "Dear Tom,\n\nYes, Monday at eight is free, and I have put you down for it.\n",
    "faq.md": "# Questions\n\n## Are there showers?\n\nYes, four in each changing room. Lockers "
    "take a coin, which you get back.\n\n## Can I pay by card?\n\nYes, from 5 euros. The bar "
    "takes cash.\n",
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("tables")
    for source, text in FILES.items():
        (folder / source).write_text(text)
    return Assistant.from_folder(folder)


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("which flat used the least heating", "73,37,2870,12"),  # far down, and no total
        ("Which flat on floor 1 used the most water?", "1,1,4210,61"),
        ("what's the cheapest room", "| Sage | 1 | 52 euros |"),
        ("what is the most expensive room?", "| Thyme | 4 | 140 euros |"),
        ("which ticket costs the most for adults", "Yearly pass,560,470"),
        ("what's the cheapest pass", "Monthly pass,62,52"),  # in each column
        ("Which room has the most beds?", "| Thyme | 4 | 140 euros |"),
        ("What does the room Rose cost at the most?", "| Rose | 2 | 84 euros |"),
    ],
)
def test_the_row_that_has_most_or_least(tables: Assistant, question: str, row: str) -> None:
    answer = tables.ask(question)
    assert [place.quote.strip("| ") for place in answer.citations] == [row.strip("| ")]


@pytest.mark.parametrize(
    "question", ["Most of the rooms have how many beds?", "the most and the least beds?"]
)
def test_what_asks_for_neither_is_left_alone(tables: Assistant, question: str) -> None:
    assert len(tables.ask(question).citations) != 1


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("Which dyes are washable?", ["Madder", "Woad"]),
        ("which dyes arent washable", ["Walnut"]),
        ("which dyes are not washable?", ["Walnut"]),
    ],
)
def test_the_rows_that_say_yes_or_no(tables: Assistant, question: str, rows: list[str]) -> None:
    answer = tables.ask(question)
    assert [place.quote.split("|")[2].strip() for place in answer.citations] == rows


@pytest.mark.parametrize(
    "question",
    [
        "which evenings are there",
        "list all the evenings",
        "What kinds of evenings do you offer?",
        "what are the evenings?",
    ],
)
def test_what_there_is_of_something_are_the_headings_below_it(
    tables: Assistant, question: str
) -> None:
    answer = tables.ask(question)
    assert [place.quote for place in answer.citations] == ["Felt balls", "Weaving a belt", "Knots"]
    assert answer.text == "- Felt balls [1]\n- Weaving a belt [2]\n- Knots [3]"


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("which tickets are there", ["Day", "Monthly", "Yearly", "Shoes", "Harness"]),
        ("What rooms do you have?", ["Rose", "Sage", "Thyme"]),
        ("which looms are there", ["Anna", "Berta", "Clara"]),  # below prose on looms
    ],
)
def test_what_there_is_of_something_are_the_rows_of_its_table(
    tables: Assistant, question: str, rows: list[str]
) -> None:
    cited = [place.quote.strip("| ") for place in tables.ask(question).citations]
    assert len(cited) == len(rows)
    assert all(quote.startswith(row) for quote, row in zip(cited, rows, strict=True))


def test_who_asks_more_of_it_gets_no_list(tables: Assistant) -> None:
    assert "Felt balls" not in tables.ask("which autumn dances are there").text
    assert "six" in tables.ask("At what time do the evenings begin?").text


def test_steps_stand_below_the_line_that_names_them(tables: Assistant) -> None:
    quotes = [place.quote for place in tables.ask("how do i ask for the grant").citations]
    assert [quote[:2] for quote in quotes[-3:]] == ["1.", "2.", "3."]


@pytest.mark.parametrize("question", ["do you have a sauna", "have you got a shower"])
def test_what_there_may_be_is_a_question(tables: Assistant, question: str) -> None:
    assert "Ask on" not in tables.ask(question).text


def test_each_of_several_rows_that_are_named_is_told(tables: Assistant) -> None:
    answer = tables.ask("what do shoes and a harness cost to hire")
    assert {place.quote.split(",")[0] for place in answer.citations} == {
        "Shoes (hire)", "Harness (hire)"
    }  # fmt: skip


def test_a_yes_to_another_question_is_no_answer(tables: Assistant) -> None:
    assert "Lockers take a coin" in tables.ask("are there lockers").text
    assert not any(
        place.quote.startswith("Yes, four") for place in tables.ask("are there lockers").citations
    )
    for answer in map(tables.ask, ("can i borrow a harness", "are dogs allowed in the cellar")):
        assert not any(place.quote.startswith("Yes, Monday") for place in answer.citations)


def test_a_price_stands_below_what_it_is_of(tables: Assistant) -> None:
    answer = tables.ask("Who is the tutor for weaving?")
    assert "Weaving a belt [1]: Tutor: Ada Krol." in answer.text


def test_he_stands_below_whom_the_heading_names(tables: Assistant) -> None:
    assert "Dr Ivo Brandt [1]: Vet for cats." in tables.ask("Who looks after my cat?").text


def test_what_goes_on_with_the_question_before_is_no_small_talk(tables: Assistant) -> None:
    first = "What does the monthly pass cost?"
    history = [
        {"role": "user", "content": first},
        {"role": "assistant", "content": tables.ask(first).text},
    ]
    assert "Yearly pass" in tables.ask("and the yearly one?", history).text
    assert recognise("and a cat?", tables.index) is None


def test_a_text_that_names_the_cheapest_of_something_else_is_passed_over(folder) -> None:
    files = {
        "meeting.txt": "3. X-ray\n\nWe got three offers. The cheapest so far is 14,200 euros.\n",
        "food.md": "# Foods\n\n| Food | Price per kg |\n|---|---|\n| Junior | 6.20 |\n"
        "| Adult | 5.40 |\n",
    }
    answer = Assistant.from_folder(folder(files)).ask("which food is cheapest")
    assert [place.quote.strip("| ") for place in answer.citations] == ["Adult | 5.40"]


def test_paying_cash_is_a_question(tables: Assistant) -> None:
    assert "cash" in tables.ask("can i pay cash").text


def test_a_quarter_is_no_code() -> None:
    """Else only what names it could answer, and reports say *the third quarter*."""
    words = ["e7", "x0417", "q35", "q3", "2q22", "h1", "fy2023", "5th"]
    assert [bool(CODE.fullmatch(word)) for word in words] == [True] * 3 + [False] * 5
