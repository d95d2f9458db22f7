"""The bi-encoder: other words for the same, each text alone, texts without an end."""

import pytest

from askdoc import Document, Passage
from askdoc.answer.similarity import LETTERS, LONGEST, MODEL, in_its_place, similarities, tokens
from askdoc.ingest.blocks import structure
from askdoc.ingest.formats.text import from_markdown
from askdoc.types import Span

RULES = (
    "Dogs must stay outside of the hall.",
    "Children under eight must come with an adult.",
    "Tickets can be handed back until two days before the show.",
    "The bar closes at eleven.",
    "Drivers find room behind the church.",
)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("are pets allowed", 0),
        ("can my six year old go alone?", 1),
        ("refund", 2),
        ("last drinks", 3),
        ("where can i leave my car", 4),
    ],
)
def test_a_sentence_is_found_by_other_words(question: str, right: int) -> None:
    near = similarities(question, RULES)
    for values in ([each.whole for each in near], [each.words for each in near]):
        assert values.index(max(values)) == right
        assert all(-1 <= value <= 1.001 for value in values)


def test_a_sentence_is_as_near_alone_as_among_others() -> None:
    assert similarities("refund", RULES) == [similarities("refund", [rule])[0] for rule in RULES]


def test_a_sentence_is_compared_where_it_stands() -> None:
    """Under its heading, with the one that it leans on, a row with its header."""
    table = "| Part | Price |\n|---|---|\n| Valve | 12 |\n"
    text = f"# Boiler\n\nThe pump is new. It runs at night.\n\n{table}"
    document = Document("a.md", "House", text, "", structure(text, from_markdown(text).blocks))
    passage = Passage(document, 10, len(text))

    def shown(words: str) -> str:
        start = text.index(words)
        return in_its_place(Span(document, start, start + len(words)), passage)

    assert shown("It runs at night.").endswith("The pump is new. It runs at night.")
    assert shown("The pump is new.") == "House: Boiler: The pump is new."
    assert "Price: 12" in shown("| Valve | 12 |")


@pytest.mark.parametrize("text", ["", "\x00", "a" * 500_000, "\N{PILE OF POO}" * 900, "词" * 9000])
def test_odd_text_is_compared_too(text: str) -> None:
    assert len(tokens(text)) <= LONGEST
    assert tokens(text) == tokens(text[: LETTERS * LONGEST])
    (itself,) = similarities(text, [text])
    assert itself.whole > 0.99
    assert itself.words > 0.99


def test_the_weights_are_small_enough_to_ship() -> None:
    assert MODEL.stat().st_size <= 30_000_000
