"""The gate: figures that may not fall by more than their tolerance, from a TOML file.

A table for each set, by the set's name::

    [corpus]
    against = "results/corpus/run.json"     # a run, beside this file; or the one of --against
    [corpus.figures]
    "right" = { tolerance = 0.01 }          # measured against that run
    "exactness" = { reference = 1.0, tolerance = 0.0 }
"""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from askdoc.errors import BadInput
from askdoc.evaluation.figures import FIGURES, Figures
from askdoc.evaluation.questions import what_is_wrong
from askdoc.evaluation.run import ASKDOC, Run, check_comparable, read_run

SLACK = 1e-9  # a drop by exactly the tolerance is none


class Limit(BaseModel):
    """What a figure is measured against, and by how much it may be worse; NaN until it is known."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    tolerance: float
    reference: float = math.nan


class SetTable(BaseModel):
    """A set's table of a gates file."""

    model_config = ConfigDict(strict=True)

    against: str | None = None
    figures: dict[str, Limit] = Field(min_length=1)


def gate(path: Path, about: Mapping[str, Any], against: Run | None) -> dict[str, Limit]:
    """The limits of a gates file for a set, by figure.

    ``about`` is what the run will be of; ``against`` serves where the file names no run. Raises
    BadInput for a file that is wrong, or a run of another corpus or of other questions.
    """
    table = _table(path, about["set"])
    if table.against is not None:
        place = path.parent / table.against
        against = read_run(place)
        check_comparable(about, against, place)
    there = against.figures[ASKDOC] if against else {}
    limits = {}
    for name, limit in table.figures.items():
        if name not in FIGURES:
            raise BadInput(f"{path}: there is no figure {name!r}, only {', '.join(FIGURES)}")
        reference = there.get(name) if math.isnan(limit.reference) else limit.reference
        if reference is None:
            raise BadInput(f"{path}: {name!r} needs a reference, or a run that has this figure")
        limits[name] = Limit(tolerance=limit.tolerance, reference=reference)
    return limits


def dropped(limits: Mapping[str, Limit], figures: Figures) -> list[str]:
    """A line for each figure that is worse than its limit allows."""
    lines = []
    for name, limit in limits.items():
        value = figures[name]
        sign = 1 if FIGURES[name].higher else -1
        if value is None or sign * (limit.reference - value) > limit.tolerance + SLACK:
            now = "cannot be reckoned" if value is None else f"is {value:.4f}"
            lines.append(
                f"{name} {now}; it was {limit.reference:.4f}, "
                f"and may be worse by {limit.tolerance:g}"
            )
    return lines


def _table(path: Path, name: str) -> SetTable:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        if name not in tables:
            there = ", ".join(tables) or "–"
            raise BadInput(f"{path} has no table [{name}] for this set, only {there}")
        return SetTable.model_validate(tables[name])
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}") from error
    except ValidationError as error:
        raise BadInput(f"{path}, [{name}] {what_is_wrong(error)}") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are such
        raise BadInput(f"{path} is no TOML: {error}") from error
