"""The index: what a sync does and leaves alone."""

import os
import sys

import chromadb
import pytest
from helpers import build_of
from langchain_core.embeddings import Embeddings

from askdoc import Progress, Settings
from askdoc.index.index import Index


class Counting(Embeddings):
    """An embedder that remembers what it embedded."""

    def __init__(self, inner: Embeddings) -> None:
        self.inner = inner
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """What the inner one gives."""
        self.texts += texts
        return self.inner.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """What the inner one gives."""
        return self.inner.embed_query(text)


def count(index: Index) -> Counting:
    """Puts a counter around the real embedder of an index."""
    index.embedder = Counting(index.embedder)
    return index.embedder


def test_a_sync_works_only_on_what_changed(folder) -> None:
    root = folder(
        {"a.md": "The ferry sails.", "b.md": "The tide turns.", "c.md": "The gull cries."}
    )
    index = Index.open(Settings(corpus=root))
    first = index.sync()
    assert first.added == ("a.md", "b.md", "c.md")
    (root / "a.md").write_text("The ferry sank.")
    (root / "b.md").unlink()
    (root / "d.md").write_text("The lamp burns.")
    seen: list[Progress] = []
    counter = count(index)
    second = index.sync(seen.append)
    assert (second.added, second.changed, second.removed, second.kept) == (
        ("d.md",), ("a.md",), ("b.md",), ("c.md",),
    )  # fmt: skip
    assert counter.texts == ["a\nThe ferry sank.", "d\nThe lamp burns."]
    assert seen[-1].done == seen[-1].total > 0
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert index.verify() == []


def test_a_file_that_was_only_touched_is_not_read_again(folder) -> None:
    root = folder({"a.md": "The ferry sails."})
    index = Index.open(Settings(corpus=root))
    index.sync()
    (root / "a.md").touch()
    counter = count(index)
    assert index.sync().kept == ("a.md",)
    assert counter.texts == []
    assert index.verify() == []


@pytest.mark.parametrize("text", ["# Ferry\n\nThe ferry sails.", "No title. " * 20])
def test_a_renamed_file_is_not_embedded_again(folder, text: str) -> None:
    root = folder({"a.md": text})
    index = Index.open(Settings(corpus=root))
    index.sync()
    (root / "sub").mkdir()
    (root / "a.md").rename(root / "sub" / "b.md")
    counter = count(index)
    report = index.sync()
    assert (report.added, report.removed) == (("sub/b.md",), ("a.md",))
    assert counter.texts == []
    assert index.verify() == []
    assert {passage.source for ranking in index.search("ferry", 5) for passage, _ in ranking} == {
        "sub/b.md"
    }


def test_of_a_long_document_only_the_changed_part_is_embedded(folder) -> None:
    lines = [f"# Part {n}\n\nIn part {n} the ferry sails at {n} sharp.\n" for n in range(40)]
    root = folder({"a.md": "\n".join(lines)})
    index = Index.open(Settings(corpus=root))
    index.sync()
    lines[7] = "# Part 7\n\nIn part 7 it stays in the harbour for good.\n"
    (root / "a.md").write_text("\n".join(lines))
    counter = count(index)
    assert index.sync().changed == ("a.md",)
    assert len(counter.texts) == 1
    assert index.verify() == []


def test_a_change_within_the_same_clock_tick_is_seen(folder) -> None:
    """A file may change without its size or time telling, just after it was read."""
    root = folder({"a.md": "The ferry sails at nine."})
    index = Index.open(Settings(corpus=root))
    index.sync()
    stat = (root / "a.md").stat()
    (root / "a.md").write_text("The ferry sails at five.")
    os.utime(root / "a.md", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert index.sync().changed == ("a.md",)


def test_an_interrupted_sync_is_completed_by_the_next(folder) -> None:
    """Ctrl-C keeps what is done and breaks nothing."""
    root = folder({f"{n}.md": f"Ferry {n} sails. " * 40 for n in range(40)})
    index = Index.open(Settings(corpus=root, passage_size=100))

    def stop(step: Progress) -> None:
        if step.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.sync(stop)
    again = Index.open(Settings(corpus=root, passage_size=100))
    report = again.sync()
    assert len(report.documents) == 40
    assert again.verify() == []


def test_an_index_can_be_opened_with_chroma_alone(folder) -> None:
    """What is in Chroma is what a user of Chroma expects: texts, sources, cosine."""
    root = folder({"a.md": "# Ferry\n\nThe ferry sails at nine."})
    index = Index.open(Settings(corpus=root))
    index.sync()
    (collection,) = chromadb.PersistentClient(
        build_of(root / ".askdoc") / "chroma",
        settings=chromadb.Settings(anonymized_telemetry=False),
    ).list_collections()
    held = collection.get()
    assert held["documents"] == ["The ferry sails at nine."]
    place = {"source": "a.md", "title": "Ferry", "start": 9, "end": 33}
    assert held["metadatas"] == [place | {"sum": held["metadatas"][0]["sum"]}]
    assert collection.configuration["hnsw"]["space"] == "cosine"


def test_a_lost_manifest_leaves_nothing_that_answers(folder) -> None:
    root = folder({"a.md": "The ferry sails at nine.", "b.md": "Bread."})
    first = Index.open(Settings(corpus=root))
    first.sync()
    first.close()
    for path in build_of(root / ".askdoc").glob("manifest.sqlite*"):
        path.unlink()
    (root / "a.md").unlink()
    again = Index.open(Settings(corpus=root))
    assert again.sync().added == ("b.md",)
    assert again.verify() == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always text")
def test_a_file_whose_name_is_no_text_gets_its_line(folder) -> None:
    """Old folders have them; they must not stop the others."""
    root = folder({"a.md": "The ferry sails."})
    with open(os.fsencode(root) + b"/caf\xe9.md", "w") as file:
        file.write("The lamp burns.")
    index = Index.open(Settings(corpus=root))
    report = index.sync()
    assert {row.source: row.status for row in report.documents} == {
        "a.md": "read", "caf\\udce9.md": "read",
    }  # fmt: skip
    assert index.sync().kept == ("a.md", "caf\\udce9.md")
    assert index.verify() == []


def test_the_index_lies_in_the_corpus_and_out_of_version_control(folder) -> None:
    root = folder({"a.md": "The ferry sails."})
    Index.open(Settings(corpus=root)).sync()
    assert (root / ".askdoc" / ".gitignore").read_text() == "*\n"
    assert sorted(path.name for path in root.iterdir()) == [".askdoc", "a.md"]


def test_what_was_found_is_fetched_at_once_however_many_documents_it_is_of(folder) -> None:
    root = folder({f"{n}.md": f"Ferry {n} sails." for n in range(80)})
    index = Index.open(Settings(corpus=root))
    index.sync()
    manifest = index.stores.manifest
    asked: list[str] = []
    manifest._db.set_trace_callback(asked.append)
    found = manifest.passages(list(manifest.sources()))
    assert {passage.source for passage in found.values()} == {f"{n}.md" for n in range(80)}
    assert all(passage.id == id for id, passage in found.items())
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 3
    asked.clear()
    again = manifest.passages(list(found)[-10:])  # of documents that are remembered
    assert [again[id].document is found[id].document for id in again] == [True] * 10


def test_titles_are_read_again_when_anybody_has_written(folder) -> None:
    root = folder({"a.md": "The ferry sails.", "b.md": "The tide turns."})
    index, other = Index.open(Settings(corpus=root)), Index.open(Settings(corpus=root))
    index.sync()
    before = index.titles()
    assert index.titles() is before
    (root / "b.md").unlink()
    index.sync()
    assert index.titles() == {"a.md": "a"}
    (root / "a.md").write_text("# Ferries\n\nThe ferry sank.")
    other.sync()
    assert index.titles() == other.titles() == {"a.md": "Ferries"}
