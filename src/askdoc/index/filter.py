"""Which documents count, by their metadata: conditions in the form that Chroma has for them."""

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from askdoc.errors import BadInput
from askdoc.types import Metadata

Where = Mapping[str, Any]
"""``{"author": "Ann", "date": {"$gte": "2024"}}``: all of it has to hold."""
Condition = Callable[[Metadata], bool]

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
ONE, SEVERAL = ("$eq", "$ne"), ("$in", "$nin")
DENIED = ("$ne", "$nin")
JOINED: dict[str, Callable[[Any], bool]] = {"$and": all, "$or": any}
DEEPEST = 20  # conditions inside of conditions
DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:[T ].*)?)?)?")
SHOWN = 200  # characters of a filter that a line shows


def condition(where: object, depth: int = 0) -> Condition:
    """What has to hold of a document's metadata; raises BadInput where that cannot be understood.

    Of a list in the metadata one value is enough. What a document does not tell equals nothing.
    Dates are compared as exactly as both tell them.
    """
    if depth > DEEPEST:
        raise BadInput(f"where: conditions stand in each other, more than {DEEPEST} deep")
    if not isinstance(where, Mapping):
        raise BadInput(f'where = {shown(where)}: give conditions, as {{"author": "Ann"}}')
    holding = []
    for name, wanted in where.items():
        if name in JOINED:
            if not isinstance(wanted, list | tuple) or not wanted:
                raise BadInput(f"where: {name} = {shown(wanted)}: give a list of conditions")
            holding.append(_joined(JOINED[name], [condition(one, depth + 1) for one in wanted]))
        elif str(name).startswith("$"):
            raise BadInput(f"where: {shown(name)} is none of {', '.join(JOINED)}, nor a name")
        else:
            tests = wanted if isinstance(wanted, Mapping) else {"$eq": wanted}
            holding += [_test(name, sign, value) for sign, value in tests.items()]
    return _joined(all, holding)


def shown(value: object) -> str:
    """A part of a filter, for a line about it."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)[:SHOWN]
    except (RecursionError, ValueError):  # nested too deeply, or in itself
        return "what nests too deeply"


def _joined(join: Callable[[Any], bool], each: Sequence[Condition]) -> Condition:
    return lambda metadata: join(one(metadata) for one in each)


def _test(name: str, sign: str, value: object) -> Condition:
    """One comparison of what is told under a name."""
    known = (*ONE, *ORDER, *SEVERAL)
    if sign not in known:
        raise BadInput(f"where: {name} has {shown(sign)}, which is none of {', '.join(known)}")
    if sign in SEVERAL and not (isinstance(value, list | tuple) and value):
        raise BadInput(f"where: {name}: {sign} = {shown(value)}: give a list of values")
    wanted = list(value) if sign in SEVERAL and isinstance(value, list | tuple) else [value]
    for one in wanted:
        if not isinstance(one, str | int | float) or (sign in ORDER and isinstance(one, bool)):
            kinds = "text or a number" if sign in ORDER else "text, a number, true or false"
            raise BadInput(f"where: {name}: {sign} = {shown(one)}: compare with {kinds}")
    compare = ORDER.get(sign, operator.eq)

    def holds(metadata: Metadata) -> bool:
        told = metadata.get(name, ())
        several = told if isinstance(told, list | tuple) else [told]
        return any(_holds(compare, each, one) for each in several for one in wanted)

    return (lambda metadata: not holds(metadata)) if sign in DENIED else holds


def _holds(compare: Callable[[Any, Any], bool], told: object, wanted: object) -> bool:
    """Whether a comparison holds of two values, which have to be of one kind."""
    if isinstance(told, str) and isinstance(wanted, str):
        dates = DATE.fullmatch(told) and DATE.fullmatch(wanted)
        if dates and compare is not operator.eq:
            both = min(len(told), len(wanted))
            told, wanted = told[:both], wanted[:both]
        return compare(told, wanted)
    if isinstance(told, str) or isinstance(wanted, str):
        return False
    return isinstance(told, bool) is isinstance(wanted, bool) and compare(told, wanted)
