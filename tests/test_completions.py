"""The server as chat programs use it: OpenAI's form, by OpenAI's own client."""

import base64
import json
import re
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from helpers import ROOT
from openai import OpenAI
from scripted import QUESTION as EAGLE
from scripted import scripted

from askdoc import NO_ANSWER, Answer, Assistant
from askdoc.types import GUESS, UNSURE, Sentence
from askdoc.web.completions import Said, chunks, conversation
from askdoc.web.wording import BELOW, REPLACED, answered, harmless, whole

QUESTION = "Who backed Azerbaijan in the 44-day war?"
RIGHT = "Ingrid Sund is harbour master."


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[OpenAI]:
    """OpenAI's client, pointed at the chat; without a login any key will do."""
    with OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as talking:
        yield talking


def asked(client: OpenAI, *said: Any, **more: Any) -> Any:
    """What the client gives for messages of a user and an assistant in turn."""
    messages = [
        {"role": ("user", "assistant")[number % 2], "content": content}
        for number, content in enumerate(said)
    ]
    return client.chat.completions.create(model="askdoc", messages=messages, **more)  # type: ignore[call-overload]


def untimed(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"seconds": None}


def test_an_answer_comes_as_text_with_its_sources(client: OpenAI, assistant: Assistant) -> None:
    """And whole in ``askdoc``; what other programs send along changes nothing."""
    reply = asked(client, QUESTION, temperature=0.3, top_p=0.9, user="ann", seed=1)
    known = assistant.ask(QUESTION)
    [choice] = reply.choices
    assert (reply.object, reply.model, choice.finish_reason) == (
        "chat.completion",
        "askdoc",
        "stop",
    )
    assert untimed(choice.message.askdoc) == untimed(known.as_dict())
    text, _, below = choice.message.content.partition(BELOW)
    assert text == f"{UNSURE}\n\n{known.text}"
    assert " [1]" in text
    for cited in known.citations:
        assert f"- [{cited.number}] {cited.title}: {cited.place}" in below.splitlines()
    assert reply.usage.total_tokens == 0  # no language model wrote it


def test_the_readme_s_example_runs(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = (ROOT / "README.md").read_text("utf-8").split("```python\n")
    [example] = [block.split("```")[0] for block in blocks if "from openai" in block]
    exec(example.replace("http://localhost:7860", address))  # noqa: S102 - our own page
    assert f"{BELOW}Sources:\n\n- [1]" in capsys.readouterr().out


def test_a_stream_comes_to_the_same(client: OpenAI) -> None:
    said = asked(client, EAGLE).choices[0].message
    pieces = list(asked(client, EAGLE, stream=True))
    told = [piece.choices[0].delta.content or "" for piece in pieces]
    assert len(list(filter(None, told))) == len(said.askdoc["sentences"]) > 1
    assert "".join(told) == said.content
    assert {piece.id for piece in pieces} == {pieces[0].id}
    assert pieces[-1].choices[0].finish_reason == "stop"
    assert untimed(pieces[-1].askdoc) == untimed(said.askdoc)
    *_, finish, last = asked(client, EAGLE, stream=True, stream_options={"include_usage": True})
    assert finish.choices[0].finish_reason == "stop"
    assert (last.choices, last.usage.total_tokens) == ([], 0)
    assert last.askdoc["question"] == EAGLE


def test_a_stream_is_events_that_end_as_openai_s_do(address: str) -> None:
    body = {"model": "askdoc", "messages": [{"role": "user", "content": "hello"}], "stream": True}
    reply = httpx.post(f"{address}/v1/chat/completions", json=body, timeout=60)
    assert reply.headers["content-type"].startswith("text/event-stream")
    *events, end, nothing = reply.text.split("\n\n")
    assert (end, nothing) == ("data: [DONE]", "")
    for event in events:
        assert json.loads(event.removeprefix("data: "))["object"] == "chat.completion.chunk"


def test_a_refusal_names_the_closest_passages(client: OpenAI, assistant: Assistant) -> None:
    question = "How do I bake a lasagne?"
    text, _, below = asked(client, question).choices[0].message.content.partition(BELOW)
    assert text == NO_ANSWER
    head, gap, *lines = below.splitlines()
    assert (head, gap, len(lines)) == ("The closest passages:", "", 2)
    for line, hit in zip(lines, assistant.ask(question).closest, strict=False):
        assert line.startswith(f"- {hit.passage.place}: “")


def test_what_was_answered_is_the_history_of_what_is_asked(client: OpenAI) -> None:
    """A follow-up is searched for as in the chat: with sources below answers, refusals between."""
    first = asked(client, EAGLE).choices[0].message.content
    refused = asked(client, "How do I bake a lasagne?").choices[0].message.content
    said = [EAGLE, first, "How do I bake a lasagne?", refused, "And who led it?"]
    assert "Eagle Partner" in asked(client, *said).choices[0].message.askdoc["query"]
    text = [{"type": "text", "text": "What is"}, {"type": "text", "text": "Eagle Partner for?"}]
    reply = asked(client, text).choices[0].message
    assert reply.askdoc["question"] == "What is\nEagle Partner for?"


def test_the_last_user_asks_whoever_speaks_around() -> None:
    said = [
        ("system", "Be brief."), ("user", "One?"), ("assistant", "Two."), ("tool", "x"),
        ("assistant", None), ("user", "Three?"), ("assistant", "Fo"),
    ]  # fmt: skip
    messages = [Said(role=role, content=content) for role, content in said]  # type: ignore[arg-type]
    question, history = conversation(messages)
    assert question == "Three?"
    assert history == [
        {"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two."},
    ]  # fmt: skip


def test_the_models_are_the_corpus_alone(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["askdoc"]
    assert client.models.retrieve("askdoc").object == "model"
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-4o': name askdoc"):
        client.models.retrieve("gpt-4o")


def test_texts_are_embedded_by_the_embedder_of_the_corpus(
    client: OpenAI, assistant: Assistant
) -> None:
    texts = ["Who governs Armenia?", "A ferry."]
    known = assistant.index.embedder.embed_documents(texts)
    vectors = client.embeddings.create(model="askdoc", input=texts).data  # as base64
    for vector, right in zip(vectors, known, strict=True):
        assert vector.embedding == pytest.approx(right, abs=1e-6)
    [one] = client.embeddings.create(model="askdoc", input="A ferry.", encoding_format="float").data
    assert one.embedding == pytest.approx(known[1], abs=1e-6)
    raw = client.embeddings.with_raw_response.create(
        model="askdoc", input="A ferry.", encoding_format="base64"
    )
    packed = base64.b64decode(json.loads(raw.text)["data"][0]["embedding"])
    assert struct.unpack(f"<{len(packed) // 4}f", packed) == pytest.approx(known[1], abs=1e-6)


ASKED = [{"role": "user", "content": "Ferry?"}]
IMAGE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
EMPTY, PICTURE = ([{"role": "user", "content": content}] for content in (" ", IMAGE))


@pytest.mark.parametrize(
    ("route", "body", "status", "told"),
    [
        ("chat/completions", {"model": "gpt-4o", "messages": ASKED}, 404, "name askdoc"),
        ("chat/completions", {"model": "askdoc", "messages": []}, 400, "no message is of the role"),
        ("chat/completions", {"model": "askdoc", "messages": [{"role": "system", "content": "x"}]},
         400, "no message is of the role user"),
        ("chat/completions", {"model": "askdoc", "messages": EMPTY}, 400, "the question is empty"),
        ("chat/completions", {"model": "askdoc", "messages": PICTURE}, 400,
         "askdoc reads text only, and no 'image_url'"),
        ("chat/completions", {"model": "askdoc", "messages": [{"role": "god", "content": "x"}]},
         422, "messages.0.role"),
        ("chat/completions", {"model": "askdoc", "messages": [{"role": "user", "content": 5}]},
         422, "messages.0.content"),
        ("chat/completions", {"model": "askdoc"}, 422, "messages: Field required"),
        ("chat/completions", {"model": "askdoc", "messages": ASKED, "stream": "often"},
         422, "stream"),
        ("chat/completions", b"{", 422, "JSON"),
        ("chat/completions", b"x" * 10_000_001, 413, "a request may have 10 megabytes"),
        ("embeddings", {"model": "askdoc", "input": []}, 400, "send 1 to 2,048"),
        ("embeddings", {"model": "askdoc", "input": ["x"] * 3000}, 400, "send 1 to 2,048"),
        ("embeddings", {"model": "askdoc", "input": [[1, 2]]}, 422, "input"),
        ("embeddings", {"model": "\ud800", "input": "x"}, 404, "name askdoc"),
        ("embeddings", {"model": "askdoc", "input": "\ud800"}, 400, "no text"),
        ("responses", {"model": "askdoc", "input": "x"}, 404, "no such route: /v1/responses"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_openai_s_form(
    address: str, route: str, body: object, status: int, told: str
) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"content-type": "application/json"}
    reply = httpx.post(f"{address}/v1/{route}", content=data, headers=headers, timeout=60)
    error = reply.json()["error"]
    assert reply.status_code == status
    assert told in error["message"]
    assert "\n" not in error["message"]
    assert error["type"] == "invalid_request_error"
    assert error["code"] == ("model_not_found" if "name askdoc" in told else None)


def streamed(assistant: Assistant, *pieces: Any, **more: Any) -> tuple[list[str], Answer]:
    """What a stream says piece by piece while a model writes, and the answer in the end."""
    answers = list(assistant.stream(EAGLE, model=scripted(*pieces, **more)))
    told = [piece["choices"][0]["delta"] for piece in chunks(iter(answers), told=False)]
    return [delta["content"] for delta in told if delta.get("content")], answers[-1]


def test_a_model_s_sentences_are_streamed_when_they_are_checked(assistant: Assistant) -> None:
    right = assistant.ask(EAGLE).sentences[0].text
    words = [f"{word} " for word in f"{right} [1] {RIGHT}".split()]
    pieces, answer = streamed(assistant, *words)
    assert pieces[0] == f"{right} [1]"
    assert answer.unsure  # which only its last sentence has made it
    assert pieces[-1].startswith(f" {RIGHT}{BELOW}1 of 2 sentences are not supported.")
    assert answered("".join(pieces)) == answer.text


def test_what_a_stream_takes_back_is_said_anew(assistant: Assistant) -> None:
    """Where nothing that a model wrote is in the passages, quotes take its place."""
    pieces, answer = streamed(
        assistant, RIGHT, " ", RIGHT.replace("Ingrid", "Olaf"), " And", " so."
    )
    assert pieces[0] == f"{answer.hedge}\n\n{RIGHT}"
    assert pieces[-1] == REPLACED + whole(answer)
    assert answered("".join(pieces)) == answer.text
    refusing = ("The documents", " do not", " mention", " that.")
    pieces, answer = streamed(assistant, *refusing)
    assert not answer.answered
    assert pieces == [whole(answer)]


@pytest.mark.parametrize(("confidence", "hedge"), [(0.6, UNSURE), (0.4, GUESS)])
def test_what_is_unsure_is_said_first(confidence: float, hedge: str) -> None:
    answer = Answer(
        "?", "?", RIGHT, "quotes", (Sentence(RIGHT),), confidence=confidence, unsure=True
    )
    assert whole(answer) == f"{hedge}\n\n{RIGHT}"
    assert answered(whole(answer)) == RIGHT


def test_no_document_makes_a_chat_program_load_or_show_anything() -> None:
    """And brackets that do no harm are left alone."""
    from markdown_it import MarkdownIt

    host = "http://evil.example"
    evil = f"![x]({host}/x.png) [a][b] ![b] <img src=x> </p> <!-- --> <{host}>\n\n[b]: {host}"
    shown = MarkdownIt().render(evil)
    assert "<img" in shown
    assert "<a " in shown
    assert set(re.findall(r"<[^>]*>?", MarkdownIt().render(harmless(evil)))) == {"<p>", "</p>"}
    for plain in ("[the EU] [1] (of 2019)", "a < b", "[sic]", "5 [2] - 3"):
        assert harmless(plain) == plain
