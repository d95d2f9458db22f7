"""What stands beside the text of a document, or is hidden in it: told as such, or left out."""

import odf.office
import odf.text
from docx import Document as word_document
from lxml import etree
from made_files import saved
from odf.opendocument import OpenDocumentText
from pptx import Presentation
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI

from askdoc.ingest.files import load

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
BOX = (
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<mc:Choice Requires="wps"><w:txbxContent xmlns:w="{0}"><w:p><w:r><w:t>{1}</w:t></w:r></w:p>'
    '</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent xmlns:w="{0}"><w:p><w:r><w:t>{1}</w:t>'
    "</w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent>"
)
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"


def test_a_hidden_slide_is_left_out_and_the_others_keep_their_numbers(folder) -> None:
    file = Presentation()
    for title in ("One", "Two", "Three"):
        file.slides.add_slide(file.slide_layouts[5]).shapes.title.text = f"Slide {title}"
    file.slides[1].element.set("show", "0")
    document = load(folder({"a.pptx": saved(file)}), "a.pptx")
    assert "Two" not in document.text
    assert document.page_at(document.text.index("Three")) == 3
    assert document.remark == "left out: hidden slides (1)"


def test_a_comment_on_a_slide_is_told_as_one(folder) -> None:
    file = Presentation()
    slide = file.slides.add_slide(file.slide_layouts[5])
    slide.shapes.title.text = "Plan"
    authors = '<cmAuthorLst xmlns="{}"><cmAuthor id="0" name="Ann"/></cmAuthorLst>'
    comments = '<cmLst xmlns="{}"><cm authorId="0"><text>Too short</text></cm></cmLst>'
    parts = ((file.part, "commentAuthors", authors), (slide.part, "comments", comments))
    for owner, kind, markup in parts:
        blob = markup.format(SLIDES).encode()
        part = Part(PackURI(f"/ppt/{kind}1.xml"), "application/xml", file.part.package, blob)
        owner.relate_to(part, f"{OFFICE}/{kind}")
    document = load(folder({"a.pptx": saved(file)}), "a.pptx")
    comment = document.text.index("Too short")
    assert document.heading_at(comment) == "Comment by Ann"


def test_a_comment_in_an_open_document_is_told_as_one(folder) -> None:
    file = OpenDocumentText()
    paragraph = odf.text.P(text="The mill grinds.")
    note = odf.office.Annotation()
    note.addElement(odf.text.P(text="Does it?"))
    paragraph.addElement(note)
    file.text.addElement(odf.text.H(outlinelevel=1, text="Mills"))
    file.text.addElement(paragraph)
    file.text.addElement(odf.text.Section(name="a", display="none"))
    file.text.lastChild.addElement(odf.text.P(text="Nobody sees this."))
    document = load(folder({"a.odt": saved(file)}), "a.odt")
    assert document.heading_at(document.text.index("Does it?")) == "Comment"
    assert "Nobody" not in document.text


def test_what_word_keeps_beside_its_text_is_read(folder) -> None:
    file = word_document()
    file.add_heading("Lease", 1)
    paragraph = file.add_paragraph("The barn is let for a year.")
    file.add_comment(paragraph.runs, "Two years were agreed", author="Ann")
    file.sections[0].header.paragraphs[0].text = "Lease number L-77"
    file.sections[0].footer.paragraphs[0].text = "3"
    file.add_section().header.is_linked_to_previous = False
    file.sections[1].header.paragraphs[0].text = "Lease number L-77"
    box = etree.fromstring(BOX.format(W, "Ring the bell."))
    paragraph.runs[0]._r.append(box)
    file.add_paragraph("The roof is tight.")
    document = load(folder({"a.docx": saved(file)}), "a.docx")
    assert document.title == "Lease"
    assert document.text.split("\n\n") == [
        "Lease", "The barn is let for a year.", "Ring the bell.", "The roof is tight.",
        "Comment by Ann on “The barn is let for a year.”", "Two years were agreed",
        "Header and footer", "Lease number L-77",
    ]  # fmt: skip


def test_the_words_for_a_picture_are_read(folder) -> None:
    page = '<p>Come in.</p><img alt="Gate C has no step"><img alt="Logo"><p>Welcome.</p>'
    text = load(folder({"a.html": page}), "a.html").text
    assert "Picture: Gate C has no step" in text.split("\n")
    assert "Logo" not in text
