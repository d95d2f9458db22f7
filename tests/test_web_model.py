"""The chat with a language model: connected in the page, checked, stopped, told apart."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat import EVIL, WAIT, ask, connected, shot
from playwright.sync_api import Page, expect
from scripted_server import FALSE, Scripted, scripted

from askdoc import BadInput, ModelFailed, Settings
from askdoc.web.models import found
from askdoc.web.session import MOST, Sessions, try_out
from evals.model_server import serve

pytestmark = [pytest.mark.alone, pytest.mark.slow]


@pytest.fixture(name="scripted")
def scripted_url() -> Iterator[str]:
    """The address of a scripted server."""
    with scripted() as url:
        yield url


def to_chat(page: Page) -> None:
    page.get_by_role("tab", name="Chat").click()


def test_a_real_model_is_connected_asked_and_left(page: Page) -> None:
    server = serve()
    here = ("llama.cpp", "openai", f"{server.listening_address}/v1", "/models")
    (choice,) = found([here, ("nobody", "ollama", "http://127.0.0.1:9", "/api/tags")])
    assert choice.label.endswith("(llama.cpp)")
    assert choice.address == f"{server.listening_address}/v1"
    page.get_by_role("tab", name="Model").click()
    expect(page.locator("#connected")).to_have_text("Answers are quotes.")
    connected(page, f"{server.listening_address}/v1")
    shot(page, "model")
    to_chat(page)
    ask(page, "What is Eagle Partner for?")
    answer = page.locator("article.answer").last
    answer.get_by_text("How this was made").click()
    expect(answer.locator(".how p").first).to_contain_text("tokens written")
    gauge = answer.locator(".how meter")
    assert 0 < float(gauge.get_attribute("value") or 0) <= float(gauge.get_attribute("max") or 0)
    shot(page, "written")
    page.get_by_role("tab", name="Model").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.locator("#connected")).to_have_text("Answers are quotes.")
    to_chat(page)
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    last = page.locator("article.answer").last
    last.get_by_text("How this was made").click()
    expect(last.locator(".how p")).to_contain_text("quoted, without a model")


def test_a_key_is_not_shown_again(page: Page, scripted: str) -> None:
    connected(page, scripted, "sk-very-secret-1")
    expect(page.get_by_label("Key, where")).to_have_value("")
    page.reload()
    page.get_by_role("tab", name="Model").click()
    expect(page.locator("#connected")).to_have_text("openai:it writes the answers.")
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert "very-secret" not in page.content() + kept


def test_what_does_not_hold_is_marked(page: Page, scripted: str) -> None:
    connected(page, scripted)
    Scripted.words = [FALSE[:-1] + " [1]. ", EVIL]
    to_chat(page)
    ask(page, "What is Eagle Partner for?")
    doubt = page.locator("details.doubt").first
    expect(doubt).to_have_attribute("title", "says 2019, the passage says 2023")
    doubt.locator("summary").click()
    expect(doubt.locator("> span")).to_be_visible()
    nearest = doubt.locator("button.place")
    expect(nearest).to_contain_text("Nearest to it: eagle-partner.md, ")  # and its section
    shot(page, "doubt")
    nearest.click()
    expect(page.locator("#page .source")).to_contain_text("eagle-partner.md")
    page.keyboard.press("Escape")
    expect(page.locator("#document")).to_be_hidden()
    assert page.title() == "askdoc"
    assert page.locator("#log img").count() == 0
    page.get_by_role("button", name="Citation 1").last.click()
    expect(page.locator("#page mark")).to_be_visible()


def test_stop_ends_the_answer_and_the_request(page: Page, scripted: str) -> None:
    connected(page, scripted)
    Scripted.words, Scripted.pause = ["It goes on [1]. "] * 1000, 0.2
    to_chat(page)
    box = page.get_by_role("textbox", name="Question")
    box.fill("What is Eagle Partner for?")
    box.press("Enter")
    expect(page.locator("#live")).to_contain_text("It goes on", timeout=WAIT)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    assert Scripted.broken.wait(10)
    expect(box).to_be_enabled()
    page.reload()
    expect(page.locator("article.answer").last).to_contain_text("It goes on", timeout=WAIT)


def test_a_new_chat_ends_the_answer_of_the_old_one(page: Page, scripted: str) -> None:
    """What a model still writes never lands in the conversation that comes after."""
    connected(page, scripted)
    Scripted.words, Scripted.pause = ["Eagle Partner [1] "] * 200, 0.1
    to_chat(page)
    page.get_by_role("textbox", name="Question").fill("What is Eagle Partner for?")
    page.get_by_role("textbox", name="Question").press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("article")).to_have_count(0, timeout=WAIT)
    expect(page.locator("#kept textarea")).to_have_value("[]")
    page.locator("#conversations summary").click()
    page.get_by_role("button", name="What is Eagle Partner for?", exact=True).click()
    expect(page.locator("article.answer")).to_have_count(1)
    expect(page.get_by_text("Stopped.")).to_be_visible()


def test_a_server_that_is_gone_is_told_and_quotes_answer(page: Page) -> None:
    page.get_by_role("tab", name="Model").click()
    page.get_by_label("Model", exact=True).fill("openai:it")
    page.get_by_label("Address of its server").fill("http://127.0.0.1:9/v1")
    page.get_by_role("button", name="Test and use").click()
    expect(page.locator("#connected [role=alert]")).to_contain_text("cannot be reached")
    page.get_by_label("Model", exact=True).fill("")
    page.get_by_role("button", name="Test and use").click()
    expect(page.locator("#connected [role=alert]")).to_contain_text("name a model")
    to_chat(page)
    ask(page, "What is Eagle Partner for?")
    expect(page.get_by_role("button", name="Citation 1")).not_to_have_count(0)


def test_only_what_a_provider_needs_is_asked_for(page: Page) -> None:
    page.get_by_role("tab", name="Model").click()
    page.get_by_label("Where it runs").click()
    page.get_by_role("option", name="Anthropic").click()
    expect(page.get_by_label("Model", exact=True)).to_have_value(re.compile("^anthropic:"))
    expect(page.get_by_label("Address of its server")).to_have_count(0)
    expect(page.get_by_label("Key, where")).to_be_visible()
    shot(page, "provider")


def test_connections_are_tried_before_they_are_used(scripted: str) -> None:
    model, told = try_out(Settings(), "openai:it", scripted, "")
    assert model.name == "openai:it"
    assert "answered “ready” after" in told
    with pytest.raises(BadInput):
        try_out(Settings(), "nowhere:it", "", "")
    Scripted.words = []
    with pytest.raises(ModelFailed):
        try_out(Settings(), "openai:it", scripted, "")


def test_sessions_do_not_pile_up() -> None:
    sessions = Sessions()
    first = sessions.of("0")
    assert sessions.of("0") is first
    for number in range(1, MOST + 1):
        sessions.of(str(number))
    assert sessions.of("0") is not first


def test_nothing_of_a_connection_reaches_the_disk(corpus: Path, scripted: str) -> None:
    try_out(Settings(), "openai:it", scripted, "sk-very-secret-2")
    assert not any(
        b"very-secret" in path.read_bytes() for path in Path.cwd().rglob("*") if path.is_file()
    )
