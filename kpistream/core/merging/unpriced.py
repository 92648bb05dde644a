"""Money that has no rate: what a worker holds of it, apart from all readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from kpistream.core.kpis.measures import Measure
from kpistream.core.measuring.partials import Sums
from kpistream.core.merging.pricing import APART
from kpistream.core.money.money import units_per_major


class Unpriced(NamedTuple):
    """Amounts in a currency that could not be converted to the reporting currency.

    ``amount`` is their total in major units, ``events`` how many there are, not counting what a
    level is made of; both are of all traffic together, over the longest window.
    """

    currency: str
    amount: float
    events: int


def unpriced(sums: Sums, measures: Mapping[str, Measure]) -> list[Unpriced]:
    """What a view has of it, by currency; an amount counts once, whatever measures have it."""
    amounts: Counter[str] = Counter()
    events: Counter[str] = Counter()
    once = _without_doubles(measures)
    for key, amount in sums.items():
        name, apart, currency = key.partition(APART)
        if not apart or name not in once:
            continue
        if currency.startswith("#"):
            events[currency[1:]] += amount
        else:
            amounts[currency] += amount
    return [
        Unpriced(currency, amounts[currency] / units_per_major(currency), number)
        for currency in amounts
        if (number := events[currency]) or amounts[currency]
    ]


def _without_doubles(measures: Mapping[str, Measure]) -> set[str]:
    """The money measures; of a field that one of them adds up without a filter, only that one."""
    totals = [m for m in measures.values() if m.kind in ("total", "level") and m.is_money]
    whole = {(m.event, m.field): m.name for m in reversed(totals) if not m.where}
    return {m.name for m in totals if whole.get((m.event, m.field), m.name) == m.name}
