"""The command line: parse, call, print."""

import gc

# Nothing that is imported is ever garbage: what looks for some takes a tenth of the time of all
# imports, unless it looks less often than after each 700 new objects.
gc.set_threshold(50_000)

from askdoc.cli import evaluate as _evaluate  # noqa: E402, F401 - adds `askdoc eval`
from askdoc.cli.commands import app, main  # noqa: E402

__all__ = ["app", "main"]
