"""A conversation as the page shows it."""

from collections.abc import Sequence

from askdoc.types import Answer
from askdoc.web.export import markdown
from askdoc.web.templating import render
from askdoc.web.turns import Turn

# Confidence in words: from which number on.
SURE = ((0.8, "Sure."), (0.55, "Fairly sure."), (0.0, "Not sure: look at the quotes."))


def conversation(turns: Sequence[Turn], first: int = 0) -> str:
    """The turns as HTML, the first of them numbered ``first``, counted from 0."""
    return render(
        "conversation", turns=turns, first=first, markdown=markdown, sure=_sure, made=_made
    )


def _sure(answer: Answer) -> str:
    """How far an answer can be relied on; a refusal does not say."""
    words = next(words for least, words in SURE if answer.confidence >= least)
    return words if answer.sentences else ""


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
