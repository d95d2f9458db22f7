"""Pages as a scanner gives them: drawn, turned a little, with the noise of paper and light."""

import random
import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PAGE = (1240, 1754)  # pixels: A4 at 150 dots an inch
LINES = 40
NAMES = [
    "Ingrid Sund", "Tomas Aubrey", "Nora Velling", "Marek Holub", "Sofia Lindqvist", "Paul Okafor",
]  # fmt: skip
THINGS = [
    "harbour dues", "lamp oil", "the north pier", "two anchors", "rope", "a bell", "the ferry shed",
]  # fmt: skip


def written(number: int) -> list[str]:
    """The lines of a page that tells dates, names and sums, another for each number."""
    chance = random.Random(number)
    told = [f"Minutes of the harbour board, page {number}"]
    while len(told) < LINES:
        day, month = chance.randint(1, 28), chance.choice(["March", "June", "October"])
        sum_of = f"{chance.randint(10, 99)},{chance.randint(100, 999)}.{chance.randint(10, 99)}"
        told += textwrap.wrap(
            f"On {day} {month} {chance.randint(1950, 2023)} {chance.choice(NAMES)} paid {sum_of} "
            f"pounds for {chance.choice(THINGS)} (no. {chance.randint(100, 9999)}).",
            80,
        )
    return told[:LINES]


def scanned(lines: Sequence[str], number: int = 0) -> Image.Image:
    """A page with these lines, askew and grey."""
    page = Image.new("L", PAGE, 250)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=24)
    for at, line in enumerate(lines):
        draw.text((100, 90 + 40 * at), line, font=font, fill=25)
    chance = np.random.default_rng(number)
    page = page.rotate(chance.uniform(-0.8, 0.8), fillcolor=250, resample=Image.Resampling.BICUBIC)
    noisy = np.asarray(page, float) + chance.normal(0, 16, page.size[::-1])
    return Image.fromarray(noisy.clip(0, 255).astype("uint8"))
