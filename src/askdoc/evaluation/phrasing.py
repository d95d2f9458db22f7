"""Questions that a sentence answers, as a person asks them: by rules over its subject and verb.

A rule that does not surely understand a sentence makes nothing of it: there are others.
"""

import re
import tomllib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from askdoc.answer.terms import CAPITAL, CURRENCIES, NUMBERS, OPENERS, SIGNS, any_of
from askdoc.ingest.dates import MONTHS
from askdoc.ingest.words import is_english

_LISTS: dict[str, str] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
FORMS = [row.split() for row in _LISTS["irregular"].replace("\n", " ").split(",")]
PAST = {past: base for base, past, _ in FORMS}
AFTER_BE = {participle: past for _, past, participle in FORMS}
BE = ("is", "are", "was", "were")
MODAL = _LISTS["modal"].split()
HELPING = (*BE, *MODAL, "has", "have", "had", "do", "does", "did")
STANDING, PAYING, SUMS = (_LISTS[name].split() for name in ("standing", "paying", "sums"))
ARTICLES, PREPOSITIONS = (_LISTS[name].split() for name in ("articles", "prepositions"))
RELATIONS = [row.split("/") for row in _LISTS["relations"].split()]

_MONTH = "|".join(month.capitalize() for month in MONTHS)
_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|{any_of(frozenset(NUMBERS) - {'one'})})"
_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_CLOCK = (
    r"(?:\d{1,2}[:.]\d\d(?: ?[ap]m)?|\d{1,2} ?[ap]m|noon|midnight|"
    rf"(?:half past |quarter (?:past|to) )?(?:{_HOURS})"
    r"(?: o'clock| in the (?:morning|afternoon|evening))?)"
    r"(?![\w%]| (?:[a-z]+s|percent|per cent|working)\b)"
)
_DATE = (
    rf"(?:{_DAY},? )?\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTH})(?: \d{{4}})?|(?:{_MONTH}) \d{{1,2}}"
    rf"(?:, \d{{4}})?|(?:{_MONTH})(?: \d{{4}})?|(?:1[5-9]|20)\d\d|(?:{_DAY})"
    rf"(?: (?:morning|afternoon|evening|night)s?)?"
)
_AT = rf"at {_CLOCK}(?![\w%])"
_ON = (
    r"(?:on|in|early in|late in|every|each) (?:the (?:first|second|third|last) )?"
    rf"(?:{_DATE})\b"
)
_POINT = f"(?:{_DATE}|{_CLOCK})"
WHEN = re.compile(
    rf"\b(?:(?P<upto>by|until|since|before|after) {_POINT}|from {_POINT} (?:to|until) {_POINT}|"
    rf"between {_POINT} and {_POINT}|{_ON}(?: {_AT})?|(?P<clock>{_AT})(?: {_ON})?|"
    r"once a (?:week|month|year)|every (?:year|week|month))"
    r"(?![\w-]| \d)"
)
_TIME_UNIT = "(?:second|minute|hour|day|week|month|year)s?"
LONG = re.compile(rf"\b(?:for )?(?:about |at least |up to |only )?{_NUMBER} {_TIME_UNIT}\b")
_CURRENCY = any_of(frozenset(CURRENCIES) - frozenset(SIGNS))
MONEY = re.compile(
    rf"(?:about |only |up to )?(?:[{''.join(SIGNS)}] ?{_NUMBER}|{_NUMBER} (?:{_CURRENCY})\b)"
    rf"(?: (?:a|per|each) \w+| each)?"
)
MANY = re.compile(
    rf"(?:about |around |at least |up to |over |some |nearly |only )?(?P<number>{_NUMBER}) "
    r"(?P<noun>(?:[a-z]+ )?(?:[a-z]{2,}s|people|children|men|women))\b",
)
MEASURED = re.compile(
    r"(?:percent|degrees|times|euros|pounds|dollars|cents|"
    r"(?:second|minute|hour|day|week|month|year)s)\b"
)
NAME = rf"(?:(?:Mr|Mrs|Ms|Dr|Prof)\.? )?{CAPITAL}[\w’'-]+(?: {CAPITAL}[\w’'-]+){{1,2}}"
WHERE = re.compile(
    r"\b(?:in|at|on|near|behind|beside|outside|under|opposite|next to|above|below|inside)"
    rf" (?:(?:the|a|an|our|your) |(?={CAPITAL}))(?!\d)[\w’' -]+$"
)
WHY = re.compile(r",? (?P<why>(?:because|so that|due to|since they|in order to)\b.*)$")
OPEN = re.compile(r" (?:[a-z]+ \d{1,3}|more|and|or|of|to|for|in)$")
PARENTHESES = re.compile(r" \([^()]*\)")
LEFT_OUT = re.compile(r"\b(?:also|therefore|however|then|instead|still|already|now|usually|thus) ")
# What cannot be understood alone, or is no plain statement.
UNCLEAR = re.compile(
    r"[|:;()\[\]“”\"*_—–/]|\.\.|\b(?:it|he|she|they|them|him|this|these|those|that|such|here|both|"
    r"former|latter|same|others?|another|above|below|following|I|my|me|not|no|nor|neither|never|"
    r"[Oo]urs|hers|theirs|mine|cannot|at the time|likewise|then|"
    r"please|who|what|which|whose|when|where|while|how|if|unless|respectively)\b"
)
CUT = re.compile(
    r"[;:] | [–—-] |, "
    r"(?:which|who|where|but|and|so|although|because|while|as|if|when|unless|with)\b"
)
FRONTED = re.compile(
    r"(?P<front>(?:In|On|At|From|Since|By|Until|Between|During|Every|For) [^,]{2,40}), (?P<rest>.+)"
)
TURNED = {"you": "me", "your": "my", "we": "you", "us": "you", "our": "your"}
TURNING = re.compile(rf"\b((?:{'|'.join(HELPING)}) )?\b(you|your|we|our|us)\b", re.I)
LONGEST_SUBJECT = 7  # words
LONGEST = 20  # words of a question


@dataclass(frozen=True, slots=True)
class Phrased:
    """A question, what kind of thing it asks for, and the words of the sentence that answer it.

    A question of yes or no has no such words.
    """

    question: str
    kind: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A plain statement: who or what it is of, its verb as it stands, and the rest."""

    subject: str
    verb: str
    rest: str
    named: bool

    @property
    def base(self) -> str:
        """The verb as it stands after *do*; a helping one as it is."""
        if self.verb in ("has", "had"):
            return "have"
        return self.verb if self.verb in HELPING else base_of(self.verb)

    @property
    def lowered(self) -> str:
        """Its subject as it stands within a sentence."""
        return self.subject if self.named else self.subject[0].lower() + self.subject[1:]

    def without(self, match: re.Match[str]) -> str:
        """The rest but for a part of it."""
        return " ".join((self.rest[: match.start()] + self.rest[match.end() :]).split())

    def asked(self, rest: str) -> str:
        """The statement as what follows *when* or *why*, or asks for yes or no."""
        subject = self.lowered
        participle = re.match(r"\w+ed\b|been\b", rest) or rest.split(" ")[0] in AFTER_BE
        helps = self.verb in (*BE, *MODAL) or (self.verb in ("has", "have", "had") and participle)
        if helps:
            words = [self.verb, subject, rest]
        elif self.verb == PAST.get(self.verb):  # cost, put: of several, it may be either
            words = ["do" if self.subject.endswith("s") else "did", subject, self.verb, rest]
        elif self.verb in PAST or self.verb.endswith("ed"):
            words = ["did", subject, self.base, rest]
        else:
            words = ["does" if self.verb.endswith("s") else "do", subject, self.base, rest]
        return " ".join(" ".join(words).split())


def phrased(sentence: str, names: Set[str] = frozenset()) -> Iterator[Phrased]:
    """The questions that a sentence answers, the most telling first; none of most sentences.

    ``names`` are words that are always written with a capital.
    """
    fact = LEFT_OUT.sub("", PARENTHESES.sub("", " ".join(sentence.split()))).rstrip(".")
    reason = WHY.search(fact)
    main = CUT.split(WHY.sub("", fact))[0]
    if fronted := FRONTED.fullmatch(main):
        front = fronted["front"]
        main = f"{fronted['rest']} {front[0].lower()}{front[1:]}"
        main = main[0].upper() + main[1:]
    if "," in re.sub(r"\d,\d{3}\b|day, \d", "", main):
        return
    there = re.fullmatch(rf"There (?P<be>is|are|was|were) {MANY.pattern}(?P<rest>.*)", main)
    if there and not UNCLEAR.search(main) and not MEASURED.match(there["noun"]):
        asked = f"How many {there['noun']} {there['be']} there{there['rest']}"
        yield Phrased(_turned(asked), "how many", there["number"])
    clause = clause_of(main, names)
    if clause is None:
        return
    if reason and not UNCLEAR.search(reason["why"].replace("that", "", 1)):
        yield Phrased(_turned(f"Why {clause.asked(clause.rest)}"), "why", reason["why"])
    for made in _of(clause):
        if len(made.question.split()) <= LONGEST and not OPEN.search(made.question):
            yield Phrased(_turned(made.question), made.kind, made.answer)


def clause_of(main: str, names: Set[str] = frozenset()) -> Clause | None:
    """A statement in its parts; None where it may have others, or leans on what is around it."""
    words = main.split()
    if UNCLEAR.search(main) or not 4 <= len(words) <= LONGEST + 4:
        return None
    helping = [at for at, word in enumerate(words) if at and word in HELPING]
    lexical = [at for at in range(1, len(words)) if _is_verb(words, at)]
    first = min([*helping, *lexical], default=0)
    if not first or first > LONGEST_SUBJECT or (lexical and helping and lexical[0] < helping[0]):
        return None
    if not helping and len(lexical) > 1:
        return None
    subject, verb = words[:first], words[first]
    after = [word for word in words[first + 1 :] if not word.endswith("ly")][:1]
    if verb == "had" and after and (after[0].endswith("ed") or after[0] in AFTER_BE):
        return None
    opens = subject[0].lower()
    if opens in OPENERS - set(ARTICLES) - {"you", "we"} - set(NUMBERS) or opens in PREPOSITIONS:
        return None
    if opens.endswith(("ing", "ly")) or opens in ("their", "its", "his", "her", "no"):
        return None
    if subject[-1].lower() in (*ARTICLES, *PREPOSITIONS, "and", "or", "to"):
        return None
    named = _is_name(subject, names)
    bare = not (named or opens in (*ARTICLES, *NUMBERS, "you", "we") or opens.isdigit())
    single = not re.search(r"(?:[^s]s|people|children|men|women)$", subject[-1])
    if bare and single and (verb not in HELPING or (verb in MODAL and len(subject) == 1)):
        return None  # a note: *Floor sanded in August*, *Tap drips*; or a name that nobody knows
    rest = _of_one_verb(" ".join(words[first + 1 :]), verb)
    return Clause(" ".join(subject), verb, rest, named)


def base_of(verb: str) -> str:
    """The form of a verb that follows *to*; as it is where it is no other form."""
    if verb in PAST:
        return PAST[verb]
    for end, others in (("ies", ["y"]), ("ied", ["y"]), ("es", ["", "e"]), ("s", [""]),
                        ("ed", ["", "e"])):  # fmt: skip
        if verb.endswith(end):
            stem = verb.removesuffix(end)
            found = [stem + other for other in others if is_verb(stem + other)]
            if stem[-1:] == stem[-2:-1] and is_verb(stem[:-1]):
                found.append(stem[:-1])
            if found:
                return found[0]
    return verb


def is_verb(word: str) -> bool:
    """Whether a word has all forms of a verb; many are nouns, too."""
    if any(word == base for base, _, _ in FORMS):
        return True
    if len(word) < 3 or not is_english(word):
        return False
    stem = word[:-1] if word.endswith("e") else word
    doubled = stem + stem[-1]
    past = word[:-1] + "ied" if word.endswith("y") and word[-2] not in "aeiou" else stem + "ed"
    return (is_english(stem + "ing") and is_english(past)) or (
        is_english(doubled + "ing") and is_english(doubled + "ed")
    )


def _is_verb(words: list[str], at: int) -> bool:
    """Whether a word is likely the verb of its clause, by its form and the word before it."""
    word, before = words[at], words[at - 1]
    low = before.lower()
    if not word.isalpha() or not word.islower() or word in HELPING or low in HELPING:
        return False
    if low in (*ARTICLES, *PREPOSITIONS, "and", "or", "to") or low in NUMBERS or low.isdigit():
        return False
    if word in PAST or (word.endswith("ed") and base_of(word) != word):
        return True
    plural = (low.endswith("s") and not low.endswith(("ss", "us", "is"))) or low in (
        "you", "we", "people", "children", "men", "women",
    )  # fmt: skip
    if plural:
        return at <= 4 and is_verb(word)
    return word.endswith("s") and not word.endswith("ss") and base_of(word) != word and at <= 5


def _of(clause: Clause) -> Iterator[Phrased]:
    """What can be asked of a statement."""
    subject, verb, rest = clause.subject, clause.verb, clause.rest
    person = re.fullmatch(NAME, subject) if clause.named else None
    by = re.fullmatch(rf"(?P<done>\w+) by (?P<who>{NAME})(?P<rest>.*)", rest)
    if by and verb in ("was", "were"):
        past = AFTER_BE.get(by["done"], by["done"])
        yield Phrased(f"Who {past} {clause.lowered}{by['rest']}", "who", by["who"])
    if person and (verb not in BE or rest.startswith(("the ", "our "))):
        yield Phrased(f"Who {verb} {rest}", "who", subject)
    if verb in BE and re.fullmatch(NAME, rest) and subject.startswith(("The ", "Our ")):
        yield Phrased(f"Who {verb} {subject[0].lower()}{subject[1:]}", "who", rest)
    number = MANY.fullmatch(subject[0].lower() + subject[1:])
    if number and not MEASURED.match(number["noun"]):
        yield Phrased(f"How many {number['noun']} {verb} {rest}", "how many", number["number"])
    for of in (_times, _amounts, _places):
        yield from of(clause)
    if verb in BE and re.match(r"(?:a|an) ", rest) and len(subject.split()) <= 4:
        yield Phrased(f"What {clause.asked('')}", "what", rest)
    thing = re.fullmatch(r"(?:the|a|an) [\w’'-]+(?: (?:of )?[\w’'-]+){0,3}", rest)
    further = re.search(rf" (?:{'|'.join(PREPOSITIONS[1:])}|and) ", rest)
    if verb not in HELPING and thing and not further:
        yield Phrased(f"What {clause.asked('')}", "what", rest)
    if verb in MODAL or (verb in BE and not re.match(r"(?:a|an|the) ", rest)):
        yield Phrased(clause.asked(rest), "yes or no")


def _times(clause: Clause) -> Iterator[Phrased]:
    """What asks when something is, or for how long."""
    verb, rest = clause.verb, clause.rest
    plain = verb not in BE or not (rest.split(" ")[0].lower() in ARTICLES or rest[:1].isupper())
    for when in WHEN.finditer(rest) if plain else ():
        word = {"by": "By when", "until": "Until when", "since": "Since when"}.get(
            when["upto"] or "", "At what time" if re.fullmatch(_AT, when[0]) else "When"
        )
        left, before = clause.without(when), rest[: when.start()].split()
        modifies = len(before) > 1 and (before[-1].endswith("ed") or before[-1] in AFTER_BE)
        joined = before[-1:] and before[-1] in ("and", "or", "from", "between")
        so_far = verb in ("has", "have") and when["upto"] != "since"
        if not (modifies or joined or so_far or WHEN.search(left)):
            yield Phrased(f"{word} {clause.asked(left)}", "when", when[0])
    long = LONG.search(rest)
    whole = clause.base in ("take", "last", *BE)
    if long and (long[0].startswith("for ") or (whole and long[0] == rest)):
        yield Phrased(f"How long {clause.asked(clause.without(long))}", "how long", long[0])


def _amounts(clause: Clause) -> Iterator[Phrased]:
    """What asks for a sum of money or a number, where that stands behind the verb."""
    money, many = MONEY.match(clause.rest), MANY.match(clause.rest)
    if money and clause.base in PAYING:
        left = clause.without(money)
        much = "What" if clause.verb in BE and clause.subject.split()[-1] in SUMS else "How much"
        if not re.match(r"(?:and|or|to)\b", left):
            yield Phrased(f"{much} {clause.asked(left)}", "how much", money[0])
    if many and clause.verb not in BE and not MEASURED.match(many["noun"]):
        left = clause.without(many)
        if not re.match(r"(?:and|or|of)\b|[a-z]+s\b", left):
            asked = f"How many {many['noun']} {clause.asked(left)}"
            yield Phrased(asked, "how many", many["number"])


def _places(clause: Clause) -> Iterator[Phrased]:
    """What asks where something is, or is done."""
    where = WHERE.search(clause.rest)
    if where is None or WHEN.search(where[0]):
        return
    left = clause.rest[: where.start()].split()
    is_there = clause.verb in BE and (not left or left[0] in STANDING)
    if (clause.base in STANDING or is_there) and len(left) <= 3:
        yield Phrased(f"Where {clause.asked(' '.join(left))}", "where", where[0])


def _of_one_verb(rest: str, verb: str) -> str:
    """What stands behind a verb, up to a second one that *and* joins to it."""
    for match in re.finditer(r" (?:and|but|or) (\w+)", rest):
        word = match[1]
        past = word.endswith("ed") and (verb in PAST or verb.endswith("ed"))
        finite = past or word in HELPING or word in PAST
        if finite or (verb.endswith("s") and word.endswith("s") and base_of(word) != word):
            return rest[: match.start()]
    return rest


def _is_name(subject: list[str], names: Set[str]) -> bool:
    """Whether the capital that a subject begins with is that of a name."""
    first = subject[0]
    if first in names or not first[1:].islower():
        return first in names or len(first) > 1
    capital = len(subject) > 1 and subject[1][:1].isupper()
    return first.lower() not in ARTICLES and (capital or not is_english(first.split("-")[0]))


def _turned(question: str) -> str:
    """A question as a reader asks it: *must you* as *must I*, *do we* as *do you*."""
    words = question.rstrip(" .") + "?"

    def other(match: re.Match[str]) -> str:
        word = match[2].lower()
        turned = "I" if word == "you" and match[1] else TURNED[word]
        return (match[1] or "") + turned

    words = re.sub(
        rf"\b((?:{'|'.join(HELPING)}) )?\b(you|your|we|our|us)\b", other, words, flags=re.I
    )
    words = re.sub(r"\b(?:are|Are) I\b", "am I", words)
    return words[0].upper() + words[1:]
