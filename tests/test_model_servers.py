"""Models that think aloud, stop without a word or know less, over HTTP as their servers do it."""

from collections.abc import Callable, Iterator

import pytest
from helpers import check_spans, recording
from langchain_core.messages import AIMessageChunk
from scripted import QUESTION
from scripted import scripted as chat
from scripted_server import Body, Scripted, scripted

from askdoc import Answer, Assistant, ModelFailed, Settings
from askdoc.answer.connect import connect, is_here
from askdoc.answer.model import LONGEST_THOUGHT, LONGEST_WRITTEN, Model
from askdoc.answer.prompt import alternating
from askdoc.answer.thoughts import without_thoughts

RIGHT = "Eagle Partner was a joint exercise of Armenian and American soldiers [1]."
THOUGHTS = [
    "<think>Hm, a secret [1].</think>It opened.",
    "<think>\nOne secret.\n</think>\n\n<think>Another secret.</think>\nIt opened.",
    "<THINKING>Hm, a secret.</THINKING>\nIt opened.",
    "<reasoning>A secret</reasoning><answer>It opened.</answer>",
    "<seed:think>A secret</seed:think>It opened.",
    "◁think▷A secret◁/think▷It opened.",
    "[THINK]A secret[/THINK]It opened.",
    "<|START_THINKING|>A secret<|END_THINKING|><|START_RESPONSE|>It opened.<|END_RESPONSE|>",
    "<unused94>thought\nA secret<unused95>It opened.",
    "<|channel>thought\nA secret<channel|>It opened.",
    "<|channel|>analysis<|message|>A secret<|end|><|start|>assistant<|channel|>final<|message|>"
    "It opened.<|return|>",
    "<|channel|>analysis<|message|>One secret<|end|><|start|>assistant<|channel|>commentary"
    "<|message|>Another secret<|end|><|start|>assistant<|channel|>final<|message|>It opened.",
    "analysisWe keep a secret.assistantfinalIt opened.",
]


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a scripted server."""
    with scripted() as address:
        yield address


@pytest.fixture
def model(url: str) -> Model:
    """A model on it."""
    model = connect(Settings(llm="openai:it", llm_base_url=url))
    assert model
    return model


def answers(assistant: Assistant, model: Model, *words: str | Body) -> list[Answer]:
    """All steps of an answer of which the server streams the words."""
    Scripted.words = list(words)
    return list(assistant.stream(QUESTION, model=model))


@pytest.mark.parametrize("written", THOUGHTS)
def test_thoughts_are_left_out_while_they_come_and_after(written: str) -> None:
    assert without_thoughts(written).rstrip() == "It opened."
    assert not any("secret" in without_thoughts(written[:end]) for end in range(len(written)))


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("So I keep a secret.\n</think>\n\nIt opened.", "It opened."),
        ("A secret of 1998 </think> It opened.", "It opened."),
        ("Sure. <think>A secret</think>It opened.", "Sure. It opened."),
        ("It opened.\n<think>Is that so?", "It opened.\n"),
        ("It opened.</think>", ""),
        ("<think>a <think>b</think> c</think>It opened.", "It opened."),
        ("It opened.<|im_end|>", "It opened."),
    ],
)
def test_thoughts_without_an_end_or_a_beginning(written: str, left: str) -> None:
    assert without_thoughts(written) == left


@pytest.mark.parametrize(
    "about",
    [
        "It <think>opened",
        "The tags <think> and </think> enclose thoughts [1].",
        "Write `<think>` before and `</think>` behind it [1].",
        "The end is </think>.",
        "An analysis of a < b and of [1]",
        "Analysis: it opened.",
    ],
)
def test_a_text_about_thoughts_is_left_as_it_is(about: str) -> None:
    assert without_thoughts(about) == about


def test_thoughts_of_any_length_are_no_answer(assistant: Assistant, model: Model) -> None:
    """Also where only their end is marked: nothing is shown before."""
    thought = "Okay, the user asks what Eagle Partner is. " * 30
    for begin in ("<think>", ""):
        words = [begin, *[thought] * (LONGEST_WRITTEN // 1000), "</think>", *RIGHT.split(" ")]
        *grown, last = answers(assistant, model, *(f"{word} " for word in words))
        assert last.text.startswith("Eagle Partner was a joint exercise")
        assert last.model == model.name
        assert last.note == ""
        assert not any("user" in step.text for step in grown)
    for begin, note in (("<think>", "wrote nothing"), ("", "stopped before it was done")):
        Scripted.end = "stop" if begin else "length"
        last = answers(assistant, model, begin + thought)[-1]
        assert note in last.note
        assert last.text == assistant.ask(QUESTION).text
    Scripted.end = "stop"
    endless = answers(assistant, model, "<think>", *[thought] * (LONGEST_THOUGHT // 1000))[-1]
    assert "stopped before it was done" in endless.note
    assert endless.model == "quotes"


def test_thoughts_beside_the_text_are_no_answer(assistant: Assistant, model: Model) -> None:
    apart = {"reasoning_content": "A secret.", "reasoning": "A secret.", "content": None}
    assert (
        answers(assistant, model, apart, RIGHT)[-1].text
        == answers(assistant, model, RIGHT)[-1].text
    )
    assert "wrote nothing" in answers(assistant, model, apart)[-1].note
    blocks = [
        {"type": "thinking", "thinking": "A secret."},
        {"type": "reasoning", "reasoning": "A secret."},
        {"type": "text", "text": RIGHT},
    ]
    *_, last = assistant.stream(QUESTION, model=chat(AIMessageChunk(blocks)))
    assert last.text == answers(assistant, model, RIGHT)[-1].text


@pytest.mark.parametrize(
    "written",
    [
        "<think>The user means the exercise.</think>Who took part in Eagle Partner?",
        "It is about the exercise.\n</think>\n\nWho took part in Eagle Partner?",
        '**Rewritten question:** "Who took part in Eagle Partner?"',
    ],
)
def test_a_rewritten_question_has_no_thoughts(model: Model, written: str) -> None:
    Scripted.words = [written]
    history = [{"role": "user", "content": QUESTION}]
    assert model.rewrite("Who took part in it?", history) == "Who took part in Eagle Partner?"
    for Scripted.end in (None, "length"):
        with pytest.raises(ModelFailed, match="stopped"):
            model.rewrite("Who took part in it?", history)


@pytest.mark.parametrize(
    ("end", "told"), [(None, "stopped half-way"), ("length", "was stopped before it was done")]
)
def test_what_was_cut_is_told(
    assistant: Assistant, model: Model, end: str | None, told: str
) -> None:
    """Half a sentence is left out: its end may have said the contrary."""
    Scripted.end = end
    last = answers(assistant, model, RIGHT, " Eagle Partner was a joint exercise of")[-1]
    assert f"{model.name} {told}" in last.note
    assert last.certainty == "unsure"
    assert last.text.startswith(f"{RIGHT[:-5]}. [1]")
    assert not last.text.endswith("exercise of")
    check_spans(assistant, last)
    quotes = answers(assistant, model, "Eagle Partner was a joint exercise of")[-1]
    assert quotes.note == f"{model.name} {told}; these are quotes"
    assert quotes.text == assistant.ask(QUESTION).text
    assert quotes.certainty == "unsure"


def without(*names: str) -> Callable[[Body], str]:
    """Which of some options a request has."""
    return lambda body: next((name for name in names if body.get(name)), "")


TRIED = 3  # times that OpenAI's client asks where a status may pass, as 500 does


def rules(body: Body) -> str:
    return next((each["role"] for each in body["messages"] if each["role"] == "system"), "")


@pytest.mark.parametrize(
    ("has", "status", "why"),
    [
        (without("stream_options"), 400, "Unrecognized request argument supplied: stream_options"),
        (without("stream_options"), 500, "create() got an unexpected argument 'stream_options'"),
        (lambda body: "temperature" in body, 400, "'temperature' does not support 0 with this"),
        (rules, 400, "System role not supported"),
        (rules, 422, "Input should be 'user' or 'assistant'"),
        (rules, 400, "Conversation roles must alternate user/assistant/user/assistant/..."),
        (without("stream"), 400, "Streaming is not supported"),
        (without("stream"), 501, "stream: not implemented"),
        (without("stream"), 200, ""),  # answered with plain JSON
        (without("stream_options", "temperature", "stream"), 422, ""),
        (lambda body: rules(body) or without("stream")(body), 422, ""),
        (
            lambda body: (
                "temperature" if "temperature" in body else without("stream_options")(body)
            ),
            400,
            "not supported: {}",
        ),
    ],
)  # fmt: skip
def test_what_a_server_refuses_it_is_asked_without(
    assistant: Assistant, model: Model, has: Callable[[Body], str], status: int, why: str
) -> None:
    """That is remembered: the next question is asked once."""
    Scripted.refuses = lambda body: (status, why.format(has(body))) if has(body) else None
    for requests in (1 + 3 * TRIED, 1):
        Scripted.asked.clear()
        last = answers(assistant, model, RIGHT)[-1]
        assert last.note == ""
        assert last.model == model.name
        assert model.without
        assert len(Scripted.asked) <= requests
        assert not has(Scripted.asked[-1])
    assert not any("max_tokens" in body for body in Scripted.asked)
    assert "Use only what the passages say" in Scripted.asked[-1]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("status", "why", "requests"),
    [
        (400, "the request exceeds the available context size", 1),
        (401, "temperature", 1),
        (400, "'temperature' is not to my taste", 2),
        (422, "", 5),
    ],
)
def test_what_does_not_help_is_not_remembered(
    assistant: Assistant, model: Model, status: int, why: str, requests: int
) -> None:
    Scripted.refuses = lambda body: (status, why)
    assert answers(assistant, model, RIGHT)[-1].model == "quotes"
    assert len(Scripted.asked) == requests
    assert model.without == set()


def test_the_user_and_the_model_take_turns(assistant: Assistant, model: Model) -> None:
    Scripted.words = [RIGHT]
    history = [
        {"role": "assistant", "content": "Hello, how can I help?"},
        {"role": "user", "content": "Who backed Azerbaijan?"},
        {"role": "user", "content": "In the 44-day war?"},
        {"role": "assistant", "content": "Turkey."},
        {"role": "assistant", "content": "It did so openly."},
    ]
    list(assistant.stream(QUESTION, history, model))
    sent = Scripted.asked[-1]["messages"]
    assert [each["role"] for each in sent] == ["system", "user", "assistant", "user"]
    assert sent[1]["content"] == "Who backed Azerbaijan?\n\nIn the 44-day war?"
    messages = [("system", "a"), ("ai", "b"), ("human", "c"), ("human", "d")]
    assert alternating(messages) == [("system", "a"), ("human", "c\n\nd")]
    assert alternating(messages[:1] + messages[2:3], system=False) == [("human", "a\n\nc")]


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama", "google_genai"])
def test_a_model_on_this_machine_is_reached_past_a_proxy(
    monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    with recording() as (here, sent), recording() as (proxy, passed):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        # For the second a package is missing, at which Ollama's client stumbles in any case.
        every = proxy if provider == "ollama" else "socks5://127.0.0.1:9"
        monkeypatch.setenv("ALL_PROXY", every)
        for address in (here, here.replace("127.0.0.1", "localhost")):
            model = connect(Settings(llm=f"{provider}:it", llm_base_url=address))
            assert model
            with pytest.raises(ModelFailed):
                model.reply([("human", "hello")])
        assert len(sent) >= 2
        assert passed == []


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_any_other_is_reached_through_it(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    with recording() as (proxy, passed):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        model = connect(Settings(llm=f"{provider}:it", llm_base_url="http://model.test/v1"))
        assert model
        with pytest.raises(ModelFailed):
            model.reply([("human", "hello")])
        assert passed[0].startswith("http://model.test/v1/")


def test_so_is_one_that_the_environment_names(
    assistant: Assistant, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    model = connect(Settings(llm="openai:it"))
    assert model
    assert answers(assistant, model, RIGHT)[-1].note == ""


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://localhost:8080/v1", True),
        ("http://llm.localhost/v1", True),
        ("127.0.0.1:11434", True),
        ("http://127.4.0.1", True),
        ("https://[::1]:8080", True),
        ("http://0.0.0.0:8000", True),
        ("http://localhost.example.com", False),
        ("http://notlocalhost", False),
        ("http://192.168.0.7:8080", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_what_is_on_this_machine(address: str, here: bool) -> None:
    assert is_here(address) is here
