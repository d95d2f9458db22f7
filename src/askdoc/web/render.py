"""What the page shows, as HTML in which every foreign character is escaped."""

from collections.abc import Sequence
from html import escape

from askdoc.web.turns import Place, Turn

UNKNOWN = 5  # words that a refusal names, at most
# Confidence in words: from which number on.
SURE = ((0.8, "Sure."), (0.55, "Fairly sure."), (0.0, "Not sure: look at the quotes."))
# Drawn, since not every system has a font with the sign.
THUMB = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 10h4v11H3z'
    'M9 10l4-8c1.4 0 2.4 1 2.4 2.4V9h4.8c1.2 0 2 1.1 1.7 2.2l-2 8c-.2.9-1 1.6-2 1.6H9z"/></svg>'
)


def conversation(turns: Sequence[Turn], first: int = 0) -> str:
    """The turns, the first of them numbered ``first``, counted from 0."""
    return "".join(_turn(number, turn) for number, turn in enumerate(turns, first))


def _turn(number: int, turn: Turn) -> str:
    searched = ""
    if turn.query and turn.query != turn.question.strip():
        searched = (
            f'<p class="searched">Searched for: {escape(turn.query)} <button type="button" '
            f'class="edit" data-query="{escape(turn.query)}">Edit and ask again</button></p>'
        )
    if turn.sources:
        searched += f'<p class="searched">Asked only: {escape(", ".join(turn.sources))}</p>'
    if turn.error:
        body = f'<p class="error" role="alert">{escape(turn.error)}</p>'
    elif turn.sentences:
        body = f'<div class="said">{_sentences(number, turn)}</div>{_sources(number, turn)}'
    elif turn.text:
        body = f'<p class="refusal">{escape(turn.text)}</p>{_helps(turn)}{_closest(number, turn)}'
    else:
        body = f'<p class="busy">{"Writing…" if turn.model else "Searching…"}</p>'
    return (
        f'<article class="question"><h2 class="hidden">Question {number + 1}</h2>'
        f"<p>{escape(turn.question)}</p></article>"
        f'<article class="answer"><h2 class="hidden">Answer {number + 1}</h2>'
        f"{searched}{body}{_told(number, turn)}</article>"
    )


def _sentences(number: int, turn: Turn) -> str:
    places = {place.number: place for place in turn.citations}
    return "".join(
        escape(sentence.lead + sentence.text)
        + "".join(
            f" {_button(number, places[cited], f'Citation {cited}', str(cited), 'cite')}"
            for cited in sentence.citations
            if cited in places
        )
        + _doubt(sentence.problems)
        for sentence in turn.sentences
    ).strip()


def _doubt(problems: Sequence[str]) -> str:
    """A quiet mark behind a sentence that its citations do not carry; it opens to say why."""
    if not problems:
        return ""
    why = escape("; ".join(problems))
    return (
        f' <details class="doubt" title="{why}"><summary aria-label="Check this sentence: {why}">'
        f"?</summary><span>{why}</span></details>"
    )


def _helps(turn: Turn) -> str:
    """What would help where there is no answer."""
    words = ", ".join(f"“{word}”" for word in turn.unknown[:UNKNOWN])
    which = "words" if len(turn.unknown) > 1 else "word"
    why = f"No document has the {which} {words}. " if words else ""
    return f"<p>{escape(why)}Ask in other words, or add a document that tells.</p>"


def _told(number: int, turn: Turn) -> str:
    """Why an answer is not what was asked of the model, and on demand how it was made."""
    if not turn.text:
        return ""
    note = f'<p class="note">{escape(turn.note)}</p>' if turn.note else ""
    parts = [
        "written by " + turn.model if turn.sentences and turn.tokens else "quoted, without a model",
        f"confidence {turn.confidence:.2f}",
        f"{turn.seconds:.1f} seconds",
        *(f"{number:,} tokens {name}" for name, number in turn.tokens.items()),
    ]
    sure = next(words for least, words in SURE if turn.confidence >= least)
    return (
        f'{note}<p class="acts">{sure if turn.sentences else ""} '
        '<button type="button" class="copy">Copy</button>'
        f"{_rating(number)}</p>"
        '<details class="how"><summary>How this was made</summary>'
        f"<p>{escape(', '.join(parts))}</p></details>"
    )


def _rating(number: int) -> str:
    """Thumbs up and down; our script asks for a comment, and sends both."""
    return "".join(
        f'<button type="button" class="rate" data-rating="{rating}" data-turn="{number}" '
        f'aria-pressed="false" aria-label="{name}" title="{name}">{THUMB}</button>'
        for rating, name in (("up", "Good answer"), ("down", "Bad answer"))
    )


def _sources(number: int, turn: Turn) -> str:
    """What the numbers stand for, below the answer."""
    lines = "".join(f"<li>{place.number}. {escape(place.name)}</li>" for place in turn.citations)
    return f'<ul class="sources" aria-label="Sources of answer {number + 1}">{lines}</ul>'


def _closest(number: int, turn: Turn) -> str:
    if not turn.closest:
        return ""
    cards = "".join(
        _button(
            number,
            place,
            f"Passage {place.number}",
            f"<strong>{escape(place.name)}</strong><span>{escape(place.text)}</span>",
            "cite card",
        )
        for place in turn.closest
    )
    return f"<h3>The closest passages</h3>{cards}"


def _button(turn: int, place: Place, name: str, inner: str, classes: str) -> str:
    """A button that opens a place; ``inner`` is HTML, everything else is text."""
    return (
        f'<button type="button" class="{classes}" data-key="{turn}-{place.number}" '
        f'data-source="{escape(place.source)}" data-start="{place.start}" '
        f'data-end="{place.end}" data-quote="{escape(" ".join(place.text.split()))}" '
        f'data-sha="{escape(place.text_sha256)}" aria-expanded="false" '
        f'aria-label="{escape(f"{name}: {place.name}")}">{inner}</button>'
    )
