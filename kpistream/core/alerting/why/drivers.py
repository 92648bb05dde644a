"""Drivers: how much each of the KPIs that another one is a product of changed it.

    return on ad spend = average order value * orders per click / cost per click

Of a product, the logarithm of the change is the sum of those of its factors, whichever is looked at
first; so a driver's effect is the difference of its logarithms, negative below the division.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from kpistream.core.alerting.why.why import Driver
from kpistream.core.kpis.kpi import Kpi, evaluate
from kpistream.core.measuring.partials import Sums


def drivers(
    kpi: Kpi, kpis: Mapping[str, Kpi], now: Sums, before: Sums, currency: str
) -> tuple[Driver, ...]:
    """The drivers that a KPI declares, the largest effect first.

    The effects add up to ln(value now) - ln(value before). None at all where a driver has no
    value, or one that has no logarithm, or is none of the ``kpis`` that are read. Raises
    UnknownCurrency.
    """
    powers = kpi.drivers.powers if kpi.drivers else {}
    found = []
    for name, power in powers.items():
        driver = _driver(kpis[name], power, now, before, currency) if name in kpis else None
        if driver is None:
            return ()
        found.append(driver)
    return tuple(sorted(found, key=lambda one: -abs(one.effect)))


def _driver(kpi: Kpi, power: int, now: Sums, before: Sums, currency: str) -> Driver | None:
    value, earlier = evaluate(kpi, now, currency), evaluate(kpi, before, currency)
    if value is None or earlier is None or min(value.value, earlier.value) <= 0:
        return None
    effect = power * (log(value.value) - log(earlier.value))
    return Driver(kpi.id, value.value, earlier.value, effect)
