"""Checks the answers that a real language model writes: whether every citation of them holds.

python -m evals.written DATA --work FOLDER [--out evals/results]

Asks the questions about askdoc's own corpus and then those of squad2, until as many answers as
wanted were written. The model is SmolLM2 (135 million parameters, a poor writer), or the one that
`ASKDOC_LLM` and `ASKDOC_LLM_BASE_URL` name. Takes about 25 minutes on two cores.
"""

import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from askdoc import Answer, Assistant, Settings
from askdoc.answer.connect import connect
from askdoc.answer.model import Model
from evals.model_server import serve
from evals.sets import Part, lines
from evals.tables import keep

HERE = Path(__file__).parent
MARKER = re.compile(r"[\[【]\s*(\d+)[^\]】]*[\]】]")
SHOWN = 900  # tokens that the model is shown: SmolLM2 has room for 2,048 with its answer


def asked(data: Path, place: Path) -> Iterator[tuple[Assistant, str]]:
    """The questions, each with the assistant to ask."""
    settings = Settings(index=place / "own", llm=None, llm_tokens=SHOWN)
    own = Assistant.from_folder(HERE.parent / "corpus", settings)
    for row in lines(HERE / "questions" / "corpus.jsonl"):
        if row["answerable"] and not row.get("history"):
            yield own, row["question"]
    part = Part(data, "squad2", place / "corpora")
    part.assistant.settings = part.assistant.settings.model_copy(update={"llm_tokens": SHOWN})
    for row in part.questions:
        if row["answerable"]:
            yield part.assistant, row["question"]


def wrong(assistant: Assistant, answer: Answer) -> tuple[int, int]:
    """How many citations do not resolve byte for byte, and how many markers name none."""
    spans = sum(
        assistant.document(cited.source).text[cited.start : cited.end] != cited.quote
        for cited in answer.citations
    )
    numbers = {str(cited.number) for cited in answer.citations}
    return spans, sum(marker not in numbers for marker in MARKER.findall(answer.text))


def measured(model: Model, data: Path, place: Path, most: int) -> dict[str, Any]:
    """Every figure of the first answers that the model was asked for."""
    answers: list[Answer] = []
    broken = unknown = 0
    for assistant, question in asked(data, place):
        *_, answer = assistant.stream(question, model=model)
        if answer.tokens:
            answers.append(answer)
            spans, markers = wrong(assistant, answer)
            broken, unknown = broken + spans, unknown + markers
            print(f"\r{len(answers)}/{most}", end="", flush=True)
        if len(answers) == most:
            break
    print()
    by_model = [answer for answer in answers if answer.model != "quotes" and answer.answered]
    sentences = [sentence for answer in by_model for sentence in answer.sentences]
    return {
        "answers": len(answers),
        "written by the model": len(by_model),
        "quotes in its place": sum(answer.model == "quotes" for answer in answers),
        "refused by it": sum(not answer.answered for answer in answers),
        "citations": sum(len(answer.citations) for answer in answers),
        "citations that do not resolve": broken,
        "unknown markers shown": unknown,
        "sentences": len(sentences),
        "sentences that hold": sum(sentence.grounded for sentence in sentences),
        "sentences marked": sum(bool(sentence.problems) for sentence in sentences),
        "seconds p50": round(
            statistics.median(sum(answer.seconds.values()) for answer in answers), 1
        ),
    }


def main(
    data: Path,
    work: Annotated[Path, typer.Option()],
    most: int = 200,
    out: Path | None = None,
) -> None:
    """Asks until the model has written --most answers, and counts what holds."""
    settings = Settings()
    server = None if settings.llm else serve()
    if server:
        address = f"{server.listening_address}/v1"
        settings = Settings(llm="openai:smollm2", llm_base_url=address)
    if model := connect(settings):
        keep({"model": model.name} | measured(model, data, work, most), out, "written.json")


if __name__ == "__main__":
    typer.run(main)
