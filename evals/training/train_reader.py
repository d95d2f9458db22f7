"""Trains the reader that askdoc ships, from the bundled MiniLM, on public question sets.

python -m evals.training.train_reader DATA --work FOLDER

DATA holds the sets: a folder each with corpus.jsonl and queries.jsonl, and train/*.jsonl.gz. FOLDER
keeps the examples and a checkpoint every four minutes: the same command goes on from there.

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
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel

from askdoc.answer.encoding import Tokens, encode
from askdoc.index.embedder import bundled
from evals.training.examples import Example, examples
from evals.training.questions import TRAIN, questions, sizes

# Two to three times as many tokens a second as in single precision; other cores lose by it.
FAST = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
WARM = 0.05  # share of the time in which the rates rise
FROZEN = 2  # layers that are not trained
OFTEN = 25  # steps from one line of the log to the next


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
        # Half of all weights, and too few examples to move them; the lowest layers, to save time.
        for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:FROZEN]):
            for weights in part.parameters():
                weights.requires_grad = False

    def forward(
        self, ids: Tensor, kinds: Tensor, mask: Tensor, means: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of shape (passages, sentences), (passages,) and (passages, tokens, 2).

        ``means`` are the rows of ``Tokens.means``, of shape (passages, 1 + sentences, tokens).
        """
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training and FAST):
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
        value = choice_loss(group, sentences[rows]) + whole_loss(group, whole[rows])
        value = value + 0.2 * words_loss(group, words[rows])
        total = total + group.weight * value
        row = rows.stop
    return total / len(chosen)


def choice_loss(group: Group, sentences: Tensor) -> Tensor:
    """Of choosing among all sentences and none of them; a sentence of unknown worth is left out."""
    logits, right = [torch.zeros(1)], [False]
    for row, verdicts in zip(sentences, group.right, strict=True):
        known = [at for at, verdict in enumerate(verdicts) if verdict is not None]
        logits.append(row[known])
        right += [bool(verdicts[at]) for at in known]
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


def endless(every: list[Group], most: int) -> Iterator[list[Group]]:
    """Batches of all groups, again and again, each time in another order."""
    for epoch in itertools.count():
        yield from batches(every, random.Random(epoch), most)


def examples_of(data: Path, work: Path) -> list[Example]:
    """The examples of every set; kept in the work folder."""
    kept = work / "examples.pickle"
    if not kept.exists():
        found = list(questions(data, TRAIN))
        print(sizes(found), flush=True)
        made = list(examples(found, random.Random(0)))
        counts = Counter(f"{name}: {example.kind}" for name, example in made)
        print("\n".join(f"{counts[kind]:6} {kind}" for kind in sorted(counts)), flush=True)
        kept.write_bytes(pickle.dumps([example for _, example in made]))
    examples_kept: list[Example] = pickle.loads(kept.read_bytes())
    return examples_kept


@dataclass(slots=True)
class Course:
    """How far training has come: what is trained, the steps done and the seconds spent on them.

    The rates rise over the first of the planned seconds and then fall to nothing at their end, so
    that training ends on time, however busy the machine is.
    """

    model: Reader
    optimizer: torch.optim.Optimizer
    seconds: float
    checkpoint: Path
    done: int = 0
    spent: float = 0.0

    def restore(self) -> None:
        """Goes back to the checkpoint, if there is one."""
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.done, self.spent = state["done"], state["spent"]

    def keep(self) -> None:
        """Writes the checkpoint, so that a stop in the middle of it leaves the last one."""
        half = self.checkpoint.with_suffix(".half")
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**state, "done": self.done, "spent": self.spent}, half)
        half.replace(self.checkpoint)

    def pace(self) -> None:
        """Sets the learning rates by the time that is spent."""
        at = self.spent / self.seconds
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * min(0.02 + at / WARM, max(0.0, 1 - at) / (1 - WARM))

    def run(self, plan: Iterator[list[Group]]) -> None:
        """Trains until the time is spent, with a line and a checkpoint now and then."""
        self.model.train()
        sum_, began, kept = 0.0, time.time() - self.spent, self.spent
        for chosen in itertools.islice(plan, self.done, None):
            self.pace()
            value = loss(self.model, chosen)
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.done += 1
            self.spent = time.time() - began
            sum_ += value.item()
            if self.done % OFTEN == 0:
                print(f"{self.done}: loss {sum_ / OFTEN:.3f}, {self.spent:.0f} s", flush=True)
                sum_ = 0.0
            if self.spent - kept > 240:
                kept = self.spent
                self.keep()
            if self.spent >= self.seconds:
                return


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--weights", type=Path, help="of a reader, to train it further")
    parser.add_argument("--tokens", type=int, default=4000, help="of a batch")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    every = list(groups(examples_of(arguments.data, arguments.work)))
    torch.manual_seed(0)
    model = Reader()
    before = torch.load(arguments.weights) if arguments.weights else {}
    if before:
        model.load_state_dict(before)
    body = [p for p in model.encoder.parameters() if p.requires_grad]
    heads = [p for name, p in model.named_parameters() if not name.startswith("encoder.")]
    tops = ((body, arguments.rate), (heads, 10 * arguments.rate))
    optimizer = torch.optim.AdamW(
        [{"params": weights, "lr": top, "top": top} for weights, top in tops],
        weight_decay=0.01,
        fused=True,
    )
    checkpoint = arguments.work / "checkpoint.pt"
    course = Course(model, optimizer, 60 * arguments.minutes, checkpoint)
    course.restore()
    plan = batches(every, random.Random(0), arguments.tokens)
    tokens = sum(len(tokens.ids) for group in every for tokens in group.tokens)
    print(f"{len(every)} examples, {tokens} tokens, {len(plan)} steps an epoch", flush=True)
    course.run(endless(every, arguments.tokens))
    # The mean of the weights before and after (Wortsman et al., 2022) chooses better than either.
    state = {
        name: (after + before.get(name, after)) / 2 for name, after in model.state_dict().items()
    }
    torch.save(state, arguments.work / "reader.pt")
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
