"""One call that measures: questions checked, asked, scored, compared and held against limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from askdoc.assistant import Assistant
from askdoc.errors import BadInput
from askdoc.evaluation.baseline import baseline as load_baseline
from askdoc.evaluation.comparison import Comparison, compare
from askdoc.evaluation.export import EXPORTS
from askdoc.evaluation.figures import Figures, Price, figures
from askdoc.evaluation.forms import brings_documents
from askdoc.evaluation.gate import dropped, gate
from askdoc.evaluation.groups import Interval, groups, intervals
from askdoc.evaluation.judge import Judge
from askdoc.evaluation.questions import Corpus, Question
from askdoc.evaluation.questions import questions as read_questions
from askdoc.evaluation.report import BEFORE, report
from askdoc.evaluation.run import (
    ASKDOC,
    BASELINE,
    OnQuestion,
    Run,
    about,
    check_comparable,
    read_run,
    run,
    save,
)
from askdoc.evaluation.scores import System
from askdoc.evaluation.sets import QUESTIONS, questions_of_set, settings_of_set
from askdoc.settings import Settings


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of a set of questions.

    ``run`` has every question with its outcome, ``before`` is the run that it is held against,
    ``comparisons`` tell what askdoc does otherwise than before and than the baseline, and
    ``dropped`` has a line for each figure that is worse than its gate allows.
    """

    run: Run
    before: Run | None
    comparisons: Mapping[str, Comparison]
    dropped: Sequence[str]

    @property
    def figures(self) -> Figures:
        """Askdoc's figures by name; None where there is nothing to reckon one from."""
        return self.run.figures[ASKDOC]

    @property
    def groups(self) -> dict[str, dict[str, Figures]]:
        """Askdoc's figures by kind, certainty and document of the questions: by name, by group."""
        every = groups(self.run.outcomes[ASKDOC])
        return {
            by: {name: figures(of) for name, of in parts.items()} for by, parts in every.items()
        }

    @property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """The 95 % interval of each system's figures; of none where there are too few questions."""
        return {name: intervals(outcomes) for name, outcomes in self.run.outcomes.items()}

    @property
    def group_intervals(self) -> dict[str, dict[str, dict[str, Interval]]]:
        """The same of askdoc's figures by group, as ``groups`` has them."""
        every = groups(self.run.outcomes[ASKDOC])
        return {
            by: {name: intervals(of) for name, of in parts.items()} for by, parts in every.items()
        }

    def save(self, folder: Path, export: Sequence[str] = ()) -> None:
        """Writes ``run.json`` and ``report.html``, and the run in other forms by their names.

        The names are those of ``EXPORTS``. Raises BadInput when that fails.
        """
        page = report(self.run, self.before, self.comparisons, self.dropped)
        files = {"run.json": self.run.as_json(), "report.html": page}
        for form in export:
            files |= EXPORTS[form](self.run)
        save(folder, files)

    def as_dict(self) -> dict[str, Any]:
        """What the run is of, its figures and comparisons, as JSON values."""
        return {
            "about": self.run.about,
            "figures": self.run.figures,
            "certainty": self.run.certainty,
            "intervals": self.intervals,
            "groups": self.groups,
            "group_intervals": self.group_intervals,
            "seconds": self.run.speed,
            "tokens": self.run.used,
            "agreement": self.run.agreement,
            "comparisons": {name: asdict(each) for name, each in self.comparisons.items()},
            "gate": list(self.dropped),
        }


def evaluate(
    questions: str | Path | None = None,
    corpus: str | Path | Corpus | None = None,
    *,
    data: str | Path | None = None,
    settings: Settings | None = None,
    against: str | Path | None = None,
    gates: str | Path | None = None,
    baseline: str | Path | None = None,
    split: str | None = None,
    limit: int | None = None,
    out: str | Path | None = None,
    export: Sequence[str] = (),
    price: Price | None = None,
    jobs: int = 1,
    judge: str | Settings | None = None,
    on_question: OnQuestion = lambda system, done, of: None,
    tell: Callable[[str], None] = lambda line: None,
) -> Evaluation:
    """Asks the questions of a file about a folder of documents, and counts what came of them.

    The file has any of the forms that ``askdoc.evaluation.forms`` reads: askdoc's own, BEIR, SQuAD,
    CSV, ragas, LangSmith. A BEIR folder or a SQuAD file brings its documents, unless a corpus is
    named. ``data`` is a set that does, and has the questions where no file of them is named;
    ``against`` a run to compare with, ``gates`` the limits of figures, ``baseline`` the Python file
    of another system; ``split`` and ``limit`` choose questions; ``out`` is a folder for the run and
    its report, and for the run in other forms: ``export`` names *trec*, *csv* or *junit*;
    ``price`` is that of a million tokens which a language model reads, and of a million it writes;
    ``jobs`` is how many questions are asked at once, which changes nothing but the time it takes.
    ``judge`` names a language model (``provider:model``, reached as that of the settings is, or
    settings of its own) that says of each answer whether its citations carry it, and whether it is
    to the question; none does by default. ``tell`` is called with a line for what the questions do
    not say. Raises BadInput, before anything is asked, when any of these cannot be used, and
    ModelFailed when the judge does not answer.
    """
    if data is None and corpus is None and questions and brings_documents(Path(questions)):
        data = questions
    if not isinstance(corpus, Corpus):
        corpus = open_corpus(corpus, data, settings)
    named = questions or data
    if named is None:
        raise BadInput("no questions: name a file of them, or a set that brings them")
    path = questions_of_set(Path(named))
    chosen = _chosen(read_questions(path, corpus, tell), split, limit, path)
    subject = about(set_name(path), chosen, corpus)
    before = read_run(Path(against)) if against else None
    if before:
        check_comparable(subject, before, Path(str(against)))
    limits = gate(Path(gates), subject, before) if gates else {}
    if jobs < 1:
        raise BadInput(f"jobs = {jobs}: ask at least one question at once")
    unknown = [form for form in export if form not in EXPORTS]
    if unknown:
        raise BadInput(f"no export {unknown[0]!r}: name {', '.join(EXPORTS)}")
    if out and Path(out).exists() and not Path(out).is_dir():
        raise BadInput(f"{out} is a file: name a folder with --out")
    systems: dict[str, System] = {ASKDOC: corpus.assistant}
    if baseline:
        of = corpus.assistant.settings
        systems[BASELINE] = load_baseline(Path(baseline), of.corpus, of)
    judging = Judge.named(judge, corpus.assistant.settings) if judge else None
    done = run(subject["set"], chosen, corpus, systems, on_question, price, jobs, judging)
    evaluation = Evaluation(
        done, before, _comparisons(done, before), dropped(limits, done.figures[ASKDOC])
    )
    if out:
        evaluation.save(Path(out), export)
    return evaluation


def open_corpus(
    corpus: str | Path | None = None,
    data: str | Path | None = None,
    settings: Settings | None = None,
) -> Corpus:
    """The documents of a folder, or of a set that brings its own, indexed first if need be."""
    settings = settings or Settings()
    if data is None:
        return Corpus(Assistant.from_folder(corpus, settings))
    if corpus is not None:
        raise BadInput(f"{data} brings its own documents: name no corpus beside it")
    settings, sources = settings_of_set(Path(data), settings)
    return Corpus(Assistant.from_folder(settings=settings), sources)


def set_name(path: Path) -> str:
    """The name of the set that a file of questions is: its folder's, where it is one of many."""
    return path.resolve().parent.name if path.name == QUESTIONS else path.stem


def _chosen(
    every: Sequence[Question], split: str | None, limit: int | None, path: Path
) -> list[Question]:
    """The questions that are wanted; raises BadInput when there is none."""
    chosen = [question for question in every if split in (None, question.split)]
    if not chosen:
        raise BadInput(f"{path} has no question whose split is {split}")
    return chosen[:limit]


def _comparisons(done: Run, before: Run | None) -> dict[str, Comparison]:
    """What askdoc does now against what the baseline does, and what it did before."""
    mine = done.outcomes[ASKDOC]
    others = {name: theirs for name, theirs in done.outcomes.items() if name != ASKDOC}
    others |= {BEFORE: before.outcomes[ASKDOC]} if before else {}
    return {name: compare(mine, theirs) for name, theirs in others.items()}
