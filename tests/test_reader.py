"""The reader: the tokens of sentences, long passages, hostile text, another cross-encoder."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from askdoc import Assistant, BadInput, Document, Passage, Settings
from askdoc.answer.encoding import MOST, encode
from askdoc.answer.reader import MODEL, OUTPUTS, read
from askdoc.index.embedder import CLS, SEP, bundled
from askdoc.onnx import session, side_by_side

LACHIN = (
    "The corridor is a mountain road. It was blocked on 12 December 2022. "
    "Bread and fuel grew scarce in the winter that followed."
)


def passage(text: str) -> Passage:
    return Passage(Document("a.txt", "Lachin corridor", text, "0" * 64), 0, len(text))


def test_the_sentence_that_answers_has_the_highest_logit() -> None:
    (seen,) = read("When was the road blocked?", [passage(LACHIN)])
    best, logit = max(seen.sentences, key=lambda sentence: sentence[1])
    assert best.text == "It was blocked on 12 December 2022."
    assert seen.best == logit
    (other,) = read("How do I bake a lasagne?", [passage(LACHIN)])
    assert other.best < seen.best
    assert other.whole < seen.whole


def test_every_sentence_of_a_long_passage_is_read() -> None:
    text = " ".join(f"Ferry number {n} sails to Marwick at {n} past nine." for n in range(120))
    (seen,) = read("When does ferry number 97 sail?", [passage(text)])
    assert len(seen.sentences) == 120
    assert [span.text.split()[2] for span, _ in seen.sentences] == [str(n) for n in range(120)]


def test_signs_of_the_model_in_a_document_are_only_text() -> None:
    text = "A [MASK] and [SEP]. Then [CLS]."
    tokens = encode("What?", "Title", text, [(0, 19), (20, 31)])
    assert (tokens.ids.count(CLS), tokens.ids.count(SEP)) == (1, 3)
    for (start, end), (first, last) in zip(tokens.sentences, [(0, 19), (20, 31)], strict=True):
        assert (tokens.offsets[start][0], tokens.offsets[end - 1][1]) == (first, last)
    assert tokens.ids[slice(*tokens.question)] == encode("What?", "", "", []).ids[1:-3]
    assert tokens.means().sum(1).tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("text", ["\x00\x01", "\N{PILE OF POO}" * 900, "a" * 5000, "…", "词" * 900])
def test_odd_text_is_read_too(text: str) -> None:
    tokens = encode(text, text, text, [(0, len(text))])
    assert len(tokens.ids) == len(tokens.kinds) == len(tokens.offsets) <= MOST
    (seen,) = read(text, [passage(text)])
    assert seen.whole == seen.whole  # a number


def test_a_model_that_is_missing_damaged_or_of_another_version_is_one_line(tmp_path) -> None:
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(MODEL.read_bytes()[:100_000])
    for graph, outputs, wrong in (
        (tmp_path / "gone.onnx", OUTPUTS, "gone.onnx is missing or damaged"),
        (torn, OUTPUTS, "torn.onnx is missing or damaged"),
        (MODEL, ("vectors",), "reader.onnx is of another version of askdoc"),
    ):
        with pytest.raises(BadInput, match=f"^{wrong}: pip install .* askdoc$"):
            session(graph, outputs)


def test_what_runs_side_by_side_comes_in_order_and_raises_its_error() -> None:
    together = threading.Barrier(min(2, os.cpu_count() or 1))  # passed by as many as there are

    def run(number: int) -> int:
        if number < 2:
            together.wait(30)
        return 100 // (number - 7)

    assert side_by_side(run, range(7)) == [100 // (number - 7) for number in range(7)]
    together.reset()
    with pytest.raises(ZeroDivisionError):
        side_by_side(run, range(9))


def test_a_thread_at_work_ends_silently_with_the_interpreter() -> None:
    script = (
        "import threading, time; from askdoc.onnx import side_by_side\n"
        "def work():\n    while True: side_by_side(str, range(9))\n"
        "threading.Thread(target=work, daemon=True).start(); time.sleep(0.5)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")
def test_a_fork_has_threads_of_its_own() -> None:
    side_by_side(str, range(9))
    child = os.fork()
    if not child:
        signal.alarm(30)  # ends it, should it wait for ever
        os._exit(side_by_side(int, ["3", "4"]) != [3, 4])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_weights_are_small_enough_to_ship() -> None:
    assert MODEL.stat().st_size <= 30_000_000


def test_another_cross_encoder_may_be_named(folder) -> None:
    """The bundled embedder with a head of random weights: a real, if poor, cross-encoder."""
    root = folder({"a.txt": LACHIN, "b.txt": "Bread needs flour."})
    assistant = Assistant.from_folder(root, Settings(reader=str(bundled()), corpus=root))
    answer = assistant.ask("When was the road blocked?")
    assert answer.closest
    assert {hit.passage.source for hit in answer.closest} == {"a.txt", "b.txt"}


def test_a_reader_that_is_none_is_told_in_one_line(folder) -> None:
    root = folder({"a.txt": LACHIN})
    assistant = Assistant.from_folder(root, Settings(reader="/no/such/reader", corpus=root))
    with pytest.raises(BadInput, match="reader /no/such/reader cannot be loaded"):
        assistant.ask("When was the road blocked?")
