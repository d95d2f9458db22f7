"""The index: what a sync does and leaves alone, and the Chroma server in place of the folder."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import chromadb
import pytest

from askdoc import Assistant, Progress, Settings
from askdoc.index import Index


def test_a_sync_works_only_on_what_changed(folder) -> None:
    root = folder(
        {"a.md": "The ferry sails.", "b.md": "The tide turns.", "c.md": "The gull cries."}
    )
    index = Index(Settings(corpus=root))
    first = index.sync()
    assert first.added == ("a.md", "b.md", "c.md")
    (root / "a.md").write_text("The ferry sank.")
    (root / "b.md").unlink()
    (root / "d.md").write_text("The lamp burns.")
    seen: list[Progress] = []
    second = index.sync(seen.append)
    assert (second.added, second.changed, second.removed, second.kept) == (
        ("d.md",), ("a.md",), ("b.md",), ("c.md",),
    )  # fmt: skip
    assert {step.source for step in seen} == {"a.md", "d.md"}
    assert seen[-1].done == seen[-1].total > 0
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert index.verify() == []


def test_a_file_that_was_only_touched_is_not_read_again(folder) -> None:
    root = folder({"a.md": "The ferry sails."})
    index = Index(Settings(corpus=root))
    index.sync()
    (root / "a.md").touch()
    assert index.sync().kept == ("a.md",)
    assert index.verify() == []


def test_an_interrupted_sync_is_completed_by_the_next(folder) -> None:
    """Ctrl-C keeps what is done and breaks nothing."""
    root = folder({f"{n}.md": f"Ferry {n} sails. " * 40 for n in range(40)})
    index = Index(Settings(corpus=root, passage_size=100))

    def stop(step: Progress) -> None:
        if step.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.sync(stop)
    again = Index(Settings(corpus=root, passage_size=100))
    report = again.sync()
    assert len(report.documents) == 40
    assert again.verify() == []


def test_an_index_can_be_opened_with_chroma_alone(folder) -> None:
    """What is in Chroma is what a user of Chroma expects: texts, sources, cosine."""
    root = folder({"a.md": "# Ferry\n\nThe ferry sails at nine."})
    index = Index(Settings(corpus=root))
    index.sync()
    (collection,) = chromadb.PersistentClient(
        root / ".askdoc" / "chroma", settings=chromadb.Settings(anonymized_telemetry=False)
    ).list_collections()
    held = collection.get()
    assert held["documents"] == ["The ferry sails at nine."]
    assert held["metadatas"] == [{"source": "a.md", "title": "Ferry", "start": 9, "end": 33}]
    assert collection.configuration["hnsw"]["space"] == "cosine"


def test_a_lost_manifest_leaves_nothing_that_answers(folder) -> None:
    root = folder({"a.md": "The ferry sails at nine.", "b.md": "Bread."})
    first = Index(Settings(corpus=root))
    first.sync()
    first.close()
    for path in (root / ".askdoc").glob("manifest.sqlite*"):
        path.unlink()
    (root / "a.md").unlink()
    again = Index(Settings(corpus=root))
    assert again.sync().added == ("b.md",)
    assert again.verify() == []


def test_the_index_lies_in_the_corpus_and_out_of_version_control(folder) -> None:
    root = folder({"a.md": "The ferry sails."})
    Index(Settings(corpus=root)).sync()
    assert (root / ".askdoc" / ".gitignore").read_text() == "*\n"
    assert sorted(path.name for path in root.iterdir()) == [".askdoc", "a.md"]


@pytest.fixture
def chroma_server(tmp_path: Path) -> Iterator[str]:
    """A real Chroma server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chroma = Path(sys.executable).parent / "chroma"
    command = [chroma, "run", "--path", tmp_path / "served", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def test_the_dense_leg_can_live_on_a_chroma_server(folder, chroma_server: str) -> None:
    root = folder({"a.md": "The ferry sails at nine.", "b.md": "Bread needs flour."})
    settings = Settings(corpus=root, chroma_url=chroma_server)
    assistant = Assistant.from_folder(settings=settings)
    assert assistant.ask("When does the ferry sail?").citations[0].source == "a.md"
    assert assistant.index.verify() == []
    assert not (root / ".askdoc" / "chroma").exists()
    (root / "a.md").unlink()
    assistant.sync()
    assert len(assistant.index.vectors) == 1
    other = folder({"c.md": "Another corpus."}, "other")
    Assistant.from_folder(other, Settings(chroma_url=chroma_server))
    assert len(assistant.index.vectors) == 1


def test_a_chroma_server_that_is_not_there_gets_one_line(folder) -> None:
    from askdoc import AskdocError

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "not-an-address"):
        with pytest.raises(AskdocError) as caught:
            Index(Settings(corpus=folder({"a.md": "A."}), chroma_url=url))
        assert "\n" not in str(caught.value)
        assert url in str(caught.value)
