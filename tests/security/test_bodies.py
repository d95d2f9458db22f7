"""Whatever is sent to the routes for programs, they answer, or say in one line what is wrong."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from askdoc import Assistant
from askdoc.web.app import create_app

TEXT = st.text(max_size=60) | st.sampled_from(
    ["hello", "Who governs Armenia?", "\0", "\ud800", "["]
)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANY = st.recursive(SCALAR, lambda each: st.lists(each) | st.dictionaries(TEXT, each), max_leaves=8)
SOURCES = st.lists(st.sampled_from(["csto.docx", "government.md", "../x", ""]), max_size=3)
ROLE = st.sampled_from(["user", "assistant", "system"])
HISTORY = st.lists(st.fixed_dictionaries({"role": ROLE, "content": TEXT}), max_size=3)
CITATION = st.fixed_dictionaries({"number": st.integers(), "source": TEXT, "start": st.integers()})
TURN = st.fixed_dictionaries(
    {"question": TEXT}, optional={"error": TEXT, "sources": SOURCES, "closest": st.lists(CITATION)}
)
PART = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url"])}, optional={"text": TEXT}
)
MESSAGE = st.fixed_dictionaries({"role": ROLE, "content": TEXT | st.none() | st.lists(PART)})
MODEL = st.sampled_from(["askdoc", "askdoc", "x"])
FIELDS = {
    "api/ask": {"question": TEXT, "history": HISTORY, "sources": SOURCES},
    "api/ask/stream": {"question": TEXT, "history": HISTORY, "sources": SOURCES},
    "api/search": {"query": TEXT, "k": st.integers(-2, 1002), "sources": SOURCES},
    "api/feedback": {
        "rating": st.sampled_from(["up", "down", "x"]), "comment": TEXT,
        "turns": st.lists(TURN, max_size=3),
    },
    "v1/chat/completions": {
        "model": MODEL, "messages": st.lists(MESSAGE, max_size=3), "stream": st.booleans(),
        "stream_options": st.none() | st.fixed_dictionaries({"include_usage": st.booleans()}),
    },
    "v1/embeddings": {
        "model": MODEL, "input": TEXT | st.lists(TEXT, max_size=3),
        "encoding_format": st.sampled_from(["float", "base64", "x"]),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def client(assistant: Assistant) -> Iterator[TestClient]:
    """Talks to the routes; what they raise is raised here."""
    with TestClient(create_app(assistant)) as talking:
        yield talking


@pytest.mark.parametrize("route", FIELDS)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_body_is_answered(client: TestClient, route: str, data: st.DataObject) -> None:
    """Right in form, wrong in one field, or anything at all."""
    fields = FIELDS[route]
    wrong = st.sampled_from(sorted(fields)).flatmap(
        lambda name: st.fixed_dictionaries({**fields, name: ANY})
    )
    body = data.draw(st.fixed_dictionaries(fields) | wrong | ANY)
    try:
        reply = client.post(f"/{route}", json=body)
    except ValueError:  # what cannot be sent: not a number, half of a sign
        return
    assert reply.status_code in (200, 400, 404, 422), body
    if reply.status_code != 200:
        error = reply.json()["error"]
        assert "\n" not in (error["message"] if route.startswith("v1/") else error), body
