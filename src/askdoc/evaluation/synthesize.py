"""Draft questions from a corpus of one's own: sentences with a name, a number or a date asked for.

A person must read them: they save the typing, not the judgement.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from askdoc.answer.model import Model
from askdoc.answer.terms import CAPITAL
from askdoc.errors import BadInput, ModelFailed
from askdoc.evaluation.questions import Corpus, QuestionRow, question_of
from askdoc.evaluation.run import OnQuestion
from askdoc.ingest.chunker import chunk, sentences
from askdoc.ingest.dates import MONTHS

UNANSWERABLE = 0.25  # share of the questions whose sentence had a term swapped
WORDS = range(7, 36)  # of a sentence that makes a question
LONGEST = 200  # characters of a question that a model wrote
MONTH = f"(?:{'|'.join(map(str.capitalize, MONTHS))})"
KINDS = {  # what a term is, how it is asked for, and how it looks; the first that fits counts
    "date": ("which date", rf"\b(?:\d{{1,2}} )?{MONTH} \d{{4}}\b|\b\d{{1,2}} {MONTH}\b"),
    "year": ("which year", r"(?<![\d.,])(?:1[1-9]|20)\d\d(?![\d.,]?\d)"),
    "number": ("how many", r"(?<![\w.,-])\d{1,3}(?:,\d{3})+|(?<![\w.,-])\d+(?:\.\d+)?(?![\w-])"),
    "name": ("who or what", rf"(?<=[a-z,] )(?:{CAPITAL}[\w’-]+)(?: {CAPITAL}[\w’-]+)*"),
}
TERM = re.compile(  # what hangs on another word by a sign is a part of it
    "|".join(rf"(?<![/–-])(?P<{kind}>{looks})(?![/–-])" for kind, (_, looks) in KINDS.items())
)
RULES = """You write questions for a test of a search engine.
You are given a statement and a term of it. Write one short, natural question in the language of the
statement that the statement answers with exactly that term. Keep the other names and numbers.
Do not use the term itself. Write only the question."""


class Term(NamedTuple):
    """A name, number or date, which stands in its sentence once."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a document with its terms; ``fact`` is its exact text."""

    source: str
    fact: str
    terms: tuple[Term, ...]


def synthesize(
    corpus: Corpus, many: int, on_question: OnQuestion = lambda system, done, of: None
) -> str:
    """Draft questions as JSON Lines, at most so many; the same for the same corpus.

    A quarter are made unanswerable: a name or number is swapped for another that stands nowhere
    with what is left of the sentence. A connected model words the questions, where what it writes
    can be used. Raises BadInput for a corpus that gives none.
    """
    # Not for secrets: the same corpus gives the same draft.
    draw = random.Random(corpus.sha256)  # noqa: S311
    model = corpus.assistant.model
    every = list(_statements(corpus, draw))
    together = _together(every)
    ids = {source: id for id, source in corpus.sources.items()}
    rows: list[dict[str, Any]] = []
    for statement in every:
        if len(rows) == many:
            break
        on_question("drafting", len(rows), many)
        due = len(rows) * UNANSWERABLE >= sum(not row["answerable"] for row in rows)
        # Where one is due, as soon as one can be made: not every sentence has two terms.
        swapped = _swapped(statement, together, draw, model) if due else None
        row = swapped or _row(statement, ids, draw, model)
        row = {"id": f"draft-{len(rows) + 1:03}", **row}
        try:
            question_of(QuestionRow(**row), corpus)
        except BadInput:  # such as a sentence that runs over a page's end
            continue
        rows.append(row)
    if not rows:
        raise BadInput("no sentence of the corpus has a name, a number or a date to ask for")
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _statements(corpus: Corpus, draw: random.Random) -> Iterator[Statement]:
    """Every sentence that can be asked for, from each document in turn."""
    size = corpus.assistant.settings.passage_size
    by_document = []
    for source in sorted(corpus.sources.values()):
        if source in corpus:
            document = corpus.document(source)
            statements = [
                Statement(source, fact, terms)
                for passage in chunk(document, size)
                for start, end in sentences(document, passage.start, passage.end)
                for fact in [document.text[start:end]]
                if len(fact.split()) in WORDS and fact[0].isupper() and fact.endswith(".")
                if "|" not in fact and (terms := _terms(fact))
            ]
            draw.shuffle(statements)
            by_document.append(statements)
    draw.shuffle(by_document)
    return (statement for statement in chain(*zip_longest(*by_document)) if statement)


def _terms(fact: str) -> tuple[Term, ...]:
    """The names, numbers and dates that stand in a sentence once."""
    terms = [Term(match[0], str(match.lastgroup)) for match in TERM.finditer(fact)]
    return tuple(term for term in terms if fact.count(term.text) == 1)


def _together(every: Sequence[Statement]) -> Mapping[Term, set[str]]:
    """For each term, the terms that stand in a sentence with it."""
    together: dict[Term, set[str]] = defaultdict(set)
    for statement in every:
        texts = {term.text for term in statement.terms}
        for term in statement.terms:
            together[term] |= texts
    return together


def _row(
    statement: Statement, ids: Mapping[str, str], draw: random.Random, model: Model | None
) -> dict[str, Any]:
    """A question that the corpus answers."""
    term = draw.choice(statement.terms)
    return {
        "question": _worded(statement.fact, term, model),
        "kind": f"cloze {term.kind}",
        "answerable": True,
        "answers": [term.text],
        "gold_ids": [ids[statement.source]],
        "evidence": [{"id": ids[statement.source], "fact": statement.fact}],
    }


def _swapped(
    statement: Statement,
    together: Mapping[Term, set[str]],
    draw: random.Random,
    model: Model | None,
) -> dict[str, Any] | None:
    """A question that the corpus does not answer; None where no term can be swapped."""
    fact, terms = statement.fact, statement.terms
    texts = {term.text for term in terms}
    for old in draw.sample(terms, len(terms)):
        others = [
            text
            for (text, kind), beside in together.items()
            if kind == old.kind and not beside & texts
            if text not in old.text and old.text not in text and text not in fact
        ]
        if others and len(terms) > 1:
            new = draw.choice(others)
            term = draw.choice([term for term in terms if term != old])
            return {
                "question": _worded(fact, term, model, (old.text, new)),
                "kind": f"swapped {old.kind}",
                "answerable": False,
            }
    return None


def _worded(fact: str, term: Term, model: Model | None, swap: tuple[str, str] = ("", "")) -> str:
    """A question for a term: a model's, where it can be used, or the sentence as a cloze."""
    cloze = fact.replace(term.text, KINDS[term.kind][0]).replace(*swap)
    cloze = " ".join(cloze.split()).rstrip(".") + "?"
    cloze = cloze[0].upper() + cloze[1:]
    if model is None:
        return cloze
    asked = f"Statement: {fact.replace(*swap)}\nTerm: {term.text}"
    try:
        lines = model.reply([("system", RULES), ("human", asked)]).splitlines()
    except ModelFailed:
        return cloze
    usable = (
        len(lines) == 1
        and lines[0].endswith("?")
        and len(lines[0]) <= LONGEST
        and term.text.casefold() not in lines[0].casefold()
    )
    return lines[0] if usable else cloze
