"""Emissions at their own pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.sink import Sink
from kpistream.edges.emitter.tally import Tally

_LOOK_EVERY_S: Final = 0.03
_MOST_AT_ONCE: Final = 1_000
_REPORT_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a play has come."""

    at_ms: int
    """The moment reached in the time of the emissions."""
    sent: int
    acknowledged: int
    behind_s: float
    """How late the last record was, in seconds of the clock; 0 when the pace is kept."""


async def play(
    emissions: Iterable[Emission],
    sink: Sink,
    start_ms: int,
    *,
    speed: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    tally: Tally | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Progress:
    """Send each emission when it is due, `start_ms` being now; returns after the last is safe.

    What falls behind is caught up as fast as the sink takes it. `tally` counts what was
    handed to the sink, `report` is called about once a second. When cancelled, it sends
    nothing more, waits for what it sent, and passes the cancellation on. With a `speed` other
    than 1, the events' times part from the broker's: above 1 they soon lie in its future, so
    start in the past or stamp the records with their own time.
    """
    player = _Player(emissions, sink, start_ms, speed, clock, tally or Tally(), report)
    try:
        while player.more:
            if not await player.send_due():
                await sleep(_LOOK_EVERY_S)
    finally:
        await sink.flush()
    return player.progress()


class _Player:
    def __init__(
        self,
        emissions: Iterable[Emission],
        sink: Sink,
        start_ms: int,
        speed: float,
        clock: Callable[[], float],
        tally: Tally,
        report: Callable[[Progress], None] | None,
    ) -> None:
        self._emissions = iter(emissions)
        self._next = next(self._emissions, None)
        self._sink = sink
        self._start_ms = start_ms
        self._speed = speed
        self._clock = clock
        self._tally = tally
        self._report = report
        self._started_s = self._reported_s = clock()
        self._sent = 0
        self._acknowledged_before = sink.acknowledged
        self._behind_s = 0.0

    @property
    def more(self) -> bool:
        """Whether anything is left to send."""
        return self._next is not None

    async def send_due(self) -> bool:
        """Send the next records that are due; whether there may be more of them at once."""
        now_ms = self._now_ms()
        batch = list(self._take(now_ms))
        if batch:
            self._behind_s = (now_ms - batch[-1].at_ms) / 1000 / self._speed
            await _in_one_piece(self._deliver(batch))
        self._report_sometimes()
        return len(batch) == _MOST_AT_ONCE

    def progress(self) -> Progress:
        """The state of affairs."""
        behind_s = self._behind_s if self._behind_s > 2 * _LOOK_EVERY_S else 0.0
        acknowledged = self._sink.acknowledged - self._acknowledged_before
        return Progress(int(self._now_ms()), self._sent, acknowledged, behind_s)

    async def _deliver(self, batch: list[Emission]) -> None:
        await self._sink.send(batch)
        self._sent += len(batch)
        for emission in batch:
            self._tally.enter(emission)

    def _take(self, now_ms: float) -> Iterator[Emission]:
        for _ in range(_MOST_AT_ONCE):
            if self._next is None or self._next.at_ms > now_ms:
                return
            yield self._next
            self._next = next(self._emissions, None)

    def _now_ms(self) -> float:
        return self._start_ms + (self._clock() - self._started_s) * 1000 * self._speed

    def _report_sometimes(self) -> None:
        now_s = self._clock()
        if self._report is not None and now_s - self._reported_s >= _REPORT_EVERY_S:
            self._reported_s = now_s
            self._report(self.progress())


async def _in_one_piece(delivery: Coroutine[None, None, None]) -> None:
    """Await a delivery to its end, cancelled or not: half a batch could not be tallied."""
    task = asyncio.ensure_future(delivery)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
