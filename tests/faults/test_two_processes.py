"""What another process does to an index is seen at once, and by nobody as a fault."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from chromadb.errors import InternalError
from helpers import build_of

from askdoc import Assistant, IndexBusy, Settings
from askdoc.index.home import Home
from askdoc.index.index import Index
from askdoc.index.stores import Stores

FERRY = "The ferry to Marwick sails at nine."
TIDE = "The tide in Marwick turns at five."


def sources(assistant: Assistant, question: str) -> set[str]:
    """The documents that an answer cites, without a sync before."""
    return {citation.source for citation in assistant.ask(question).citations}


def test_what_another_process_indexes_answers_here(folder, other) -> None:
    """Chroma's client of this process is blind to it, and fails on what only the other knows."""
    root = folder({"ferry.md": FERRY})
    assistant = Assistant.from_folder(root)
    assert sources(assistant, "When does the ferry sail?") == {"ferry.md"}
    (root / "tide.md").write_text(TIDE)
    assert other("index", root)[0] == 0
    assert sources(assistant, "When does the tide turn?") == {"tide.md"}
    (hit,) = [hit for hit in assistant.search("tide") if hit.passage.source == "tide.md"]
    assert hit.found_by == ("dense", "lexical")
    (root / "ferry.md").unlink()
    assert other("ask", "When does the tide turn?", "--corpus", root)[0] == 0
    assert {hit.passage.source for hit in assistant.search("ferry")} == {"tide.md"}
    (root / "lamp.md").write_text("The lamp of Marwick burns oil.")
    assistant.sync()  # and the other way round
    assert "lamp.md" in other("search", "lamp", "--corpus", root)[1]
    assert assistant.index.verify() == []


def test_a_rebuilt_or_deleted_index_answers_here(folder, other) -> None:
    root = folder({"ferry.md": FERRY, "tide.md": TIDE})
    assistant = Assistant.from_folder(root)
    before = build_of(root / ".askdoc")
    assert other("index", root, "--rebuild")[0] == 0
    assert not before.exists()
    assert sources(assistant, "When does the ferry sail?") == {"ferry.md"}
    assert assistant.index.verify() == []
    shutil.rmtree(root / ".askdoc")
    assert assistant.catch_up() == ""
    assert sources(assistant, "When does the tide turn?") == {"tide.md"}
    shutil.rmtree(root / ".askdoc")
    assert other("index", root)[0] == 0
    assert sources(assistant, "When does the tide turn?") == {"tide.md"}


def test_an_index_replaced_in_the_middle_of_a_search_is_searched_again(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by two writers and three readers: the files are gone while Chroma reads them."""
    root = folder({"ferry.md": FERRY})
    index = Assistant.from_folder(root).index
    search, first = Stores.search, index.stores

    def replaced(stores: Stores, *asked: Any) -> Any:
        if stores is first:
            Index.rebuild(Settings(corpus=root))[0].close()
            raise stores.home.unavailable("unable to open database file")
        return search(stores, *asked)

    monkeypatch.setattr(Stores, "search", replaced)
    assert index.search("ferry", 3)[0][0][0].text == FERRY


def test_a_rebuild_that_fails_leaves_what_was_there(folder) -> None:
    root = folder({"ferry.md": FERRY})
    settings = Settings(corpus=root)
    assistant = Assistant.from_folder(root)
    before = sorted(path.name for path in (root / ".askdoc").iterdir())

    def stop(step: object) -> None:
        assert sources(assistant, "When does the ferry sail?") == {"ferry.md"}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index.rebuild(settings, stop)
    assert sorted(path.name for path in (root / ".askdoc").iterdir()) == before
    assert sources(assistant, "When does the ferry sail?") == {"ferry.md"}


def test_two_of_this_process_see_each_other(folder) -> None:
    """As in a notebook; the one that is closed takes nothing from the other."""
    root = folder({"ferry.md": FERRY})
    one, two = Assistant.from_folder(root), Assistant.open(Settings(corpus=root))
    assert sources(two, "When does the ferry sail?") == {"ferry.md"}
    (root / "tide.md").write_text(TIDE)
    one.sync()
    assert sources(two, "When does the tide turn?") == {"tide.md"}
    one.index.close()
    assert sources(two, "When does the tide turn?") == {"tide.md"}


def test_the_copy_of_an_index_is_an_index(folder, tmp_path: Path) -> None:
    root = folder({"ferry.md": FERRY})
    Assistant.from_folder(root).index.close()
    shutil.copytree(root / ".askdoc", tmp_path / "copy")
    copy = Assistant.open(Settings(corpus=root, index=tmp_path / "copy"))
    assert sources(copy, "When does the ferry sail?") == {"ferry.md"}


def test_what_others_keep_locked_is_not_called_damaged(tmp_path: Path) -> None:
    """Said by Chroma when five processes open, write and rebuild one index on two busy cores."""
    home = Home(tmp_path, tmp_path, "askdoc index --rebuild")
    with pytest.raises(IndexBusy, match="another process"), home.telling("Chroma:"):
        raise InternalError("pool timed out while waiting for an open connection")
