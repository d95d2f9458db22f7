"""A conversation to take along: as Markdown, as one HTML file, and as JSON that can be checked."""

import json
from collections.abc import Sequence
from html import escape

from askdoc.answer.citation import marked
from askdoc.types import Sentence
from askdoc.web.turns import Place, Turn

FORMATS = {"Markdown": "md", "HTML": "html", "JSON": "json"}
STYLE = (
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "h2{font-size:1.1rem;margin-top:2rem}.said{white-space:pre-line}"
    "blockquote{margin:.25rem 0 .75rem;color:#57534e}.problem{color:#b45309}"
)


def exported(turns: Sequence[Turn], kind: str) -> str:
    """A conversation as ``md``, ``html`` or ``json``."""
    if kind == "json":
        answers = [answer(turn) for turn in turns if turn.text]
        return json.dumps({"answers": answers}, ensure_ascii=False, indent=2) + "\n"
    if kind == "html":
        body = "".join(_html(number, turn) for number, turn in enumerate(turns, 1))
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>askdoc</title>'
            f"<style>{STYLE}</style><h1>askdoc</h1>{body}</html>\n"
        )
    parts = [
        f"## {turn.question}\n\n{markdown(turn, f'{number}-')}"
        for number, turn in enumerate(turns, 1)
    ]
    return "\n\n".join(["# askdoc", *parts]) + "\n"


def answer(turn: Turn) -> dict[str, object]:
    """An answer in the form of ``askdoc ask --json``, for ``askdoc check``."""
    return {
        "question": turn.question,
        "query": turn.query,
        "answered": bool(turn.sentences),
        "text": turn.text,
        "model": turn.model,
        "sentences": [
            {
                "text": sentence.text,
                "citations": sentence.citations,
                "grounded": bool(sentence.citations) and not sentence.problems,
                "problems": sentence.problems,
            }
            for sentence in turn.sentences
        ],
        "citations": [
            {"quote": place.text, **place.model_dump(exclude={"text"})} for place in turn.citations
        ],
        "closest": [place.model_dump(exclude={"number"}) for place in turn.closest],
        "confidence": round(turn.confidence, 4),
        "tokens": turn.tokens,
        "note": turn.note,
    }


def markdown(turn: Turn, prefix: str = "") -> str:
    """An answer with a footnote for each citation, whose names begin with the prefix."""
    text = turn.error or turn.text
    if turn.sentences:
        plain = [
            Sentence(
                sentence.text + "".join(f"[^{prefix}{n}]" for n in sentence.citations)
                + "".join(f" (check: {problem})" for problem in sentence.problems),
                lead=sentence.lead,
            )
            for sentence in turn.sentences
        ]  # fmt: skip
        text = marked(plain)
    notes = [f"[^{prefix}{place.number}]: {_named(place)}" for place in turn.citations]
    return "\n\n".join([text, *([turn.note] if turn.note else []), *notes])


def _named(place: Place) -> str:
    """Where a citation is, and its words, in one line."""
    return f"{place.name}: “{' '.join(place.text.split())}”"


def _html(number: int, turn: Turn) -> str:
    """A turn, each number a link to its quote below."""
    if not turn.sentences:
        said = escape(turn.error or turn.text)
    else:
        said = "".join(
            escape(sentence.lead + sentence.text)
            + "".join(f' <a href="#{number}-{n}">[{n}]</a>' for n in sentence.citations)
            + "".join(f' <span class="problem">{escape(p)}</span>' for p in sentence.problems)
            for sentence in turn.sentences
        ).strip()
    notes = "".join(
        f'<p id="{number}-{place.number}">[{place.number}] {escape(place.name)}</p>'
        f"<blockquote>{escape(place.text)}</blockquote>"
        for place in turn.citations
    )
    note = f"<p>{escape(turn.note)}</p>" if turn.note else ""
    return f'<h2>{escape(turn.question)}</h2><p class="said">{said}</p>{note}{notes}'
