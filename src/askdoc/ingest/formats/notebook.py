"""Jupyter notebooks: the prose, the code and what it printed, cell by cell."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from askdoc.ingest.encoding import decode
from askdoc.ingest.extract import Composer, Extract, clean
from askdoc.ingest.formats.text import from_markdown, verbatim


def read(path: Path) -> Extract:
    """A notebook with the headings of its prose; what is no notebook, as it stands in the file."""
    text = decode(path.read_bytes())
    try:
        cells = list(_cells(json.loads(text)))
    except (ValueError, TypeError, AttributeError, KeyError):
        return verbatim(text)
    composer = Composer()
    for cell in cells:
        source = _joined(cell.get("source", cell.get("input", "")))
        if cell.get("cell_type") == "markdown":
            composer.add_extract(from_markdown(source))
        else:
            composer.add(source)
        for output in cell.get("outputs", ()):
            composer.add(_printed(output))
    return composer.extract()


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The cells of a notebook, or of the sheets that it had before version 4."""
    for part in notebook.get("worksheets", [notebook]):
        yield from part["cells"]


def _printed(output: Mapping[str, Any]) -> str:
    """What a cell's output says in plain text."""
    if "evalue" in output:
        return f"{output.get('ename', 'Error')}: {output['evalue']}"
    return _joined(output.get("text") or output.get("data", {}).get("text/plain", ""))


def _joined(lines: str | list[str]) -> str:
    """A text that is kept whole or as a list of its lines, whatever ends them."""
    return clean(lines if isinstance(lines, str) else "".join(lines))
