"""No event of the page reads a file of the server: only what was uploaded, and no address."""

import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers import named
from starlette.testclient import TestClient

from askdoc import Assistant
from askdoc.web.app import create_app

SECRET = f"the key is {secrets.token_hex()}"
Named = dict[str, Any]


def attempts(client: httpx.Client, file: Named) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every event of the page, with the file in the place of each of its values in turn."""
    config = client.get("/config").json()
    values = {part["id"]: part["props"].get("value") for part in config["components"]}
    events = [event for event in config["dependencies"] if event["backend_fn"]]
    assert len(events) > 15
    for event in events:
        given = [values[part] for part in event["inputs"]]
        told = dict.fromkeys(("question", "source", "turns", "kind"), file)
        for place in range(-1, len(given)):
            data = [file if at == place else value for at, value in enumerate(given)]
            body = {"data": data, "event_data": told, "fn_index": event["id"]}
            name = f"{event['id']} {event['api_name']} {place}"
            yield name, body | {"session_hash": uuid.uuid4().hex}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that only the server's user may read."""
    path = tmp_path / "elsewhere" / "key.txt"
    path.parent.mkdir()
    path.write_text(SECRET)
    return path


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Talks to the chat that is served as `askdoc serve` serves it."""
    with httpx.Client(base_url=address, timeout=120) as talking:
        yield talking


def test_no_event_is_begun_for_a_file_that_was_not_uploaded(
    client: httpx.Client, secret: Path
) -> None:
    for event, body in attempts(client, named(secret)):
        reply = client.post("/gradio_api/queue/join", json=body)
        assert reply.status_code == 403, event
        assert reply.json() == {"error": "a file that was not uploaded here is refused"}, event


@pytest.mark.parametrize(
    "route", ["queue/join", "run/predict", "api/ask", "run/ask", "call/ask", "call/v2/ask"]
)
def test_no_route_of_gradio_takes_such_a_file(
    client: httpx.Client, secret: Path, route: str
) -> None:
    body = {"data": [named(secret)], "question": {"deep": [[named(secret)]]}, "fn_index": 0}
    assert client.post(f"/gradio_api/{route}", json=body).status_code == 403
    sent = json.dumps(body).encode("utf-16")  # which Gradio reads, too
    kind = {"content-type": "application/json"}
    assert client.post(f"/gradio_api/{route}", content=sent, headers=kind).status_code == 403
    assert client.post(f"/gradio_api/{route}", content=sent[:-9], headers=kind).status_code != 200


def test_only_an_upload_may_be_named(client: httpx.Client, secret: Path) -> None:
    sent = {"files": ("note.txt", b"Whales.")}
    [path] = client.post("/gradio_api/upload", files=sent).json()
    folder = Path(path).parent.parent
    own = str(client.base_url.join(f"/gradio_api/file={path}"))

    def status(*file: object) -> int:
        body = {"data": [named(*file), [], []], "fn_index": 0, "session_hash": uuid.uuid4().hex}
        return client.post("/gradio_api/queue/join", json=body).status_code

    assert status(path, own) == status(path) == 200
    link = folder / hashlib.sha256(SECRET.encode()).hexdigest() / "link.txt"
    link.parent.mkdir()
    link.symlink_to(secret)
    for other in (
        link, folder, folder / "x", f"{path}/../../../../etc/passwd", "", "note.txt", "\0",
        "http://192.0.2.1/x", "https://example.com/x", "file:///etc/passwd", "//example.com/x",
    ):  # fmt: skip
        assert status(other) == 403, other
    link.unlink()
    link.parent.rmdir()
    for url in ("http://192.0.2.1/x", "https://example.com/x", "//example.com/x", "http://[",
                "file:///etc/passwd", "http:///x"):  # fmt: skip
        assert status(path, url) == 403, url
    assert client.get(f"/gradio_api/file={path}").text == "Whales."
    for address in ("file=http://example.com/x", "file=HTTPS://example.com", "proxy=http://a.b/c"):
        fetched = client.get(f"/gradio_api/{address}")
        assert (fetched.status_code, list(fetched.json())) == (404, ["error"])


def test_gradio_itself_refuses_such_a_file(
    folder, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without our guard before it, no event of the page copies the file to where it is served."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    corpus = folder({"ferry.md": "The ferry to Marwick sails at nine."})
    ran = []
    with TestClient(create_app(Assistant.from_folder(corpus))) as client:
        for event, body in attempts(client, named(secret)):
            assert client.post("/gradio_api/queue/join", json=body).status_code == 200, event
            asked = {"session_hash": body["session_hash"]}
            told = client.get("/gradio_api/queue/data", params=asked).text
            assert re.search('"msg": ?"process_completed"', told), event
            assert SECRET not in told, event
            ran.append(event)
            for place in (tmp_path / "cache", corpus):
                copies = [path for path in place.rglob("*") if path.name == secret.name]
                assert copies == [], event
    assert len(ran) > 20
    assert secret.read_text() == SECRET
