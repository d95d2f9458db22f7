"""The page in other languages: no line is missing, and what others wrote stays as it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat import WAIT, serve, shot, visit
from helpers import ROOT
from playwright.sync_api import Browser, Page, expect

from askdoc import web
from askdoc.web.templating import LANGUAGES

CORPUS = ROOT / "corpus"
WORDS = Path(web.__file__).parent / "ui" / "words"
TABLES = {
    code: json.loads((WORDS / f"{code}.json").read_text("utf-8")) for code, _ in LANGUAGES[1:]
}
# What Gradio says itself, some of it in German, also of an event that we cancel.
GRADIO = {
    "Laden...", "Textbox", "Datei hier ablegen", "- oder -", "Hochladen", "Löschen",
    "queue: 1/1 |", "processing |", "Fehler",
}  # fmt: skip
EXAMPLES = {"ollama:llama3.2", "http://127.0.0.1:8080/v1"}  # of what the Model tab takes
WAR = "Who backed Azerbaijan in the 44-day war?"


@pytest.mark.parametrize("code", TABLES)
def test_no_language_lacks_a_line_or_a_place_in_one(code: str) -> None:
    assert list(TABLES[code]) == list(TABLES["de"])
    for english, translated in TABLES[code].items():
        places = [sorted(re.findall(r"\{\d\}", text)) for text in (english, translated)]
        assert places[0] == places[1], english
        assert translated.strip(), english
    same = [english for english, translated in TABLES[code].items() if english == translated]
    assert len(same) < len(TABLES[code]) / 10, same


@pytest.fixture(scope="module")
def german(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page in German over the corpus, a folder in it, and a file that cannot be read."""
    root = tmp_path_factory.mktemp("languages")
    for path in CORPUS.iterdir():
        if path.is_file():
            (root / path.name).write_bytes(path.read_bytes())
    (root / "broken.docx").write_bytes(b"no archive")
    (root / "ferries").mkdir()
    (root / "ferries" / "a.md").write_text("# Ferries\n\nThe ferry to Marwick sails at nine.\n")
    process, url = serve("-m", "askdoc", "serve", "--corpus", root)
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 800})
    try:
        page = context.new_page()
        page.goto(url)
        box = page.get_by_role("textbox", name="Frage")
        expect(box).to_be_visible(timeout=WAIT)
        expect(box).to_be_enabled(timeout=WAIT)
        yield page
    finally:
        context.close()
        process.terminate()
        process.wait()


def put(page: Page, question: str) -> None:
    """Types a question, and waits for its answer."""
    box = page.locator("#box textarea")
    turns = page.locator("article.answer").count()
    box.fill(question)
    box.press("Enter")
    expect(page.locator("article.answer")).to_have_count(turns + 1, timeout=WAIT)
    expect(page.locator("article.answer .acts")).to_have_count(turns + 1, timeout=WAIT)
    expect(box).to_be_enabled(timeout=WAIT)


@pytest.mark.alone
def test_the_whole_page_is_in_the_readers_language(german: Page) -> None:
    """What people meet, state by state: all that is ours is translated."""
    page = german
    page.locator("#start button.topic").first.wait_for(timeout=WAIT)
    shot(page, "german-empty")
    put(page, WAR)
    page.locator("#next button").first.wait_for(timeout=WAIT)
    page.locator(".how summary").first.click()
    page.locator("button.cite").first.click()
    expect(page.locator("#page mark")).to_be_visible()
    page.locator("#search").fill("war")
    shot(page, "german-answer")
    page.keyboard.press("Escape")
    put(page, "When did the 44-day war begin? How do I bake a lasagne?")
    put(page, "How do I bake a lasagne in Quito?")
    page.locator("button.rate").last.click()
    page.locator("form.opinion").get_by_role("status").wait_for()
    page.locator("#only input").fill("csto.docx")
    page.locator("#only input").press("Enter")
    put(page, "How do I bake a lasagne in Quito?")
    page.locator("button.link").last.click()
    page.locator("#told").wait_for()
    for menu in ("#conversations", "details.menu:nth-of-type(2)", "#view"):
        page.locator(f"{menu} summary").click()
        shot(page, f"german{menu[:4].strip('#')}")
        page.keyboard.press("Escape")
    page.locator("#conversations summary").click()
    page.locator("#conversations input").fill("nothing has this")
    page.keyboard.press("Escape")
    page.locator("#view summary").click()
    page.locator("[data-keys]").click()
    page.locator("#keys").wait_for()
    page.keyboard.press("Escape")
    page.locator('[role="tab"]').nth(1).click()
    page.locator("#report tbody tr").first.wait_for()
    page.locator("#more").check()
    for group in ("folder", "kind", "status", ""):
        page.locator("#group").select_option(group)
    page.locator("input.choose").nth(1).check()
    page.locator("#sync button").click()
    expect(page.locator("#syncing")).not_to_be_empty(timeout=WAIT)
    page.wait_for_timeout(500)
    shot(page, "german-documents")
    page.locator("button.only:visible").last.click()
    page.locator("#start .outlined").wait_for(timeout=WAIT)
    page.locator('[role="tab"]').nth(2).click()
    page.locator("#use").wait_for()
    page.wait_for_timeout(500)
    shot(page, "german-model")
    page.locator("#use").click()
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.lang") == "de"
    missing = set(page.evaluate("[...askdoc.missing]")) - GRADIO - EXAMPLES
    assert not missing


@pytest.mark.alone
def test_what_others_wrote_stays_as_it_is(german: Page) -> None:
    """A question, a quote or a name that is a word of the page, too, is not translated."""
    page = german
    page.reload()
    expect(page.locator("#box textarea")).to_be_enabled(timeout=WAIT)
    page.locator("#new").click()
    put(page, "Documents")
    expect(page.locator("article.question p").last).to_have_text("Documents")
    put(page, WAR)
    said = page.locator("article.answer").last.locator(".said [translate=no]").first.inner_text()
    assert said in (CORPUS / "turkey-azerbaijan.md").read_text("utf-8")


@pytest.mark.alone
def test_the_language_is_chosen(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="pt-BR")  # none of ours: English
    page = context.new_page()
    visit(page, address)
    page.locator("#view summary").click()
    page.get_by_label("Language").select_option("hy")
    tab = page.get_by_role("tab").first
    expect(tab).to_have_text(TABLES["hy"]["Chat"], timeout=WAIT)
    ask_in = page.get_by_role("textbox", name=TABLES["hy"]["Question"])
    expect(ask_in).to_be_enabled(timeout=WAIT)
    shot(page, "armenian")
    context.close()
