"""Writes the tables of both READMEs and of docs/scaling.md from the figures in evals/results.

python -m evals.tables

A line `<!-- file.json part, part … -->` is followed by the table of those parts of a file, or of
the whole file; `<!-- file.json part: row, row … -->` by some rows of one part. Those of
`evals/bench` are named `../bench/file.json`.
"""

import datetime
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGES = (HERE.parent / "README.md", HERE / "README.md", HERE.parent / "docs" / "scaling.md")
PLACE = re.compile(r"(<!-- (\S+\.json)((?: [^>]+?)?) -->\n\n)(?:\|.*\n)*\n*")


def rounded(value: Any) -> Any:
    """Numbers with three places."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return round(value, 3) + 0.0 if isinstance(value, float) else value  # no -0.0


def about() -> dict[str, Any]:
    """When, of what and on how many cores figures are taken."""
    commit = subprocess.run(  # a fixed command
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        capture_output=True, text=True, cwd=HERE, check=False,
    ).stdout.strip()  # fmt: skip
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"date": today, "cores": os.cpu_count(), "commit": commit}


def keep(figures: Any, folder: Path | None, name: str) -> None:
    """Prints figures as JSON, and writes them into a folder where there is one."""
    text = json.dumps(rounded(figures), indent=2, ensure_ascii=False) + "\n"
    print(text, end="")
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def table(figures: dict[str, Any]) -> str:
    """Figures as a table of Markdown: a row a name; with several columns where they have parts."""
    if all(isinstance(value, dict) for value in figures.values()):
        names = list(dict.fromkeys(name for row in figures.values() for name in row))
        rows = [[name, *(row.get(column, "") for column in names)] for name, row in figures.items()]
    else:
        names, rows = [""], [[name, value] for name, value in figures.items()]
    head = ["", *names]
    every = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(str, row)) + " |\n" for row in every)


def written(text: str) -> str:
    """The text with every table as the figures are now."""

    def filled(match: re.Match[str]) -> str:
        figures = json.loads((HERE / "results" / match[2]).read_text("utf-8"))
        names, _, rows = match[3].partition(":")
        parts = [part.strip() for part in names.split(",") if part.strip()]
        if rows:
            figures = {row.strip(): figures[parts[0]][row.strip()] for row in rows.split(",")}
        elif len(parts) == 1:
            figures = figures[parts[0]]
        elif parts:
            figures = {part: figures[part] for part in parts}
        return match[1] + table(figures) + "\n"

    return PLACE.sub(filled, text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text("utf-8")), "utf-8")
