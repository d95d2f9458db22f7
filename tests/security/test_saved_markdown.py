"""A saved conversation is read in other programs: a document's words stay words there."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from askdoc import Answer, Document
from askdoc.answer.citation import Quote, marked, quoted
from askdoc.types import Span
from askdoc.web.export import exported, plain
from askdoc.web.turns import Turn

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LOADS = "![x](http://192.0.2.1/x.png)"
ALIVE = [
    LOADS, "<img src=http://192.0.2.1/x>", "[a]: http://192.0.2.1 'x'\n\n![a][a]", "# Heading",
    "> quoted", "- item", "1. item", "`code`", "*soft* **bold** _so_ __b__ ~~gone~~", "a\n===",
    "a\n---", "| a | b |\n|---|---|\n| 1 | 2 |", "&#33;&lsqb;x](y)", "<http://192.0.2.1>",
    "\\![x](y)",
]  # fmt: skip


def inline(text: str) -> list[Token]:
    """What Markdown makes of a text, piece by piece."""
    return [each for token in READER.parse(text) for each in (token, *(token.children or ()))]


@pytest.mark.parametrize("text", ALIVE)
def test_nothing_of_a_document_becomes_alive(text: str) -> None:
    document = Document("a.md", text, text, "0" * 64, ())
    sentences, citations = quoted([Quote(Span(document, 0, len(text)))])
    answer = Answer(text, text, marked(sentences), "quotes", sentences, citations, ())
    turns = [Turn.of(answer), Turn(question=text, error=text)]
    kinds = {token.type for token in inline(exported(turns, "md"))}
    assert kinds <= {
        "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text",
        "softbreak", "text_special",
    }  # fmt: skip


@given(st.text(st.sampled_from("ab1 .!#*_`~<>[](){}|\\&;:=+-/'\""), max_size=40))
@example(LOADS)
@example("3.5 million *in* 2023-10-17, $5")
def test_a_text_is_shown_as_it_is_written(text: str) -> None:
    folded = " ".join(text.split())
    shown = "".join(token.content for token in inline(plain(folded)) if token.children is None)
    assert "".join(shown.split()) == "".join(folded.split())
