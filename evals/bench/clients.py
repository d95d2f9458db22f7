"""A server asked by one client, and by many at once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from itertools import cycle
from urllib.error import HTTPError

from evals.bench.rows import SIZES, WARM, Bench, ask, built, served
from evals.bench.times import Row, spread

CLIENTS = {1: 20, 32: 60}  # how many at once, and for how many seconds
RATE = 1_000_000  # requests a minute: all clients come from one address, which may send 600 else
REFUSED = (429, 503)  # what the server says to those for whom it has no room, on purpose


def clients(bench: Bench) -> Row:
    """Answers a second of few clients and of many, and how long each waits; nothing may fail.

    Each asks one question after the other. A client that is refused comes back when it is told to.
    """
    settings, _ = built(bench, min(SIZES))
    asked = cycle(bench.texts.questions(min(SIZES)))  # the threads share it
    told: dict[str, Row] = {}
    with served(settings, ASKDOC_RATE=RATE) as (_, address):
        for _ in range(WARM):
            ask(address, next(asked))
        for count, seconds in CLIENTS.items():
            told[f"{count} at once"] = _crowd(address, asked, count, seconds)
    one, *_, many = (row["answers a second"] for row in told.values())
    return {
        "passages": min(SIZES),
        "clients": told,
        "answers": {f"{max(CLIENTS)} at once, of those of one": round(many / one, 2)},
    }


def _crowd(address: str, asked: Iterator[str], count: int, seconds: float) -> Row:
    """What so many clients got that asked for so many seconds."""
    taken: list[float] = []
    failed: list[bool] = []  # whether the server only refused

    def client(until: float) -> None:
        while (began := time.perf_counter()) < until:
            try:
                ask(address, next(asked))
            except HTTPError as error:
                failed.append(error.code in REFUSED)
                time.sleep(float(error.headers.get("retry-after", 0)))
            except (OSError, HTTPException):
                failed.append(False)
            else:
                taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(count) as crowd:
        for each in [crowd.submit(client, began + seconds) for _ in range(count)]:
            each.result()
    return {
        "answers": len(taken),
        "errors": failed.count(False),
        "refused": failed.count(True),
        "answers a second": round(len(taken) / (time.perf_counter() - began), 2),
        **spread("answer", taken),
    }
