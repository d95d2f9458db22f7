"""What is measured, a function a row; each finishes in minutes on two cores at 10,000 passages."""

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from pathlib import Path
from statistics import median

from langchain_chroma import Chroma
from langchain_core.documents import Document as LangChainDocument
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from askdoc import AskdocError, Assistant, Settings, Unreadable
from askdoc.index.embedder import bundled, embedder
from askdoc.index.index import Index
from askdoc.ingest.files import LOADERS, ingest
from askdoc.ingest.filetype import PICTURES
from askdoc.ingest.worker import Worker
from askdoc.settings import BUNDLED
from evals.bench.texts import PROBED, REAL, SIZE, Made, Texts, copied, small_files
from evals.bench.times import Row, Way, by_turns, megabytes, ratio, size_of, spread

SIZES = (1_000, 10_000, 100_000, 1_000_000)  # passages
ROUNDS = 3  # of what takes minutes; each indexes another part of the text
COLD = 5  # starts of a command
ASKED = 100  # questions of each kind
SEVERAL = 50  # questions of two parts
WARM = 5  # questions that are not counted
MIXED = 34  # files of all kinds
LARGEST = 200_000  # bytes of one of them
KINDS = LOADERS.keys() - set(PICTURES)  # those that are read with what every askdoc has
SERVED = (100, 500)  # questions to a server, after which its memory is looked at
PATIENCE = 600  # seconds that a server may take to be ready
NOTES = 10_000  # files of a large folder
FEW_NOTES = 1_000


@dataclass(frozen=True)
class Bench:
    """Where the sets are, where the indexes are kept, and how many passages there are at most."""

    data: Path
    work: Path
    most: int
    files: Path

    @cached_property
    def texts(self) -> Texts:
        """The real text."""
        return Texts(self.data, self.work)

    def settings(self, corpus: Path) -> Settings:
        """Of a folder, with the index beside it."""
        return Settings(corpus=corpus, index=corpus.parent / "index")


class AsItComes(Embeddings):
    """What ``HuggingFaceEmbeddings`` of langchain-huggingface does when only a model is named."""

    def __init__(self) -> None:
        from sentence_transformers import SentenceTransformer  # seconds, for one row only

        self._model = SentenceTransformer(str(bundled()))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text."""
        flat = [text.replace("\n", " ") for text in texts]
        vectors: list[list[float]] = self._model.encode(flat, show_progress_bar=False).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        return self.embed_documents([text])[0]


def indexing(bench: Bench) -> Row:
    """Real text indexed: askdoc, LangChain's pipeline, and askdoc's embedder on its passages."""
    chosen = bench.texts.first(min(bench.most, REAL))
    place = bench.work / "indexing"
    parts = [copied(chosen[n::ROUNDS], place / f"part-{n}") for n in range(ROUNDS)]
    passages = [
        [p.indexed_text for path in chosen[n::ROUNDS] for p in bench.texts.passages[path]]
        for n in range(ROUNDS)
    ]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    theirs, counts = AsItComes(), {"LangChain": 0}
    own = embedder(BUNDLED)
    own.embed_documents(passages[0][:600])  # the faster engine is chosen, and everything loaded
    theirs.embed_documents(passages[0][:32])

    def by_askdoc(n: int) -> None:
        fresh = place / "index"
        shutil.rmtree(fresh, ignore_errors=True)
        index = Index.open(Settings(corpus=parts[n], index=fresh))
        index.sync()
        index.close()

    def by_langchain(n: int) -> None:
        fresh = place / f"langchain-{n}"  # Chroma keeps a client of each
        shutil.rmtree(fresh, ignore_errors=True)
        read = [LangChainDocument(path.read_text("utf-8")) for path in sorted(parts[n].iterdir())]
        cut = splitter.split_documents(read)
        counts["LangChain"] += len(cut)
        Chroma.from_documents(cut, theirs, persist_directory=str(fresh))

    taken = by_turns(
        ROUNDS,
        {
            "askdoc": by_askdoc,
            "LangChain": by_langchain,
            "encoding alone": lambda n: own.embed_documents(passages[n]),
        },
    )
    counts |= dict.fromkeys(("askdoc", "encoding alone"), sum(map(len, passages)))
    size = sum(len(path.read_text("utf-8")) for path in chosen)
    return {
        "ways": {
            name: {
                "passages": counts[name],
                "passages a second": round(counts[name] / sum(seconds), 1),
                "thousand characters a second": round(size / 1000 / sum(seconds), 1),
                "seconds": round(sum(seconds), 1),
            }
            for name, seconds in taken.items()
        },
        "speed": {
            "of LangChain's": ratio(taken["LangChain"], taken["askdoc"]),
            "of encoding alone": ratio(taken["encoding alone"], taken["askdoc"]),
        },
    }


def files(bench: Bench) -> Row:
    """Mixed files indexed to the first answer, and only read, both in fresh folders."""
    chosen = _mixed(bench.files)
    place = bench.work / "files"
    corpus = copied(chosen, place / "documents")

    def to_the_answer(n: int) -> None:
        fresh = place / "index"
        shutil.rmtree(fresh, ignore_errors=True)
        assistant = Assistant.from_folder(corpus, Settings(index=fresh))
        assistant.ask("What is the total?")
        assistant.index.close()

    def reading(n: int) -> None:
        with Worker() as worker:
            for path in chosen:
                worker.run(ingest, corpus, path.name, SIZE)

    to_the_answer(0)  # the models are loaded
    taken = by_turns(ROUNDS, {"first answer": to_the_answer, "reading": reading})
    return {
        "files": {
            "files": len(chosen),
            "kinds": len({path.suffix.lower() for path in chosen}),
            "seconds to the first answer": round(min(taken["first answer"]), 2),
            "seconds of reading alone": round(min(taken["reading"]), 2),
        },
        "to the first answer": {"of reading alone": ratio(*taken.values())},
    }


def answers(bench: Bench, size: int) -> Row:
    """Search and answers in a running process, and the index's size."""
    settings, how = built(bench, size)
    assistant = Assistant.open(settings)
    asked = iter(bench.texts.questions(min(SIZES)))
    for _ in range(WARM):
        assistant.ask(next(asked))
    searched, plain = ([next(asked) for _ in range(ASKED)] for _ in range(2))
    two = [f"{next(asked)} {next(asked)}" for _ in range(SEVERAL)]
    own = embedder(BUNDLED)
    pairs = by_turns(
        ASKED,
        {
            "search": lambda n: assistant.search(searched[n]),
            "model": lambda n: own.embed_documents([searched[n]]),  # as a query, but not kept
        },
    )
    once = by_turns(ASKED, {"answer": lambda n: assistant.ask(plain[n])})["answer"]
    twice = by_turns(SEVERAL, {"answer": lambda n: assistant.ask(two[n])})["answer"]
    told = {
        "passages": assistant.index.size(),
        **spread("encoding a query", pairs["model"]),
        **spread("search", pairs["search"]),
        "search, of encoding the query": ratio(*pairs.values())["median"],
        **spread("answer", once),
        **spread("answer to two questions", twice),
        "index, MB": size_of(settings.index_folder),
        **how,
    }
    assistant.index.close()
    return told


def serving(bench: Bench, size: int) -> Row:
    """A server of its own: seconds to its first answer, and its memory before and after many."""
    settings, _ = built(bench, size)
    asked, told = cycle(bench.texts.questions(min(SIZES))), Row()
    began = time.perf_counter()
    with served(settings) as (process, address):
        for number in range(max(SERVED) + 1):
            ask(address, next(asked))
            if number == 0:
                told["seconds to the first answer"] = round(time.perf_counter() - began, 1)
                told["memory, MB"] = megabytes(process)
            if number in SERVED:
                told[f"memory after {number} questions, MB"] = megabytes(process)
    return told


def shell(bench: Bench) -> Row:
    """Commands from a cold shell, each beside the import that it is held against."""
    few, many = (min(bench.most, count) for count in (FEW_NOTES, NOTES))
    small, large = (bench.settings(small_files(bench.texts, count)) for count in (few, many))
    for settings in (small, large):
        index = Index.open(settings)
        index.sync()
        index.close()
    named = {
        "askdoc ask": _askdoc("ask", "Who led them?", of=small),
        "import sentence_transformers": _python("-c", "import sentence_transformers"),
        "askdoc --help": _python("-m", "askdoc", "--help"),
        f"askdoc status, {few:,} files": _askdoc("status", of=small),
        "import typer": _python("-c", "import typer"),
        f"second askdoc index, {many:,} files": _askdoc("index", of=large),
    }
    taken = by_turns(COLD, named)
    ask, transformers, help_, status, typer, again = taken.values()
    return {
        "seconds": {
            name: {"p50": round(median(of), 2), "least": round(min(of), 2)}
            for name, of in taken.items()
        },
        "times": {
            "ask, of import sentence_transformers": ratio(ask, transformers),
            "--help, of import typer": ratio(help_, typer),
            "status, of import typer": ratio(status, typer),
            "second index, of import typer": ratio(again, typer),
        },
    }


def built(bench: Bench, size: int) -> tuple[Settings, Row]:
    """The settings of an index of about so many passages, built once, and how it was."""
    settings = bench.settings(bench.texts.folder(size))
    kept = settings.corpus.parent / "built.json"
    if not kept.is_file():
        shutil.rmtree(settings.index_folder, ignore_errors=True)
        index = Index.open(settings)
        made = _made(bench, settings.corpus) if size > REAL else None
        began = time.perf_counter()
        index.embedder = made or index.embedder
        index.sync()
        told = {"seconds to build": round(time.perf_counter() - began, 1)}
        kept.write_text(
            json.dumps(told | ({"cosine of made vectors": made.cosine} if made else {}))
        )
        index.close()
    return settings, json.loads(kept.read_text())


def _made(bench: Bench, corpus: Path) -> Made:
    """What embeds a folder in which there are made documents."""
    settings, _ = built(bench, REAL)
    real = Index.open(settings)
    first = sorted(path.relative_to(corpus).as_posix() for path in corpus.glob("made-000/*"))
    probes = [p.indexed_text for source in first[:PROBED] for p in ingest(corpus, source, SIZE)[1]]
    made = Made(real, random.Random(0).sample(probes, PROBED))
    real.close()
    return made


@contextmanager
def served(settings: Settings, **named: object) -> Iterator[tuple[int, str]]:
    """A server of a folder, once it is ready: its process and its address.

    ``named`` are further settings of it, each by the name of its variable.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["serve", str(settings.corpus), "--index", str(settings.index_folder)]
    server = subprocess.Popen(  # noqa: S603 - the words are ours
        [sys.executable, "-m", "askdoc", *words, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **{name: str(value) for name, value in named.items()}},
    )
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    try:
        while True:
            with suppress(OSError), urllib.request.urlopen(f"{address}/api/ready"):  # noqa: S310
                break
            if server.poll() is not None or time.monotonic() > until:
                raise AskdocError(f"askdoc serve {settings.corpus} was not ready")
            time.sleep(0.05)
        yield server.pid, address
    finally:
        server.terminate()
        server.wait()


def ask(address: str, question: str) -> None:
    """Asks a server a question; raises HTTPError where it refuses."""
    asked = urllib.request.Request(  # noqa: S310 - a server of our own
        f"{address}/api/ask",
        json.dumps({"question": question}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(asked) as reply:  # noqa: S310
        reply.read()


def _python(*words: str | Path) -> Way:
    """Python, run with these words in a process of its own; raises CalledProcessError."""
    return lambda _: subprocess.run(  # noqa: S603 - the words are ours
        [sys.executable, *words],
        check=True,
        capture_output=True,
    )


def _askdoc(*words: str, of: Settings) -> Way:
    """A command of askdoc over a folder."""
    return _python("-m", "askdoc", *words, "--corpus", of.corpus, "--index", of.index_folder)


def _mixed(folder: Path) -> list[Path]:
    """Files that can be read, of as many kinds as there are, kind by kind in turn."""
    by_kind: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        kind = path.suffix.lower()
        if kind in KINDS and path.is_file() and path.stat().st_size <= LARGEST:
            by_kind.setdefault(kind, []).append(path)
    chosen: list[Path] = []
    names: set[str] = set()
    with Worker() as worker:
        while len(chosen) < MIXED and any(by_kind.values()):
            for kind in [kind for kind, paths in by_kind.items() if paths]:
                path = by_kind[kind].pop(0)
                with suppress(Unreadable):
                    worker.run(ingest, path.parent.absolute(), path.name, SIZE)
                    if path.name not in names and len(chosen) < MIXED:
                        names.add(path.name)
                        chosen.append(path)
    return chosen
