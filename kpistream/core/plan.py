"""The plan: everything the core must know about what to measure, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from kpistream.core.alerting.past.calendar import SpecialDays
from kpistream.core.alerting.rules.conditions import (
    SEASON,
    Absence,
    Change,
    Drift,
    Forecast,
    Leaf,
    Unusual,
)
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.measuring.lags import LADDER
from kpistream.core.measuring.people import People
from kpistream.core.merging.merge_rules import MergeRules
from kpistream.core.money.rates import Rates
from kpistream.core.slices import Slicing
from kpistream.core.texts import Translations
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import Tiers
from kpistream.core.windows.windows import (
    Window,
    can_settle,
    objective_window,
    parse_window,
    settled_name,
    tiers_for,
)

_TEACHING: Final = "24h"
"""History is learned from the panes of this window, whether or not it is read."""

DEFAULT_HORIZON_MS: Final = 15 * 60 * 1000

MAX_PANE_SLICES: Final = 50_000
"""The most slices of a pane that a source partition measures; further ones share `__other__`."""


@dataclass(frozen=True)
class Plan:
    """What to measure, for which slices and windows, and when an event is a repeat or too early."""

    catalogue: Catalogue
    topics: Mapping[str, str]
    """Event type to the topic that carries it."""
    slicing: Slicing
    windows: tuple[Window, ...]
    rules: tuple[Rule, ...] = ()
    currency: str = "EUR"
    """The reporting currency, ISO 4217."""
    rates: Rates | None = None
    """What other currencies are worth in it, by day."""
    days: Days = field(default_factory=Days)
    """The local days of the time zone that calendars follow."""
    special_days: SpecialDays = field(default_factory=lambda: SpecialDays({}))
    """Days that say nothing about others: holidays, sales."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Dimension to the most members that have slices of their own."""
    skew_ms: int = 60_000
    """How far after its arrival an event may claim to have occurred."""
    silence_ms: int = 60_000
    """How far a source may lag behind before readings that need it are incomplete."""
    horizons_ms: Mapping[str, int] = field(default_factory=dict)
    """Event type to the span of arrival time within which a repeated id is a duplicate."""
    id_key: int = 0
    """The key of the 64-bit hashes that stand for event ids."""
    people: People = field(default_factory=lambda: People(b"kpistream"))
    """Makes the hashes that stand for people."""
    only_rules: bool = False
    """Whether nothing is read but what rules look at."""
    max_event_bytes: int = 65_536
    max_pane_slices: int = MAX_PANE_SLICES

    @cached_property
    def objective_windows(self) -> tuple[Window, ...]:
        """The window of each objective, in their order."""
        return tuple(
            objective_window(f"objective:{one.id}", one.start, one.end, self.days)
            for one in self.catalogue.objectives
        )

    @cached_property
    def settled_windows(self) -> tuple[Window, ...]:
        """The windows of rules that wait until their data is old enough."""
        names = dict.fromkeys(
            settled_name(window, settle_s)
            for rule in self.rules
            for settle_s in (LADDER if rule.settle_s is None else [rule.settle_s])
            for window in rule.windows
            if settle_s and can_settle(window, settle_s)
        )
        return tuple(parse_window(name, self.days) for name in names)

    @cached_property
    def all_windows(self) -> tuple[Window, ...]:
        """All that slices are merged over: those that are configured come first."""
        return (*self.windows, *self.objective_windows, *self.settled_windows)

    @cached_property
    def history_wanted(self) -> Mapping[tuple[str, ...], frozenset[str]]:
        """The measures whose past rules look at, by set of dimensions."""
        wanted: dict[tuple[str, ...], frozenset[str]] = {}
        for rule in self.rules:
            names = tuple(d for d in self.catalogue.dimensions if d in rule.slice)
            for leaf in rule.leaves:
                if _looks_far_back(leaf):
                    kpi = self.catalogue.kpis[leaf.kpi]
                    measures = {kpi.sample, *(measure.name for measure in kpi.measures)}
                    wanted[names] = wanted.get(names, frozenset()) | measures
        return wanted

    @cached_property
    def tiers(self) -> Tiers:
        """The tiers that the windows need."""
        windows = self.all_windows
        if self.history_wanted:
            windows = (*windows, parse_window(_TEACHING, self.days))
        return tiers_for(windows, self.days)

    @cached_property
    def merge_rules(self) -> MergeRules:
        """How slices are merged."""
        return MergeRules(
            self.tiers,
            self.all_windows,
            self.catalogue.measures.values(),
            self.rates,
            self.currency,
            self.limits,
        )

    @cached_property
    def texts(self) -> Translations:
        """All that KPIs and rules say in both languages; of what is said twice, the last counts."""
        parts = [kpi.texts for kpi in self.catalogue.kpis.values()]
        parts += [rule.texts for rule in self.rules]
        return {text: both for part in parts for text, both in part.items()}

    def for_rules(self) -> Plan:
        """The same without what no rule looks at, but for the longest window of all."""
        looked = {window for rule in self.rules for window in rule.windows}
        longest = max(self.windows, key=lambda window: window.length_s or 0)
        kept = (w for w in self.windows if w.name in looked or w is longest)
        return replace(self, windows=tuple(kept), only_rules=True)

    def horizon_ms(self, event: str) -> int:
        """The deduplication horizon of an event type."""
        return self.horizons_ms.get(event, DEFAULT_HORIZON_MS)


def _looks_far_back(leaf: Leaf) -> bool:
    if isinstance(leaf, Change):
        return leaf.against == SEASON
    return isinstance(leaf, Unusual | Drift | Forecast | Absence)
