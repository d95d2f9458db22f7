"""How askdoc runs a graph of its own in ONNX Runtime."""

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from askdoc.errors import BadInput

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

One = TypeVar("One")
Made = TypeVar("Made")

MENDED_BY = "pip install --force-reinstall --no-deps askdoc"


def session(
    graph: Path, outputs: tuple[str, ...], weights: Mapping[str, np.ndarray] | None = None
) -> "InferenceSession":
    """A graph, ready to run on the CPU, with weights that lie outside of it by their names.

    It reads the weights where they are: whoever has the session keeps them too. A run stays on one
    core: our graphs are small, and several runs beside each other (`side_by_side`) take less time
    than one after the other on all cores. Raises BadInput when the file is missing or damaged, or
    does not give these outputs.
    """
    # Imported where first used: half a second that most commands need not pay.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if weights:
        # What is reckoned of them while the graph is loaded would stay in the arena: 100 MB.
        options.enable_cpu_mem_arena = False
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


def side_by_side(run: Callable[[One], Made], inputs: Iterable[One]) -> list[Made]:
    """What ``run`` makes of each input, in the order given, as many at a time as there are cores.

    An error of one is raised, and those that have not begun are left out. Where the interpreter is
    ending, the thread that asks ends, too.
    """
    try:
        made = _cores().map(run, inputs)
    except RuntimeError as error:  # no more work is taken
        raise SystemExit from error
    return list(made)


@functools.cache
def _cores() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="askdoc-model")


if hasattr(os, "register_at_fork"):  # a child has none of the threads
    os.register_at_fork(after_in_child=_cores.cache_clear)
