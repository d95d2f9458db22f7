"""The command line: parse, call, print."""

from askdoc.cli import evaluate as _evaluate  # noqa: F401 - adds `askdoc eval` to the commands
from askdoc.cli.commands import app, main

__all__ = ["app", "main"]
