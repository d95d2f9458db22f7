"""Hurts a process that syncs, again and again at random moments, and checks what it left.

Run by test_crash.py: ``hurt_a_sync.py kill|limit|fill CORPUS TIMES [INDEX]``. It ends when a sync
was hurt while it was at work so many times. The embedder is loaded once; each sync and each check
is a process of its own, forked from this one, so that a round takes a second and not ten.
"""

import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import chromadb  # noqa: F401 - before the forks, so that kills fall on work and not on imports
import torch

from askdoc import IndexUnavailable, Settings
from askdoc.index import embedder
from askdoc.index.index import Index
from askdoc.ingest.chunker import chunk
from askdoc.ingest.files import load
from askdoc.ingest.words import language

torch.set_num_threads(1)  # threads do not survive a fork
SIZE = 100
FULL = 3  # the exit code where there is no space
MISSES = 5  # rounds for each sync that is to be hurt, at most: some end before


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
    for _ in range(4):
        name = random.randrange(20)
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
        print(*traceback.format_exception(error), file=sys.stderr, flush=True)
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
    assert index.verify(deep=True) == []
    held = {source: index.document(source).text for source in index.stores.manifest.files()}
    there = {path.name: path.read_text() for path in index.corpus.glob("*.md")}
    assert held == there
    index.close()


def sync(settings: Settings) -> None:
    """A sync that ends well, or with the one line of a disk that is full."""
    try:
        Index.open(settings).sync()
    except IndexUnavailable as error:
        os._exit(FULL if "--rebuild" not in str(error) else 1)


def killed(settings: Settings) -> bool:
    """Kills a sync at a random moment; whether it was still at work."""
    child = forked(lambda: sync(settings))
    time.sleep(random.uniform(0, 2.0))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, "the sync failed by itself"
    return os.WIFSIGNALED(status)


def limited(settings: Settings) -> bool:
    """A sync in which no file may grow beyond a random size; whether it met that."""

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        sync(settings)

    size = int(2 ** random.uniform(0, 20))
    return ended(forked(work)) == FULL


def filled(settings: Settings) -> bool:
    """A sync on a disk with little space left; whether it was too little."""
    filler = settings.index_folder.parent / "filler"
    left = int(2 ** random.uniform(10, 20))
    with filler.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(filler.parent).free - left)))
    full = ended(forked(lambda: sync(settings))) == FULL
    filler.unlink()
    return full


def ended(child: int) -> int:
    """The exit code of a process that was forked; one that failed fails this one."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, FULL), "see above"
    return code


HURTS = {"kill": killed, "limit": limited, "fill": filled}


def main() -> None:
    """Rounds of change, of a sync that is hurt, and of checks."""
    how, root, times = HURTS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
    random.seed(7)
    index = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    settings = Settings(corpus=root, index=index, passage_size=SIZE)
    # Always PyTorch, loaded here once: the threads of ONNX Runtime do not survive a fork either.
    embedder.FEW = 0
    embedder.embedder(settings.embedder).embed_documents(["warm"])
    language("The first text makes a library unpack its model into a temporary file.")
    history: dict[str, set[str]] = {}
    hurt = 0
    for number in range(times * MISSES):
        change(root, number)
        for path in root.glob("*.md"):
            history.setdefault(path.name, set()).add(load(root, path.name).text)
        hurt += how(settings)
        assert ended(forked(lambda: check(settings, history))) == 0
        if number % 5 == 4 or hurt == times:
            assert ended(forked(lambda: complete(settings))) == 0
        if hurt == times:
            return
    sys.exit(f"only {hurt} of {times * MISSES} syncs were hurt")


if __name__ == "__main__":
    main()
