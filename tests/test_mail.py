"""Messages: the writer's own words, and what is quoted of earlier ones apart from them."""

import re
from email.message import EmailMessage

import pytest
from made_files import outlook

from askdoc import Assistant, Document
from askdoc.ingest.chunker import sentences
from askdoc.ingest.extract import ENVELOPE, QUOTED
from askdoc.ingest.files import load
from askdoc.types import Span

NEW = "We moved it to the boathouse."
OLD = "It is in the tower."


def message(text: str, kind: str = "plain") -> bytes:
    """A message of Ann to Bo."""
    made = EmailMessage()
    made["Subject"], made["From"] = "Re: Choir", "Ann <ann@choir.example>"
    made["To"], made["Cc"] = "Bo <bo@choir.example>", "Cy <cy@choir.example>"
    made["Message-ID"] = "<17@choir.example>"
    made.set_content(text, subtype=kind)
    return made.as_bytes()


def told(document: Document) -> list[tuple[str | None, str]]:
    """The sentences of a document, each with its heading."""
    spans = [Span(document, *span) for span in sentences(document, 0, len(document.text))]
    heads = {document.words(heading) for heading in document.headings}
    return [(span.heading, span.text) for span in spans if span.text not in heads]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (f"{NEW}\n\nOn 4 May, Bo <bo@x.org> wrote:\n> {OLD}", "On 4 May, Bo <bo@x.org> wrote"),
        (f"{NEW}\n\nAm 4.5. schrieb Bo\n<bo@x.org>:\n>{OLD}", "Am 4.5. schrieb Bo <bo@x.org>"),
        (f"{NEW}\n\n-----Original Message-----\nFrom: Bo\nSent: 4 May\nTo: Ann\n\n{OLD}",
         "From: Bo, Sent: 4 May"),
        (f"{NEW}\n\n{'_' * 32}\nVon: Bo\nGesendet: 4. Mai\nAn: Ann\n\n{OLD}",
         "Von: Bo, Gesendet: 4. Mai"),
        (f"{NEW}\n\n> {OLD}", ""),
    ],
)  # fmt: skip
def test_what_is_quoted_stands_under_a_heading_of_its_own(folder, text: str, about: str) -> None:
    document = load(folder({"a.eml": message(text)}), "a.eml")
    sentences = told(document)
    assert sentences[0] == (None, NEW)
    assert (f"{QUOTED} ({about})" if about else QUOTED, OLD) in sentences
    assert not re.search("^ *>", document.text, re.MULTILINE)


@pytest.mark.parametrize(
    "markup",
    [
        f"<div>{NEW}</div><div class=gmail_quote><div class=gmail_attr>4 May, Bo wrote:</div>"
        f"<blockquote class=gmail_quote>{OLD}</blockquote></div>",
        f"<p>{NEW}</p><div class='moz-cite-prefix'>4 May, Bo wrote:</div>"
        f"<blockquote type=cite><p>{OLD}</p></blockquote>",
    ],
)
def test_what_is_quoted_in_markup_is_told_as_well(folder, markup: str) -> None:
    document = load(folder({"a.eml": message(markup, "html")}), "a.eml")
    assert told(document)[:2] == [(None, NEW), (f"{QUOTED} (4 May, Bo wrote)", OLD)]


def test_answers_between_quoted_lines_are_the_writers_own(folder) -> None:
    text = "On 4 May Bo wrote:\n> Where?\nIn the boathouse.\n> > On 2 May Ann wrote:\n> > Tower.\n"
    document = load(folder({"a.eml": message(text)}), "a.eml")
    assert told(document)[:3] == [
        (f"{QUOTED} (On 4 May Bo wrote)", "Where?"),
        ("Written in this message", "In the boathouse."),
        (f"{QUOTED} (On 2 May Ann wrote)", "Tower."),
    ]


def test_the_headers_stand_below_the_text_line_by_line(folder) -> None:
    document = load(folder({"a.eml": message(NEW)}), "a.eml")
    assert document.title == "Re: Choir"
    assert told(document) == [
        (None, NEW),
        (ENVELOPE, "From: Ann <ann@choir.example>"),
        (ENVELOPE, "To: Bo <bo@choir.example>"),
        (ENVELOPE, "Cc: Cy <cy@choir.example>"),
    ]


def test_a_message_of_outlook_is_read_as_others_are(folder) -> None:
    old = "-----Original Message-----\nFrom: Bo\nSent: 4 May\nTo: Ann\n\n"
    data = outlook("Re: Choir", f"{NEW}\n\n{old}{OLD}".replace("\n", "\r\n"))
    document = load(folder({"a.msg": data}), "a.msg")
    assert document.title == "Re: Choir"
    assert told(document) == [
        (None, NEW),
        (f"{QUOTED} (From: Bo, Sent: 4 May)", "From: Bo"),
        (f"{QUOTED} (From: Bo, Sent: 4 May)", "Sent: 4 May"),
        (f"{QUOTED} (From: Bo, Sent: 4 May)", "To: Ann"),
        (f"{QUOTED} (From: Bo, Sent: 4 May)", OLD),
        (ENVELOPE, 'To: "Bo" <bo@example.com>'),
        (ENVELOPE, "Date: 2024-01-17T21:20:00+00:00"),
    ]
    assert document.metadata.items() >= {"author": "Zoë", "date": "2024-01-17"}.items()


def test_lines_that_only_look_like_a_header_or_a_quote_stay_where_they_are(folder) -> None:
    text = "Take a > b.\nFrom: the quay it rains.\nNote: it is late.\n\nHe wrote: go home.\n"
    document = load(folder({"a.eml": message(text)}), "a.eml")
    assert QUOTED not in document.text
    assert "Take a > b." in document.text


def test_the_writers_words_answer_before_older_ones(folder) -> None:
    text = (
        "No. We moved the rehearsal to 19 March, 14:00, in the boathouse.\n\n"
        "On 4 March, Bo <bo@choir.example> wrote:\n"
        "> The rehearsal takes place on 12 March, 10:00, in the tower. Is that right?\n"
    )
    assistant = Assistant.from_folder(folder({"a.eml": message(text)}))
    assert assistant.ask("When does the rehearsal take place?").citations[0].quote.startswith("We")
    assert not assistant.ask("Who is in charge?").answered
    receiver = assistant.ask(
        "To whom was the message sent?",
    )
    assert any("Bo <bo@" in citation.quote for citation in receiver.citations)
