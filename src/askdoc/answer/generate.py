"""What a model has written so far: its markers resolved to exact spans, its sentences checked."""

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from askdoc.answer.citation import Claim, Quote, cite, claims, quoted
from askdoc.answer.model import Model
from askdoc.answer.prompt import fitting, prompt, reckoned
from askdoc.answer.query import History
from askdoc.answer.thoughts import thinks_aloud, without_thoughts
from askdoc.answer.verify.claims import support, unsupported
from askdoc.errors import ModelFailed
from askdoc.ingest.chunker import sentences
from askdoc.settings import Settings
from askdoc.types import Citation, Passage, Sentence, Span

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
ENDED = re.compile(r"[.!?…。！？:;]['\"”’»)*_`]*$")  # how a whole sentence ends

Resolved = tuple[tuple[Span, ...], tuple[str, ...]]
"""The spans that a claim rests on, and what they do not carry."""


@dataclass(frozen=True, slots=True)
class Reply:
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

    @property
    def doubtful(self) -> bool:
        """Whether something speaks against it: it was cut off, or its citations do not carry it."""
        return bool(self.note) or any(sentence.problems for sentence in self.sentences)


def generate(
    model: Model,
    question: str,
    history: History,
    passages: Sequence[Passage],
    quotes: Sequence[Quote],
    settings: Settings,
) -> Generator[Reply]:
    """What a model writes from passages, again and again as it grows; at last all of it, checked.

    ``quotes`` answer in its place where it fails or rests on nothing; without any it is a refusal.
    Closing the iterator stops the model.
    """
    passages = fitting(passages, settings.llm_tokens)
    messages = prompt(question, passages, history, settings.llm_tokens)
    resolver = Resolver(question, passages, settings.strict)
    text, failure, growing = "", "", Reply()
    writing = model.write(messages)
    try:
        for piece in writing:
            text += piece
            if piece:
                said = "" if thinks_aloud(text) else text
                growing = Reply(*resolver.resolve(said, finished=False))
            yield growing  # also while the model is silent: only then can it be stopped
    except ModelFailed as error:
        failure = str(error)
    finally:
        writing.close()
    cut = bool(failure) or writing.cut
    if cut and thinks_aloud(text):
        text = ""
    own, citations = resolver.resolve(text, cut=cut)
    tokens = dict(writing.tokens) or reckoned(messages, text)
    if failure:
        further, citations = quoted(quotes, citations)
        if further:
            further = (replace(further[0], lead="\n\n" + further[0].lead.lstrip()), *further[1:])
            failure += f"; {'the rest is' if own else 'these are'} quotes"
        every = (*own, *further)
        yield Reply(every, citations, tokens, failure, bool(own), refused=not every)
    elif citations:
        note = f"{model.name} was stopped before it was done" if writing.cut else ""
        yield Reply(own, citations, tokens, note)
    elif (
        not cut
        and (settings.strict or not own)
        and any(any(map(str.isalnum, claim.text)) for claim in claims(without_thoughts(text)))
    ):
        yield Reply(tokens=tokens, refused=True)
    else:
        why = "wrote nothing that the passages carry" if own else "wrote nothing"
        why = "was stopped before it was done" if cut else why
        note = f"{model.name} {why}{'; these are quotes' if quotes else ''}"
        yield Reply(*quoted(quotes), tokens, note, False, refused=not quotes)


class Resolver:
    """Finds and checks what a growing text cites of the passages that the model was shown.

    ``passages`` are in the order in which they were numbered; ``strict`` leaves out every sentence
    with a problem.
    """

    def __init__(self, question: str, passages: Sequence[Passage], strict: bool = False) -> None:
        self._question = question
        self._passages = passages
        self._strict = strict
        self._resolved: dict[Claim, Resolved] = {}

    def resolve(
        self, written: str, finished: bool = True, cut: bool = False
    ) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
        """The sentences so far with the citations they need, numbered by first appearance.

        Where the text is not ``finished``, its last sentence is shown as it is, unchecked; where it
        was ``cut`` off, half a sentence is left out. So is what only says that there is no answer.
        """
        every = [
            claim
            for claim in claims(without_thoughts(written), finished)
            if not refuses(claim.text)
        ]
        if cut and every and not (ENDED.search(every[-1].text) or written.rstrip().endswith("]")):
            every.pop()
        settled = every if finished else every[:-1]
        resolved: list[Sentence] = []
        citations: dict[tuple[str, int, int], Citation] = {}
        for claim in settled:
            # Kept, since every piece that the model writes asks for all claims again.
            if claim not in self._resolved:
                self._resolved[claim] = self._rests_on(claim)
            spans, problems = self._resolved[claim]
            if problems and self._strict:
                continue
            numbers = []
            for span in spans:
                key = (span.source, span.start, span.end)
                citation = citations.setdefault(key, cite(len(citations) + 1, span))
                numbers.append(citation.number)
            resolved.append(Sentence(claim.text, tuple(numbers), problems, claim.lead))
        if not self._strict:
            resolved += [Sentence(claim.text, lead=claim.lead) for claim in every[len(settled) :]]
        return tuple(resolved), tuple(citations.values())

    def _rests_on(self, claim: Claim) -> Resolved:
        """The spans that carry a claim: of the passages that it cites, or else of another."""
        named = [self._passages[n - 1] for n in claim.numbers if 1 <= n <= len(self._passages)]
        carried = {passage.id: support(claim.text, passage.text) for passage in self._passages}
        best = max((carried[passage.id] for passage in named), default=0.0)
        cited = [passage for passage in named if carried[passage.id] >= SHARE * best]
        spans = tuple(self._narrowed(claim, passage) for passage in cited)
        problems = self._problems(claim, cited, spans) if cited else (NOWHERE,)
        if problems:
            # A sentence that cites nothing, or the wrong passage, may still rest on another.
            for passage in sorted(self._passages, key=lambda p: -carried[p.id])[:2]:
                if carried[passage.id] >= CARRIED:
                    span = self._narrowed(claim, passage)
                    if not self._problems(claim, [passage], [span]):
                        return (span,), ()
        return spans, problems

    def _narrowed(self, claim: Claim, passage: Passage) -> Span:
        """The fewest neighbouring sentences of a passage that carry the claim."""
        document = passage.document
        ends = sentences(document, passage.start, passage.end)
        best, most = Span(document, passage.start, passage.end), -GAIN
        for length in range(1, min(QUOTED, len(ends)) + 1):
            windows = [
                Span(document, start, end)
                for (start, _), (_, end) in zip(ends, ends[length - 1 :], strict=False)
            ]
            shares = [support(claim.text, window.text) for window in windows]
            if max(shares) >= most + GAIN:
                most = max(shares)
                best = windows[shares.index(most)]
        for span in (best, passage):
            if not self._problems(claim, [passage], [span]):
                return span
        return best

    def _problems(
        self, claim: Claim, passages: Sequence[Passage], spans: Sequence[Span]
    ) -> tuple[str, ...]:
        context = [self._question, *(f"{p.title}\n{p.heading or ''}" for p in passages)]
        return unsupported(claim.text, [span.text for span in spans], "\n".join(context))


def refuses(text: str) -> bool:
    """Whether a sentence only says that the documents do not answer, or says nothing."""
    return bool(REFUSAL.match(text)) or not any(map(str.isalnum, text))
