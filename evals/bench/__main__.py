"""Measures how fast askdoc is, beside what others take for the same, and at growing sizes.

python -m evals.bench DATA --work FOLDER [--out evals/bench] [--only ROW]… [--most 10000]

DATA holds the public sets, a folder each: squad2 and multihoprag are read, for the row vectors
xquad/en, mtrag_subset and others, and `messy` for mixed files, in place of which --files may
name a folder. FOLDER keeps what is indexed and what is measured so far: the same command goes on
where it was stopped. The rows are indexing, files, shell, clients and vectors, and answers, graph
and serving, which are measured at 1,000, 10,000, 100,000 and 1,000,000 passages, up to --most.
Takes about fifty minutes on two quiet cores, of which some ten are the 10,000 passages of indexing;
nothing else should run beside it.
"""

import json
import platform
from pathlib import Path
from typing import Annotated

import typer

from evals.bench.clients import clients
from evals.bench.graph import graph
from evals.bench.plots import plots
from evals.bench.rows import SIZES, Bench, answers, files, indexing, serving, shell
from evals.bench.times import Row
from evals.bench.vectors import vectors
from evals.tables import about, keep

ROWS = {
    "indexing": indexing, "files": files, "shell": shell, "clients": clients, "vectors": vectors,
}  # fmt: skip
SIZED = {"answers": answers, "graph": graph, "serving": serving}
"""Those that are measured at each size."""


def main(
    data: Path,
    work: Annotated[Path, typer.Option()],
    out: Path | None = None,
    most: int = 10_000,
    only: Annotated[list[str], typer.Option()] = [*ROWS, *SIZED],  # noqa: B006 - never changed
    files: Path | None = None,
) -> None:
    """Measures each row, up to --most passages, and writes its figures and the plots of all."""
    bench = Bench(data.absolute(), work.absolute(), most, (files or data / "messy").absolute())
    machine = _about()
    kept = bench.work / f"bench-{machine['commit']}.json"
    taken: dict[str, Row] = json.loads(kept.read_text()) if kept.is_file() else {}

    def measured(row: str, size: int) -> Row:
        name = f"{row} {size}"
        if name not in taken:
            taken[name] = SIZED[row](bench, size) if row in SIZED else ROWS[row](bench)
            kept.write_text(json.dumps(taken))
        return taken[name]

    bench.work.mkdir(parents=True, exist_ok=True)
    for row in only:
        if row in ROWS:
            told = {"passages": most, **measured(row, most)}
        else:
            told = _across({size: measured(row, size) for size in SIZES if size <= most})
        keep({"about": machine} | told, out, f"{row}.json")
    if out:
        plots(out)


def _across(rows: dict[int, Row]) -> Row:
    """The figures of rows of several sizes, a row a figure and a column a size."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    return {
        "sizes": {
            name: {f"{size:,}": row[name] for size, row in rows.items() if name in row}
            for name in names
        }
    }


def _about() -> Row:
    """When, of what and on which machine the figures were taken."""
    return {
        **about(),
        "processor": platform.machine(),
        "Python": platform.python_version(),
    }


if __name__ == "__main__":
    typer.run(main)
