"""Nothing of the chat is hard to read or to reach, at any size: axe-core, and what is cut off."""

import itertools
import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from chat import EVIL, WAIT, ask, connected, shot, visit
from playwright.sync_api import Browser, expect
from scripted_server import FALSE, Scripted, scripted

SIZES = ((1920, 1080), (1280, 800), (640, 400), (390, 844))  # the third: 1280 at 200 %
# What one could press and cannot see whole, and what is wider than the page.
CUT_OFF = """() => {
  const scrolls = (node) => node && (["auto", "scroll"].includes(getComputedStyle(node).overflowX)
    ? node.scrollWidth > node.clientWidth : scrolls(node.parentElement));
  const cut = (node) => { const { left, right } = node.getBoundingClientRect();
    return left < -1 || right > innerWidth + 1; };
  const seen = [...document.querySelectorAll("button, input, select, summary, textarea, a")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((node) => !node.closest(".hidden, [hidden]") && node.offsetWidth > 1);
  const wide = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  return [...wide, ...seen.filter((node) => cut(node) && !scrolls(node.parentElement))
    .map((node) => node.outerHTML.slice(0, 120))];
}"""


@pytest.mark.alone
def test_no_serious_barrier_is_found_and_nothing_is_cut_off(browser: Browser, address: str) -> None:
    """axe-core over every state that people meet, light and dark, at all sizes."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    page = context.new_page()
    visit(page, address)
    axe = Axe()

    found: list[object] = []

    def look(state: str) -> None:
        for (width, height), scheme in itertools.product(SIZES, ("light", "dark")):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(
                f"document.body.matches('.dark') == {json.dumps(scheme == 'dark')}"
            )
            page.wait_for_timeout(300)  # colours and widths change slowly
            shot(page, f"{state}-{width}-{scheme}")
            found.extend(
                (
                    state,
                    width,
                    scheme,
                    each["id"],
                    [node["html"][:120] for node in each["nodes"]][:3],
                )
                for each in axe.run(page).response["violations"]
                if each["impact"] in ("serious", "critical")
            )
            found.extend((state, width, each) for each in page.evaluate(CUT_OFF))
            box = page.locator("#box").bounding_box()
            if box and box["y"] + box["height"] > height:
                found.append((state, width, "the box", box))
        page.set_viewport_size({"width": 1280, "height": 800})

    page.locator("button.example").first.wait_for(timeout=WAIT)
    look("empty")
    ask(page, "When was the Lachin corridor blocked?")
    page.get_by_role("button", name="Citation 1").last.click()
    expect(page.locator("#page mark")).to_be_focused()
    expect(page.locator("figure.sheet img").first).to_have_js_property("naturalWidth", 1100)
    look("pages")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#page .text")).to_be_visible()
    look("text")
    page.keyboard.press("Escape")
    ask(page, "How do I bake a lasagne?")
    page.get_by_role("button", name="Bad answer").last.click()
    page.locator("#conversations summary").click()
    look("refusal")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Documents").click()
    page.locator("#report tr").first.wait_for()
    look("documents")
    page.get_by_role("button", name="Ask about csto.docx").click()
    page.locator("#start .outlined").wait_for(timeout=WAIT)
    look("outline")
    with scripted() as url:
        connected(page, url)
        look("model")
        Scripted.words = [f"{FALSE[:-1]} [1]. ", EVIL]
        page.get_by_role("tab", name="Chat").click()
        ask(page, "What is Eagle Partner for?")
    page.locator("details.doubt summary").first.click()
    look("doubt")
    context.close()
    assert not found, "\n".join(map(str, found))
