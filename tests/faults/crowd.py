"""Two processes that write one index and three that ask it, for some seconds.

Run by test_crowd.py: ``crowd.py CORPUS SECONDS``. Prints how often each did what it does.
"""

import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path

import hurt_a_sync
from hurt_a_sync import complete, ended, forked, text

from askdoc import IndexBusy, Settings
from askdoc.index import embedder
from askdoc.index.index import Index
from askdoc.ingest.words import language


def opened(settings: Settings) -> Index:
    """The index, asked for again while the others keep it from being opened."""
    for _ in range(3):
        with suppress(IndexBusy):
            return Index.open(settings)
    return Index.open(settings)


def write(settings: Settings, first: int, until: float) -> int:
    """Changes and deletes documents of its own, and syncs; how often."""
    index, number = opened(settings), 0
    while time.monotonic() < until or number < 2:
        for name in random.sample(range(first, first + 20), 4):
            path = settings.corpus / f"{name}.md"
            if path.exists() and random.random() < 0.3:
                path.unlink()
            else:
                path.write_text(text(name, number))
        try:
            index.sync(patience=30)
        except IndexBusy:
            continue
        number += 1
        if number % 3 == 2 and first == 0:
            index.close()
            try:
                index, _ = Index.rebuild(settings)
            except IndexBusy:
                index = opened(settings)
    return number


def ask(settings: Settings, until: float) -> int:
    """Searches, and holds what is found against what documents can say; how often."""
    index, number = opened(settings), 0
    while time.monotonic() < until or number < 2:
        for query in ("lighthouse oil", "room 3", "number"):
            for ranking in index.search(query, 50):
                for passage, _ in ranking:
                    version = passage.document.text.split(" number ")[1].split()[0]
                    assert passage.document.text == text(int(passage.source[:-3]), int(version))
        number += 1
    return number


def main() -> None:
    """Starts them all, waits, and checks what they leave."""
    settings = Settings(corpus=Path(sys.argv[1]), passage_size=hurt_a_sync.SIZE)
    embedder.FEW = 0
    embedder.embedder(settings.embedder).embed_documents(["warm"])
    language("The first text makes a library unpack its model into a temporary file.")
    # In a process of its own: Chroma's threads are not there in what is forked after it.
    assert ended(forked(lambda: Index.open(settings).close())) == 0
    until = time.monotonic() + float(sys.argv[2])

    def counted(work: str, times: int) -> None:
        os.write(1, f"{work}: {times}\n".encode())

    children = [
        *(forked(lambda n=n: counted("writes", write(settings, n, until))) for n in (0, 20)),
        *(forked(lambda: counted("asks", ask(settings, until))) for _ in range(3)),
    ]
    assert [ended(child) for child in children] == [0] * 5
    assert ended(forked(lambda: complete(settings))) == 0


if __name__ == "__main__":
    main()
