"""A run in the forms that other programs read: trec_eval's, a table, a report of tests."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote
from xml.etree import ElementTree

from askdoc.evaluation.run import ASKDOC, Run
from askdoc.evaluation.scores import Outcome

APART = re.compile(r"[\s%]")  # what would be two words to trec_eval, or was escaped so
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FORMULA = re.compile(r"\s*[=+@-]")  # how a cell begins that a spreadsheet would run
COLUMNS = (
    "system", "id", "kind", "question", "query", "answerable", "answered", "right", "certainty",
    "confidence", "lost", "text", "expected", "cited", "seconds",
)  # fmt: skip
"""The columns of the table, before those of the scores."""


def trec(run: Run) -> dict[str, str]:
    """The judgements as ``qrels.trec``, and each system's ranking of documents as a run.

    Questions without relevant documents are in neither; white space in a name is ``%20``.
    """
    relevant = {
        outcome.id: outcome.expected["relevant"]
        for outcome in run.outcomes[ASKDOC]
        if outcome.expected["relevant"]
    }
    judged = [f"{_word(id)} 0 {_word(each)} 1\n" for id, of in relevant.items() for each in of]
    files = {"qrels.trec": "".join(judged)}
    for name, outcomes in run.outcomes.items():
        files[f"{name}.trec"] = "".join(
            f"{_word(outcome.id)} Q0 {_word(source)} {rank} {1 / rank:.6f} {name}\n"
            for outcome in outcomes
            if outcome.id in relevant
            for rank, source in enumerate(dict.fromkeys(h["source"] for h in outcome.hits), 1)
        )
    return files


def table(run: Run) -> dict[str, str]:
    """A line for each question of each system, as ``questions.csv``."""
    every = [each for outcomes in run.outcomes.values() for each in outcomes]
    scores = list(dict.fromkeys(name for each in every for name in each.scores))
    text = io.StringIO()
    rows = csv.DictWriter(text, [*COLUMNS, *scores], restval="", lineterminator="\n")
    rows.writeheader()
    for system, outcomes in run.outcomes.items():
        for outcome, steps in zip(outcomes, run.seconds[system], strict=True):
            own = {name: getattr(outcome, name) for name in COLUMNS if hasattr(outcome, name)}
            told = own | outcome.scores | {
                "system": system,
                "expected": _expected(outcome),
                "cited": " | ".join(dict.fromkeys(c["source"] for c in outcome.citations)),
                "seconds": round(sum(steps.values()), 4),
            }  # fmt: skip
            rows.writerow({name: _cell(value) for name, value in told.items()})
    return {"questions.csv": text.getvalue()}


def junit(run: Run) -> dict[str, str]:
    """A test case for each question, as ``junit.xml``: wrong ones fail, unjudged are skipped."""
    outcomes, seconds = run.outcomes[ASKDOC], run.seconds[ASKDOC]
    counts = {
        "tests": len(outcomes),
        "failures": sum(each.right is False for each in outcomes),
        "skipped": sum(each.right is None for each in outcomes),
        "time": round(sum(sum(steps.values()) for steps in seconds), 3),
    }
    told = {"name": run.about["set"], **{name: str(count) for name, count in counts.items()}}
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", _clean(told))
    for each, steps in zip(outcomes, seconds, strict=True):
        named = {
            "classname": ".".join(part for part in (run.about["set"], each.kind) if part),
            "name": f"{each.id}: {each.question}",
            "time": f"{sum(steps.values()):.3f}",
        }
        case = ElementTree.SubElement(suite, "testcase", _clean(named))
        if each.right is None:
            ElementTree.SubElement(case, "skipped", message="nothing is known of its answer")
        elif not each.right:
            failure = ElementTree.SubElement(case, "failure", _clean({"message": each.lost}))
            lines = (f"answer: {each.text}", f"expected: {_expected(each)}", f"lost: {each.lost}")
            failure.text = NO_XML.sub("�", "\n".join(lines))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, "unicode")
    return {"junit.xml": f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'}


EXPORTS: Mapping[str, Callable[[Run], dict[str, str]]] = {
    "trec": trec,
    "csv": table,
    "junit": junit,
}
"""What writes a run in another form: files by their names."""


def _word(name: str) -> str:
    return APART.sub(lambda sign: quote(sign[0]), name)


def _expected(outcome: Outcome) -> str:
    """What would be right, in a line."""
    if outcome.answerable is False:
        return "a refusal"
    of = outcome.expected
    told = of["answers"] or of["must_include"] or of["facts"] or of["relevant"]
    return " | ".join(told)


def _cell(value: object) -> object:
    """A value as a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def _clean(values: Mapping[str, str]) -> dict[str, str]:
    return {name: NO_XML.sub("�", value) for name, value in values.items()}
