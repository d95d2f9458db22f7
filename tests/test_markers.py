"""The markers that models write, whole and in pieces."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askdoc.answer.citation import MARKER, claims, marked
from askdoc.types import Sentence

PIECES = st.sampled_from(
    [
        "The bridge opened", "in 2023", ". ", ".", "Dr. Smith came.", "\n", "\n\n", "- ", "1. ",
        "# ", "[1]", "[2]", "[1, 2]", "[1][2]", "【1】", "【3†source】", "[passage 2]", "[1-3]",
        "[0]", "[99999]", "[", "]", "【", "[1", ", 2]", "```\n", "`x[1]`", "code[7]", "😀",
        "وقال", "<b>", "“Go.", "”", " ", "![x](http://a.b/c.png)", "https://example.org/[1]",
        "e.g. this", "\t", "\r\n", "\0",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("It opened [1[2]].", [(2,)]),
        ("It opened in 2023 [1]. It closed [2].", [(1,), (2,)]),
        ("It opened in 2023. [1] It closed. [2]", [(1,), (2,)]),
        ("It opened [1, 2]. It closed [2][3]. It is gone [1-3].", [(1, 2), (2, 3), (1, 2, 3)]),
        ("It opened 【1】. It closed【4†lines 3-5】.", [(1,), (4,)]),
        ("It opened [passage 2]. It closed [Sources 1 and 3].", [(2,), (1, 3)]),
        ("[1] It opened. It closed [2].", [(1,), (2,)]),
        ("- It opened [1]\n- It closed\n- [3] It is gone", [(1,), (), (3,)]),
        ("It opened [1][1, 1].", [(1,)]),
        ("It opened.", [()]),
        ("Dr. Smith came [1]. So did e.g. Mr. Li [2].", [(1,), (2,)]),
    ],
)
def test_a_marker_belongs_to_its_sentence(written: str, numbers: list[tuple[int, ...]]) -> None:
    assert [claim.numbers for claim in claims(written)] == numbers
    assert not any("[" in claim.text or "【" in claim.text for claim in claims(written))


def test_lines_and_lists_keep_their_shape() -> None:
    written = "Two things:\n\n1. It opened [1].\n2. It closed [2]."
    found = claims(written)
    assert [claim.text for claim in found] == ["Two things:", "It opened.", "It closed."]
    shown = marked([Sentence(claim.text, claim.numbers, lead=claim.lead) for claim in found])
    assert shown == "Two things:\n\n1. It opened. [1]\n2. It closed. [2]"


def test_code_is_left_alone() -> None:
    found = claims("Do this:\n```py\nx[1] = y[2]\n```\nThen `z[3]` is set [4].")
    assert [claim.text for claim in found] == [
        "Do this:",
        "```py\nx[1] = y[2]\n```",
        "Then `z[3]` is set.",
    ]
    assert [claim.numbers for claim in found] == [(), (), (4,)]


def test_what_is_no_number_of_a_passage_is_not_shown_as_a_marker() -> None:
    (claim,) = claims("It opened [123456] long ago.")
    assert claim.text == "It opened (123456) long ago."


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_or_shown_as_a_marker(written: str) -> None:
    found = claims(written)
    assert all(claim.text.strip() == claim.text != "" for claim in found)
    for claim in found:
        if "`" not in written:
            assert not re.search(r"\[\d+\]|【\d+】", claim.text)
    # Without markers nothing goes but white space and the signs of empty lines.
    if not re.search(r"[\[【]", written):
        kept = "".join(claim.lead + claim.text for claim in found)
        assert re.findall(r"[^\W\d]", kept) == re.findall(r"[^\W\d]", written)


@given(TEXTS, st.data())
@settings(max_examples=300, deadline=None)
def test_the_streamed_result_is_the_unsplit_one(written: str, data: st.DataObject) -> None:
    """However the text is cut, its end is the same, and no half of a marker is ever shown."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(written)), max_size=12)) | {len(written)})
    assert claims(written[: cuts[-1]]) == claims(written)
    for cut in cuts:
        found = claims(written[:cut], finished=False)
        for marker in MARKER.finditer(written):
            half = written[marker.start() : cut].strip()
            if half and found and "`" not in written and cut < marker.end():
                before = claims(written[: marker.start()])
                was_there = bool(before) and before[-1].text.endswith(half)  # as in "[[1]["
                assert was_there or not found[-1].text.endswith(half)
