"""The rows of a table that a question picks out by a column: the most, the least, yes or no."""

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
YES = frozenset({"yes", "y", "true", "x", "✓", "✔", "☑", "✅"})
NO = frozenset({"no", "n", "false", "✗", "✘", "❌", "☐"})
Cells = tuple[tuple[str, str], ...]
# A row that sums up others.
SUMMED = re.compile(r"\W*(?:grand |sub-?)?(?:total|sum|average|mean|all)\b", re.I)


def extremes_left_out(asked: str) -> str:
    """A question without what it says of most and least."""
    return LEAST.sub(" ", MOST.sub(" ", asked))


def picked_rows(asked: str, row: Span, several: bool) -> tuple[Span, ...]:
    """The rows of a row's table that a question picks out by a column; none where it does not.

    That is the one with the most or the least of what is asked for, or, where ``several`` are asked
    for, those in which a column of *yes* and *no* says what the question does. Of several columns
    of numbers, the one is meant whose name shares most terms with what follows *most* or *least*,
    or else with the question; where none does, a price is asked for and all columns agree, all of
    them. Of the rows, those count that have most of what else the question names.
    """
    most, least = MOST.search(asked), LEAST.search(asked)
    said = most or least
    if (most and least) or not (said or several):
        return ()
    cells = named_cells(row)
    prices = PRICES if PRICED.search(asked) else frozenset()
    names = [name for name, _ in cells]
    if not (prices or telling(asked) & terms(" ".join(names[1:]))):
        return ()  # before all rows are read
    body = all_rows(row)
    if said is None:
        return _that_say(asked, names, body)
    table = list(body.values())
    columns = _columns(names, table, telling(asked[said.end() :]) | prices)
    columns = columns or _columns(names, table, telling(asked))
    if not columns and prices:
        columns = _columns(names, table, None)
    of_them = _named_most(asked, names, body)
    found = {_extreme(of_them, body, column, max if most else min) for column in columns}
    return tuple(filter(None, found)) if len(found) == 1 else ()


def all_rows(row: Span) -> dict[Span, Cells]:
    """The rows of a row's table with their cells, but for those that sum up others."""
    block = row.document.block_at(row.start)
    if block is None:
        return {}
    below = islice(rows(row.document, block.inner_start, block.end), MOST_ROWS)
    every = [Span(row.document, one.start, one.end) for one in below]
    told = {one: named_cells(one) for one in every}
    return {one: cell for one, cell in told.items() if cell and not SUMMED.match(cell[0][1])}


def _named_most(asked: str, names: Sequence[str], body: Mapping[Span, Cells]) -> list[Span]:
    """The rows that have most of what a question names beside the table and its columns."""
    above = {f"{one.heading or ''} {one.title}" for one in body}
    rest = telling(asked) - terms(" ".join([*names, *above]))
    named = {
        one: len(rest & terms(" ".join(value for _, value in cell))) for one, cell in body.items()
    }
    highest = max(named.values(), default=0)
    return [one for one in body if named[one] == highest]


def _that_say(asked: str, names: Sequence[str], body: Mapping[Span, Cells]) -> tuple[Span, ...]:
    """The rows that say *yes*, or *no* where a question denies, in the column that it names."""
    says = {one: [_yes_or_no(value) for _, value in cell] for one, cell in body.items()}
    shared = {
        at: len(telling(asked) & terms(name))
        for at, name in enumerate(names)
        if at and {True, False} <= {row[at] for row in says.values() if at < len(row)}
    }
    best = [at for at, count in shared.items() if count == max(shared.values()) > 0]
    if len(best) != 1:
        return ()
    column, wanted = best[0], not any(token.kind is Kind.DENIAL for token in tokens_of(asked))
    return tuple(
        _named_most(
            asked,
            names,
            {one: body[one] for one, row in says.items() if row[column : column + 1] == [wanted]},
        )
    )


def _yes_or_no(cell: str) -> bool | None:
    """What a cell says; None where it says something else."""
    first = cell.casefold().partition(" ")[0].strip(".,;:")
    return True if first in YES else False if first in NO else None


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
