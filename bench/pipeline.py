"""The core's whole way, without Kafka: records to partials to readings, in one thread."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from kpistream.core.driver import DrivenRecord
from kpistream.core.measuring.measure import PartitionMeasurer
from kpistream.core.measuring.partials import MARK_KEY, SLICE_PREFIX, TICK_KEY, encode_mark
from kpistream.core.measuring.sorting import Record
from kpistream.core.monitoring.monitor import Monitor
from kpistream.core.plan import Plan
from kpistream.core.slices import owner_of
from kpistream.stream.merging import MOST_READINGS

STAGES: Final = ("measure", "drain", "merge", "judge", "store")
"""Records to sums; sums to rows and partials; partials to views; views to readings; rows again."""

OWNER: Final = b"0123456789ab"
"""As long as the name of an ownership is."""

Messages = dict[int, list[tuple[bytes, bytes | None]]]


class Pipeline:
    """All partitions of one event topic and of the partials topic, as a worker alone has them."""

    def __init__(self, plan: Plan, event: str, partitions: int) -> None:
        self.measurers = [PartitionMeasurer(event, n, plan, OWNER) for n in range(partitions)]
        sources = [measurer.source for measurer in self.measurers]
        self.monitors = [Monitor(plan, sources, OWNER, MOST_READINGS) for _ in range(partitions)]
        self.cpu_s = dict.fromkeys(STAGES, 0.0)
        """Processor seconds by stage."""
        self._sent = 0

    def measure(self, partition: int, records: Sequence[Record], now_ms: int) -> None:
        """Measure some records of a partition."""
        self._timed("measure", lambda: self.measurers[partition].measure(records, now_ms))

    def flush(self, now_ms: int) -> None:
        """Flush both stages, as if all that is sent were there at once."""
        messages = self._timed("drain", self._drained)
        self._timed("merge", lambda: self._merge(messages, now_ms))
        self._timed("judge", lambda: [monitor.beat() for monitor in self.monitors])
        self._timed("store", lambda: [monitor.drain() for monitor in self.monitors])

    @property
    def slices(self) -> int:
        """How many slices there are."""
        return sum(sum(1 for _ in monitor.merger.slices) for monitor in self.monitors)

    def _drained(self) -> Messages:
        partitions = len(self.monitors)
        messages: Messages = defaultdict(list)
        for measurer in self.measurers:
            flush = measurer.drain(measurer.offset + 1)
            if flush is None:
                continue
            for key, value in flush.partials:
                messages[owner_of(key, partitions)].append((SLICE_PREFIX + key, value))
            for owner in range(partitions):
                messages[owner].append((MARK_KEY, encode_mark(flush.mark)))
        return messages

    def _merge(self, messages: Messages, now_ms: int) -> None:
        for owner, monitor in enumerate(self.monitors):
            sent = [*messages.get(owner, ()), (TICK_KEY, None)]
            monitor.take(self._records(sent, now_ms))

    def _records(
        self, sent: Iterable[tuple[bytes, bytes | None]], now_ms: int
    ) -> Iterable[DrivenRecord]:
        for key, value in sent:
            self._sent += 1
            yield DrivenRecord(self._sent, now_ms, value, key)

    def _timed(self, stage: str, work: Callable[[], Any]) -> Any:
        started_s = time.thread_time()
        done = work()
        self.cpu_s[stage] += time.thread_time() - started_s
        return done
