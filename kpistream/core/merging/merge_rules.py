"""How slices are merged: what a merger has to know of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kpistream.core.kpis.measures import Measure
from kpistream.core.measuring.partials import Sums
from kpistream.core.money.rates import Rates
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import Tiers
from kpistream.core.windows.windows import Window


class MergeRules:
    """Panes, windows, rates and limits, and which measures are no sums."""

    def __init__(
        self,
        tiers: Tiers,
        windows: Sequence[Window],
        measures: Iterable[Measure] = (),
        rates: Rates | None = None,
        currency: str = "EUR",
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.tiers = tiers
        self.windows = tuple(windows)
        self.rates = rates or Rates.none(currency)
        self.currency = currency
        self.limits = limits or {}
        self.measures = tuple(measures)
        self.openings: dict[Slice, Sums] = {}
        """What levels were before the first event, by slice."""
        self.levels = {m.name: m for m in self.measures if m.kind == "level"}
        self._level_of: dict[str, Measure | None] = {}
        self.counts = frozenset(m.name for m in self.measures if m.kind == "count")
        for measure in self.levels.values():
            for part, currency, raw in measure.opening:
                self.openings.setdefault(part, {})[measure.key(currency)] = raw

    @property
    def days(self) -> Days:
        """The local days that panes follow."""
        return self.tiers.days

    def level_of(self, key: str) -> Measure | None:
        """The level measure that a sum is of, if it is; asked of every sum that is merged."""
        try:
            return self._level_of[key]
        except KeyError:
            found = self._level_of[key] = self.levels.get(key.partition("@")[0])
            return found
