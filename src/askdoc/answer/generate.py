"""What a model has written so far: its markers resolved to exact spans, its sentences checked."""

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from askdoc.answer.citation import Claim, Quote, cite, claims, quoted
from askdoc.answer.model import Model, count, prompt, shown
from askdoc.answer.query import History
from askdoc.answer.verify.claims import problems, support
from askdoc.errors import ModelFailed
from askdoc.ingest.chunker import sentences
from askdoc.settings import Settings
from askdoc.types import Citation, Passage, Sentence

CARRIED = 0.6  # support from which a sentence that cites nothing is matched to a passage
GAIN = 0.1  # support that a further sentence of the passage must add to be quoted too
QUOTED = 3  # sentences of a passage that one citation spans, at most
SHARE = 0.5  # of the best cited passage's support, under which another one is not cited
NOWHERE = "cites no passage, and none says this"
# The refusal that models are asked for, and how they put it themselves.
REFUSAL = re.compile(
    r"\W*(?:(?:i am|i'm) )?(?:sorry\W+)?(?:but )?(?:the |these )?(?:provided |given )?"
    r"(?:documents?|passages?|texts?|context)s? (?:do|does|did)(?: not|n't) "
    r"(?:answer|contain|provide|mention|say|include|give|specify)\b[^,;]*$",
    re.I,
)
THOUGHTS = ("<think>", "</think>")  # between which some models think aloud

Resolved = tuple[tuple[Quote, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a model's writing, so far or in the end.

    ``refused`` is True where the model says that there is no answer, or nothing that it wrote may
    stand. ``tokens`` and ``note`` are those of an ``Answer``; ``by_model`` is False where there are
    only quotes.
    """

    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    tokens: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    by_model: bool = True
    refused: bool = False


def write(
    model: Model,
    question: str,
    history: History,
    passages: Sequence[Passage],
    quotes: Sequence[Quote],
    settings: Settings,
) -> Generator[Written]:
    """What a model writes from passages, again and again as it grows; at last all of it, checked.

    ``quotes`` answer in its place where it fails or rests on nothing. Closing the iterator stops
    the model.
    """
    passages = shown(passages, settings.llm_tokens)
    messages = prompt(question, passages, history, settings.llm_tokens)
    draft = Draft(question, passages, settings.strict)
    text, failed, growing = "", "", Written()
    writing = model.write(messages)
    try:
        for piece in writing:
            text += piece
            if piece:
                growing = Written(*draft.read(text, finished=False))
            yield growing  # also while the model is silent: only then can it be stopped
    except ModelFailed as error:
        failed = str(error)
    finally:
        writing.close()
    found, citations = draft.read(text)
    tokens = dict(writing.tokens) or {
        "read": sum(count(content) for _, content in messages),
        "written": count(text),
    }
    if failed:
        (first, *rest), citations = quoted(quotes, citations)
        further = (replace(first, lead="\n\n"), *rest)
        told = f"{failed}; {'the rest is' if found else 'these are'} quotes"
        yield Written((*found, *further), citations, tokens, told, bool(found))
    elif citations:
        note = f"{model.name} was stopped before it was done" if writing.cut else ""
        yield Written(found, citations, tokens, note)
    elif (settings.strict or not found) and any(
        any(map(str.isalnum, claim.text)) for claim in claims(spoken(text))
    ):
        yield Written(tokens=tokens, refused=True)
    else:
        why = "wrote nothing that the passages carry" if found else "wrote nothing"
        yield Written(*quoted(quotes), tokens, f"{model.name} {why}; these are quotes", False)


class Draft:
    """Resolves and checks a growing text; ``passages`` are those the model was shown, in order.

    ``strict`` leaves out every sentence with a problem.
    """

    def __init__(self, question: str, passages: Sequence[Passage], strict: bool = False) -> None:
        self._question = question
        self._passages = passages
        self._strict = strict
        self._known: dict[Claim, Resolved] = {}

    def read(
        self, written: str, finished: bool = True
    ) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
        """The sentences so far with the citations they need, numbered by first appearance.

        Where the text is not ``finished``, its last sentence is shown as it is, unchecked. What
        only says that there is no answer is left out.
        """
        every = [claim for claim in claims(spoken(written), finished) if not refuses(claim.text)]
        settled = every if finished else every[:-1]
        found: list[Sentence] = []
        citations: dict[tuple[str, int, int], Citation] = {}
        for claim in settled:
            quotes, wrong = self._resolved(claim)
            if wrong and self._strict:
                continue
            numbers = []
            for document, start, end in quotes:
                key = (document.source, start, end)
                if key not in citations:
                    citations[key] = cite(len(citations) + 1, document, start, end)
                numbers.append(citations[key].number)
            found.append(Sentence(claim.text, tuple(numbers), wrong, claim.lead))
        if not self._strict:
            found += [Sentence(claim.text, lead=claim.lead) for claim in every[len(settled) :]]
        return tuple(found), tuple(citations.values())

    def _resolved(self, claim: Claim) -> Resolved:
        """The spans that a claim rests on, and what they do not carry."""
        # Kept, since every piece that the model writes asks for all claims again.
        if claim not in self._known:
            self._known[claim] = self._looked_up(claim)
        return self._known[claim]

    def _looked_up(self, claim: Claim) -> Resolved:
        named = [self._passages[n - 1] for n in claim.numbers if 1 <= n <= len(self._passages)]
        carried = {passage.id: support(claim.text, passage.text) for passage in self._passages}
        best = max((carried[passage.id] for passage in named), default=0.0)
        cited = [passage for passage in named if carried[passage.id] >= SHARE * best]
        if cited:
            quotes = tuple(self._narrowed(claim, passage) for passage in cited)
            wrong = self._problems(claim, cited, quotes)
            if not wrong:
                return quotes, ()
        # A sentence that cites nothing, or the wrong passage, may still rest on another.
        for passage in sorted(self._passages, key=lambda p: -carried[p.id])[:2]:
            if carried[passage.id] >= CARRIED:
                quote = self._narrowed(claim, passage)
                if not self._problems(claim, [passage], [quote]):
                    return (quote,), ()
        return (quotes, wrong) if cited else ((), (NOWHERE,))

    def _narrowed(self, claim: Claim, passage: Passage) -> Quote:
        """The fewest neighbouring sentences of a passage that carry the claim."""
        document = passage.document
        spans = sentences(document, passage.start, passage.end)
        best, most = (passage.start, passage.end), -GAIN
        for length in range(1, min(QUOTED, len(spans)) + 1):
            windows = [
                (spans[at][0], spans[at + length - 1][1]) for at in range(len(spans) - length + 1)
            ]
            shares = [support(claim.text, document.text[slice(*window)]) for window in windows]
            if max(shares) >= most + GAIN:
                most = max(shares)
                best = windows[shares.index(most)]
        quote = (document, *best)
        whole = (document, passage.start, passage.end)
        if self._problems(claim, [passage], [quote]) and not self._problems(
            claim, [passage], [whole]
        ):
            return whole
        return quote

    def _problems(
        self, claim: Claim, passages: Sequence[Passage], quotes: Sequence[Quote]
    ) -> tuple[str, ...]:
        context = [self._question, *(f"{p.title}\n{p.heading or ''}" for p in passages)]
        texts = [document.text[start:end] for document, start, end in quotes]
        return problems(claim.text, texts, "\n".join(context))


def spoken(written: str) -> str:
    """What a model wrote for others to read, without the thoughts that it began with."""
    begin, end = THOUGHTS
    opened = written.lstrip()
    if not opened.startswith(begin):
        return "" if begin.startswith(opened) else written
    return opened.partition(end)[2]


def refuses(text: str) -> bool:
    """Whether a sentence only says that the documents do not answer, or says nothing."""
    return bool(REFUSAL.match(text)) or not any(map(str.isalnum, text))
