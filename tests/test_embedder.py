"""The embedder: one model in two engines, and what is there without PyTorch."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from askdoc import BadInput
from askdoc.index import embedder
from askdoc.index.embedder import (
    AGREES,
    ALONE,
    FEW,
    SentenceEmbeddings,
    bundled,
    check_weights,
    embed_in_steps,
    fastest,
)
from askdoc.settings import BUNDLED

WITHOUT = """
import sys
for name in ("torch", "transformers", "sentence_transformers"):
    sys.modules[name] = None  # so that to import it fails as where it is not installed
"""


def cosine(one: list[float], other: list[float]) -> float:
    size = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / size


def run(script: str, *arguments: object) -> str:
    """What a script prints in a Python without PyTorch."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + script, *map(str, arguments)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_half_precision_leaves_the_vectors_as_they_were_published() -> None:
    """In the file is what sentence-transformers made of the published weights."""
    made = SentenceEmbeddings(BUNDLED)
    for line in json.loads(Path(__file__).with_name("published_vectors.json").read_text("utf-8")):
        assert cosine(made.embed_query(line["text"]), line["vector"]) > 0.9999


def test_weights_that_are_not_ours_are_told_with_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_weights(BUNDLED)
    copy = shutil.copytree(bundled(), tmp_path / "copy")
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    monkeypatch.setattr(embedder, "bundled", lambda: copy)
    with pytest.raises(BadInput, match=r"SHA-256.*: pip install --force-reinstall .* askdoc$"):
        check_weights(BUNDLED)


def test_two_engines_embed_alike_and_a_small_folder_needs_no_torch(corpus, tmp_path) -> None:
    """One model: ONNX Runtime for questions and few passages, PyTorch where it is faster."""
    quick, other = SentenceEmbeddings(BUNDLED), SentenceEmbeddings(str(bundled()))
    text = "Who backed Azerbaijan in the 44-day war? " * 40
    for shown in (text, text[:40], "\N{PILE OF POO}", "[SEP]?"[5:]):
        first, (second,), (third,) = (
            quick.embed_query(shown),
            quick.embed_documents([shown]),
            other.embed_documents([shown]),
        )
        assert first == second
        assert cosine(first, third) > 0.998
    assert "model" not in vars(quick)  # of PyTorch
    for _ in range(3):  # the batch in hand decides, not what came before
        found = quick.embed_documents(["Ferry"] * (FEW // 2 + 1))[-1]
        assert cosine(found, quick.embed_query("Ferry")) > AGREES
    assert "model" not in vars(quick)
    script = (
        "import sys, askdoc; from askdoc import Assistant, Settings\n"
        f"settings = Settings(corpus={str(corpus)!r}, index={str(tmp_path)!r})\n"
        "answer = Assistant.from_folder(settings=settings).ask('Who is Pashinyan?')\n"
        "print(answer.answered)\n"
        "print(sorted({'torch', 'sentence_transformers', 'transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "[]"], done.stderr


def test_many_texts_go_to_the_engine_that_proved_faster_once_and_for_all() -> None:
    made, many = SentenceEmbeddings(BUNDLED), ["Ferry"] * (FEW + 1)
    parts = list(embed_in_steps(made, many, FEW))
    assert list(map(len, parts)) == [FEW, 1]
    assert {"model", "_bytes"} <= vars(made).keys()  # both were tried
    proved, quicker = made.engine(many), made.engine(many[:FEW])
    assert quicker in (made._in_bytes, made._exactly)
    assert proved in (quicker, made._together)
    assert cosine(parts[1][0], made.embed_query("Ferry")) > AGREES
    assert made.engine(many[:ALONE]) == made._exactly  # not where few are in hand
    assert made.engine([*many, "Another"]) == proved


def test_bytes_embed_as_single_precision_does_or_are_not_used(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SentenceEmbeddings(BUNDLED)
    text = (corpus / "russia-armenia.md").read_text("utf-8")
    texts = ["", "CSTO", "?" * 5000, *(text[at : at + 500] for at in range(0, len(text), 500))]
    pairs = zip(made._in_bytes(texts), made._exactly(texts), strict=True)
    cosines = [cosine(one, other) for one, other in pairs]
    assert min(cosines) > 0.99
    assert sum(cosines) / len(cosines) > 0.998
    many = texts[3:4] * (ALONE + 1)
    assert made.engine(many) == made._in_bytes
    monkeypatch.setattr(embedder, "IN_BYTES", embedder.EXACT)
    broken = SentenceEmbeddings(BUNDLED)
    right = broken._bytes.embed
    # As where sums are cut off: a processor that does so is not at hand.
    monkeypatch.setattr(broken._bytes, "embed", lambda text: right(text[::-1]))
    assert broken.engine(many) == broken._exactly


@pytest.mark.parametrize("ways", [[10, 10**6], [10**6, 10]])
def test_the_fastest_way_is_found_by_trying_and_its_first_time_does_not_count(
    ways: list[int],
) -> None:
    loaded = set[int]()

    def work(way: int) -> int:
        first = way not in loaded
        loaded.add(way)
        return sum(range(3 * 10**6 if first and way == 10 else way))

    assert fastest(ways, work) == 10


def test_without_pytorch_many_texts_are_indexed_and_answered() -> None:
    script = f"""
from askdoc import Assistant
lines = range({FEW} + 20)
texts = [f"The ferry of line {{n}} sails to Marwick at {{n}} past nine." for n in lines]
assistant = Assistant.from_documents(texts)
answer = assistant.ask("When does the ferry of line 417 sail?")
print(answer.answered, answer.citations[0].quote)
print([name for name, module in sys.modules.items() if name.startswith("torch") and module])
"""
    told = run(script).splitlines()
    assert told == ["True The ferry of line 417 sails to Marwick at 417 past nine.", "[]"]


def test_without_pytorch_another_model_is_one_line_that_says_what_brings_it() -> None:
    script = """
from askdoc import Assistant, BadInput, Settings
for settings in (Settings(embedder="intfloat/e5-small"), Settings(reader=sys.argv[1])):
    try:
        Assistant.from_documents(["The ferry sails at nine."], settings).ask("When does it sail?")
    except BadInput as error:
        print(error)
"""
    needs = "needs PyTorch: pip install 'askdoc[torch]'"
    told = run(script, bundled()).splitlines()
    assert told == [f"embedder intfloat/e5-small {needs}", f"reader {bundled()} {needs}"]
