"""Another process: runs the commands of askdoc that it reads, a JSON line each.

It is started once, since a start takes seconds. For each command it prints a JSON line: the exit
code, and what was printed on standard output and standard error.
"""

import contextlib
import io
import json
import sys

from askdoc.cli import main


def run(arguments: list[str]) -> tuple[int, str, str]:
    """The exit code of a command, and what it printed."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
