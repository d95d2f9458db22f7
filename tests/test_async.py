"""Asking in an event loop, and many at once: the answers are those of one after the other."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from chat import serve
from helpers import ROOT
from langchain_core.documents import Document
from scripted import scripted

from askdoc import Answer, Assistant, BadInput
from askdoc.answer.model import Model
from askdoc.waiting import THREADS, waited

HOUSES = [
    "Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper",
    "Kapok", "Larch", "Maple", "Nettle", "Oak", "Poplar", "Quince", "Rowan", "Sorrel", "Teak",
    "Umbrel", "Vetch", "Willow", "Yarrow", "Zelkova",
]  # fmt: skip
QUESTION = "How many rooms has Oak House?"


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 25 short documents that differ in a name and two numbers."""
    folder = tmp_path_factory.mktemp("houses")
    for number, name in enumerate(HOUSES):
        text = f"{name} House has {number + 11} rooms. {name} House was built in {1700 + number}."
        (folder / f"{name.lower()}.md").write_text(f"# {name} House\n\n{text}\n")
    return folder


@pytest.fixture(scope="module")
def housed(houses: Path) -> Assistant:
    return Assistant.from_folder(houses)


def timeless(answer: Answer | dict[str, object]) -> dict[str, object]:
    """An answer as JSON has it, without the seconds that it took."""
    told = answer.as_dict() if isinstance(answer, Answer) else answer
    return {key: value for key, value in told.items() if key != "seconds"}


async def until(holds: Callable[[], object]) -> None:
    """Waits for a condition, ten seconds at most."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def endless() -> Model:
    """A model that writes for half a minute."""
    return scripted("Oak House ", *["and so on "] * 600, pause=0.05)


def test_it_is_what_is_given_without_an_event_loop(housed: Assistant) -> None:
    question, more = QUESTION, {"sources": ["oak.md", "maple.md"]}

    async def asked() -> None:
        grown = [answer async for answer in housed.astream(question, **more)]
        steps = list(map(timeless, housed.stream(question, **more)))
        assert list(map(timeless, grown)) == steps
        assert timeless(await housed.aask(question, **more)) == steps[-1]
        assert await housed.asearch(question, 2, ["oak.md"]) == housed.search(
            question, 2, ["oak.md"]
        )
        with pytest.raises(BadInput, match="question is empty"):
            await housed.aask(" ")
        with pytest.raises(BadInput, match="no document 'elm"):
            await housed.asearch(question, sources=["elm.md"])

    asyncio.run(asked())


def test_the_event_loop_goes_on_while_a_question_is_answered(housed: Assistant) -> None:
    async def asked() -> int:
        turns, answer = 0, asyncio.create_task(housed.aask(QUESTION))
        while not answer.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(asked()) > 20


def test_to_cancel_or_to_leave_stops_the_model(housed: Assistant) -> None:
    """Wherever the model is in its answer, which would take half a minute."""

    async def asked() -> None:
        writer = Assistant(housed.index, endless())
        task = asyncio.create_task(writer.aask(QUESTION))
        await until(lambda: writer.model.chat.asked)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: writer.model.chat.stopped == [True])
        left = endless()
        async with aclosing(housed.astream(QUESTION, model=left)) as growing:
            async for answer in growing:
                if answer.text:
                    break
        await until(lambda: left.chat.stopped == [True])

    asyncio.run(asked())


def test_what_is_cancelled_before_its_turn_is_never_begun(housed: Assistant) -> None:
    async def asked() -> None:
        held, waiting = threading.Event(), scripted("It has 25 [1].")
        busy = [asyncio.create_task(waited(held.wait, 20)) for _ in range(THREADS)]
        late = asyncio.create_task(anext(housed.astream(QUESTION, model=waiting)))
        await asyncio.sleep(0)
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        held.set()
        assert all(await asyncio.gather(*busy))
        await waited(str)  # whatever was there before it has had its turn
        assert waiting.chat.asked == []

    asyncio.run(asked())


def test_the_retriever_waits_in_the_same_few_threads(housed: Assistant) -> None:
    retriever = housed.as_retriever(k=2)
    questions = [f"When was {name} House built?" for name in HOUSES[:20]]

    async def invoked() -> list[list[Document]]:
        before = set(threading.enumerate())
        found = await asyncio.gather(*map(retriever.ainvoke, questions))
        names = {thread: thread.name for thread in threading.enumerate()}
        assert 1 <= sum(name.startswith("askdoc-waited") for name in names.values()) <= THREADS
        # None is of the event loop's own pool.
        assert all(names[new].startswith("askdoc") for new in names.keys() - before)
        return found

    found = asyncio.run(invoked())
    assert [documents[0].metadata["title"] for documents in found] == [
        f"{name} House" for name in HOUSES[:20]
    ]
    assert found[3] == retriever.invoke(questions[3])


@pytest.mark.attack  # it takes half a minute
def test_threads_processes_and_a_server_ask_at_once(houses: Path, housed: Assistant) -> None:
    """Fifty questions, each answered as it is when it is asked alone."""
    server, address = serve("-m", "askdoc", "serve", "--corpus", houses)
    command = [sys.executable, "-m", "askdoc", "ask", "--json", "--corpus", houses]
    pipe = subprocess.PIPE
    others = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT, text=True) for _ in range(2)
    ]
    questions = [f"How many rooms has {name} House?" for name in HOUSES]
    questions += [f"When was {name} House built?" for name in HOUSES]
    known = [timeless(housed.ask(question)) for question in questions]
    told = [str(number + first) for first in (11, 1700) for number in range(25)]
    assert all(number in str(answer["text"]) for number, answer in zip(told, known, strict=True))

    async def at_once() -> list[dict[str, object]]:
        with ThreadPoolExecutor(8) as threads:
            asked = [
                asyncio.wrap_future(threads.submit(housed.ask, question))
                for question in questions[:24]
            ]
            lines = [
                asyncio.to_thread(other.communicate, "\n".join(own))
                for other, own in zip(others, (questions[24:29], questions[29:34]), strict=True)
            ]
            async with httpx.AsyncClient(base_url=address, timeout=120) as client:
                posts = [
                    client.post("/api/ask", json={"question": question})
                    for question in questions[34:]
                ]
                answers, printed, replies = await asyncio.gather(
                    asyncio.gather(*asked), asyncio.gather(*lines), asyncio.gather(*posts)
                )
        read = [json.loads(line) for out, _ in printed for line in out.splitlines()]
        return [*map(timeless, [*answers, *read, *(reply.json() for reply in replies)])]

    try:
        given = asyncio.run(at_once())
    finally:
        server.terminate()
        server.wait(30)
    assert json.dumps(given) == json.dumps(known)
