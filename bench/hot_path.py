"""The core's hot path, without Kafka: where each microsecond of an event goes."""

from __future__ import annotations

import cProfile
import gc
import io
import pstats
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from bench.clicks import VISITORS, Clicks
from kpistream.cli.wiring.wiring import build_plan
from kpistream.core.measuring.measure import PartitionMeasurer
from kpistream.core.measuring.sorting import Record
from kpistream.core.plan import Plan
from kpistream.settings import Settings

CHUNK_RECORDS: Final = 8192
STAGES: Final = ("decode", "sort", "fold", "drain")
"""Bytes to events; their ids, lateness and panes; their sums; rows and partials as bytes.

The rest of the whole is spent on giving memory back.
"""

_BATCH_BYTES: Final = 512 * 1024
_MAGIC: Final = 2


def kafka_records(values: Iterator[bytes], timestamp_ms: int) -> list[Record]:
    """Records as aiokafka's parser makes them, with offsets from 0."""
    records: list[Record] = []
    value = next(values, None)
    while value is not None:
        batch = DefaultRecordBatchBuilder(_MAGIC, 0, 0, -1, -1, 0, _BATCH_BYTES)
        first = len(records)
        count = 0
        while value is not None and batch.append(count, timestamp_ms, None, value, []):
            count += 1
            value = next(values, None)
        records += _parsed(bytes(batch.build()), first)
    return records


def _parsed(batch: bytes, first: int) -> list[Record]:
    parsed = MemoryRecords(first.to_bytes(8, "big") + batch[8:]).next_batch()
    return list(cast(Any, parsed))


def measured_stages(plan: Plan, records: list[Record], rounds: int) -> dict[str, float]:
    """Microseconds an event by stage, each the median over the rounds."""
    samples = [_one_round(plan, records) for _ in range(rounds)]
    return {stage: statistics.median(s[stage] for s in samples) for stage in (*STAGES, "whole")}


def _one_round(plan: Plan, records: list[Record]) -> dict[str, float]:
    measurer: Any = PartitionMeasurer("click", 0, plan)
    sorter = measurer._sorter
    decode = sorter._decode_all = _Timed(sorter._decode_all)
    sort = sorter.sort = _Timed(sorter.sort)
    fold = measurer._enter = _Timed(measurer._enter)
    drain = _Timed(measurer.drain)
    gc.collect()
    gc.freeze()  # in a worker, records come and go; here they would all be looked at again
    started_s = time.thread_time()
    for chunk in _chunks(records):
        measurer.measure(chunk, chunk[-1].timestamp)
        drain()
    whole_s = time.thread_time() - started_s
    gc.unfreeze()
    spans_s = (decode.seconds, sort.seconds - decode.seconds, fold.seconds, drain.seconds, whole_s)
    return {
        stage: seconds * 1e6 / len(records)
        for stage, seconds in zip((*STAGES, "whole"), spans_s, strict=True)
    }


def cprofile(plan: Plan, records: list[Record], lines: int = 25) -> str:
    """What cProfile says about measuring and draining, as text."""
    measurer = PartitionMeasurer("click", 0, plan)
    profiler = cProfile.Profile()
    with profiler:
        for chunk in _chunks(records):
            measurer.measure(chunk, chunk[-1].timestamp)
            measurer.drain()
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(lines)
    return text.getvalue()


def clicks(count: int, seed: int, visitors: int = VISITORS) -> list[Record]:
    """Records of clicks that arrive now, of so many visitors."""
    now_ms = time.time_ns() // 1_000_000
    return kafka_records(Clicks(seed, visitors=visitors).values(count, now_ms), now_ms)


def shipped_plan() -> Plan:
    """The shipped catalogue, slices and windows."""
    return build_plan(Settings())


def _chunks(records: list[Record]) -> Iterator[list[Record]]:
    for start in range(0, len(records), CHUNK_RECORDS):
        yield records[start : start + CHUNK_RECORDS]


class _Timed:
    """A function that adds up the time of its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.seconds = 0.0
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        started = time.thread_time()
        result = self._function(*arguments)
        self.seconds += time.thread_time() - started
        return result
