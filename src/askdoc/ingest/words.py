"""Which language a text is in, the words of English, and those that a line's end cuts in two."""

import functools
import importlib.resources
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress

ENGLISH = "frequency_dictionary_en_82_765.txt"  # of symspellpy, with British spellings
LETTERS = 40  # fewer do not tell a language
CLEARLY = 15  # by how much one must be likelier than English, as the logarithm, in a short text
SAMPLE = 10_000  # characters, of which the language is told
NO_SIGNS = {"Co", "Cn", "Cc"}  # Unicode's categories of what stands for no letter
ODD = 0.3  # of the signs of a text that such may be, at most
IN_WORDS = 0.5  # of the signs of a text that are in words, where these tell what it is, at least
MEANT = 0.1  # of the words that are English, where a text means anything, at least
WORD = re.compile(r"[^\W\d_]+")
COMPOUND = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
CUT = re.compile(r"[^\W\d_]+-\s*\Z")
REST = re.compile(r"\s*[^\W\d_]+")


@functools.cache
def english() -> dict[str, int]:
    """The words of the list that symspellpy brings, the most frequent first, with their places."""
    text = (importlib.resources.files("symspellpy") / ENGLISH).read_text("utf-8-sig")
    return {line.partition(" ")[0]: place for place, line in enumerate(text.splitlines())}


def is_english(word: str) -> bool:
    """Whether a word is an ordinary English one, British spellings and inflections included."""
    return word.lower() in english()


def language(text: str) -> str | None:
    """The language of a text as an ISO 639-1 code; None where that cannot be told.

    A text may be too short, and the disk of temporary files have no room for unpacking the model.
    """
    sample = text[:SAMPLE]
    if sum(map(str.isalpha, sample)) < LETTERS:
        return None
    import py3langid  # where first used: its model takes a second to load

    try:
        code, _ = py3langid.classify(sample)
    except OSError:
        return None
    return str(code)


def clearly_not_english(text: str) -> str | None:
    """The language of a text that may be as short as a question; None where it may be English."""
    import py3langid  # where first used, as above

    with suppress(OSError):
        ranked = dict(py3langid.rank(text[:SAMPLE]))
        best = max(ranked, key=lambda code: ranked[code])
        if ranked[best] - ranked["en"] >= CLEARLY:
            return str(best)
    return None


def is_gibberish(text: str) -> bool:
    """Whether what passes for text is none, as where a PDF's font does not tell its letters."""
    signs = [sign for sign in text if not sign.isspace()]
    odd = sum(sign == "\ufffd" or unicodedata.category(sign) in NO_SIGNS for sign in signs)
    if len(signs) >= LETTERS and odd > ODD * len(signs):
        return True
    words = [word for word in WORD.findall(text[:SAMPLE]) if len(word) > 2]
    if not words or sum(map(is_english, words)) > MEANT * len(words):
        return False
    if sum(map(len, words)) < IN_WORDS * len(signs[:SAMPLE]):
        return False  # codes and figures
    return language(text) == "zxx"  # no language at all


class Vocabulary:
    """The words of a document that stand whole in its lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._compounds: set[str] = set()
        cut = False
        for line in lines:
            whole = REST.sub("", line, count=1) if cut else line
            cut = CUT.search(whole) is not None
            whole = CUT.sub("", whole).casefold()
            self._words.update(WORD.findall(whole))
            self._compounds.update(COMPOUND.findall(whole))

    def is_whole(self, first: str, rest: str) -> bool | None:
        """Whether the hyphen between two lines only cuts a word; None where none is cut.

        It does where the document has the word in one piece; where it does not have it with its
        hyphen, but English has it in one piece, or neither half of it is a word.
        """
        cut, after = CUT.search(first), REST.match(rest)
        if not cut or not after or not after[0].strip()[0].islower():
            return None
        left, right = cut[0].rstrip()[:-1].casefold(), after[0].strip().casefold()
        if left + right in self._words:
            return True
        if f"{left}-{right}" in self._compounds:
            return False
        if is_english(left + right):
            return True
        return not self._knows(left) and not self._knows(right)

    def _knows(self, word: str) -> bool:
        return word in self._words or (self._is_english and is_english(word))

    @functools.cached_property
    def _is_english(self) -> bool:
        """Whether most words are English: in a text of another language, such prove nothing."""
        return 2 * sum(map(is_english, self._words)) > len(self._words)
