"""The command line, as a person or a script meets it."""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import build_of, fails, printed

from askdoc import Assistant, Settings
from askdoc.cli import main
from askdoc.cli.printing import tell_more
from askdoc.index.index import Index
from askdoc.index.lock import only_writer

ASKDOC = Path(sys.executable).parent / "askdoc"
CITATION = {
    "number", "source", "title", "page", "heading", "start", "end", "quote", "file_sha256",
    "text_sha256",
}  # fmt: skip


def run(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs the installed command in a process of its own."""
    return subprocess.run(
        [str(ASKDOC), *map(str, arguments)],
        capture_output=True, text=True, timeout=300, env={**os.environ, **env},
    )  # fmt: skip


def test_from_folder_to_answer_in_real_processes(corpus: Path, tmp_path: Path) -> None:
    """Index, ask, and status on the real corpus, each in a process of its own."""
    place = ("--corpus", corpus, "--index", tmp_path / "index")
    index = run("index", corpus, "--index", tmp_path / "index", "--json")
    assert index.returncode == 0, index.stderr
    report = json.loads(index.stdout)
    assert set(report) == {"documents", "added", "changed", "removed", "kept", "seconds"}
    assert len(report["added"]) == len(report["documents"]) >= 15
    assert {row["status"] for row in report["documents"]} == {"read"}
    assert set(report["documents"][0]) == {
        "source", "status", "pages", "characters", "passages", "seconds", "language", "why",
    }  # fmt: skip
    assert "SOURCES.md" not in report["added"]

    asked = run("ask", "Who backed Azerbaijan in the 44-day war?", *place, "--json")
    assert asked.returncode == 0, asked.stderr
    assert asked.stderr == ""
    answer = json.loads(asked.stdout)
    assert set(answer) == {
        "question", "query", "answered", "text", "model", "sentences", "citations", "closest",
        "certainty", "confidence", "seconds",
    }  # fmt: skip
    assert answer["answered"] is True
    assert answer["model"] == "quotes"
    assert answer["sentences"][0]["citations"] == [1]
    assert answer["sentences"][0]["grounded"] is True
    assert answer["sentences"][0]["problems"] == []
    cited = answer["citations"][0]
    assert set(cited) == CITATION
    assert cited["source"] == "turkey-azerbaijan.md"
    assert (corpus / cited["source"]).read_text()[cited["start"] : cited["end"]] == cited["quote"]
    assert {"source", "start", "end", "text", "score", "found_by"} <= set(answer["closest"][0])
    assert set(answer["seconds"]) == {"query", "search", "read", "write"}

    assert run("status", *place).returncode == 0


def test_index_shows_a_line_for_each_file(folder, capsys) -> None:
    """What cannot be read stands beside what can, with its reason, and stops nothing."""
    root = folder(
        {"good.md": "# Ferry\n\nIt sails.", "bad.pdf": b"%PDF-", "odd.xyz": b"?", "no.txt": b""}
    )
    shown = printed(capsys, "index", root)
    for word in (
        "good.md",
        "read",
        "bad.pdf",
        "failed",
        "odd.xyz",
        "unsupported",
        "no.txt",
        "empty",
    ):
        assert word in shown
    lines = shown.splitlines()
    assert lines[0].index("status") == lines[1].index("failed") == lines[2].index("read")
    assert "4 added" in shown
    assert "0 added, 0 changed, 0 removed, 4 kept" in printed(capsys, "index", root)


def test_status_names_what_differs(folder, capsys) -> None:
    root = folder({"a.md": "# Ferry\n\nIt sails.", "b.md": "Bread."})
    printed(capsys, "index", root)
    assert "exactly" in printed(capsys, "status", root)
    (root / "a.md").write_text("# Ferry\n\nIt sank.")
    (root / "b.md").unlink()
    (root / "c.md").write_text("New.")
    differences = json.loads(printed(capsys, "status", "--corpus", root, "--json", code=3))[
        "differences"
    ]
    assert differences == [
        "a.md: changed since it was indexed",
        "c.md: not indexed",
        "b.md: indexed, but gone from the corpus",
    ]
    index = Index.open(Settings(corpus=root))
    index.sync()
    index.stores.dense.remove(sorted(index.stores.dense.ids())[:1])
    shown = printed(capsys, "status", "--corpus", root, "--deep", code=3)
    assert "passages missing in Chroma" in shown
    printed(capsys, "index", root)
    assert "exactly" in printed(capsys, "status", root, "--deep")


def test_answers_and_hits_are_printed_for_people(assistant: Assistant, corpus, capsys) -> None:
    place = ("--corpus", corpus, "--index", assistant.index.folder)
    shown = printed(capsys, "ask", "Who backed Azerbaijan in the 44-day war?", *place)
    assert "Turkey backed Azerbaijan" in shown
    assert "[1] turkey-azerbaijan.md, Who backed Azerbaijan" in shown
    shown = printed(capsys, "ask", "How do I bake a lasagne?", *place)
    assert shown.startswith("The documents do not answer this question.")
    assert "The closest passages:" in shown
    hits = json.loads(printed(capsys, "search", "Eagle Partner", *place, "-k", 3, "--json"))
    assert len(hits) == 3


def test_bad_input_gets_one_line(folder, capsys, tmp_path: Path) -> None:
    root = folder({"a.md": "# Ferry\n\nIt sails."})
    assert "there is no folder" in fails(capsys, "ask", "x", "--corpus", tmp_path / "none")
    assert "there is no folder" in fails(capsys, "index", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    assert "is empty" in fails(capsys, "ask", " ", "--corpus", root)
    assert "100,000 characters" in fails(capsys, "ask", "x" * 100_000, "--corpus", root)
    assert "k = 0" in fails(capsys, "search", "x", "-k", 0, "--corpus", root)
    empty = folder({}, "empty")
    assert "holds no document" in fails(capsys, "ask", "x", "--corpus", empty)


def test_an_empty_corpus_is_told_from_an_index_command(folder, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["index", str(folder({}, "empty"))])
    assert caught.value.code == 1
    assert "holds no document" in capsys.readouterr().err


def test_another_embedder_is_refused_until_the_index_is_built_again(
    folder, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost by the refusal, and the command that it names mends it."""
    from askdoc.index.embedder import bundled

    root = folder({"a.md": "# Ferry\n\nThe ferry sails at nine."})
    assert run("index", root).returncode == 0
    monkeypatch.setenv("ASKDOC_EMBEDDER", str(bundled()))
    line = fails(capsys, "ask", "When does the ferry sail?", "--corpus", root)
    assert "all-MiniLM-L6-v2" in line
    command = line.split("`")[1].split()
    assert command[0] == "askdoc"
    mended = run(*command[1:])
    assert mended.returncode == 0, mended.stderr
    assert "nine" in run("ask", "When does the ferry sail?", "--corpus", root).stdout


def test_an_unknown_embedder_gets_one_line(folder, capsys, monkeypatch) -> None:
    root = folder({"a.md": "The ferry sails at nine."})
    monkeypatch.setenv("ASKDOC_EMBEDDER", str(root / "no-such-model"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "cannot be loaded" in fails(capsys, "index", root)
    monkeypatch.setenv("ASKDOC_EMBEDDER", "nobody:model")
    assert "embedder nobody:model" in fails(capsys, "index", root)


@pytest.mark.parametrize(("name", "value"), [("ASKDOC_K", "many"), ("ASKDOC_THRESHOLD", "7")])
def test_a_bad_setting_gets_one_line(folder, capsys, monkeypatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    line = fails(capsys, "ask", "x", "--corpus", folder({"a.md": "A."}))
    assert name.removeprefix("ASKDOC_").lower() in line
    assert value in line


def test_settings_come_from_the_environment_and_a_file(folder, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("ASKDOC_K", "3")
    (tmp_path / ".env").write_text("ASKDOC_K=5\nASKDOC_PORT=9000\n")
    assert (Settings().k, Settings().port) == (3, 9000)
    assert Settings(k=4).k == 4


def test_a_port_in_use_gets_one_line(folder, capsys) -> None:
    root = folder({"a.md": "A ferry."})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = fails(capsys, "serve", "--corpus", root, "--port", port)
    assert f"127.0.0.1:{port}" in line
    assert "--port" in line


def test_a_second_writer_is_told_of_the_first(folder, capsys) -> None:
    """It must wait to write, but whoever asks is answered from what is there."""
    root = folder({"a.md": "The ferry sails at nine."})
    question = ("When does the ferry sail?", "--corpus", root)
    who = "askdoc itself"
    index = Index.open(Settings(corpus=root))
    with held(index):
        assert who in fails(capsys, "index", root)
        assert who in fails(capsys, "ask", *question)
    printed(capsys, "index", root)
    (root / "b.md").write_text("The tide turns at five.")
    with held(index):
        with pytest.raises(SystemExit):
            main([str(word) for word in ("ask", *question)])
        told = capsys.readouterr()
        assert "nine" in told.out
        assert who in told.err
        assert "indexed so far" in told.err
    assert "five" in printed(capsys, "ask", "When does the tide turn?", "--corpus", root)


@contextlib.contextmanager
def held(index: Index) -> Iterator[None]:
    """The time in which somebody else writes to an index."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with only_writer(index.stores.home, 5):
            taken.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(30)
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("name", "value"), [("version", "0"), ("passage_size", "500"), ("embedder", "another")]
)
def test_an_index_built_in_another_way_is_refused_with_the_mending_command(
    folder, capsys, name: str, value: str
) -> None:
    root = folder({"a.md": "The ferry sails at nine."}, "my docs")
    index = Index.open(Settings(corpus=root))
    index.sync()
    index.stores.manifest.note(**{name: value})
    index.close()
    for command in ("ask", "status", "search"):
        words = [command] if command == "status" else [command, "ferry"]
        line = fails(capsys, *words, "--corpus", root)
        assert f"was built with {name} {value}, not" in line
        assert f"`askdoc index '{root}' --rebuild`" in line
    if name == "version":  # once is enough
        mended = run(*shlex.split(line.split("`")[1])[1:])
        assert mended.returncode == 0, mended.stderr
        assert run("status", "--corpus", root).returncode == 0


def test_an_index_of_an_older_layout_or_a_damaged_one_is_refused(folder, capsys) -> None:
    root = folder({"a.md": "The ferry sails at nine."})
    (root / ".askdoc").mkdir()
    manifest = root / ".askdoc" / "manifest.sqlite"
    with contextlib.closing(sqlite3.connect(manifest)) as old:
        old.executescript(
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
            "INSERT INTO meta VALUES ('version', '1'); CREATE TABLE passages (id TEXT);"
        )
    line = fails(capsys, "ask", "When does the ferry sail?", "--corpus", root)
    assert "was built with version 1, not" in line
    assert f"`askdoc index {root} --rebuild`" in line
    manifest.write_bytes(b"this is no database, but it is long enough to be one" * 100)
    line = fails(capsys, "ask", "When does the ferry sail?", "--corpus", root)
    assert f"`askdoc index {root} --rebuild`" in line
    assert "1 added" in printed(capsys, *shlex.split(line.split("`")[1])[1:])


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ on Windows")
def test_ctrl_c_stops_cleanly_and_keeps_what_is_done(folder) -> None:
    root = folder(
        {f"{n}.md": f"# Ferry {n}\n\n" + f"Ferry {n} sails at dawn. " * 5 for n in range(900)}
    )
    command = [str(ASKDOC), "index", str(root)]
    # A shell starts what runs in the background with the signal ignored; a child inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if count_files(root / ".askdoc"):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.strip().splitlines()[-1].startswith("askdoc: stopped; what is done is kept")
    assert "Traceback" not in told
    kept = count_files(root / ".askdoc")
    assert 0 < kept < 900
    index = Index.open(Settings(corpus=root))
    report = index.sync()
    assert len(report.kept) == kept
    assert len(report.added) == 900 - kept
    assert index.verify() == []


def count_files(index: Path) -> int:
    """How many files an index holds."""
    if not (index / "current").exists():
        return 0
    manifest = build_of(index) / "manifest.sqlite"
    with contextlib.closing(sqlite3.connect(f"file:{manifest}?mode=ro", uri=True)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM files").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_languages_are_told_and_warned_of(folder, capsys) -> None:
    german = "Die Fähre nach Marwick fährt um neun Uhr ab, und der Hafenmeister wartet am Kai. "
    root = folder({"de.md": german * 6, "en.md": "The ferry to Marwick sails at nine sharp. " * 9})
    rows = json.loads(printed(capsys, "index", root, "--json"))["documents"]
    assert {row["source"]: row["language"] for row in rows} == {"de.md": "de", "en.md": "en"}
    shown = " ".join(printed(capsys, "index", root).split())
    assert "not made for: de (1)" in shown
    assert "ASKDOC_EMBEDDER=intfloat/multilingual-e5-small" in shown


def test_an_index_in_a_folder_that_cannot_be_written_gets_one_line(
    folder, capsys, tmp_path
) -> None:
    root = folder({"a.md": "A ferry."})
    (tmp_path / "file").write_text("")
    assert "--index" in fails(capsys, "index", root, "--index", tmp_path / "file" / "x")


def test_wrong_usage_ends_with_2(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["search"])
    assert caught.value.code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no bash on Windows")
def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    """Installed into a real bash, as the command itself says how."""
    script = """
    askdoc --install-completion && . ~/.bashrc
    for words in "askdoc st" "askdoc search --doc"; do
        COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _askdoc_completion askdoc; echo "${COMPREPLY[@]}"
    done
    """
    path = f"{ASKDOC.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True,
        env={**os.environ, "HOME": str(tmp_path), "PATH": path},
    )  # fmt: skip
    assert done.stdout.splitlines()[-2:] == ["status", "--document"]
    assert done.stderr == ""


def test_colours_are_as_the_environment_asks(folder, tmp_path: Path) -> None:
    """NO_COLOR counts, also where FORCE_COLOR is set; without a terminal there is none."""
    cited = {"number": 1, "source": "a.md", "start": 0, "end": 1, "quote": "B", "file_sha256": ""}
    (tmp_path / "answer.json").write_text(json.dumps({"text": "B [1]", "citations": [cited]}))
    place = ("check", tmp_path / "answer.json", "--corpus", folder({"a.md": "A."}))
    coloured = re.compile(r"\x1b\[[\d;]*3\d")
    for env, shown in (
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ):
        assert bool(coloured.search(run(*place, **env).stdout)) is shown, env
    done = run("search", FORCE_COLOR="1")  # wrong usage is told by another library
    assert "Missing argument" in done.stderr
    assert "u001b" not in done.stderr


def test_standard_error_tells_what_it_is_asked_to(folder, capsys, caplog) -> None:
    """Every step with --verbose, else what is worth a note, with --quiet nothing but errors."""
    root = folder({"a.md": "The ferry sails at nine."})
    question = ("ask", "When does the ferry sail?", "--corpus", root)
    Path(".env").write_text("ASKDOC_HOST=0.0.0.0\n")

    def told(*words: object, code: int = 0) -> list[str]:
        with pytest.raises(SystemExit) as caught:
            main([str(word) for word in words])
        assert (caught.value.code or 0) == code
        return capsys.readouterr().err.splitlines()

    try:
        assert told("index", root, "--quiet") == []
        (line,) = filter(None, told(*question))
        assert "ASKDOC_HOST, which counts only in" in line
        assert told(*question, "-q") == []
        assert len(told("ask", " ", "--corpus", root, "-q", code=1)) == 1
        (root / "b.md").write_text("It returns at ten.")
        with held(Index.open(Settings(corpus=root))):
            assert told(*question, "-q") == []
        caplog.clear()
        _, indexed, asked = filter(None, told(*question, "--verbose"))
        assert "1 added, 0 changed, 0 removed, 1 kept" in indexed
        assert asked.startswith("askdoc: 'When does the ferry sail?': searched for ")
        assert "passages, sure" in asked
        assert all(f"{step} 0." in asked for step in ("query", "search", "read", "write"))
        assert told("status", root, "--verbose") == told("status", root)
    finally:
        tell_more(None)
    loud = [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"]
    assert "ferry" not in "".join(loud)
    assert len(loud) == 3
