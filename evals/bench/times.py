"""Seconds of several ways to do something, taken by turns, and what to tell of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

Row = dict[str, Any]
Way = Callable[[int], object]
"""What is timed; it is given the number of its round."""

MEMORY = Path("/proc/{}/status")  # where Linux tells what memory a process has


def by_turns(rounds: int, ways: Mapping[str, Way]) -> dict[str, list[float]]:
    """The seconds of each way in each round; what else the machine does falls on all of them.

    Each round begins with another way, so that none is always the one after a certain other.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began = time.perf_counter()
            ways[name](number)
            taken[name].append(time.perf_counter() - began)
    return taken


def ratio(one: Sequence[float], other: Sequence[float]) -> Row:
    """How many times the seconds of the other one way takes, pair by pair."""
    each = sorted(first / second for first, second in zip(one, other, strict=True))
    return {
        "median": round(median(each), 2),
        "least": round(each[0], 2),
        "most": round(each[-1], 2),
    }


def spread(name: str, seconds: Sequence[float]) -> Row:
    """The median, and what 95 of a hundred do not exceed, in milliseconds."""
    p50, p95 = median(seconds), quantiles(seconds, n=20)[-1]
    return {f"{name} p50, ms": round(1000 * p50, 1), f"{name} p95, ms": round(1000 * p95, 1)}


def megabytes(process: int) -> int | None:
    """The memory that a process has at the moment; None where the system does not tell."""
    try:
        lines = Path(str(MEMORY).format(process)).read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def size_of(folder: Path) -> int:
    """The megabytes of the files in a folder."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)
