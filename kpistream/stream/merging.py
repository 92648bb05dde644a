"""The merge stage: the partials topic in; readings, alerts and merged rows out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import Any, Final, cast

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.measuring.partials import Source
from kpistream.core.merging.unpriced import Unpriced
from kpistream.core.monitoring.monitor import Monitor
from kpistream.core.monitoring.progress import Progress
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.monitoring.series import Series
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, set_of
from kpistream.edges.metrics import Telemetry
from kpistream.stream.ownership import new_owner
from kpistream.stream.transport import Chunk, Record, chunk_events

MOST_READINGS: Final = 20_000
"""A beat works out about so many readings at most; it takes less than a tenth of a second."""

MOST_SLICES: Final = 2_000
"""A question is answered for so many slices at most, since everything else waits meanwhile."""


class Merging:
    """The partitions of the partials topic that this worker has: the slices it owns."""

    def __init__(self, plan: Plan, sources: Sequence[Source], telemetry: Telemetry) -> None:
        self.monitors: dict[int, Monitor] = {}
        """The partitions that have been recovered."""
        self._recovering: dict[int, Monitor] = {}
        self._plan = plan
        self._sources = sources
        self._telemetry = telemetry
        self._unacknowledged: list[Any] = []
        self._touched: set[int] = set()
        self._busy_s = 0.0
        self.board = Board()
        """The readings of every slice this worker owns; replaced, so other threads may read it."""
        self.before = Board()
        """Of some of them, the readings of the windows before; replaced, too."""
        self.alerts: tuple[Alert, ...] = ()
        """The alerts over these slices; replaced, too."""
        self.objectives: tuple[Progress, ...] = ()
        """How far the objectives over these slices are; replaced, too."""
        self.unpriced: tuple[Unpriced, ...] = ()
        """The money that has no rate, if all traffic is among them; replaced, too."""

    # -- the table ---------------------------------------------------------------------------------

    def on_partition_assigned(self, partition: int) -> None:
        """Start the partition's state anew."""
        self.on_partition_revoked(partition)
        self._recovering[partition] = Monitor(self._plan, self._sources, new_owner(), MOST_READINGS)

    def on_rows(self, partition: int, records: list[Record]) -> None:
        """Take up rows of the changelog."""
        restore = self._recovering[partition].restore
        for record in records:
            restore(record.key or b"", record.value)

    def on_partition_recovered(self, partition: int, end_offset: int) -> None:
        """Let the partition's messages in, and its readings out."""
        monitor = self._recovering.pop(partition)
        monitor.restored()
        self.monitors[partition] = monitor
        self._publish()

    def on_partition_revoked(self, partition: int) -> None:
        """Forget the partition."""
        self._recovering.pop(partition, None)
        if self.monitors.pop(partition, None) is not None:
            self._publish()

    # -- the agent ---------------------------------------------------------------------------------

    async def run(self, stream: Any) -> None:
        """The agent: merge each chunk; it is acknowledged after the flush that includes it."""
        async for event in chunk_events(stream):
            chunk = cast(Chunk, event.value)
            started = time.thread_time()
            self.monitors[chunk.partition].take(chunk.take())
            self._touched.add(chunk.partition)
            self._unacknowledged.append(event)
            busy_s = time.thread_time() - started
            self._busy_s += busy_s
            self._telemetry.stage("merge", busy_s)

    # -- the flush ---------------------------------------------------------------------------------

    def beat(self) -> list[Alert]:
        """Read and judge the partitions that got messages; the alerts that changed state."""
        started = time.perf_counter()
        touched, self._touched = self._touched, set()
        kin = tuple(self.monitors.values())
        news = [a for p in touched if p in self.monitors for a in self.monitors[p].beat(kin)]
        self._note_changes(self.monitors[p].fresh for p in touched & self.monitors.keys())
        for partition in touched & self.monitors.keys():
            news += self.monitors[partition].take_refreshed()
        if touched:
            self._publish()
            self._telemetry.stage("judge", time.perf_counter() - started)
        return news

    def _note_changes(self, changes: Iterable[Iterable[Alert]]) -> None:
        for alert in chain.from_iterable(changes):
            if alert.is_news:
                self._telemetry.alert_changed(alert.rule, alert.state.value)

    def take_busy_s(self) -> float:
        """For how many seconds partials have been merged since the last call."""
        busy_s, self._busy_s = self._busy_s, 0.0
        return busy_s

    def drain(self) -> dict[int, list[tuple[bytes, bytes | None]]]:
        """The rows that must become durable, by partition."""
        return {partition: monitor.drain() for partition, monitor in self.monitors.items()}

    def _publish(self) -> None:
        monitors = self.monitors.values()
        self.board = Board.joined(monitor.board for monitor in monitors)
        self.before = Board.joined(monitor.before for monitor in monitors)
        alerts = (alert for m in monitors for alert in m.alerts.values())
        self.alerts = tuple(a for a in alerts if a.state is not AlertState.inactive)
        self.objectives = tuple(progress for m in monitors for progress in m.objectives())
        self.unpriced = tuple(unpriced for m in monitors for unpriced in m.unpriced())

    def read(
        self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]
    ) -> tuple[list[Reading], bool]:
        """The readings of any KPI over any window, or over the one before it, of the slices wanted.

        They are of :data:`MOST_SLICES` slices that this worker owns; also, whether there are more.
        """
        readings: list[Reading] = []
        left = MOST_SLICES
        for monitor in self.monitors.values():
            parts = list(islice(filter(wanted, monitor.merger.slices), left + 1))
            readings += monitor.read(kpi, window, parts[:left], before=before)
            if len(parts) > left:
                return readings, True
            left -= len(parts)
        return readings, False

    def reading(self, kpi: str, window: str, part: Slice, before: bool) -> Reading | None:
        """One reading; who asks now and then gets it fast, among the newest that were asked for."""
        for monitor in self.monitors.values():
            if part in monitor.merger.slices:
                return monitor.watch(kpi, window, part, before=before)
        return None

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series]:
        """The courses of some KPIs for a slice; nothing happened in one that is not here."""
        monitors = self.monitors.values()
        owner = next((m for m in monitors if part in m.merger.slices), next(iter(monitors)))
        return owner.series(kpis, part, edges)

    def slices(self, sets: Sequence[tuple[str, ...]], most: int) -> tuple[list[Slice], bool]:
        """The slices of some sets of dimensions; whether there are more than ``most``."""
        wanted = set(sets)
        here = (part for monitor in self.monitors.values() for part in monitor.merger.slices)
        found = list(islice((part for part in here if set_of(part) in wanted), most + 1))
        return found[:most], len(found) > most

    @property
    def silent_topics(self) -> Sequence[str]:
        """The topics that are not heard of, by the slices here."""
        return sorted({topic for monitor in self.monitors.values() for topic in monitor.silent})

    def take_unacknowledged(self) -> list[Any]:
        """The chunks that the flush just drained includes."""
        events, self._unacknowledged = self._unacknowledged, []
        return events
