"""The figures that grow with the number of passages, drawn as `askdoc eval` draws its own."""

import json
import math
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import askdoc.evaluation
from evals.bench.times import Row

SMALLEST = 1000  # passages, where the axis begins; each further mark is ten times the one before
STYLE = """<style>
svg { background: #fff; } text { font: 12px system-ui, sans-serif; fill: #57534e; }
.title { font-weight: 600; fill: #1c1917; font-size: 14px; } .grid { stroke: #d6d3d1; }
.axis, .line { fill: none; stroke: #57534e; } .line { stroke-width: 2; }
.line.s0 { stroke: #1d4ed8; } .line.s1 { stroke: #c2410c; stroke-dasharray: 6 3; }
.line.s2 { stroke: #6b7280; stroke-dasharray: 2 3; }
</style>"""
PLOTS = {  # the name of the file, its title and its axis, and what it shows of which row
    "time": ("Milliseconds of a question", "ms", "answers", (
        ("search, p50", "search p50, ms"), ("answer, p50", "answer p50, ms"),
        ("answer, p95", "answer p95, ms"),
    )),
    "room": ("Megabytes", "MB", "answers", (("index on disk", "index, MB"),)),
    "memory": ("Memory of a server", "MB", "serving", (("serving", "memory, MB"),)),
}  # fmt: skip


def plots(folder: Path) -> None:
    """Draws the plots of the rows whose figures are in a folder, into files beside them."""
    environment = Environment(
        loader=FileSystemLoader(Path(askdoc.evaluation.__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
    )
    plot = environment.get_template("plots.html").module.plot  # type: ignore[attr-defined]
    for name, (title, label, row, shown) in PLOTS.items():
        path = folder / f"{row}.json"
        if path.is_file():
            sizes = json.loads(path.read_text("utf-8"))["sizes"]
            series = {short: _points(sizes[figure]) for short, figure in shown}
            drawn = str(plot(title, *_axes(label, series), series))
            begin, _, rest = drawn.strip().partition(">")
            svg = f'{begin} xmlns="http://www.w3.org/2000/svg">{STYLE}{rest}\n'
            (folder / f"{name}.svg").write_text(svg, "utf-8")


def _points(figures: dict[str, float]) -> list[tuple[float, float]]:
    """Where each size lies on its axis, with the figure there."""
    return [(_place(int(size.replace(",", ""))), value) for size, value in figures.items()]


def _place(size: int) -> float:
    return math.log10(size / SMALLEST)


def _axes(label: str, series: dict[str, list[tuple[float, float]]]) -> tuple[Row, Row]:
    """The axis of passages, ten times as many at each mark, and that of the figures, from 0."""
    every = [point for points in series.values() for point in points]
    far, high = max(1.0, *(at for at, _ in every)), max(value for _, value in every)
    step = 10 ** math.floor(math.log10(high))
    top = math.ceil(high / step) * step
    passages = [(n, f"{SMALLEST * 10**n:,}") for n in range(round(far) + 1)]
    return (
        {"label": "passages", "most": far, "marks": passages},
        {
            "label": label,
            "most": top,
            "marks": [(top * n / 4, f"{top * n / 4:g}") for n in range(5)],
        },
    )
