"""Kills a process that syncs, again and again at random moments, and checks what it left.

Run by test_crash.py. The embedder is loaded once; each sync and each check is a process of its own,
forked from this one, so that a round takes a second and not ten. Prints one JSON line.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import chromadb  # noqa: F401 - before the forks, so that kills fall on work and not on imports
import torch

from askdoc import Settings
from askdoc.index import embedder
from askdoc.index.index import Index
from askdoc.ingest.chunker import chunk
from askdoc.ingest.files import load

torch.set_num_threads(1)  # threads do not survive a fork
SIZE = 100


def text(name: int, version: int) -> str:
    """A document of several passages, each of which tells its version."""
    lines = [f"Lighthouse {name} burns oil number {version} in room {room}." for room in range(6)]
    return f"# Lighthouse {name}\n\n" + "\n\n".join(lines) + "\n"


def change(root: Path, version: int) -> None:
    """Changes, adds, renames and deletes documents."""
    for path in sorted(root.glob("*.md")):
        chance = random.random()
        if chance < 0.5:
            path.write_text(text(int(path.stem.split("-")[0]), version))
        elif chance < 0.6:
            path.unlink()
        elif chance < 0.7:
            path.rename(path.with_name(f"{path.stem.split('-')[0]}-{version}.md"))
    for _ in range(6):
        name = random.randrange(40)
        if not list(root.glob(f"{name}*.md")):
            (root / f"{name}.md").write_text(text(name, version))


def forked(work: Callable[[], object]) -> int:
    """Starts a process that does the work; its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - the child must end here, whatever happens
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def check(settings: Settings, history: dict[str, set[str]]) -> None:
    """What is found belongs to documents that are held whole, in one version that once was."""
    index = Index.open(settings)
    manifest = index.stores.manifest
    dense, lexical = index.stores.dense.ids(), index.stores.bm25.ids()
    by_source: dict[str, set[str]] = {}
    for id, source in manifest.sources().items():
        by_source.setdefault(source, set()).add(id)
    for source, ids in by_source.items():
        document = manifest.document(source)
        assert document is not None
        assert document.text in history[source], f"{source}: a text that never was"
        assert ids == {passage.id for passage in chunk(document, SIZE)}, f"{source}: not whole"
        assert ids <= dense & lexical, f"{source}: passages that a way to find does not hold"
    for query in ("lighthouse oil", "room 3", "number"):
        for ranking in index.search(query, 200):
            versions: dict[str, set[str]] = {}
            for passage, _ in ranking:
                versions.setdefault(passage.source, set()).add(passage.document.text_sha256)
            assert all(len(found) == 1 for found in versions.values()), "two versions at once"
            assert len({passage.id for passage, _ in ranking}) == len(ranking), "a passage twice"
    index.close()


def complete(settings: Settings) -> None:
    """The next sync brings everything in order."""
    index = Index.open(settings)
    index.sync()
    assert index.verify() == []
    held = {source: index.document(source).text for source in index.stores.manifest.files()}
    there = {path.name: path.read_text() for path in index.corpus.glob("*.md")}
    assert held == there
    index.close()


def main() -> None:
    """Rounds of change, sync, kill and check."""
    root, rounds = Path(sys.argv[1]), int(sys.argv[2])
    random.seed(7)
    settings = Settings(corpus=root, passage_size=SIZE)
    # Always PyTorch, loaded here once: the threads of ONNX Runtime do not survive a fork either.
    embedder.FEW = 0
    embedder.embedder(settings.embedder).embed_documents(["warm"])
    history: dict[str, set[str]] = {}
    killed = finished = 0
    longest = 2.0
    for number in range(rounds):
        change(root, number)
        for path in root.glob("*.md"):
            history.setdefault(path.name, set()).add(load(root, path.name).text)
        began = time.monotonic()
        child = forked(lambda: Index.open(settings).sync())
        time.sleep(random.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
        else:
            finished += 1
            assert os.waitstatus_to_exitcode(status) == 0, "the sync failed by itself"
            longest = max(0.3, 0.9 * (time.monotonic() - began))
        for work in (
            lambda: check(settings, history),
            *[lambda: complete(settings)] * (number % 5 == 4),
        ):
            _, status = os.waitpid(forked(work), 0)
            assert status == 0, f"round {number}: see above"
    print(json.dumps({"killed": killed, "finished": finished}))


if __name__ == "__main__":
    main()
