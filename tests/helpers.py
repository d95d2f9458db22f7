"""What several tests need: where things are, and the command line run in this process."""

from pathlib import Path

import pytest

from askdoc.cli import main

ROOT = Path(__file__).parent.parent


def build_of(index: Path) -> Path:
    """The folder in an index folder in which the index lies."""
    return index / (index / "current").read_text()


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Runs a command that must end with exit code 1, and gives its one line."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    assert caught.value.code == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("askdoc: ")
    return lines[0]


def printed(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    """Runs a command that must end with an exit code, and gives what it printed."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    assert (caught.value.code or 0) == code
    return capsys.readouterr().out
