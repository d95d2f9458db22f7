"""Trains the bi-encoder that tells how near a question and a sentence are in meaning.

python -m evals.training.train_similarity DATA --work FOLDER

DATA and FOLDER are those of `train_reader`. Each question of a batch chooses among all sentences of
all texts of the batch, its own text's foremost, and *none of them*, whose place is learned, too
(cross entropy; several right sentences are counted together): once by the cosine of the two vectors
and once word by word, each token of the question by the token of the sentence that is nearest to it
(late interaction: Khattab and Zaharia, 2020), by weights of the question's tokens that are learned.
A text is seen once for all of its questions: an hour does what a cross-encoder needs a day for.
"""

import argparse
import pickle
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel

from askdoc.answer.similarity import in_its_place, tokens
from askdoc.index.embedder import bundled
from askdoc.ingest.chunker import chunk, sentences
from askdoc.types import Span
from evals.training.examples import SIZE
from evals.training.questions import TRAIN, Asked, questions
from evals.training.rewording import reworded

SHARES = {  # of the texts of a batch, by set
    "written": 18.0,
    "squad2": 2.0,
    "nq_open_oracle": 2.0,
    "qamr": 1.5,
    "fairytaleqa": 1.5,
    "selqa": 1.5,
    "pubmedqa": 0.7,
    "wikitablequestions": 0.7,
    "fetaqa": 0.7,
    "quoref_contrast": 0.6,
    "xquad/en": 0.5,
    "hotpotqa_sample": 0.5,
    "tatqa_dev": 0.5,
}
WARM = 0.05  # share of the time in which the rate rises
WIDE = 96  # numbers for each token
FROZEN = 2  # layers that are not trained, beside the words
NONE_WEIGHT = 0.3  # of a question that nothing answers
MOST_SENTENCES, MOST_QUESTIONS = 24, 23  # of a text
PUBLIC_QUESTIONS = 6  # of a text of a public set: one article would drown the others


@dataclass(frozen=True, slots=True)
class Text:
    """Sentences that stand together, and questions with those of them that answer."""

    sentences: tuple[str, ...]
    questions: tuple[tuple[str, tuple[int, ...]], ...]


class BiEncoder(nn.Module):
    """The bundled encoder: a unit vector of a text, and a small one of each of its tokens."""

    def __init__(self, attention: str = "sdpa") -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(
            str(bundled()), attn_implementation=attention, attention_probs_dropout_prob=0.0
        )
        size = self.encoder.config.hidden_size
        self.project = nn.Linear(size, WIDE, bias=False)
        nn.init.orthogonal_(self.project.weight)
        self.turn = nn.Linear(size, 1, bias=False)  # how much of a question turns on each token
        nn.init.zeros_(self.turn.weight)
        self.scales = nn.Parameter(torch.tensor([20.0, 20.0]).log())
        self.none = nn.Parameter(torch.tensor([0.4, 0.5]))
        for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:FROZEN]):
            for weights in part.parameters():
                weights.requires_grad = False

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is compared of texts, from token ids of shape (texts, tokens).

        Unit vectors of shape (texts, 384), unit vectors of their tokens of shape (texts, tokens,
        WIDE), which are 0 where nothing is, and the shares (0 to 1) of the tokens of each text.
        """
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[..., None].to(states.dtype)
        whole = nn.functional.normalize((states * weight).sum(1) / weight.sum(1), dim=-1)
        small = nn.functional.normalize(self.project(states), dim=-1) * weight
        turns = self.turn(states)[..., 0].masked_fill(mask == 0, -1e4)
        return whole, small, turns.softmax(-1)

    def compared(self, texts: Sequence[str], most: int = 6000) -> tuple[Tensor, Tensor, Tensor]:
        """The same of many texts, those of like length together, filled up to the longest."""
        every = [tokens(text) for text in texts]
        order = sorted(range(len(every)), key=lambda at: len(every[at]))
        found: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
        while order:
            part = [at for place, at in enumerate(order) if (place + 1) * len(every[at]) <= most]
            part = part or order[:1]
            order = order[len(part) :]
            ids = nn.utils.rnn.pad_sequence([torch.tensor(every[at]) for at in part], True)
            found |= zip(part, zip(*self(ids, (ids != 0).long()), strict=True), strict=True)
        in_order = [found[at] for at in range(len(every))]
        whole = torch.stack([each[0] for each in in_order])
        small, turns = (
            nn.utils.rnn.pad_sequence([each[part] for each in in_order], True) for part in (1, 2)
        )
        return whole, small, turns


def texts_of(data: Path) -> Iterator[tuple[str, Text]]:
    """The texts of every set to train on, each with the name of its set.

    Our own are seen whole, those of the public sets passage by passage, as they are found.
    """
    for found in questions(data, TRAIN):
        asked_of: dict[str, list[Asked]] = {}
        for asked in found.asked:
            asked_of.setdefault(asked.document.source, []).append(asked)
        for document in found.documents:
            parts: list[list[Span]] = []
            shown: dict[Span, str] = {}
            for passage in chunk(document, SIZE):
                spans = [
                    Span(document, start, end)
                    for start, end in sentences(document, passage.start, passage.end)
                    if not document.is_header(start)
                ]
                shown |= {span: in_its_place(span, passage) for span in spans}
                parts.append(spans)
            whole = found.name == "written"
            for spans in [list(shown)] if whole else parts:
                about = [
                    (asked.question, right)
                    for asked in asked_of.get(document.source, ())
                    for right in [_right(asked, spans)]
                    if right or not asked.answerable
                ]
                if spans and about:
                    kept = spans[:MOST_SENTENCES]
                    yield found.name, Text(tuple(shown[span] for span in kept), tuple(about))


def _right(asked: Asked, spans: Sequence[Span]) -> tuple[int, ...]:
    """The numbers of the sentences that hold an answer."""
    return tuple(
        number
        for number, span in enumerate(spans[:MOST_SENTENCES])
        if any(start < span.end and span.start < end for start, end in asked.answers)
    )


def batches(texts: dict[str, list[Text]], most: int) -> Iterator[list[Text]]:
    """Batches of about so many characters, drawn by the share of each set, without an end."""
    dice = random.Random(1)
    waiting: dict[str, list[Text]] = {}
    while True:
        chosen: list[Text] = []
        size = 0
        while size < most:
            name = dice.choices(list(SHARES), list(SHARES.values()))[0]
            if not waiting.get(name):
                waiting[name] = dice.sample(texts[name], len(texts[name]))
            text = waiting[name].pop()
            many = MOST_QUESTIONS if name == "written" else PUBLIC_QUESTIONS
            some = dice.sample(text.questions, min(many, len(text.questions)))
            put = tuple((reworded(question, dice), right) for question, right in some)
            chosen.append(Text(text.sentences, put))
            size += sum(map(len, text.sentences)) + sum(len(question) for question, _ in put)
        yield chosen


def losses(model: BiEncoder, chosen: Sequence[Text]) -> Tensor:
    """The cross entropy of the choices of all questions of some texts: by cosine, by tokens."""
    every = [sentence for text in chosen for sentence in text.sentences]
    asked = [question for text in chosen for question, _ in text.questions]
    whole, small, turns = model.compared([*every, *asked])
    many = len(every)
    cosines = whole[many:] @ whole[:many].T
    nearest = [(small[many:] @ sentence.T).amax(-1) for sentence in small[:many]]
    matched = torch.stack([(near * turns[many:]).sum(-1) for near in nearest], 1)
    right = torch.zeros(len(asked), many + 1, dtype=torch.bool)
    row = first = 0
    for text in chosen:
        for _, places in text.questions:
            right[row, [first + place for place in places] or [-1]] = True
            row += 1
        first += len(text.sentences)
    weights = torch.where(right[:, -1], NONE_WEIGHT, 1.0)
    entropies = []
    for scores, none, scale in zip((cosines, matched), model.none, model.scales.exp(), strict=True):
        logits = torch.cat([scores, none.expand(len(asked), 1)], 1) * scale
        found = logits.masked_fill(~right, float("-inf")).logsumexp(1)
        entropies.append(((logits.logsumexp(1) - found) * weights).sum() / weights.sum())
    return torch.stack(entropies)


def train(model: BiEncoder, plan: Iterator[list[Text]], seconds: float, rate: float) -> None:
    """Trains for so long; the rate rises and then falls to nothing by the clock."""
    body = [p for p in model.encoder.parameters() if p.requires_grad]
    heads = [*model.project.parameters(), *model.turn.parameters(), model.scales, model.none]
    groups = [{"params": body, "top": rate}, {"params": heads, "top": 1e-3, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=0.01, fused=True)
    model.train()
    began, sum_ = time.time(), torch.zeros(2)
    for step, chosen in enumerate(plan, 1):
        at = (time.time() - began) / seconds
        if at >= 1:
            return
        for group in optimizer.param_groups:
            group["lr"] = group["top"] * min(0.05 + at / WARM, 1 - at)
        value = losses(model, chosen)
        value.sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(body, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        sum_ += value.detach()
        if step % 20 == 0:
            by_cosine, by_tokens = (sum_ / 20).tolist()
            told = f"loss {by_cosine:.3f} by cosine, {by_tokens:.3f} by tokens"
            print(f"{step}: {told}, {time.time() - began:.0f} s", flush=True)
            sum_.zero_()


def main() -> None:
    """Reads the command line, trains and writes similarity.pt."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="to begin with, instead of the encoder's")
    parser.add_argument("--minutes", type=float, default=65)
    parser.add_argument("--rate", type=float, default=7e-5)
    parser.add_argument("--characters", type=int, default=12_000, help="of a batch")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    kept = arguments.work / "texts.pickle"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(list(texts_of(arguments.data))))
    texts: dict[str, list[Text]] = {}
    for name, text in pickle.loads(kept.read_bytes()):
        texts.setdefault(name, []).append(text)
    print({name: len(of) for name, of in texts.items()}, flush=True)
    torch.manual_seed(0)
    model = BiEncoder()
    if arguments.weights:
        model.load_state_dict(torch.load(arguments.weights))
    plan = batches(texts, arguments.characters)
    train(model, plan, 60 * arguments.minutes, arguments.rate)
    torch.save(model.state_dict(), arguments.work / "similarity.pt")


if __name__ == "__main__":
    main()
