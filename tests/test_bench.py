"""The benchmark measures what it says: small folders, and everything else is real."""

import http.server
import itertools
import json
import threading
from pathlib import Path
from typing import Any

import lxml.etree
import numpy as np
import pytest
from helpers import ROOT
from made_files import docx, message

from askdoc import Settings
from askdoc.index.index import Index
from evals.bench import __main__ as bench
from evals.bench import clients, graph, rows, texts, vectors
from evals.bench.plots import plots
from evals.bench.rows import Bench
from evals.bench.times import by_turns, ratio, spread

REAL, SIZE = 30, 60  # passages of the small folders, real and in all


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The corpus in the form of the two sets, and some mixed files."""
    data = tmp_path_factory.mktemp("data")
    pages = sorted((ROOT / "corpus").glob("*.md"))
    documents = [
        {"id": path.stem, "title": path.stem, "text": path.read_text("utf-8")} for path in pages
    ]
    for name, part in (("squad2", documents[:3]), ("multihoprag", documents[3:6])):
        (data / name).mkdir()
        (data / name / "corpus.jsonl").write_text("\n".join(map(json.dumps, part)))
    asked = [
        {"id": n, "question": f"What does {part['title']} say of {n}?", "gold_ids": [part["id"]]}
        for n in range(20)
        for part in documents[:3]
    ]
    lines = (json.dumps(row | {"answerable": True}) for row in asked)
    (data / "squad2" / "queries.jsonl").write_text("\n".join(lines))
    (data / "messy").mkdir()
    for name, content in (
        ("a.docx", docx()),
        ("b.eml", message("Costs", "They rose.").as_bytes()),
        ("c.txt", b"Total: 7 crowns."),
    ):
        (data / "messy" / name).write_bytes(content)
    return Bench(data, tmp_path_factory.mktemp("work"), SIZE, data / "messy")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small folders, and few questions."""
    for module in (rows, texts):
        monkeypatch.setattr(module, "REAL", REAL)
        monkeypatch.setattr(module, "PROBED", 5)
    for name, value in {"ASKED": 3, "SEVERAL": 2, "WARM": 1, "ROUNDS": 2, "COLD": 1}.items():
        monkeypatch.setattr(rows, name, value)
    monkeypatch.setattr(graph, "ASKED", 3)
    for module in (rows, graph, bench):
        monkeypatch.setattr(module, "SIZES", (REAL, SIZE))


def test_ways_are_timed_by_turns_and_held_against_each_other_pair_by_pair() -> None:
    order: list[str] = []
    ways = {name: lambda n, name=name: order.append(f"{name}{n}") for name in "ab"}
    taken = by_turns(3, ways)
    assert order == ["a0", "b0", "b1", "a1", "a2", "b2"]
    assert [len(seconds) for seconds in taken.values()] == [3, 3]
    assert ratio([2, 9, 4], [1, 3, 4]) == {"median": 2, "least": 1, "most": 3}
    assert spread("x", [n / 1000 for n in range(1, 100)])["x p50, ms"] == 50


def test_a_large_folder_is_made_of_real_text_and_has_vectors_like_real_ones(small: Bench) -> None:
    told = rows.answers(small, SIZE)
    folder = small.texts.folder(SIZE)
    made = sorted(folder.glob("made-*/*"))
    passages = small.texts.passages.values()
    real = {line for of_one in passages for passage in of_one for line in texts._lines(passage)}
    assert made
    assert all(line in real for path in made for line in path.read_text().splitlines())
    assert SIZE <= told["passages"] < 2 * SIZE  # documents are whole
    assert 0.4 < told["cosine of made vectors"] < 1
    assert told["search p50, ms"] > told["encoding a query p50, ms"] > 0

    index = Index.open(Settings(corpus=folder, index=folder.parent / "index"))
    vectors = texts.vectors_of(index)[1]
    assert vectors.shape == (told["passages"], 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert index.sync().kept
    index.close()


def test_graphs_are_held_against_comparing_with_all(
    small: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = graph.graph(small, SIZE)
    for name in graph.WAYS:
        assert told[f"{name}: recall@10"] == 1  # in so small a graph
        assert told[f"{name}: search p50, ms"] > 0
        assert f"{name}: seconds to build" in told  # hundredths of a second, of so small a one
    monkeypatch.setattr(graph, "LARGEST", REAL)
    beyond = graph.graph(small, SIZE)
    assert beyond["askdoc: recall@10"] == 1
    assert not [name for name in beyond if "Chroma" in name or "build" in name]


def test_documents_are_ranked_by_their_nearest_passage(small: Bench) -> None:
    judged = vectors._judged(small, "squad2")
    assert len(judged.questions) == 60
    assert set(judged.sources) == set.union(*judged.relevant)
    one = vectors.Judged(["", "", ""], ["a", "a", "b"], ["?"], [{"b"}])
    near = np.array([[1, 0], [0.9, 0.1], [0.5, 0.5]])
    assert one.ndcg(near, np.array([[1, 0]])) == pytest.approx(1 / np.log2(3))  # a is there once


def test_what_a_crowd_is_refused_is_told_apart_from_what_fails() -> None:
    replies = itertools.cycle([200, 200, 503, 429, 500])

    class Server(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(next(replies))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        told = clients._crowd(address, itertools.repeat("Who?"), 4, 0.5)
        server.shutdown()
    every = told["answers"] + told["refused"] + told["errors"]
    assert told["answers"] == pytest.approx(0.4 * every, abs=2)
    assert told["refused"] == pytest.approx(0.4 * every, abs=2)
    assert 0 < told["answers a second"] <= 2 * told["answers"]
    assert told["answer p95, ms"] >= told["answer p50, ms"] > 0


def test_the_command_measures_keeps_and_draws(small: Bench, tmp_path: Path, capsys: Any) -> None:
    given = {"data": small.data, "work": small.work, "out": tmp_path, "most": REAL}
    bench.main(**given, only=["files", "answers"])
    first = (tmp_path / "answers.json").read_text()
    bench.main(**given, only=["answers"])  # nothing is measured again
    assert (tmp_path / "answers.json").read_text() == first
    sizes = json.loads(first)["sizes"]
    assert list(sizes["answer p50, ms"]) == [f"{REAL}"]
    mixed = json.loads((tmp_path / "files.json").read_text())
    assert mixed["files"]["files"] == 3
    assert mixed["to the first answer"]["of reading alone"]["least"] > 0
    assert lxml.etree.parse(tmp_path / "time.svg").getroot().tag.endswith("/svg}svg")
    capsys.readouterr()


def test_plots_are_drawn_over_all_sizes(tmp_path: Path) -> None:
    figures = {"index, MB": {"1,000": 4, "10,000": 38, "100,000": 377}}
    figures |= {f"{name}, ms": {"1,000": 60} for name in ("search p50", "answer p50", "answer p95")}
    (tmp_path / "answers.json").write_text(json.dumps({"sizes": figures}))
    plots(tmp_path)
    drawn = (tmp_path / "room.svg").read_text()
    assert ">100,000<" in drawn
    assert ">400<" in drawn
    assert not (tmp_path / "memory.svg").exists()
