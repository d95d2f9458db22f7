"""Starts the chat, as ``askdoc serve`` does; options are the same."""

import sys

from askdoc.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])
