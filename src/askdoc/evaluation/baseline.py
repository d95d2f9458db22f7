"""Another system, from a file of one's own, measured on the same questions."""

import importlib.util
from pathlib import Path

from askdoc.errors import AskdocError, BadInput
from askdoc.evaluation.scores import System
from askdoc.settings import Settings


def baseline(path: Path, corpus: Path, settings: Settings) -> System:
    """The system of a Python file, which must define a class ``Baseline``.

    It is made by ``Baseline.from_folder(corpus, settings)`` and must have ``ask`` and ``search``
    as ``askdoc.Assistant`` has them. Raises BadInput when it cannot be.
    """
    spec = importlib.util.spec_from_file_location("askdoc_baseline", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise BadInput(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        system: System = module.Baseline.from_folder(corpus, settings)
    except AskdocError:
        raise
    # Somebody's own code may fail with anything.
    except Exception as error:
        raise BadInput(f"{path} failed: {type(error).__name__}: {error}") from error
    if not callable(getattr(system, "ask", None)) or not callable(getattr(system, "search", None)):
        raise BadInput(f"{path}: what Baseline.from_folder gives has no ask and search")
    return system
