"""Documents that are no files: beside those of the folder, or without any."""

import gc
import json
from pathlib import Path

import httpx
import pytest
from helpers import printed
from langchain_core.documents import Document as TheirDocument

from askdoc import NO_ANSWER, Assistant, BadInput, Settings
from askdoc.index.index import Index

WHEN = "When does the ferry to Marwick sail?"
URL = "https://example.org/ferry"
FERRY = "# Ferry\n\nThe ferry to Marwick sails at nine. It carries sixty cars and has a bar."
GIVEN = {"id": URL, "text": FERRY, "metadata": {"author": "Ann; Bob", "year": 2024}}


@pytest.fixture
def root(folder) -> Path:
    return folder({"bread.md": "# Bread\n\nBread costs three crowns."})


def test_what_is_added_is_cited_like_a_file_and_stays(root: Path, capsys) -> None:
    assistant = Assistant.from_folder(root)
    assert assistant.add([GIVEN]) == [URL]
    answer = assistant.ask(WHEN)
    (cited,) = answer.citations
    assert (cited.source, cited.title) == (URL, "Ferry")
    assert assistant.document(URL).text[cited.start : cited.end] == cited.quote
    metadata = assistant.document(URL).metadata
    assert metadata == {"author": "Ann; Bob", "year": 2024, "language": "en"}
    hits = assistant.search(WHEN, where={"year": {"$gte": 2024}})
    assert {hit.passage.source for hit in hits} == {URL}

    assert assistant.sync().kept == ("bread.md", URL)
    assert assistant.index.verify(deep=True) == []
    again = Assistant.from_folder(root)  # as another process has it
    assert again.ask(WHEN).citations == answer.citations
    (root / ".askdocignore").write_text("https*\nferry\n")  # it says what files count
    assert again.ask(WHEN).citations == answer.citations
    json.loads(printed(capsys, "status", "--corpus", root, "--json"))

    rebuilt, report = Index.rebuild(again.settings)
    assert {row.source for row in report.documents} == {"bread.md", URL}
    assert Assistant(rebuilt).ask(WHEN).citations == answer.citations
    assert Assistant(rebuilt).document(URL).metadata == metadata

    assistant.remove([URL])
    assert assistant.search(WHEN)[0].passage.source == "bread.md"
    assert again.ask(WHEN).text == NO_ANSWER
    assert again.sync().kept == ("bread.md",)


def test_an_answer_of_it_is_checked_against_the_index(root: Path, tmp_path: Path, capsys) -> None:
    assistant = Assistant.from_folder(root)
    assistant.add([GIVEN])
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(assistant.ask(WHEN).as_dict()))
    assert "stands" in printed(capsys, "check", file, "--corpus", root)
    assistant.add([GIVEN | {"text": FERRY.replace("nine", "ten")}])
    assert "sails at ten" in assistant.ask(WHEN).citations[0].quote
    assert "are gone" in printed(capsys, "check", file, "--corpus", root, code=3)
    assistant.remove([URL])
    assert "is not in" in printed(capsys, "check", file, "--corpus", root, code=3)


def test_texts_mappings_and_documents_of_langchain() -> None:
    assistant = Assistant.from_documents([
        FERRY,
        {"text": "Bread costs three crowns.", "title": "Prices", "id": "prices"},
        TheirDocument("Whale oil lit the lamps.", id="w1", metadata={"source": "x", "page": 3}),
        TheirDocument("The choir meets on Monday.", metadata={"page": 4, "loc": {"a": 1}}),
    ])  # fmt: skip
    first, last = (hit.passage.source for hit in (
        *assistant.search(WHEN, 1), *assistant.search("When does the choir meet?", 1)))  # fmt: skip
    assert assistant.document("prices").title == "Prices"
    assert {first[:5], last[:5]} == {"text-"}
    assert assistant.document("w1").metadata.items() >= {"page": 3}.items()
    assert "loc" not in assistant.document(last).metadata
    assert assistant.add([FERRY]) == [first]  # the same text is the same document
    assert len(assistant.index.reports()) == 4
    corpus = assistant.settings.corpus
    assert corpus.is_dir()
    del assistant
    gc.collect()
    assert not corpus.exists()


@pytest.mark.parametrize(
    ("documents", "line"),
    [
        ([{"text": "a", "id": "bread.md"}], "'bread.md' is that of a file in the folder"),
        ([{"text": "a", "id": ".hidden"}], "'.hidden' is that of a file in the folder"),
        ([{"text": "a", "id": "x"}, {"text": "b", "id": "x"}], "'x' is there twice"),
        ([{"text": "a", "id": "../../etc/passwd"}], "leads out of the folder"),
        ([{"text": "a", "id": "/etc/passwd"}], "leads out of the folder"),
        ([{"text": "a", "id": "a\nb"}], "give one line"),
        ([{"text": "a", "id": "folder/"}], "give one line"),
        ([{"text": "a", "id": 7}], "give one line"),
        ([" \n"], "has no text"),
        ([{"title": "a"}], "has no text"),
        ([{"text": "a", "body": "b"}], "has 'body': it can have text, title, id, metadata"),
        ([{"text": "a", "metadata": "b"}], "no names with values"),
        ([7], "is no text, no mapping"),
        ("a text", "give them in a list"),
    ],
    ids=str,
)
def test_what_cannot_be_added_is_told_and_nothing_is_taken(
    broken: Assistant, documents, line: str
) -> None:
    whole = ["Whale oil lit the lamps.", *documents] if isinstance(documents, list) else documents
    with pytest.raises(BadInput) as caught:
        broken.add(whole)
    assert line in str(caught.value)
    assert [row.source for row in broken.index.reports()] == ["bread.md"]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant over a folder of one document and a file that does not count."""
    root = tmp_path_factory.mktemp("broken")
    (root / "bread.md").write_text("Bread costs three crowns.")
    (root / ".hidden").write_text("Nobody reads this.")
    return Assistant.from_folder(root)


def test_only_what_was_added_can_be_removed(broken: Assistant) -> None:
    for ids in (["bread.md"], ["none"]):
        with pytest.raises(BadInput, match="no document was added as"):
            broken.remove(ids)
    with pytest.raises(BadInput, match="in a list"):
        broken.remove("bread.md")


def test_a_file_of_that_name_takes_its_place(root: Path) -> None:
    assistant = Assistant.from_folder(root)
    assistant.add([{"id": "ferry.md", "text": FERRY}])
    (root / "ferry.md").write_text(FERRY)  # of the very same text
    assert assistant.sync().kept == ("bread.md", "ferry.md")
    assert assistant.index.given() == set()
    (root / "ferry.md").unlink()
    assert assistant.sync().removed == ("ferry.md",)


def test_what_the_ways_to_find_have_lost_comes_back(root: Path) -> None:
    """As where a Chroma server is gone: there is no file to read it from again."""
    assistant = Assistant.from_folder(root)
    assistant.add([GIVEN])
    assistant.index.stores.dense.remove(sorted(assistant.index.stores.dense.ids()))
    assistant.sync()
    assert assistant.index.verify() == []
    assert assistant.ask(WHEN).citations[0].source == URL


def test_the_page_shows_its_text_and_deletes_it(root: Path) -> None:
    from starlette.testclient import TestClient

    from askdoc.web import documents
    from askdoc.web.app import create_app

    assistant = Assistant.from_folder(root, Settings())
    assistant.add([GIVEN])
    client = TestClient(create_app(assistant), base_url="http://127.0.0.1")
    shown = client.get("/api/document", params={"source": URL})
    assert "sails at nine" in shown.text
    whole = client.get("/api/original", params={"source": URL})
    assert (whole.text, whole.headers["content-disposition"]) == (FERRY, "attachment")
    assert URL in documents.report(assistant)
    documents.delete(assistant, [URL])
    assert assistant.index.given() == set()
    assert client.get("/api/original", params={"source": URL}).status_code == httpx.codes.NOT_FOUND
