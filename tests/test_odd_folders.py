"""Folders as they really are: odd entries, lost parts, moments of bad luck."""

import os
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from helpers import AS_NOBODY, build_of

from askdoc import Assistant, BadInput, Document, Passage, Settings, ask
from askdoc.cli import main
from askdoc.index import hands
from askdoc.index import index as index_module
from askdoc.index.index import Index
from askdoc.index.manifest import Manifest
from askdoc.ingest.blocks import structure, table
from askdoc.ingest.chunker import chunk
from askdoc.ingest.files import find, ingest
from askdoc.web.documents import delete

Ingested = tuple[Document, tuple[Passage, ...]]
FERRY = "The ferry to Marwick sails at nine."


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_to_themselves_and_to_nowhere_stop_nothing(folder) -> None:
    root = folder({"a.md": FERRY})
    (root / "loop").symlink_to(root / "loop")
    (root / "nowhere.md").symlink_to(root / "gone.md")
    assert list(find(root, root / ".askdoc").files) == ["a.md"]


def test_a_file_that_is_listed_is_looked_at_once(folder) -> None:
    """Each question does this with each file: a folder may have tens of thousands."""
    root = folder({f"{n}.md": FERRY for n in range(50)})
    looks: list[str] = []
    sys.setprofile(lambda _, event, of: looks.append(of.__name__) if event == "c_call" else None)
    try:
        found = find(root, root / ".askdoc")
    finally:
        sys.setprofile(None)
    assert len(found.files) == 50
    assert 50 <= sum(name in ("stat", "lstat", "readlink") for name in looks) < 75


@pytest.mark.parametrize("line", ["!", "a\\"])
def test_an_ignore_file_that_cannot_be_understood_is_told(folder, line: str) -> None:
    root = folder({"a.md": FERRY, ".askdocignore": f"b.md\n{line}\n"})
    with pytest.raises(BadInput, match="askdocignore cannot be understood"):
        find(root, root / ".askdoc")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_ignore_file_of_a_windows_editor_is_obeyed(folder, encoding: str) -> None:
    root = folder(
        {"a.md": FERRY, "secret.md": "x", ".askdocignore": "secret.md\n".encode(encoding)}
    )
    assert list(find(root, root / ".askdoc").files) == ["a.md"]


def test_a_lost_part_is_mended_by_the_next_sync(folder) -> None:
    """What `askdoc status` says of `askdoc index` is so."""
    root = folder({"a.md": FERRY, "b.md": "The tide turns at five."})
    index = Index.open(Settings(corpus=root))
    index.sync()
    index.stores.dense.remove(sorted(index.stores.dense.ids())[:1])
    assert len(index.verify()) == 1
    index.sync()
    assert index.verify() == []
    index.stores.bm25.clear()
    index.sync()
    assert index.verify() == []
    assert len(index.search("ferry", 5)[1]) == 1


def test_files_of_a_commit_that_was_killed_are_in_nobodys_way(folder) -> None:
    """BM25's list of deleted passages was on disk, and what names it was not yet."""
    root = folder({"a.md": f"{FERRY}\n\nThe tide turns at five.", "b.md": "The tide turns at six."})
    index = Index.open(Settings(corpus=root))
    index.sync()
    named = next((root / ".askdoc").rglob("bm25/meta.json"))
    before = named.read_bytes()
    index.stores.manifest.note(dirty="yes")  # as a write does that begins
    index.stores.bm25.remove(sorted(index.stores.bm25.ids())[:1])
    assert list(named.parent.glob("*.del"))
    named.write_bytes(before)
    (root / "b.md").unlink()
    index.close()
    index = Index.open(Settings(corpus=root))
    index.sync()
    assert index.verify() == []


def test_a_file_that_changes_while_it_is_read_is_read_again(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text and its hash must not come from two moments."""
    root = folder({"a.md": FERRY})
    index = Index.open(Settings(corpus=root))

    class Slow:
        """A reading process that is overtaken by an editor."""

        def close(self) -> None:
            pass

        def run(self, task: object, corpus: Path, source: str, size: int) -> Ingested:
            read = ingest(corpus, source, size)
            (corpus / source).write_text("The ferry to Marwick sails at noon.")
            return read

    with monkeypatch.context() as patch:
        patch.setattr(hands, "Worker", Slow)
        index.sync()
    assert index.sync().changed == ("a.md",)
    assert index.search("ferry", 1)[0][0][0].text.endswith("noon.")


def test_a_file_that_could_not_be_opened_is_tried_again(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A permission may be given without a change of size or time."""
    root = folder({"a.md": FERRY})
    os.utime(root / "a.md", (1, 1))
    index = Index.open(Settings(corpus=root))
    with monkeypatch.context() as patch:
        patch.setattr(index_module, "_sha256", lambda path: "")
        patch.setattr(Path, "suffix", property(lambda path: ".locked"))
        index.sync()
    (times,) = [file.times for file in index.stores.manifest.files().values()]
    assert times.changed == 0
    assert index.sync().documents[0].status == "read"


def test_a_document_that_comes_back_is_seen_again(folder) -> None:
    root = folder({"a.md": FERRY})
    index = Index.open(Settings(corpus=root))
    index.sync()
    sha256 = index.document("a.md").file_sha256
    (root / "a.md").write_text("The ferry to Marwick sank.")
    index.sync()
    other = Manifest(index.stores.build / "manifest.sqlite", index.stores.home)
    # What a reader meets that a sync has overtaken.
    assert other._documents({("a.md", sha256)}) == {}
    (root / "a.md").write_text(FERRY)
    index.sync()
    document = other.document("a.md")
    assert document is not None
    assert document.text == FERRY


def test_a_corpus_that_vanishes_does_not_empty_its_index(folder, tmp_path: Path) -> None:
    root = folder({"a.md": FERRY})
    index = Index.open(Settings(corpus=root, index=tmp_path / "index"))
    index.sync()
    root.rename(tmp_path / "away")
    with pytest.raises(BadInput, match="there is no folder"):
        index.sync()
    (tmp_path / "away").rename(root)
    assert index.sync().kept == ("a.md",)


def test_what_cannot_be_seen_is_not_taken_for_deleted(folder) -> None:
    root = folder({"a.md": FERRY, **{f"share/{n}.md": f"Pump {n} was mended." for n in range(3)}})
    index = Index.open(Settings(corpus=root))
    index.sync()
    (root / "share").rename(root.parent / "away")
    (root / "share").mkdir()  # where it was mounted
    report = index.sync()
    assert (report.removed, len(report.unseen)) == ((), 3)
    assert report.note.startswith("share/0.md and 2 more cannot be seen any more")
    assert "--prune" in report.note
    assert index.changes()["share/0.md"].endswith("it is kept")
    assert "Pump 2" in index.document("share/2.md").text
    assert Assistant(index).catch_up() == report.note
    (root / "share").rmdir()
    (root.parent / "away").rename(root / "share")
    assert index.sync().unseen == ()
    (root / "share" / "0.md").unlink()  # one alone is gone for good
    assert index.sync().removed == ("share/0.md",)


def test_what_is_deleted_on_purpose_is_dropped_however_much_it_is(folder, capsys) -> None:
    root = folder({f"{n}.md": f"Pump {n} was mended." for n in range(4)})
    assistant = Assistant.from_folder(root)
    delete(assistant, ["0.md", "1.md", "2.md"])
    assert assistant.sync().removed == ("0.md", "1.md", "2.md")
    (root / "3.md").unlink()
    with pytest.raises(SystemExit) as ended:
        main(["index", str(root)])
    assert not ended.value.code
    assert "3.md cannot be seen any more" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(SystemExit):
        main(["index", str(root), "--prune"])
    assert "1 removed" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no such permissions")
def test_a_folder_that_cannot_be_listed_keeps_what_was_indexed(folder) -> None:
    """Only one of ten files is there: of a folder that cannot be looked into, nothing is gone."""
    root = folder({f"{n}.md": FERRY for n in range(9)} | {"share/a.md": "Pump 1 was mended."})
    Assistant.from_folder(root)
    shut = root / "share"
    shut.chmod(0)
    try:
        code = (
            "import sys; from askdoc import Assistant; "
            "report = Assistant.from_folder(sys.argv[1]).sync(); "
            "print(report.removed, report.unseen)"
        )
        told = subprocess.run(
            [*AS_NOBODY, sys.executable, "-c", code, str(root)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    finally:
        shut.chmod(0o755)
    assert told.stdout.strip() == "() ('share/a.md',)"


def test_an_assistant_stays_with_its_corpus_when_the_process_moves(
    folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = folder({"a.md": FERRY})
    monkeypatch.chdir(root.parent)
    assistant = Assistant.from_folder("docs")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert assistant.sync().kept == ("a.md",)
    with pytest.raises(BadInput, match="there is no folder"):
        ask("When does the ferry sail?", corpus="docs")


def test_what_lies_in_the_folder_of_an_index_is_not_ours_to_change(folder, tmp_path: Path) -> None:
    root = folder({"a.md": FERRY})
    place = folder({".gitignore": "mine\n", "chroma/photo.jpg": "x"}, "place")
    Index.rebuild(Settings(corpus=root, index=place))
    assert (place / "chroma" / "photo.jpg").exists()
    Index.open(Settings(corpus=root, index=place))
    assert (place / ".gitignore").read_text() == "mine\n"
    with pytest.raises(BadInput, match="cannot be the corpus"):
        Index.open(Settings(corpus=root, index=root))
    with pytest.raises(BadInput, match="there is no folder"):
        Index.rebuild(Settings(corpus=tmp_path / "none", index=place))
    assert (build_of(place) / "manifest.sqlite").exists()


def test_a_home_folder_is_found_by_its_sign() -> None:
    assert Settings(corpus="~/docs").corpus == Path.home() / "docs"


@pytest.mark.parametrize("history", [["x"], [{"role": "user", "content": 1}]])
def test_a_history_that_is_none_gets_one_line(assistant: Assistant, history) -> None:
    with pytest.raises(BadInput, match="each turn must be"):
        assistant.ask("What is Eagle Partner for?", history)


def test_a_question_with_broken_bytes_gets_one_line(assistant: Assistant) -> None:
    with pytest.raises(BadInput, match="no text"):
        assistant.ask("ferry \udcff")


def test_blank_stretches_are_no_passages() -> None:
    document = Document("a.txt", "A", "word" + " " * 5000 + "word.", "0" * 64)
    assert [passage.text for passage in chunk(document, 600)] == ["word", "word."]


def test_thousands_of_tables_are_cut_quickly() -> None:
    """Chunking has no time limit of its own: it must not need one."""
    row, count = "a | b\n1 | 2\n\n", 20_000
    tables = tuple(
        table(n * len(row), n * len(row) + 6, (n + 1) * len(row) - 2) for n in range(count)
    )
    document = Document("a.html", "A", row * count, "0" * 64, structure(row * count, tables))
    assert len(chunk(document, 600)) > 100


def test_many_backticks_are_chunked_in_time() -> None:
    text = "`a` " * 50_000 + "The end."
    began = time.perf_counter()
    assert chunk(Document("a.txt", "A", text, "0" * 64), 600)[-1].text.endswith("The end.")
    assert time.perf_counter() - began < 10  # about 0.6 on two quiet cores


def test_a_name_is_the_same_with_letters_composed_and_in_parts(folder) -> None:
    """As macOS writes it, and as people type it."""
    parts, composed = (unicodedata.normalize(form, "Brühl/Kräne.txt") for form in ("NFD", "NFC"))
    assistant = Assistant.from_folder(folder({parts: "The Gamma crane lifts nine tonnes.\n"}))
    question = "What does the Gamma crane lift?"
    for source in (parts, composed, composed.split("/")[0] + "/"):
        assert assistant.ask(question, sources=[source]).citations[0].source == parts
    assert assistant.document(composed).source == parts
    assert assistant.explain(question, composed).source == parts


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take only text for a name")
def test_a_file_whose_name_is_no_text_is_read_and_can_be_asked_for(folder) -> None:
    root = folder({"a.txt": "The Alpha crane lifts two tonnes.\n"})
    name = os.fsdecode(bytes(root) + b"/Kr\xe4ne.txt")
    Path(name).write_text("The Gamma crane lifts nine tonnes.\n")
    assistant = Assistant.from_folder(root)
    reports = {report.source: report.status for report in assistant.index.reports()}
    assert reports == {"Kr\\udce4ne.txt": "read", "a.txt": "read"}
    answer = assistant.ask("What does the Gamma crane lift?", sources=["Kr\\udce4ne.txt"])
    assert answer.citations[0].quote == "The Gamma crane lifts nine tonnes."
    assert not assistant.index.changes()
