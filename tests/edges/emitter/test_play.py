from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from kpistream.edges.emitter.emission import Emission, Entry, Kind
from kpistream.edges.emitter.play import Progress, play
from kpistream.edges.emitter.sink import Outgoing
from kpistream.edges.emitter.tally import Tally

START_MS = 1_000_000


class Clock:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)


class Recorder:
    """A sink that notes when each record came; a batch takes it `slow_s` seconds."""

    def __init__(self, clock: Clock, slow_s: float = 0.0) -> None:
        self._clock = clock
        self._slow_s = slow_s
        self.batches: list[tuple[float, int]] = []
        self.acknowledged = 0
        self.flushed = False

    async def send(self, records: Sequence[Outgoing]) -> None:
        self.batches.append((self._clock.now_s - 50, len(records)))
        await self._clock.sleep(self._slow_s)
        self.acknowledged += len(records)

    async def flush(self) -> None:
        self.flushed = True


def clicks(*at_s: float) -> list[Emission]:
    entry = Entry(Kind.CLEAN, "click", "search", "brand")
    return [Emission(START_MS + round(s * 1000), "click", b"", b"{}", entry) for s in at_s]


async def test_records_are_sent_when_they_are_due() -> None:
    clock = Clock()
    sink = Recorder(clock)
    await play(clicks(0, 1, 1, 2.5), sink, START_MS, clock=clock, sleep=clock.sleep)
    assert [count for _, count in sink.batches] == [1, 2, 1]
    assert [at_s for at_s, _ in sink.batches] == pytest.approx([0, 1, 2.5], abs=0.06)
    assert sink.flushed


async def test_twice_the_speed_takes_half_the_time() -> None:
    clock = Clock()
    await play(clicks(0, 10), Recorder(clock), START_MS, speed=2, clock=clock, sleep=clock.sleep)
    assert clock.now_s == pytest.approx(55, abs=0.06)


async def test_what_falls_behind_is_caught_up_in_bounded_batches() -> None:
    clock = Clock()
    sink = Recorder(clock, slow_s=1.0)
    emissions = clicks(*(number / 1000 for number in range(3_000)))
    end = await play(emissions, sink, START_MS, clock=clock, sleep=clock.sleep)
    assert end.sent == end.acknowledged == 3_000
    assert max(count for _, count in sink.batches) == 1_000
    assert clock.now_s - 50 < 6


async def test_progress_is_reported_about_once_a_second() -> None:
    clock = Clock()
    reports: list[Progress] = []
    emissions = clicks(*(number / 10 for number in range(50)))
    await play(
        emissions, Recorder(clock), START_MS, clock=clock, sleep=clock.sleep, report=reports.append
    )
    assert len(reports) == 4
    assert [report.sent for report in reports] == pytest.approx([10, 20, 30, 40], abs=2)
    assert all(report.behind_s == 0 for report in reports)


async def test_a_slow_sink_is_reported_as_being_behind() -> None:
    clock = Clock()
    reports: list[Progress] = []
    emissions = clicks(*(number / 1000 for number in range(3_000)))
    sink = Recorder(clock, slow_s=2.0)
    await play(emissions, sink, START_MS, clock=clock, sleep=clock.sleep, report=reports.append)
    assert max(report.behind_s for report in reports) > 1


async def test_a_cancelled_play_finishes_its_batch_tallies_it_and_flushes() -> None:
    sending, go_on = asyncio.Event(), asyncio.Event()

    class Held(Recorder):
        async def send(self, records: Sequence[Outgoing]) -> None:
            sending.set()
            await go_on.wait()
            await super().send(records)

    clock, tally = Clock(), Tally()
    sink = Held(clock)
    task = asyncio.create_task(
        play(clicks(0, 0, 100), sink, START_MS, clock=clock, sleep=clock.sleep, tally=tally)
    )
    await sending.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert tally.count() == sink.acknowledged == 2
    assert sink.flushed


async def test_nothing_to_play_ends_at_once() -> None:
    clock = Clock()
    end = await play([], Recorder(clock), START_MS, clock=clock, sleep=clock.sleep)
    assert end == Progress(START_MS, 0, 0, 0.0)
