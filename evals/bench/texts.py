"""The folders that are measured: real text as far as there is some, and beyond that made of it.

Real are the paragraphs of squad2 and the articles of multihoprag, in this order, so that the same
questions can be asked of folders of every size. A made document is one of these articles, a
sentence a line, every third one of which is another document's. Its vectors are made, too: each is
the real one of the passage that most of its sentences come from, with noise, as much as an exchange
of sentences really moves a vector (measured on `PROBED` of them).
"""

import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from askdoc.errors import Unreadable
from askdoc.evaluation.sets import laid_out
from askdoc.index.index import Index
from askdoc.ingest.chunker import sentences
from askdoc.ingest.files import find, ingest
from askdoc.types import Passage
from evals.sets import lines, source_of

SETS = ("squad2", "multihoprag")
REAL = 10_000  # passages of real text, in the folders of all sizes
EXCHANGED = 3  # of so many sentences of a made document, one is another document's
PROBED = 64  # made passages of which the real vector is taken
SIZE = 600  # characters of a passage, at most: askdoc's own default
BATCH = 5000  # vectors that are fetched at a time


class Texts:
    """The real documents of the sets, laid out once below a folder, each with its passages."""

    def __init__(self, data: Path, work: Path) -> None:
        self.data, self.work = data, work
        self.passages: dict[Path, tuple[Passage, ...]] = {}
        for name in SETS:
            self.passages |= read(data, work, name)[0]

    def first(self, size: int) -> list[Path]:
        """The first real documents that have so many passages together, or all of them."""
        chosen, count = [], 0
        for path, passages in self.passages.items():
            if count >= size:
                break
            chosen.append(path)
            count += len(passages)
        return chosen

    def folder(self, size: int) -> Path:
        """A folder of about so many passages, written once: real documents, then made ones."""
        folder = self.work / f"passages-{size}"
        if (folder / "done").is_file():
            return folder / "documents"
        shutil.rmtree(folder, ignore_errors=True)
        real = self.first(min(size, REAL))
        copied(real, folder / "documents")
        missing = size - sum(len(self.passages[path]) for path in real)
        draw, number = random.Random(size), 0
        while missing > 0:
            # Some in each of many folders: a folder of a hundred thousand files is slow to list.
            path = folder / "documents" / f"made-{number // 1000:03}" / f"{number:06}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(self.made(draw.choice(real), draw)) + "\n", "utf-8")
            missing -= len(ingest(path.parent, path.name, SIZE)[1])
            number += 1
        (folder / "done").touch()
        return folder / "documents"

    def made(self, like: Path, draw: random.Random) -> list[str]:
        """The sentences of a document, some of which are another document's."""
        own = [line for passage in self.passages[like] for line in _lines(passage)]
        others = list(self.passages.values())
        for at in range(draw.randrange(EXCHANGED), len(own), EXCHANGED):
            own[at] = draw.choice(_lines(draw.choice(draw.choice(others))) or [own[at]])
        return own

    def questions(self, size: int) -> list[str]:
        """Questions about the first paragraphs of squad2, which every folder has, mixed."""
        known = {path.name for path in self.first(size)}
        asked = [
            row["question"].strip()
            for row in lines(self.data / "squad2" / "queries.jsonl")
            if row["answerable"] and all(source_of(str(id)) in known for id in row["gold_ids"])
        ]
        random.Random(0).shuffle(asked)
        return list(dict.fromkeys(asked))


class Made:
    """The embedder of a large folder: real vectors of real text, made ones of made text."""

    def __init__(self, real: Index, probes: Sequence[str]) -> None:
        """Takes the vectors of an index of the real text, and really embeds some made passages."""
        self._own = real.embedder
        every = [passage for source in real.titles() for passage in real.passages(source)]
        found = real.vectors(every)
        self._known = {passage.indexed_text: vector for passage, vector in found}
        self._passage_of = {
            line: passage.indexed_text for passage in every for line in _lines(passage)
        }
        near = np.array([self._source(text) for text in probes])
        moved = np.sum(near * np.array(self._own.embed_documents(list(probes))), axis=1)
        self.cosine = float(np.mean(moved))
        self._noise = float(np.sqrt(1 / self.cosine**2 - 1))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A unit vector for each text, a made one where it is no real passage."""
        return [self._known.get(text) or self._made(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The real vector of a query."""
        return self._own.embed_query(text)

    def _source(self, text: str) -> list[float]:
        """The vector of the real passage that most of the sentences of a text come from."""
        named = (self._passage_of.get(line) for line in text.splitlines())
        best = Counter(filter(None, named)).most_common(1)
        return self._known[best[0][0]] if best else self._own.embed_documents([text])[0]

    def _made(self, text: str) -> list[float]:
        """That vector with noise, of length 1; the same at each call."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        near = np.array(self._source(text))
        noise = np.random.default_rng(seed).normal(size=len(near))
        vector = near + self._noise * noise / np.linalg.norm(noise)
        return [float(number) for number in vector / np.linalg.norm(vector)]


def read(
    data: Path, work: Path, name: str
) -> tuple[dict[Path, tuple[Passage, ...]], dict[str, str]]:
    """A set, laid out once: the passages of each document that has text, and the files by ids."""
    corpus, sources = laid_out(data / name, work / "sets" / name)
    passages = {}
    for source in find(corpus, work).files:
        with suppress(Unreadable):
            passages[corpus / source] = ingest(corpus, source, SIZE)[1]
    return passages, sources


def copied(paths: Sequence[Path], to: Path) -> Path:
    """A new folder of copies of some files."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for path in paths:
        shutil.copyfile(path, to / path.name)
    return to


def small_files(texts: Texts, count: int) -> Path:
    """A folder of so many small files, some sentences each, written once."""
    folder = texts.work / f"files-{count}"
    if not (folder / "done").is_file():
        every = [p.text for of_one in texts.passages.values() for p in of_one]
        (folder / "documents").mkdir(parents=True, exist_ok=True)
        for number in range(count):
            text = f"Note {number}\n\n{every[number % len(every)][:200]}\n"
            (folder / "documents" / f"note-{number:06}.txt").write_text(text, "utf-8")
        (folder / "done").touch()
    return folder / "documents"


def vectors_of(index: Index) -> tuple[list[str], np.ndarray]:
    """The ids of all passages of an index, and their vectors, a row each."""
    dense = index.stores.dense
    ids = sorted(dense.ids())
    return ids, np.concatenate(list(_fetched(index, ids)))


def _fetched(index: Index, ids: Sequence[str]) -> Iterator[np.ndarray]:
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        found = index.stores.dense.get(part)
        yield np.array([found[id] for id in part], np.float32)


def _lines(passage: Passage) -> list[str]:
    """The sentences of a passage, a line each."""
    spans = sentences(passage.document, passage.start, passage.end)
    text = passage.document.text
    return [" ".join(text[start:end].split()) for start, end in spans]
