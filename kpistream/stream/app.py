"""A worker's streams: stages, tables and tasks, wired to a Faust app."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Final, cast

from faust.types import TP

from kpistream.core.alerting.alerts import Alert
from kpistream.core.merging.unpriced import Unpriced
from kpistream.core.monitoring.progress import Progress
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.monitoring.series import Series
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, set_of
from kpistream.edges.metrics import Telemetry
from kpistream.edges.web.changes import Changes
from kpistream.edges.web.peer import Peer
from kpistream.edges.web.readiness import broker_silent
from kpistream.stream.alert_log import read_alert_log
from kpistream.stream.connection import Connection
from kpistream.stream.courier import Receiver
from kpistream.stream.faust_app import build_faust_app, own_url
from kpistream.stream.flusher import TICK_S, Flusher
from kpistream.stream.layout import NOTIFIERS, Layout
from kpistream.stream.measuring import Clock, Measuring
from kpistream.stream.merging import Merging
from kpistream.stream.notifying import Notifying
from kpistream.stream.peers import peers_of, sets_in
from kpistream.stream.pulse import LOOK_S, Pulse, Sign
from kpistream.stream.recovery import RowTable, row_table
from kpistream.stream.sender import BulkSender
from kpistream.stream.topics import require_logs
from kpistream.stream.transport import GROUP, BatchConsumer, BatchTransport, chunk_topic

PAUSE_PER_BUSY: Final = 6
"""So many times as long as a flush keeps the worker busy is the time for events after it."""

WRITING: Final = "writing"
"""What the sign of the writes is of, among those of what is read."""

UNHEARD_S: Final = 5.0
"""A partition of which nothing was heard for so long may hold more than is known.

It is less than how far claims stay behind the clock, so that none covers a time without answers.
"""

MOST_LOG_READERS: Final = 2
"""So many read the log of alerts at once; each has a client of its own."""


class Stream:
    """A worker's streams: the Faust app with its stages, tables and tasks."""

    def __init__(
        self,
        plan: Plan,
        layout: Layout,
        connection: Connection,
        sender: BulkSender,
        telemetry: Telemetry,
        receivers: Sequence[Receiver],
        clock_ms: Clock,
        url: str,
        flush_s: float = 0.5,
    ) -> None:
        """``url`` is where other workers reach this one's web server."""
        self.app = build_faust_app(layout.app_id, connection, url)
        self.url = own_url(self.app)
        """Where the other workers reach this one, spelled as they are told it."""
        self._connection = connection
        self._reading_log = asyncio.Semaphore(MOST_LOG_READERS)
        self._sets = plan.slicing.sets
        self._layout = layout
        self._sender = sender
        self._flush_s = flush_s
        self._telemetry = telemetry
        self._pulse = Pulse()
        self._measuring = [Measuring(event, plan, telemetry, clock_ms) for event in plan.topics]
        self._merging = Merging(plan, layout.sources, telemetry)
        self.notifying = Notifying(receivers, layout, sender, telemetry, lambda: clock_ms() / 1000)
        self._flusher = Flusher(
            layout, self._measuring, self._merging, sender, telemetry, self._committed
        )
        self._wire()

    @property
    def board(self) -> Board:
        """The readings of the slices this worker owns."""
        return self._merging.board

    @property
    def alerts(self) -> Sequence[Alert]:
        """The alerts over the slices this worker owns."""
        return self._merging.alerts

    @property
    def objectives(self) -> Sequence[Progress]:
        """How far the objectives over the slices this worker owns are."""
        return self._merging.objectives

    @property
    def unpriced(self) -> Sequence[Unpriced]:
        """The money that has no rate, if this worker owns the total."""
        return self._merging.unpriced

    def read(
        self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]
    ) -> tuple[Sequence[Reading], bool]:
        """The readings of any KPI over any window of the slices wanted; whether there are more."""
        return self._merging.read(kpi, window, before, wanted)

    def reading(self, kpi: str, window: str, part: Slice, before: bool) -> Reading | None:
        """One reading of a slice that is here, whether or not it is kept up to date."""
        return self._merging.reading(kpi, window, part, before)

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series] | None:
        """The courses of some KPIs for a slice; None if another worker owns it."""
        if set_of(part) not in self.sets:
            return None
        return self._merging.series(kpis, part, edges)

    def slices(self, sets: Sequence[tuple[str, ...]], most: int) -> tuple[list[Slice], bool]:
        """The slices here of some sets of dimensions; whether there are more than ``most``."""
        return self._merging.slices(sets, most)

    @property
    def before(self) -> Board:
        """Of some slices this worker owns, the readings of the windows before."""
        return self._merging.before

    @property
    def silent_topics(self) -> Sequence[str]:
        """The topics that are not heard of, by the slices here."""
        return self._merging.silent_topics

    @property
    def partitions(self) -> Sequence[int]:
        """The partitions of slices that this worker owns."""
        return sorted(self._merging.monitors)

    @property
    def sets(self) -> Sequence[tuple[str, ...]]:
        """The sets of dimensions whose slices this worker owns."""
        return sets_in(self.partitions, self._layout, self._sets)

    @property
    def peers(self) -> Sequence[Peer]:
        """The other workers of the group, as of its last rebalance."""
        assignor: Any = self.app.assignor
        found = peers_of(assignor.tables_metadata(), self._layout, self._sets)
        return [peer for peer in found if peer.url != self.url]

    async def alert_log(self, from_ms: int, to_ms: int, most: int) -> Changes:
        """The changes of alerts that were told between two moments.

        Raises BrokerAway.
        """
        async with self._reading_log:
            return await read_alert_log(self._connection, self._layout.alerts, from_ms, to_ms, most)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """Why this worker is not ready, in words; empty when it is."""
        app: Any = self.app
        if not app.started or app.consumer is None:
            return ("starting",)
        reasons = []
        if app.rebalancing or not app.tables.recovery.completed.is_set():
            reasons.append("recovering the tables after a rebalance")
        if self._pulse.silent_since is not None:
            reasons.append(broker_silent(self._pulse.silent_since))
        return tuple(reasons)

    # -- wiring ------------------------------------------------------------------------------------

    def _wire(self) -> None:
        app, layout = self.app, self._layout
        cast(BatchTransport, app.transport).on_revoke_flush = self._flush
        for stage in self._measuring:
            self._agent(stage.topic, f"measure-{stage.event}", stage.run)
            partitions = layout.event_partitions[stage.event]
            self._table(layout.measured_table(stage.event), partitions, stage)
        self._agent(layout.partials, "merge", self._merging.run)
        merged = self._table(layout.merged_table, layout.partitions, self._merging)
        merged.on_recover(self._check_logs)
        self._agent(layout.alerts, "notify", self.notifying.run)
        self._table(layout.notified_table, NOTIFIERS, self.notifying)
        self._every(self._flush_s, "flush-measured", self._flusher.flush_measured)
        self._every(self._flush_s, "flush-merged", self._flusher.flush_merged)
        self._every(TICK_S, "tick", self._tick)
        self._task("feel-the-pulse", self._feel_the_pulse)
        for name, courier in self.notifying.couriers.items():
            self._task(f"tell-{name}", courier.run)

    async def _flush(self) -> None:
        await self._flusher.flush()
        await self.notifying.flush()

    def _agent(self, topic: str, name: str, run: Callable[[Any], Any]) -> None:
        async def agent(stream: Any) -> None:
            await run(stream)

        self.app.agent(chunk_topic(self.app, topic), name=name)(agent)

    def _table(self, changelog: str, partitions: int, observer: Any) -> RowTable:
        return row_table(
            self.app, changelog, changelog=changelog, partitions=partitions, observer=observer
        )

    def _every(
        self, seconds: float, name: str, work: Callable[[], Awaitable[float | None]]
    ) -> None:
        """Repeat some work; the longer it keeps the worker busy, the longer the pause after it."""

        async def repeat() -> None:
            busy_s = 0.0
            while not self.app.should_stop:
                await asyncio.sleep(max(seconds, PAUSE_PER_BUSY * busy_s))
                if not self.app.rebalancing:
                    busy_s = await work() or 0.0

        self._task(name, repeat)

    def _task(self, name: str, work: Callable[[], Any]) -> None:
        async def guarded() -> None:
            try:
                await work()
            except Exception as error:
                await self.app.crash(error)

        guarded.__name__ = guarded.__qualname__ = name
        self.app.task(guarded)

    # -- what the stages ask of Kafka --------------------------------------------------------------

    async def _tick(self) -> None:
        for stage in self._measuring:
            stage.claim(self._behind)
        await self._flusher.tick()

    def _committed(self, topic: str, partition: int) -> int:
        consumer: Any = self.app.consumer
        return consumer._committed_offset.get(TP(topic, partition)) or 0

    def _behind(self, topic: str, partition: int, measured: int) -> int | None:
        tp = TP(topic, partition)
        if self._pulse.unheard_s(tp) > UNHEARD_S:
            return None
        return cast(BatchConsumer, self.app.consumer).behind(tp, measured)

    async def _feel_the_pulse(self) -> None:
        while not self.app.should_stop:
            self._pulse.look(self._signs())
            self._telemetry.ready(not self.waiting_for)
            await asyncio.sleep(LOOK_S)

    def _signs(self) -> dict[Hashable, Sign]:
        signs = cast(BatchConsumer, self.app.consumer).signs()
        if self.app.rebalancing:  # it waits for the other workers
            signs[GROUP] = signs[GROUP]._replace(is_asked=False)
        oldest = self._sender.oldest_write
        return {WRITING: Sign(oldest, is_asked=oldest is not None), **signs}

    async def _check_logs(self) -> None:
        """Raise LogShrunkError unless every log read still holds what was read of it."""
        reached = {
            TP(stage.topic, partition): measurer.ledger.fence
            for stage in self._measuring
            for partition, measurer in stage.measurers.items()
        }
        for partition, monitor in self._merging.monitors.items():
            reached[TP(self._layout.partials, partition)] = monitor.merger.version
        if reached:
            consumer: Any = self.app.consumer
            require_logs(reached, await consumer.highwaters(*reached))
