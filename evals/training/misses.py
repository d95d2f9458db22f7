"""Questions that look like another one and ask for something else, and yes/no questions.

A near miss has a name, a year, a number or a relation changed, so that the passage no longer
answers. A yes/no question is made from a statement, which answers it whether it says yes or no.
"""

import re
from random import Random

from askdoc.answer.answer_types import AnswerType
from evals.training.words import OPPOSITES, UNCLEAR, finder, groups, others

Change = tuple[tuple[int, int], str]  # a span of the question, and what takes its place

CONTRARY = others(groups(OPPOSITES))
CONTRARIES = finder(CONTRARY)
NEGATED = {
    "did": "did not", "does": "does not", "do": "do not", "is": "is not", "are": "are not",
    "was": "was not", "were": "were not", "can": "cannot", "has": "has not", "have": "have not",
}  # fmt: skip
NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?![\w,.]*\d)")
STATEMENT = re.compile(
    r"(?P<subject>(?:The |A |An |Its |His |Her |Their )?[\w' -]{2,45}?) "
    r"(?P<verb>is|are|was|were|has|have|had|can|could|will|would|must|should) "
    r"(?P<rest>(?:not )?[a-z0-9][^;:()\"\n]{10,140})\."
)
RELATIVE = re.compile(r"\b(?:that|which|who|when|if|because|as|and|while|where|of whom)\b", re.I)
CAUSE = re.compile(r"\b(?:because|since|due|so|reason|as|for|to|result|led|therefore|cause\w*)\b")


def perturbed(question: str, passage: str, beside: str, dice: Random) -> str | None:
    """The question with one thing changed, so that its passage no longer answers it.

    ``beside`` is text to take names and years from.
    """
    changes = [
        *_other_names(question, passage, beside, dice),
        *_other_numbers(question, passage, beside, dice),
        *_other_relations(question, passage, dice),
    ]
    if not changes:
        return None
    (start, end), new = dice.choice(changes)
    return f"{question[:start]}{new}{question[end:]}"


def names(text: str) -> list[str]:
    """What look like names in a text, the first words of sentences left out."""
    return list(dict.fromkeys(name for name in NAME.findall(text) if len(name) > 3))


def other_name(name: str, among: str, known: str, dice: Random) -> str | None:
    """A name of about as many words from a text, that does not occur in what is known."""
    folded = known.casefold()
    found = [
        other
        for other in names(among)
        if other.casefold() not in folded and abs(other.count(" ") - name.count(" ")) < 2
    ]
    return dice.choice(found) if found else None


def _other_names(question: str, passage: str, beside: str, dice: Random) -> list[Change]:
    """Each name of the question, and another one in its place."""
    found: list[Change] = []
    for match in NAME.finditer(question):
        # One that the same passage has makes the nearest miss.
        other = other_name(match.group(), passage, question, dice) if dice.random() < 0.4 else None
        other = other or other_name(match.group(), beside, question + passage, dice)
        if other:
            found.append((match.span(), other))
    return found


def _other_numbers(question: str, passage: str, beside: str, dice: Random) -> list[Change]:
    """Another year or number in the place of one, or a year where there was none."""
    found: list[Change] = []
    years = [year for year in YEAR.findall(beside) if year not in passage + question]
    for match in YEAR.finditer(question):
        year = dice.choice(years) if years else str(int(match.group()) + dice.choice((-7, 4, 9)))
        found.append((match.span(), year))
    for match in NUMBER.finditer(question):
        found.append((match.span(), str(int(match.group()) + dice.choice((1, 2, 5, 10)))))
    end = len(question.rstrip(" ?"))
    if not found and years and not re.match(r"(?:when|what year|in what)", question, re.I):
        found.append(((end, end), f" in {dice.choice(years)}"))
    return found


def _other_relations(question: str, passage: str, dice: Random) -> list[Change]:
    """An opposite, a negation, or another thing asked of the same."""
    found: list[Change] = []
    for match in CONTRARIES.finditer(question):
        other = dice.choice(CONTRARY[match[1]])
        if not re.search(rf"\b{other}\b", passage):
            found.append((match.span(), other))
    verb = finder(NEGATED).search(question)
    if verb and dice.random() < 0.15:
        found.append((verb.span(), NEGATED[verb.group()]))
    lead = re.match(r"(?:Who|Where|What|How|When) (?=did|does|was|were|is|are)", question)
    if lead:
        if not AnswerType.TIME.is_in(passage) and not lead.group().startswith("When"):
            found.append((lead.span(), "When "))
        if not CAUSE.search(passage) and not lead.group().startswith(("What", "Who")):
            found.append((lead.span(), "Why "))
    return found


def asked_whether(statement: str) -> tuple[str, str] | None:
    """The yes/no question that a simple statement answers, and its subject."""
    found = STATEMENT.fullmatch(statement.strip())
    if not found or RELATIVE.search(found["subject"]) or len(found["subject"].split()) > 6:
        return None
    subject, verb, rest = found["subject"], found["verb"], found["rest"]
    if subject.split()[0] in UNCLEAR.split():
        return None
    first = subject.split()[0]
    if first in ("The", "A", "An", "Its", "His", "Her", "Their"):
        subject = first.lower() + subject[len(first) :]
    return f"{verb.capitalize()} {subject} {rest.split(', ')[0]}?", subject


def contradicted(question: str, dice: Random) -> str:
    """A yes/no question with a number or a word turned round: the same words say no to it."""
    changes: list[Change] = [
        (match.span(), str(int(match.group()) + dice.choice((1, 3, 10))))
        for match in (*YEAR.finditer(question), *NUMBER.finditer(question))
    ]
    changes += [
        (match.span(), dice.choice(CONTRARY[match[1]])) for match in CONTRARIES.finditer(question)
    ]
    if not changes:
        return question
    (start, end), new = dice.choice(changes)
    return f"{question[:start]}{new}{question[end:]}"
