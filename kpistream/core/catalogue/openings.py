"""From a level's opening balance as it is written to raw amounts by slice and currency."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from kpistream.core.catalogue.catalogue_file import Balance, OpeningShape
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.decimals import InvalidDecimal, scaled_decimal
from kpistream.core.kpis.measures import Measure
from kpistream.core.located_yaml import Path
from kpistream.core.money.money import InvalidMoney, parse_amount
from kpistream.core.slices import Slice, normalise_member

MAX_BALANCE: Final = 10**15
"""The largest opening balance that is no money, and without its sign the smallest."""

_MONEY: Final = re.compile(r"([0-9.]+) ([A-Z]{3})")


class _WrongBalance(ValueError):
    """A balance that fits no level of this unit."""


def read_opening(
    at: Path,
    measure: Measure,
    written: Balance | list[OpeningShape],
    dimensions: Sequence[str],
    mistakes: Mistakes,
) -> Measure:
    """The level with what it was before the first event; what is wrong is reported."""
    shapes = written if isinstance(written, list) else [OpeningShape(value=written)]
    amounts: dict[tuple[Slice, str], int] = {}
    for number, shape in enumerate(shapes):
        path = (*at, number, "value") if isinstance(written, list) else at
        part = _slice((*at, number, "slice"), shape.slice, dimensions, mistakes)
        try:
            currency, amount = _balance(measure, shape.value)
        except (_WrongBalance, InvalidMoney, InvalidDecimal) as error:
            mistakes.report(path, str(error))
            continue
        if (part, currency) in amounts:
            mistakes.report(path[:-1], "this slice has an opening balance already")
        amounts[part, currency] = amount
    opening = tuple((part, currency, amount) for (part, currency), amount in amounts.items())
    return replace(measure, opening=opening)


def _slice(
    at: Path, written: Mapping[str, str], dimensions: Sequence[str], mistakes: Mistakes
) -> Slice:
    for name in written:
        if name not in dimensions:
            mistakes.unknown((*at, name), "dimension", name, dimensions)
    return tuple((name, normalise_member(written[name])) for name in dimensions if name in written)


def _balance(measure: Measure, written: Balance) -> tuple[str, int]:
    """Currency, or nothing, and raw amount."""
    if measure.is_money:
        return _money(written)
    if isinstance(written, str):
        raise _WrongBalance(f"must be a number, not {written!r}")
    amount = _number(measure, Decimal(repr(written)))
    return "", amount * measure.factor


def _money(written: Balance) -> tuple[str, int]:
    text = _MONEY.fullmatch(written) if isinstance(written, str) else None
    if text is None:
        problem = f"must be an amount and its currency, such as '50000.00 EUR', not {written!r}"
        raise _WrongBalance(problem)
    return text[2], parse_amount(text[1], text[2])


def _number(measure: Measure, number: Decimal) -> int:
    if abs(number) > MAX_BALANCE:
        raise _WrongBalance(f"must be at most {MAX_BALANCE}, not {number}")
    if measure.scale != 1:
        return scaled_decimal(number)
    if number % 1:
        raise _WrongBalance(f"must be a whole number, not {number}")
    if measure.field is None and number < 0:
        raise _WrongBalance(f"must be a number of events, not {number}")
    return int(number)
