"""The flush: makes durable what the stages computed, in the order that keeps a restart exact.

For the measure stage: dead letters and partials, then rows, then the acknowledgement, then the
marks that promise nothing older will come. A row that is durable therefore never stands for a
partial that was not sent.

For the merge stage: rows, then alerts, then the acknowledgement. So an alert that was sent is
durable with the moment it changed; one that is durable and perhaps was not sent is sent again
after recovery, the same (`Monitor.restored`).

Any failure in between ends the process, and a stage whose flush failed flushes no more; what was
not acknowledged is read again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.core.measuring.measure import Flush
from kpistream.core.measuring.partials import MARK_KEY, SLICE_PREFIX, TICK_KEY, encode_mark
from kpistream.core.slices import owner_of
from kpistream.edges.metrics import Telemetry
from kpistream.stream.alert_log import change_key
from kpistream.stream.gate import FlushGate
from kpistream.stream.layout import NOTIFIER, Layout
from kpistream.stream.measuring import Measuring
from kpistream.stream.merging import Merging
from kpistream.stream.sender import BulkSender, Row

TICK_S: Final = 1.0

Outbox = defaultdict[tuple[str, int], list[Row]]


class Flusher:
    """Flushes both stages; one flush of a stage at a time."""

    def __init__(
        self,
        layout: Layout,
        measuring: Sequence[Measuring],
        merging: Merging,
        sender: BulkSender,
        telemetry: Telemetry,
        committed: Callable[[str, int], int],
    ) -> None:
        self._layout = layout
        self._measuring = measuring
        self._merging = merging
        self._sender = sender
        self._telemetry = telemetry
        self._committed = committed
        self._measure_busy_s = self._merge_busy_s = 0.0
        self._measure_gate = FlushGate("what was measured")
        self._merge_gate = FlushGate("what was merged")

    async def flush(self) -> None:
        """Flush both stages, as before partitions are given away."""
        await self.flush_measured()
        await self.flush_merged()

    async def flush_measured(self) -> float:
        """Make durable what has been measured, then acknowledge it. Raises FlushBrokenError.

        Returns for how many seconds nothing else could run, for merging what was sent before, too:
        the less often partials are sent, the fewer there are.
        """
        await self._measure_gate.run(self._flush_measured)
        return self._measure_busy_s + self._merging.take_busy_s()

    async def flush_merged(self) -> float:
        """Read and judge, make it durable, then acknowledge it. Raises FlushBrokenError.

        Returns for how many seconds nothing else could run.
        """
        await self._merge_gate.run(self._flush_merged)
        return self._merge_busy_s

    async def _flush_measured(self) -> None:
        started, worked_s = time.perf_counter(), time.thread_time()
        flushes = [f for m in self._measuring for f in m.drain(self._committed)]
        events = [event for m in self._measuring for event in m.take_unacknowledged()]
        self._measure_busy_s = time.thread_time() - worked_s
        if flushes:
            await self._sender.send_all(self._partials_and_dead_letters(flushes))
            await self._sender.send_all(self._measured_rows(flushes))
        for event in events:
            event.ack()
        if flushes:
            await self._sender.send_all(self._marks(flushes))
            self._telemetry.stage("measure_flush", time.perf_counter() - started)

    async def _flush_merged(self) -> None:
        started, worked_s = time.perf_counter(), time.thread_time()
        news = self._merging.beat()
        rows = self._merging.drain()
        events = self._merging.take_unacknowledged()
        self._merge_busy_s = time.thread_time() - worked_s
        if any(rows.values()):
            table = self._layout.merged_table
            await self._sender.send_all({(table, p): held for p, held in rows.items()})
            self._telemetry.flushed(table, sum(map(len, rows.values())))
            self._telemetry.stage("merge_flush", time.perf_counter() - started)
        if news:
            await self._sender.send_all(self._alerts(news))
        for event in events:
            event.ack()

    async def tick(self) -> None:
        """Move time on in the partitions of the partials topic that this worker has."""
        ticks: Outbox = defaultdict(list)
        for partition in self._merging.monitors:
            ticks[self._layout.partials, partition].append((TICK_KEY, None))
        await self._sender.send_all(ticks)

    # -- what is sent where ------------------------------------------------------------------------

    def _partials_and_dead_letters(self, flushes: Iterable[Flush]) -> Outbox:
        layout = self._layout
        outbox: Outbox = defaultdict(list)
        for flush in flushes:
            for key, value in flush.partials:
                owner = owner_of(key, layout.partitions)
                outbox[layout.partials, owner].append((SLICE_PREFIX + key, value))
            for letter in flush.dead_letters:
                partition = letter.partition % layout.partitions
                row = (letter.key, letter.value, letter.headers())
                outbox[layout.dead_letters, partition].append(row)
        return outbox

    def _measured_rows(self, flushes: Iterable[Flush]) -> Outbox:
        tables = {topic: self._layout.measured_table(e) for e, topic in self._layout.events.items()}
        outbox: Outbox = defaultdict(list)
        for flush in flushes:
            topic, partition = flush.source
            outbox[tables[topic], partition] += flush.rows
            self._telemetry.flushed(tables[topic], len(flush.rows))
        return outbox

    def _marks(self, flushes: Iterable[Flush]) -> Outbox:
        marks: list[Row] = [(MARK_KEY, encode_mark(flush.mark)) for flush in flushes]
        partials = self._layout.partials
        return defaultdict(list, {(partials, p): marks for p in range(self._layout.partitions)})

    def _alerts(self, news: Iterable[Alert]) -> Outbox:
        outbox: Outbox = defaultdict(list)
        for alert in news:
            row = (change_key(alert), alerts.encode(alert))
            outbox[self._layout.alerts, NOTIFIER].append(row)
        return outbox
