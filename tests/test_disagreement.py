"""Where documents disagree, the newest goes first, and the answer says so."""

import pytest

from askdoc import Assistant
from askdoc.ingest.dates import Date, date_asked, date_of
from askdoc.ingest.files import load
from askdoc.types import Block, BlockKind, Document

RENT = "The rent of a garage is {} euros a month."


def document(source: str, text: str = "", title: str = "") -> Document:
    """A document of one paragraph for each line."""
    blocks, at = [], 0
    for line in text.split("\n"):
        end = at + len(line)
        blocks.append(Block(BlockKind.PARAGRAPH, at, at, end, end))
        at = end + 1
    return Document(source, title, text, "", tuple(blocks))


@pytest.mark.parametrize(
    ("source", "title", "text", "date"),
    [
        ("minutes-2024-05-14.md", "", "", Date(2024, 5, 14)),
        ("20240514 minutes.md", "", "", Date(2024, 5, 14)),
        ("2021/rules.md", "", "Valid from 1 March 2021.", Date(2021, 3, 1)),
        ("rules.md", "Rules as of May 2023", "", Date(2023, 5)),
        ("AGM July 2025.docx", "", "The minutes of 8 July 2024 were read.", Date(2025, 7)),
        ("letter.eml", "", "From: Ann\nDate: Mon, 4 Mar 2024 09:12:00", Date(2024, 3, 4)),
        ("letter.txt", "", "Linz, 03.04.1987", Date(1987, 4, 3)),
        ("letter.txt", "", "March 4th, 2024", Date(2024, 3, 4)),
        ("contract 2025-26.md", "", "", Date(2025)),
        ("war.md", "The war, 2022-2023", "", Date(2023)),
        ("a.md", "", "The contract with Rovin ends on 30 June 2025.", None),
        ("a.md", "", "In 1915 there was a war.", None),
        ("invoice-20417.md", "", "", None),
        ("room 2044b.md", "", "Bring 12345678 plates.", Date(2044)),
    ],
)
def test_a_document_tells_its_date(source: str, title: str, text: str, date: Date | None) -> None:
    assert date_of(document(source, text, title)) == date


def test_dates_are_told_and_compared() -> None:
    assert [str(Date(2024)), str(Date(2024, 5)), str(Date(2024, 5, 4))] == [
        "2024", "2024-05", "2024-05-04",
    ]  # fmt: skip
    assert Date(2024, 5, 4) > Date(2024, 5) > Date(2024) > Date(2023, 12, 31)


@pytest.fixture
def asked(folder):
    """What the folder of some files answers."""

    def ask(files: dict[str, str], question: str) -> tuple[list[str], str]:
        answer = Assistant.from_folder(folder(files)).ask(question)
        return [place.source for place in answer.citations], answer.note

    return ask


def test_the_newest_goes_first_and_the_note_names_both(asked) -> None:
    files = {"terms-2021.md": RENT.format(48), "terms-2024.md": RENT.format(61)}
    for question in ("What is the rent of a garage?", "How much is a garage a month?"):
        sources, note = asked(files, question)
        assert sources == ["terms-2024.md", "terms-2021.md"]
        assert note == (
            "The documents disagree, the newest first: terms-2024.md (2024); terms-2021.md (2021)."
        )


def test_what_a_later_document_takes_back_comes_after_it(asked) -> None:
    files = {
        "news 2026-02.md": "The quiz night for the curtains is on Saturday 28 March at the Plume.",
        "minutes 2026-03.md": "# Quiz night\n\nMoved from 28 March to Saturday 18 April.",
        "minutes 2026-01.md": "The quiz of last year was on 28 March.",
    }
    sources, note = asked(files, "When is the quiz night?")
    assert sources[:2] == ["minutes 2026-03.md", "news 2026-02.md"]
    assert "minutes 2026-03.md (2026-03); news 2026-02.md (2026-02)" in note


def test_of_a_year_that_is_asked_for_the_best_stays_first(asked) -> None:
    files = {
        "terms-2021.md": f"In 2021 {RENT.format(48).lower()}",
        "terms-2024.md": f"In 2024 {RENT.format(61).lower()}",
    }
    sources, note = asked(files, "What was the rent of a garage in 2021?")
    assert (sources[0], note) == ("terms-2021.md", "")


@pytest.mark.parametrize(
    ("question", "source", "said"),
    [
        ("What was the rent of a garage in 2021?", "terms-2021.md", "48"),
        ("What is the rent of a garage in the 2024 terms?", "terms-2024.md", "61"),
        ("What was decided in the May minutes?", "minutes-2024-05.md", "rejected"),
        ("What did the board decide in September 2024?", "minutes-2024-09.md", "approved"),
    ],
)
def test_a_document_is_found_by_the_date_that_it_tells(
    folder, question: str, source: str, said: str
) -> None:
    files = {
        "terms-2021.md": RENT.format(48),
        "terms-2024.md": RENT.format(61),
        "minutes-2024-05.md": "# Minutes\n\nThe board rejected the purchase of a crane.",
        "minutes-2024-09.md": "# Minutes\n\nThe board approved the purchase of a crane.",
    }
    answer = Assistant.from_folder(folder(files)).ask(question)
    assert [place.source for place in answer.citations] == [source]
    assert said in answer.text


def test_accounts_that_tell_of_a_year_are_not_of_it(folder) -> None:
    """The row below the year is the answer, and not what another account of that year tells."""
    account = "# {}\n\n{}\n\n|  | 2020 | 2019 |\n|---|---|---|\n| Sales of rope | {} | {} |\n"
    files = {
        "marwick.md": account.format("Marwick", "In thousands of euros.", 41, 35),
        "tarvo.md": account.format("Tarvo", "As of 31 December 2019", 9, 7),
    }
    answer = Assistant.from_folder(folder(files)).ask("the sales of rope of Marwick in 2019?")
    assert answer.citations[0].source == "marwick.md"


@pytest.mark.parametrize(
    ("question", "date", "rest"),
    [
        ("What was the limit in 2021?", Date(2021), "What was the limit?"),
        ("who wrote the 2021 policy", Date(2021), "who wrote the policy"),
        ("What happened on 5 May 2024, and why?", Date(2024, 5, 5), "What happened, and why?"),
        ("the minutes of May 2024", Date(2024, 5), "the minutes"),
        ("the March minutes", Date(0, 3), "the minutes"),
        ("what did we decide in march", Date(0, 3), "what did we decide"),
        ("who is on duty on 21 july?", Date(0, 7, 21), "who is on duty?"),
        ("how many members may march?", None, "how many members may march?"),
        ("what does 20214 mean", None, "what does 20214 mean"),
    ],
)
def test_a_question_names_a_date(question: str, date: Date | None, rest: str) -> None:
    assert date_asked(question) == (date, rest)


def test_a_denial_and_another_name_in_a_later_version_disagree(asked) -> None:
    lists = {
        "devices-2022.md": "# Devices\n\nThe PicoCam is approved for use at sea.",
        "devices-2025.md": "# Devices\n\nThe PicoCam is not approved for use at sea.",
    }
    sources, note = asked(lists, "Is the PicoCam approved for use at sea?")
    assert sources == ["devices-2025.md", "devices-2022.md"]
    assert "disagree" in note
    staff = {
        "staff 2022.md": "# Staff\n\nThe harbour master of Marwick is Ingrid Sund.",
        "staff 2025.md": "# Staff\n\nThe harbour master of Marwick is Olaf Brenn.",
    }
    sources, note = asked(staff, "Who is the harbour master of Marwick?")
    assert sources == ["staff 2025.md", "staff 2022.md"]
    assert "disagree" in note


@pytest.mark.parametrize(
    ("files", "question"),
    [
        (  # two of several
            {"a.md": "Ingrid Sund is a member of the board of Marwick.",
             "b.md": "Olaf Brenn is a member of the board of Marwick."},
            "Who is a member of the board of Marwick?",
        ),
        (  # about two things
            {"a.md": "The ferry Alma leaves at nine.", "b.md": "The ferry Berta leaves at ten."},
            "When does the ferry Alma leave?",
        ),
        (  # one says more
            {"a.md": "The rent of a garage is 48 euros.",
             "b.md": "The rent of a garage is 48 euros, and 30 for a bicycle."},
            "What is the rent of a garage?",
        ),
        (  # the same in other words
            {"a-2021.md": "The rent of a garage is 48 euros a month.",
             "b-2024.md": "The rent of a garage is forty-eight euros a month."},
            "What is the rent of a garage?",
        ),
        (  # the totals of two accounts
            {"harbour 2021.csv": "item,euros\nTotal,480\nPaint,20\n",
             "choir 2024.csv": "item,euros\nTotal,610\nPaint,35\n"},
            "What is the total in euros?",
        ),
        (  # what was done on that day
            {"a 2025-08-01.md": "On 8 August the council opened the new quay of Marwick.",
             "b 2025-09-02.md": "The quay of Marwick was only half built on 8 August."},
            "When did the council open the new quay of Marwick?",
        ),
        (  # from then on, both say
            {"a 2023-09-20.md": "Ada Krol signed a paper on 28 September 2023 that ends the old "
             "choir of Marwick from 1 January 2024.",
             "b 2025-01-02.md": "# Marwick\n\n28 September 2023: Ada Krol decides the end of the "
             "choir from 1 January 2024."},
            "When did the choir of Marwick end?",
        ),
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_no_disagreement(asked, files, question) -> None:
    assert asked(files, question)[1] == ""


def test_no_repetition_that_differs_is_folded(asked) -> None:
    """However much of the rest is the same."""
    rest = "It is paid on the first day of the month by standing order, and never in cash. " * 8
    files = {f"terms {year}.md": f"{RENT.format(sum_)} {rest}" for year, sum_ in
             ((2019, 41), (2022, 48), (2025, 61))}  # fmt: skip
    sources, note = asked(files, "What is the rent of a garage?")
    assert sources == ["terms 2025.md", "terms 2022.md", "terms 2019.md"]
    assert "(2025)" in note


def test_what_a_dated_document_says_has_changed_overrules_one_without_a_date(asked) -> None:
    files = {
        "rules.md": "# Rules\n\nA guest pays 8 euros a visit and may not use the oven.\n",
        "minutes_2025-10-07.txt": "Guests may come on any day again, but the guest fee rises "
        "from 8 to 10 euros in November.\n",
        "hours.txt": "The oven is on from 8 to 10 in the evening.\n",
    }
    sources, note = asked(files, "what does a guest pay?")
    assert sources[:2] == ["minutes_2025-10-07.txt", "rules.md"]
    assert note == (
        "The documents disagree, the newest first: minutes_2025-10-07.txt (2025-10-07); rules.md."
    )


def test_a_message_is_of_the_day_on_which_it_was_sent(folder) -> None:
    message = (
        "From: Ann <ann@example.com>\nDate: Wed, 22 Oct 2025 11:05:00 +0100\n"
        "Subject: Party on 5 July 2024\nContent-Type: text/plain; charset=utf-8\n\nHow lovely!\n"
    )
    assert date_of(load(folder({"party.eml": message}), "party.eml")) == Date(2025, 10, 22)


def test_prices_of_two_things_do_not_disagree(asked) -> None:
    files = {
        "letter 2025-10.txt": "Painting lasts six weeks: 185 euros, or 150 euros for members.\n",
        "courses 2025.md": "# Courses\n\n## Coils\n\n210 euros (members 175 euros).\n",
    }
    assert asked(files, "how much does painting cost for members")[1] == ""
