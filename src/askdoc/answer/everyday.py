"""Turns that are no questions about what the documents say, recognised and replied to.

*Hello*, *what can you do?*, *what documents do you have?*, *summarise csto.docx*: none of them
needs a language model. They are recognised by meaning, with the bundled embedder whichever one the
index has, so that the distances are always the same; whatever is in doubt is a question.
"""

import functools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from askdoc.answer.query import History
from askdoc.answer.spelling import is_frequent
from askdoc.answer.telling import telling
from askdoc.index.dense import cosine
from askdoc.index.embedder import embedder
from askdoc.index.index import Index
from askdoc.settings import BUNDLED
from askdoc.tuning import (
    EVERYDAY_COSINE,
    EVERYDAY_MARGIN,
    EVERYDAY_NEAR,
    EVERYDAY_SAME,
    EVERYDAY_WORDS,
    MARGIN_BESIDE,
    MARGIN_NEAR,
    NAME_WORDS,
)

PHRASINGS = Path(__file__).with_suffix(".toml")
QUESTION = "question"  # the phrasings that no everyday turn must be near to
DOCUMENT = "the document"  # what the name of one is put as
WORD = re.compile(r"\w[\w'’-]*")
FACT = re.compile(r"\d|(?<!^)(?<![.!?] )\b[A-Z]\w+")  # a number, or a name inside a sentence
SHORT_FORM = re.compile(r"['’](?:s|re|m|ll|ve|d|t)\b", re.I)  # of a verb, as in "what's"
HISTORY = 40  # earlier turns that are looked through
STEM_PARTS = 3  # of a stem like rome-statute, from which on it is no ordinary word
TITLE_WORDS = 4  # from which on a title is not the name of a thing as well


class Kind(StrEnum):
    """What an everyday turn wants."""

    GREETING = "greeting"
    THANKS = "thanks"
    HELP = "help"
    DOCUMENTS = "documents"
    OVERVIEW = "overview"
    SUMMARY = "summary"
    AUTHOR = "author"
    PAGES = "pages"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class Turn:
    """An everyday turn: what it wants, and the document that it is about, if it is about one."""

    kind: Kind
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Mention:
    """A document named in a text: the text with *the document* in its place.

    It is ``loose`` where the same words could name what the document is about.
    """

    source: str
    rest: str
    loose: bool


def recognise(text: str, index: Index, sources: Sequence[str] = ()) -> Turn | None:
    """What everyday turn a text is; None where it is a question, also where that is in doubt.

    ``sources`` are the documents that the conversation is kept to, all where there are none.
    """
    if len(WORD.findall(text)) > EVERYDAY_WORDS + NAME_WORDS:
        return None
    mention = _mentioned(text, index.titles())
    rest = mention.rest if mention else text.strip()
    beside = _words_beside(rest)
    if len(WORD.findall(rest)) > EVERYDAY_WORDS or (beside and FACT.search(rest)):
        return None
    known = [word for word in beside if index.knows(telling(word))]
    if not all(map(is_frequent, known)):
        return None
    # "What does rules.md say about members?" is a question, though a document is named.
    phrasing = _nearest(rest, bool(beside), EVERYDAY_SAME if mention and known else EVERYDAY_COSINE)
    if phrasing is None:
        return None
    if mention is None:
        return _unnamed(phrasing, index, sources)
    if phrasing in ("documents", "overview"):
        phrasing = "contents"  # of the one that is named
    if phrasing not in ("summary", "contents", "author", "pages"):
        return None
    if mention.loose and phrasing != "summary":
        return None  # "What is the treaty about?" asks for the treaty
    return Turn(Kind.SUMMARY if phrasing == "contents" else Kind(phrasing), mention.source)


def without_everyday(history: History, index: Index, sources: Sequence[str] = ()) -> History:
    """The later part of a conversation without its everyday turns and the replies to them."""
    kept = []
    everyday = False
    for turn in history[-HISTORY:]:
        if turn["role"] == "user":
            everyday = recognise(turn["content"], index, sources) is not None
        if not everyday:
            kept.append(turn)
    return kept


def _unnamed(phrasing: str, index: Index, sources: Sequence[str]) -> Turn | None:
    """The turn of a phrasing that names no document; of the only one there is, if it needs one."""
    among = list(sources or index.titles())
    if phrasing not in ("summary", "contents", "author", "pages", "overview"):
        return Turn(Kind(phrasing))
    if len(among) == 1:
        wants_summary = phrasing in ("contents", "overview")
        return Turn(Kind.SUMMARY if wants_summary else Kind(phrasing), among[0])
    return Turn(Kind.OVERVIEW) if phrasing in ("overview", "summary", "contents") else None


def _words_beside(text: str) -> list[str]:
    """The telling words of a text that no everyday phrasing has."""
    words = WORD.findall(SHORT_FORM.sub("", text))
    return [word for word in words if telling(word) - _everyday_terms()]


def _nearest(text: str, says_more: bool, least: float) -> str | None:
    """The kind of phrasing that a text means; None where a question is nearly as near.

    A text that ``says_more`` than any phrasing has to be nearer than other ones. ``least`` is the
    cosine that is asked for in any case.
    """
    asked = _vector(text)
    nearest = {
        kind: max(cosine(asked, _vector(phrasing)) for phrasing in phrasings)
        for kind, phrasings in _phrasings().items()
    }
    ordinary = nearest.pop(QUESTION)
    best = max(nearest, key=nearest.__getitem__)
    margin = EVERYDAY_MARGIN
    if says_more:
        margin = MARGIN_NEAR if nearest[best] >= EVERYDAY_NEAR else MARGIN_BESIDE
    near = nearest[best] >= max(least, ordinary + margin)
    return best if near else None


def _mentioned(text: str, titles: dict[str, str]) -> _Mention | None:
    """The document that a text names, by its file name, its stem or its title."""
    folded = text.casefold()
    best: tuple[bool, int, str, str] | None = None
    for source, title in titles.items():
        for name, loose in _names(source, title):
            if name in folded and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", folded):
                candidate = (not loose, len(name), source, name)
                best = max(best or candidate, candidate)
    if best is None:
        return None
    surely, _, source, name = best
    rest = re.sub(
        rf"(?:\bthe (?:\w+ )?)?[\"'“”«]?(?<![\w-]){re.escape(name)}(?![\w-])[\"'“”»]?",
        DOCUMENT,
        text.strip(),
        count=1,
        flags=re.I,
    )
    return _Mention(source, rest, not surely)


def _names(source: str, title: str) -> list[tuple[str, bool]]:
    """What a document may be called, and whether that may also name what it is about."""
    path = Path(source)
    stem, title = path.stem.casefold(), " ".join(title.split()).casefold()
    spoken = " ".join(re.findall(r"\w+", stem))
    names = {source.casefold(): False, path.name.casefold(): False}
    names.setdefault(stem, "_" not in stem and len(stem.split("-")) < STEM_PARTS)
    names.setdefault(title, len(title.split()) < TITLE_WORDS)
    names.setdefault(spoken, True)
    return [(name, loose) for name, loose in names.items() if len(name) > 2]


@functools.cache
def _phrasings() -> dict[str, list[str]]:
    """The phrasings by their kind."""
    return tomllib.loads(PHRASINGS.read_text("utf-8"))


@functools.cache
def _everyday_terms() -> frozenset[str]:
    """The telling terms of all everyday phrasings."""
    kinds = {kind: phrasings for kind, phrasings in _phrasings().items() if kind != QUESTION}
    return telling(" ".join(phrasing for phrasings in kinds.values() for phrasing in phrasings))


def _vector(text: str) -> tuple[float, ...]:
    """The vector of a short text, whatever its letters' case and the sign at its end."""
    return _embedded(text.casefold().rstrip("?!. "))


@functools.lru_cache(maxsize=1024)
def _embedded(text: str) -> tuple[float, ...]:
    return tuple(embedder(BUNDLED).embed_query(text))
