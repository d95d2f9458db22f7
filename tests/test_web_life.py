"""The chat as people live with it: conversations, opinions, chosen documents, odd names, losses."""

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from chat import EVIL, WAIT, ask, serve, shot, visit
from helpers import ROOT
from playwright.sync_api import Page, expect

from askdoc import Assistant
from askdoc.evaluation.questions import Corpus, questions

pytestmark = pytest.mark.alone

WAR = "Who backed Azerbaijan in the 44-day war?"
ROAD = "When was the Lachin corridor blocked?"
ODD = {
    "<img src=x onerror=alert(1)>.md": f"# {EVIL}\n\nThe lamp of Marwick was lit by Ingrid Sund.",
    "\u202etxt.evil.txt": "\u202eThe \u2066mayor\u2069 of Stennis is Olaf Berg.\u202c",
    "حبر.md": "# الميناء\n\nيقع ميناء ماروك في الشمال. The harbour of Marwick lies in the north.",
    "long.txt": "The whale of Skaill weighed 90 tons. " + "x" * 10_000,
    "zero.md": "The f\u200be\u200br\u200br\u200by of Hoy sails at nine. \ufeff\u200d",
    f"{'n' * 200}.md": "The bridge of Rousay has 900 stones.",
}


def conversations(page: Page) -> list[str]:
    """The names of the conversations that the menu lists, newest first."""
    page.locator("#conversations summary").click()
    names = page.locator("#conversations .chosen").all_inner_texts()
    page.keyboard.press("Escape")
    return names


def test_conversations_are_named_kept_and_deleted(page: Page) -> None:
    ask(page, WAR)
    ask(page, "And since when?")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("article.answer")).to_have_count(0)
    ask(page, ROAD)
    assert conversations(page) == [ROAD, WAR]
    page.reload()
    expect(page.locator("article.question")).to_have_count(1, timeout=WAIT)
    page.locator("#conversations summary").click()
    shot(page, "conversations")
    page.get_by_role("button", name=WAR, exact=True).click()
    expect(page.locator("article.question p")).to_have_text([WAR, "And since when?"])
    ask(page, "Did Turkey and Azerbaijan sign a declaration?")
    assert conversations(page) == [WAR, ROAD]
    page.locator("#conversations summary").click()
    page.get_by_role("button", name=f"Delete {WAR}").click()
    expect(page.locator("article.answer")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    assert conversations(page) == [WAR, ROAD]
    page.locator("#conversations summary").click()
    names = page.locator("#conversations .chosen")
    page.get_by_role("button", name=f"Pin {ROAD}").click()
    expect(names).to_have_text([ROAD, WAR])
    page.get_by_label("Find a conversation").fill("declaration")  # which was asked in it
    expect(names).to_have_text([WAR])
    page.once("dialog", lambda dialog: dialog.accept("The war"))
    page.get_by_role("button", name=f"Rename {WAR}").click()
    expect(names).to_have_text(["The war"])
    page.get_by_role("button", name="Delete The war").click()
    page.keyboard.press("Escape")
    assert conversations(page) == [ROAD]
    other = page.context.new_page()  # another tab begins anew, and knows the same conversations
    visit(other, page.url)
    expect(other.locator("#start")).to_contain_text("Ask about the", timeout=WAIT)
    assert conversations(other) == [ROAD]
    other.close()


def test_what_is_asked_right_after_new_chat_is_answered(page: Page) -> None:
    """The welcome with what there is to ask takes a while: it must not wipe out what was asked."""
    ask(page, WAR)
    page.get_by_role("button", name="New chat").click()
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(ROAD)
    box.press("Enter")  # before the old conversation has gone
    expect(page.locator("article.question p")).to_have_text([ROAD])
    page.wait_for_timeout(2000)
    expect(page.locator("article.question p")).to_have_text([ROAD])
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    assert conversations(page) == [ROAD, WAR]


def test_a_link_leads_back_to_an_answer(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, WAR)
    ask(page, ROAD)
    ask(page, "What is the CSTO?")
    page.get_by_role("button", name="Copy link").nth(1).click()
    expect(page.get_by_text("Copied: the link opens")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("article.answer")).to_have_count(0)
    page.goto(link)  # the same page: only what stands after the # is another
    expect(page.locator("article.answer").nth(1)).to_be_in_viewport(timeout=WAIT)
    expect(page.locator("article.answer")).to_have_count(3)
    other = page.context.new_page()
    visit(other, link)
    expect(other.locator("article.answer")).to_have_count(3, timeout=WAIT)
    expect(other.locator("article.answer").nth(1)).to_be_in_viewport()
    other.get_by_role("button", name="New chat").click()
    expect(other.locator("article.answer")).to_have_count(0)
    other.reload()  # what was followed once is not followed again
    expect(other.get_by_role("textbox", name="Question", exact=True)).to_be_enabled(timeout=WAIT)
    expect(other.locator("article.answer")).to_have_count(0)
    other.close()
    page.goto(link.replace("#id=", "#id=0"))
    expect(page.get_by_text("is not in this browser")).to_be_visible()


def test_the_list_of_conversations_stays_beside_the_chat_until_it_is_folded(page: Page) -> None:
    ask(page, WAR)
    page.locator("#conversations summary").click()
    beside = page.get_by_role("button", name="Keep beside the chat")
    beside.click()
    names = page.locator("#conversations .chosen")
    expect(names).to_have_text([WAR])
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("article.answer")).to_have_count(0)
    ask(page, ROAD)
    expect(names).to_have_text([ROAD, WAR])
    shot(page, "beside")
    log, listed = (page.locator(one).bounding_box() or {} for one in ("#log", "#conversations ul"))
    assert listed["x"] + listed["width"] <= log["x"]
    page.reload()
    expect(names).to_have_text([ROAD, WAR], timeout=WAIT)
    expect(page.get_by_role("textbox", name="Question", exact=True)).to_be_enabled(timeout=WAIT)
    names.nth(1).click()
    expect(page.locator("article.question p")).to_have_text([WAR])
    expect(names.first).to_be_visible()
    page.set_viewport_size({"width": 800, "height": 800})  # no room: a menu again
    page.locator("#log").click()
    expect(names.first).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(names.first).to_be_visible()
    page.locator("#conversations summary").click()
    expect(names.first).to_be_hidden()
    page.reload()
    expect(page.locator("article.answer")).to_have_count(1, timeout=WAIT)
    expect(names.first).to_be_hidden()


def test_theme_text_and_keys(page: Page) -> None:
    ask(page, WAR)
    size = (page.locator("article.question p").bounding_box() or {})["height"]
    page.locator("#view summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))
    page.get_by_role("button", name="Largest text").click()
    assert (page.locator("article.question p").bounding_box() or {})["height"] > 1.2 * size
    page.reload()
    expect(page.locator("article.answer")).to_have_count(1, timeout=WAIT)
    expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))
    shot(page, "dark-large")
    page.locator("article.answer").click(position={"x": 2, "y": 2})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    box = page.get_by_role("textbox", name="Question", exact=True)
    expect(box).to_be_enabled()
    with suppress(AssertionError):  # the box may be drawn anew in this very moment
        page.keyboard.press("/")
        expect(box).to_be_focused(timeout=2000)
    if not box.evaluate("box => box === document.activeElement"):
        page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_label("Find a conversation")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Citation 1").first.click()
    expect(page.locator("#page mark")).to_be_focused()
    page.keyboard.press("]")
    expect(page.locator('button.cite[aria-expanded="true"]').first).to_have_text("2")


def test_a_full_browser_drops_the_oldest_conversation(page: Page) -> None:
    page.evaluate(
        """() => {
        const old = [...Array(4).keys()].map(n => ({id: `old${n}`, name: `Old ${n}`}));
        const fill = (name, made, size, step) => { for (; size > 0; size -= step)
          try { return localStorage.setItem(name, made(size)); } catch {} };
        fill('askdoc-conversations', size => JSON.stringify(
          old.map(each => ({...each, turns: 'ж'.repeat(size)}))), 1_400_000, 20_000);
        fill('other', size => 'ж'.repeat(size), 200_000, 500); }"""
    )
    ask(page, WAR)
    page.wait_for_function("askdoc.all()[0].name.startsWith('Who backed')")
    names = conversations(page)
    assert names[0] == WAR
    assert 1 < len(names) < 5
    assert names[1:] == [f"Old {n}" for n in range(len(names) - 1)]


def test_an_opinion_is_a_line_that_can_be_evaluated(
    browser, assistant: Assistant, corpus: Path, tmp_path: Path
) -> None:
    server, url = serve("-m", "askdoc", "serve", "--corpus", corpus, "--index", tmp_path)
    page = browser.new_page()
    try:
        visit(page, url)
        ask(page, WAR)
        page.get_by_role("button", name="Good answer").click()
        expect(page.get_by_text("Thank you: noted.")).to_be_visible()
        ask(page, "And since when?")
        page.get_by_role("button", name="Bad answer").last.click()
        page.get_by_label("What was wrong?").fill("not what I meant <b>")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("button", name="Send")).to_have_count(0)
        expect(page.get_by_text("Thank you: noted.")).to_have_count(1)
        shot(page, "opinion")
        rows = [json.loads(line) for line in (tmp_path / "feedback.jsonl").read_text().splitlines()]
        good, bad = rows
        assert good["rating"] == "up"
        assert good["answerable"] is True
        assert "turkey-azerbaijan.md" in good["gold_ids"]
        assert good["evidence"][0]["fact"] in (corpus / good["evidence"][0]["id"]).read_text()
        assert good["hits"][0]["source"]
        assert good["answer"]["text"]
        assert bad["comment"] == "not what I meant <b>"
        assert "answerable" not in bad
        assert bad["history"][0] == {"role": "user", "content": WAR}
        assert bad["query"] != bad["question"]
        first, second = questions(tmp_path / "feedback.jsonl", Corpus(assistant))
        assert first.answerable
        assert first.facts
        assert second.answerable is None
    finally:
        page.close()
        server.terminate()
        server.wait(30)


def test_a_question_is_kept_to_chosen_documents(page: Page) -> None:
    """From a document's row, and from the box above the question."""
    page.get_by_role("tab", name="Documents").click()
    row = page.locator("#report").get_by_role("row", name="timeline.txt")
    row.get_by_role("button", name="Ask about").click()
    expect(page.get_by_role("textbox", name="Question")).to_be_focused()
    ask(page, "When did the first Nagorno-Karabakh war end?")
    answer = page.locator("article.answer").last
    expect(answer).to_contain_text("Asked only: timeline.txt")
    sources = answer.locator("button.cite").evaluate_all("all => all.map(x => x.dataset.source)")
    assert set(sources) == {"timeline.txt"}
    chosen = page.get_by_role("combobox", name="Ask only these documents")
    chosen.click()
    page.get_by_role("option", name="csto.docx").click()
    page.keyboard.press("Escape")
    page.locator('#only [role="button"]').first.click()  # timeline.txt goes
    ask(page, "Who governs Armenia?")
    answer = page.locator("article.answer").last
    expect(answer).to_contain_text("Asked only: csto.docx")
    places = answer.locator("button.cite").evaluate_all("all => all.map(x => x.dataset.source)")
    assert set(places) == {"csto.docx"}
    shot(page, "chosen")


def test_ask_about_begins_a_chat_with_the_outline_of_a_document(page: Page) -> None:
    ask(page, WAR)
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="Ask about csto.docx").click()
    start = page.locator("#start")
    expect(start).to_contain_text("The next questions are kept to this document.")
    expect(page.locator("article")).to_have_count(0)
    expect(start.locator(".outlined > p:not(.note)")).to_have_count(3)
    shot(page, "ask-about")
    start.locator("button.topic").first.click()
    answer = page.locator("article.answer")
    expect(answer).to_contain_text("Asked only: csto.docx", timeout=WAIT)
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    assert len(conversations(page)) == 2
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Documents").click()
    page.get_by_label("Choose csto.docx").check()
    page.get_by_label("Choose timeline.txt").check()
    page.get_by_role("button", name="Ask about these").click()
    expect(start).to_contain_text("kept to these 2 documents")
    start.get_by_role("button", name="Open it").first.click()
    expect(page.locator("#page .source")).to_contain_text("csto.docx")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="New chat").click()  # from another tab
    expect(page.locator("#box")).to_be_visible()
    expect(start).to_contain_text("Ask about the 18 documents")


def test_a_document_is_opened_from_its_row(page: Page) -> None:
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="Open lachin-corridor.pdf").click()
    expect(page.locator("figure.sheet")).to_have_count(2)
    expect(page.locator("#page h2")).to_be_visible()
    outline = page.locator("#page .outline")
    expect(outline.locator("> p")).to_have_count(3)
    place = outline.locator("li button").last
    place.click()
    expect(page.locator("#page mark").first).to_be_in_viewport()
    expect(page.locator("#page mark").first).to_have_text(place.text_content() or "")
    expect(outline).not_to_have_attribute("open", "")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#page .text h3").first).to_be_visible()
    shot(page, "opened")
    page.keyboard.press("Escape")
    expect(page.locator("#document")).to_be_hidden()


def test_the_keyboard_is_enough(page: Page) -> None:
    """Ask, reach a citation, step through, open, close, choose: without a pointer."""
    page.locator("button.example").first.wait_for(timeout=WAIT)
    page.get_by_role("textbox", name="Question").focus()
    page.keyboard.type("What did Nikol Pashinyan say about the CSTO?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("textbox", name="Question")).to_be_focused()

    def tab_to(selector: str, back: bool = False) -> None:
        for _ in range(60):
            page.keyboard.press("Shift+Tab" if back else "Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} is not reached")

    tab_to("button.cite", back=True)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    cited = page.locator("button.cite")
    page.keyboard.press("ArrowLeft")
    expect(cited.nth(cited.count() - 2)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(cited.last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#page mark")).to_be_focused()
    tab_to("#previous", back=True)
    page.keyboard.press("Enter")
    expect(page.locator("#page mark")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#document")).to_be_hidden()
    expect(cited.nth(cited.count() - 2)).to_be_focused()
    tab_to("#conversations summary", back=True)
    page.keyboard.press("Enter")
    tab_to(".chosen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Question")).to_be_focused()


def test_on_a_phone_the_document_slides_over_the_chat(browser, address: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    visit(page, address)
    ask(page, ROAD)
    shot(page, "phone-answer")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.get_by_role("textbox", name="Question").bounding_box() or {}
    assert box["y"] + box["height"] <= 844
    page.get_by_role("button", name="Citation 1").last.tap()
    expect(page.locator("#page mark")).to_be_in_viewport()
    page.wait_for_timeout(400)
    shot(page, "phone-document")
    assert (page.locator("#document").bounding_box() or {})["width"] > 300
    page.get_by_role("button", name="Close the document").tap()
    expect(page.locator("#document")).to_be_hidden()
    page.get_by_role("tab", name="Documents").tap()
    page.wait_for_timeout(300)
    shot(page, "phone-documents")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.fixture
def odd(browser, folder) -> Iterator[Page]:
    """A chat over documents whose names and words try to break the page."""
    server, url = serve("-m", "askdoc", "serve", "--corpus", folder(ODD))
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.set_default_timeout(15_000)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("dialog", lambda dialog: failures.append(dialog.message))
    visit(page, url)
    yield page
    page.close()
    server.terminate()
    server.wait(30)
    assert failures == []


def test_odd_names_and_words_are_text_and_break_nothing(odd: Page) -> None:
    for question, source in (
        ("Who lit the lamp of Marwick?", "<img src=x onerror=alert(1)>.md"),
        ("Who is the mayor of Stennis?", "\u202etxt.evil.txt"),
        ("Where does the harbour of Marwick lie?", "حبر.md"),
        ("How much did the whale of Skaill weigh?", "long.txt"),
        ("How many stones has the bridge of Rousay?", f"{'n' * 200}.md"),
    ):
        ask(odd, question)
        cited = odd.locator("article.answer").last.locator("button.cite").first
        assert cited.get_attribute("data-source") == source
        cited.click()
        mark = odd.locator("#page mark")
        # Until this document is there, the mark of the one before is.
        expect(mark).to_have_text(" ".join((cited.get_attribute("data-quote") or "").split()))
        expect(mark).to_be_in_viewport()
        assert odd.evaluate("document.documentElement.scrollWidth") <= 1100
    shot(odd, "odd")
    odd.get_by_role("tab", name="Documents").click()
    expect(odd.locator("#report tbody tr")).to_have_count(len(ODD))
    shot(odd, "odd-documents")
    assert odd.evaluate("document.documentElement.scrollWidth") <= 1100
    assert odd.locator("#report img, #page img, #log img").count() == 0
    odd.get_by_role("tab", name="Chat").click()
    odd.locator("#conversations summary").click()
    expect(odd.locator("#conversations .chosen")).to_have_text("Who lit the lamp of Marwick?")


def test_an_uploaded_pdf_answers_until_it_is_deleted(browser, folder, corpus: Path) -> None:
    root = folder({"ferry.md": "# Ferry\n\nThe ferry to Marwick sails at nine."})
    server, url = serve("-m", "askdoc", "serve", "--corpus", root)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("dialog", lambda dialog: dialog.accept())
    try:
        visit(page, url)
        page.get_by_role("tab", name="Documents").click()
        files = page.locator("#upload input[type=file]")
        files.set_input_files(corpus / "lachin-corridor.pdf")
        name = "uploads/lachin-corridor.pdf"
        row = page.locator("#report").get_by_role("row", name=name)
        expect(row).to_contain_text("read", timeout=WAIT)
        page.get_by_role("tab", name="Chat").click()
        page.get_by_role("combobox", name="Ask only these documents").click()
        page.get_by_role("option", name=name).click()  # no reload: it can be chosen at once
        page.keyboard.press("Escape")
        ask(page, ROAD)
        cited = page.locator(f'button.cite[data-source="{name}"]').first
        cited.click()
        expect(page.locator("figure.sheet mark.box")).to_be_in_viewport()
        expect(page.locator("figure.sheet img").first).to_have_js_property("naturalWidth", 1100)
        page.get_by_role("tab", name="Documents").click()
        page.get_by_role("button", name=f"Delete {name}").click()
        expect(row).to_have_count(0, timeout=WAIT)
        page.get_by_role("tab", name="Chat").click()
        page.locator('#only [role="button"]').first.click()  # what is gone is not asked for
        ask(page, ROAD)
        answer = page.locator("article.answer").last
        expect(answer).not_to_contain_text("12 December 2022")
        expect(answer.locator(f'[data-source="{name}"]')).to_have_count(0)
    finally:
        page.close()
        server.terminate()
        server.wait(30)


def test_a_lost_connection_is_told_and_recovers(browser, corpus: Path, tmp_path: Path) -> None:
    place = ("--corpus", corpus, "--index", tmp_path)
    server, url = serve("-m", "askdoc", "serve", *place)
    page = browser.new_page()
    try:
        visit(page, url)
        ask(page, WAR)
        server.kill()
        server.wait(30)
        expect(page.get_by_role("alert")).to_contain_text(
            "connection to askdoc is lost", timeout=15_000
        )
        shot(page, "lost")
        page.get_by_role("textbox", name="Question").fill("Who governs Armenia?")
        page.get_by_role("textbox", name="Question").press("Enter")
        again = [sys.executable, "-m", "askdoc", "serve", *map(str, place)]
        server = subprocess.Popen([*again, "--port", url.rsplit(":", 1)[1]], cwd=ROOT)
        expect(page.get_by_text("connection to askdoc is lost")).to_have_count(0, timeout=60_000)
        expect(page.locator("article.question")).to_have_count(1, timeout=60_000)
        box = page.get_by_role("textbox", name="Question")
        expect(box).to_have_value("Who governs Armenia?", timeout=20_000)  # what got no answer
        box.press("Enter")
        expect(page.locator("article.answer")).to_have_count(2, timeout=WAIT)
        expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    finally:
        page.close()
        server.terminate()
        server.wait(30)


@pytest.mark.slow
def test_four_tabs_at_once_mix_nothing_up(browser, address: str, assistant: Assistant) -> None:
    """Ten questions each: every answer is the one to its question, and no box stays locked."""
    rows = (ROOT / "evals/questions/corpus.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(row)["question"] for row in rows if not json.loads(row).get("history")]
    context = browser.new_context()
    tabs = [context.new_page() for _ in range(4)]
    failures: list[str] = []
    for number, tab in enumerate(tabs):
        tab.on("pageerror", lambda error: failures.append(str(error)))
        visit(tab, address)
        tab.locator("button.example").first.wait_for(timeout=WAIT)
        questions = asked[number * 10 : number * 10 + 10]
        tab.evaluate(
            """async questions => { window.said = (async () => {
            const wait = async check => { const began = Date.now();
              while (!check()) { if (Date.now() - began > 60000) throw new Error('stuck');
                await new Promise(done => setTimeout(done, 30)); } };
            const box = () => document.querySelector('#box textarea');
            const kept = () => JSON.parse(document.querySelector('#kept textarea').value);
            for (const question of questions) {
              await wait(() => box() && !box().disabled);
              const before = kept().length;
              box().value = question;
              box().dispatchEvent(new Event('input', {bubbles: true}));
              await new Promise(done => setTimeout(done, 30));
              document.querySelector('#box button').click();
              await wait(() => kept().length > before);
              await wait(() => !box().disabled); }
            const texts = name => [...document.querySelectorAll(name)].map(x => x.innerText);
            return {questions: texts('article.question p'), errors: texts('.error'),
              busy: texts('.busy'), stop: !!document.querySelector('#stop')?.offsetParent,
              kept: kept()}; })(); }""",
            questions,
        )
    for number, tab in enumerate(tabs):
        said = tab.evaluate("window.said")
        questions = asked[number * 10 : number * 10 + 10]
        assert said["questions"] == questions
        assert said["errors"] == []
        assert said["busy"] == []
        assert said["stop"] is False
        assert [turn["question"] for turn in said["kept"]] == questions
        for turn in said["kept"][:1]:  # later ones are follow-ups, and may lean on those before
            assert turn["answer"]["text"] == assistant.ask(turn["question"]).text
        for before, turn in itertools.pairwise(said["kept"]):
            history = [
                {"role": "user", "content": before["question"]},
                {"role": "assistant", "content": before["answer"]["text"]},
            ]
            if turn["answer"]["query"] == turn["question"]:
                assert turn["answer"]["text"] == assistant.ask(turn["question"], history).text
    context.close()
    assert failures == []


WARMED = """
import sys
from pathlib import Path
from askdoc import Assistant, Settings
from askdoc.web.warmup import Warmup
assistant = Assistant.open(Settings(corpus=Path(sys.argv[1]), index=Path(sys.argv[2])))
warmup = Warmup(assistant)
warmup.start()
warmup.overview()
before = set(sys.modules)
for question in sys.argv[3:]:
    assistant.ask(question)
print(*(sys.modules.keys() - before))
"""


def test_no_question_loads_what_a_warm_server_lacks(assistant: Assistant) -> None:
    """Nobody waits for it, and the server's memory does not jump some day."""
    questions = ["Who backed Azerbaijan in the 44-day war?", "Wer hat hier wo das Sagen?", "thanks"]
    places = [str(assistant.index.corpus), str(assistant.index.folder)]
    done = subprocess.run(
        [sys.executable, "-c", WARMED, *places, *questions],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == []
