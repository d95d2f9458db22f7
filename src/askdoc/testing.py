"""For tests of one's own documents, under pytest: a shared assistant, and what it must answer.

``pytest_plugins = ["askdoc.testing"]`` in a ``conftest.py`` brings the fixture ``assistant``.
"""

import re
from collections.abc import Iterator, Sequence

import pytest

from askdoc.answer.query import History
from askdoc.assistant import Assistant
from askdoc.evaluation.scores import MARKERS, System
from askdoc.settings import Settings
from askdoc.types import Answer


@pytest.fixture(scope="session")
def assistant(pytestconfig: pytest.Config) -> Iterator[Assistant]:
    """An assistant over the folder that ``ASKDOC_CORPUS`` names, below pytest's root folder.

    It is indexed first, if need be, and serves all tests. Without the variable it is `corpus`.
    """
    settings = Settings()
    opened = Assistant.from_folder(pytestconfig.rootpath / settings.corpus, settings)
    yield opened
    opened.index.close()


def assert_answers(
    assistant: System,
    question: str,
    must_include: str | Sequence[str] = (),
    cites: str | Sequence[str] = (),
    history: History = (),
) -> Answer:
    """The answer to a question that must be answered; it fails with all that is missing.

    The answer must have each regular expression of ``must_include``, upper and lower case alike,
    and cite each source of ``cites``.
    """
    __tracebackhide__ = True
    answer = assistant.ask(question, history)
    said = MARKERS.sub("", answer.text)
    cited = {citation.source for citation in answer.citations}
    missing = [f"a citation of {source}" for source in _each(cites) if source not in cited]
    if answer.answered:
        patterns = _each(must_include)
        missing += [repr(each) for each in patterns if not re.search(each, said, re.I)]
    else:
        missing.insert(0, "an answer")
    if missing:
        pytest.fail(_told(answer, f"missing: {', '.join(missing)}"), pytrace=False)
    return answer


def assert_refuses(assistant: System, question: str, history: History = ()) -> Answer:
    """The refusal of a question that the documents do not answer; it fails with what was said."""
    __tracebackhide__ = True
    answer = assistant.ask(question, history)
    if answer.answered:
        pytest.fail(_told(answer, "missing: a refusal"), pytrace=False)
    return answer


def _each(named: str | Sequence[str]) -> Sequence[str]:
    return [named] if isinstance(named, str) else named


def _told(answer: Answer, missing: str) -> str:
    """A question, what came of it and what is missing, a line each."""
    cited = [f"  [{c.number}] {c.place}: {' '.join(c.quote.split())}" for c in answer.citations]
    closest = [
        f"  closest: {hit.passage.place}: {' '.join(hit.passage.text.split())[:120]}"
        for hit in answer.closest[: 0 if answer.answered else 3]
    ]
    return "\n".join(
        [
            f"question: {answer.question}",
            f"answer ({answer.certainty}, confidence {answer.confidence:.2f}): {answer.text}",
            *cited,
            *closest,
            missing,
        ]
    )
