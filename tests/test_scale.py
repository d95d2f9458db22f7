"""Thousands of files: the first sync takes its time, every later one only looks."""

import json
import subprocess
import sys
import time

import pytest
from helpers import build_of

from askdoc import Assistant, Settings, tuning
from askdoc.index.index import Index
from askdoc.ingest import limits


@pytest.mark.slow
@pytest.mark.parametrize("files", [2_000, pytest.param(10_000, marks=pytest.mark.attack)])
def test_a_second_sync_only_looks(folder, files: int) -> None:
    root = folder({f"{n // 100:03}/{n}.txt": f"Ferry {n} sails." for n in range(files)})
    index = Index.open(Settings(corpus=root))
    first = index.sync()
    assert len(first.added) == files
    index.sync()  # the youngest files are compared once more by content
    began = time.perf_counter()
    again = index.sync()
    seconds = time.perf_counter() - began
    assert len(again.kept) == files
    assert seconds < 5
    print(f"first {first.seconds:.0f} s, second {seconds:.2f} s")

    (root / "000" / "7.txt").write_text("Ferry 7 sank.")
    (root / "001" / "107.txt").unlink()
    assert index.sync().changed == ("000/7.txt",)
    assert index.verify() == []
    question = ["ask", "Which ferry sank?", "--corpus", str(root), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "askdoc", *question], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["citations"][0]["source"] == "000/7.txt"


def test_a_folder_that_takes_long_to_look_at_is_not_looked_at_for_each_question(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder({"alma.txt": "The Alma sails."})
    assistant = Assistant.from_folder(root)
    (root / "berta.txt").write_text("The Berta sails.")
    assistant.keep_up()  # it takes no quarter of a second
    assert assistant.index.size() == 2
    monkeypatch.setattr("askdoc.assistant.LONG_LOOK", 0)
    monkeypatch.setattr("askdoc.assistant.LOOKS", 10**6)
    assistant.keep_up()
    (root / "clara.txt").write_text("The Clara sails.")
    assistant.keep_up()
    assert assistant.index.size() == 2
    assistant.catch_up()
    assert assistant.index.size() == 3
    (root / "alma.txt").unlink()
    assistant.keep_up()  # as long as something changes, it is looked at
    assert assistant.index.size() == 2


def test_a_file_of_the_index_may_be_larger_than_any_of_the_corpus(folder) -> None:
    """As that of the graph is from some 110,000 passages on."""
    root = folder({"alma.txt": "The Alma sails.", "berta.txt": "The Berta sails."})
    index = Index.open(Settings(corpus=root))
    index.sync()
    with (build_of(index.settings.index_folder) / "bm25" / "large").open("wb") as file:
        file.truncate((limits.MEGABYTES + 1) * 1_000_000)
    (root / "berta.txt").unlink()
    index.sync()
    index.close()
    index = Index.open(Settings(corpus=root))
    assert not index.stores.dirty
    assert index.verify(deep=True) == []


def test_among_very_many_passages_more_neighbours_are_looked_at(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder({f"{n}.txt": f"Ferry {n} sails." for n in range(40)})
    index = Index.open(Settings(corpus=root))
    index.sync()

    def looked_at() -> object:
        hnsw = Index.open(Settings(corpus=root)).stores.dense._passages.configuration["hnsw"]
        return hnsw["ef_search"] if hnsw else None

    assert looked_at() == tuning.SEARCHED_AMONG
    monkeypatch.setattr("askdoc.index.dense.MANY", 30)
    (root / "7.txt").write_text("Ferry 7 sank.")
    index.sync()
    assert looked_at() == tuning.SEARCHED_AMONG_MANY
    opened = Index.open(Settings(corpus=root))
    assert len(opened.stores.dense.search(opened.embedder.embed_query("Ferry 7"), 10)) == 10
