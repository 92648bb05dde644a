"""What explains a change, as a sentence for a person.

`Fell from 2.1 to 0.8: 92 % of it by campaign=autumn (its own rate); average_order_value explains
80 %.`
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor, fsum, log10
from typing import Final

from kpistream.core.alerting.why.segments import REST, UNEXPLAINED, Contribution
from kpistream.core.alerting.why.why import Driver
from kpistream.core.kpis.kpi import Kpi

WORTH_TELLING: Final = Fraction(1, 5)
"""A member, or a driver, that explains less than this share of a change is not told."""

STANDS_OUT: Final = Fraction(1, 50)
"""Nor is a member whose share of the change is hardly more than its size."""

_MORE: Final = 1.005
"""A share that would be told as more than 100 %, because others go against it."""

_DIGITS: Final = (3, 4, 6, 12)
"""So many digits tell two values apart, if any do."""

_TIMES: Final = ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min"))
"""From so many seconds on a time is told in this unit, of so many seconds."""


def sentence(
    kpi: Kpi,
    currency: str,
    value: float,
    before: float,
    dimension: str,
    parts: Sequence[Contribution],
    drivers: Sequence[Driver],
) -> str:
    """How a KPI changed, which member of a dimension did most of it, and which driver.

    Nothing if it did not change.
    """
    if value == before:
        return ""
    verb = "Fell" if value < before else "Rose"
    start, end = told_apart(kpi, before, value, currency)
    clauses = [*_by_member(kpi, dimension, parts), *_by_driver(drivers)]
    because = f": {'; '.join(clauses)}" if clauses else ""
    return f"{verb} from {start} to {end}{because}."


def foremost(parts: Sequence[Contribution]) -> tuple[Fraction, Contribution] | None:
    """The member whose share of the change is most beyond its size, and by how much.

    A share counts as 1 at most: where members go against each other it can be any number.
    """
    change = sum((part.change for part in parts), Fraction(0))
    named = [part for part in parts if part.member not in (REST, UNEXPLAINED)]
    if not change or not named:
        return None
    excess = [min(Fraction(1), part.change / change) - part.size for part in named]
    return max(zip(excess, named, strict=True), key=lambda pair: pair[0])


def told_apart(kpi: Kpi, one: float, other: float, currency: str) -> tuple[str, str]:
    """Two values of a KPI with as many digits as it takes to see that they differ."""
    texts = [tuple(value_text(kpi, x, currency, d) for x in (one, other)) for d in _DIGITS]
    first, second = next((pair for pair in texts if pair[0] != pair[1]), texts[-1])
    return first, second


def value_text(kpi: Kpi, value: float, currency: str, digits: int = _DIGITS[0]) -> str:
    """A value as its unit is read: `3 %`, `0.25 EUR`, `12 min`; a ROAS is 0.9, and no 90 %."""
    match kpi.unit:
        case "ratio" if not kpi.has_money:
            return f"{number_text(value * 100, digits)} %"
        case "money":
            return f"{number_text(value, digits)} {currency}"
        case "seconds":
            return _duration(value, digits)
    return number_text(value, digits)


def number_text(value: float, digits: int) -> str:
    """A number to so many digits, but never less than its whole part: `1,667`, `0.0123`."""
    if not value:
        return "0"
    decimals = max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def _duration(value: float, digits: int) -> str:
    for least, length, unit in _TIMES:
        if abs(value) >= least:
            return f"{number_text(value / length, digits)} {unit}"
    return f"{number_text(value, digits)} s"


def _by_member(kpi: Kpi, dimension: str, parts: Sequence[Contribution]) -> list[str]:
    excess, part = foremost(parts) or (Fraction(0), None)
    if part is None or excess < STANDS_OUT:
        return []
    share = part.change / sum((each.change for each in parts), Fraction(0))
    if share < WORTH_TELLING:
        return []
    how = "" if kpi.expression.sides is None else f" ({_how(part)})"
    return [f"{_share_text(share)} of it by {dimension}={part.member}{how}"]


def _how(part: Contribution) -> str:
    """Whether a member's own rate did it or its share, of a quotient; a sum has no shares."""
    if part.value is None and part.before is not None:
        return "gone"
    if part.before is None and part.value is not None:
        return "new"
    return "its own rate" if abs(part.rate) >= abs(part.mix) else "its share"


def _by_driver(drivers: Sequence[Driver]) -> list[str]:
    whole = fsum(driver.effect for driver in drivers)
    if not drivers or not whole:
        return []
    most = max(drivers, key=lambda driver: driver.effect / whole)
    share = most.effect / whole
    if share < WORTH_TELLING:
        return []
    return [f"{most.kpi} explains {_share_text(share)}{' of it' if share >= _MORE else ''}"]


def _share_text(share: float | Fraction) -> str:
    return "more than all" if share >= _MORE else f"{round(share * 100)} %"
