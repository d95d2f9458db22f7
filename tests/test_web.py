"""The chat, served for real and driven in a real Chromium."""

import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chat import EVIL, WAIT, ask, serve, shot, visit
from playwright.sync_api import Page, Route, expect

from askdoc import Answer, Assistant, BadInput, Document, Hit, Passage, Settings, web
from askdoc.answer.citation import Quote, marked, quoted
from askdoc.answer.recheck import check
from askdoc.ingest.blocks import heading, structure
from askdoc.ingest.files import load
from askdoc.types import Sentence, Span
from askdoc.web import documents, export
from askdoc.web.answering import Answering
from askdoc.web.export import exported, markdown
from askdoc.web.outline import Outline
from askdoc.web.render import conversation
from askdoc.web.templating import set_off
from askdoc.web.turns import KEPT, Turn, dumped, history, restored
from askdoc.web.viewer.layout import laid_out
from askdoc.web.viewer.panel import as_text
from askdoc.web.warmup import Warmup

pytestmark = pytest.mark.alone


def test_ask_click_a_citation_and_read_the_mark(page: Page, corpus: Path) -> None:
    """The main road, end to end: exactly the quoted span is marked in its document."""
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    expect(page.locator("#start")).to_be_hidden()
    shot(page, "answer")
    first = page.get_by_role("button", name="Citation 1").last
    first.click()
    mark = page.locator("#page mark")
    expect(mark).to_be_visible()
    expect(mark).to_be_focused()
    expect(page.locator("#page h2")).to_have_text(load(corpus, "turkey-azerbaijan.md").title)
    shot(page, "citation")
    quote = mark.text_content() or ""
    start, end = (int(first.get_attribute(f"data-{name}") or 0) for name in ("start", "end"))
    assert quote == load(corpus, "turkey-azerbaijan.md").text[start:end]
    assert quote in (page.locator("article.answer").last.inner_text())
    page.keyboard.press("Escape")
    expect(mark).to_be_hidden()
    expect(first).to_be_focused()
    answer = page.locator("article.answer").last
    expect(answer.locator(".acts")).to_contain_text("Quoted word for word")
    card = answer.locator("button.source").first
    expect(card).to_contain_text("turkey-azerbaijan.md")
    expect(card).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d"))  # when it was changed last
    card.click()
    expect(mark).to_have_text(quote)


def test_a_question_is_asked_again_or_edited_and_an_empty_one_is_none(page: Page) -> None:
    box = page.get_by_role("textbox", name="Question")
    box.press("Enter")
    page.get_by_role("button", name="Ask", exact=True).click()
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    expect(page.locator("article.answer")).to_have_count(1)
    page.get_by_role("button", name="Again").click()
    expect(page.locator("article.answer")).to_have_count(2, timeout=WAIT)
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    said = page.locator("article.answer .said").all_inner_texts()
    assert said[0] == said[1]
    page.get_by_role("button", name="Edit question 1").click()
    expect(box).to_have_value("Who backed Azerbaijan in the 44-day war?")
    expect(box).to_be_focused()


def test_words_are_found_in_the_open_document_and_pages_are_gone_to(page: Page) -> None:
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="Open lachin-corridor.pdf").click()
    expect(page.locator("figure.sheet")).to_have_count(2)
    jump = page.get_by_label("Go to page")
    jump.fill("2")
    jump.press("Enter")
    page.wait_for_function("document.getElementById('page').scrollTop > 300")
    search = page.get_by_label("Find in this document")
    search.fill("lachin")
    hits = page.locator("#hits")
    expect(hits).to_have_text(re.compile(r"^1 / [1-9]\d$"))
    search.press("Enter")
    expect(hits).to_have_text(re.compile(r"^2 / "))
    shot(page, "found")
    search.fill("no such words")
    expect(hits).to_have_text("0 / 0")


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("When was the Lachin corridor blocked?", "lachin-corridor.pdf"),
        ("How many votes did the Rome Statute get in Armenia's parliament?", "rome-statute.html"),
        ("What does Article 4 of the CSTO treaty say?", "csto.docx"),
        ("When does the protocol extend the term of the Gyumri base?", "timeline.txt"),
    ],
)
def test_every_format_opens_at_its_mark(
    page: Page, corpus: Path, question: str, source: str
) -> None:
    ask(page, question)
    document = load(corpus, source)
    cited = page.locator(f'button.cite[data-source="{source}"]').last
    cited.click()
    expect(page.locator("#page .source")).to_contain_text(source)
    mark = page.locator("#page mark")
    expect(mark).to_be_in_viewport()
    start, end = (int(cited.get_attribute(f"data-{name}") or 0) for name in ("start", "end"))
    assert mark.text_content() == document.text[start:end]


def test_all_citations_are_marked_and_stepped_through(page: Page, corpus: Path) -> None:
    ask(page, "What did Nikol Pashinyan say about the CSTO?")
    answer = page.locator("article.answer").last
    cited = answer.locator("button.cite")
    assert cited.count() > 1
    cited.first.click()
    mark = page.locator("#page mark")
    expect(mark).to_be_focused()
    first = mark.text_content()
    source = cited.first.get_attribute("data-source")
    beside = answer.locator(f'button.cite[data-source="{source}"]').count()
    expect(page.locator("#page .other")).to_have_count(beside - 1)
    expect(page.get_by_role("button", name="Previous citation")).to_be_disabled()
    page.get_by_role("button", name="Next citation").click()
    expect(cited.nth(1)).to_have_attribute("aria-expanded", "true")
    expect(mark).not_to_have_text(first or "")
    expect(mark).to_be_in_viewport()
    shot(page, "steps")
    with page.expect_download() as kept:
        page.get_by_role("link", name="Open the original").click()
    opened = cited.nth(1).get_attribute("data-source") or ""
    assert Path(kept.value.path()).read_bytes() == (corpus / opened).read_bytes()


def test_a_citation_shows_its_quote_when_pointed_at(page: Page) -> None:
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    answer = page.locator("article.answer").last
    expect(answer.locator(".acts")).to_contain_text("Copy")
    cited = answer.locator("button.cite").first
    card = page.get_by_role("tooltip")
    cited.hover()
    expect(card).to_contain_text(cited.get_attribute("data-quote") or "-")
    expect(card).to_contain_text("turkey-azerbaijan.md")
    page.get_by_role("textbox", name="Question").focus()
    expect(card).to_be_visible()  # the pointer still rests on it
    shot(page, "card")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    cited.focus()
    expect(card).to_be_visible()


def test_the_divider_moves_by_keyboard_and_by_pointer(page: Page) -> None:
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    page.get_by_role("button", name="Citation 1").last.click()
    divider = page.get_by_role("separator", name="Width of the chat")
    panel = page.locator("#document")
    expect(panel).to_be_visible()
    before = (panel.bounding_box() or {})["width"]
    divider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(divider).to_have_attribute("aria-valuenow", "45")
    wide = (panel.bounding_box() or {})["width"]
    assert wide > before + 50
    box = divider.bounding_box() or {}
    page.mouse.move(box["x"] + 3, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 203, box["y"] + 100, steps=4)
    page.mouse.up()
    assert (panel.bounding_box() or {})["width"] < wide - 100


def test_what_was_searched_for_is_edited_and_asked_again(page: Page) -> None:
    ask(page, "What is Eagle Partner for?")
    ask(page, "And how many Americans came?")
    searched = page.locator(".searched").last
    expect(searched).to_contain_text("Eagle Partner")
    page.get_by_role("button", name="Edit and ask again").click()
    box = page.get_by_role("textbox", name="Question")
    expect(box).to_be_focused()
    expect(box).to_have_value("Eagle Partner: And how many Americans came?")
    box.fill("How many American soldiers came for Eagle Partner 2024?")
    box.press("Enter")
    expect(page.locator("article.answer")).to_have_count(3, timeout=WAIT)


def test_a_refusal_shows_the_closest_passages(page: Page) -> None:
    ask(page, "How do I bake a lasagne?")
    expect(page.get_by_text("The documents do not answer this question.")).to_be_visible()
    expect(page.get_by_role("button", name="Citation")).to_have_count(0)
    expect(page.get_by_text("No document has the word “lasagne”.")).to_be_visible()
    shot(page, "refusal")
    closest = page.get_by_role("button", name="Passage 1")
    closest.click()
    expect(page.locator("#page mark")).to_be_in_viewport()
    assert (page.locator("#page mark").text_content() or "")[:60] in closest.inner_text()


def test_examples_follow_ups_reload_and_new_chat(page: Page) -> None:
    """What the empty page offers is answered; the next question may lean on it."""
    example = page.locator("button.example").nth(1)
    example.wait_for(timeout=WAIT)
    shot(page, "empty")
    question = example.inner_text()
    example.click()
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("button", name="Citation 1")).not_to_have_count(0)
    expect(example).to_be_hidden()
    ask(page, "And since when?")
    searched = page.get_by_text("Searched for: ")
    expect(searched).to_contain_text(": And since when?")
    carried = searched.inner_text().removeprefix("Searched for: ").split(": ")[0]
    assert set(carried.split()) <= set(re.findall(r"\w+", question))
    page.reload()
    expect(page.locator("article.answer")).to_have_count(2, timeout=WAIT)
    page.get_by_role("button", name="Citation 1").first.click()
    expect(page.locator("#page mark")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("article.answer")).to_have_count(0)
    expect(page.locator("#start button.example").first).to_be_visible()
    expect(page.locator("#start")).to_contain_text("14 MD, 1 DOCX")
    page.locator("button.topic").first.click()
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    expect(page.locator("article.question p")).to_contain_text("Tell me about")
    page.locator("#next button.example").first.click(timeout=WAIT)
    expect(page.locator("article.answer")).to_have_count(2, timeout=WAIT)
    expect(page.locator("article.answer .said").last).to_be_visible(timeout=WAIT)


def test_what_people_type_is_shown_as_text(page: Page) -> None:
    ask(page, EVIL)
    expect(page.locator("article.question p").last).to_have_text(EVIL)
    assert page.title() == "askdoc"
    assert page.locator("#log img").count() == 0


def test_a_bad_question_gets_a_message_and_loses_nothing(page: Page) -> None:
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    ask(page, "x" * 100_000)
    expect(page.get_by_role("alert")).to_have_text(
        "the question has 100,000 characters: ask in 20,000 or fewer"
    )
    ask(page, "What is Eagle Partner for?")
    expect(page.locator("article.answer")).to_have_count(3)


def test_nothing_can_be_asked_before_the_page_has_begun(browser, address: str) -> None:
    """Else what the page begins with wipes out a question that is quicker."""
    page = browser.new_page()
    held: list[Route] = []
    begins = threading.Event()
    page.route(
        "**/queue/join*",
        lambda route: route.continue_() if begins.is_set() else held.append(route),
    )
    with page.expect_request("**/queue/join*"):
        visit(page, address)
    expect(page.get_by_role("textbox", name="Question")).to_be_disabled()
    begins.set()
    for route in held:
        route.continue_()
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    expect(page.locator("article.answer")).to_have_count(1)
    page.close()


def test_app_py_serves_the_same_chat(corpus: Path, tmp_path: Path) -> None:
    server, url = serve("app.py", "--corpus", corpus, "--index", tmp_path / "index")
    try:
        assert "askdoc" in fetch(url)[1]
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def own(browser, folder) -> Iterator[tuple[Page, Path]]:
    """A chat over a small folder that a test may change, with its page."""
    root = folder(
        {"ferry.md": "# Ferry\n\nThe ferry to Marwick sails at nine.", "bad.pdf": b"%PDF-"}
    )
    server, url = serve("-m", "askdoc", "serve", "--corpus", root)
    page = browser.new_page()
    page.set_default_timeout(15_000)
    page.on("dialog", lambda dialog: dialog.accept())
    visit(page, url)
    yield page, root
    page.close()
    server.terminate()
    server.wait(30)


def test_documents_are_reported_added_synced_and_deleted(own: tuple[Page, Path], tmp_path) -> None:
    """What a person does to the folder, in the browser or beside it, is what answers."""
    page, root = own
    tab = page.get_by_role("tab", name="Documents")
    tab.click()
    report = page.locator("#report")
    expect(report.get_by_role("row", name="ferry.md")).to_contain_text("read")
    expect(report.get_by_role("row", name="bad.pdf")).to_contain_text("failed")
    shot(page, "documents")

    new = tmp_path / "master.txt"
    new.write_text("The harbour master of Marwick is Ingrid Sund.")
    page.locator("#upload input[type=file]").set_input_files(new)
    expect(report.get_by_role("row", name="uploads/master.txt")).to_contain_text(
        "read", timeout=WAIT
    )
    assert (root / "uploads" / "master.txt").read_text() == new.read_text()
    page.get_by_role("tab", name="Chat").click()
    ask(page, "Who is the harbour master of Marwick?")
    expect(page.locator('button.cite[data-source="uploads/master.txt"]')).to_be_visible()

    (root / "whale.md").write_text("Whale oil lit the lamps of Marwick until 1912.")
    tab.click()
    expect(page.locator(".banner")).to_contain_text("1 new")
    shot(page, "banner")
    page.get_by_role("button", name="Sync now").click()
    expect(report.get_by_role("row", name="whale.md")).to_contain_text("read", timeout=WAIT)
    expect(page.locator(".banner")).to_have_count(0)

    report.get_by_role("button", name="Delete uploads/master.txt").click()
    expect(report.get_by_role("row", name="uploads/master.txt")).to_have_count(0)
    assert not (root / "uploads" / "master.txt").exists()
    page.get_by_role("tab", name="Chat").click()
    ask(page, "Who is the harbour master of Marwick?")
    expect(page.locator("article.answer").last).not_to_contain_text("Ingrid")


def test_the_table_of_documents_is_searched_sorted_grouped_and_chosen(
    own: tuple[Page, Path],
) -> None:
    page, root = own
    (root / "notes").mkdir()
    for name in ("oil", "bells", "nets"):
        (root / "notes" / f"{name}.txt").write_text(f"Of {name} the harbour has {len(name)}.")
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="Sync now").click()
    names = page.locator("#report tbody tr:visible th[scope=row] bdi")
    notes = ["notes/bells.txt", "notes/nets.txt", "notes/oil.txt"]
    expect(names).to_have_text(["bad.pdf", "ferry.md", *notes], timeout=WAIT)  # what failed first
    expect(page.locator("#report")).to_contain_text("save it anew")
    page.get_by_role("button", name="Document", exact=True).click()
    page.get_by_role("button", name="Document", exact=True).click()
    expect(names).to_have_text([*reversed(notes), "ferry.md", "bad.pdf"])
    page.get_by_label("Find a document").fill("notes")
    expect(names).to_have_count(3)
    page.get_by_label("Find a document").fill("")
    page.get_by_label("Group by").select_option("folder")
    groups = page.locator("#report tr.group")
    expect(groups).to_have_text(["(top folder)", "notes"])
    expect(page.get_by_role("columnheader", name="Passages")).to_be_hidden()
    page.get_by_label("All columns").check()
    expect(page.get_by_role("columnheader", name="Passages")).to_be_visible()
    shot(page, "table")
    for name in ("oil", "nets"):
        page.get_by_label(f"Choose notes/{name}.txt").check()
    page.get_by_role("button", name="Ask about these").click()
    ask(page, "How many nets does the harbour have?")
    expect(page.get_by_text("Asked only: notes/")).to_be_visible()
    page.get_by_role("tab", name="Documents").click()
    for name in ("oil", "bells"):
        page.get_by_label(f"Choose notes/{name}.txt").check()
    page.get_by_role("button", name="Delete these").click()
    expect(names).to_have_count(3, timeout=WAIT)
    assert [path.name for path in (root / "notes").iterdir()] == ["nets.txt"]


def test_a_file_dropped_on_the_chat_is_asked_alone(own: tuple[Page, Path]) -> None:
    page, root = own
    data = page.evaluate_handle(
        """() => { const data = new DataTransfer();
        data.items.add(new File(['The mayor of Stennis is Olaf Berg.'], 'mayor.txt'));
        return data; }"""
    )
    page.dispatch_event("#log", "drop", {"dataTransfer": data})
    expect(page.locator("#status")).to_contain_text("1 of 1 files are read", timeout=WAIT)
    assert (root / "uploads" / "mayor.txt").exists()
    ask(page, "Who is the mayor of Stennis?")
    expect(page.get_by_text("Asked only: uploads/mayor.txt")).to_be_visible()
    ask(page, "When does the ferry to Marwick sail?")
    answer = page.locator("article.answer").last
    answer.get_by_role("button", name="Ask all documents").click()
    expect(page.locator("article.answer").last).to_contain_text("at nine", timeout=WAIT)
    expect(page.get_by_text("Answer ready")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("article.answer")).to_have_count(0)
    ask(page, "When does the ferry to Marwick sail?")
    expect(page.get_by_text("Asked only")).to_have_count(0)


def test_a_file_that_is_gone_does_not_answer_in_the_chat(own: tuple[Page, Path]) -> None:
    page, root = own
    ask(page, "When does the ferry to Marwick sail?")
    expect(page.get_by_role("button", name="Citation 1")).to_be_visible()
    (root / "ferry.md").write_text("# Ferry\n\nThe ferry to Marwick sails at eleven.")
    ask(page, "When does the ferry to Marwick sail?")
    expect(page.locator("article.answer").last).to_contain_text("eleven")
    expect(page.locator("article.answer").last).not_to_contain_text("nine")
    page.get_by_role("button", name="Citation 1").first.click()
    expect(page.locator("#page")).to_have_text(
        "This document has changed since it was cited: ask again."
    )


def test_uploads_and_deletions_stay_in_the_corpus(folder, tmp_path: Path) -> None:
    root = folder({"a.md": "A ferry."})
    assistant = Assistant.from_folder(root)
    for name in ("b.txt", ".hidden.txt", "../../c.txt"):
        (tmp_path / "from").mkdir(exist_ok=True)
        path = tmp_path / "from" / Path(name).name
        path.write_text("new")  # what Gradio keeps of an upload, until it is taken
        assert documents.upload(assistant, [str(path)]) == [f"uploads/{path.name.lstrip('.')}"]
    (tmp_path / "from" / "b.txt").write_text("newer")
    again = documents.upload(assistant, [str(tmp_path / "from" / "b.txt")])
    assert again == ["uploads/b (2).txt"]
    (tmp_path / "from" / "d.exe").write_text("x")
    with pytest.raises(BadInput, match="cannot be read: askdoc reads"):
        documents.upload(assistant, [str(tmp_path / "from" / "d.exe")])
    assert not (tmp_path / "from" / "d.exe").exists()
    for source in ("../secret.txt", "/etc/passwd", "nothing.md"):
        with pytest.raises(BadInput, match="there is no document"):
            documents.delete(assistant, [source])
    documents.delete(assistant, ["a.md"])
    assert not (root / "a.md").exists()
    list(documents.syncing(assistant))
    assert "a.md" not in documents.report(assistant)
    assert documents.banner(assistant) == ""


def test_an_empty_corpus_is_told_in_the_chat(browser, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    server, url = serve("-m", "askdoc", "serve", "--corpus", tmp_path / "empty")
    try:
        page = browser.new_page()
        visit(page, url)
        ask(page, "Is anybody here?")
        expect(page.get_by_role("alert")).to_contain_text("holds no document that askdoc can read")
        page.close()
    finally:
        server.terminate()
        server.wait(30)


def fetch(url: str, data: bytes | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers of a request."""
    request = urllib.request.Request(
        url, data, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode(), dict(response.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def test_the_routes_answer_and_refuse(address: str) -> None:
    status, body, headers = fetch(f"{address}/api/health")
    assert status == 200
    assert json.loads(body)["status"] in ("ready", "warming up")
    assert "default-src 'self'" in headers["content-security-policy"]
    document = f"{address}/api/document?source=government.md"
    assert "<mark>" in fetch(f"{document}&start=10&end=20")[1]
    assert fetch(f"{document}&start=10&end=20&sha=0000")[0] == 409
    assert fetch(f"{document}&start=20&end=10")[0] == 422
    assert fetch(f"{document}&start=0&end=99999999")[0] == 422
    assert fetch(f"{address}/api/document?source=../pyproject.toml&start=0&end=1")[0] == 404
    assert fetch(f"{address}/api/health", Host="evil.example")[0] == 400
    assert fetch(f"{address}/gradio_api/queue/join", b"{}", Origin="http://evil.example")[0] == 403
    status, body, headers = fetch(f"{address}/api/original?source=rome-statute.html")
    assert headers["content-type"] == "application/octet-stream"  # no script in it ever runs
    assert "attachment" in headers["content-disposition"]
    assert fetch(f"{address}/api/original?source=../pyproject.toml")[0] == 404
    for closed in ("openapi.json", "redoc"):
        assert fetch(f"{address}/{closed}")[0] == 404


def turn(text: str = EVIL) -> Turn:
    """A turn whose every word comes from a hostile document."""
    blocks = (heading(0, len(text), 1),)
    hostile = Document(f"{EVIL}.md", EVIL, f"{text} {EVIL}", "0" * 64, blocks)
    sentences, citations = quoted([Quote(Span(hostile, 0, len(text)))])
    hit = Hit(Passage(hostile, 0, len(text)), 1.0, ("dense",))
    return Turn.of(
        Answer(EVIL, EVIL + "!", marked(sentences), "quotes", sentences, citations, (hit,))
    )


def test_foreign_text_never_becomes_markup() -> None:
    answer = turn().answer
    assert answer is not None
    refusal = replace(answer, text=EVIL, sentences=(), citations=(), unknown=(EVIL,))
    refused = Turn(question=EVIL, answer=refusal, closest=answer.citations)
    failed = Turn(question=EVIL, error=EVIL)
    text = f"{EVIL}\n{EVIL}"
    hostile = Document("a.md", EVIL, text, "0" * 64, structure(text, [heading(0, len(EVIL), 1)]))
    turns = [turn(), refused, failed]
    for html in (
        conversation(turns),
        exported(turns, "html"),
        as_text(Outline(hostile, ()), 0, 5, [], has_pages=True),
        laid_out(hostile, 0, 5),
        laid_out(hostile, len(EVIL) - 3, len(EVIL) + 3),
    ):
        assert "<img" not in html
        assert "&lt;img" in html


def test_rows_of_a_table_are_shown_and_copied_as_a_small_table(folder) -> None:
    text = "Item,Price\nShower,1 | 2\nMooring,16\n"
    document = load(folder({"prices.csv": text}), "prices.csv")
    rows = [Span(document, 11, 23), Span(document, 24, 34)]

    def shown(*quotes: Quote) -> tuple[str, str]:
        sentences, citations = quoted(quotes)
        assert marked(sentences).startswith("Item: Shower; Price: 1 | 2 [1]")
        answer = Answer("How much?", "How much?", marked(sentences), "quotes", sentences, citations)
        return conversation([Turn.of(answer)]), markdown(Turn.of(answer))

    html, copied = shown(*map(Quote, rows))
    assert html.count("<tr>") == 3
    head = '<th scope="col" translate="no">'
    assert f"{head}Item</th>{head}Price</th>" in html
    no = '<td translate="no">'
    assert f"{no}Shower</td>{no}1 | 2</td><td> <button" in html
    assert copied.startswith(
        "| Item | Price |  |\n| --- | --- | --- |\n"
        "| Shower | 1 \\| 2 | [^1] |\n| Mooring | 16 | [^2] |"
    )


def test_a_column_that_is_empty_in_what_is_shown_is_left_out() -> None:
    rows = [Sentence("", (1,), cells=(("Day", day), ("Result", ""), ("Note", note)))
            for day, note in (("Sat", ""), ("Sun", "late"))]  # fmt: skip
    ((columns, part),) = export.laid_out(rows)
    assert columns == ("Day", "Note")
    assert [row.cells for row in part] == [
        (("Day", "Sat"), ("Note", "")),
        (("Day", "Sun"), ("Note", "late")),
    ]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Do I?** Yes, *always*", "<strong>Do I?</strong> Yes, <em>always</em>"),
        ("`<i>` in _snake_case_", "<code>&lt;i&gt;</code> in <em>snake_case</em>"),
        ("2*3*4, a_b_c, ** not **, * no", "2*3*4, a_b_c, ** not **, * no"),
        ("*Ferries sail in May.", "Ferries sail in May."),
        ("And cows.**", "And cows."),
        ("*args is a word", "*args is a word"),
        ("**<img src=x>**", "<strong>&lt;img src=x&gt;</strong>"),
    ],
)
def test_what_markdown_sets_off_in_a_line_is_set_off(text: str, html: str) -> None:
    assert set_off(text) == html


def test_every_attribute_of_a_template_is_quoted_and_only_our_own_html_is_safe() -> None:
    templates = sorted((Path(web.__file__).parent / "templates").glob("*.html"))
    assert len(templates) > 9
    for template in templates:
        text = template.read_text("utf-8")
        assert not re.search(r"=\{\{", text), template.name
        safe = re.findall(r"[\w.]+ \| *safe", text)
        assert safe == (["text | safe"] if template.name == "document.html" else []), template.name


def test_what_a_browser_kept_is_not_trusted() -> None:
    kept = dumped([turn()])
    assert restored(kept) == [turn()]
    other = [{**turn().model_dump(), "text": "of another version"}]
    bad_place = [{**turn().model_dump(), "closest": [{"start": -1}]}]
    for bad in (None, 1, "", [1], [{"question": 1}], other, bad_place):
        assert restored(json.dumps(bad)) == []
    assert restored("no JSON") == []
    assert history([turn()])[0] == {"role": "user", "content": EVIL}
    assert history([Turn(question="x", error="no")]) == []


def test_of_a_long_conversation_the_last_turns_are_kept(assistant: Assistant) -> None:
    """And the newest has the number under which it is kept: an opinion of it finds it."""
    warmup = Warmup(assistant)
    warmup.start()
    before = Answer("?", "?", "An answer.", "quotes")
    turns = [Turn(question=f"Question {n}", answer=before) for n in range(KEPT)]
    answering = Answering(assistant, warmup)
    *_, last = answering.steps("Who governs Armenia?", turns, [], None, threading.Event())
    kept = restored(last["kept"])
    assert [turn.question for turn in kept] == [
        *(f"Question {n}" for n in range(1, KEPT)), "Who governs Armenia?",
    ]  # fmt: skip
    assert f'data-turn="{KEPT - 1}"' in last["live"]
    warmup.overview()  # no thread outlives the tests


def test_no_rule_of_the_style_is_dropped(page: Page) -> None:
    style = (Path(web.__file__).parent / "ui" / "askdoc.css").read_text("utf-8")
    parsed = page.evaluate(
        """() => { const count = rules => [...rules].reduce(
          (sum, rule) => sum + 1 + count(rule.cssRules ?? []), 0);
        const ours = [...document.styleSheets].find(sheet => sheet.href?.endsWith('askdoc.css'));
        return count(ours.cssRules); }"""
    )
    assert parsed == style.count("{") == style.count("}")


def test_the_settings_of_the_chat_have_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKDOC_HOST", "0.0.0.0")
    monkeypatch.setenv("ASKDOC_PORT", "7000")
    assert (Settings().host, Settings().port) == ("0.0.0.0", 7000)


def test_an_answer_is_copied_and_a_conversation_saved(
    browser, address: str, corpus: Path, tmp_path: Path
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    visit(page, address)
    ask(page, "Who backed Azerbaijan in the 44-day war?")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[^1]: turkey-azerbaijan.md, Who backed Azerbaijan in the 44-day war: “" in copied
    assert copied.index("[^1]") < copied.index("[^1]: ")
    (kept,) = restored(page.locator("#kept textarea").input_value())
    assert copied == markdown(kept)
    with page.expect_download() as saved:
        page.locator("summary", has_text="Save").click()
        page.get_by_role("button", name="Save as JSON").click()
    assert saved.value.suggested_filename == "who-backed-azerbaijan-in-the-44-day-war.json"
    path = tmp_path / "askdoc.json"
    saved.value.save_as(path)
    told = json.loads(path.read_text("utf-8"))
    assert check(told, corpus) == []
    assert told["answers"][0]["citations"]
    shot(page, "save")
    context.close()
