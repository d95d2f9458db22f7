"""Other processes that use the same index."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

DRIVER = Path(__file__).parent / "another_process.py"
Run = Callable[..., tuple[int, str, str]]


def process(*before: str) -> Iterator[Run]:
    """Another process; a command of askdoc gives its exit code, its output and its errors."""
    command = [*before, sys.executable, str(DRIVER)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as started:
        assert started.stdin
        assert started.stdout

        def run(*arguments: object) -> tuple[int, str, str]:
            print(json.dumps([str(argument) for argument in arguments]), file=started.stdin)
            code, out, err = json.loads(started.stdout.readline())
            return code, out, err

        yield run
        started.stdin.close()


@pytest.fixture(scope="session")
def other() -> Iterator[Run]:
    """Another process of the same user."""
    yield from process()


@pytest.fixture(scope="session")
def bound() -> Iterator[Run]:
    """Another process, for which read-only means read-only: the rights of root are taken away."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        assert shutil.which("setpriv"), "root needs setpriv, of util-linux, for this test"
        yield from process("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    else:
        yield from process()


@dataclass(frozen=True)
class Disk:
    """A disk of a few megabytes."""

    path: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Has no byte left on it, until the end."""
        filler = self.path / "filler"
        try:
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
            yield
        finally:
            filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of its own; to mount it needs root."""
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", path], check=True)
    try:
        yield Disk(path)
    finally:
        # Lazily: what the index has open in this process is closed when it ends.
        subprocess.run(["umount", "--lazy", path], check=True)


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """A file that says how far the clock is off."""
    path = tmp_path / "clock"
    path.write_text("+0")
    return path


@pytest.fixture
def shifted(clock: Path) -> dict[str, str]:
    """What gives a process that clock; times that are measured, and not told, go on as ever."""
    told = subprocess.run(
        ["faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return {
        "LD_PRELOAD": told,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


@pytest.fixture
def elsewhen(shifted: dict[str, str]) -> Iterator[Run]:
    """Another process, under that clock."""
    yield from process("env", *(f"{name}={value}" for name, value in shifted.items()))
