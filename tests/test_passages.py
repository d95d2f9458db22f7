"""Every passage of an index goes out, and another engine finds the same with what went out."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import tantivy
import yaml
from helpers import AS_NOBODY, ROOT, fails, printed

from askdoc import Assistant, IndexBusy, Settings
from askdoc.index.dense import cosine
from askdoc.index.embedder import AGREES
from askdoc.index.index import Index

SCALING = (ROOT / "docs" / "scaling.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^```(yaml|json|python)\n(.*?)^```", SCALING, re.M | re.S))
QUESTIONS = (
    "Who backed Azerbaijan in the 44-day war?",
    "What is Eagle Partner for?",
    "When was the Republic of Artsakh dissolved?",
    "Who signed the Shusha Declaration for Turkey?",
    "What is the CSTO?",
    "Why did Armenia join the Rome Statute?",
    "How did Moscow react to the exercises?",
    "What did Pashinyan tell La Repubblica?",
    "Who blocked the Lachin corridor?",
    "How much aid was sent to Ukraine?",
)
ANALYZER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    .filter(tantivy.Filter.remove_long(60))
    .filter(tantivy.Filter.lowercase())
    .filter(tantivy.Filter.ascii_fold())
    .filter(tantivy.Filter.stopword("english"))
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)


@pytest.fixture(scope="module")
def place(assistant: Assistant) -> list[object]:
    """What names the index of the real corpus."""
    return ["--corpus", assistant.index.corpus, "--index", assistant.index.folder]


class Bulk(BaseHTTPRequestHandler):
    """Takes what OpenSearch's `_bulk` takes, and keeps it by the ids."""

    def do_POST(self) -> None:
        """Takes the lines in pairs."""
        assert self.path == "/passages/_bulk"
        assert self.headers["Content-Type"] == "application/x-ndjson"
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        *lines, last = body.split("\n")
        assert last == ""
        for action, line in zip(lines[::2], lines[1::2], strict=True):
            self.server.taken[json.loads(action)["index"]["_id"]] = json.loads(line)  # type: ignore[attr-defined]
        reply = json.dumps({"errors": self.server.refuses}).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def bulk() -> Iterator[HTTPServer]:
    """A server for them."""
    server = HTTPServer(("127.0.0.1", 0), Bulk)
    server.taken, server.refuses = {}, False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def engine(folder: Path, passages: dict[str, dict[str, Any]], tokenizer: str) -> tantivy.Index:
    """A new index of passages, of what they say to be searched and nothing else."""
    schema = (
        tantivy.SchemaBuilder()
        .add_text_field("id", stored=True, tokenizer_name="raw")
        .add_text_field("indexed_text", tokenizer_name=tokenizer, index_option="freq")
        .build()
    )
    folder.mkdir()
    index = tantivy.Index(schema, str(folder))
    index.register_tokenizer("askdoc", ANALYZER)
    writer = index.writer(num_threads=1)
    for id, passage in passages.items():
        writer.add_document(tantivy.Document(id=id, indexed_text=passage["indexed_text"]))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def best(index: tantivy.Index, question: str) -> list[tuple[str, float]]:
    """The ids and scores of the ten best passages for the words of a question."""
    words = " ".join(word for word in re.findall(r"\w+", question) if ANALYZER.analyze(word))
    searcher = index.searcher()
    hits = searcher.search(index.parse_query(words, ["indexed_text"]), 10).hits
    return [(searcher.doc(address)["id"][0], score) for score, address in hits]


def test_another_engine_finds_the_same(
    assistant: Assistant, place, capsys, bulk: HTTPServer, tmp_path: Path
) -> None:
    """By the script of the documentation, into an index of its own."""
    written = printed(capsys, "passages", *place)
    address = f"http://127.0.0.1:{bulk.server_port}/passages/_bulk"
    command = [sys.executable, "-c", EXAMPLES["python"], address]
    subprocess.run(command, input=written.encode(), check=True)
    taken = bulk.taken  # type: ignore[attr-defined]
    assert len(taken) == written.count("\n") == assistant.index.size()
    assert taken.keys() == assistant.index.stores.bm25.ids()
    bulk.refuses = True  # type: ignore[attr-defined]
    assert subprocess.run(command, input=written.encode(), stderr=subprocess.PIPE).returncode == 1

    same, quickwit = (engine(tmp_path / name, taken, name) for name in ("askdoc", "en_stem"))
    alike = first = 0
    for question in QUESTIONS:
        mine, others = assistant.index.stores.bm25.search(question, 10), best(same, question)
        assert len(mine) == 10
        assert [id for id, _ in others] == [id for id, _ in mine]
        assert [score for _, score in others] == pytest.approx([each for _, each in mine], abs=1e-4)
        stemmed = best(quickwit, question)
        alike += len(dict(stemmed).keys() & dict(mine).keys())
        first += stemmed[0][0] == mine[0][0]
    told = re.search(r"(\d+) of the 100 passages are the same, and (\d+) of the 10", SCALING)
    assert told is not None
    assert [alike, first] == [int(told[1]), int(told[2])]


def test_the_configurations_of_other_engines_name_what_is_written(place, capsys) -> None:
    line = json.loads(printed(capsys, "passages", *place).splitlines()[0])
    quickwit = yaml.safe_load(EXAMPLES["yaml"])
    mapped = {field["name"] for field in quickwit["doc_mapping"]["field_mappings"]}
    opensearch = json.loads(EXAMPLES["json"])
    assert mapped | opensearch["mappings"]["properties"].keys() <= line.keys()
    assert set(quickwit["search_settings"]["default_search_fields"]) <= mapped
    analysis = opensearch["settings"]["analysis"]
    own = {"lowercase", "asciifolding"}
    assert analysis["filter"].keys() == set(analysis["analyzer"]["askdoc"]["filter"]) - own


def test_each_line_is_a_passage_with_its_vector(assistant: Assistant, place, capsys) -> None:
    lines = [
        json.loads(line)
        for line in printed(capsys, "passages", *place, "--vectors").split("\n")[:-1]
    ]
    assert set(lines[0]) == {
        "id", "source", "title", "page", "heading", "start", "end", "text", "indexed_text",
        "metadata", "vector",
    }  # fmt: skip
    assert [(line["source"], line["start"]) for line in lines] == sorted(
        (line["source"], line["start"]) for line in lines
    )
    for line, passage in zip(lines, assistant.passages(), strict=True):
        text = assistant.document(line["source"]).text
        assert line["text"] == text[line["start"] : line["end"]]
        assert (line["id"], line["indexed_text"]) == (passage.id, passage.indexed_text)
        assert line["metadata"] == passage.metadata
    assert any(line["page"] for line in lines)
    for line in lines[::50]:
        again = assistant.index.embedder.embed_query(line["indexed_text"])
        assert cosine(again, line["vector"]) > AGREES


def test_few_passages_are_held_at_a_time(assistant: Assistant) -> None:
    """However they are divided, also within a document, none is lost or there twice."""
    whole = [passage.id for passage in assistant.passages()]
    for count in (1, 7, len(whole), 1000):
        some = list(assistant.index.stores.manifest.in_order(count))
        assert max(map(len, some)) <= count
        assert [id for ids in some for id in ids] == whole


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no such permissions")
def test_nothing_is_changed_and_whoever_reads_may_stop(
    assistant: Assistant, corpus: Path, tmp_path: Path
) -> None:
    """Of an index that cannot be written, by a command whose reader has seen enough."""
    index = shutil.copytree(assistant.index.folder, tmp_path / "index")

    def files() -> dict[str, str]:
        found = (path for path in index.rglob("*") if path.is_file())
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    before = files()
    for path in (index, *index.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    command = ["-m", "askdoc", "passages", "--vectors", "--corpus", corpus, "--index", index]
    with subprocess.Popen(
        [*AS_NOBODY, sys.executable, *map(str, command)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["source"] == "44-day-war.md"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert files() == before


def test_what_cannot_be_whole_gets_one_line(folder, capsys, tmp_path: Path) -> None:
    root = folder({"a.md": "A ferry sails.", "b.md": "A lamp burns."})
    assert "`askdoc index` makes it" in fails(capsys, "passages", "--corpus", root)
    assert not (root / ".askdoc").exists()
    assert "there is no folder" in fails(capsys, "passages", "--corpus", tmp_path / "none")

    reading = Assistant.from_folder(root).index
    (root / "b.md").write_text("A lamp glows.")
    written = printed(capsys, "passages", "--corpus", root)
    assert [json.loads(line)["text"] for line in written.splitlines()] == [
        "A ferry sails.",
        "A lamp burns.",  # it does not sync
    ]
    some = reading.all_passages()
    next(some)
    Index.open(Settings(corpus=root)).sync()
    with pytest.raises(IndexBusy, match="then this again"):
        next(some)
    reading.stores.dense.remove([next(reading.all_passages())[0].id])
    assert "lacks vectors" in fails(capsys, "passages", "--corpus", root, "--vectors")
    reading.stores.manifest.note(dirty="yes")
    assert "a sync was stopped" in fails(capsys, "passages", "--corpus", root)
