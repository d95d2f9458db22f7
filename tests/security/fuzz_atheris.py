"""Reads what a fuzzer makes up that sees which code it reaches: ``fuzz_atheris.py SECONDS``.

It holds what is read against what test_fuzz.py holds it against, and finds other things. It needs
``pip install atheris``, which the tests do not.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["askdoc.ingest", "askdoc.answer.citation"]):
    from askdoc.answer.citation import unmarked
    from askdoc.ingest.files import LOADERS

sys.path.insert(0, str(Path(__file__).parent.parent))
from helpers import ingested

# What is read by code of ours, and not by a library's own.
TEXTS = [name for name in LOADERS if name in ".md .txt .csv .tsv .srt .org .json .eml .ipynb .xml"]


def main() -> None:
    """Fuzzes until something does not hold, or the time is over."""
    with TemporaryDirectory() as folder:

        def read(data: bytes) -> None:
            made = atheris.FuzzedDataProvider(data)
            source = f"a{TEXTS[made.ConsumeIntInRange(0, len(TEXTS) - 1)]}"
            content = made.ConsumeBytes(len(data))
            unmarked(content.decode("utf-8", "replace"))
            ingested(Path(folder), source, content)

        atheris.Setup([sys.argv[0], f"-max_total_time={sys.argv[1]}", "-max_len=3000"], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
