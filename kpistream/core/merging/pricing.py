"""Pricing: money of other currencies, added up in the reporting one at the rates of its days.

Amounts are kept per currency for good. Where a rate is known, their worth at the rate of a pane's
day goes into the sum ``name@*``, times ``RATE_SCALE``; where none is, they are set apart, as
``name!USD`` with ``name!#USD`` for how many they were. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from kpistream.core.kpis.measures import ANY_OTHER_CURRENCY, Measure
from kpistream.core.measuring.partials import Sums
from kpistream.core.money.rates import Rates
from kpistream.core.windows.days import Days

APART: Final = "!"


class _Foreign(NamedTuple):
    """What to do with a sum in another currency."""

    measure: str
    currency: str
    is_count: bool
    power: int


class Pricing:
    """Adds sums of panes to sums of windows, with what foreign money is worth."""

    def __init__(self, rates: Rates, days: Days, measures: Iterable[Measure]) -> None:
        """Price the totals among the measures; a level is priced as a whole, where it is read."""
        self._rates = rates
        self._days = days
        self._powers = {m.name: m.power for m in measures if m.is_money and m.kind != "level"}
        self._foreign: dict[str, _Foreign | None] = {}

    def enter(self, into: Sums, sums: Sums, start_s: int) -> None:
        """Add the sums of a pane that starts at ``start_s``."""
        foreign = self._foreign
        for key, amount in sums.items():
            into[key] = into.get(key, 0) + amount
            try:
                how = foreign[key]
            except KeyError:
                how = foreign[key] = self._read(key)
            if how is not None:
                name, worth = self._worth(how, amount, start_s)
                if name:
                    into[name] = into.get(name, 0) + worth

    def leave(self, from_sums: Sums, sums: Sums, start_s: int) -> bool:
        """Take the sums of a pane away; whether any sum came to 0.

        It may be that nothing is left of such a sum, which is another thing than 0.
        """
        taken: Sums = {}
        self.enter(taken, sums, start_s)
        for key, amount in taken.items():
            from_sums[key] -= amount
        return any(not from_sums[key] for key in taken)

    def factor(self, currency: str, at_s: float) -> int | None:
        """What a currency is worth on the day of a moment, times ``RATE_SCALE``."""
        return self._rates.factor(currency, self._days.date(at_s))

    def _worth(self, how: _Foreign, amount: int, start_s: int) -> tuple[str, int]:
        factor = self.factor(how.currency, start_s)
        if factor is None:
            mark = f"{APART}#" if how.is_count else APART
            return f"{how.measure}{mark}{how.currency}", amount
        if how.is_count:
            return "", 0
        worth: int = amount * factor**how.power
        return f"{how.measure}@{ANY_OTHER_CURRENCY}", worth

    def _read(self, key: str) -> _Foreign | None:
        for mark in "@#":
            name, found, currency = key.partition(mark)
            if found and name in self._powers and currency != self._rates.reporting:
                return _Foreign(name, currency, mark == "#", self._powers[name])
        return None
