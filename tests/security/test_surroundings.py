"""The folder that askdoc is started in, and its environment, send nothing anywhere."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import printed, recording

from askdoc import BadInput, Settings
from askdoc.settings import HARMLESS, config_file

FOREIGN = {
    "ASKDOC_AUTH": "them:secret",
    "ASKDOC_CHROMA_TOKEN": "theirs",
    "ASKDOC_CHROMA_URL": "http://192.0.2.1:8000",
    "ASKDOC_EMBEDDER": "openai:theirs",
    "ASKDOC_HOST": "0.0.0.0",
    "ASKDOC_LLM": "openai:theirs",
    "ASKDOC_LLM_BASE_URL": "http://192.0.2.1/v1",
    "ASKDOC_LLM_KEY": "theirs",
    "ASKDOC_READER": "theirs",
    "ASKDOC_READ_ONLY": "true",
    "ASKDOC_TRACING": "true",
}
ENV = "".join(f"{name}={value}\n" for name, value in FOREIGN.items())


def test_a_strangers_env_file_changes_no_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = Settings()
    (tmp_path / ".env").write_text(ENV + "ASKDOC_K=5\n")
    with caplog.at_level(logging.WARNING):
        changed = Settings()
    assert changed == plain.model_copy(update={"k": 5})
    (line,) = caplog.messages
    assert all(name in line for name in FOREIGN)
    assert "192.0.2.1" not in line
    assert "\n" not in line


def test_what_a_strangers_file_may_set_is_named_one_by_one() -> None:
    """A setting that comes later counts from the user's own files only, until it is named."""
    tried = {name.removeprefix("ASKDOC_").lower() for name in FOREIGN}
    assert tried.isdisjoint(HARMLESS)
    assert set(HARMLESS) < Settings.model_fields.keys()


def test_ones_own_file_and_a_named_one_count(tmp_path: Path) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text("ASKDOC_LLM=openai:mine\nASKDOC_K=3\nASKDOC_HOST=192.0.2.7\n")
    assert Settings().llm == "openai:mine"
    (tmp_path / ".env").write_text("ASKDOC_LLM=openai:theirs\nASKDOC_K=4\n")
    named = tmp_path / "named"
    named.write_text("ASKDOC_LLM=openai:named\n")
    assert (Settings().llm, Settings().k) == ("openai:mine", 4)
    both = Settings(_env_file=named)
    assert (both.llm, both.k, both.host) == ("openai:named", 4, "192.0.2.7")
    (tmp_path / "latin").write_bytes(b"ASKDOC_LLM=\xe9\n")
    with pytest.raises(BadInput, match="UTF-8"):
        Settings(_env_file=tmp_path / "latin")


def test_every_command_takes_a_named_file(folder, capsys, tmp_path: Path) -> None:
    import typer.main

    from askdoc.cli import app

    for command in typer.main.get_command(app).commands.values():  # type: ignore[attr-defined]
        assert "--env-file" in {name for option in command.params for name in option.opts}
    corpus = folder({"a.md": "The ferry sails at nine."})
    (tmp_path / "named").write_text(f"ASKDOC_CORPUS={corpus}\n")
    assert "a.md" in printed(capsys, "status", "--env-file", tmp_path / "named", code=3)


CHROMA = """
import sys
from opentelemetry import trace
import askdoc
settings = askdoc.Settings(corpus=sys.argv[1], index=sys.argv[2])
index = askdoc.Assistant.from_folder(settings=settings).index
print(type(trace.get_tracer_provider()).__name__, index.size())
"""


@pytest.mark.parametrize("where", ["environment", "file"])
def test_chroma_takes_nothing_from_there(folder, tmp_path: Path, where: str) -> None:
    """A file names another server, both name a place for traces."""
    with recording() as (address, sent):
        traces = {
            "CHROMA_OTEL_COLLECTION_ENDPOINT": address,
            "CHROMA_OTEL_GRANULARITY": "all",
            "CHROMA_OTEL_SERVICE_NAME": "x",
        }
        server = {
            "CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI",
            "CHROMA_SERVER_HOST": "127.0.0.1",
            "CHROMA_SERVER_HTTP_PORT": address.rpartition(":")[2],
        }
        if where == "file":
            lines = "".join(f"{name}={value}\n" for name, value in (traces | server).items())
            (tmp_path / ".env").write_text(lines)
        done = subprocess.run(
            [sys.executable, "-c", CHROMA, folder({"a.md": "The ferry sails."}), tmp_path / "i"],
            capture_output=True, text=True, cwd=tmp_path, check=False,
            env=os.environ | (traces if where == "environment" else {}),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ProxyTracerProvider", "1"]
    assert sent == []


TRACED = """
import sys
import askdoc
from askdoc.answer.connect import connect
from langchain_core.tracers.langchain import wait_for_all_tracers
model = connect(askdoc.Settings(llm="openai:it", llm_base_url=sys.argv[1]))
try:
    list(model.write([("human", "a private passage")]))
except askdoc.ModelFailed as refused:
    print(refused)
wait_for_all_tracers()
"""


@pytest.mark.parametrize("wanted", [False, True])
def test_langsmith_traces_only_where_askdoc_is_told_so(wanted: bool) -> None:
    with recording() as (address, sent), recording() as (elsewhere, traced):
        asked = {
            "LANGCHAIN_TRACING_V2": "true",
            "LANGSMITH_API_KEY": "x",
            "LANGSMITH_ENDPOINT": elsewhere,
            "LANGSMITH_TRACING": "true",
        }
        own = {"ASKDOC_TRACING": "1"} if wanted else {}
        done = subprocess.run(
            [sys.executable, "-c", TRACED, address],
            capture_output=True, text=True, env=os.environ | asked | own, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "a private passage" in "".join(sent), done.stdout
    assert bool(traced) == wanted
