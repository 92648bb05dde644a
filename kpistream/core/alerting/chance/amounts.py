"""Amounts: what a measure comes to in a window's sums, in the units that people read."""

from __future__ import annotations

from collections.abc import Callable

from kpistream.core.kpis.measures import ANY_OTHER_CURRENCY, Measure
from kpistream.core.kpis.units import MILLISECONDS_PER_SECOND
from kpistream.core.measuring.partials import Sums
from kpistream.core.money.money import units_per_major
from kpistream.core.money.rates import RATE_SCALE

Amount = Callable[[Sums], float]
"""What sums say of one measure; 0.0 if they leave it out."""


def amount_of(measure: Measure, currency: str) -> Amount:
    """Reads a measure in major units of the currency (squares: of it squared), seconds or numbers.

    Money of other currencies is in it as far as it was converted. Raises UnknownCurrency.
    """
    if measure.is_money:
        return _money(measure, currency)
    units = measure.units_per_one
    if measure.unit == "milliseconds":
        units *= MILLISECONDS_PER_SECOND**measure.power
    name = measure.name
    return lambda sums: sums.get(name, 0) / units


def _money(measure: Measure, currency: str) -> Amount:
    own, converted = measure.key(currency), measure.key(ANY_OTHER_CURRENCY)
    units: int = units_per_major(currency) ** measure.power
    finer: int = RATE_SCALE**measure.power
    parts = units * finer

    def read(sums: Sums) -> float:
        if converted in sums:
            return (sums.get(own, 0) * finer + sums[converted]) / parts
        return sums.get(own, 0) / units

    return read
