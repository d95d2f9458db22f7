"""32 clients at once that ask, upload, delete and sync: ``python tests/soak.py SECONDS``.

Each client knows what its own documents say, so that an answer that is wrong, or of another
client, is told. No reply may be a failure of the server; one that is busy (503) has to say when to
come again. After a fifth of the time the server's memory may not grow by more than GROWTH.
"""

import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
from chat import serve
from helpers import ROOT, named

CLIENTS = 32
GROWTH = 1.05
SHORT = 600  # seconds below which memory is told, and not judged: the server is still warming up


class Client:
    """One who asks, and notes what is wrong."""

    def __init__(self, number: int, web: httpx.AsyncClient, counts: Counter[str]) -> None:
        self._number = number
        self._web = web
        self._counts = counts
        self._chance = random.Random(number)
        self._uploads = itertools.count()
        self.wrong: list[str] = []

    async def live(self, until: float) -> None:
        """Does one thing after the other until some time."""
        while time.monotonic() < until and not self.wrong:
            act = self._chance.choice((self.ask, self.ask, self.ask, self.take_turns, self.sync))
            await act()

    async def ask(self) -> None:
        """Asks its own document."""
        port, hour = f"Port{self._number:02}", 1 + self._number % 12
        told = await self._answer(f"When does the ferry to {port} sail?", f"ferry{self._number}.md")
        self._check(f"at {hour} o'clock from pier {self._number}." in told, "ask", told)

    async def take_turns(self) -> None:
        """Uploads a document, asks it, deletes it, and asks again."""
        number = next(self._uploads)
        name = f"master-{self._number}-{number}.txt"
        who = f"Ingrid{self._number}x{number} Sund"
        sent = {"files": (name, f"The harbour master of Marwick is {who}.".encode())}
        reply = await self._sent("/gradio_api/upload", files=sent)
        if reply is None:
            return
        [path] = reply.json()
        await self._event("upload", [[named(path)]])
        source = f"uploads/{name}"
        told = await self._answer("Who is the harbour master of Marwick?", source)
        self._check(who in told or "there is no document" in told, "upload", told)
        await self._event("remove", [], sources=json.dumps([source]))
        told = await self._answer("Who is the harbour master of Marwick?", source)
        self._check("there is no document" in told or "not in" in told, "remove", told)

    async def sync(self) -> None:
        """Syncs, and looks whether its document is there."""
        reply = await self._sent("/api/documents")
        if reply is not None:
            sources = {each["source"] for each in reply.json()["documents"]}
            self._check(f"ferry{self._number}.md" in sources, "sync", str(sources))

    async def _answer(self, question: str, source: str) -> str:
        """The text of an answer, with the only source that it may cite, or what is wrong."""
        asked = {"question": question, "sources": [source]}
        reply = await self._sent("/api/ask", json=asked, taken=(200, 400))
        told = reply.json() if reply is not None else {}
        others = {cited["source"] for cited in told.get("citations", ())} - {source}
        self._check(not others, "other sources", str(others))
        return str(told.get("text") or told.get("error") or "")

    async def _event(self, name: str, data: list[object], **told: object) -> None:
        """Runs an event of the page, and waits for its end."""
        events = {event["api_name"]: event["id"] for event in self._config["dependencies"]}
        asked = {"session_hash": f"{self._number}-{self._chance.random()}"}
        body = {"data": data, "event_data": told or None, "fn_index": events[name], **asked}
        if await self._sent("/gradio_api/queue/join", json=body) is not None:
            await self._web.get("/gradio_api/queue/data", params=asked)

    async def _sent(
        self, route: str, taken: tuple[int, ...] = (200,), **body: object
    ) -> httpx.Response | None:
        """The reply to a request, sent again as long as the server is busy; None if it stays so."""
        for _ in range(60):
            reply = await self._web.post(route, **body)
            self._counts[f"{route} {reply.status_code}"] += 1
            if reply.status_code not in (429, 503):
                self._check(reply.status_code in taken, route, reply.text)
                return reply if reply.status_code in taken else None
            self._check("retry-after" in reply.headers, route, reply.text)
            await asyncio.sleep(self._chance.random() * int(reply.headers.get("retry-after", 1)))
        return None

    def _check(self, holds: bool, what: str, told: str) -> None:
        if not holds:
            self.wrong.append(f"client {self._number}, {what}: {told[:300]}")

    async def begin(self) -> None:
        """Reads what the page is made of."""
        self._config = (await self._web.get("/config")).json()


def memory(process: int) -> int:
    """The megabytes that a process fills."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1000
    return 0


Outcome = tuple[list[str], Counter[str], list[int]]


async def load(url: str, process: int, seconds: float, count: int) -> Outcome:
    """What is wrong, how often each route said what, and the server's memory, now and then."""
    counts, filled = Counter[str](), list[int]()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=limits) as web:
        clients = [Client(number, web, counts) for number in range(count)]
        until = time.monotonic() + seconds
        await asyncio.gather(*(client.begin() for client in clients))

        async def watch() -> None:
            while time.monotonic() < until:
                filled.append(memory(process))
                await asyncio.sleep(seconds / 100)

        await asyncio.gather(watch(), *(client.live(until) for client in clients))
        health = (await web.get("/api/health")).json()
    wrong = [line for client in clients for line in client.wrong]
    return wrong + ([] if health["status"] == "ready" else [str(health)]), counts, filled


def run(folder: Path, seconds: float, count: int = CLIENTS) -> Outcome:
    """A load of some seconds on a chat over a folder of its own."""
    for number in range(count):
        text = (
            f"The ferry to Port{number:02} sails at {1 + number % 12} o'clock from pier {number}."
        )
        (folder / f"ferry{number}.md").write_text(text)
    server, url = serve("-m", "askdoc", "serve", "--corpus", folder, ASKDOC_RATE=1_000_000)
    try:
        while httpx.get(f"{url}/api/health", timeout=60).json()["status"] != "ready":
            time.sleep(0.5)
        return asyncio.run(load(url, server.pid, seconds, count))
    finally:
        server.terminate()
        server.wait(60)


def main() -> None:
    """Prints what came of it; exits with 1 where something is wrong."""
    seconds = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        wrong, counts, filled = run(Path(folder), seconds)
    for route, count in sorted(counts.items()):
        print(f"{count:8} {route}")
    before, after = max(filled[20:30]), max(filled[-10:])
    print(f"memory: {before} MB after warming up, {after} MB at the end")
    if seconds >= SHORT and after > GROWTH * before:
        wrong.append(f"memory grew by more than {GROWTH - 1:.0%}")
    print("\n".join(wrong) or "nothing is wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
