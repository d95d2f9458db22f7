"""The Containerfile, as far as it goes without an engine: its words run here."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx
import pytest
from helpers import ROOT

pytestmark = pytest.mark.attack  # servers are started as a container starts them

LINES = (ROOT / "Containerfile").read_text("utf-8").splitlines()
WORDS = [line.split(" ", 1) for line in LINES if line and line[0] != "#"]


def of(name: str) -> list[str]:
    """What stands behind an instruction, each time that it is there."""
    return [rest for word, rest in WORDS if word == name]


def once(web: httpx.Client, path: str) -> httpx.Response:
    """What a server answers, as soon as it listens."""
    while True:
        try:
            return web.get(path)
        except httpx.ConnectError:
            time.sleep(0.02)


def test_it_copies_what_is_there_and_installs_what_askdoc_has() -> None:
    for copied in of("COPY"):
        *sources, _ = copied.split()
        assert all((ROOT / source).exists() for source in sources)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    [install] = [run for run in of("RUN") if "-c constraints.txt" in run and "torch" not in run]
    assert '".[$EXTRAS]"' in install
    [extras] = [line.removeprefix("EXTRAS=") for line in of("ARG") if line.startswith("EXTRAS=")]
    assert set(extras.split(",")) <= set(project["optional-dependencies"]) - {"torch"}
    version = of("FROM")[0].rpartition(":")[2].removesuffix("-slim")
    assert version == project["requires-python"].removeprefix(">=")
    user, group = of("USER")[0].split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_it_serves_writes_to_its_two_places_only_and_tells_when_it_is_ready(tmp_path: Path) -> None:
    """What is not the index and not the folder for temporary files is as it was."""
    places = {name: tmp_path / name for name in ("documents", "index", "tmp")}
    for place in places.values():
        place.mkdir()
    (places["documents"] / "a.md").write_text("A ferry.")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    given = dict(each.split("=") for line in of("ENV") for each in line.split())
    assert given["ASKDOC_HOST"] == "0.0.0.0"
    given = {name: re.sub(r"^(?=/)", str(tmp_path), value) for name, value in given.items()}
    environment = {**os.environ, **given, "TMPDIR": str(places["tmp"])}
    environment |= {"ASKDOC_PORT": str(port), "ASKDOC_AUTH": "ani:se:cret"}
    environment |= {"ASKDOC_TRUSTED_PROXY": "10.0.0.0/8, ::1", "ASKDOC_RATE": "20"}
    [command], [health] = of("CMD"), of("HEALTHCHECK")
    asked = json.loads(health.partition(" CMD ")[2])
    assert asked[0] == "python"
    assert json.loads(command)[0] == "askdoc"
    server = subprocess.Popen(
        [sys.executable, "-m", "askdoc", *json.loads(command)[1:]], env=environment, cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip

    def is_well(**changed: str) -> bool:
        words = [sys.executable, *asked[1:]]
        done = subprocess.run(words, env={**environment, **changed}, capture_output=True)
        return done.returncode == 0

    url, told = f"http://127.0.0.1:{port}", set[str]()
    assert not is_well()
    with httpx.Client(base_url=url, auth=("ani", "se:cret"), timeout=60) as web:
        while (reply := once(web, "/api/ready")).status_code == 503:
            told.add(reply.json()["error"])
            assert reply.headers["retry-after"]
            time.sleep(0.1)
        assert reply.json() == {"status": "ready"}
        assert web.get("/api/health").json()["status"] == "ready"
        assert is_well()
        assert not is_well(ASKDOC_AUTH="ani:wrong")
        # Nobody but a proxy that is named says where one comes from.
        afar = ({"x-forwarded-for": f"10.1.1.{number}"} for number in range(40))
        statuses = {web.post("/api/none", headers=headers).status_code for headers in afar}
        assert statuses == {404, 429}
    server.terminate()
    server.wait(30)
    assert "warming up" in told
    assert not any("\n" in each for each in told)
    assert {path.name for path in tmp_path.iterdir()} == set(places)
    assert [path.name for path in places["documents"].iterdir()] == ["a.md"]
    assert (places["index"] / "askdoc" / "current").exists()
