"""The five invariants that askdoc stands on, over generated and over real files."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askdoc import Assistant, Document, Passage, Settings, Unreadable
from askdoc.answer.citation import Quote, marked, quoted
from askdoc.index.index import Index
from askdoc.ingest.blocks import heading, structure, table
from askdoc.ingest.chunker import chunk, sentences
from askdoc.ingest.files import LOADERS, find, load
from askdoc.types import Span

# Words, marks and line ends of every kind that a text may hold, astral and right-to-left included.
PIECES = st.sampled_from(
    [
        "Turkey backed Azerbaijan.",
        "No. 5 costs $3.50!",
        "[3]",
        "【7】",
        "# Head",
        "## Sub",
        "- item",
        "> quote",
        "| a | b |",
        "```",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        " ",
        "é",
        "😀",
        "مرحبا",
        "\u200b",
        "x" * 90,
        "e.g. this",
        "?",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=60).map(" ".join)
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def made(tmp_path: Path, name: str, text: str) -> Document | None:
    """A document that the real loader made of a file with this text."""
    (tmp_path / name).write_bytes(text.encode("utf-8", "replace"))
    try:
        return load(tmp_path, name)
    except Unreadable:
        return None


def check_passages(document: Document, size: int) -> None:
    """Invariants 1 and 4 for one document, with the order and the limits of its passages."""
    passages = chunk(document, size)
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.text.strip() == passage.text != ""
        assert passage.end - passage.start <= size
    for before, after in pairwise(passages):
        assert before.end <= after.start
    assert [passage.id for passage in passages] == [passage.id for passage in chunk(document, size)]
    assert len({passage.id for passage in passages}) == len(passages)


@QUICK
@given(text=TEXTS, name=st.sampled_from(["a.md", "a.txt", "a.html"]), size=st.integers(100, 900))
def test_passages_are_exact_spans(tmp_path: Path, text: str, name: str, size: int) -> None:
    """1 and 4, over generated files."""
    document = made(tmp_path, name, text)
    if document is not None:
        check_passages(document, size)


@pytest.mark.parametrize("size", [100, 600, 4000])
def test_passages_of_the_corpus_are_exact_spans(corpus: Path, size: int) -> None:
    """1 and 4, over the real files of every format."""
    sources = list(find(corpus, corpus / ".askdoc").files)
    assert {Path(source).suffix for source in sources} == {".md", ".txt", ".html", ".pdf", ".docx"}
    for source in sources:
        check_passages(load(corpus, source), size)


@QUICK
@given(text=TEXTS)
def test_every_word_of_a_document_is_in_a_passage_or_a_heading(tmp_path: Path, text: str) -> None:
    """Nothing that a person could ask for is lost on the way into the index."""
    document = made(tmp_path, "a.md", text)
    if document is None:
        return
    held = [False] * len(document.text)
    spans = [(passage.start, passage.end) for passage in chunk(document, 300)]
    spans += [(heading.start, heading.end) for heading in document.headings]
    for start, end in spans:
        held[start:end] = [True] * (end - start)
    lost = [sign for sign, kept in zip(document.text, held, strict=True) if not kept]
    assert not any(map(str.isalnum, lost))


@QUICK
@given(text=TEXTS, data=st.data())
def test_citations_are_exact_and_numbered_by_first_appearance(
    text: str, data: st.DataObject
) -> None:
    """2 and 3, over any spans of any text, texts that hold markers of their own included."""
    document = Document("a.md", "A", text or "x", "0" * 64, (heading(0, 1, 1),))
    length = len(document.text)
    spans = st.tuples(st.integers(0, length - 1), st.integers(1, 40)).map(
        lambda span: Span(document, span[0], min(length, span[0] + span[1]))
    )
    quotes = data.draw(st.lists(spans, max_size=6))
    found, citations = quoted(map(Quote, quotes))
    for citation in citations:
        assert document.text[citation.start : citation.end] == citation.quote
    check_markers(marked(found), [citation.number for citation in citations])
    assert {number for sentence in found for number in sentence.citations} == {
        citation.number for citation in citations
    }


def check_markers(text: str, numbers: list[int]) -> None:
    """Invariant 3: the markers of a text, by first appearance, are 1, 2, ... and all are cited."""
    shown = [int(number) for number in re.findall(r"\[(\d+)\]", text)]
    assert list(dict.fromkeys(shown)) == numbers == list(range(1, len(numbers) + 1))


QUESTIONS = [
    "What is Eagle Partner for?",
    "Who backed Azerbaijan in the 44-day war?",
    "Is Pashinyan the president of Armenia?",
    "When was the Lachin corridor blocked?",
    "How many votes did the Rome Statute get?",
    "What is Article 4 of the CSTO treaty?",
    "Where is the Russian base?",
    "timeline of the 44-day war",
    "How do I bake a lasagne?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_hold_the_invariants(assistant: Assistant, corpus: Path, question: str) -> None:
    """2 and 3, for real answers over the real corpus, at every step of the stream."""
    for answer in assistant.stream(question):
        check_markers(answer.text, [citation.number for citation in answer.citations])
        assert bool(answer.citations) == answer.answered
        assert answer.closest
        for citation in answer.citations:
            document = load(corpus, citation.source)
            assert document.text[citation.start : citation.end] == citation.quote
            assert document.text_sha256 == citation.text_sha256
            assert document.file_sha256 == citation.file_sha256
    assert assistant.ask(question).text == answer.text  # the last one is what ask returns


WORDS = st.lists(
    st.sampled_from(
        ["ferry", "harbour", "captain", "island", "storm", "1912", "Ödön", "😀", "[4]", "R&D"]
    ),
    min_size=3,
    max_size=12,
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    files=st.lists(WORDS.map(lambda words: " ".join(words) + "."), min_size=1, max_size=5),
    question=WORDS,
)
def test_answers_over_generated_folders_hold_the_invariants(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], question: list[str]
) -> None:
    """2 and 3, with whatever files and question."""
    root = tmp_path_factory.mktemp("generated")
    for number, text in enumerate(files):
        (root / f"{number}.txt").write_text(text)
    answer = Assistant.from_folder(root, Settings(threshold=0)).ask(" ".join(question))
    check_markers(answer.text, [citation.number for citation in answer.citations])
    for citation in answer.citations:
        assert load(root, citation.source).text[citation.start : citation.end] == citation.quote


def test_indexing_twice_changes_nothing(corpus: Path, tmp_path: Path) -> None:
    """4, over the real corpus."""
    ids = []
    for name in ("one", "two"):
        index = Index.open(Settings(corpus=corpus, index=tmp_path / name))
        index.sync()
        ids.append(
            (index.stores.dense.ids(), index.stores.bm25.ids(), index.stores.manifest.sources())
        )
    assert ids[0] == ids[1]
    assert index.sync().kept == tuple(sorted(find(corpus, tmp_path).files))
    assert (
        index.stores.dense.ids(),
        index.stores.bm25.ids(),
        index.stores.manifest.sources(),
    ) == ids[1]


OLD = "The lighthouse of Marwick burns whale oil."
NEW = "The lighthouse of Marwick runs on solar cells."


def says(index: Index) -> set[str]:
    """The texts that a search for the lighthouse brings up, in either way."""
    return {
        passage.text
        for ranking in index.search("lighthouse of Marwick", 10)
        for passage, _ in ranking
    }


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("dense", "add"),
        ("bm25", "add"),
        ("manifest", "replace"),
        ("dense", "remove"),
        ("bm25", "remove"),
    ],
)
def test_a_crash_in_a_sync_never_brings_back_what_changed(
    folder, monkeypatch: pytest.MonkeyPatch, part: str, step: str
) -> None:
    """5: a document answers as it was or as it is, never both, and the next sync completes it."""
    root = folder({"light.md": OLD, "gone.md": "The lighthouse of Marwick has a ghost."})
    settings = Settings(corpus=root)
    index = Index.open(settings)
    index.sync()
    (root / "light.md").write_text(NEW)
    (root / "gone.md").unlink()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(getattr(index.stores, part), step, crash)
    with pytest.raises(KeyboardInterrupt):
        index.sync()

    again = Index.open(settings)
    assert not {OLD, NEW} <= says(again)
    again.sync()
    assert says(again) == {NEW}
    assert again.verify() == []


def test_a_deleted_document_never_answers_again(folder) -> None:
    """5, through the front door."""
    root = folder({"light.md": OLD, "other.md": "Bread is baked from flour, water and salt."})
    assistant = Assistant.from_folder(root)
    assert assistant.ask("What does the lighthouse of Marwick burn?").citations[0].quote == OLD
    (root / "light.md").unlink()
    report = assistant.sync()
    assert report.removed == ("light.md",)
    answer = assistant.ask("What does the lighthouse of Marwick burn?")
    assert not answer.answered
    assert {hit.passage.source for hit in answer.closest} == {"other.md"}


def test_sentences_are_found_where_a_reader_sees_them() -> None:
    text = (
        "Mr. Peskov spoke on Sept. 6, 2023. Was it loud? Yes.\n\n"
        "- one item\n- two items\n| a | 1 |\n| b | 2 |"
    )
    document = Document("a.txt", "A", text, "0" * 64, structure(text))
    assert [text[slice(*span)] for span in sentences(document, 0, len(text))] == [
        "Mr. Peskov spoke on Sept. 6, 2023.",
        "Was it loud?",
        "Yes.",
        "one item",
        "two items",
        "| a | 1 |",
        "| b | 2 |",
    ]


def test_a_long_table_keeps_its_rows_and_repeats_its_header() -> None:
    rows = [f"{year},{year * 7} tonnes of whale oil. Sold in May" for year in range(1900, 1960)]
    header = "year,amount"
    text = "\n".join(["Exports", header, *rows])
    start = text.index(header)
    body = start + len(header) + 1
    blocks = structure(text, [table(start, body, len(text))])
    document = Document("a.csv", "Exports", text, "0" * 64, blocks)
    passages = chunk(document, 300)
    assert len(passages) > 5
    for passage in passages:
        assert set(passage.text.splitlines()) <= {"Exports", header, *rows}
        assert header in passage.indexed_text
    assert [text[slice(*span)] for span in sentences(document, body, len(text))] == rows


def test_a_passage_knows_its_page_and_heading(corpus: Path) -> None:
    pdf = load(corpus, "lachin-corridor.pdf")
    pages = {passage.page for passage in chunk(pdf, 600)}
    assert pages == {1, 2}
    blocked = pdf.text.index("Azerbaijanis who called themselves")
    assert Passage(pdf, blocked, blocked + 10).heading == "The road is blocked, December 2022"


def test_every_format_has_a_loader() -> None:
    assert set(LOADERS) >= {".txt", ".md", ".html", ".pdf", ".docx"}
