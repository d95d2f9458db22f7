"""How askdoc runs a graph of its own in ONNX Runtime."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Read when the library is imported, which is after this module: importing anything of askdoc
# imports it, in the process that reads files, too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def session(graph: Path, weights: Mapping[str, np.ndarray] | None = None) -> "InferenceSession":
    """A graph, ready to run on the CPU, with weights that lie outside of it by their names.

    It reads the weights where they are: whoever has the session keeps them too. A thread without
    work sleeps instead of spinning, which costs no time and leaves its core to others.
    """
    # Imported where first used: half a second that most commands need not pay.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
        options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
