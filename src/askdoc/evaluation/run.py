"""A run: every question of a set put to one system or several, as JSON that can be compared."""

import datetime
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from askdoc.errors import BadInput
from askdoc.evaluation.figures import (
    FIGURES,
    Figures,
    Price,
    agreement,
    by_certainty,
    figures,
    speed,
    used,
)
from askdoc.evaluation.judge import Judge
from askdoc.evaluation.questions import Corpus, Question, identity
from askdoc.evaluation.scores import Outcome, System, ask
from askdoc.tuning import fingerprint

ASKDOC, BASELINE = "askdoc", "baseline"  # the names of the systems
SETTINGS = (
    "embedder", "reader", "passage_size", "k", "threshold", "sure", "llm", "llm_tokens", "strict",
)  # fmt: skip
"""The settings that change answers."""

OnQuestion = Callable[[str, int, int], None]
"""Called with a system's name, the questions asked so far, and how many there are."""
Count = Callable[[int, int], None]
Came = tuple[Outcome, dict[str, float]]
One = Callable[[Question], Came]
AWAKE = 0.2  # seconds after which it is looked up whether the user has stopped it


@dataclass(frozen=True, slots=True)
class Run:
    """What several systems made of the questions of a set.

    ``about`` names set, corpus, questions, settings, version and a hash of all that was tuned;
    ``outcomes`` has each system's, in the order of the questions; ``seconds`` each system's steps,
    question by question; ``taken`` tells when and where. Two runs of one commit differ in the last
    two only.
    """

    about: dict[str, Any]
    outcomes: dict[str, list[Outcome]]
    seconds: dict[str, list[dict[str, float]]]
    taken: dict[str, Any]

    @property
    def figures(self) -> dict[str, Figures]:
        """Every figure of each system."""
        return {name: figures(outcomes) for name, outcomes in self.outcomes.items()}

    @property
    def certainty(self) -> dict[str, dict[str, dict[str, int]]]:
        """For each system and certainty, how many questions got it, and how many are right."""
        return {name: by_certainty(outcomes) for name, outcomes in self.outcomes.items()}

    @property
    def speed(self) -> dict[str, Figures]:
        """The seconds of a question, by step, of each system."""
        return {name: speed(steps) for name, steps in self.seconds.items()}

    @property
    def used(self) -> dict[str, dict[str, float]]:
        """The tokens of each system that has a language model, and their price, if one is named."""
        price = self.taken.get("price")
        every = {name: used(outcomes, price) for name, outcomes in self.outcomes.items()}
        return {name: told for name, told in every.items() if told}

    @property
    def agreement(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """How far the judge agrees with what is counted of each system; nothing without one."""
        every = {name: agreement(outcomes) for name, outcomes in self.outcomes.items()}
        return {name: told for name, told in every.items() if told}

    def as_json(self) -> str:
        """The run as JSON, a line for each question of each system."""
        every = self.figures
        by_figure = {
            figure: {name: of[figure] for name, of in every.items() if of[figure] is not None}
            for figure in FIGURES
            if any(of[figure] is not None for of in every.values())
        }
        head = {"about": self.about, "figures": by_figure, "certainty": self.certainty}
        head |= {"agreement": told} if (told := self.agreement) else {}
        taken = self.taken | {"figures": self.speed, "seconds": self.seconds}
        systems = ",\n".join(
            f"  {_line(name)}: [\n" + ",\n".join(_line(asdict(each)) for each in outcomes) + "\n  ]"
            for name, outcomes in self.outcomes.items()
        )
        return (
            json.dumps(head, ensure_ascii=False, indent=1)[:-2]
            + f',\n "outcomes": {{\n{systems}\n }},\n'
            + f' "taken": {_line(taken)}\n}}\n'
        )


def run(
    name: str,
    chosen: Sequence[Question],
    corpus: Corpus,
    systems: Mapping[str, System],
    on_question: OnQuestion = lambda system, done, of: None,
    price: Price | None = None,
    jobs: int = 1,
    judge: Judge | None = None,
) -> Run:
    """Puts every question to every system, so many at once; the order stays that of the questions.

    ``price`` is of a million tokens read, and written; ``judge`` is asked about each answer.
    """
    outcomes: dict[str, list[Outcome]] = {}
    seconds: dict[str, list[dict[str, float]]] = {}
    for title, system in systems.items():
        outcomes[title], seconds[title] = [], []
        one = partial(ask, system, corpus=corpus, judge=judge)
        tell = partial(on_question, title)
        alone, together = _alone(one, chosen, tell), partial(_together, one, chosen, tell, jobs)
        for outcome, steps in alone if jobs == 1 else together():
            outcomes[title].append(outcome)
            seconds[title].append({step: round(taken, 4) for step, taken in steps.items()})
    return Run(about(name, chosen, corpus, judge), outcomes, seconds, _taken(price))


def _alone(one: One, chosen: Sequence[Question], tell: Count) -> Iterator[Came]:
    """What came of each question, asked one after the other, in this thread."""
    for done, question in enumerate(chosen):
        tell(done, len(chosen))
        yield one(question)


def _together(one: One, chosen: Sequence[Question], tell: Count, jobs: int) -> list[Came]:
    """The same of questions asked beside each other; what stops this waits for none of them."""
    pool = ThreadPoolExecutor(jobs)
    try:
        every = [pool.submit(one, question) for question in chosen]
        left = set(every)
        while left:
            tell(len(every) - len(left), len(every))
            # With a timeout, since Windows heeds Ctrl-C only between two waits.
            done, left = wait(left, AWAKE, FIRST_COMPLETED)
            for future in done:
                future.result()  # raises what went wrong, before the others are asked
        return [future.result() for future in every]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def read_run(path: Path) -> Run:
    """A run from its file; raises BadInput when it is none."""
    try:
        values = json.loads(path.read_bytes())
        outcomes = {
            system: [Outcome(**row) for row in rows] for system, rows in values["outcomes"].items()
        }
        taken = dict(values["taken"])
        seconds, _ = taken.pop("seconds"), taken.pop("figures")
        kept = Run(values["about"], outcomes, seconds, taken)
        if not all(kept.about[part]["sha256"] for part in ("corpus", "questions")):
            raise ValueError("no hashes")
        if not (outcomes[ASKDOC] and seconds[ASKDOC]):
            raise ValueError("nothing of askdoc")
        figures([each for every in outcomes.values() for each in every])
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is no run of askdoc eval") from error
    return kept


def check_comparable(mine: Mapping[str, Any], other: Run, path: Path) -> None:
    """Raises BadInput when another run is of another corpus or of other questions."""
    for part, what in (("corpus", "another corpus"), ("questions", "other questions")):
        theirs = other.about[part]
        if theirs["sha256"] != mine[part]["sha256"]:
            raise BadInput(
                f"{path} is a run of {what} ({theirs['count']} of {other.about['set']}, not these "
                f"{mine[part]['count']}): make it again on this one"
            )


def save(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files into a folder, each whole or not at all; raises BadInput when that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        begun = {name: folder / f".{name}.{os.getpid()}" for name in files}
        try:
            for name, text in files.items():
                begun[name].write_text(text, "utf-8")
            for name, place in begun.items():
                place.replace(folder / name)
        finally:
            for place in begun.values():
                place.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}") from error


def about(
    name: str, chosen: Sequence[Question], corpus: Corpus, judge: Judge | None = None
) -> dict[str, Any]:
    """What a run is of: known before anything is asked."""
    settings = corpus.assistant.settings
    return {
        "set": name,
        "askdoc": version("askdoc"),
        "corpus": {"count": len(corpus), "sha256": corpus.sha256},
        "questions": {"count": len(chosen), "sha256": identity(chosen)},
        "tuned": fingerprint(),
        "settings": settings.model_dump(include=set(SETTINGS)),
        **({"judge": judge.about} if judge else {}),
    }


def _taken(price: Price | None) -> dict[str, Any]:
    """When and where, and at what price of a language model's tokens."""
    now = datetime.datetime.now(datetime.UTC)
    told = {"date": now.date().isoformat(), "cores": os.cpu_count(), "system": platform.platform()}
    return told | ({"price": list(price)} if price else {})


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
