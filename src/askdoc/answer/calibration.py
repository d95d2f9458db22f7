"""Probabilities by logistic regression, whose weights are in a file beside this one.

`evals/training/fit.py` fits them, on as many samples as `calibration.json` says.
"""

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIMIT = 30.0  # of a logit, so that no probability is exactly 0 or 1
WEIGHTS = Path(__file__).with_suffix(".json")


def probability(of: str, signals: Mapping[str, float]) -> float:
    """The probability (0 to 1) that the weights under a name give to signals."""
    return 1 / (1 + math.exp(-max(-LIMIT, min(LIMIT, logit(of, signals)))))


def logit(of: str, signals: Mapping[str, float]) -> float:
    """The sum (any number) of signals, each by the weight of its name, and of the bias."""
    by_name = weights()[of]
    return float(by_name["bias"] + sum(by_name[name] * value for name, value in signals.items()))


@functools.lru_cache(maxsize=1)
def weights() -> dict[str, Any]:
    """All weights, by what they are for."""
    loaded: dict[str, Any] = json.loads(WEIGHTS.read_text("utf-8"))
    return loaded
