"""The desk: what rules may see of the slices of one partition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from kpistream.core.alerting.past.history import History
from kpistream.core.measuring.lags import settle_for
from kpistream.core.measuring.partials import Sums
from kpistream.core.merging.merge import Merger
from kpistream.core.monitoring.kpi_reader import KpiReader, measures_apart
from kpistream.core.monitoring.progress import Status
from kpistream.core.monitoring.readings import Pair, Reading
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice
from kpistream.core.windows.windows import settled_name

Readings = Mapping[Pair, Mapping[tuple[Slice, str | None], Reading]]


class SliceDesk:
    """Windows go by their index among those of the merger; readings are the newest ones."""

    def __init__(
        self,
        plan: Plan,
        merger: Merger,
        readers: Mapping[str, KpiReader],
        readings: Readings,
        history: History,
    ) -> None:
        self.history = history
        self._special = plan.special_days
        self._days = plan.days
        self.statuses: dict[str, Status] = {}
        """How the objectives stand whose slices are here."""
        self._merger = merger
        self._readers = readers
        self._readings = readings
        self._windows = plan.merge_rules.windows
        self._indexes = {window.name: n for n, window in enumerate(self._windows)}
        self._read = len(plan.windows)
        self._reach_s = plan.tiers.reach_s

    def sums(self, part: Slice, index: int, *, before: bool = False) -> Sums:
        """The view of a slice over a window, or the one before it; do not change it."""
        return self._merger.sums(part, index, before=before)

    def reading(self, part: Slice, kpi: str, index: int) -> Reading | None:
        """The newest reading of a KPI; None without a value."""
        if index < self._read:
            return self.named_reading(part, kpi, self._windows[index].name)
        sums = self._merger.sums(part, index)
        now_s = self._merger.now_ms / 1000
        name, reader = self._windows[index].name, self._readers[kpi]
        return reader.read(name, part, sums, now_s, apart=measures_apart(sums))

    def named_reading(self, part: Slice, kpi: str, window: str) -> Reading | None:
        """The newest reading of a KPI over a window by its name, not settled."""
        held = self._readings.get((kpi, window))
        return None if held is None else held.get((part, self._readers[kpi].currency))

    def bounds(self, index: int) -> tuple[float, float]:
        """The span of a window up to now, in epoch seconds."""
        now_s = self._merger.now_ms / 1000
        start, end = self._windows[index].bounds(now_s)
        return start, min(end, now_s)

    def bounds_before(self, index: int) -> tuple[float, float]:
        """The span of the window before, in epoch seconds."""
        return self._windows[index].bounds_before(self._merger.now_ms / 1000)

    def is_special(self, on: date) -> bool:
        """Whether a local day says nothing about others: a holiday, a sale."""
        return on in self._special

    def has_special(self, lo_s: float, hi_s: float) -> bool:
        """Whether any local day of a span is such a day."""
        if not self._special:
            return False
        first, last = self._days.date(lo_s), self._days.date(max(lo_s, hi_s - 1))
        return any(
            first + timedelta(days=n) in self._special for n in range((last - first).days + 1)
        )

    def status(self, objective: str) -> Status | None:
        """How an objective stands whose slice is here."""
        return self.statuses.get(objective)

    def is_as_old(self, part: Slice, age_s: float) -> bool:
        """Whether what is known of a slice reaches so far back.

        It cannot reach farther than panes are kept, so half of that will do.
        """
        known_s = self._merger.now_ms / 1000 - self._merger.born_s(part)
        return known_s >= min(age_s, self._reach_s / 2)

    def settled_index(self, window: str, rule_settle_s: float | None, kpi: str) -> int:
        """The window as it was when its data is old enough; None stands for what is learned."""
        if rule_settle_s is not None:
            return self._indexes[settled_name(window, rule_settle_s)]
        plain = self._indexes[window]
        lag_s = max(map(self._merger.lag_s, self._readers[kpi].topics), default=0)
        if lag_s <= self._windows[plain].grain_s:
            return plain
        return self._indexes[settled_name(window, settle_for(lag_s))]
