"""The baseline is an honest one: real passages, real vectors, and exact places."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import ROOT

from askdoc import NO_ANSWER, Answer, Settings
from askdoc.index.embedder import embedder
from askdoc.ingest.files import find
from askdoc.settings import BUNDLED
from evals.baseline import SPLITTER, Baseline, chunk
from evals.model_server import serve

QUESTION = "What is Eagle Partner for?"


@pytest.fixture(scope="module")
def baseline(corpus: Path) -> Baseline:
    return Baseline.from_folder(corpus, Settings())


def cosine(one: str, other: str) -> float:
    """The cosine of two texts, counted without Chroma."""
    query = embedder(BUNDLED).embed_query(one)
    (vector,) = embedder(BUNDLED).embed_documents([other])
    dot = sum(a * b for a, b in zip(query, vector, strict=True))
    return dot / (math.hypot(*query) * math.hypot(*vector))


def holds(answer: Answer, baseline: Baseline) -> bool:
    """Whether every citation is the exact span of its document."""
    return all(
        baseline.document(cited.source).text[cited.start : cited.end] == cited.quote
        for cited in answer.citations
    )


def test_it_fits_on_a_page() -> None:
    assert len((ROOT / "evals" / "baseline.py").read_text("utf-8").splitlines()) <= 80


def test_the_answer_is_the_best_passage_at_its_exact_place(baseline: Baseline) -> None:
    answer = baseline.ask(QUESTION)
    (cited,), (sentence,) = answer.citations, answer.sentences
    assert holds(answer, baseline)
    assert cited.source == "eagle-partner.md"
    assert sentence.text == " ".join(cited.quote.split())
    assert answer.text == f"{sentence.text} [1]"
    assert (answer.model, answer.query, len(answer.closest)) == ("quotes", QUESTION, 4)
    best = answer.closest[0].passage
    assert (best.source, best.start, best.end) == (cited.source, cited.start, cited.end)


def test_the_score_and_the_confidence_are_the_cosine(baseline: Baseline) -> None:
    hits = baseline.search(QUESTION)
    assert len(hits) == 10
    for hit in hits:
        assert hit.score == pytest.approx(cosine(QUESTION, hit.passage.text), abs=0.01)
        assert hit.found_by == ("dense",)
    assert baseline.ask(QUESTION).confidence == hits[0].score


def test_hits_come_best_first_and_are_the_nearest_of_all(baseline: Baseline, corpus: Path) -> None:
    sources = find(corpus, corpus / ".askdoc").files
    passages = [passage for source in sources for passage in chunk(baseline.document(source))]
    vectors = embedder(BUNDLED).embed_documents([passage.text for passage in passages])
    query = embedder(BUNDLED).embed_query(QUESTION)
    scores = sorted(
        (sum(a * b for a, b in zip(query, vector, strict=True)) for vector in vectors), reverse=True
    )
    hits = baseline.search(QUESTION)
    assert [hit.score for hit in hits] == pytest.approx(scores[:10], abs=0.01)
    assert all(one.score >= other.score for one, other in pairwise(hits))
    assert len({hit.passage.id for hit in hits}) == 10


def test_it_answers_what_no_document_says(baseline: Baseline) -> None:
    answer = baseline.ask("How do I bake a lasagne?")
    assert answer.answered
    assert len(answer.citations) == 1
    assert 0 <= answer.confidence < 0.35


def test_passages_are_those_of_the_tutorial(baseline: Baseline, corpus: Path) -> None:
    for source in find(corpus, corpus / ".askdoc").files:
        document = baseline.document(source)
        passages = chunk(document)
        assert [passage.text for passage in passages] == SPLITTER.split_text(document.text)
        assert all(len(passage.text) <= 1000 for passage in passages)
        assert all(passage.text == passage.text.strip() != "" for passage in passages)
        covered = set().union(*(range(passage.start, passage.end) for passage in passages))
        left_out = set(range(len(document.text))) - covered
        assert all(document.text[place].isspace() for place in left_out)
        assert all(one.start < other.start for one, other in pairwise(passages))


def test_words_that_repeat_are_cut_at_their_own_place(folder: Callable[..., Path]) -> None:
    corpus = folder({"same.txt": "the same words again. " * 400, "line.txt": "x" * 2500})
    baseline = Baseline.from_folder(corpus, Settings())
    for source in ("same.txt", "line.txt"):
        document = baseline.document(source)
        passages = chunk(document)
        assert [passage.text for passage in passages] == SPLITTER.split_text(document.text)
        assert passages[0].start == 0
        assert passages[-1].end == len(document.text.rstrip())
        assert all(one.start < other.start <= one.end + 1 for one, other in pairwise(passages))
    assert holds(baseline.ask("the same words"), baseline)


def test_files_that_cannot_be_read_are_left_out(folder: Callable[..., Path]) -> None:
    corpus = folder({"a.md": "# Tea\n\nTea is grown in Assam.", "b.pdf": b"no pdf", "c.exe": "MZ"})
    baseline = Baseline.from_folder(corpus, Settings())
    assert baseline.ask("Where is tea grown?").text == "# Tea Tea is grown in Assam. [1]"
    assert len(baseline.search("tea", k=10)) == 1


def test_a_folder_without_documents_is_answered_with_the_refusal(
    folder: Callable[..., Path],
) -> None:
    answer = Baseline.from_folder(folder({}), Settings()).ask(QUESTION)
    assert (answer.text, answer.citations, answer.closest) == (NO_ANSWER, (), ())
    assert answer.confidence == 0


def test_nothing_is_written_into_the_corpus(folder: Callable[..., Path]) -> None:
    corpus = folder({"a.md": "Tea is grown in Assam."})
    Baseline.from_folder(corpus, Settings())
    assert [path.name for path in corpus.iterdir()] == ["a.md"]


def test_two_baselines_do_not_mix(folder: Callable[..., Path]) -> None:
    tea = Baseline.from_folder(folder({"tea.md": "Tea is grown in Assam."}, "one"), Settings())
    rice = Baseline.from_folder(folder({"rice.md": "Rice is grown in Po."}, "two"), Settings())
    assert [hit.passage.source for hit in tea.search("grown")] == ["tea.md"]
    assert [hit.passage.source for hit in rice.search("grown")] == ["rice.md"]


@pytest.fixture(scope="module")
def model() -> Iterator[Settings]:
    """Settings that name a real model over HTTP."""
    server = serve()
    yield Settings(llm="openai:smollm2", llm_base_url=f"{server.listening_address}/v1")
    del server


@pytest.mark.slow
def test_a_model_answers_from_the_nearest_passages_and_cites_them(
    folder: Callable[..., Path], model: Settings
) -> None:
    corpus = folder({f"{name}.md": f"{name} is grown in Assam." for name in ("Tea", "Rice")})
    baseline = Baseline.from_folder(corpus, model)
    history = [
        {"role": "user", "content": "What is Tea?"},
        {"role": "assistant", "content": "A plant. [1]"},
    ]
    answer = baseline.ask("Where is it grown?", history)
    assert answer.model == "openai:smollm2"
    assert len(answer.closest) == 2
    if answer.answered:
        (sentence,) = answer.sentences
        assert sentence.citations == (1, 2)
        assert answer.text == f"{sentence.text} [1] [2]"
        assert holds(answer, baseline)
