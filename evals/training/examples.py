"""Training examples for the reader, made from public question sets.

An example is a question with passages as the reader will meet them. Where one answers, the reader
has to choose its sentence. In six examples of ten nothing answers, and it has to choose nothing:
the sentence that answers is cut out, the right passage is left out, the question or the passage
speaks of somebody else, or the question comes from another set.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

from askdoc.answer.reader import frame_of
from askdoc.index.bm25 import Bm25, analyzer
from askdoc.index.home import Home
from askdoc.ingest.chunker import Span, chunk, sentences
from askdoc.types import BlockKind, Document, Passage
from evals.training.misses import NAME, asked_whether, contradicted, other_name, perturbed
from evals.training.questions import Asked, Questions
from evals.training.rewording import reworded

SIZE = 600  # characters of a passage, as in the product
NEAR = 6  # passages with most of the question's words, among which others are chosen
OFTEN = {  # examples for each question of a set, on average
    "squad2": 1.0,
    "xquad/en": 0.6,
    "nq_open_oracle": 0.2,
    "hotpotqa_sample": 0.6,
    "tatqa_dev": 0.4,
    "qamr": 0.03,
    "fairytaleqa": 0.1,
    "selqa": 0.3,
    "pubmedqa": 0.3,
    "wikitablequestions": 0.12,
    "fetaqa": 0.1,
    "quoref_contrast": 0.3,
    "written": 0.55,
}
LEFT_OPEN = 0.15  # the same for a question of our own where its text does not answer it
WHETHER = 0.02  # yes/no questions from statements, for each document's passage


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage of an example.

    ``spans`` are its sentences, as offsets into ``text``; ``right`` says which of them hold the
    answer (None where nobody knows); ``answers`` are the offsets of the answer's own words.
    """

    frame: str
    text: str
    spans: tuple[Span, ...]
    right: tuple[bool | None, ...]
    answers: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A question with passages; ``kind`` says how it was made, ``weight`` how much it counts."""

    kind: str
    question: str
    passages: tuple[Shown, ...]
    weight: float = 1.0


@dataclass(slots=True)
class Shelf:
    """The passages of a set, to look for those that resemble a question."""

    name: str
    passages: dict[str, Passage]
    of: dict[str, list[Passage]]
    """The passages of each document, by its source."""
    groups: dict[str, list[Passage]]
    lexicon: Bm25

    @classmethod
    def filled(cls, found: Questions, folder: Path) -> "Shelf":
        """The shelf with the passages of a set's documents, cut as askdoc cuts them."""
        of = {document.source: list(chunk(document, SIZE)) for document in found.documents}
        every = {passage.id: passage for passages in of.values() for passage in passages}
        home = Home(folder, folder, "the same command")
        lexicon = Bm25(folder / found.name.replace("/", "_"), home)
        lexicon.add(list(every.values()))
        groups: dict[str, list[Passage]] = {}
        for passage in every.values():
            groups.setdefault(found.groups[passage.source], []).append(passage)
        return cls(found.name, every, of, groups, lexicon)

    def near(self, question: str, k: int = NEAR) -> list[Passage]:
        """The passages with most of a question's words, best first."""
        return [self.passages[id] for id, _ in self.lexicon.search(question, k)]

    def same(self, asked: Asked, k: int = 3) -> list[Passage]:
        """The other passages of the question's group with most of its words, best first."""
        words = set(analyzer().analyze(asked.question))
        found = [p for p in self.groups[asked.group] if p.source != asked.document.source]
        found.sort(key=lambda p: -len(words & set(analyzer().analyze(p.text))))
        return found[:k]


def examples(found: Sequence[Questions], dice: Random) -> Iterator[tuple[str, Example]]:
    """Every example that the questions give, with the name of its set."""
    with tempfile.TemporaryDirectory() as place:
        shelves = [Shelf.filled(part, Path(place)) for part in found]
        for part, shelf in zip(found, shelves, strict=True):
            others = [other for other in shelves if other.name != part.name]
            for asked in part.asked:
                own = part.name == "written"
                often = LEFT_OPEN if own and not asked.answerable else OFTEN[part.name]
                for _ in range(int(often) + (dice.random() < often % 1)):
                    made = _example(asked, shelf, dice.choice(others), dice)
                    if made:
                        yield part.name, made
            for item in _whether(part, dice):
                made = _example(item, shelf, dice.choice(others), dice)
                if made:
                    yield part.name, replace(made, kind=f"yes/no {made.kind}")


def _example(asked: Asked, shelf: Shelf, elsewhere: Shelf, dice: Random) -> Example | None:
    """One example of a question, made in one of the ways."""
    own = _own(asked, shelf, dice)
    right = [shown for shown in own if any(shown.right)]
    near = _others(asked, shelf, own, dice)
    if not asked.answerable:
        if not own:
            return None
        return Example("unanswerable", reworded(asked.question, dice), (own[0],))
    if not right:
        return None
    gold = dice.choice(right)
    # Each of our own questions is as often answered as it is not.
    plain, cut = (1.0, 0.6) if shelf.name == "written" else (0.44, 0.17)
    ways: tuple[tuple[Callable[[], Example | None], float], ...] = (
        (partial(_answered, asked, right, near, dice), plain),
        (partial(_cut_out, asked, gold, dice), cut),
        (partial(_left_out, asked, shelf, near, dice), 0.13),
        (partial(_asked_otherwise, asked, gold, near, dice), 0.13),
        (partial(_said_otherwise, asked, gold, near, dice), 0.07),
        (partial(_from_elsewhere, asked, elsewhere, dice), 0.06),
    )
    way = dice.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
    return way() or _answered(asked, right, near, dice)


def _answered(asked: Asked, right: list[Shown], near: list[Shown], dice: Random) -> Example:
    """The right passage, now and then with another."""
    beside = near[: dice.choice((0, 0, 1))]
    return Example("answered", reworded(asked.question, dice), (dice.choice(right), *beside))


def _cut_out(asked: Asked, gold: Shown, dice: Random) -> Example | None:
    """The right passage without the sentences that answer."""
    rest = without(gold)
    return Example("cut out", reworded(asked.question, dice), (rest,)) if rest.spans else None


def _left_out(asked: Asked, shelf: Shelf, near: list[Shown], dice: Random) -> Example | None:
    """A passage that resembles the question and does not answer it: of the same article, if any."""
    same = [read_passage(p, ()) for p in shelf.same(asked) if not _says(p, asked)]
    if not same and not near:
        return None
    found = same if same and dice.random() < 0.75 else near or same
    return Example("left out", reworded(asked.question, dice), (dice.choice(found),))


def _asked_otherwise(asked: Asked, gold: Shown, near: list[Shown], dice: Random) -> Example | None:
    """The right passage, and a question that looks like the one that it answers."""
    others = " ".join(shown.text for shown in near)
    changed = perturbed(asked.question, f"{gold.frame} {gold.text}", others, dice)
    if not changed:
        return None
    if dice.random() < 0.25:
        changed = reworded(changed, dice)
    return Example("asked otherwise", changed, (blank(gold),), 0.7)


def _said_otherwise(asked: Asked, gold: Shown, near: list[Shown], dice: Random) -> Example | None:
    """The right passage speaking of somebody else than the question does; or both of them."""
    known = [match.group() for match in NAME.finditer(asked.question) if match.group() in gold.text]
    if not known or asked.question.count(known[0]) > 1:
        return None
    others = " ".join(shown.text for shown in near)
    new = other_name(known[0], others, asked.question + gold.text, dice)
    if not new:
        return None
    changed = renamed(gold, known[0], new)
    if dice.random() < 0.35:
        question = asked.question.replace(known[0], new)
        return Example("renamed", reworded(question, dice), (changed,))
    return Example("said otherwise", reworded(asked.question, dice), (blank(changed),), 0.8)


def _from_elsewhere(asked: Asked, elsewhere: Shelf, dice: Random) -> Example | None:
    """Passages of another set, which know nothing of what is asked."""
    found = elsewhere.near(asked.question, 4)
    dice.shuffle(found)
    shown = tuple(read_passage(passage, ()) for passage in found[:1])
    return Example("from elsewhere", reworded(asked.question, dice), shown) if shown else None


def _own(asked: Asked, shelf: Shelf, dice: Random) -> list[Shown]:
    """The passages of the question's document, those that answer in front."""
    if shelf.name == "qamr":
        return [_surrounded(asked, shelf, dice)]
    shown = [
        read_passage(passage, asked.answers, asked) for passage in shelf.of[asked.document.source]
    ]
    if not asked.answerable:
        dice.shuffle(shown)
        words = set(analyzer().analyze(asked.question))
        shown.sort(key=lambda item: -len(words & set(analyzer().analyze(item.text))))
    return sorted(shown, key=lambda item: not any(item.right))


def _surrounded(asked: Asked, shelf: Shelf, dice: Random) -> Shown:
    """A sentence that is a document of its own, among others of its article."""
    same = {p.document.text for p in shelf.groups[asked.group]} - {asked.document.text}
    texts = dice.sample(sorted(same), min(2, len(same)))
    texts = texts[: dice.choice((0, 1, 1, 2))]
    at = dice.randint(0, len(texts))
    texts.insert(at, asked.document.text)
    spans, start = [], 0
    for text in texts:
        spans.append((start, start + len(text)))
        start += len(text) + 1
    right = tuple(number == at for number in range(len(texts)))
    answers = tuple((spans[at][0] + start, spans[at][0] + end) for start, end in asked.answers)
    return Shown("", " ".join(texts), tuple(spans), right, answers)


def _others(asked: Asked, shelf: Shelf, own: list[Shown], dice: Random) -> list[Shown]:
    """Passages that do not answer: others of the document and its like, in no special order."""
    wrong = [shown for shown in own if not any(r is not False for r in shown.right)]
    for passage in shelf.near(asked.question):
        if passage.source != asked.document.source and not _says(passage, asked):
            wrong.append(read_passage(passage, ()))
    dice.shuffle(wrong)
    return wrong


def _says(passage: Passage, asked: Asked) -> bool:
    """Whether a passage has words of the answer: it may answer or not, nobody knows."""
    text = passage.text.casefold()
    answers = (asked.document.text[start:end] for start, end in asked.answers if end - start < 60)
    return any(words.casefold() in text for words in answers)


def read_passage(passage: Passage, answers: Sequence[Span], asked: Asked | None = None) -> Shown:
    """A passage with its sentences judged."""
    base = passage.start
    spans = tuple(
        (start - base, end - base)
        for start, end in sentences(passage.document, passage.start, passage.end)
    )
    inside = tuple(
        (max(start, base) - base, min(end, passage.end) - base)
        for start, end in answers
        if start < passage.end and base < end
    )
    right: list[bool | None] = [
        any(start < to and since < end for since, to in inside) for start, end in spans
    ]
    if asked and not asked.sure and right.count(True) > 1:
        right = _likeliest(asked.question, passage.text, spans, right)
    return Shown(frame_of(passage), passage.text, spans, tuple(right), inside)


def _likeliest(
    question: str, text: str, spans: Sequence[Span], right: Sequence[bool | None]
) -> list[bool | None]:
    """Of several sentences with the answer's words, those with most of the question's.

    Whether the others answer, nobody knows.
    """
    words = set(analyzer().analyze(question))
    counts = [len(words & set(analyzer().analyze(text[start:end]))) for start, end in spans]
    most = max(count for count, flag in zip(counts, right, strict=True) if flag)
    return [
        (True if count == most else None) if flag else flag
        for count, flag in zip(counts, right, strict=True)
    ]


def blank(shown: Shown) -> Shown:
    """A passage of which no sentence answers."""
    return replace(shown, right=(False,) * len(shown.spans), answers=())


def without(shown: Shown) -> Shown:
    """A passage without the sentences that may answer."""
    pieces: list[str] = []
    spans: list[Span] = []
    at, last = 0, 0
    for (start, end), right in zip(shown.spans, shown.right, strict=True):
        if right is False:
            gap = shown.text[last:start] if spans and last else ""
            spans.append((at + len(gap), at + len(gap) + end - start))
            pieces.append(gap + shown.text[start:end])
            at = spans[-1][1]
            last = end
        elif last:
            last = end
    return Shown(shown.frame, "".join(pieces), tuple(spans), (False,) * len(spans))


def renamed(shown: Shown, old: str, new: str) -> Shown:
    """A passage with another name in the place of one."""
    moved = [match.start() for match in re.finditer(re.escape(old), shown.text)]
    more = len(new) - len(old)

    def place(at: int) -> int:
        return at + more * sum(start + len(old) <= at for start in moved)

    return Shown(
        shown.frame.replace(old, new),
        shown.text.replace(old, new),
        tuple((place(start), place(end)) for start, end in shown.spans),
        shown.right,
        tuple((place(start), place(end)) for start, end in shown.answers),
    )


def _is_table(document: Document) -> bool:
    """Whether a document holds a table."""
    return any(block.kind is BlockKind.TABLE for block in document.blocks)


def _whether(found: Questions, dice: Random) -> Iterator[Asked]:
    """Yes/no questions made from statements of the documents; some turn the statement round."""
    for document in found.documents:
        if _is_table(document) or dice.random() > WHETHER * max(1.0, len(document.text) / SIZE):
            continue
        spans = sentences(document, 0, len(document.text))
        dice.shuffle(spans)
        for start, end in spans:
            made = asked_whether(document.text[start:end])
            if made:
                question = contradicted(made[0], dice) if dice.random() < 0.4 else made[0]
                yield Asked(
                    question, document, found.groups[document.source], ((start, end),), True
                )
                break
