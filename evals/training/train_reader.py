"""Trains the reader that askdoc ships, from the bundled MiniLM, on public question sets.

python -m evals.training.train_reader DATA --work FOLDER

DATA holds the sets, a folder each with corpus.jsonl and queries.jsonl. FOLDER keeps the indexes,
the examples and a checkpoint after every tenth of an epoch: the same command goes on from there.

The reader sees a question with a whole passage, and gives each sentence and the passage a number
(a logit): a sentence by the mean of its tokens' states beside that of the question's, whose cosine,
which is what the bundled encoder was made for, is where learning begins. Three
losses are added up: over all sentences of an example's passages and "none of them" (cross entropy,
all right sentences counted together), over each passage ("does it hold the answer"), and over the
answer's first and last word, which is only there to teach.
"""

import argparse
import itertools
import pickle
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel

from askdoc.answer.encoding import Tokens, encode
from askdoc.index.embedder import bundled
from evals.sets import Part
from evals.training.examples import Example, examples

SETS = ("squad2", "xquad/en", "nq_open_oracle", "hotpotqa_sample", "tatqa_dev")


class Reader(nn.Module):
    """The bundled encoder with a head for sentences, one for the passage and one for words."""

    def __init__(self, attention: str = "sdpa") -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(
            str(bundled()),
            attn_implementation=attention,
            attention_probs_dropout_prob=0.0,  # a quarter faster, the other dropouts stay
        )
        size = self.encoder.config.hidden_size
        self.sentence = nn.Linear(2 * size, 1)
        self.likeness = nn.Parameter(torch.tensor(10.0))
        self.whole = nn.Linear(size, 1)
        self.words = nn.Linear(size, 2)
        nn.init.zeros_(self.sentence.weight)
        nn.init.constant_(self.sentence.bias, -5.0)  # with a cosine of a half: even odds
        for weights in self.encoder.embeddings.parameters():
            weights.requires_grad = False  # half of all weights, and too few examples to move them

    def forward(
        self, ids: Tensor, kinds: Tensor, mask: Tensor, means: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of shape (passages, sentences), (passages,) and (passages, tokens, 2).

        ``means`` are the rows of ``Tokens.means``, of shape (passages, 1 + sentences, tokens).
        """
        states = self.encoder(
            input_ids=ids, token_type_ids=kinds, attention_mask=mask
        ).last_hidden_state
        states = nn.functional.dropout(states.float(), 0.1, self.training)
        pooled = means @ states
        question, sentences = pooled[:, :1], pooled[:, 1:]
        alike = nn.functional.cosine_similarity(question, sentences, dim=-1)
        both = torch.cat([sentences, question * sentences], -1)
        chosen = self.sentence(both).squeeze(-1) + self.likeness * alike
        return chosen, self.whole(states[:, 0]).squeeze(-1), self.words(states)


@dataclass(slots=True)
class Group:
    """An example in tokens; offsets of words are turned into places of tokens."""

    tokens: list[Tokens]
    right: list[list[bool | None]]
    starts: list[list[int]]
    ends: list[list[int]]
    weight: float


def groups(examples: Sequence[Example]) -> Iterator[Group]:
    """The examples in tokens, those without a single whole sentence left out."""
    for example in examples:
        tokens = [
            encode(example.question, shown.frame, shown.text, shown.spans)
            for shown in example.passages
        ]
        both = list(zip(example.passages, tokens, strict=True))
        yield Group(
            tokens,
            [list(shown.right[: len(item.sentences)]) for shown, item in both],
            [places(item, 0, {start for start, _ in shown.answers}) for shown, item in both],
            [places(item, 1, {end for _, end in shown.answers}) for shown, item in both],
            example.weight,
        )


def places(tokens: Tokens, side: int, offsets: set[int]) -> list[int]:
    """The tokens of the passage that begin (side 0) or end (side 1) at one of the offsets."""
    return [
        at for at, span in enumerate(tokens.offsets) if span[side] in offsets and span[1] > span[0]
    ]


def batch(chosen: Sequence[Group]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The token ids, kinds, mask and means of all passages of some groups."""
    every = [tokens for group in chosen for tokens in group.tokens]
    size = max(len(tokens.ids) for tokens in every)
    ids = torch.zeros(len(every), size, dtype=torch.long)
    kinds, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, tokens in enumerate(every):
        ids[row, : len(tokens.ids)] = torch.tensor(tokens.ids)
        kinds[row, : len(tokens.ids)] = torch.tensor(tokens.kinds)
        mask[row, : len(tokens.ids)] = 1
    most = 1 + max(len(tokens.sentences) for tokens in every)
    means = np.stack([tokens.means(size, most) for tokens in every])
    return ids, kinds, mask, torch.from_numpy(means)


def either(logits: Tensor, right: Tensor) -> Tensor:
    """The cross entropy of a choice of which several are right."""
    return logits.logsumexp(-1) - logits[right].logsumexp(-1)


def loss(model: Reader, chosen: Sequence[Group]) -> Tensor:
    """The three losses of some groups, by weight."""
    sentences, whole, words = model(*batch(chosen))
    total, row = torch.zeros(()), 0
    for group in chosen:
        rows = slice(row, row + len(group.tokens))
        value = choice_loss(group, sentences[rows]) + 0.5 * whole_loss(group, whole[rows])
        value = value + 0.25 * words_loss(group, words[rows])
        total = total + group.weight * value
        row = rows.stop
    return total / len(chosen)


def choice_loss(group: Group, sentences: Tensor) -> Tensor:
    """Of choosing among all sentences and none of them; a sentence of unknown worth is left out."""
    logits, right = [torch.zeros(1)], [False]
    for row, verdicts in zip(sentences, group.right, strict=True):
        for logit, verdict in zip(row, verdicts, strict=False):
            if verdict is not None:
                logits.append(logit.unsqueeze(0))
                right.append(verdict)
    right[0] = not any(right)
    return either(torch.cat(logits), torch.tensor(right))


def whole_loss(group: Group, whole: Tensor) -> Tensor:
    """Of telling, for each passage of known worth, whether it holds the answer."""
    known = [
        (logit, float(any(verdicts)))
        for logit, verdicts in zip(whole, group.right, strict=True)
        if any(verdicts) or None not in verdicts
    ]
    if not known:
        return torch.zeros(())
    logits, labels = zip(*known, strict=True)
    return nn.functional.binary_cross_entropy_with_logits(torch.stack(logits), torch.tensor(labels))


def words_loss(group: Group, words: Tensor) -> Tensor:
    """Of finding the first and the last word of the answer, or none where there is no answer."""
    total = torch.zeros(())
    none = not any(any(verdicts) for verdicts in group.right)
    for head, places in enumerate((group.starts, group.ends)):
        logits, right = [torch.zeros(1)], [torch.tensor([none])]
        for row, (item, at) in enumerate(zip(group.tokens, places, strict=True)):
            logits.append(words[row, : len(item.ids), head])
            flags = torch.zeros(len(item.ids), dtype=torch.bool)
            flags[at] = True
            right.append(flags)
        marked = torch.cat(right)
        if marked.any():
            total = total + either(torch.cat(logits), marked)
    return total


def batches(every: list[Group], dice: random.Random, most: int) -> list[list[Group]]:
    """The groups in batches of about as many tokens, those of like length together."""
    order = sorted(every, key=lambda g: max(len(t.ids) for t in g.tokens) + dice.random() * 30)
    found: list[list[Group]] = [[]]
    tokens = 0
    for group in order:
        cost = len(group.tokens) * max(len(t.ids) for t in group.tokens)
        if found[-1] and tokens + cost > most:
            found.append([])
            tokens = 0
        found[-1].append(group)
        tokens += cost
    dice.shuffle(found)
    return found


def examples_of(data: Path, work: Path) -> list[Example]:
    """The examples of every set; kept in the work folder, since finding them takes minutes."""
    kept = work / "examples.pickle"
    if not kept.exists():
        dice = random.Random(0)
        found: list[Example] = []
        for name in SETS:
            before = len(found)
            found += examples(Part(data, name, work / "corpora"), dice)
            print(f"{name}: {len(found) - before} examples", flush=True)
        kept.write_bytes(pickle.dumps(found))
    examples_kept: list[Example] = pickle.loads(kept.read_bytes())
    return examples_kept


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--weights", type=Path, help="of a reader, to train it further")
    parser.add_argument("--tokens", type=int, default=6000, help="of a batch")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    every = list(groups(examples_of(arguments.data, arguments.work)))
    torch.manual_seed(0)
    model = Reader()
    if arguments.weights:
        model.load_state_dict(torch.load(arguments.weights))
    body = [p for p in model.encoder.parameters() if p.requires_grad]
    heads = [p for name, p in model.named_parameters() if not name.startswith("encoder.")]
    optimizer = torch.optim.AdamW(
        [
            {"params": body, "lr": arguments.rate},
            {"params": heads, "lr": 1e-3},
        ],
        weight_decay=0.01,
        fused=True,
    )
    plan = [
        chosen
        for epoch in range(arguments.epochs)
        for chosen in batches(every, random.Random(f"{arguments.weights}{epoch}"), arguments.tokens)
    ]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(n / (0.06 * len(plan)), max(0.0, 1 - n / len(plan)))
    )
    checkpoint, done = arguments.work / "checkpoint.pt", 0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        done = state["done"]
    print(f"{len(every)} examples, {len(plan)} steps, {done} done", flush=True)
    train(model, optimizer, schedule, plan, done, checkpoint)
    torch.save(model.state_dict(), arguments.work / "reader.pt")
    checkpoint.unlink(missing_ok=True)


def train(
    model: Reader,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    plan: Sequence[list[Group]],
    done: int,
    checkpoint: Path,
) -> None:
    """Goes through the plan from where it was left, with a line and a checkpoint now and then."""
    model.train()
    began, sum_, often = time.time(), 0.0, 40
    for step, chosen in enumerate(itertools.islice(plan, done, None), done + 1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = loss(model, chosen)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        sum_ += value.item()
        if step % often == 0:
            rate = (step - done) / (time.time() - began)
            left = (len(plan) - step) / rate / 60
            print(f"{step}/{len(plan)} loss {sum_ / often:.3f}, {left:.0f} min left", flush=True)
            sum_ = 0.0
        if step % (often * 5) == 0:
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "done": step,
            }
            torch.save(state, checkpoint)


if __name__ == "__main__":
    main()
