"""The driver: the whole journey from records to readings and alerts, over dicts, without a broker.

Tests, `kpistream compute` and backtests use it. It is the same core as the worker's; only the
topics are lists here. Time is the arrival time of the records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.waits import next_wait_ms
from kpistream.core.events.dead_letters import DeadLetter
from kpistream.core.measuring.ledger import Counts
from kpistream.core.measuring.measure import PartitionMeasurer
from kpistream.core.measuring.partials import MARK_KEY, SLICE_PREFIX, TICK_KEY, Sums, encode_mark
from kpistream.core.merging.unpriced import Unpriced
from kpistream.core.monitoring.monitor import Monitor
from kpistream.core.monitoring.progress import Progress
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.monitoring.series import Series
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice

BEAT_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class DrivenRecord:
    """A record of a topic that is a list."""

    offset: int
    timestamp: int
    value: bytes | None
    key: bytes | None = None


class Driver:
    """Measures, merges and judges what :meth:`feed` is given, in the order of arrival."""

    def __init__(self, plan: Plan) -> None:
        """One partition a topic, nothing measured yet."""
        self.dead_letters: list[DeadLetter] = []
        self._plan = plan
        self._measurers = {event: PartitionMeasurer(event, 0, plan) for event in plan.topics}
        self._monitor = Monitor(plan, [m.source for m in self._measurers.values()])
        self._waiting: dict[str, list[DrivenRecord]] = defaultdict(list)
        self._offsets: dict[str, int] = defaultdict(int)
        self._sent = 0
        self._next_beat_ms = 0
        self._busy_ms = 0
        self._now_ms = 0

    @property
    def board(self) -> Board:
        """The readings as of the last beat."""
        return self._monitor.board

    @property
    def alerts(self) -> list[Alert]:
        """The alerts that are, or were within a day, pending, firing or resolved."""
        return list(self._monitor.alerts.values())

    @property
    def counts(self) -> dict[str, Counts]:
        """Per event type, how the records ended."""
        return {event: m.ledger.counts for event, m in self._measurers.items()}

    def feed(self, event: str, value: bytes | None, arrived_ms: int) -> Iterator[Alert]:
        """Take in one record; yield the alerts that changed state up to its arrival."""
        yield from self.advance(arrived_ms)
        self._next_beat_ms = min(self._next_beat_ms, arrived_ms + BEAT_MS)
        offset = self._offsets[event]
        self._offsets[event] = offset + 1
        self._waiting[event].append(DrivenRecord(offset, arrived_ms, value))

    def advance(self, now_ms: int) -> Iterator[Alert]:
        """Let time pass to ``now_ms``; yield the alerts that change state on the way."""
        for news in self.steps(now_ms):
            yield from news

    def steps(self, now_ms: int) -> Iterator[list[Alert]]:
        """Let time pass to ``now_ms``, beat by beat; of each, the alerts that changed state."""
        if not self._next_beat_ms:
            self._next_beat_ms = now_ms + BEAT_MS
        while self._next_beat_ms <= now_ms:
            waiting = any(self._waiting.values())
            yield list(self.beat(self._next_beat_ms))
            self._next_beat_ms = self._following(now_ms, waiting)
        self._now_ms = max(self._now_ms, now_ms)

    def _following(self, now_ms: int, was_busy: bool) -> int:
        """When to beat next: in silence, only windows move, and only until they are empty.

        What an alert waits for is judged when that ends.
        """
        beat_ms = self._next_beat_ms
        if was_busy:
            self._busy_ms = beat_ms
            return beat_ms + BEAT_MS
        windows = self._plan.merge_rules.windows
        reach_ms = max(window.needs_reach_s for window in windows) * 1000
        active = [alert for alert in self.alerts if alert.is_active]
        if not active and beat_ms - self._busy_ms > reach_ms:
            return max(beat_ms + BEAT_MS, now_ms)
        step_ms = self._monitor.merger.quiet_step_s * 1000
        wait_ms = next_wait_ms(active, self._plan.rules, beat_ms)
        return min((beat_ms // step_ms + 1) * step_ms, wait_ms or beat_ms + step_ms)

    def finish(self) -> Iterator[Alert]:
        """Measure what is waiting and judge it, as of the last arrival; nothing comes after."""
        yield from self.beat(self._now_ms)
        self._monitor.board = self._monitor.board.closed()

    def beat(self, now_ms: int) -> Iterator[Alert]:
        """Flush, merge and judge as of ``now_ms``."""
        messages = []
        for event, measurer in self._measurers.items():
            measurer.measure(self._waiting.pop(event, []), now_ms)
            measurer.claim(now_ms)
            measurer.take_ages_s()
            flush = measurer.drain(committed=self._offsets[event])
            if flush is not None:
                self.dead_letters += flush.dead_letters
                messages += [(SLICE_PREFIX + key, value) for key, value in flush.partials]
                messages.append((MARK_KEY, encode_mark(flush.mark)))
        messages.append((TICK_KEY, b""))
        self._monitor.take(self._record(now_ms, key, value) for key, value in messages)
        news = self._monitor.beat()
        self._monitor.take_refreshed()
        self._monitor.drain()
        yield from news

    def _record(self, now_ms: int, key: bytes, value: bytes) -> DrivenRecord:
        self._sent += 1
        return DrivenRecord(self._sent, now_ms, value, key)

    def reading(self, kpi: str, window: str, **members: str) -> Reading | None:
        """The reading of any KPI, over any window, for the slice with these members."""
        return next(self._monitor.read(kpi, window, [self._slice(members)]), None)

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series]:
        """The course of some KPIs for one slice, step by step between edges in epoch seconds."""
        return self._monitor.series(kpis, part, edges)

    def before(self, kpi: str, window: str, **members: str) -> Reading | None:
        """The same over the window before."""
        part = self._slice(members)
        return next(self._monitor.read(kpi, window, [part], before=True), None)

    @property
    def slices(self) -> frozenset[Slice]:
        """The slices of which anything is left."""
        return frozenset(self._monitor.merger.slices)

    def view(self, part: Slice, window: str, *, before: bool = False) -> Sums:
        """The sums of a slice over a window, people, levels and foreign money included."""
        index = [w.name for w in self._plan.windows].index(window)
        return self._monitor.merger.sums(part, index, before=before)

    @property
    def objectives(self) -> list[Progress]:
        """How far the objectives are."""
        return self._monitor.objectives()

    @property
    def unpriced(self) -> list[Unpriced]:
        """The money that has no rate."""
        return self._monitor.unpriced()

    def _slice(self, members: Mapping[str, str]) -> Slice:
        return tuple((d, members[d]) for d in self._plan.catalogue.dimensions if d in members)
