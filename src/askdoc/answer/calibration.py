"""Probabilities by logistic regression, whose weights are fitted for one embedder and one reader.

Those of the bundled ones are in a file beside this one: `evals/training/fit.py` fits them, on as
many samples as it says. Those of others are in the index folder, where ``askdoc calibrate`` puts
them.
"""

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from askdoc.errors import BadInput
from askdoc.settings import BUNDLED, BUNDLED_READER, Settings

LIMIT = 30.0  # of a logit, so that no probability is exactly 0 or 1
WEIGHTS = Path(__file__).with_suffix(".json")

Weights = Mapping[str, float]
"""The weight of each signal, and the bias."""

Stored = dict[str, dict[str, dict[str, dict[str, FiniteFloat]]]]
"""Weights by embedder, by reader and by what they are for."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights by what they are for: to rank passages, to choose a sentence, to trust an answer.

    ``fits`` tells whether they were fitted for the embedder and the reader in use.
    """

    weights: Mapping[str, Weights]
    fits: bool = True

    def probability(self, of: str, signals: Weights) -> float:
        """The probability (0 to 1) that the weights under a name give to signals."""
        return 1 / (1 + math.exp(-max(-LIMIT, min(LIMIT, self.logit(of, signals)))))

    def logit(self, of: str, signals: Weights) -> float:
        """The sum (any number) of signals, each by the weight of its name, and of the bias."""
        by_name = self.weights[of]
        return by_name["bias"] + sum(by_name[name] * value for name, value in signals.items())


@functools.cache
def bundled() -> Calibration:
    """The weights of the bundled embedder and reader."""
    weights = json.loads(WEIGHTS.read_text("utf-8"))
    return Calibration({name: weights[name] for name in weights if name != "fitted on"})


def calibration(settings: Settings) -> Calibration:
    """The weights for the embedder and the reader of the settings.

    Where none were fitted for them they are those of the bundled ones, and do not fit. Raises
    BadInput for a file that cannot be used.
    """
    weights = stored(settings).get(settings.embedder, {}).get(settings.reader)
    if weights:
        return Calibration(weights)
    usual = (settings.embedder, settings.reader) == (BUNDLED, BUNDLED_READER)
    return replace(bundled(), fits=usual)


def stored(settings: Settings) -> Stored:
    """All weights in the index folder; raises BadInput for a file that cannot be used."""
    path = settings.index_folder / WEIGHTS.name
    try:
        found = _stored().validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise _unusable(path, settings) from error
    names = {name: weights.keys() for name, weights in bundled().weights.items()}
    for weights in (weights for readers in found.values() for weights in readers.values()):
        if {name: of.keys() for name, of in weights.items()} != names:
            raise _unusable(path, settings)
    return found


@functools.cache
def _stored() -> TypeAdapter[Stored]:
    return TypeAdapter(Stored)


def _unusable(path: Path, settings: Settings) -> BadInput:
    return BadInput(
        f"{path} does not hold the weights of this version: run `{settings.calibrate_command}`"
    )
