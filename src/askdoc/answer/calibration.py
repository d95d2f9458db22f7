"""Chances by logistic regression, whose weights are in a file beside this one.

`evals/training/fit.py` fits them, on as many samples as `chance.json` says.
"""

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MOST = 30.0  # of a logit, so that no chance is exactly 0 or 1
WEIGHTS = Path(__file__).with_suffix(".json")


def chance(of: str, signals: Mapping[str, float]) -> float:
    """The chance (0 to 1) that the weights under a name give to signals, each by its name."""
    return 1 / (1 + math.exp(-max(-MOST, min(MOST, weighed(of, signals)))))


def weighed(of: str, signals: Mapping[str, float]) -> float:
    """The sum (any number) of signals, each by the weight of its name, and of the bias."""
    weights = known()[of]
    return float(weights["bias"] + sum(weights[name] * value for name, value in signals.items()))


@functools.lru_cache(maxsize=1)
def known() -> dict[str, Any]:
    """All weights, by what they are for."""
    found: dict[str, Any] = json.loads(WEIGHTS.read_text("utf-8"))
    return found
