"""Measures verifying: what it catches of sentences changed on purpose, what it flags wrongly.

python -m evals.verify DATA [--out evals/results]

DATA holds the sets, a folder each. Sentences of their documents are changed by script, a kind at a
time, and held against the sentence they were made from and against the passage around it; people's
answers of CLAP-NQ are held against the sentences they rest on. The half of the documents that is
reported is not the one on which its numbers were chosen (--half tune).
"""

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from askdoc.answer.verify.claims import unsupported
from askdoc.ingest.blocks import structure
from askdoc.ingest.chunker import chunk, sentences
from askdoc.types import Document
from evals.sets import REPORTED, TUNED, Row, lines, part_of, source_of
from evals.tables import rounded

SETS = ("squad2", "multihoprag", "hotpotqa_sample", "clapnq_dev", "tatqa_dev", "mtrag_subset")
MOST = 200  # sentences of a set
SHORT, LONG = 40, 400  # characters of a sentence
PASSAGE = 600  # characters of a passage

YEAR = re.compile(r"(?<![\d,.$£€-])(?:1[5-9]|20)\d\d(?![\d,%]|\.\d)")
MONTHS = "January February March April May June July August September October November December"
MONTH = re.compile(rf"\b(?:{MONTHS.replace(' ', '|').replace('|May', '')})\b")
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
WEEKDAY = re.compile(rf"\b(?:{WEEKDAYS.replace(' ', '|')})\b")
DAY = re.compile(
    rf"(?<=(?:\w{{3}}|.ay) )[0-3]?\d(?=, \d{{4}})|\b[0-3]?\d(?= (?:{MONTHS.replace(' ', '|')}))"
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
    )
]  # fmt: skip
UNIT = re.compile(
    rf"(?<=[\dnoexyteu] )(?:{'|'.join({unit for group in UNITS for unit in group})})\b(?! ago)"
)
AFTER_NUMBER = re.compile(rf"(?:\d|\b(?:{'|'.join(COUNTS)}|hundred|million)) $")
CURRENCIES = "$€£"
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
    names: tuple[str, ...]
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
    found: list[Taken] = []
    names: list[str] = []
    strangers = [""]
    for row in rows:
        names += NAME.findall(row["text"])
    per = max(1, -(-most // max(1, len(rows))))
    for row in rows:
        source, text = source_of(str(row["id"])), row["text"]
        document = Document(source, row["title"], text, "", structure(text))
        spans = sentences(document, 0, len(document.text))
        if len(spans) < 3:
            continue
        passages = chunk(document, PASSAGE)
        good = [span for span in spans if SHORT <= span[1] - span[0] <= LONG]
        for start, end in chance.sample(good, min(len(good), per)):
            around = [each for each in passages if each.start <= start and end <= each.end]
            text = document.text[start:end]
            if not around or "|" in text or not re.search(r"[a-z]{3} [a-z]", text):
                continue
            others = [document.text[a:b] for a, b in good if (a, b) != (start, end)]
            if not others:
                continue
            found.append(
                Taken(text, around[0].text, chance.choice(others), row["title"],
                      tuple(chance.sample(names, min(40, len(names)))), strangers[-1])
            )  # fmt: skip
            strangers = [text, *strangers][:40]
        if len(found) >= most:
            break
    return found[:most]


Change = Callable[[Taken, random.Random], str | None]


def _at(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _pick(pattern: re.Pattern[str], text: str, chance: random.Random) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return chance.choice(found) if found else None


def number(item: Taken, chance: random.Random) -> str | None:
    """A number that is no year, changed."""
    found = [
        match for match in NUMBER.finditer(item.text)
        if not YEAR.fullmatch(match[0]) and not DAY.match(item.text, match.start())
    ] + list(COUNT.finditer(item.text))  # fmt: skip
    if not found:
        return None
    match = chance.choice(found)
    if match[0] in COUNTS:
        return _at(item.text, match, chance.choice([word for word in COUNTS if word != match[0]]))
    places = [at for at, sign in enumerate(match[0]) if sign.isdigit()]
    at = chance.choice(places)
    digits = "123456789".replace(match[0][at], "")
    return _at(item.text, match, match[0][:at] + chance.choice(digits) + match[0][at + 1 :])


def date(item: Taken, chance: random.Random) -> str | None:
    """A year, month, day or weekday changed."""
    kinds = [pattern for pattern in (YEAR, MONTH, WEEKDAY, DAY) if pattern.search(item.text)]
    if not kinds:
        return None
    pattern = chance.choice(kinds)
    match = chance.choice(list(pattern.finditer(item.text)))
    if pattern in (MONTH, WEEKDAY):
        words = (MONTHS if pattern is MONTH else WEEKDAYS).split()
        return _at(item.text, match, chance.choice([word for word in words if word != match[0]]))
    if pattern is DAY:
        return _at(item.text, match, str(int(match[0]) % 28 + chance.randint(1, 2)))
    return _at(item.text, match, str(int(match[0]) + chance.choice((-10, -2, -1, 1, 2, 10))))


def name(item: Taken, chance: random.Random) -> str | None:
    """A name replaced by one that the passage does not have."""
    match = _pick(NAME, item.text, chance)
    if match is None or match[0] in (MONTHS + WEEKDAYS).split():
        return None
    there = (item.passage + item.title).lower()
    new = [each for each in item.names if each.lower() not in there]
    return _at(item.text, match, new[0]) if new else None


def exchanged(pattern: re.Pattern[str]) -> Change:
    """Two of what a pattern finds in a sentence, in each other's place."""

    def change(item: Taken, chance: random.Random) -> str | None:
        text, matches = item.text, list(pattern.finditer(item.text))
        pairs = [
            (one, other)
            for at, one in enumerate(matches)
            for other in matches[at + 1 :]
            if one[0].lower() not in other[0].lower() and other[0].lower() not in one[0].lower()
        ]
        if not pairs:
            return None
        one, other = chance.choice(pairs)
        middle = text[one.end() : other.start()]
        return text[: one.start()] + other[0] + middle + one[0] + text[other.end() :]

    return change


def denial_added(item: Taken, chance: random.Random) -> str | None:
    """A verb denied."""
    match = _pick(VERB, item.text, chance)
    if match is None or DENIAL.search(item.text):
        return None
    first, *rest = match[0].split()
    denied = {"can": "cannot"}.get(first, f"{first} {chance.choice(('not', 'not', 'never'))}")
    return _at(item.text, match, " ".join((denied, *rest)))


def denial_removed(item: Taken, chance: random.Random) -> str | None:
    """A denial left out."""
    match = _pick(DENIAL, item.text, chance)
    if match is None:
        return None
    return _at(item.text, match, "with" if match[0] == "without" else "")


def unit(item: Taken, chance: random.Random) -> str | None:
    """A unit replaced by another."""
    found = [
        match for match in UNIT.finditer(item.text)
        if AFTER_NUMBER.search(item.text[max(0, match.start() - 12) : match.start()])
    ] + list(re.finditer(r"[$€£](?= ?\d)", item.text))  # fmt: skip
    if not found:
        return None
    match = chance.choice(found)
    if match[0] in CURRENCIES:
        return _at(item.text, match, chance.choice(CURRENCIES.replace(match[0], "")))
    group = next(group for group in UNITS if match[0] in group)
    return _at(item.text, match, chance.choice([other for other in group if other != match[0]]))


def invented(item: Taken, chance: random.Random) -> str | None:
    """A sentence without numbers of another document, with names of the passage put in."""
    names = sorted(set(NAME.findall(item.passage)))
    if not names or re.search(r"\d", item.stranger) or not NAME.search(item.stranger):
        return None
    return NAME.sub(lambda _: chance.choice(names), item.stranger)


KINDS: dict[str, Change] = {
    "number changed": number,
    "date changed": date,
    "unit changed": unit,
    "name replaced": name,
    "names exchanged": exchanged(NAME),
    "numbers exchanged": exchanged(NUMBER),
    "denial added": denial_added,
    "denial removed": denial_removed,
    "invented, with names of the passage": invented,
}


def answers(data: Path, half: str) -> Iterator[tuple[bool, str, list[str], str, str]]:
    """Sentences that people wrote as answers.

    Whether it is of the first answer to its question, to which the evidence belongs; the sentence,
    the evidence, the whole passage, and the context.
    """
    rows = {row["id"]: row for row in lines(data / "clapnq_dev" / "corpus.jsonl")}
    for question in lines(data / "clapnq_dev" / "queries.jsonl"):
        if not question["answerable"] or not question["evidence"]:
            continue
        gold = question["gold_ids"][0]
        if part_of_document("clapnq_dev", rows[gold]) != half:
            continue
        quotes = [each["fact"] for each in question["evidence"]]
        context = f"{rows[gold]['title']}\n{question['question']}"
        for number, answer in enumerate(question["answers"]):
            document = Document("", "", answer, "", structure(answer))
            for start, end in sentences(document, 0, len(answer)):
                if end - start >= SHORT:
                    yield not number, answer[start:end], quotes, rows[gold]["text"], context


def measure(data: Path, half: str, most: int) -> Row:
    """The table by kind, the false alarms, and the time of a sentence."""
    items = [item for name in SETS for item in taken(data, name, half, most)]
    seconds = 0.0
    alarms: Row = {
        "a sentence, citing itself": {"sentences": len(items), "flagged": 0.0},
        "a sentence, citing its passage": {"sentences": len(items), "flagged": 0.0},
    }
    for item in items:
        for which, quote in zip(alarms, (item.text, item.passage), strict=True):
            begun = time.perf_counter()
            flagged = unsupported(item.text, [quote], item.title)
            seconds += time.perf_counter() - begun
            alarms[which]["flagged"] += bool(flagged) / len(items)
    table: Row = {}
    for kind, change in KINDS.items():
        chance = random.Random(kind)
        changed = [(item, change(item, chance)) for item in items]
        made = [(item, text) for item, text in changed if text and text != item.text]
        table[kind] = {
            "sentences": len(made),
            "caught": _share(unsupported(text, [item.text], item.title) for item, text in made),
            "caught within its passage": _share(
                unsupported(text, [item.passage], item.title) for item, text in made
            ),
        }
    table["another sentence of the document"] = {
        "sentences": len(items),
        "caught": _share(unsupported(item.text, [item.other], item.title) for item in items),
        "caught within its passage": "",
    }
    alarms |= persons(data, half)
    return {
        "half": half,
        "caught": table,
        "false alarms": alarms,
        "speed": {"milliseconds a sentence": 1000 * seconds / (2 * len(items))},
    }


def persons(data: Path, half: str) -> Row:
    """The false alarms on answers that people wrote."""
    every = list(answers(data, half))
    flagged = {
        "a person's answer, citing its evidence": [
            unsupported(text, evidence, context)
            for first, text, evidence, _, context in every
            if first
        ],
        "also further persons', citing the first one's evidence": [
            unsupported(text, evidence, context) for _, text, evidence, _, context in every
        ],
        "all of them, citing the passage": [
            unsupported(text, [passage], context) for _, text, _, passage, context in every
        ],
    }
    return {
        which: {"sentences": len(found), "flagged": _share(found)}
        for which, found in flagged.items()
    }


def _share(found: Iterable[Sequence[str]]) -> float:
    """The share of the sentences in which a problem was found."""
    return statistics.fmean(map(bool, found))


def main() -> None:
    """Reads the command line, measures, and with --out writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--most", type=int, default=MOST, help="sentences of a set, at most")
    parser.add_argument("--out", type=Path, help="a folder for the figures")
    arguments = parser.parse_args()
    figures = rounded(measure(arguments.data, arguments.half, arguments.most))
    print(json.dumps(figures, indent=1))
    if arguments.out:
        text = json.dumps(figures, indent=2) + "\n"
        (arguments.out / "verify.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
