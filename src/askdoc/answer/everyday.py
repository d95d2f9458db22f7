"""Turns that are no questions about what the documents say, recognised by their meaning.

*Hello*, *what can you do?*, *what documents do you have?*, *summarise csto.docx*: none of them
needs a language model. The bundled embedder compares them with `everyday.toml`, whichever one the
index has, so that the distances are always the same; whatever is in doubt is a question. What asks
for documents that mention something is told by its form: the words of its topic would mislead.
"""

import functools
import json
import math
import re
import tomllib
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import mul
from pathlib import Path
from typing import NamedTuple

from askdoc.answer.query import History
from askdoc.answer.spelling import is_frequent
from askdoc.answer.telling import spelled_out, telling
from askdoc.answer.terms import CONTRACTED, any_of
from askdoc.index.embedder import embedder
from askdoc.index.index import Index
from askdoc.index.manifest import Titles
from askdoc.ingest.dates import date_asked
from askdoc.settings import BUNDLED
from askdoc.tuning import EVERYDAY, EVERYDAY_WORDS, NAME_WORDS

# What is denied, also without an apostrophe; no summary is asked for with it.
DENIED = frozenset(word for word in CONTRACTED.split() if word.endswith("nt"))
DENIAL = re.compile(rf"n['’]t\b|\b(?:not|never|{any_of(DENIED)})\b", re.I)
PHRASINGS: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)
WEIGHTS = Path(__file__).with_suffix(".json")
QUESTION = "question"  # the phrasings of what is no everyday turn
DOCUMENT = "the document"  # what the name of one is put as
WORD = re.compile(r"\w[\w'’-]*")
FACT = re.compile(r"\d|(?<!^)(?<![.!?] )\b[A-Z]\w+")  # a number, or a name inside a sentence
KINDS_OF_PAPER = frozenset(
    re.findall(
        r"\w+",
        "agenda article briefing brochure contract guide handbook interview invoice leaflet letter"
        " manual memo minutes newsletter notes policy programme report rules statutes",
    )
)
OFFERS = re.compile(r"\b(?:have|has|got|sell|offer|serve|there)\b", re.I)  # what there may be
SHORT_FORM = re.compile(r"['’](?:s|re|m|ll|ve|d|t)\b", re.I)  # of a verb, as in "what's"
# What people say before they say something: *ah ok thanks*.
OH = re.compile(
    r"(?:(?:a+h+|o+h+|ok(?:ay)?|h+m+|well|so|right|great|cool|and|but)\b[\s,.!]*)+(?=\w)", re.I
)
_FILES = r"(?:documents?|files?|papers?|docs|texts?|sources?|minutes|letters?|reports?|notes)"
_TELL = (
    r"(?:mentions?|talks? (?:about|of)|speaks? (?:about|of)|refers? to|contains?|"
    r"says? (?:any|some)thing (?:about|on)|discuss(?:es)?|deals? with|(?:is|are) about|"
    r"tells? (?:about|of)|has|have)"
)
# What asks for documents, and not for what they say.
MENTIONING = re.compile(
    rf"\W*(?:and |so |please )?(?:(?:in )?(?:which|what) {_FILES} "
    rf"(?:{_TELL} (?P<one>.+?)|(?:is|are|was|were) (?P<date>(?:from|of|dated) .+?)|"
    rf"(?:is|are|was|were) (?P<two>.+?) (?:mentioned|named|discussed))|"
    rf"where (?:is|are|was|were) (?P<three>.+?) (?:mentioned|discussed)|"
    rf"(?:find|list|show(?: me)?|name) (?:all |every |the )?{_FILES} "
    rf"(?:about|on|that {_TELL}|which {_TELL}) (?P<four>.+?))\W*",
    re.I,
)
# What goes on with the question before it: *and a cat?*
GOES_ON = re.compile(r"\W*(?:and|or|but) (?:an?|the|for|if|on|in|at|with|my)\b", re.I)
HISTORY = 40  # earlier turns that are looked through
BEGIN, END = r"(?<![\w-])", r"(?![\w-])"  # of a name that is no part of a longer one
SHORTEST = 3  # letters of a name
STEM_PARTS = 3  # of a stem like rome-statute, from which on it is no ordinary word
TITLE_WORDS = 4  # from which on a title is not the name of a thing as well


class Kind(StrEnum):
    """What an everyday turn wants."""

    GREETING = "greeting"
    THANKS = "thanks"
    CHAT = "small talk"
    COMPLAINT = "complaint"
    HELP = "help"
    DOCUMENTS = "documents"
    OVERVIEW = "overview"
    SUMMARY = "summary"
    AUTHOR = "author"
    PAGES = "pages"
    NEWS = "news"
    MENTIONS = "mentions"


ABOUT = ("summary", "contents", "overview")  # phrasings that want to know what is in something


@dataclass(frozen=True, slots=True)
class Turn:
    """An everyday turn: what it wants, and the document that it is about, if it is about one.

    ``topic`` is what documents are looked for by, among ``sources``, all where there are none.
    """

    kind: Kind
    source: str = ""
    topic: str = ""
    sources: tuple[str, ...] = ()


def recognise(text: str, index: Index, sources: Sequence[str] = ()) -> Turn | None:
    """What everyday turn a text is; None where it is a question, also where that is in doubt.

    ``sources`` are the documents that the conversation is kept to, all where there are none.
    """
    if len(WORD.findall(text)) > EVERYDAY_WORDS + NAME_WORDS or GOES_ON.match(text):
        return None
    if wanted := _mentioning(text, index, sources):
        return wanted
    titles = index.titles()
    source, rest, surely = mentioned(text.strip(), titles)
    rest = rest[len(opened[0]) :] if (opened := OH.match(rest)) else rest
    words = WORD.findall(SHORT_FORM.sub("", rest))
    beside = [word for word in words if telling(word) - _everyday_terms()]
    known = [word for word in beside if index.knows(telling(word))]
    # "What does rules.md say about members?" is a question, though a document is named, and so is
    # "why didn't the treaty help".
    if (source and (known or DENIAL.search(rest))) or not all(map(is_frequent, known)):
        return None
    if len(words) > EVERYDAY_WORDS or (beside and FACT.search(rest)):
        return None
    plain = spelled_out(rest.casefold()).rstrip("?!. ")
    kind = _kinds().get(plain) or _kind(rest)
    if (kind == Kind.HELP and known) or (kind == Kind.CHAT and beside and OFFERS.search(rest)):
        return None  # "can I pay cash?", "do you have a shower"
    if source:
        kind = "contents" if kind == "documents" else kind
        # "What is the treaty about?" asks for the treaty, not for treaty.md.
        if kind not in (*ABOUT, "author", "pages") or not (surely or kind == "summary"):
            return None
    among = sources or titles
    only = source or (next(iter(among)) if len(among) == 1 else "")
    if kind in ABOUT:
        return Turn(Kind.SUMMARY, only) if only else Turn(Kind.OVERVIEW)
    if kind in ("author", "pages"):
        return Turn(Kind(kind), only) if only else None
    return Turn(Kind(kind)) if kind not in ("", QUESTION) else None


def _mentioning(text: str, index: Index, sources: Sequence[str]) -> Turn | None:
    """The turn of a text that asks for documents that mention something, or are of a date."""
    match = MENTIONING.fullmatch(text)
    if match is None:
        return None
    topic = next(filter(None, match.groups()))
    date, rest = date_asked(topic)
    dated = match["date"] is not None and date is not None and not rest.strip()
    known = telling(topic) and all(index.knows([term]) for term in telling(topic))
    if not dated and (not known or match["date"]):
        return None
    return Turn(Kind.MENTIONS, topic=topic, sources=tuple(sources))


def without_everyday(history: History, index: Index, sources: Sequence[str] = ()) -> History:
    """The later part of a conversation without its everyday turns and the replies to them.

    What asks for documents that mention something stays: it names a topic.
    """
    kept = []
    everyday = False
    for turn in history[-HISTORY:]:
        if turn["role"] == "user":
            recognised = recognise(turn["content"], index, sources)
            everyday = recognised is not None and recognised.kind is not Kind.MENTIONS
        if not everyday:
            kept.append(turn)
    return kept


def _kind(text: str) -> str:
    """The kind of phrasing that a text means; empty where it is likely to be a question."""
    vector = [*embedder(BUNDLED).embed_query(text), 1.0]
    raw = {kind: math.exp(sum(map(mul, vector, weights))) for kind, weights in _weights().items()}
    question = raw.pop(QUESTION)
    everyday = sum(raw.values())
    return max(raw, key=raw.__getitem__) if everyday >= EVERYDAY * (everyday + question) else ""


@functools.cache
def _weights() -> dict[str, list[float]]:
    """What each number of a vector speaks for, by kind, and last what speaks for it anyhow."""
    weights: dict[str, list[float]] = json.loads(WEIGHTS.read_text("utf-8"))
    return weights


@functools.cache
def _kinds() -> dict[str, str]:
    """The kind of each phrasing."""
    return {text.casefold(): kind for kind, texts in PHRASINGS.items() for text in texts}


@functools.cache
def _everyday_terms() -> frozenset[str]:
    """The telling terms of all everyday phrasings."""
    return telling(" ".join(text for text, kind in _kinds().items() if kind != QUESTION))


def mentioned(text: str, titles: Titles) -> tuple[str, str, bool]:
    """The document that a text names, by its file name, its stem or its title; none is empty.

    With it the text with *the document* for that name, and whether the name can mean nothing else.
    """
    text = unicodedata.normalize("NFC", text)
    found = list(_named(text.casefold(), _called(titles)))
    if not found:
        return "", text, False
    surely, _, source, name = max(found)
    named = rf"(?:\bthe (?:\w+ )?)?[\"'“”«]?{BEGIN}{re.escape(name)}{END}[\"'“”»]?"
    return source, re.sub(named, DOCUMENT, text, count=1, flags=re.I), surely


class Names(NamedTuple):
    """What documents may be called: for each name, whether it can mean nothing else, and whose.

    ``starts`` are the first letters of the names, ``longest`` the length of the longest one.
    """

    of: dict[str, tuple[bool, str]]
    starts: frozenset[str]
    longest: int


def _named(text: str, names: Names) -> Iterator[tuple[bool, int, str, str]]:
    """The names in a text that are no part of a longer one, in whatever number there are."""
    ends = [match.start() for match in re.finditer(END, text)]
    for match in re.finditer(BEGIN, text):
        begin = match.start()
        if text[begin : begin + SHORTEST] in names.starts:
            near = bisect_left(ends, begin + SHORTEST), bisect_right(ends, begin + names.longest)
            for name in (text[begin:end] for end in ends[slice(*near)]):
                if name in names.of:
                    surely, source = names.of[name]
                    yield surely, len(name), source, name


@functools.lru_cache(maxsize=4)
def _called(titles: Titles) -> Names:
    """Each name of each document, with its source: the same for every question to an index."""
    papers = Counter(paper for source in titles for paper in _papers(source))
    of: dict[str, tuple[bool, str]] = {}
    for source, title in titles.items():
        own = _names(unicodedata.normalize("NFC", source), title, papers)
        for name, surely in own.items():
            of[name] = max(of.get(name, (False, "")), (surely, source))
    return Names(of, frozenset(name[:SHORTEST] for name in of), max(map(len, of), default=0))


def _papers(source: str) -> set[str]:
    """The words of a file's name that say what kind of paper it is."""
    return set(re.findall(r"[^\W\d_]+", Path(source.casefold()).stem)) & KINDS_OF_PAPER


def _names(source: str, title: str, papers: Counter[str]) -> dict[str, bool]:
    """What a document may be called, and whether that can name nothing else.

    A word for its kind is one, where no other file's name has it: *the newsletter*.
    """
    path = Path(source.casefold())
    title = " ".join(title.casefold().split())
    own = {paper: False for paper in _papers(source) if papers[paper] == 1}
    names = own | {
        " ".join(re.findall(r"\w+", path.stem)): False,
        title: len(title.split()) >= TITLE_WORDS,
        path.stem: "_" in path.stem or len(path.stem.split("-")) >= STEM_PARTS,
        path.name: True,
        source.casefold(): True,
    }
    return {name: surely for name, surely in names.items() if len(name) >= SHORTEST}
