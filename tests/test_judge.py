"""A language model as a judge, over HTTP: off unless named, never guessed, held against counts."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, fails, printed
from scripted_server import Body, Scripted, scripted
from sklearn.metrics import cohen_kappa_score

import askdoc
from askdoc import Assistant, Settings
from askdoc.evaluation.judge import PROMPTS, verdicts
from askdoc.evaluation.metrics import agreement
from askdoc.evaluation.questions import Corpus
from askdoc.evaluation.run import read_run

DOCUMENTS = [
    {"id": "ferry", "text": "The ferry to Hiiumaa sails at seven in the morning."},
    {"id": "bread", "text": "Bake the rye bread for 50 minutes at 220 degrees."},
    {"id": "library", "text": "The library opens at ten and closes at six."},
]
QUESTIONS: list[dict[str, Any]] = [
    {"id": "q1", "question": "When does the ferry to Hiiumaa sail?", "answers": ["seven"]},
    {"id": "q2", "question": "How long is rye bread baked?", "answers": ["90 minutes"]},
    {"id": "q3", "question": "When does the library open?", "answers": ["ten"]},
    {"id": "q4", "question": "Who won the 1966 World Cup?", "answerable": False},
]


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a scripted server."""
    with scripted() as address:
        yield address


@pytest.fixture(scope="module")
def small() -> Iterator[Assistant]:
    """An assistant over three short documents, which quotes."""
    assistant = Assistant.from_documents(DOCUMENTS)
    yield assistant
    assistant.index.close()


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """The file of the questions."""
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in QUESTIONS), "utf-8")
    return path


def judging(by_word: dict[str, tuple[str, str]]) -> None:
    """Lets the server judge by the first of these words that it is sent, by figure."""

    def replies(body: Body) -> None:
        told, said = body["messages"][0]["content"], body["messages"][-1]["content"]
        if told in PROMPTS.values():
            of = next(reply for word, reply in by_word.items() if word in said)
            Scripted.words = [of[list(PROMPTS.values()).index(told)]]

    Scripted.refuses = replies


def test_a_judge_is_held_against_what_is_counted(
    asked: Path, small: Assistant, url: str, tmp_path: Path
) -> None:
    """What it says, what it did not say to the letter, and how often it agrees."""
    judging({"ferry": ("1: yes", "Yes."), "bread": ("no", "yes"), "library": ("1: perhaps", "No")})
    judge = Settings(llm="openai:strict", llm_base_url=url)
    measured = askdoc.evaluate(asked, Corpus(small), judge=judge, out=tmp_path, price=(1e6, 2e6))
    first, second, third, fourth = measured.run.outcomes["askdoc"]
    assert first.judged == {"carried": [True], "relevant": True, "unread": {}, "supported": True}
    assert second.scores["faithfulness"] == 0
    assert third.judged["carried"] is None
    assert third.judged["unread"] == {"faithfulness": "1: perhaps"}
    assert "faithfulness" not in third.scores
    assert fourth.judged == {}, "a refusal states nothing"
    assert measured.figures["faithfulness"] == 0.5
    assert measured.figures["relevance"] == 0.6667
    told = measured.as_dict()["agreement"]["askdoc"]
    assert told == {
        "faithfulness": {
            "judged": 2, "not judged": 1, "compared": 2, "agreement": 0.5, "kappa": 0.0
        },
        "relevance": {
            "judged": 3, "not judged": 0, "compared": 3, "agreement": 0.3333, "kappa": -0.5
        },
    }  # fmt: skip
    used = measured.run.used["askdoc"]
    assert set(used) == {"judge read", "judge written", "price"}
    assert used["price"] == used["judge read"] + 2 * used["judge written"]

    asked_of_it = [body["messages"] for body in Scripted.asked[1:]]
    assert len(asked_of_it) == 6
    assert re.search(
        r"<passage 1 \w{8}>\n.*seven in the morning\.\n</passage 1 \w{8}>\n\nStatements:\n1\. The ",
        asked_of_it[0][1]["content"],
        re.S,
    )
    kept = read_run(tmp_path / "run.json")
    assert kept.about["judge"] == {"model": "openai:strict", "prompts": PROMPTS}
    assert kept.agreement == measured.run.agreement
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Yes: the passages say all of it, with its names" in page
    assert "1: perhaps" in page
    assert "Judged otherwise than counted: How long is rye bread baked?" in page
    assert "no language model judges" not in page


def test_without_a_name_nobody_judges(
    asked: Path, small: Assistant, url: str, tmp_path: Path
) -> None:
    """Also where a model that writes is connected."""
    Scripted.words = ["The ferry sails at nine. [1]"]
    writer = Settings(llm="openai:it", llm_base_url=url)
    assistant = Assistant(small.index, Assistant.open(writer.model_copy(
        update={"corpus": small.settings.corpus})).model)  # fmt: skip
    before = askdoc.evaluate(asked, Corpus(assistant), limit=1, out=tmp_path)
    assert len(Scripted.asked) == 1
    assert before.figures["faithfulness"] is None
    assert before.as_dict()["agreement"] == {}
    assert "judge" not in before.run.about
    assert "no language model judges" in (tmp_path / "report.html").read_text("utf-8")

    judging({"ferry": ("1: no", "yes")})
    after = askdoc.evaluate(
        asked, Corpus(assistant), limit=1, judge=writer, against=tmp_path / "run.json"
    )
    (outcome,) = after.run.outcomes["askdoc"]
    assert outcome.model == "openai:it"
    assert outcome.judged["supported"] is False, "nine is no number of its passage"
    told = after.run.agreement["askdoc"]
    assert (told["faithfulness"]["agreement"], told["faithfulness"]["kappa"]) == (1, None)
    assert told["relevance"]["agreement"] == 0
    assert set(outcome.tokens) == {"read", "written", "judge read", "judge written"}


def test_the_command_names_its_judge(
    asked: Path, folder: Any, url: str, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    """At the address of the settings, tried before anything is asked."""
    corpus = folder({f"{row['id']}.md": row["text"] for row in DOCUMENTS})
    monkeypatch.setenv("ASKDOC_LLM_BASE_URL", url)
    judging({"ferry": ("1: yes", "yes"), "bread": ("yes", "no"), "library": ("1: yes", "So so")})
    place = ("eval", asked, "--corpus", corpus, "--out", tmp_path / "out")
    example = re.search(
        r"^\$ askdoc eval mine\.jsonl (--judge .*)\n…\n(.*?)```",
        (ROOT / "evals" / "README.md").read_text("utf-8"), re.S | re.M,
    )  # fmt: skip
    assert example is not None
    shown = printed(capsys, *place, *example[1].split())
    assert example[2] in shown, "what the page shows"
    assert re.search(r"faithfulness +1\.000", shown)
    assert re.search(r"Tokens of the judge of askdoc: [\d,]+ read, \d+ written", shown)
    assert re.search(r"Price of all: \d", shown)
    told = json.loads(printed(capsys, *place, "--judge", "openai:it", "--json"))
    assert told["agreement"]["askdoc"]["relevance"]["judged"] == 2
    monkeypatch.setenv("ASKDOC_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    assert "cannot be reached" in fails(capsys, *place, "--judge", "openai:it")
    assert "most servers speak OpenAI's API" in fails(capsys, *place, "--judge", "it")


def test_no_other_server_is_sent_the_key_of_the_writers(
    asked: Path, small: Assistant, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge of another provider goes where its own variables say."""
    own = {"llm": "openai:it", "llm_base_url": url, "llm_key": "pass-word"}
    settings = small.settings.model_copy(update=Settings(**own).model_dump(include=set(own)))
    assistant = Assistant(small.index)
    assistant.settings = settings
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    with pytest.raises(askdoc.ModelFailed, match="cannot be reached"):
        askdoc.evaluate(asked, Corpus(assistant), judge="ollama:it")
    assert Scripted.asked == []


@pytest.mark.parametrize(
    ("written", "many", "read"),
    [
        ("1: yes\n2: no", 2, [True, False]),
        ("**2.** No\n\n- 1: YES.\n", 2, [True, False]),
        ("yes", 1, [True]),
        ("yes\nno", 2, None),
        ("1: yes", 2, None),
        ("1: yes\n1: no", 2, None),
        ("1: yes\n3: no", 2, None),
        ("1: yes\n1: no", 1, None),
        ("2: yes", 1, None),
        ("1: yes, but not the year", 1, None),
        ("Here you are:\n1: yes", 1, None),
        ("1: yes and no", 1, None),
        ("", 1, None),
    ],
)
def test_a_reply_is_read_to_the_letter_or_not_at_all(
    written: str, many: int, read: list[bool] | None
) -> None:
    assert verdicts(written, many) == read


def test_agreement_is_that_of_scikit_learn() -> None:
    draw = random.Random(7)
    for _ in range(50):
        pairs = [(draw.random() < 0.7, draw.random() < 0.4) for _ in range(30)]
        same, kappa = agreement(pairs)
        one, other = zip(*pairs, strict=True)
        assert same == sum(a == b for a, b in pairs) / 30
        assert kappa == pytest.approx(cohen_kappa_score(one, other))
    assert str(agreement([(True, True)] * 3)) == "(1.0, nan)"
    assert str(agreement([])) == "(nan, nan)"
