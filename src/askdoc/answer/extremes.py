"""The row of a table that has the most or the least, where a question asks for that."""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import islice

from askdoc.answer.telling import telling
from askdoc.answer.verify.tokens import Kind, tokens_of
from askdoc.index.bm25 import terms
from askdoc.ingest.rows import named_cells, rows
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
Cells = tuple[tuple[str, str], ...]
# A row that sums up others.
SUMMED = re.compile(r"\W*(?:grand |sub-?)?(?:total|sum|average|mean|all)\b", re.I)


def extreme_row(asked: str, row: Span) -> Span | None:
    """The row of a row's table that has most or least of what is asked for; None for neither.

    Of several columns of numbers, the one is meant whose name shares most terms with what follows
    *most* or *least*, or else with the question; where none does, a price is asked for and all
    columns agree, all of them. Of the rows, those count that have most of its other terms.
    """
    most, least = MOST.search(asked), LEAST.search(asked)
    said = most or least
    if said is None or (most and least):
        return None
    cells = named_cells(row)
    block = row.document.block_at(row.start)
    prices = PRICES if PRICED.search(asked) else frozenset()
    names = [name for name, _ in cells]
    if block is None or not (prices or telling(asked) & terms(" ".join(names[1:]))):
        return None  # before all rows are read
    below = islice(rows(row.document, block.inner_start, block.end), MOST_ROWS)
    every = [Span(row.document, one.start, one.end) for one in below]
    told = {one: named_cells(one) for one in every}
    body = {one: cell for one, cell in told.items() if cell and not SUMMED.match(cell[0][1])}
    table = list(body.values())
    columns = _columns(names, table, telling(asked[said.end() :]) | prices)
    columns = columns or _columns(names, table, telling(asked))
    if not columns and prices:
        columns = _columns(names, table, None)
    rest = telling(asked) - terms(" ".join(names))
    named = {
        one: len(rest & terms(" ".join(value for _, value in cell))) for one, cell in body.items()
    }
    highest = max(named.values(), default=0)
    of_them = [one for one in body if named[one] == highest]
    found = {_extreme(of_them, body, column, max if most else min) for column in columns}
    return found.pop() if len(found) == 1 else None


def _extreme(
    rows: Sequence[Span], body: Mapping[Span, Cells], column: int, pick: Callable[..., Span]
) -> Span | None:
    """The row with the most or least in a column; None where not two have a number there."""
    values = {one: value for one in rows if (value := _number(body[one], column)) is not None}
    return pick(values, key=values.__getitem__) if len(values) > 1 else None


def _columns(
    names: Sequence[str], body: Sequence[Cells], wanted: frozenset[str] | None
) -> list[int]:
    """The column of numbers that shares most terms with what is wanted, if any; all, for None."""
    numbers = [
        at
        for at in range(1, len(names))
        if sum(_number(row, at) is not None for row in body) > len(body) / 2
    ]
    if wanted is None:
        return numbers
    shared = {at: len(wanted & terms(names[at])) for at in numbers}
    best = [at for at in numbers if shared[at] == max(shared.values()) > 0]
    return best if len(best) == 1 else []


def _number(row: Cells, column: int) -> Fraction | None:
    """The number in a cell; None where it has none or several."""
    text = row[column][1] if column < len(row) else ""
    found = [token for token in tokens_of(text) if token.kind is Kind.NUMBER]
    return Fraction(found[0].key) if len(found) == 1 else None
