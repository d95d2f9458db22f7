"""How askdoc runs a graph of its own in ONNX Runtime."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from askdoc.errors import BadInput

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Read when the library is imported, which is after this module: importing anything of askdoc
# imports it, in the process that reads files, too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

MENDED_BY = "pip install --force-reinstall --no-deps askdoc"


def session(
    graph: Path, outputs: tuple[str, ...], weights: Mapping[str, np.ndarray] | None = None
) -> "InferenceSession":
    """A graph, ready to run on the CPU, with weights that lie outside of it by their names.

    It reads the weights where they are: whoever has the session keeps them too. A thread without
    work sleeps instead of spinning, which costs no time and leaves its core to others. Raises
    BadInput when the file is missing or damaged, or does not give these outputs.
    """
    # Imported where first used: half a second that most commands need not pay.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
        options.add_external_initializers(list(weights), values)
    try:
        ready = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors have no other class in common
        raise BadInput(f"{graph.name} is missing or damaged: {MENDED_BY}") from error
    given = tuple(output.name for output in ready.get_outputs())
    if given != outputs:
        raise BadInput(f"{graph.name} is of another version of askdoc: {MENDED_BY}")
    return ready
