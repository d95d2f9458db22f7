"""The words of English, and those of a document: which of them a line's end has cut in two."""

import functools
import importlib.resources
import re
from collections.abc import Iterable

ENGLISH = "frequency_dictionary_en_82_765.txt"  # of symspellpy, with British spellings
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

        It does where the document, or English, has the word in one piece, or has neither half of
        it as a word; but not where the document has it with its hyphen elsewhere.
        """
        cut, after = CUT.search(first), REST.match(rest)
        if not cut or not after or not after[0].strip()[0].islower():
            return None
        left, right = cut[0].rstrip()[:-1].casefold(), after[0].strip().casefold()
        if self._knows(left + right):
            return True
        if f"{left}-{right}" in self._compounds:
            return False
        return not self._knows(left) and not self._knows(right)

    def _knows(self, word: str) -> bool:
        return word in self._words or (self._is_english and is_english(word))

    @functools.cached_property
    def _is_english(self) -> bool:
        """Whether most words are English: in a text of another language, such prove nothing."""
        return 2 * sum(map(is_english, self._words)) > len(self._words)
