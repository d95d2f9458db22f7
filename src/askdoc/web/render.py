"""A conversation as the page shows it."""

from collections.abc import Sequence

from askdoc.answer.highlight import answering_words
from askdoc.types import Answer, Certainty
from askdoc.web.export import laid_out, markdown
from askdoc.web.templating import render
from askdoc.web.turns import STOPPED, Turn


def conversation(turns: Sequence[Turn], first: int = 0) -> str:
    """The turns as HTML, the first of them numbered ``first``, counted from 0."""
    return render(
        "conversation",
        turns=turns,
        first=first,
        markdown=markdown,
        laid_out=laid_out,
        made=_made,
        by_whom=_by_whom,
        in_bold=_in_bold,
    )


def _in_bold(answer: Answer) -> tuple[str, str, str]:
    """The first sentence, parted where the words begin and end that answer."""
    text = answer.sentences[0].text
    start, end = answering_words(answer.query, text) or (0, 0)
    return text[:start], text[start:end], text[end:]


def _by_whom(answer: Answer) -> str:
    """How surely it answers, and who wrote it; empty for a refusal and an everyday turn."""
    if answer.everyday or not answer.sentences:
        return ""
    written = f"Written by {answer.model}" if answer.tokens else "Quoted word for word"
    sure = answer.certainty is Certainty.SURE and answer.note != STOPPED
    return f"{'Sure. ' if sure else ''}{written}. "


def _made(answer: Answer) -> str:
    """By whom, how surely and how fast an answer was made."""
    by_model = answer.sentences and answer.tokens
    return ", ".join(
        [
            f"written by {answer.model}" if by_model else "quoted, without a model",
            f"confidence {answer.confidence:.2f}",
            f"{sum(answer.seconds.values()):.1f} seconds",
            *(f"{count:,} tokens {name}" for name, count in answer.tokens.items()),
        ]
    )
