"""Training examples for the reader, made from public question sets with askdoc's own retrieval.

An example is a question with a few passages as the reader will meet them: the one that holds the
answer, and others that askdoc's two legs bring up for the same question but that do not hold it.
Where the right passage is left out, or the question is one that its passage does not answer, the
reader has to learn to choose nothing.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from askdoc.answer.reader import frame_of
from askdoc.ingest.chunker import sentences
from askdoc.types import Passage
from evals.sets import REPORTED, Part, Row, source_of

NEGATIVES = 2  # passages without the answer beside the right one


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage of an example.

    ``spans`` are its sentences, as offsets into ``text``; ``right`` says which of them hold the
    answer (None where nobody knows); ``answers`` are the offsets of the answer's own words.
    """

    frame: str
    text: str
    spans: tuple[tuple[int, int], ...]
    right: tuple[bool | None, ...]
    answers: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A question with passages; ``weight`` is how much it counts."""

    question: str
    passages: tuple[Shown, ...]
    weight: float = 1.0


def examples(part: Part, dice: random.Random) -> Iterator[Example]:
    """Every example that the questions of the part to train on give."""
    for question in part.questions:
        if part.part(question) == "train" and question["gold_ids"]:
            yield from _examples(part, question, dice)


def _examples(part: Part, question: Row, dice: random.Random) -> Iterator[Example]:
    gold = {source_of(str(id)) for id in question["gold_ids"]}
    asked = question["question"]
    legs = part.assistant.index.search(asked, 10)
    hits = [passage for pair in zip(*legs, strict=False) for passage, _ in pair]
    # The right document is shown even where no leg brings it up.
    rest = [passage for source in sorted(gold) for passage in part.assistant.index.passages(source)]
    known = {passage.id: passage for passage in [*hits, *rest]}
    shown = {id: _shown(passage, question, gold) for id, passage in known.items()}
    right = [s for s in shown.values() if any(s.right)]
    wrong = [
        shown[passage.id]
        for passage in {passage.id: passage for passage in hits}.values()
        if part.title(passage.source) not in REPORTED
        and not any(r is not False for r in shown[passage.id].right)
    ]
    if not question["answerable"]:
        near = [s for id, s in shown.items() if known[id].source in gold]
        blank = [replace(s, right=(False,) * len(s.spans), answers=()) for s in near]
        if blank:
            yield Example(asked, (*blank[:2], *wrong[:1]))
        return
    if not right:
        return
    others = dice.sample(wrong[:6], min(NEGATIVES, len(wrong[:6])))
    yield Example(misspelt(asked, dice), (*right[:2], *others))
    if len(wrong) > 3 and dice.random() < 0.35:
        yield Example(asked, tuple(wrong[:3]))
    changed = perturbed(asked, [s.text for s in wrong[:6]], dice)
    if changed and dice.random() < 0.35:
        blank = [replace(s, right=(False,) * len(s.spans), answers=()) for s in right[:1]]
        yield Example(changed, (*blank, *others[:1]), 0.5)


def _shown(passage: Passage, question: Row, gold: set[str]) -> Shown:
    """A passage with its sentences judged."""
    text = passage.text
    spans = tuple(
        (start - passage.start, end - passage.start)
        for start, end in sentences(passage.document, passage.start, passage.end)
    )
    facts = [item["fact"] for item in question.get("evidence") or []]
    wanted = facts if facts else [str(answer) for answer in question.get("answers") or []]
    found: list[tuple[int, int]] = []
    right: list[bool | None] = [False] * len(spans)
    for words in wanted:
        pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, words.split())) + r"(?!\w)"
        for match in re.finditer(pattern, text, re.I) if words.strip() else ():
            found.append(match.span())
            for number, (start, end) in enumerate(spans):
                if start < match.end() and match.start() < end:
                    right[number] = True
    if passage.source not in gold:
        # Elsewhere the same words may answer by chance or not at all: nobody knows.
        right = [None if r else r for r in right]
        found = []
    return Shown(frame_of(passage), text, spans, tuple(right), () if facts else tuple(found))


OPPOSITES = [
    tuple(pair.split("/"))
    for pair in [
        "first/last",
        "most/least",
        "largest/smallest",
        "highest/lowest",
        "increase/decrease",
        "increased/decreased",
        "before/after",
        "north/south",
        "northern/southern",
        "east/west",
        "eastern/western",
        "more/fewer",
        "began/ended",
        "begin/end",
        "started/stopped",
        "win/lose",
        "won/lost",
        "early/late",
        "oldest/youngest",
        "longest/shortest",
        "best/worst",
        "major/minor",
        "common/rare",
        "allowed/forbidden",
        "accepted/rejected",
        "supported/opposed",
        "support/oppose",
        "large/small",
        "high/low",
        "positive/negative",
        "public/private",
        "gained/lost",
        "against/for",
        "strong/weak",
        "built/destroyed",
        "found/lost",
        "upper/lower",
    ]
]
NEGATED = {
    "did": "did not", "does": "does not", "do": "do not", "is": "is not", "are": "are not",
    "was": "was not", "were": "were not", "can": "cannot", "has": "has not", "have": "have not",
}  # fmt: skip
NAME = r"(?:[A-Z][\w'-]+)(?:\s+(?:of |the )?[A-Z][\w'-]+)*"


def misspelt(question: str, dice: random.Random) -> str:
    """The question, one in fifteen times with two letters of a longer word swapped."""
    words = [match.span() for match in re.finditer(r"[^\W\d_]{6,}", question)]
    if not words or dice.random() > 1 / 15:
        return question
    start, end = dice.choice(words)
    at = dice.randrange(start + 1, end - 2)
    return question[:at] + question[at + 1] + question[at] + question[at + 2 :]


def perturbed(question: str, others: Sequence[str], dice: random.Random) -> str | None:
    """The question with one thing changed, so that its passage no longer answers it."""
    changes = []
    years = re.findall(r"\b(?:1\d|20)\d\d\b", " ".join(others))
    year = re.search(r"\b(?:1\d|20)\d\d\b", question)
    if year:
        choice = [other for other in years if other != year.group()] or [str(int(year.group()) + 7)]
        changes.append((year.span(), dice.choice(choice)))
    name = re.search(r"(?<=[a-z] )" + NAME, question)
    if name:
        names = re.findall(r"(?<=[a-z] )" + NAME, " ".join(others))
        same = [n for n in names if n.lower() not in question.lower() and len(n) > 3]
        if same:
            changes.append((name.span(), dice.choice(same)))
    for one, other in OPPOSITES:
        for word, opposite in ((one, other), (other, one)):
            match = re.search(rf"\b{word}\b", question)
            if match:
                changes.append((match.span(), opposite))
    verb = re.search(r"\b(?:" + "|".join(NEGATED) + r")\b", question)
    if verb and dice.random() < 0.3:
        changes.append((verb.span(), NEGATED[verb.group()]))
    if not changes:
        return None
    (start, end), new = dice.choice(changes)
    return f"{question[:start]}{new}{question[end:]}"
