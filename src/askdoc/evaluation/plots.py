"""Line and dot plots as SVG, coloured by the page's own style sheet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 404, 48, 254
LARGEST = 9  # radius of the largest dot

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, from 0 to ``most``, with its marks: a value and what stands there."""

    label: str
    most: float
    marks: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one system; with ``sizes`` (0 to 1) they are dots of that area, else a line."""

    name: str
    points: Sequence[Point]
    sizes: Sequence[float] = ()


SHARE = ((0, "0"), (0.25, ".25"), (0.5, ".5"), (0.75, ".75"), (1, "1"))
"""The marks of an axis from 0 to 1."""


def plot(title: str, x: Axis, y: Axis, series: Sequence[Series], *, diagonal: bool = False) -> str:
    """A plot with title, axes and legend; ``diagonal`` draws where both axes are equal."""

    def place(point: Point) -> Point:
        across, up = min(1.0, point[0] / x.most), min(1.0, point[1] / y.most)
        return round(LEFT + across * (RIGHT - LEFT), 1), round(BOTTOM - up * (BOTTOM - TOP), 1)

    parts = [_frame(x, y, place)]
    if diagonal:
        parts.append(f'<path class="even" d="{_path([(LEFT, BOTTOM), (RIGHT, TOP)])}"/>')
    for number, each in enumerate(series):
        places = [place(point) for point in each.points]
        if each.sizes:
            parts += [
                f'<circle class="dot s{number}" cx="{at[0]}" cy="{at[1]}" '
                f'r="{max(2.0, LARGEST * size**0.5):.1f}"/>'
                for at, size in zip(places, each.sizes, strict=True)
            ]
        elif places:
            parts.append(f'<path class="line s{number}" d="{_path(places)}"/>')
        parts.append(_key(number, each.name))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text class="title" x="{LEFT}" y="18">{escape(title)}</text>{"".join(parts)}</svg>'
    )


def _frame(x: Axis, y: Axis, place: Callable[[Point], Point]) -> str:
    """Both axes with their marks, names and grid."""
    parts = []
    for value, name in x.marks:
        across, _ = place((value, 0))
        parts.append(f'<text x="{across}" y="{BOTTOM + 16}" text-anchor="middle">{name}</text>')
    for value, name in y.marks:
        _, up = place((0, value))
        parts.append(f'<path class="grid" d="M{LEFT} {up}H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{up + 4}" text-anchor="end">{name}</text>')
    middle = (TOP + BOTTOM) / 2
    return (
        "".join(parts)
        + f'<path class="axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>'
        + f'<text x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x.label)}'
        + f'</text><text x="14" y="{middle}" text-anchor="middle" '
        + f'transform="rotate(-90 14 {middle})">{escape(y.label)}</text>'
    )


def _key(number: int, name: str) -> str:
    """A line of the legend."""
    at = LEFT + 110 * number
    return (
        f'<path class="line s{number}" d="M{at} 34H{at + 22}"/>'
        f'<text x="{at + 28}" y="38">{escape(name)}</text>'
    )


def _path(places: Sequence[Point]) -> str:
    return "M" + "L".join(f"{across:g} {up:g}" for across, up in places)
