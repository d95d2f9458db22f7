"""What documents tell of themselves, and questions that are kept to those that tell something."""

import asyncio
import json
import sqlite3
import zipfile
from io import BytesIO

import httpx
import pytest
from docx import Document as WordDocument
from helpers import build_of, fails, printed
from made_files import MADE, saved
from mcp_client import called
from openai import OpenAI

from askdoc import Assistant, BadInput, IndexMismatch, Settings
from askdoc.index import dense
from askdoc.index.filter import condition
from askdoc.ingest.files import load
from askdoc.ingest.formats.properties import PARTS, of_front_matter

WHEN = "When does the ferry to Marwick sail?"
FRONT = """---
title: Ferry times
author: Ann Smith; Bob Jones
date: 5 March 2024
tags: [sea, travel]
reviewed: true
version: 3
---

# Sailing

The ferry to Marwick sails at nine.
"""
MAIL = """From: Ann Smith <ann@example.org>
Date: Tue, 09 May 2023 10:00:00 +0200
Subject: The ferry

The ferry to Marwick will sail at seven.
"""


def word(author: str, text: str) -> bytes:
    """A Word document by somebody."""
    document = WordDocument()
    document.core_properties.author = author
    document.core_properties.keywords = "tide, ferry"
    document.add_paragraph(text)
    return saved(document)


@pytest.fixture(scope="module")
def ferries(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant over documents of several kinds, authors and dates."""
    root = tmp_path_factory.mktemp("ferries")
    (root / "old").mkdir()
    (root / "times.md").write_text(FRONT)
    (root / "mail.eml").write_text(MAIL)
    (root / "plan.docx").write_bytes(word("Cy Moss", "The ferry to Marwick may sail at eight."))
    kept = "---\nkind: pdf\nfolder: public\n---\nBread costs three crowns."
    (root / "old" / "kept.md").write_text(kept)
    (root / "old" / "minutes-2021-05.txt").write_text("Minutes\n\nThe ferry sailed at six.")
    return Assistant.from_folder(root)


def sources(assistant: Assistant, where: object) -> set[str]:
    """The sources of what matches."""
    return set(assistant.index.matching(where)) - {"old/kept.md"}


def test_files_tell_of_themselves(ferries: Assistant) -> None:
    told = {hit.passage.source: dict(hit.passage.metadata) for hit in ferries.search(WHEN)}
    assert told["times.md"] == {
        "author": ["Ann Smith", "Bob Jones"], "date": "2024-03-05", "tags": ["sea", "travel"],
        "reviewed": True, "version": 3, "kind": "md", "folder": "", "language": "en",
    }  # fmt: skip
    assert told["mail.eml"].items() >= {
        "author": "Ann Smith", "from": "ann@example.org", "date": "2023-05-09", "kind": "eml",
    }.items()  # fmt: skip
    assert told["plan.docx"]["author"] == "Cy Moss"
    assert told["plan.docx"]["keywords"] == ["tide", "ferry"]
    assert told["old/minutes-2021-05.txt"] == {"date": "2021-05", "kind": "txt", "folder": "old"}
    # No file passes for one of another kind, or in another folder.
    told["old/kept.md"] = ferries.document("old/kept.md").metadata
    assert told["old/kept.md"].items() >= {"kind": "md", "folder": "old"}.items()
    assert ferries.document("times.md").title == "Ferry times"
    assert ferries.document("times.md").text == FRONT  # as it stands in the file


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx", ".odt", ".odp", ".ods"])
def test_office_files_tell_their_author_and_when_they_were_last_changed(folder, suffix) -> None:
    made, changed = ("creation-date", "date") if suffix[:3] == ".od" else ("created", "modified")
    told = (
        '<told xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Ann Smith</dc:creator>'
        f"<dc:{made}>2013-12-23T23:15:00Z</dc:{made}>"  # of the template that it was made from
        f"<dc:{changed}>2024-03-05T09:00:00Z</dc:{changed}></told>"
    )
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(MADE[suffix]())) as before, zipfile.ZipFile(file, "w") as after:
        for part in before.infolist():
            if part.filename not in PARTS:
                after.writestr(part, before.read(part))
        after.writestr(PARTS[suffix.startswith(".od")], told)
    document = load(folder({f"told{suffix}": file.getvalue()}), f"told{suffix}")
    assert document.metadata.items() >= {"author": "Ann Smith", "date": "2024-03-05"}.items()


def test_a_pdf_tells_its_author_and_date(assistant: Assistant) -> None:
    told = assistant.document("lachin-corridor.pdf").metadata
    assert told.items() >= {"author": "askdoc briefing", "date": "2026-11-22"}.items()
    assert told["subject"].startswith("Lachin corridor")
    assert "keywords" not in told  # it has an empty one


@pytest.mark.parametrize(
    "front", ["author: [", "- a\n- b", "{" * 500, "date: 2024-02-30", "just words", "a: {b: c}"]
)
def test_what_is_no_front_matter_tells_nothing(front: str) -> None:
    assert of_front_matter(f"---\n{front}\n---\n\nThe ferry sails at nine.\n") == {}


def test_what_is_told_is_flat_and_short() -> None:
    told = of_front_matter(
        f"---\na: &x [1, two, [3], null]\nb: {'long ' * 900}\n7: .nan\nc: 2024-05-12 10:00:00\n"
        "author: [Ann]\ndate: 12.5.2024\ne: ''\nf: *x\ng: no\n---\n"
    )
    assert len(told.pop("b")) == 1000
    assert told == {
        "a": [1, "two"], "c": "2024-05-12T10:00:00", "author": "Ann", "date": "2024-05-12",
        "f": [1, "two"], "g": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"author": "Ann Smith"}, {"times.md", "mail.eml"}),
        ({"author": {"$ne": "Ann Smith"}}, {"plan.docx", "old/minutes-2021-05.txt"}),
        ({"date": {"$gte": "2023-01-01", "$lt": "2024"}}, {"mail.eml"}),
        ({"date": {"$lte": "2021-12-31"}}, {"plan.docx", "old/minutes-2021-05.txt"}),
        ({"date": {"$gt": "2021-05"}}, {"times.md", "mail.eml"}),
        ({"version": {"$gt": 2.5}}, {"times.md"}),
        ({"reviewed": True}, {"times.md"}),
        ({"kind": {"$in": ["md", "eml"]}}, {"times.md", "mail.eml"}),
        ({"kind": {"$nin": ["md", "eml"]}}, {"plan.docx", "old/minutes-2021-05.txt"}),
        ({"$or": [{"tags": "sea"}, {"folder": "old"}]}, {"times.md", "old/minutes-2021-05.txt"}),
        ({"$and": [{"author": "Ann Smith"}, {"kind": "eml"}]}, {"mail.eml"}),
        ({"source": "mail.eml"}, {"mail.eml"}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",  # a set has no order
)
def test_what_matches_counts(ferries: Assistant, where, found: set[str]) -> None:
    assert sources(ferries, where) == found


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ({"author": "Z"}, "no document matches where = {\"author\": \"Z\"}: they tell author, "),
        ({"reviewed": 1}, "no document matches"),
        ({"version": {"$gt": "2"}}, "no document matches"),
        ({"author": {"$like": "A"}}, "author has \"$like\", which is none of $eq, "),
        ({"date": {"$gte": None}}, "date: $gte = null: compare with text or a number"),
        ({"date": {"$gte": True}}, "date: $gte = true: compare with text or a number"),
        ({"kind": {"$in": "md"}}, "kind: $in = \"md\": give a list"),
        ({"kind": ["md"]}, "kind: $eq = [\"md\"]: compare with text, a number, true or false"),
        ({"$and": []}, "$and = []: give a list of conditions"),
        ({"$not": {}}, "\"$not\" is none of $and, $or"),
        ("author = Ann", "where = \"author = Ann\": give conditions"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_asked_is_told_in_a_line(ferries: Assistant, where, line: str) -> None:
    with pytest.raises(BadInput) as caught:
        ferries.ask(WHEN, where=where)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_conditions_do_not_nest_without_end() -> None:
    where: dict = {"a": 1}
    for _ in range(5000):
        where = {"$and": [where]}
    for nested in (where, {"a": {"$eq": where}}):
        with pytest.raises(BadInput, match="deep"):
            condition(nested)


def test_answers_and_sources_obey(ferries: Assistant) -> None:
    answer = ferries.ask(WHEN, where={"date": {"$lt": "2024"}, "kind": "eml"})
    assert {cited.source for cited in answer.citations} == {"mail.eml"}
    assert {hit.passage.source for hit in answer.closest} == {"mail.eml"}
    both = ferries.search(WHEN, sources=["times.md", "plan.docx"], where={"author": "Ann Smith"})
    assert {hit.passage.source for hit in both} == {"times.md"}
    with pytest.raises(BadInput, match="no document matches"):
        ferries.search(WHEN, sources=["plan.docx"], where={"author": "Ann Smith"})


def test_both_ways_to_find_obey_though_most_are_chosen(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chroma can be told only so many names: then it is told those that do not count."""
    monkeypatch.setattr(dense, "MOST_NAMED", 3)
    assistant = Assistant.from_folder(
        folder({f"{n}.md": f"---\nn: {n}\n---\nFerry {n} sails at nine." for n in range(10)})
    )
    for where, found in (({"n": {"$gte": 3}}, range(3, 10)), ({"n": {"$lt": 3}}, range(3))):
        matching = assistant.index.matching(where)
        for ranking in assistant.index.search("Which ferry sails?", 20, matching):
            assert {passage.source for passage, _ in ranking} == {f"{n}.md" for n in found}
    with pytest.raises(BadInput, match="5 documents are chosen, and 5 are not: choose 3 or fewer"):
        assistant.search("Which ferry sails?", where={"n": {"$gte": 5}})


def test_the_retriever_obeys_and_hands_on_what_is_told(ferries: Assistant) -> None:
    found = ferries.as_retriever(where={"kind": "eml"}).invoke(WHEN)
    assert {one.metadata["author"] for one in found} == {"Ann Smith"}
    assert {one.metadata["source"] for one in found} == {"mail.eml"}


def test_an_event_loop_obeys(ferries: Assistant) -> None:
    async def asked() -> None:
        where = {"kind": "eml"}
        found = {hit.passage.source for hit in await ferries.asearch(WHEN, where=where)}
        steps = [answer async for answer in ferries.astream(WHEN, where=where)]
        answer = await ferries.aask(WHEN, where=where)
        for each in (steps[-1], answer):
            assert {cited.source for cited in each.citations} == found == {"mail.eml"}
        through = await ferries.as_retriever(where=where).ainvoke(WHEN)
        assert {one.metadata["source"] for one in through} == found

    asyncio.run(asked())


def test_the_shell_obeys(ferries: Assistant, capsys) -> None:
    place = ("--corpus", ferries.settings.corpus, "--json")
    only = ("--where", '{"author": "Ann Smith", "kind": "eml"}')
    answer = json.loads(printed(capsys, "ask", WHEN, *place, *only))
    assert {cited["source"] for cited in answer["citations"]} == {"mail.eml"}
    hits = json.loads(printed(capsys, "search", WHEN, *place, *only))
    assert {hit["source"] for hit in hits} == {"mail.eml"}
    assert "--where is no JSON" in fails(capsys, "ask", WHEN, *place[:2], "--where", "author=Ann")


def test_programs_and_agents_obey(address: str) -> None:
    """Over HTTP, in the form of OpenAI's API, and by MCP; the corpus has one document in Word."""
    asked, where = "What is the CSTO?", {"kind": "docx"}
    post = {"timeout": 60, "json": {"question": asked, "where": where}}
    for answer in (
        httpx.post(f"{address}/api/ask", **post).json(),
        json.loads(httpx.post(f"{address}/api/ask/stream", **post).text.splitlines()[-1]),
        OpenAI(base_url=f"{address}/v1", api_key="none").chat.completions.create(
            model="askdoc", messages=[{"role": "user", "content": asked}],
            extra_body={"where": where},
        ).choices[0].message.askdoc,
    ):  # fmt: skip
        assert {cited["source"] for cited in answer["citations"]} == {"csto.docx"}
    hits = httpx.post(f"{address}/api/search", timeout=60, json={"query": asked, "where": where})
    assert {hit["source"] for hit in hits.json()} == {"csto.docx"}
    refused = httpx.post(f"{address}/api/search", json={"query": asked, "where": {"kind": "odt"}})
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("no document matches")
    _, answer, found = called(
        address, {}, ("ask", {"question": asked, "where": where}),
        ("search", {"query": asked, "where": where}),
    )  # fmt: skip
    assert {cited["source"] for cited in answer.structuredContent["citations"]} == {"csto.docx"}
    assert {hit["source"] for hit in found.structuredContent["result"]} == {"csto.docx"}


def test_an_index_of_before_is_to_be_built_again(folder) -> None:
    root = folder({"a.md": "The ferry sails at nine."})
    settings = Settings(corpus=root)
    Assistant.from_folder(root).index.close()
    with sqlite3.connect(build_of(settings.index_folder) / "manifest.sqlite") as db:
        db.execute("ALTER TABLE documents DROP COLUMN metadata")
    with pytest.raises(IndexMismatch, match=r"without metadata.*build it again with"):
        Assistant.from_folder(root)
