"""Bits that flip in the files of an index: told in one line, never quoted."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from helpers import build_of, fails, printed

from askdoc import Assistant, IndexDamaged, IndexMismatch, Settings
from askdoc.index.index import Index

DOCUMENTS = {
    f"{name}.md": f"# {name.title()}\n\nThe {name} of Marwick is {n} years old. It has {n} doors.\n"
    for n, name in enumerate(("ferry", "lighthouse", "harbour", "mill", "school"), 11)
}
QUESTION = "How old is the lighthouse of Marwick?"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with its index, to be copied and damaged."""
    root = tmp_path_factory.mktemp("sound") / "docs"
    root.mkdir()
    for source, text in DOCUMENTS.items():
        (root / source).write_text(text)
    Assistant.from_folder(root).index.close()
    return root


def outcome(root: Path) -> str | list[tuple[str, float]]:
    """The hits for the question, or the one line in their place."""
    try:
        index = Index.open(Settings(corpus=root))
        try:
            for passage in index.sample(100):
                assert passage.document.text == DOCUMENTS[passage.source], "another text is quoted"
            found = index.search(QUESTION, 10)
            index.stores.dirty  # noqa: B018 - a sync reads it
            index.verify(deep=True)
        finally:
            index.close()
    except (IndexDamaged, IndexMismatch) as error:
        return str(error)
    return [(passage.id, round(score, 4)) for ranking in found for passage, score in ranking]


def flip(path: Path, place: int, bit: int) -> None:
    """Turns one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def damaged(sound: Path, place: Path, flips: int) -> dict[str, int]:
    """What comes of that many single flipped bits in every file: told, or of no effect."""
    chance, right = random.Random(14), outcome(sound)
    build = build_of(sound / ".askdoc")
    counts = {"told": 0, "no effect": 0}
    for path in [
        path for path in sorted(build.rglob("*")) if path.is_file() and path.stat().st_size
    ]:
        for _ in range(flips):
            shutil.copytree(sound, place)
            copy = place / path.relative_to(sound)
            flip(copy, chance.randrange(copy.stat().st_size), chance.randrange(8))
            found = outcome(place)
            told = isinstance(found, str) and found.endswith("--rebuild`") and "\n" not in found
            assert told or found == right, f"{path.name}: {found}"
            counts["told" if told else "no effect"] += 1
            shutil.rmtree(place)
    return counts


def test_a_flipped_bit_is_told_or_has_no_effect(sound: Path, tmp_path: Path) -> None:
    counts = damaged(sound, tmp_path / "docs", 3)
    assert counts["told"] >= 20, counts


@pytest.mark.attack
def test_many_flipped_bits_are_told_or_have_no_effect(sound: Path, tmp_path: Path) -> None:
    print(damaged(sound, tmp_path / "docs", 60))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE documents SET text = replace(text, '12 years', '92 years')",
        "UPDATE documents SET title = 'Fairy' WHERE title = 'Ferry'",
        "UPDATE files SET report = replace(report, '\"passages\": 1', '\"passages\": 9')",
    ],
)
def test_a_changed_manifest_is_told(sound: Path, tmp_path: Path, capsys, change: str) -> None:
    """A text that nobody wrote is not quoted; what else differs, the deep look finds."""
    root = shutil.copytree(sound, tmp_path / "docs")
    with (
        closing(sqlite3.connect(build_of(root / ".askdoc") / "manifest.sqlite")) as manifest,
        manifest,
    ):
        assert manifest.execute(change).rowcount
    command = f"`askdoc index {root} --rebuild`"
    assert command in fails(capsys, "status", "--corpus", root, "--deep")
    if "text" in change:
        assert command in fails(capsys, "ask", QUESTION, "--corpus", root)
        printed(capsys, "index", root, "--rebuild")
        assert "exactly" in printed(capsys, "status", "--corpus", root, "--deep")


def test_vectors_and_texts_of_chroma_are_compared(sound: Path, tmp_path: Path, capsys) -> None:
    root = shutil.copytree(sound, tmp_path / "docs")
    index = Index.open(Settings(corpus=root))
    collection = index.stores.dense._passages
    row = collection.get(limit=1, include=["embeddings"])
    (id,) = row["ids"]
    text = "The ferry is 99 years old."
    collection.update(ids=[id], embeddings=row["embeddings"], documents=[text])
    with pytest.raises(IndexDamaged, match=id):
        index.verify(deep=True)
    collection.delete(ids=[id])
    index.sync()
    index.verify(deep=True)
    (id,) = collection.get(limit=1)["ids"]
    collection.update(ids=[id], embeddings=[[0.1] * 384])
    with pytest.raises(IndexDamaged, match=id):
        index.verify(deep=True)


def test_a_pointer_to_nowhere_is_told(sound: Path, tmp_path: Path, capsys) -> None:
    root = shutil.copytree(sound, tmp_path / "docs")
    for content in (b"build-none", b"..", b"\xff\x00", b""):
        (root / ".askdoc" / "current").write_bytes(content)
        assert "--rebuild" in fails(capsys, "ask", QUESTION, "--corpus", root)
    printed(capsys, "index", root, "--rebuild")
    assert "12 years" in printed(capsys, "ask", QUESTION, "--corpus", root)
