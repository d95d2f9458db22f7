"""Text that is no prose: records, subtitles and logs."""

import json

from askdoc import Document
from askdoc.ingest.chunker import chunk, sentences
from askdoc.ingest.files import load


def told(document: Document) -> list[str]:
    """The sentences of a document."""
    heads = {heading.start for heading in document.headings}
    spans = sentences(document, 0, len(document.text))
    return [document.text[start:end] for start, end in spans if start not in heads]


def test_a_record_is_a_line_with_its_names_and_its_escapes_decoded(folder) -> None:
    boats = [
        {"name": "Möwe", "built": 1931, "oak": True, "owner": {"name": "Ann", "town": None}},
        {"name": "Ente. Rot", "length": 7.50, "crew": ["Bo", "Cy"]},
    ]
    expected = [
        "name: Möwe; built: 1931; oak: true; owner.name: Ann",
        "name: Ente. Rot; length: 7.5; crew: Bo, Cy",
    ]
    text = json.dumps(boats)
    assert "\\u00f6" in text
    lines = "\n".join(map(json.dumps, boats))
    assert told(load(folder({"a.json": text}), "a.json")) == expected
    assert told(load(folder({"a.jsonl": lines}), "a.jsonl")) == expected


def test_what_has_much_in_it_stands_under_the_way_to_it(folder) -> None:
    story = "It was built of oak. " * 20
    value = {"yard": {"boats": [{"name": "Möwe", "story": story}], "town": "Kiel"}}
    document = load(folder({"a.json": json.dumps(value)}), "a.json")
    assert "town: Kiel" in told(document)
    assert "name: Möwe" in told(document)
    assert document.heading_at(document.text.index("It was")) == "yard › boats › story"
    assert told(document).count("It was built of oak.") == 20


def test_numbers_are_as_they_are_written_and_nothing_long_is_lost(folder) -> None:
    value = '{"id": 4006381333931, "price": 1.50, "values": [' + ", ".join(["7.0"] * 900) + "]}"
    document = load(folder({"a.json": value}), "a.json")
    assert "id: 4006381333931; price: 1.50" in document.text
    assert "".join(part.text for part in chunk(document, 600)).count("7.0") == 900


def test_what_is_no_json_is_kept_as_it_stands(folder) -> None:
    for text in ('{"a": 1,}', "[" * 5000, '{"a": 1} {"b"'):
        assert load(folder({"a.json": text + " x"}), "a.json").text == text + " x"


def test_subtitles_are_sentences_under_their_time(folder) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\n<i>The ferry</i> sails\n\n"
        "2\n00:00:02,500 --> 00:00:04,000\nat nine.\n\n"
        "3\n00:01:10,000 --> 00:01:12,000\nThe bell\nrings.\n"
    )
    document = load(folder({"a.srt": text}), "a.srt")
    assert told(document) == ["The ferry sails at nine.", "The bell rings."]
    assert document.heading_at(document.text.index("ferry")) == "At 00:00:01"
    assert document.heading_at(document.text.index("bell")) == "At 00:01:10"
    assert document.title == "a"


def test_each_line_of_a_log_is_told_by_itself(folder) -> None:
    text = "10:01 pump started. ok\n10:02 valve 3 shut\n"
    assert told(load(folder({"a.log": text}), "a.log")) == text.splitlines()
