"""Measures verifying: what it catches of sentences changed on purpose, what it flags wrongly.

python -m evals.verify DATA [--out evals/results]

DATA holds the sets, a folder each. Sentences of their documents are changed by script, a kind at a
time, and held against the sentence they were made from and against the passage around it; people's
answers of CLAP-NQ are held against the sentences they rest on. The half of the documents that is
reported is not the one on which its numbers were chosen (--half tune).
"""

import calendar
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import typer

from askdoc.answer.verify.claims import unsupported
from askdoc.ingest.blocks import structure
from askdoc.ingest.chunker import chunk, sentences
from askdoc.types import Document
from evals.sets import REPORTED, TUNED, Row, lines, part_of, source_of
from evals.tables import keep

SETS = ("squad2", "multihoprag", "hotpotqa_sample", "clapnq_dev", "tatqa_dev", "mtrag_subset")
MOST = 200  # sentences of a set
SHORT, LONG = 40, 400  # characters of a sentence
PASSAGE = 600  # characters of a passage

YEAR = re.compile(r"(?<![\d,.$£€-])(?:1[5-9]|20)\d\d(?![\d,%]|\.\d)")
MONTHS, WEEKDAYS = calendar.month_name[1:], calendar.day_name[:]
MONTH = re.compile(rf"\b(?:{'|'.join(month for month in MONTHS if month != 'May')})\b")
WEEKDAY = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)})\b")
DAY = re.compile(
    rf"(?<=(?:\w{{3}}|.ay) )[0-3]?\d(?=, \d{{4}})|\b[0-3]?\d(?= (?:{'|'.join(MONTHS)}))"
)
COUNTS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("twenty", "thirty", "fifty"),
)
COUNT = re.compile(rf"\b(?:{'|'.join(COUNTS)})\b")
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w,.]\d|\w)")
NAME = re.compile(r"(?<=[a-z,] )(?!I\b)[A-Z][a-z]+(?:[-'][A-Z]?[a-z]+)?(?: [A-Z][a-z]+)*\b(?!')")
UNITS = [
    group.split()
    for group in (
        "kilometres miles metres feet", "kilometers miles meters", "km mi",
        "million billion thousand",
        "days weeks months years hours minutes", "day week month year", "dollars euros pounds",
        "percent degrees", "tons kilograms pounds", "inches feet yards", "decades centuries years",
        "$ € £",
    )
]  # fmt: skip
UNIT = re.compile(
    rf"(?<=[\dnoexyteu] )(?:{'|'.join(unit for group in UNITS[:-1] for unit in group)})\b(?! ago)"
)
SIGN = re.compile(r"[$€£](?= ?\d)")
AFTER_NUMBER = re.compile(rf"(?:\d|\b(?:{'|'.join(COUNTS)}|hundred|million)) $")
VERB = re.compile(
    r"\b(?:is|are|was|were|has been|have been|had been|can|could|will|would|should|must|did|does|"
    r"do)\b"
    r"(?= (?!not\b|n't|never\b|no\b|only\b)[a-z])"
)
DENIAL = re.compile(
    r" not\b(?! only)|(?<=[a-z])n't\b| never\b|(?<=can)not\b|\bno longer |\bwithout\b"
)


@dataclass(frozen=True)
class Taken:
    """A sentence of a set, with its passage, another sentence of its document, and its title."""

    text: str
    passage: str
    other: str
    title: str
    names: Sequence[str]
    stranger: str


def part_of_document(name: str, row: dict[str, str]) -> str:
    """``tune`` or ``report``; a paragraph of squad2 goes with its article."""
    halves = (("tune", 0.5), ("report", 0.5))
    title = str(row["title"]).replace("_", " ")
    if name == "squad2" and title in REPORTED | TUNED:
        return "report" if title in REPORTED else "tune"
    return part_of(title if name == "squad2" else source_of(str(row["id"])), halves)


def taken(data: Path, name: str, half: str, most: int) -> list[Taken]:
    """Sentences of one half of a set's documents, in a fixed random order, one a document first."""
    rows = [
        row for row in lines(data / name / "corpus.jsonl") if part_of_document(name, row) == half
    ]
    chance = random.Random(name)
    chance.shuffle(rows)
    names = [name for row in rows for name in NAME.findall(row["text"])]
    found: list[Taken] = []
    for row in rows:
        document = Document("", row["title"], row["text"], "", structure(row["text"]))
        spans = sentences(document, 0, len(document.text))
        passages = chunk(document, PASSAGE)
        good = [span for span in spans if SHORT <= span[1] - span[0] <= LONG]
        per = min(len(good), max(1, -(-most // len(rows))))
        for start, end in chance.sample(good, per) if len(spans) > 2 else ():
            around = [each for each in passages if each.start <= start and end <= each.end]
            others = [document.text[a:b] for a, b in good if (a, b) != (start, end)]
            text = document.text[start:end]
            if around and others and "|" not in text and re.search(r"[a-z]{3} [a-z]", text):
                other, some = chance.choice(others), chance.sample(names, min(40, len(names)))
                stranger = found[-40].text if len(found) >= 40 else ""  # of another document
                found.append(Taken(text, around[0].text, other, row["title"], some, stranger))
        if len(found) >= most:
            break
    return found[:most]


Change = Callable[[Taken, random.Random], str | None]


def changed(
    found: Callable[[str, random.Random], Sequence[re.Match[str]]],
    new: Callable[[re.Match[str], Taken, random.Random], str | None],
) -> Change:
    """One of what is found in a sentence, something else in its place."""

    def change(item: Taken, chance: random.Random) -> str | None:
        if matches := found(item.text, chance):
            match = chance.choice(matches)
            text = new(match, item, chance)
            if text is not None:
                return item.text[: match.start()] + text + item.text[match.end() :]
        return None

    return change


def every(pattern: re.Pattern[str]) -> Callable[[str, random.Random], Sequence[re.Match[str]]]:
    """All that a pattern finds."""
    return lambda text, chance: list(pattern.finditer(text))


def other(words: Sequence[str], than: str, chance: random.Random) -> str:
    """Another one of some words."""
    return chance.choice([word for word in words if word != than])


def numbers(text: str, chance: random.Random) -> Sequence[re.Match[str]]:
    """The numbers that are no years and no days."""
    digits = [
        match for match in NUMBER.finditer(text)
        if not YEAR.fullmatch(match[0]) and not DAY.match(text, match.start())
    ]  # fmt: skip
    return [*digits, *COUNT.finditer(text)]


def other_number(match: re.Match[str], item: Taken, chance: random.Random) -> str:
    """Another word for a number, or one digit of it changed."""
    number = match[0]
    if number in COUNTS:
        return other(COUNTS, number, chance)
    at = chance.choice([at for at, sign in enumerate(number) if sign.isdigit()])
    return number[:at] + other("123456789", number[at], chance) + number[at + 1 :]


def dates(text: str, chance: random.Random) -> Sequence[re.Match[str]]:
    """The years, months, weekdays or days."""
    kinds = [pattern for pattern in (YEAR, MONTH, WEEKDAY, DAY) if pattern.search(text)]
    return list(chance.choice(kinds).finditer(text)) if kinds else []


def other_date(match: re.Match[str], item: Taken, chance: random.Random) -> str:
    """Another year, month, weekday or day."""
    if match.re in (MONTH, WEEKDAY):
        return other(MONTHS if match.re is MONTH else WEEKDAYS, match[0], chance)
    if match.re is DAY:
        return str(int(match[0]) % 28 + chance.randint(1, 2))
    return str(int(match[0]) + chance.choice((-10, -2, -1, 1, 2, 10)))


def units(text: str, chance: random.Random) -> Sequence[re.Match[str]]:
    """The units after a number, and the currencies before one."""
    after = [
        match for match in UNIT.finditer(text)
        if AFTER_NUMBER.search(text[max(0, match.start() - 12) : match.start()])
    ]  # fmt: skip
    return [*after, *SIGN.finditer(text)]


def other_unit(match: re.Match[str], item: Taken, chance: random.Random) -> str:
    """Another unit of the same kind."""
    return other(next(group for group in UNITS if match[0] in group), match[0], chance)


def other_name(match: re.Match[str], item: Taken, chance: random.Random) -> str | None:
    """A name that the passage does not have."""
    there = (item.passage + item.title).lower()
    is_date = match[0] in (*MONTHS, *WEEKDAYS)
    return next((n for n in item.names if not is_date and n.lower() not in there), None)


def denied(match: re.Match[str], item: Taken, chance: random.Random) -> str | None:
    """A verb denied, in a sentence that denies nothing."""
    if DENIAL.search(item.text):
        return None
    first, *rest = match[0].split()
    verb = "cannot" if first == "can" else f"{first} {chance.choice(('not', 'not', 'never'))}"
    return " ".join((verb, *rest))


def exchanged(pattern: re.Pattern[str]) -> Change:
    """Two of what a pattern finds in a sentence, in each other's place."""

    def change(item: Taken, chance: random.Random) -> str | None:
        pairs = [
            (one, other)
            for one, other in combinations(pattern.finditer(item.text), 2)
            if one[0].lower() not in other[0].lower() and other[0].lower() not in one[0].lower()
        ]
        if not pairs:
            return None
        text, (one, other) = item.text, chance.choice(pairs)
        middle = text[one.end() : other.start()]
        return text[: one.start()] + other[0] + middle + one[0] + text[other.end() :]

    return change


def invented(item: Taken, chance: random.Random) -> str | None:
    """A sentence without numbers of another document, with names of the passage put in."""
    names = sorted(set(NAME.findall(item.passage)))
    if not names or re.search(r"\d", item.stranger) or not NAME.search(item.stranger):
        return None
    return NAME.sub(lambda _: chance.choice(names), item.stranger)


KINDS: dict[str, Change] = {
    "number changed": changed(numbers, other_number),
    "date changed": changed(dates, other_date),
    "unit changed": changed(units, other_unit),
    "name replaced": changed(every(NAME), other_name),
    "names exchanged": exchanged(NAME),
    "numbers exchanged": exchanged(NUMBER),
    "denial added": changed(every(VERB), denied),
    "denial removed": changed(
        every(DENIAL), lambda match, *_: "with" if match[0] == "without" else ""
    ),
    "invented, with names of the passage": invented,
}


Claims = list[tuple[str, list[str], str]]
"""Sentences, each with the quotes that it cites, and its context."""


def persons(data: Path, half: str) -> dict[str, Claims]:
    """Sentences that people wrote as answers; the evidence belongs to the first answer of each."""
    first: Claims = []
    further: Claims = []
    passage: Claims = []
    rows = {row["id"]: row for row in lines(data / "clapnq_dev" / "corpus.jsonl")}
    for question in lines(data / "clapnq_dev" / "queries.jsonl"):
        row = rows.get(next(iter(question["gold_ids"]), ""))
        quotes = [each["fact"] for each in question["evidence"]]
        if not (row and question["answerable"] and quotes):
            continue
        if part_of_document("clapnq_dev", row) != half:
            continue
        context = f"{row['title']}\n{question['question']}"
        for number, answer in enumerate(question["answers"]):
            document = Document("", "", answer, "", structure(answer))
            for start, end in sentences(document, 0, len(answer)):
                if end - start >= SHORT:
                    further.append((answer[start:end], quotes, context))
                    passage.append((answer[start:end], [row["text"]], context))
                    first += further[-1:] if number == 0 else []
    return {
        "a person's answer, citing its evidence": first,
        "also further persons', citing the first one's evidence": further,
        "all of them, citing the passage": passage,
    }


def measure(data: Path, half: str, most: int) -> Row:
    """The table by kind, the false alarms, and the time of a sentence."""
    items = [item for name in SETS for item in taken(data, name, half, most)]
    right: dict[str, Claims] = {
        "a sentence, citing itself": [(i.text, [i.text], i.title) for i in items],
        "a sentence, citing its passage": [(i.text, [i.passage], i.title) for i in items],
    }
    began = time.perf_counter()
    alarms = {which: flagged(claims) for which, claims in right.items()}
    seconds = time.perf_counter() - began
    alarms |= {which: flagged(claims) for which, claims in persons(data, half).items()}
    caught: Row = {}
    for kind, change in KINDS.items():
        chance = random.Random(kind)
        made = [(t, i) for i in items if (t := change(i, chance)) and t != i.text]
        within = flagged([(text, [item.passage], item.title) for text, item in made])
        caught[kind] = {
            "sentences": len(made),
            "caught": flagged([(text, [item.text], item.title) for text, item in made])["flagged"],
            "caught within its passage": within["flagged"],
        }
    others = flagged([(item.text, [item.other], item.title) for item in items])
    caught["another sentence of the document"] = {
        "sentences": len(items),
        "caught": others["flagged"],
        "caught within its passage": "",
    }
    return {
        "half": half,
        "caught": caught,
        "false alarms": alarms,
        "speed": {"milliseconds a sentence": 1000 * seconds / (2 * len(items))},
    }


def flagged(claims: Claims) -> Row:
    """How many sentences there are, and the share in which a problem was found."""
    found = [bool(unsupported(*claim)) for claim in claims]
    return {"sentences": len(found), "flagged": statistics.fmean(found)}


def main(
    data: Path,
    half: Literal["tune", "report"] = "report",
    most: int = MOST,
    out: Path | None = None,
) -> None:
    """Measures what verifying catches and what it flags wrongly; --most sentences of a set."""
    keep(measure(data, half, most), out, "verify.json")


if __name__ == "__main__":
    typer.run(main)
