"""Indexing on a Ray cluster: what one process makes, also where a worker is killed meanwhile.

What needs Ray is an attack: installing it takes as long as CI has left.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from askdoc import Assistant, Settings
from askdoc.errors import BadInput
from askdoc.types import FileReport, Progress

FILES = {
    f"{n % 3}/{n:02}.md": f"# Ferry {n}\n\n" + f"Ferry {n} sails at noon with {n + 7} cars. " * 40
    for n in range(24)
}
FAILING = {"broken.pdf": b"%PDF-1.4 and nothing", "empty.txt": b"", "film.mkv": b"\x1a\x45\xdf\xa3"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a real cluster: two nodes with a processor each."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}
    started = Cluster(initialize_head=True, head_node_args=node)
    started.add_node(num_cpus=1, object_store_memory=100_000_000)
    yield started.address
    started.shutdown()


def one(root: Path, **settings: object) -> Assistant:
    """An assistant over a folder that is not indexed yet."""
    return Assistant.open(Settings(corpus=root, **settings))


def told(assistant: Assistant) -> list[FileReport]:
    """The report, without the seconds."""
    return [replace(report, seconds=0) for report in assistant.index.reports()]


def check_same(there: Assistant, here: Assistant) -> None:
    """Holds an index that a cluster has made to one that this process has made."""
    assert told(there) == told(here)
    for report in (each for each in told(here) if each.passages):
        assert there.document(report.source) == here.document(report.source)
        passages = here.index.passages(report.source)
        assert there.index.passages(report.source) == passages
        vectors = zip(there.index.vectors(passages), here.index.vectors(passages), strict=True)
        for (_, vector), (_, expected) in vectors:
            assert vector == pytest.approx(expected, abs=1e-6)
    for query in ("which ferry takes 30 cars", "noon"):
        hits, expected = there.search(query), here.search(query)
        assert [hit.passage for hit in hits] == [hit.passage for hit in expected]
        assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected])
    assert there.index.verify(deep=True) == []


@pytest.mark.attack
def test_a_cluster_makes_what_one_process_makes(cluster: str, folder, tmp_path: Path) -> None:
    root = folder({**FILES, **FAILING})
    there, here = one(root), one(root, index=tmp_path / "here")
    steps: list[Progress] = []
    there.sync(steps.append, ray=cluster)
    here.sync()
    check_same(there, here)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total > 0

    read = {report.source: report for report in there.index.reports()}
    (root / "1" / "01.md").write_text("Ferry 1 sank in 1999.")
    (root / "2" / "02.md").unlink()
    for path in ("0/00.md", "0/03.md"):
        os.utime(root / path)
    report = there.sync(ray=cluster)
    assert (report.changed, report.removed) == (("1/01.md",), ("2/02.md",))
    # A file that is read again takes other seconds.
    assert {each.source for each in report.documents if each != read[each.source]} == {"1/01.md"}
    here.sync()
    check_same(there, here)


def busy(task: str) -> int | None:
    """A worker of this process's cluster that is in the middle of a task, and stopped there."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if not (place / "cmdline").read_text().startswith(f"ray::{task}"):
                continue
            above = place
            while above.name not in ("0", str(os.getpid())):
                parent = re.search(r"^PPid:\s+(\d+)", (above / "status").read_text(), re.M)
                above = Path("/proc", parent[1] if parent else "0")
            if above.name == "0":
                continue  # of another's cluster
            os.kill(int(place.name), signal.SIGSTOP)
            if (place / "cmdline").read_text().startswith(f"ray::{task}"):
                return int(place.name)
            os.kill(int(place.name), signal.SIGCONT)
    return None


@pytest.mark.attack
def test_a_killed_worker_costs_nothing(cluster: str, folder, tmp_path: Path) -> None:
    root = folder(FILES)
    there, here = one(root), one(root, index=tmp_path / "here")
    killed: list[str] = []

    def kill() -> None:
        for task in ("_read", "_embed"):
            while not (worker := busy(task)):
                if ended.wait(0.001):
                    return
            os.kill(worker, signal.SIGKILL)
            killed.append(task)

    ended, killer = threading.Event(), threading.Thread(target=kill)
    killer.start()
    there.sync(ray=cluster)
    ended.set()
    killer.join()
    assert killed == ["_read", "_embed"]
    here.sync()
    check_same(there, here)


@pytest.mark.attack
@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_an_address_where_nothing_is_costs_one_line(folder, address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]  # nobody listens there once it is closed
    place = address.format(port)
    done = index(folder(FILES), place)
    assert (done.returncode, done.stdout) == (1, "")
    line = rf".*no Ray cluster answers at '{place}': [^\n]+\n"
    assert re.fullmatch(line, done.stderr), done.stderr


@pytest.mark.attack
def test_the_command_starts_a_cluster_of_its_own(folder) -> None:
    root = folder({**FILES, **FAILING})
    done = index(root, "local")
    assert done.returncode == 0, done.stderr
    assert f"{len(FILES) + len(FAILING)} added" in done.stdout


def test_without_ray_a_line_says_what_brings_it(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    assistant = one(folder({"a.md": "Ferry 1 sails."}))
    with pytest.raises(BadInput, match=r"'auto' needs Ray: pip install 'askdoc\[ray\]'$"):
        assistant.sync(ray="auto")
    assert assistant.sync().added == ("a.md",)
    assert assistant.index.verify() == []


def index(root: Path, address: str) -> "subprocess.CompletedProcess[str]":
    """`askdoc index --ray`, in a process of its own."""
    words = ["index", str(root), "--ray", address]
    return subprocess.run(
        [sys.executable, "-m", "askdoc", *words],
        capture_output=True, text=True, check=False,
        env={**os.environ, "HOME": str(root.parent)},  # where Ray leaves a token for its cluster
    )  # fmt: skip
