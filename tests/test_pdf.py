"""PDFs read as they look: without the furniture of pages, with their tables, columns and turns."""

import random
import textwrap
from pathlib import Path

import pypdfium2
import pytest
from helpers import check_document
from made_files import Put, form_of, pdf_of

from askdoc import Document, Unreadable
from askdoc.ingest.chunker import sentences
from askdoc.ingest.files import load
from askdoc.ingest.formats import ocr
from askdoc.ingest.formats.pdf_pages import sheets
from askdoc.ingest.rows import with_header
from askdoc.ingest.words import is_gibberish
from askdoc.types import BlockKind, Span, Status

SENTENCES = [
    "The lighthouse of Tarvo was built in 1874 after two ships had been lost on the reef.",
    "Its keeper lived on the island with his family until the lamp was made electric.",
    "A boat brought oil, flour and letters every second week unless the sea was too rough.",
    "The tower is open to visitors from May to September on every day except Monday.",
    "Groups of more than twelve persons are asked to write to the harbour office first.",
    "The stairs have 143 steps, and children below the age of six may not climb them.",
    "From the gallery one sees the old salt works and, on clear days, the far coast.",
    "The lens was ground in Paris and weighs nearly two tons with its brass frame.",
]


def loaded(root: Path, data: bytes) -> Document:
    """The document of a PDF, which holds together."""
    (root / "a.pdf").write_bytes(data)
    document = load(root, "a.pdf")
    check_document(document)
    return document


def lines(text: str, x: float, top: float, width: int) -> list[Put]:
    """Text in lines of so many characters, from the top."""
    return [(x, top - 14 * at, line) for at, line in enumerate(textwrap.wrap(text, width))]


def broken(text: str) -> list[Put]:
    """Text in lines that end where there is a slash."""
    return [(72, 700 - 14 * at, line) for at, line in enumerate(text.split("/"))]


def told(document: Document) -> list[str]:
    """The sentences of a document on a line each."""
    found = sentences(document, 0, len(document.text))
    return [" ".join(document.text[start:end].split()) for start, end in found]


def marked(root: Path, document: Document, words: str) -> list[tuple[int, float, float]]:
    """The pages of the boxes around words, each with the box's left and upper edge."""
    start = document.text.index(words)
    span = (start, start + len(words))
    found = sheets(root / "a.pdf", document.text, document.pages, [span])
    return [(page, round(box[0], 2), round(box[1], 2)) for page, box in found.boxes[0]]


FURNITURE = {
    "page of pages": lambda n: [(40, 810, "Tarvo | Visitors' guide"), (400, 30, f"Page {n} of 4")],
    "in dashes": lambda n: [(280, 30, f"- {n} -")],
    "Roman": lambda n: [(280, 30, ("iii", "iv", "v", "vi")[n - 1])],
    "odd and even": lambda n: [(40, 810, "The sea"), (40 if n % 2 else 520, 30, f"{n + 8}")],
    "printed": lambda n: [(40, 815, "5/4/24, 10:12"), (40, 20, "tarvo.org"), (530, 20, f"{n}/4")],
    "with a name": lambda n: [(300, 30, f"Tarvo Inc. | Form 7 | {n + 2}")],
    "three lines": lambda n: [(40, 820, "Tarvo"), (40, 806, "Guide"), (40, 792, f"Seite {n}")],
}  # fmt: skip


@pytest.mark.parametrize("kind", FURNITURE)
def test_what_repeats_on_pages_stands_in_no_sentence(tmp_path: Path, kind: str) -> None:
    flow = textwrap.wrap(" ".join(SENTENCES), 60)
    parts = [flow[:2], flow[2:5], flow[5:7], flow[7:]]
    pages = [
        [*FURNITURE[kind](number), *lines(" ".join(part), 72, 740, 60)]
        for number, part in enumerate(parts, 1)
    ]
    document = loaded(tmp_path, pdf_of(*pages))
    assert set(SENTENCES) < {*told(document), ""}
    assert len(told(document)) <= len(SENTENCES) + 4  # what names the document is told once
    for name in ("Page 2", "\niv\n", "Seite", "2/4", "- 2 -"):
        assert name not in document.text.split(SENTENCES[0][:20])[1]
    turns = document.pages[2]
    words = document.text[turns - 20 : turns + 20]
    assert {page for page, _, _ in marked(tmp_path, document, words)} == {2, 3}


def test_what_repeats_and_is_no_furniture_stays(tmp_path: Path) -> None:
    """Names of steps, rows of a table, a page that is there twice, a title on several slides."""
    steps = [[(72, 780, f"Step {n}"), (72, 700, SENTENCES[n])] for n in (1, 2, 3)]
    text = loaded(tmp_path, pdf_of(*steps)).text
    assert [f"Step {n}" in text for n in (1, 2, 3)] == [True] * 3
    twice = loaded(tmp_path, pdf_of(*[lines(SENTENCES[0], 72, 700, 40)] * 2)).text
    assert twice.count("lighthouse") == 2
    slides = [[(72, 780, "#Results"), (72, 700, SENTENCES[n])] for n in range(3)]
    slides += [[(72, 780, f"#Other {n}"), (72, 700, SENTENCES[n])] for n in range(3, 6)]
    assert loaded(tmp_path, pdf_of(*slides)).text.count("Results") == 3
    letter = [[(72, 800, "Tarvo Boats, 5 Pier Road"), (72, 700, SENTENCES[n])] for n in range(3)]
    assert loaded(tmp_path, pdf_of(*letter)).text.count("5 Pier Road") == 1


def table(rows: list[list[str]], top: float, places: list[float], bold: bool = False) -> list[Put]:
    """A table drawn row by row."""
    return [
        (x, top - 15 * at, f"*{cell}" if bold and not at else cell)
        for at, row in enumerate(rows)
        for x, cell in zip(places, row, strict=True)
        if cell
    ]


HARBOURS = [["Harbour", "Berths", "Depth (m)"]] + [
    [f"Port {n}", str(40 + n), f"{n}.5"] for n in range(1, 21)
]


def test_a_table_over_pages_is_rows_below_their_header(tmp_path: Path) -> None:
    places = [72.0, 220.0, 330.0]
    first = [(72, 740, SENTENCES[0]), *table(HARBOURS[:11], 700, places), (280, 30, "1")]
    second = [*table([HARBOURS[0], *HARBOURS[11:]], 740, places), (72, 400, SENTENCES[1])]
    document = loaded(tmp_path, pdf_of(first, [*second, (280, 30, "2")]))
    (found,) = (block for block in document.blocks if block.kind is BlockKind.TABLE)
    assert document.text[found.start : found.end].count("\n") == 20
    row = document.text.index("Port 17")
    span = Span(document, row, document.text.index("\n", row))
    assert with_header(span) == "Harbour: Port 17; Berths: 57; Depth (m): 17.5"
    assert span.page == 2
    assert {page for page, _, _ in marked(tmp_path, document, span.text)} == {2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((320, "Three months"), (455, "Six months")),
        ((330, "Sails"), (470, "Bread")),
        ((300, "Of the board in euros"), (450, "Of all")),
    ],
)
def test_a_heading_over_several_columns_is_told_of_each(
    tmp_path: Path, one: tuple[float, str], other: tuple[float, str]
) -> None:
    """And a table goes on below the title of some of its rows."""
    columns = [72.0, 300.0, 370.0, 440.0, 510.0]
    rows = [
        ["", "June", "June", "June", "June"],
        ["", "2022", "2023", "2022", "2023"],
        ["Oil", "$ 1,200", "$ 1,310", "$ 2,400", "$ 2,530"],
        ["Flour", "300", "(35)", "610", "720"],
    ]
    after = [["Rope", "12", "14", "24", "28"], ["Bells", "7", "8", "15", "16"]]
    drawn = [
        (72, 760, SENTENCES[0]),
        (one[0], 715, one[1]),
        (other[0], 715, other[1]),
        *table(rows, 700, columns),
        (72, 618, "On board:"),
        *table(after, 600, columns),
        (72, 520, SENTENCES[1]),
    ]
    document = loaded(tmp_path, pdf_of(drawn))
    (found,) = (block for block in document.blocks if block.kind is BlockKind.TABLE)
    row = document.text.index("Bells")
    assert with_header(Span(document, row, document.text.index("\n", row))) == (
        f"Bells; {one[1]} June 2022: 7; {one[1]} June 2023: 8; "
        f"{other[1]} June 2022: 15; {other[1]} June 2023: 16"
    )
    assert "On board:" in document.text[found.start : found.end]


BODY = [["Anna", "Tarvo", "pilot"], ["Boris", "Lund", "cook"], ["Carla", "Nida", "mate"]]
TABLES = {
    "bold names": (table([["Name", "Home"], *(row[:2] for row in BODY)], 700, [72, 200], True), 1),
    "words only": (table([["Name", "Home", "Rank"], *BODY], 700, [72, 180, 290]), 1),
    "years": (table([["", "2022", "2023"], ["Fish", "1,200", "(35)"], ["Oil", "5%", "7%"]], 700,
                    [72, 180, 290]), 1),
    "no header": (table([["Length", "11 m"], ["Width", "3.2 m"], ["Draft", "1 m"]], 700, [72, 180]),
                  0),
    "a gap": (table([["Name", "Home", "Rank"], BODY[0], ["Dora", "", "maid"], BODY[2]], 700,
                    [72, 180, 290]), 1),
    "a second line": (table([["Name", "Since", "Duty"], ["Ed", "1990", "Lamp and oil,"],
                             ["", "", "and the stairs"], ["Flo", "1995", "Books"],
                             ["Gus", "1999", "Boats"]], 700, [72, 180, 290]), 1),
    "amounts": (table([["Item", "2022", "", "2023"], ["Oil", "$", "12", "$ 14"],
                       ["Rope", "", "7", "8"], ["Bells", "", "(1)", "2"]], 700,
                      [72, 180, 192, 290]), 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_many_kinds(tmp_path: Path, kind: str) -> None:
    drawn, headed = TABLES[kind]
    text = [(72.0, 760.0, SENTENCES[0]), *drawn, (72.0, 560.0, SENTENCES[1])]
    document = loaded(tmp_path, pdf_of(text))
    (found,) = (block for block in document.blocks if block.kind is BlockKind.TABLE)
    assert document.is_header(found.start) == bool(headed)
    words = " ".join(word for _, _, word in drawn).replace("*", "").split()
    cells = document.text[found.start : found.end].replace("|", " ").replace("–", " ")
    assert sorted(cells.split()) == sorted(words)


def test_text_is_no_table(tmp_path: Path) -> None:
    """Lists, labels with values, wide gaps between words, and columns of words."""
    bullets = [(x, 700 - 14 * n, w) for n in range(5) for x, w in ((72, "•"), (90, SENTENCES[n]))]
    labels = [
        (72 + 90 * i, 700 - 14 * n, w)
        for n, pair in enumerate((("To:", "Anna"), ("From:", "Boris"), ("Subject:", "Oil")))
        for i, w in enumerate(pair)
    ]
    justified = [
        (72 + 110 * at + 3 * line, 700 - 14 * line, f"{word} {at}")
        for line in range(8)
        for at, word in enumerate(("in the year", "of the lamp", "on the sea", "at the pier"))
    ]
    beside = [
        *lines(" ".join(SENTENCES[:4]), 72, 700, 18),
        *lines(" ".join(SENTENCES[4:]), 200, 700, 18),
    ]
    for drawn in (bullets, labels, justified[::-1], beside):
        document = loaded(tmp_path, pdf_of(drawn))
        assert not [block for block in document.blocks if block.kind is BlockKind.TABLE]


@pytest.mark.parametrize("order", ["rows", "columns", "right first", "from below", *range(6)])
def test_columns_are_read_one_after_the_other(tmp_path: Path, order: str | int) -> None:
    left = lines(" ".join(SENTENCES[:4]), 60, 640, 40)
    right = lines(" ".join(SENTENCES[4:]), 320, 640, 40)
    drawn = [*left, *right]
    if order == "rows":
        drawn.sort(key=lambda put: (-put[1], put[0]))
    elif order == "right first":
        drawn = [*right, *left]
    elif order == "from below":
        drawn.sort(key=lambda put: (put[1], put[0]))
    elif isinstance(order, int):
        random.Random(order).shuffle(drawn)
    title = (60, 700, "A guide to the lighthouse of Tarvo for all who come by boat and on foot")
    document = loaded(tmp_path, pdf_of([*drawn, title]))
    assert told(document)[1:] == SENTENCES
    assert document.text.startswith(title[2])
    first, *others = marked(
        tmp_path, document, document.text[document.text.index("The stairs") :][:60]
    )
    assert first[1] > 0.5
    assert others


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("shown_upright", [True, False])
def test_a_turned_page_reads_like_an_upright_one(
    tmp_path: Path, turn: int, shown_upright: bool
) -> None:
    page = [(72, 500, "#The lighthouse"), *lines(" ".join(SENTENCES[:3]), 72, 470, 70)]
    page += table(HARBOURS[:5], 380, [72, 220, 330])
    flat = loaded(tmp_path, pdf_of(page, size=(842, 595)))
    rotate = 90 * turn if shown_upright else 0
    turned = loaded(tmp_path, pdf_of(page, size=(842, 595), turn=turn, rotate=rotate))
    assert turned.text == flat.text
    assert turned.blocks == flat.blocks
    words = "weighs" if "weighs" in flat.text else "Its keeper"
    if shown_upright:
        (page_of, x, y), *_ = marked(tmp_path, turned, words)
        assert (page_of, x > 0.05, 0.1 < y < 0.3) == (1, True, True)


def test_a_stamp_along_the_edge_stands_behind_the_text(tmp_path: Path) -> None:
    """Wherever it is drawn; on many pages it is furniture."""
    half = lines(" ".join(SENTENCES[:4]), 72, 700, 60)
    stamped = [
        *half,
        (30, 300, "^DRAFT"),
        *lines(" ".join(SENTENCES[4:]), 72, 700 - 14 * len(half), 60),
    ]
    assert told(loaded(tmp_path, pdf_of(stamped))) == [*SENTENCES, "DRAFT"]
    pages = [[(30, 300, "^DRAFT"), *lines(each, 72, 700, 60)] for each in SENTENCES]
    assert told(loaded(tmp_path, pdf_of(*pages))) == SENTENCES


def test_words_cut_at_the_ends_of_lines_are_whole(tmp_path: Path) -> None:
    """Where they are words; of compounds the hyphen stays, in other languages, too."""
    cut = (
        "The keeper described the illumi-/nation of the reef and its well-/known rocks. A north-/"
        "facing wall and the self-/made raft of Anna-/Maria brought the Tarvoch-/ronometer. That/"
        "was in the 1990-/ies."
    )
    document = loaded(tmp_path, pdf_of(broken(cut)))
    assert " ".join(document.text.split()) == (
        "The keeper described the illumination of the reef and its well-known rocks. A north-facing"
        " wall and the self-made raft of Anna- Maria brought the Tarvochronometer. That was in the "
        "1990- ies."
    )
    german = "Die Verwal-/tung der Insel be-/zahlt den Fern-/Express nicht mehr."
    assert loaded(tmp_path, pdf_of(broken(german))).text == (
        "Die Verwaltung der Insel bezahlt den Fern-\nExpress nicht mehr."
    )
    document = loaded(tmp_path, pdf_of(broken(cut)))
    (first, *_) = marked(tmp_path, document, "illumination of the reef")
    assert first[0] == 1
    two = [
        [(72, 80, "The lamp lost half of its luminos-")],
        [(72, 740, "ity in the winter of 1902.")],
    ]
    assert told(loaded(tmp_path, pdf_of(*two))) == [
        "The lamp lost half of its luminosity in the winter of 1902."
    ]
    elsewhere = broken("A micro-lamp. It is a micro-/lamp.")
    assert loaded(tmp_path, pdf_of(elsewhere)).text == "A micro-lamp. It is a micro-lamp."


def test_what_is_filled_in_stands_beside_its_label(tmp_path: Path) -> None:
    """In front, above and behind, or named by the field; secrets and hidden fields are not told."""
    labels = [
        (72, 700, "Name of the boat:"),
        (72, 660, "Length"),
        (300, 660, "Home port"),
        (100, 620, "needs shore power"),
        (100, 600, "has a cook"),
        (72, 560, "Remarks of the owner"),
    ]
    note = b"<</Type/Annot/Subtype/Text/Rect[400 400 420 420]/Contents(Pays in cash)/F 4>>"
    hidden = b"<</Type/Annot/Subtype/Text/Rect[400 300 420 320]/Contents(Never told)/F 2>>"
    data = form_of(
        labels,
        [
            ("Tx", "a", (200, 696, 400, 712), "Sea Fox"),
            ("Tx", "b", (130, 656, 200, 672), "9.5 m"),
            ("Ch", "c", (360, 656, 450, 672), "Lund"),
            ("Btn", "d", (72, 618, 84, 630), "Yes"),
            ("Btn", "e", (72, 598, 84, 610), "Off"),
            ("Tx", "f", (72, 520, 400, 556), "Bell is loud"),
            ("Tx", "Berth", (72, 200, 200, 220), "B 12"),
        ],
        (note, hidden),
    )
    document = loaded(tmp_path, data)
    assert document.text.split("\n\n") == [
        "Name of the boat: Sea Fox",
        "Length 9.5 m Home port Lund",
        "Yes needs shore power",
        "☐ has a cook",
        "Remarks of the owner Bell is loud",
        "Berth: B 12",
        "Note: Pays in cash",
    ]
    assert marked(tmp_path, document, "Name of the boat: Sea Fox")


def test_what_is_attached_to_a_pdf_is_told_as_not_read(tmp_path: Path) -> None:
    made = pypdfium2.PdfDocument(pdf_of(lines(SENTENCES[0], 72, 700, 60)))
    made.new_attachment("prices.xlsx").set_data(b"1")
    made.save(tmp_path / "b.pdf")
    assert load(tmp_path, "b.pdf").remark == "not read: what is attached to it (prices.xlsx)"


def test_a_text_layer_of_gibberish_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters that are others, or none; what only looks odd, as a list of parts, is text."""
    shifts = [
        "".join(chr(ord(sign) + by) if sign > " " else sign for sign in " ".join(SENTENCES[:4]))
        for by in (-13, 1, 3)
    ]
    pages = [lines(shifted, 72, 700, 60) for shifted in shifts]
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    (tmp_path / "a.pdf").write_bytes(pdf_of(*pages))
    with pytest.raises(Unreadable, match="text layer cannot be read: `pip install") as caught:
        load(tmp_path, "a.pdf")
    assert caught.value.status is Status.NO_TEXT_LAYER
    odd = "XK-4471 brass, XK-4472 zinc, QRT-9 bolt M8x40, QRT-11 nut DIN 934, WZ-0007 ring 12x3"
    document = loaded(tmp_path, pdf_of(*pages, lines(odd, 72, 700, 60)))
    assert " ".join(document.text.split()) == odd
    assert document.remark.startswith("3 of its 4 pages are pictures, or have a text layer")
    assert not is_gibberish("QX37-ZK3 55.3 kPa\n" * 20)  # codes and figures
    assert is_gibberish("\ue001\ue002\ue003 \ufffd\ufffd " * 20)
