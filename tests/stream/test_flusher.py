"""Flushes: nothing is acknowledged past one that failed, and no page is lost or doubled."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.core.driver import DrivenRecord
from kpistream.core.measuring.measure import Flush
from kpistream.core.measuring.partials import (
    MARK_KEY,
    TICK_KEY,
    Crowds,
    Mark,
    Partial,
    Sums,
    encode_mark,
    encode_partial,
)
from kpistream.edges.metrics import Telemetry
from kpistream.stream.flusher import Flusher
from kpistream.stream.gate import FlushBrokenError, FlushGate
from kpistream.stream.layout import Layout
from kpistream.stream.merging import Merging
from kpistream.stream.sender import SendError
from tests.support import builders as build
from tests.support.alerting import rule
from tests.support.builders import START_S, at_ms

LAYOUT = Layout("k", {"impression": "impressions", "click": "clicks"}, {"impression": 1}, 1)
SOURCES = [("impressions", 0), ("clicks", 0)]
CTR_LOW = rule(
    kpi="click_through_rate", slice={}, window="5m", below=0.5, for_s=0.0, minimum_sample=1
)

Sent = Mapping[tuple[str, int], Sequence[tuple[bytes, bytes | None]]]


class Broker:
    """Topics that outlive workers; the send of this number fails, before or after its rows."""

    def __init__(self) -> None:
        self.topics: defaultdict[str, list[tuple[bytes, bytes | None]]] = defaultdict(list)
        self.sends = 0
        self.fail_at = 0
        self.written_anyway = False
        self.held: asyncio.Event | None = None

    async def send_all(self, rows: Sent) -> None:
        self.sends += 1
        number = self.sends
        if self.held is not None:
            await self.held.wait()
        await asyncio.sleep(0)
        if number != self.fail_at or self.written_anyway:
            for (topic, _), held in rows.items():
                self.topics[topic] += held
        if number == self.fail_at:
            raise SendError("the broker is away")

    @property
    def pages(self) -> list[Alert]:
        return [alerts.decode(value or b"") for _, value in self.topics[LAYOUT.alerts]]


class Measuring:
    """A measure stage whose chunks are numbers, acknowledged cumulatively."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.broken = False
        self._chunks: list[int] = []

    def measure(self, chunk: int) -> None:
        self._chunks.append(chunk)

    def drain(self, _committed: object) -> list[Flush]:
        if self.broken:
            raise OSError("no rows")
        return [
            Flush(("clicks", 0), n, [], [(b"[]", b"%d" % n)], [], Mark("clicks", 0, n, n))
            for n in self._chunks[-1:]
        ]

    def take_unacknowledged(self) -> list[Any]:
        taken, self._chunks = self._chunks, []
        return [SimpleNamespace(ack=lambda n=n: self.acknowledged.append(n)) for n in taken]


def flusher(broker: Broker, measuring: Measuring | None = None, merging: Any = None) -> Flusher:
    stages = [cast(Any, measuring)] if measuring else []
    merging = merging or Merging(build.plan(), SOURCES, Telemetry())
    return Flusher(LAYOUT, stages, merging, cast(Any, broker), Telemetry(), lambda _t, _p: 0)


class TestAFlushThatBrokeOff:
    async def test_nothing_after_it_is_sent_or_acknowledged(self) -> None:
        broker, measuring = Broker(), Measuring()
        flushes = flusher(broker, measuring)
        broker.fail_at = 1
        measuring.measure(100)
        failing = asyncio.create_task(flushes.flush_measured())
        await asyncio.sleep(0)
        measuring.measure(200)  # the agent goes on meanwhile
        revoking = asyncio.create_task(flushes.flush())  # waits for its turn
        ends = await asyncio.gather(failing, revoking, return_exceptions=True)

        assert [type(end) for end in ends] == [SendError, FlushBrokenError]
        assert "the broker is away" in str(ends[1])
        assert (measuring.acknowledged, broker.sends) == ([], 1)
        with pytest.raises(FlushBrokenError):
            await flushes.flush_measured()

    async def test_a_failure_while_draining_counts_too(self) -> None:
        measuring = Measuring()
        flushes = flusher(Broker(), measuring)
        measuring.broken = True
        with pytest.raises(OSError, match="no rows"):
            await flushes.flush_measured()
        measuring.broken = False
        with pytest.raises(FlushBrokenError):
            await flushes.flush_measured()

    async def test_one_whose_caller_is_cancelled_is_finished_before_the_next(self) -> None:
        broker, measuring = Broker(), Measuring()
        broker.held = asyncio.Event()
        flushes = flusher(broker, measuring)
        measuring.measure(100)
        timer = asyncio.create_task(flushes.flush_measured())
        await asyncio.sleep(0.01)
        timer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await timer
        measuring.measure(200)
        last = asyncio.create_task(flushes.flush())
        await asyncio.sleep(0.01)
        assert measuring.acknowledged == []
        broker.held.set()
        await last
        assert measuring.acknowledged == [100, 200]
        assert [value for key, value in broker.topics[LAYOUT.partials] if key == b"s[]"] == [
            b"100",
            b"200",
        ]

    async def test_one_that_is_cancelled_itself_shuts_the_gate(self) -> None:
        gate = FlushGate("it")

        async def cancelled() -> None:
            raise asyncio.CancelledError

        async def flush() -> None:
            raise AssertionError("flushed")

        with pytest.raises(asyncio.CancelledError):
            await gate.run(cancelled)
        with pytest.raises(FlushBrokenError, match="an earlier flush of it broke off"):
            await gate.run(flush)


class Worker:
    """A worker's merge stage on a broker: what is durable when it starts is all it has."""

    def __init__(self, broker: Broker, log: Sequence[DrivenRecord], committed: int) -> None:
        self.committed = committed
        self._log = log
        plan = build.plan(events=["impression", "click"], rules=[CTR_LOW])
        self._merging = Merging(plan, SOURCES, Telemetry())
        self._merging.on_partition_assigned(0)
        rows = [
            SimpleNamespace(key=key, value=value)
            for key, value in broker.topics[LAYOUT.merged_table]
        ]
        self._merging.on_rows(0, cast(Any, rows))
        self._merging.on_partition_recovered(0, len(rows))
        self._flusher = flusher(broker, merging=self._merging)
        self._next = committed

    async def run(self) -> int:
        """Read to the end of the log, a flush a message; the offset that is committed then."""
        while self._next < len(self._log):
            record = self._log[self._next]
            self._next += 1
            self._merging.monitors[0].take([record])
            self._merging._touched.add(0)
            self._merging._unacknowledged.append(SimpleNamespace(ack=self._ack))
            await self._flusher.flush_merged()
        return self.committed

    def _ack(self) -> None:
        self.committed = self._next


def _story() -> list[DrivenRecord]:
    """A rate that is low at first and good in the end."""

    def count(measure: str, events: int, at: str, fence: int) -> tuple[str, bytes, bytes]:
        pane: tuple[int, int, Sums, Crowds] = (10, START_S, {measure: events}, {})
        return at, b"s[]", encode_partial(Partial(measure, 0, fence, [pane]))

    marks = [("1s", MARK_KEY, encode_mark(Mark(t, 0, at_ms("50s"), 0))) for t, _ in SOURCES]
    told = [count("impressions", 10, "0s", 1), count("clicks", 1, "0s", 1), *marks]
    told += [(f"{n}s", TICK_KEY, b"") for n in (2, 3, 4)]
    told += [count("clicks", 9, "5s", 2)]
    told += [(f"{n}s", TICK_KEY, b"") for n in range(6, 14)]
    return [DrivenRecord(n, at_ms(at), value, key) for n, (at, key, value) in enumerate(told)]


def _without_repeats(pages: Sequence[Alert]) -> list[Alert]:
    """As the notify stage takes them: of one fingerprint only what is newer."""
    told: list[Alert] = []
    for page in pages:
        if not told or page.changed_at > told[-1].changed_at:
            told.append(page)
    return [page for page in told if page.is_news]


@pytest.mark.parametrize("written", [False, True], ids=["before its rows", "after its rows"])
@pytest.mark.parametrize("send", range(1, 40))
async def test_a_crash_at_any_send_neither_loses_nor_doubles_a_page(
    send: int, written: bool
) -> None:
    broker, log = Broker(), _story()
    broker.fail_at, broker.written_anyway = send, written
    worker = Worker(broker, log, 0)
    try:
        await worker.run()
    except SendError:
        worker = Worker(broker, log, worker.committed)
        await worker.run()

    pages = _without_repeats(broker.pages)
    assert [str(page.state) for page in pages] == ["firing", "resolved"]
    for page in broker.pages:
        if page.is_news:
            assert page.identity in {one.identity for one in pages}
    assert worker.committed == len(log)
