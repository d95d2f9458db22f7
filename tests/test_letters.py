"""Signs inside words: read over when a text is searched and compared, kept in what is quoted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askdoc import Assistant
from askdoc.answer.encoding import encode
from askdoc.answer.verify.pieces import pieces_of
from askdoc.index.bm25 import terms
from askdoc.types import plain, plain_in_place

ODD = {
    "soft hyphens": "co\u00adope\u00adra\u00adtive",
    "zero width": "co\u200bope\u2060rative",
    "full width": "\uff43\uff4f\uff4f\uff50\uff45\uff52\uff41\uff54\uff49\uff56\uff45",
}


@pytest.mark.parametrize("word", ODD.values(), ids=ODD)
def test_a_word_with_odd_signs_is_the_same_word(word: str) -> None:
    assert plain(word) == "cooperative"
    assert terms(word) == terms("cooperative")
    assert [(piece.text, piece.start, piece.end) for piece in pieces_of(f"a {word}")][1] == (
        "cooperative", 2, len(word) + 2,
    )  # fmt: skip
    asked = encode("q", "f", f"the {word} x", [(0, len(word) + 6)])
    assert (4, len(word) + 4) in asked.offsets


def test_ligatures_and_letters_in_parts_are_folded() -> None:
    assert terms("o\ufb03ce") == terms("office")
    assert terms(unicodedata.normalize("NFD", "Möwe")) == terms("Möwe")
    assert plain("10² ½ m² “x” می\u200cخواهم") == "10² ½ m² “x” می\u200cخواهم"


@given(st.text(alphabet=st.sampled_from("aeé\u0301\u00ad\u200b\ufb01\uff21\u3042 .ç")))
def test_each_plain_letter_has_its_place(text: str) -> None:
    bare, places = plain_in_place(text)
    assert len(places) == len(bare) + 1
    assert places == sorted(places)
    assert places[-1] == len(text)


def test_what_is_written_with_odd_signs_is_found_and_quoted_exactly(folder) -> None:
    files = {
        "0.txt": "Ms Neill runs the co\u00adope\u00adra\u00adtive since 1998.\n",
        "1.txt": "Mr Dorn runs the labo\u200bra\u200btory since 1998.\n",
    }
    assistant = Assistant.from_folder(folder(files))
    for question, name, source in (
        ("Who runs the cooperative?", "Ms Neill", "0.txt"),
        ("Who runs the laboratory?", "Mr Dorn", "1.txt"),
    ):
        answer = assistant.ask(question)
        assert answer.answered
        assert answer.citations[0].quote == files[source].strip()
        assert name in answer.text
