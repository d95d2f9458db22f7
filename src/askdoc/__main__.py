"""``python -m askdoc``: the command line."""

from askdoc.cli import main

main()
