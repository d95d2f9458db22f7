"""Numbers of headings and steps that a file does not hold, since a program counts them."""

from io import BytesIO

import odf.draw
import odf.namespaces
import odf.office
import odf.style
import odf.text
import pytest
from docx import Document as word_document
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from made_files import saved
from odf.opendocument import OpenDocumentText
from PIL import Image
from pptx import Presentation
from pptx.oxml import parse_xml as slide_xml
from pptx.oxml.ns import nsdecls as slide_names

from askdoc import Assistant, Document
from askdoc.ingest.chunker import sentences
from askdoc.ingest.extract import MARGINS
from askdoc.ingest.files import load
from askdoc.ingest.formats.numbering import numeral


def told(document: Document) -> list[str]:
    """The sentences of a document, headings among them."""
    spans = sentences(document, 0, len(document.text))
    return [document.text[start:end] for start, end in spans]


def add(parent, markup: str) -> None:
    """Puts an element of Word's into another one."""
    parent.append(parse_xml(markup.replace(" ", f" {nsdecls('w')} ", 1)))


def counted(file: WordDocument, id: int, levels: list[tuple[str, str, str]], more="") -> None:
    """Gives a document a list whose levels have a form, a text, and more of Word's."""
    numbering = file.part.numbering_part.element
    told = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{also}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for at, (form, text, also) in enumerate(levels)
    )
    number = f'<w:num w:numId="{id}"><w:abstractNumId w:val="{id}"/>{more}</w:num>'
    first = numbering.find(f"{{{numbering.nsmap['w']}}}num")
    add(numbering, f'<w:abstractNum w:abstractNumId="{id}">{told}</w:abstractNum>')
    first.addprevious(numbering[-1])
    add(numbering, number)


def put_in(paragraph, id: int, level: int = 0) -> None:
    """Puts a paragraph, or all of a style, in a list."""
    own = paragraph.element if hasattr(paragraph, "element") else paragraph._p
    place = f'<w:ilvl w:val="{level}"/><w:numId w:val="{id}"/>'
    add(own.get_or_add_pPr(), f'<w:numPr w:rsid="0">{place}</w:numPr>')


def lease() -> bytes:
    """A lease whose headings and steps are numbered by Word."""
    file = word_document()
    counted(file, 90, [
        ("upperRoman", "Article %1", ""),
        ("decimal", "%1.%2", "<w:isLgl/>"),
        ("lowerLetter", "%3)", '<w:lvlRestart w:val="1"/>'),
    ])  # fmt: skip
    counted(file, 91, [("decimalZero", "Step %1:", ""), ("bullet", "", "")])
    for name, level in (("Heading 1", 0), ("Heading 2", 1)):
        put_in(file.styles[name], 90, level)
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'
    add(file.part.numbering_part.element,
        f'<w:num w:numId="92"><w:abstractNumId w:val="91"/>{restart}</w:num>')  # fmt: skip
    for words, style, id, level in (
        ("Object", "Heading 1", 0, 0),
        ("Scope", "Heading 2", 0, 0),
        ("The lease is for the boathouse.", None, 0, 0),
        ("Rent", "Heading 1", 0, 0),
        ("Due", "Heading 2", 0, 0),
        ("The rent is due on the fifth.", None, 0, 0),
        ("Cash is not taken.", None, 90, 2),
        ("Fines", "Heading 2", 0, 0),
        ("Who pays late pays 12 euros more.", None, 90, 2),
        ("Shut the gate.", None, 91, 0),
        ("the red one", None, 91, 1),
        ("", None, 91, 0),
        ("Turn the key.", None, 91, 0),
        ("Ring the bell.", None, 92, 0),
        ("Go.", None, 92, 0),
    ):
        paragraph = file.add_paragraph(words, style)
        if id:
            put_in(paragraph, id, level)
    return saved(file)


def test_word_tells_the_numbers_that_it_shows(folder) -> None:
    document = load(folder({"lease.docx": lease()}), "lease.docx")
    assert told(document) == [
        "Article I Object", "1.1 Scope", "The lease is for the boathouse.",
        "Article II Rent", "2.1 Due", "The rent is due on the fifth.", "a) Cash is not taken.",
        "2.2 Fines", "b) Who pays late pays 12 euros more.",
        "Step 01: Shut the gate.", "the red one", "Step 03: Turn the key.",
        "Step 07: Ring the bell.", "Step 08: Go.",
    ]  # fmt: skip
    assert document.heading_at(document.text.index("Who pays")) == "2.2 Fines"


def open_lease() -> bytes:
    """The same as an OpenDocument text, with a change that is tracked, and a box in a sentence."""
    file = OpenDocumentText()
    outline = odf.text.OutlineStyle(name="Outline")
    for level, form in ((1, "I"), (2, "1")):
        outline.addElement(odf.text.OutlineLevelStyle(
            level=level, numformat=form, displaylevels=level, numsuffix="."))  # fmt: skip
    file.styles.addElement(outline)
    steps = odf.text.ListStyle(name="steps")
    steps.addElement(odf.text.ListLevelStyleNumber(
        level=1, numformat="a", numsuffix=")", startvalue=3))  # fmt: skip
    steps.addElement(odf.text.ListLevelStyleBullet(level=2, bulletchar="•"))
    file.automaticstyles.addElement(steps)
    gone = odf.text.Deletion()
    gone.addElement(odf.text.P(text="The rent was 900 euros."))
    gone.lastChild.addElement(odf.office.Annotation())
    gone.lastChild.lastChild.addElement(odf.text.P(text="Too much."))
    region = odf.text.ChangedRegion(check_grammar=False)
    region.setAttrNS(odf.namespaces.TEXTNS, "id", "c1")
    region.addElement(gone)
    tracked = odf.text.TrackedChanges()
    tracked.addElement(region)
    file.text.addElement(tracked)
    for level, words in ((1, "Object"), (2, "Scope"), (2, "Keys"), (1, "Rent")):
        file.text.addElement(odf.text.H(outlinelevel=level, text=words))
    box = odf.draw.TextBox()
    box.addElement(odf.text.P(text="See the map."))
    frame = odf.draw.Frame()
    frame.addElement(box)
    rent = odf.text.P(text="The rent ")
    rent.addElement(frame)
    rent.addText("is 80 euros.")
    file.text.addElement(rent)
    for goes_on, items in ((False, ["Shut the gate.", "Turn the key."]), (True, ["Go."])):
        listed = odf.text.List(stylename=steps, continuenumbering="true" if goes_on else "false")
        for words in items:
            item = odf.text.ListItem()
            item.addElement(odf.text.P(text=words))
            listed.addElement(item)
        if not goes_on:
            deeper, item = odf.text.List(), odf.text.ListItem()
            item.addElement(odf.text.P(text="the red one"))
            deeper.addElement(item)
            listed.firstChild.addElement(deeper)
        file.text.addElement(listed)
    page = odf.style.MasterPage(name="Standard", pagelayoutname="p")
    header = odf.style.Header()
    header.addElement(odf.text.P(text="Harbour board"))
    page.addElement(header)
    file.masterstyles.addElement(page)
    return saved(file)


def test_open_texts_tell_their_numbers_and_no_deleted_words(folder) -> None:
    document = load(folder({"lease.odt": open_lease()}), "lease.odt")
    assert told(document) == [
        "I. Object", "I.1. Scope", "I.2. Keys", "II. Rent", "The rent is 80 euros.", "See the map.",
        "c) Shut the gate.", "the red one", "d) Turn the key.", "e) Go.",
        MARGINS, "Harbour board",
    ]  # fmt: skip


def slides() -> bytes:
    """A slide with bullets from its layout, one with numbers of its own, and a picture."""
    file = Presentation()
    for words, markup in (
        (("Boats at six", "Piers shut"), ""),
        (("Shut it", "Turn it"), '<a:buAutoNum {} type="alphaLcParenR" startAt="2"/>'),
    ):
        slide = file.slides.add_slide(file.slide_layouts[1])
        slide.shapes.title.text = "Today"
        frame = slide.placeholders[1].text_frame
        frame.text = "\n".join(words)
        for paragraph in frame.paragraphs if markup else ():
            paragraph._p.get_or_add_pPr().append(slide_xml(markup.format(slide_names("a"))))
    drawn = BytesIO()
    Image.new("RGB", (9, 9)).save(drawn, "PNG")
    picture = slide.shapes.add_picture(drawn, 0, 9_000_000)
    picture._element.nvPicPr.cNvPr.set("descr", "A map of the piers")
    return saved(file)


def test_slides_tell_bullets_one_by_one_and_numbers(folder) -> None:
    document = load(folder({"a.pptx": slides()}), "a.pptx")
    assert told(document) == [
        "Today", "Boats at six", "Piers shut", "Today", "b) Shut it", "c) Turn it",
        "Picture: A map of the piers",
    ]  # fmt: skip


def test_pages_and_rich_text_tell_their_numbers(folder) -> None:
    page = "<ol type=a start=3><li>Shut it.<li value=9>Turn it.</ol><ol><li>Go.</ol>"
    rich = r"{\rtf1\ansi {\pntext\f0 (b)\tab}Shut it.\par {\listtext\f0 \'b7\tab}Go.\par}"
    root = folder({"a.html": page, "a.rtf": rich.encode()})
    assert told(load(root, "a.html")) == ["c. Shut it.", "i. Turn it.", "1. Go."]
    assert told(load(root, "a.rtf")) == ["(b) Shut it.", "Go."]


def test_a_part_is_found_by_its_number(folder) -> None:
    clauses = "3.1 The cat may stay.\n\n3.2 The dog may not. It barks.\n\n13.2 Hens may stay.\n"
    root = folder({"lease.docx": lease(), "pets.txt": f"Pets\n\n{clauses}", "c.md": "# Cranes\n"})
    assistant = Assistant.from_folder(root)
    for question, quotes in (
        ("What does section 2.1 say?", {"The rent is due on the fifth.", "a) Cash is not taken."}),
        ("What is clause 3.2 about?", {"3.2 The dog may not. It barks."}),
        ("Section 2.2", {"b) Who pays late pays 12 euros more."}),
    ):
        answer = assistant.ask(question)
        assert answer.certainty == "sure", question
        assert {cited.quote for cited in answer.citations} >= quotes
        assert len({cited.heading for cited in answer.citations}) == 1
    assert not assistant.ask("What does section 4.7 say?").answered


@pytest.mark.parametrize(
    "line", ["Article 3. The cat may stay.", "IV. The cat may stay.", "2. The cat may stay."]
)
def test_a_sentence_has_the_number_in_front_of_it(folder, line: str) -> None:
    assert told(load(folder({"a.txt": f"Pets\n\n{line} It purrs.\n"}), "a.txt")) == [
        "Pets", line, "It purrs.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "form", "expected"),
    [
        (1999, "upperRoman", "MCMXCIX"),
        (28, "lowerLetter", "bb"),
        (112, "ordinal", "112th"),
        (23, "ordinal", "23rd"),
        (7, "chineseCounting", "7"),
        (0, "lowerRoman", "0"),
    ],
)
def test_a_number_in_a_form(number: int, form: str, expected: str) -> None:
    assert numeral(number, form) == expected
