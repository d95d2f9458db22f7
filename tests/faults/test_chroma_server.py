"""The vectors on a real Chroma server: the same answers, and one line for what happens to it."""

import json
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromadb
import pytest
from chroma_server import ChromaServer, guarded
from helpers import build_of, fails, printed, recording
from langchain_core.embeddings import Embeddings

from askdoc import Assistant, BadInput, IndexBusy, IndexUnavailable, Progress, Settings
from askdoc.index import dense, hands, index, server
from askdoc.index.index import Index

FERRY = "The ferry to Marwick sails at nine."
TIDE = "The tide in Marwick turns at five."
QUESTIONS = (
    "Who backed Azerbaijan in the 44-day war?",
    "peacekeepers",
    "What is Eagle Partner for?",
    "When was the Republic of Artsakh dissolved?",
)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    """One server for all tests."""
    chroma = ChromaServer(tmp_path_factory.mktemp("served"))
    yield chroma
    chroma.kill()


@pytest.fixture
def chroma(started: ChromaServer) -> ChromaServer:
    """The server, running, also after a test that killed it."""
    started.start()
    return started


class Counting(Embeddings):
    """An embedder that counts what it embeds, and does not embed what it knows."""

    def __init__(self, counted: Index, known: dict[str, list[float]] | None = None) -> None:
        self._inner, self._known, self.texts = counted.embedder, known or {}, 0
        counted.embedder = self

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """What the real one gives."""
        self.texts += len(texts)
        new = [text for text in texts if text not in self._known]
        self._known |= zip(new, self._inner.embed_documents(new), strict=True)
        return [self._known[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """What the real one gives."""
        return self._inner.embed_query(text)


def rankings(of: Index, sources: tuple[str, ...] = ()) -> list[Any]:
    """What both ways to find give for some questions, ids with rounded scores."""
    return [
        [[(passage.id, round(score, 4)) for passage, score in ranking] for ranking in both]
        for both in (of.search(question, 20, sources) for question in QUESTIONS)
    ]


def line(of: Index) -> str:
    """The one line that a search fails with."""
    with pytest.raises(IndexUnavailable) as caught:
        of.search("ferry", 3)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def found(of: Index) -> set[str]:
    """The sources that dense retrieval finds."""
    return {passage.source for passage, _ in of.search("ferry", 50)[0]}


def collections(chroma: ChromaServer) -> set[str]:
    """The names of all collections on a server."""
    quiet = chromadb.Settings(anonymized_telemetry=False)
    client = chromadb.HttpClient("127.0.0.1", chroma.port, settings=quiet)
    return {each.name for each in client.list_collections()}


def test_an_index_moves_to_a_server_and_back_and_finds_the_same(
    assistant: Assistant, chroma: ChromaServer, tmp_path: Path
) -> None:
    """Ids and order are equal, scores too; so are they kept to documents and to metadata."""
    shutil.copytree(assistant.index.folder, tmp_path / "index")
    here = Settings(corpus=assistant.index.corpus, index=tmp_path / "index")
    there = here.model_copy(update={"chroma_url": chroma.url})
    served = Assistant.open(there)
    assert "`askdoc index" in line(served.index)  # never silently without the vectors
    every = assistant.index.sample(10_000)
    known = {passage.indexed_text: vector for passage, vector in assistant.index.vectors(every)}
    embedded = Counting(served.index, known)
    assert served.catch_up() == ""
    assert embedded.texts == served.index.size() > 50
    assert served.index.verify(deep=True) == []
    assert rankings(served.index) == rankings(assistant.index)
    two = ("csto.docx", "eagle-partner.md")
    assert rankings(served.index, two) == rankings(assistant.index, two)
    for where in ({"kind": "pdf"}, {"kind": {"$ne": "pdf"}}):
        hits, right = (each.search("war", where=where) for each in (served, assistant))
        assert [hit.passage.id for hit in hits] == [hit.passage.id for hit in right]
        assert hits
    served.index.close()
    back = Assistant.open(here)
    assert "`askdoc index" in line(back.index)
    embedded = Counting(back.index)
    back.catch_up()
    assert embedded.texts == 0  # what lies in the folder is still right
    assert rankings(back.index) == rankings(assistant.index)


def test_every_command_works_on_it(
    folder, chroma: ChromaServer, capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = folder({"ferry.md": FERRY, "tide.md": TIDE, "bread.md": "Bread needs flour."})
    monkeypatch.setenv("ASKDOC_CHROMA_URL", chroma.url)
    monkeypatch.setenv("ASKDOC_CORPUS", str(root))
    before = collections(chroma)
    printed(capsys, "index")
    (mine,) = collections(chroma) - before
    assert not (build_of(root / ".askdoc") / "chroma").exists()
    printed(capsys, "status", "--deep")
    asked = printed(capsys, "ask", "When does the ferry sail?", "--json")
    assert json.loads(asked)["citations"][0]["source"] == "ferry.md"
    (tmp_path / "answer.json").write_text(asked)
    printed(capsys, "check", tmp_path / "answer.json")
    (root / "tide.md").unlink()
    (root / "ferry.md").write_text(FERRY.replace("nine", "ten"))
    printed(capsys, "status", code=3)
    hits = json.loads(printed(capsys, "search", "ferry tide", "--json"))
    assert {hit["source"]: hit["found_by"] for hit in hits}["ferry.md"] == ["dense", "lexical"]
    assert {hit["source"] for hit in hits} == {"ferry.md", "bread.md"}
    printed(capsys, "check", tmp_path / "answer.json", code=3)
    printed(capsys, "index", "--rebuild")
    (anew,) = collections(chroma) - before
    assert anew != mine
    printed(capsys, "status", "--deep")


def test_a_rebuild_that_fails_leaves_nothing_on_it(folder, chroma: ChromaServer) -> None:
    settings = Settings(corpus=folder({"ferry.md": FERRY}), chroma_url=chroma.url)
    first = Assistant.from_folder(settings=settings).index
    before = collections(chroma)

    def stop(step: Progress) -> None:
        assert len(collections(chroma)) == len(before) + 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index.rebuild(settings, stop)
    assert collections(chroma) == before
    assert found(first) == {"ferry.md"}


def test_a_copy_of_an_index_shares_no_vectors_with_it(folder, chroma: ChromaServer) -> None:
    """As where a corpus is copied with its index, and both are kept up to date."""
    root = folder({"ferry.md": FERRY})
    one = Assistant.from_folder(settings=Settings(corpus=root, chroma_url=chroma.url)).index
    shutil.copytree(root, root.parent / "copy")
    other = Settings(corpus=root.parent / "copy", chroma_url=chroma.url)
    (root.parent / "copy" / "ferry.md").rename(root.parent / "copy" / "boat.md")
    assert found(Assistant.from_folder(settings=other).index) == {"boat.md"}
    Index.rebuild(other)
    assert found(one) == {"ferry.md"}
    assert one.verify(deep=True) == []


def test_a_lost_connection_is_told_and_comes_back(folder, chroma: ChromaServer) -> None:
    settings = Settings(corpus=folder({"ferry.md": FERRY}), chroma_url=chroma.url)
    assistant = Assistant.from_folder(settings=settings)
    chroma.kill()
    told = line(assistant.index)
    assert told == line(assistant.index)
    assert told.startswith(f"Chroma at {chroma.url} cannot be reached (")
    with pytest.raises(IndexUnavailable, match="cannot be reached"):
        Assistant.open(settings)
    chroma.start()
    assert found(assistant.index) == {"ferry.md"}
    assert assistant.ask("When does the ferry sail?").answered


def test_a_server_that_has_lost_all_is_filled_again(folder, chroma: ChromaServer) -> None:
    """Its folder is gone, or an older copy of it is back: the same number may be there."""
    root = folder({"ferry.md": FERRY})
    settings = Settings(corpus=root, chroma_url=chroma.url)
    held = Assistant.from_folder(settings=settings).index
    chroma.kill()
    older = chroma.path.with_name("older")
    shutil.copytree(chroma.path, older)
    chroma.start()
    (root / "ferry.md").write_text(FERRY.replace("nine", "ten"))
    held.sync()
    for left in (older, None):
        chroma.kill()
        shutil.rmtree(chroma.path)
        if left:
            shutil.copytree(left, chroma.path)
        chroma.start()
        assert "--rebuild`" in line(Index.open(settings))
        counted = Counting(held)
        held.sync()
        assert counted.texts == 1
        assert held.verify(deep=True) == []
        assert found(held) == {"ferry.md"}


def test_indexing_that_a_kill_of_the_server_ends_is_completed(
    folder, chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the manifest names is there at any moment, old passages go last, nothing is lost."""
    root = folder({f"{n}.md": f"Ferry {n} sails to {n}." for n in range(8)})
    monkeypatch.setattr(hands, "STEP", 2)
    monkeypatch.setattr(index, "STEP", 2)
    monkeypatch.setattr(hands.Hands, "together", 2)
    held = Assistant.from_folder(settings=Settings(corpus=root, chroma_url=chroma.url)).index
    for path in root.iterdir():
        if path.is_file():
            path.write_text(path.read_text().replace("sails", "steams"))
    (root / "new.md").write_text(FERRY)
    add, calls = dense.Dense.add, []

    def killed(self: dense.Dense, *given: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            chroma.kill()
        add(self, *given)

    with monkeypatch.context() as killing:
        killing.setattr(dense.Dense, "add", killed)
        with pytest.raises(IndexUnavailable, match="Chroma at") as caught:
            held.sync()
    assert "\n" not in str(caught.value)
    chroma.start()
    manifest = held.stores.manifest
    assert {f"{n}.md" for n in range(8)} <= manifest.files().keys()
    assert manifest.sources().keys() <= held.stores.dense.ids()
    assert found(held) >= {f"{n}.md" for n in range(8)}
    held.sync()
    assert held.verify(deep=True) == []
    assert len(held.stores.dense) == 9
    assert "steams" in held.document("3.md").text


def test_two_processes_use_one_index_while_one_writes(
    folder, chroma: ChromaServer, other, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder({"ferry.md": FERRY} | {f"{n}.md": f"Bread {n} needs flour." for n in range(60)})
    settings = Settings(corpus=root, chroma_url=chroma.url)
    reader = Assistant.from_folder(settings=settings).index
    named = root.parent / "named"
    named.write_text(f"ASKDOC_CHROMA_URL={chroma.url}\n")
    for n in range(60):
        (root / f"{n}.md").write_text(f"Bread {n} needs rye and a ferry.")
    done: list[tuple[int, str, str]] = []
    writer = threading.Thread(target=lambda: done.append(other("index", root, "--env-file", named)))
    writer.start()
    asked = 0
    while writer.is_alive():
        by_vectors, by_terms = reader.search("When does the ferry to Marwick sail?", 50)
        assert by_vectors[0][0].text == by_terms[0][0].text == FERRY
        asked += 1
    assert done[0][0] == 0, done
    assert asked > 1
    assert all("rye" in passage.text for passage, _ in reader.search("bread", 400)[0][:60])

    def second(step: Progress) -> None:
        with pytest.raises(IndexBusy, match="is writing to the index"):
            Index.open(settings).sync(patience=0)
        refused.append(step)

    refused: list[Progress] = []
    (root / "new.md").write_text(TIDE)
    reader.sync(second)
    assert refused


def test_what_is_no_server_or_no_chroma_gets_one_line(folder, capsys) -> None:
    root = folder({"ferry.md": FERRY})
    with recording() as (elsewhere, sent):
        for url, told in (
            ("http://127.0.0.1:9", "cannot be reached"),
            ("http://anna:hunter22@127.0.0.1:9", "Chroma at http://…@127.0.0.1:9 cannot be"),
            (elsewhere, "does not answer as Chroma 1 does"),
            ("not-an-address", "must look like http://host:8000"),
            ("http://host:port", "must look like http://host:8000"),
        ):
            with pytest.raises((IndexUnavailable, BadInput), match=told) as caught:
                Index.open(Settings(corpus=root, chroma_url=url))
            assert "\n" not in str(caught.value)
            assert "hunter22" not in str(caught.value)
        assert sent
    (root.parent / "named").write_text("ASKDOC_CHROMA_URL=http://127.0.0.1:9\n")
    for command in ("index", "search"):
        words = [root] if command == "index" else ["ferry", "--corpus", root]
        assert "reached" in fails(capsys, command, *words, "--env-file", root.parent / "named")


def test_words_that_are_no_chroma_get_one_line(folder) -> None:
    """As of a page for everything, which is what many a wrong port shows."""
    import http.server

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Says hello."""
            self.rfile.read(int(self.headers["content-length"] or 0))
            self.send_response(200)
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        do_POST = do_GET

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{page.server_address[1]}"
        with pytest.raises(IndexUnavailable, match="does not answer as Chroma 1 does"):
            Index.open(Settings(corpus=folder({"ferry.md": FERRY}), chroma_url=url))
        page.shutdown()


@pytest.mark.skipif(sys.platform != "linux", reason="how another process is held up or kept short")
def test_a_slow_server_and_a_full_one_get_one_line(
    folder, chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder({"ferry.md": FERRY})
    settings = Settings(corpus=root, chroma_url=chroma.url)
    assistant = Assistant.from_folder(settings=settings)
    with monkeypatch.context() as impatient:
        for module in (dense, server):
            impatient.setattr(module, "SILENT", 1)
        held = Index.open(settings)
        with chroma.silent():
            assert "has been silent for 1 seconds" in line(held)
    assert found(held) == {"ferry.md"}
    (root / "tide.md").write_text(TIDE)
    with chroma.full():
        told = assistant.catch_up()
    assert re.match(r"Chroma at \S+ refuses \(.+\): see to its log and its disk; answers ", told)
    chroma.kill()  # Chroma may leave later requests waiting for what was in use then
    chroma.start()
    assert assistant.ask("When does the ferry sail?").answered
    assert assistant.sync().added == ("tide.md",)
    assert assistant.index.verify(deep=True) == []


def test_a_token_and_tls_are_taken_as_a_proxy_asks_for_them(
    folder, chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root, token = folder({"ferry.md": FERRY}), "hunter22!"
    with guarded(chroma.port, token, tmp_path) as (url, certificate):
        settings = Settings(corpus=root, chroma_url=url, chroma_token=token)
        with pytest.raises(IndexUnavailable, match=r"not trusted .*SSL_CERT_FILE"):
            Index.open(settings)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        for wrong in (None, "other"):
            with pytest.raises(IndexUnavailable, match="ASKDOC_CHROMA_TOKEN") as caught:
                Index.open(Settings(corpus=root, chroma_url=url, chroma_token=wrong))
            assert "other" not in str(caught.value)
        assert Assistant.from_folder(settings=settings).ask("When does the ferry sail?").answered
        assert token not in repr(settings)
    with pytest.raises(BadInput, match="setting chroma_token = …") as refused:
        Settings(chroma_token=f"{token}\n")
    assert token not in str(refused.value)
