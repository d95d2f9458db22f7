"""Sizes and rates: what is too large, too often or too much is refused, and leaves nothing."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from chat import serve
from gradio.utils import get_upload_folder
from helpers import begun, named
from starlette.testclient import TestClient

from askdoc import AskdocError, Assistant, BadInput, Settings
from askdoc.web import feedback, limits
from askdoc.web.app import create_app
from askdoc.web.uploads import OnlyUploads, delete_before

LOGIN = ("ani", "secret")
FERRY = "The ferry to Marwick sails at nine."


@dataclass
class Served:
    """A chat with low limits: where it listens, and where it keeps uploads."""

    url: str
    folder: Path
    root: Path

    def client(self, address: str, login: tuple[str, str] | None = LOGIN) -> httpx.Client:
        """A client that comes from an address, as a proxy before the chat would tell."""
        headers = {"x-forwarded-for": address}
        return httpx.Client(base_url=self.url, auth=login, headers=headers, timeout=120)

    def left(self) -> list[Path]:
        """What is left of uploads."""
        return [path for path in self.folder.rglob("*") if path.is_file() and path.stat().st_size]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat that asks for a password, and takes an upload of a megabyte and 60 POSTs a minute."""
    root, folder = tmp_path_factory.mktemp("docs"), tmp_path_factory.mktemp("uploads")
    (root / "ferry.md").write_text(FERRY)
    server, url = serve(
        "-m", "askdoc", "serve", "--corpus", root, "--auth", ":".join(LOGIN),
        ASKDOC_MAX_UPLOAD=1, ASKDOC_RATE=60, TMPDIR=folder,
    )  # fmt: skip
    yield Served(url, folder, root)
    server.terminate()
    server.wait(30)
    assert list(folder.rglob("askdoc-*")) == []  # with all that was uploaded


def error(reply: httpx.Response) -> str:
    """The one line that says what is wrong."""
    told = reply.json()["error"]
    assert "\n" not in told
    return told


def test_what_is_too_large_is_refused(served: Served) -> None:
    """By what its header says, and where it has none, by what comes."""
    big = b'{"question": "' + b"x" * (limits.JSON * limits.MEGABYTE) + b'"}'
    kind = {"content-type": "application/json"}
    with served.client("10.0.0.1") as client:
        for route in ("api/ask", "gradio_api/queue/join"):
            reply = client.post(f"/{route}", content=big, headers=kind)
            assert reply.status_code == 413
            assert error(reply) == "a request may have 10 megabytes"
            pieces = (big[at : at + 100_000] for at in range(0, len(big), 100_000))
            assert client.post(f"/{route}", content=pieces, headers=kind).status_code == 413
        files = {"files": ("a.txt", b"x" * 1_100_000)}
        reply = client.post("/gradio_api/upload", files=files)
        assert reply.status_code == 413
        assert error(reply) == "a request may have 1 megabytes (ASKDOC_MAX_UPLOAD)"
        [path] = client.post("/gradio_api/upload", files={"files": ("a.txt", b"small")}).json()
        assert served.left() == [Path(path)]
        assert client.get("/config").json()["max_file_size"] == 1_000_000  # told by the page


def test_who_sends_too_much_waits_and_nobody_else(served: Served) -> None:
    with served.client("10.0.0.2") as client, served.client("10.0.0.3") as other:
        replies = [client.post("/api/nothing") for _ in range(80)]
        taken = [reply.status_code for reply in replies].count(404)
        assert 60 <= taken < 70  # some leak away meanwhile
        late = replies[-1]
        assert late.status_code == 429
        wait = int(late.headers["retry-after"])
        assert error(late) == f"too many requests from your address: wait {wait} seconds"
        assert client.get("/api/document?source=ferry.md").status_code == 200
        assert other.post("/api/search", json={"query": "ferry"}).status_code == 200
        time.sleep(wait + 1)
        assert client.post("/api/nothing").status_code == 404


def test_passwords_cannot_be_tried_at_will(served: Served) -> None:
    """After some wrong ones not even the right one helps, or else it would be found."""
    with served.client("10.0.0.4", None) as client, served.client("10.0.0.5") as other:
        assert {client.get("/api/health").status_code for _ in range(30)} == {401}
        began = time.monotonic()
        tried = [client.get("/api/health", auth=("ani", str(n))) for n in range(300)]
        statuses = [reply.status_code for reply in tried]
        more = (time.monotonic() - began) / 6 + 1
        assert set(statuses) == {401, 429}
        assert 10 <= statuses.count(401) <= 10 + more
        assert "too many wrong passwords" in error(tried[-1])
        late = client.get("/api/health", auth=LOGIN)
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) <= 6
        assert other.get("/api/health").status_code == 200


def test_an_upload_is_moved_into_the_corpus_and_not_kept_twice(served: Served) -> None:
    with served.client("10.0.0.6") as client:
        files = {"files": ("whale.txt", FERRY.encode())}
        [path] = client.post("/gradio_api/upload", files=files).json()
        assert Path(path) in served.left()
        assert "The index is up to date" in begun(client, "upload", [[named(path)]])
        assert Path(path) not in served.left()


@pytest.mark.parametrize(
    "name",
    [
        "../../../landed.md", "/landed.md", "a/../../landed.md", "..\\..\\landed.md",
        "....//....//landed.md", "%2e%2e%2f%2e%2e%2flanded.md", "../.landed.md",
        "../uploads/../landed\u202e.md",
    ],
)  # fmt: skip
def test_the_name_of_an_upload_leads_nowhere_else(served: Served, name: str) -> None:
    """Neither as it is sent, nor as the page is told that it was called."""
    places = served.root.parent, served.folder.parent
    before = {path for place in places for path in place.rglob("*landed*")}
    with served.client("10.0.0.7") as client:
        sent = {"files": (name, FERRY.encode())}
        [path] = client.post("/gradio_api/upload", files=sent).json()
        assert Path(path).resolve().is_relative_to(served.folder)
        told = begun(client, "upload", [[named(path) | {"orig_name": name}]])
        assert "The index is up to date" in told
    found = {path for place in places for path in place.rglob("*landed*")} - before
    [landed] = (path for path in found if path.is_file())
    assert landed.parent == served.root / "uploads"


def test_a_read_only_chat_takes_no_upload(folder) -> None:
    root = folder({"ferry.md": FERRY})
    assistant = Assistant.from_folder(root, Settings(read_only=True))
    with TestClient(OnlyUploads(create_app(assistant), read_only=True)) as client:
        reply = client.post("/gradio_api/upload", files={"files": ("a.txt", b"x")})
        assert (reply.status_code, error(reply)) == (
            403, "this chat is served read-only: no file is taken",
        )  # fmt: skip
        assert list(Path(get_upload_folder()).rglob("*.txt")) == []


def test_uploads_that_nobody_takes_are_deleted(tmp_path: Path) -> None:
    for name, age in (("old", 1000), ("new", 10)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("x")
        os.utime(tmp_path / name / "a.txt", (time.time() - age,) * 2)
    delete_before(tmp_path, time.time() - 900)
    assert [path.parent.name for path in tmp_path.rglob("*.txt")] == ["new"]


def test_opinions_do_not_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / feedback.FILE
    with pytest.raises(BadInput, match="may have 1 megabyte"):
        feedback.append(path, {"comment": "x" * 1_000_000})
    feedback.append(path, {"comment": "good"})
    assert json.loads(path.read_text()) == {"comment": "good"}
    os.truncate(path, 100_000_000)
    with pytest.raises(AskdocError, match="has 100 megabytes: move it away"):
        feedback.append(path, {"comment": "good"})
    assert path.stat().st_size == 100_000_000


@pytest.mark.parametrize("sources", [["ferry.md"] * 200_000, ["x" * 1_000_000]])
def test_a_question_names_no_more_sources_than_anyone_chooses(folder, sources: list[str]) -> None:
    assistant = Assistant.from_folder(folder({"ferry.md": FERRY}))
    with pytest.raises(BadInput, match=r"name 1,000 or fewer|there is no document") as caught:
        assistant.ask("When does the ferry sail?", sources=sources)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("route", ["api/ask", "api/ask/stream", "api/search"])
def test_a_request_names_no_more_sources_than_anyone_chooses(served: Served, route: str) -> None:
    """It is told at once, and asks nothing of the database."""
    asked = "query" if route.endswith("search") else "question"
    body = {asked: "ferry?", "sources": ["ferry.md"] * 200_000}
    with served.client("10.0.0.8") as client:
        client.get("/api/documents")  # models and index are there
        began = time.monotonic()
        reply = client.post(f"/{route}", json=body)
        assert time.monotonic() - began < 2
    assert reply.status_code == 400
    assert error(reply) == "200,000 sources are named: name 1,000 or fewer"


def test_the_state_of_so_many_tabs_is_kept_and_no_more(assistant: Assistant) -> None:
    """An hour of load made a session with every event, each of which was kept for ever."""
    mounted = [getattr(route, "app", None) for route in create_app(assistant).routes]
    [holder] = [app.state_holder for app in mounted if hasattr(app, "state_holder")]
    for number in range(limits.SESSIONS + 50):
        holder[f"tab {number}"]
    assert len(holder.session_data) == limits.SESSIONS
    assert f"tab {limits.SESSIONS + 49}" in holder
    assert "tab 0" not in holder
