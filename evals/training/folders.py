"""Many small folders, as people have them, made of the documents that nothing was trained on.

A confidence that is fitted on a few large corpora does not travel to a folder of three files. Each
folder here holds so many documents of one set; it is asked what its documents answer, what other
documents of the set answer, and what has nothing to do with it.
"""

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from askdoc import Assistant, Settings
from askdoc.evaluation.questions import Corpus, Question, QuestionRow, question_of
from evals.sets import Row, part_of
from evals.training.questions import KEPT, TRAIN, TRIED

SIZES = {
    "fairytaleqa": (1, 1, 2),
    "selqa": (3, 8),
    "pubmedqa": (5, 20),
    "wikitablequestions": (3, 10, 30),
    "fetaqa": (3, 20),
    "qamr": (2, 4),
    "quoref_contrast": (1, 2),
}
"""The documents of each folder, for each set."""
ANSWERABLE, SIBLINGS, OUTSIDE = 10, 7, 5  # questions of a folder


def folders(
    data: Path, place: Path, outside: Sequence[str]
) -> Iterator[tuple[Assistant, list[Question]]]:
    """Each folder, indexed below ``place``, with its questions.

    ``data`` holds the sets, in ``train/``; ``outside`` are questions that no folder answers, of
    which each gets the next few.
    """
    draw, unused = random.Random(5), list(outside)
    for name, sizes in SIZES.items():
        by_document = _rows(data / "train" / f"{name}.jsonl.gz")
        documents = sorted(by_document)
        draw.shuffle(documents)
        for number, size in enumerate(sizes):
            chosen, documents = documents[:size], documents[size:]
            answerable = [row for key in chosen for row in by_document[key] if row["answerable"]]
            siblings = [by_document[key][0]["question"] for key in documents[-SIBLINGS:]]
            far, unused = unused[:OUTSIDE], unused[OUTSIDE:]
            assistant = _folder(place / f"{name}-{number}", [by_document[key] for key in chosen])
            rows = [
                {
                    "question": row["question"],
                    "answerable": True,
                    "answers": [answer["text"] for answer in row["answers"]],
                    "gold_ids": [_file(row)],
                }
                for row in draw.sample(answerable, min(ANSWERABLE, len(answerable)))
            ]
            rows += [{"question": asked, "answerable": False} for asked in (*siblings, *far)]
            corpus = Corpus(assistant)
            numbered = [QuestionRow(id=f"{name}-{n}", **row) for n, row in enumerate(rows)]
            yield assistant, [question_of(row, corpus) for row in numbered]


def _rows(path: Path) -> dict[str, list[Row]]:
    """The questions of a set by the document that they are about, one that is not trained on."""
    found: dict[str, list[Row]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            document = str(row["document"])
            if part_of(document, ((TRIED, KEPT), (TRAIN, 1 - KEPT))) == TRIED:
                found.setdefault(document, []).append(row)
    return found


def _file(row: Row) -> str:
    """The name of the file that holds a row's document."""
    return re.sub(r"[^\w.-]", "_", str(row["document"]))[:60] + ".md"


def _folder(corpus: Path, documents: Sequence[Sequence[Row]]) -> Assistant:
    """A folder of documents, each with all its passages, indexed."""
    corpus.mkdir(parents=True, exist_ok=True)
    for rows in documents:
        passages = dict.fromkeys(row["passage"] for row in rows)
        text = "\n\n".join([f"# {rows[0]['title'] or rows[0]['document']}", *passages])
        (corpus / _file(rows[0])).write_text(text + "\n", "utf-8")
    return Assistant.from_folder(corpus, Settings(corpus=corpus))
