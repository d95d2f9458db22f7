"""Draft questions from a corpus of one's own, as a person asks them, and near misses of these.

A person must read them: they save the typing, not the judgement. Since only those are kept that
the reader finds an answer to where they come from, askdoc does better on them than on others.
"""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from askdoc.answer.model import Model
from askdoc.answer.terms import CAPITAL, FUNCTION_WORDS, SAME_NAMES
from askdoc.errors import BadInput, ModelFailed
from askdoc.evaluation.phrasing import RELATIONS, Phrased, phrased
from askdoc.evaluation.questions import Corpus, QuestionRow, question_of
from askdoc.evaluation.run import OnQuestion
from askdoc.index.bm25 import terms
from askdoc.ingest.chunker import chunk, sentences
from askdoc.ingest.dates import MONTHS
from askdoc.types import Passage

UNANSWERABLE = 0.25  # share of near misses
WORDS = range(4, 36)  # of a sentence that makes a question
LONGEST = 200  # characters of a question that a model wrote
MONTH = f"(?:{'|'.join(map(str.capitalize, MONTHS))})"
LOOKS = {  # what a term is, and how it looks; the first that fits counts
    "date": rf"\b(?:\d{{1,2}} )?{MONTH} \d{{4}}\b|\b\d{{1,2}} {MONTH}\b",
    "month": rf"\b{MONTH}\b",
    "day": r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b",
    "year": r"(?<![\d.,])(?:1[1-9]|20)\d\d(?![\d.,]?\d)",
    "number": r"(?<![\w.,-])\d{1,3}(?:,\d{3})+|(?<![\w.,-])\d+(?:\.\d+)?(?![\w-])",
    "name": rf"(?<=[a-z,] )(?:{CAPITAL}[\w’-]+)(?: {CAPITAL}[\w’-]+)*",
}
KINDS = {
    "date": "when", "month": "when", "day": "when", "year": "when", "number": "how many",
    "name": "who or what",
}  # fmt: skip
TERM = re.compile(  # what hangs on another word by a sign is a part of it
    "|".join(rf"(?<![/–-])(?P<{kind}>{looks})(?![/–-])" for kind, looks in LOOKS.items())
)
ALIKE = 3  # words that stand beside both of two names of a kind, at least
FEWEST = 2  # words of a question that tell what it is about, at least
IDLE = terms(FUNCTION_WORDS)
TRIED = 5  # terms that are swapped in for one
MOST = 0.6  # of a question's terms, in a passage that may answer it
RULES = """You write questions for a test of a search engine.
You are given a statement and a term of it. Write one short, natural question in the language of the
statement that the statement answers with exactly that term. Keep the other names and numbers.
Do not use the term itself. Write only the question."""


class Term(NamedTuple):
    """A name, a number or a date."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a document; ``fact`` is its exact text."""

    source: str
    start: int
    fact: str


@dataclass
class Drafts:
    """Drafts of a corpus: what can be asked of it, and whether it answers that."""

    corpus: Corpus
    draw: random.Random
    kinds: Counter[str] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)

    @cached_property
    def passages(self) -> Sequence[Passage]:
        """Every passage of the corpus."""
        size = self.corpus.assistant.settings.passage_size
        return [
            passage
            for source in sorted(self.corpus)
            for passage in chunk(self.corpus.document(source), size)
        ]

    @cached_property
    def names(self) -> frozenset[str]:
        """The words that stand with a capital within a sentence, and never without."""
        text = "\n".join(passage.text for passage in self.passages)
        small = set(re.findall(r"\b[a-z][\w’'-]*", text))
        inside = re.findall(rf"(?<=[a-z,] )({CAPITAL}[\w’'-]*)", text)
        return frozenset(word for word in inside if word.lower() not in small)

    @cached_property
    def terms(self) -> Mapping[Term, frozenset[str]]:
        """Every name, number and date of the corpus, with the words before and after it."""
        found: dict[Term, set[str]] = defaultdict(set)
        for passage in self.passages:
            for match in TERM.finditer(passage.text):
                found[Term(match[0], str(match.lastgroup))] |= beside(passage.text, *match.span())
        return {term: frozenset(words) for term, words in found.items()}

    @cached_property
    def words(self) -> Sequence[frozenset[str]]:
        """The terms of each passage."""
        return [frozenset(terms(passage.indexed_text)) for passage in self.passages]

    def statements(self) -> Iterator[Statement]:
        """Every sentence that may be asked for, from each document in turn."""
        by_document: dict[str, list[Statement]] = {}
        for passage in self.passages:
            document = passage.document
            for start, end in sentences(document, passage.start, passage.end):
                fact = document.text[start:end]
                if len(fact.split()) in WORDS and fact[0].isupper() and fact.endswith("."):
                    of = by_document.setdefault(document.source, [])
                    of.append(Statement(document.source, start, fact))
        every = list(by_document.values())
        for of in every:
            self.draw.shuffle(of)
        self.draw.shuffle(every)
        return (statement for statement in chain(*zip_longest(*every)) if statement)

    def made(self, statement: Statement) -> Phrased | None:
        """What asks for a statement and was not asked yet; None where nothing does well.

        The kinds of which there are few so far come first, and what asks for yes or no last.
        """
        model = self.corpus.assistant.model
        made = sorted(
            phrased(statement.fact, self.names),
            key=lambda each: (each.kind == "yes or no", self.kinds[each.kind]),
        )
        worded = written(model, statement.fact, self.draw) if model else None
        for each in [worded, *made] if worded else made:
            again = each.question in self.asked or (
                each.kind == "yes or no" and statement.fact in self.asked
            )
            tells = len(terms(each.question) - IDLE) >= FEWEST
            if tells and not again and self.answers(statement, each):
                self.asked |= {each.question, statement.fact}
                self.kinds[each.kind] += 1
                return each
        return None

    def answers(self, statement: Statement, made: Phrased) -> bool:
        """Whether the reader takes a statement for the best answer to a question."""
        found = self.corpus.assistant.find(made.question)
        settings = self.corpus.assistant.settings
        if not found.evidence or found.confidence < settings.threshold:
            return False
        span = found.evidence[0].span
        return (span.source, span.start) == (statement.source, statement.start)

    def near_miss(self, made: Phrased) -> tuple[str, str] | None:
        """The question with another name, number or relation that the corpus does not tell of.

        With what was swapped; None where nothing can be, and of a question of yes or no, which the
        corpus answers with no.
        """
        if made.kind == "yes or no":
            return None
        for question, new, kind in self._swapped(made.question):
            if not self._told(question, new):
                return question, kind
        return None

    def _swapped(self, question: str) -> Iterator[tuple[str, str, str]]:
        """A question with something swapped, what for, and what kind of thing that is."""
        for pair in RELATIONS:
            for one, other in (pair, pair[::-1]):
                if re.search(rf"\b{one}\b", question):
                    yield re.sub(rf"\b{one}\b", other, question), other, "relation"
        every = terms_in(question)
        for old in self.draw.sample(every, len(every)):
            others = [new for new in self.terms if self._like(old, new, question)]
            for new in self.draw.sample(others, min(len(others), TRIED)):
                swapped = re.sub(rf"\b{re.escape(old.text)}\b", new.text, question)
                yield swapped, new.text, old.kind

    def _like(self, old: Term, new: Term, question: str) -> bool:
        """Whether a term may stand in the place of another in a question."""
        one, other = old.text, new.text
        if new.kind != old.kind or other in question or one in other:
            return False
        same = len(one.split()) == len(other.split()) and one[0].isdigit() == other[0].isdigit()
        if old.kind != "name" or not same:
            return same
        # No adjective for a name: Armenia is one, and Armenians are not.
        stems = [other.rstrip("s")[:-cut] for cut in (1, 2, 3)]
        derived = any(len(stem) > 3 and Term(stem, "name") in self.terms for stem in stems)
        derived = derived or SAME_NAMES.get(other.lower(), other.lower()) != other.lower()
        start = question.index(one)
        here, theirs = beside(question, start, start + len(one)), self.terms[new]
        both = self.terms.get(old, frozenset()) & theirs
        return (
            one.isupper() == other.isupper()
            and not derived
            and here <= theirs
            and len(both) >= ALIKE
        )

    def _told(self, question: str, new: str) -> bool:
        """Whether a passage has what was swapped in beside most of the question."""
        swapped = terms(new)
        rest = terms(question) - swapped - IDLE
        if any(swapped <= has and len(rest & has) >= MOST * len(rest) for has in self.words):
            return True
        found = self.corpus.assistant.find(question)
        return any(swapped <= terms(one.span.text) for one in found.evidence[:1])


def synthesize(
    corpus: Corpus, many: int, on_question: OnQuestion = lambda system, done, of: None
) -> str:
    """Draft questions as JSON Lines, at most so many; the same for the same corpus.

    Up to a quarter are near misses: a name, a number or a relation of a question is swapped so that
    no document answers it. A connected model words the questions, where what it writes can be used.
    Raises BadInput for a corpus that gives none.
    """
    # Not for secrets: the same corpus gives the same draft.
    drafts = Drafts(corpus, random.Random(corpus.sha256))  # noqa: S311
    ids = {source: id for id, source in corpus.sources.items()}
    rows: list[dict[str, Any]] = []
    missed = 0
    every = list(drafts.statements())
    for statement in (*every, *every):  # again, since a sentence may answer two questions
        if len(rows) >= many:
            break
        on_question("drafting", len(rows), many)
        made = drafts.made(statement)
        if made is None:
            continue
        row = _row(statement, made, ids)
        try:
            question_of(QuestionRow(id="draft", **row), corpus)
        except BadInput:  # such as a sentence that runs over a page's end
            continue
        rows.append(row)
        if len(rows) < many and missed < UNANSWERABLE * (len(rows) + 1):
            miss = drafts.near_miss(made)
            if miss:
                missed += 1
                question, kind = miss
                near = {"question": question, "kind": f"near miss: {kind}", "answerable": False}
                rows.append(near)
    if not rows:
        raise BadInput("no sentence of the corpus gives a question: write some by hand")
    numbered = ({"id": f"draft-{number:03}", **row} for number, row in enumerate(rows, 1))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in numbered)


def beside(text: str, start: int, end: int) -> set[str]:
    """The words before and after a part of a text, as they tell names of a kind."""
    before = [f"{word} …" for word in text[:start].split()[-1:]]
    return {*before, *(f"… {word}" for word in re.findall(r"\A\W?\w+", text[end:]))}


def terms_in(text: str) -> list[Term]:
    """The names, numbers and dates that stand in a text once."""
    found = [Term(match[0], str(match.lastgroup)) for match in TERM.finditer(text)]
    return [term for term in found if text.count(term.text) == 1]


def written(model: Model, fact: str, draw: random.Random) -> Phrased | None:
    """A question that a model writes for a term of a sentence; None where it cannot be used."""
    every = terms_in(fact)
    if not every:
        return None
    term = draw.choice(every)
    try:
        lines = model.reply(
            [("system", RULES), ("human", f"Statement: {fact}\nTerm: {term.text}")]
        ).splitlines()
    except ModelFailed:
        return None
    usable = (
        len(lines) == 1
        and lines[0].endswith("?")
        and len(lines[0]) <= LONGEST
        and term.text.casefold() not in lines[0].casefold()
    )
    return Phrased(lines[0], KINDS[term.kind], term.text) if usable else None


def _row(statement: Statement, made: Phrased, ids: dict[str, str]) -> dict[str, Any]:
    """A question that the corpus answers, as a set has it."""
    return {
        "question": made.question,
        "kind": made.kind,
        "answerable": True,
        **({"answers": [made.answer]} if made.answer else {}),
        "gold_ids": [ids[statement.source]],
        "evidence": [{"id": ids[statement.source], "fact": statement.fact}],
    }
