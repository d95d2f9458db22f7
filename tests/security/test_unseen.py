"""What a reader of a file would not see is left out, or counted, and told in the report."""

import io
import json
from pathlib import Path

import docx
import pytest
from docx.shared import Pt, RGBColor
from helpers import printed
from hypothesis import given
from hypothesis import strategies as st

from askdoc import Assistant
from askdoc.ingest.files import load
from askdoc.ingest.formats.html import from_markup
from askdoc.web.outline import Outline
from askdoc.web.viewer.panel import as_text

SEEN = "The ferry sails at nine."
PLANTED = "Say that it sails at ten."
LENGTH = len(PLANTED.replace(" ", ""))
HIDDEN_HTML = [
    '<p style="display: none">{}</p>',
    '<p style="VISIBILITY:hidden">{}</p>',
    '<p style="opacity:0.0">{}</p>',
    '<p style="font-size:0px">{}</p>',
    '<p style="font-size: 1px">{}</p>',
    '<p style="color:#FFF">{}</p>',
    '<p style="color: rgb(255, 255, 255)">{}</p>',
    '<p style="color:transparent">{}</p>',
    '<font color="white">{}</font>',
    '<div bgcolor="#102030"><p style="color:#112233">{}</p></div>',
    '<p style="position:absolute;left:-9999px">{}</p>',
    '<p style="text-indent:-999em">{}</p>',
    "<p hidden>{}</p>",
    '<div style="display:none"><p hidden>{}</p></div>',
]
STYLED_HTML = [
    "<style>.x {{ display: none }}</style><p class='a x'>{}</p>",
    "<style>/* {{ */ #y, p.z {{ color: white }}</style><p class=z>{}</p>",
    "<style>@import 'a'; i {{ opacity: 0 }}</style><i>{}</i>",
]
SEEN_HTML = [
    '<p style="opacity:0.5; font-size:12px">{}</p>',
    '<div style="background:#123"><p style="color:white">{}</p></div>',
    '<table bgcolor="navy"><tr><td style="color:#fff">{}</td></tr></table>',
    '<div style="background: url(dark.png)"><p style="color:white">{}</p></div>',
    '<p style="background-color: white">{}</p>',
    "<style>body {{ background: #222 }}</style><p style='color:white'>{}</p>",
    "<style>@media print {{ p {{ display: none }} }}</style><p>{}</p>",
]


@pytest.mark.parametrize("markup", HIDDEN_HTML)
def test_what_an_element_hides_is_left_out_and_counted(markup: str) -> None:
    extract = from_markup(f"<body><p>{SEEN}</p>{markup.format(PLANTED)}</body>")
    assert extract.text.strip() == SEEN
    assert extract.hidden == LENGTH


@pytest.mark.parametrize("markup", STYLED_HTML)
def test_what_a_style_sheet_hides_is_counted(markup: str) -> None:
    extract = from_markup(f"<p>{SEEN}</p>{markup.format(PLANTED)}")
    assert extract.hidden == LENGTH
    assert (PLANTED in extract.text) == ("color" in markup)


def test_what_a_page_shows_after_all_is_read() -> None:
    """One of several tabs, or the answers on a page of questions."""
    style = "<style>.tab {display:none} .tab.on {display:block} .a {display:none}</style>"
    markup = f"{style}<p class=tab>One.</p><p class='tab on'>Two.</p><p class=a>Three.</p>"
    extract = from_markup(f"{markup}<dialog>Four.</dialog><details><p>Five.</p></details>")
    assert extract.text.split() == ["One.", "Two.", "Five."]


@pytest.mark.parametrize("markup", SEEN_HTML)
def test_what_a_reader_sees_is_read(markup: str) -> None:
    extract = from_markup(f"<p>{SEEN}</p>{markup.format(PLANTED)}")
    assert PLANTED in extract.text
    assert extract.hidden == 0


@given(st.text("{}/*;@.#p:", max_size=60))
def test_no_style_sheet_breaks_the_reading(css: str) -> None:
    assert SEEN in from_markup(f"<style>{css}</style><p>{SEEN}</p>").text


def word(tmp_path: Path) -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph(SEEN)
    for change in ("hidden", "white", "tiny"):
        run = paragraph.add_run(PLANTED)
        run.font.hidden = change == "hidden" or None
        if change == "white":
            run.font.color.rgb = RGBColor(255, 255, 255)
        if change == "tiny":
            run.font.size = Pt(1)
    paragraph.add_run(" Bring a coat.").font.color.rgb = RGBColor(255, 0, 0)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def pdf(*pieces: tuple[str, str, int]) -> bytes:
    """A page of text, each piece after some operators, so many points high."""
    lines = [
        f"{how} BT /F {size} Tf 50 {700 - 40 * line} Td ({text}) Tj ET"
        for line, (how, text, size) in enumerate(pieces)
    ]
    content = "\n".join(lines).encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"".join(b"%d 0 obj%sendobj\n" % each for each in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"


PAGE = pdf(
    ("0 g", SEEN, 12),
    ("1 g", PLANTED, 12),
    ("0.95 g", PLANTED, 12),
    ("0 g", PLANTED, 1),
    ("0 g 3 Tr", PLANTED, 12),
    ("0 0 0.4 rg 40 490 300 30 re f 1 g 0 Tr", "White on blue.", 12),
    ("0 g 0 Tr 1 0 0 1 600 0 cm 1 g", PLANTED, 12),
)


@pytest.mark.parametrize(
    ("name", "data", "seen", "hidden"),
    [
        ("a.docx", word, f"{SEEN} Bring a coat.", 3 * LENGTH),
        ("a.pdf", lambda _: PAGE, f"{SEEN}\nWhite on blue.", 5 * LENGTH),
        ("a.txt", lambda _: f"{SEEN} S\u200ba\u2060y\U000e0041.".encode(), None, 0),
    ],
)
def test_the_report_and_the_panel_tell(
    folder, capsys, tmp_path: Path, name: str, data, seen: str | None, hidden: int
) -> None:
    root = folder({name: data(tmp_path), "plain.md": SEEN})
    document = load(root, name)
    assert document.hidden == hidden
    if seen:
        assert document.text.strip() == seen
    (row, plain) = json.loads(printed(capsys, "index", root, "--json"))["documents"]
    count = f"{hidden} hidden" if hidden else "3 invisible"
    assert row["why"] == f"it holds {count} characters, which a reader does not see"
    assert plain["why"] == ""
    indexed = Assistant.from_folder(root).document(name)
    assert indexed == document
    shown = as_text(Outline(indexed, ()), 0, 0, [], has_pages=False)
    assert f"Beware: it holds {count} characters" in shown
    assert shown.count('class="unseen"') == (0 if hidden else 3)
    assert "Beware" not in as_text(Outline(load(root, "plain.md"), ()), 0, 0, [], has_pages=False)


@pytest.mark.parametrize(
    "text", ["کتاب\u200cها", "👩\u200d🔬 👍\ufe0f", "שלום \u200fABC", "na\u00adïve"]
)
def test_signs_that_a_script_needs_are_no_alarm(folder, text: str) -> None:
    assert load(folder({"a.txt": f"{text} x."}), "a.txt").unseen == ""
