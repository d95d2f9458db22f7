"""An answer as one text, for programs that show Markdown and know of no citations."""

import re
import textwrap

from askdoc.types import GUESS, UNSURE, Answer

CLOSEST, BEGINNING = 2, 160  # passages below a refusal, and how many characters of each
BELOW = "\n\n---\n\n"  # between what is answered and what stands below it
REPLACED = "\n\nChecked, this takes the place of all above:\n\n"
# Where a sign turns text to a link, a picture or a tag. Brackets alone are left as they are: what
# stands between `\[` and `\]` is a formula to some programs.
ALIVE = re.compile(r"(?<=\])(?=[(\[:])|(?<=<)(?=[a-z/!?])", re.IGNORECASE)


def whole(answer: Answer) -> str:
    """An answer with its hedge in front, its remarks and sources, or the closest, below it."""
    return said(answer.hedge, answer.text) + below(answer)


def said(hedge: str, text: str) -> str:
    """What is answered, with a hedge in front, if there is one."""
    return harmless(f"{hedge}\n\n{text}" if hedge else text)


def below(answer: Answer) -> str:
    """What stands below an answer: remarks, a line for each source, the closest of a refusal."""
    parts = list(answer.remarks)
    if answer.citations:
        lines = [f"- [{each.number}] {each.title}: {each.place}" for each in answer.citations]
        parts.append("\n".join(["Sources:", "", *lines]))
    if not answer.answered and answer.closest:
        near = [hit.passage for hit in answer.closest[:CLOSEST]]
        begun = [textwrap.shorten(each.text, BEGINNING, placeholder="…") for each in near]
        lines = [f"- {each.place}: “{text}”" for each, text in zip(near, begun, strict=True)]
        parts.append("\n".join(["The closest passages:", "", *lines]))
    return BELOW + harmless("\n\n".join(parts)) if parts else ""


def harmless(text: str) -> str:
    """A text of which Markdown makes no link, no picture and no tag; longer ones begin with it."""
    return ALIVE.sub(r"\\", text)


def answered(content: str) -> str:
    """What was answered, of a text that ``whole`` or a stream has made of it."""
    text = content.rpartition(REPLACED)[2].partition(BELOW)[0]
    for hedge in (UNSURE, GUESS):
        text = text.removeprefix(f"{hedge}\n\n")
    return text
