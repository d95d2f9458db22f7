"""The row of a table that has the most or the least, where a question asks for that."""

import re
from collections.abc import Sequence
from fractions import Fraction

from askdoc.answer.telling import telling
from askdoc.answer.verify.tokens import Kind, tokens_of
from askdoc.index.bm25 import terms
from askdoc.ingest.rows import Row, named_cells, rows
from askdoc.tuning import MOST_ROWS
from askdoc.types import Span

MOST = re.compile(
    r"\b(?:most(?! (?:of|recent|likely))|highest|largest|biggest|greatest|longest|heaviest|tallest|"
    r"deepest|fastest|dearest|costliest|maximum|max)\b",
    re.I,
)
LEAST = re.compile(
    r"\b(?:least(?! \d)|lowest|smallest|fewest|shortest|lightest|shallowest|slowest|cheapest|"
    r"minimum|min)\b",
    re.I,
)
PRICED = re.compile(r"\b(?:cheapest|dearest|costliest|(?:most|least) expensive)\b", re.I)
PRICES = terms("price cost fee fare rent rate amount charge euro eur pound gbp dollar usd")
# A row that sums up others.
SUMMED = re.compile(r"\W*(?:grand |sub-?)?(?:total|sum|average|mean|all)\b", re.I)


def extreme_row(asked: str, row: Span) -> Span | None:
    """The row of a row's table that has most or least of what is asked for; None for neither.

    Of several columns of numbers, the one is meant whose name shares most terms with what follows
    *most* or *least*, or else with the question; of the rows, those that have most of its terms.
    """
    most, least = MOST.search(asked), LEAST.search(asked)
    said = most or least
    if said is None or (most and least):
        return None
    cells = named_cells(row)
    block = row.document.block_at(row.start)
    if not cells or block is None:
        return None
    every = [Span(row.document, one.start, one.end) for one in _rows(row, block.end)]
    told = {one: named_cells(one) for one in every}
    body = {one: cell for one, cell in told.items() if cell and not SUMMED.match(cell[0][1])}
    prices = PRICES if PRICED.search(asked) else frozenset()
    names, numbers = [name for name, _ in cells], list(body.values())
    column = next(
        (
            found
            for wanted in (telling(asked[said.end() :]) | prices, telling(asked))
            if (found := _column(names, numbers, wanted)) is not None
        ),
        None,
    )
    if column is None:
        return None
    named = {
        one: len(telling(asked) & terms(" ".join(value for _, value in cell)))
        for one, cell in body.items()
    }
    of_them = [one for one in body if named[one] == max(named.values())]
    values = {one: value for one in of_them if (value := _number(body[one], column)) is not None}
    pick = max if most else min
    return pick(values, key=values.__getitem__) if len(values) > 1 else None


def _rows(row: Span, end: int) -> list[Row]:
    """The rows of a table below its header, so many at most."""
    block = row.document.block_at(row.start)
    start = block.inner_start if block else row.start
    found: list[Row] = []
    for one in rows(row.document, start, end):
        found.append(one)
        if len(found) == MOST_ROWS:
            break
    return found


def _column(
    names: Sequence[str], body: Sequence[Sequence[tuple[str, str]]], wanted: frozenset[str]
) -> int | None:
    """The column of numbers that shares most terms with what is wanted; None where none does."""
    numbers = [
        at
        for at in range(1, len(names))
        if sum(_number(row, at) is not None for row in body) > len(body) / 2
    ]
    shared = {at: len(wanted & terms(names[at])) for at in numbers}
    best = [at for at in numbers if shared[at] == max(shared.values()) > 0]
    return best[0] if len(best) == 1 else None


def _number(row: Sequence[tuple[str, str]], column: int) -> Fraction | None:
    """The number in a cell; None where it has none or several."""
    text = row[column][1] if column < len(row) else ""
    found = [token for token in tokens_of(text) if token.kind is Kind.NUMBER]
    return Fraction(found[0].key) if len(found) == 1 else None
