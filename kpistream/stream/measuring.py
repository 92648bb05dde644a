"""The measure stage: one agent and one table an event topic, chunks in, partials and rows out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, cast

from kpistream.core.measuring.measure import Flush, PartitionMeasurer
from kpistream.core.plan import Plan
from kpistream.edges.metrics import Telemetry
from kpistream.stream.ownership import new_owner
from kpistream.stream.transport import Chunk, Record, chunk_events

CLAIM_MARGIN_MS: Final = 15_000
"""How far behind the clock an idle partition's watermark stays."""

CLAIM_STEP_MS: Final = 5_000
"""How much further a claim must reach than the last one: each costs a row and a mark."""

Clock = Callable[[], int]
"""The time, in epoch milliseconds."""


class Measuring:
    """The partitions of one event topic that this worker has."""

    def __init__(self, event: str, plan: Plan, telemetry: Telemetry, clock_ms: Clock) -> None:
        self.event = event
        self.topic = plan.topics[event]
        self.measurers: dict[int, PartitionMeasurer] = {}
        """The partitions that have been recovered."""
        self._recovering: dict[int, PartitionMeasurer] = {}
        self._plan = plan
        self._telemetry = telemetry
        self._clock_ms = clock_ms
        self._unacknowledged: list[Any] = []

    # -- the table ---------------------------------------------------------------------------------

    def on_partition_assigned(self, partition: int) -> None:
        """Start the partition's state anew."""
        self.on_partition_revoked(partition)
        self._recovering[partition] = PartitionMeasurer(
            self.event, partition, self._plan, new_owner()
        )

    def on_rows(self, partition: int, records: list[Record]) -> None:
        """Take up rows of the changelog."""
        restore = self._recovering[partition].restore
        for record in records:
            restore(record.key or b"", record.value)

    def on_partition_recovered(self, partition: int, end_offset: int) -> None:
        """Let the partition's records in."""
        measurer = self.measurers[partition] = self._recovering.pop(partition)
        self._telemetry.outcomes(self.topic, partition, measurer.ledger.counts)

    def on_partition_revoked(self, partition: int) -> None:
        """Forget the partition."""
        self._recovering.pop(partition, None)
        self.measurers.pop(partition, None)
        self._telemetry.partition_lost(self.topic, partition)

    # -- the agent ---------------------------------------------------------------------------------

    async def run(self, stream: Any) -> None:
        """The agent: measure each chunk; it is acknowledged after the flush that includes it."""
        async for event in chunk_events(stream):
            chunk = cast(Chunk, event.value)
            started = time.perf_counter()
            self._telemetry.batch(self.topic, len(chunk))
            self.measurers[chunk.partition].measure(chunk.take(), self._clock_ms())
            self._unacknowledged.append(event)
            self._telemetry.stage("measure", time.perf_counter() - started)

    # -- the flush ---------------------------------------------------------------------------------

    def drain(self, committed: Callable[[str, int], int]) -> list[Flush]:
        """What must become durable, of each partition."""
        flushes = []
        for partition, measurer in self.measurers.items():
            flush = measurer.drain(committed(self.topic, partition))
            if flush is not None:
                flushes.append(flush)
                self._report(partition, measurer)
        return flushes

    def take_unacknowledged(self) -> list[Any]:
        """The chunks that the flush just drained includes."""
        events, self._unacknowledged = self._unacknowledged, []
        return events

    def claim(self, behind: Callable[[str, int, int], int | None]) -> None:
        """Move the watermarks of idle partitions on; note how far the others lag behind."""
        for partition, measurer in self.measurers.items():
            records = behind(self.topic, partition, measurer.offset)
            if records is None:
                continue
            self._telemetry.lag(self.topic, partition, records)
            claimed_ms = self._clock_ms() - CLAIM_MARGIN_MS
            if records == 0 and claimed_ms >= measurer.watermark_ms + CLAIM_STEP_MS:
                measurer.claim(claimed_ms)

    def _report(self, partition: int, measurer: PartitionMeasurer) -> None:
        telemetry = self._telemetry
        telemetry.outcomes(self.topic, partition, measurer.ledger.counts)
        telemetry.watermark(self.topic, partition, measurer.watermark_ms / 1000)
        telemetry.lateness(self.topic, measurer.take_ages_s())
        telemetry.arrival_lag(self.topic, partition, measurer.lag_s)
