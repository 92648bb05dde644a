"""Throughput: the whole worker, a naive Faust agent and a bare loop, in turns, on one topic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.clicks import Clicks
from bench.figures import Run, Spread, ratios
from bench.processes import Child, ChildError
from bench.progress import Progress
from bench.stage import CLICKS, PARTITIONS, Stage, preload, real_kafka
from bench.worker import Worker

_MOST_S: Final = 600.0
_LOOK_EVERY_MS: Final = 20
_decode_run: Final = msgspec.json.Decoder(Run).decode


@dataclass(frozen=True, slots=True)
class Throughput:
    """The runs of each contestant, in rounds."""

    records: int
    worker: list[Run]
    naive: list[Run]
    bare: list[Run]
    naive_hopping: Run
    """The same naive agent with a rolling window: each event changes 30 rows."""

    @property
    def over_naive(self) -> Spread:
        """The worker's events a second over the naive agent's."""
        return ratios(self.worker, self.naive, lambda run: run.events_per_s)

    @property
    def over_bare(self) -> Spread:
        """The worker's events a second over the bare loop's."""
        return ratios(self.worker, self.bare, lambda run: run.events_per_s)


def measure_throughput(
    events: int, rounds: int, naive_s: float, tell: Callable[[str], None]
) -> Throughput:
    """Run each contestant so many times; the naive agent for `naive_s` seconds each."""
    with real_kafka() as stage:
        tell(f"filling a topic with {events:,} clicks ...")
        records = asyncio.run(preload(stage, events, Clicks(seed=1)))
        worker, naive, bare = [], [], []
        for number in range(1, rounds + 1):
            worker.append(worker_run(stage, f"bench-{number}", records))
            bare.append(_bare_run(stage, records))
            naive.append(_naive_run(stage, f"naive-{number}", "tumbling", naive_s))
            rates = (f"{runs[-1].events_per_s:,.0f}" for runs in (worker, bare, naive))
            tell("round {}: worker {}/s, bare loop {}/s, naive agent {}/s".format(number, *rates))
        hopping = _naive_run(stage, "naive-hopping", "hopping", naive_s)
    return Throughput(records, worker, naive, bare, hopping)


def worker_run(stage: Stage, app_id: str, records: int) -> Run:
    """One worker that has never seen the topic, from its first flush to its last."""
    return worker_run_and_peak(stage, app_id, records, CLICKS, {})[0]


def worker_run_and_peak(
    stage: Stage, app_id: str, records: int, topic: str, more: Mapping[str, str]
) -> tuple[Run, int]:
    """The same on any topic and with more settings; and the most memory it had, in bytes."""
    settings = {"broker": stage.bootstrap, "app_id": app_id, **more}
    with Worker(stage.directory / f"{app_id}.log", settings) as worker:
        worker.wait_ready()
        run = asyncio.run(_watch(stage, f"{app_id}.partials", topic, worker, records))
        accepted, peak_bytes = worker.accepted(topic), worker.peak_bytes
    if accepted != records:
        raise ChildError(f"{app_id} accepted {accepted} of {records} events")
    return run, peak_bytes


async def _watch(stage: Stage, partials: str, topic: str, worker: Worker, records: int) -> Run:
    progress = Progress(topic)
    seen: list[tuple[int, int, float]] = []
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stage.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(partials, 0)])
        deadline = time.monotonic() + _MOST_S
        while progress.records < records:
            fetched: dict[Any, list[Any]] = await consumer.getmany(timeout_ms=_LOOK_EVERY_MS)
            if any(progress.take(messages) for messages in fetched.values()):
                seen.append((progress.records, progress.at_ms, worker.cpu_s))
            worker.check()
            if time.monotonic() > deadline:
                raise worker.error(f"{progress.records} of {records} records in {_MOST_S:.0f} s")
    finally:
        await consumer.stop()
    return run_between(seen[0], seen[-1])


def run_between(first: tuple[int, int, float], last: tuple[int, int, float]) -> Run:
    """What happened between two sights of (records, epoch ms, processor seconds)."""
    records, at_ms, cpu_s = (b - a for a, b in zip(first, last, strict=True))
    return Run(int(records), at_ms / 1000, cpu_s)


def _bare_run(stage: Stage, records: int) -> Run:
    arguments = ["-m", "bench.bare_loop", stage.bootstrap, CLICKS, str(PARTITIONS), str(records)]
    with Child(arguments, stage.directory / "bare.log", reports=True) as child:
        return _decode_run(child.report())


def _naive_run(stage: Stage, app_id: str, window: str, seconds: float) -> Run:
    arguments = ["-m", "bench.naive_agent", stage.bootstrap, CLICKS, app_id, window, str(seconds)]
    arguments.append(str(stage.directory / f"{app_id}-data"))
    log = stage.directory / f"{app_id}.log"
    with Child(arguments, log, reports=True, stops_in_order=False) as child:
        return _decode_run(child.report())
