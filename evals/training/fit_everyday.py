"""Fits the weights that tell everyday turns from questions by the vector of the bundled embedder.

python -m evals.training.fit_everyday

A logistic regression over the phrasings of `everyday.toml`, the tuning halves of
`evals/questions/everyday.jsonl` and `corpus.jsonl`, and questions of `written.jsonl`, which are
short and spoken, each with and without a question mark. Tells what is recognised and swallowed at
some probabilities when a fifth of the texts at a time is kept aside, and writes
`src/askdoc/answer/everyday.json`.
"""

import json
import random
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from askdoc.answer.everyday import PHRASINGS, QUESTION, WEIGHTS, Kind, mentioned
from askdoc.index.embedder import embedder
from askdoc.index.manifest import Titles
from askdoc.ingest.files import find, load
from askdoc.settings import BUNDLED
from evals.sets import lines
from evals.training.questions import TRAIN, WRITTEN

QUESTIONS = Path(__file__).parents[1] / "questions"
STRENGTH = 10  # of the weights: C of scikit-learn
EVERY = 5  # which of our written questions is taken: the fifth, the tenth, …
PROBABILITIES = (0.5, 0.6, 0.7, 0.8, 0.9)  # that are tried
FOLDS = 5


def texts() -> list[tuple[str, str]]:
    """Texts with their kinds, each once, a document's name put as in the phrasings."""
    found = {text.casefold(): kind for kind, some in PHRASINGS.items() for text in some}
    titles: dict[str, Titles] = {}
    corpus = [
        row | {"corpus": "corpus", "kind": QUESTION} for row in lines(QUESTIONS / "corpus.jsonl")
    ]
    for row in [*lines(QUESTIONS / "everyday.jsonl"), *corpus]:
        if row["split"] == "tune" and not row.get("history"):
            name = row["corpus"]
            root = (
                QUESTIONS.parents[1] / name if name == "corpus" else QUESTIONS / "everyday" / name
            )
            if name not in titles:
                files = find(root, root / ".askdoc").files
                titles[name] = Titles({source: load(root, source).title for source in files})
            source, text, _ = mentioned(row["question"].strip(), titles[name])
            # Of rows the kind does not tell whether a summary or the contents are wanted.
            if row["kind"] != Kind.SUMMARY and not (source and row["kind"] == QUESTION):
                found.setdefault(text.casefold().rstrip("?!. "), row["kind"])
    written = (row for row in lines(WRITTEN) if row["part"] == TRAIN)
    asked = [question for row in written for question, _ in row["answered"]]
    for question in asked[::EVERY]:
        found.setdefault(question.casefold().rstrip("?!. "), QUESTION)
    return sorted(found.items())


def main() -> None:
    """Fits, tells and writes."""
    known = texts()
    random.Random(0).shuffle(known)
    forms = [text + ending for text, _ in known for ending in ("", "?")]
    vectors = np.array([embedder(BUNDLED).embed_query(text) for text in forms])
    kinds = np.array([kind for _, kind in known for _ in range(2)])
    model = LogisticRegression(C=STRENGTH, max_iter=3000)
    groups = np.repeat(np.arange(len(known)), 2)
    aside = cross_val_predict(
        model, vectors, kinds, groups=groups, cv=GroupKFold(FOLDS), method="predict_proba"
    )
    model.fit(vectors, kinds)
    everyday = 1 - aside[:, list(model.classes_).index(QUESTION)]
    asked = kinds == QUESTION
    print(f"{(~asked).sum() // 2} everyday turns, {asked.sum() // 2} questions")
    for least in PROBABILITIES:
        taken = everyday >= least
        print(
            f"{least}: recognised {taken[~asked].mean():.3f}, swallowed {taken[asked].mean():.3f}"
        )
    weights = np.column_stack([model.coef_, model.intercept_]).round(3).tolist()
    rows = (
        f'"{kind}": {json.dumps(row)}' for kind, row in zip(model.classes_, weights, strict=True)
    )
    WEIGHTS.write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
