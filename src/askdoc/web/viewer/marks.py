"""Text in the elements that its characters belong to."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import pairwise, takewhile

HIDDEN = '<span class="sign">', "</span>"  # around signs that only a format needs


@dataclass(frozen=True, slots=True)
class Span:
    """Characters in an element of their own; of two that overlap, the one put in first is outer."""

    start: int
    end: int
    opens: str
    closes: str


def pieces(text: str, start: int, end: int, spans: Iterable[Span]) -> str:
    """The characters from start to end, each in the elements that it belongs to."""
    here = [
        span for span in spans if span.start < span.end and span.start < end and span.end > start
    ]
    begins: dict[int, list[int]] = {}
    for number, span in enumerate(here):
        begins.setdefault(max(span.start, start), []).append(number)
    borders = {at for span in here for at in (span.start, span.end) if start < at < end}
    html, stack = "", list[int]()
    for first, last in pairwise(sorted({start, end} | borders)):
        around = [number for number in stack if here[number].end > first]
        around = sorted(around + begins.get(first, []))  # the outer ones were put in first
        same = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(stack, around, strict=False))
        )
        html += "".join(here[number].closes for number in reversed(stack[same:]))
        html += "".join(here[number].opens for number in around[same:]) + escape(text[first:last])
        stack = around
    return html + "".join(here[number].closes for number in reversed(stack))


def hidden(text: str, start: int, end: int) -> str:
    """Signs that only the format needs."""
    return f"{HIDDEN[0]}{escape(text[start:end])}{HIDDEN[1]}" if start < end else ""
