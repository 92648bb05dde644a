"""The stage of a benchmark: a real Apache Kafka on loopback, and a topic full of clicks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.clicks import Clicks
from kpistream.stream.sender import BulkSender, Row, new_producer
from kpistream.stream.topics import TIMESTAMP_TYPE, TopicSpec, ensure_topics
from tests.support.kafka_broker import KafkaBroker

CLICKS: Final = "clicks"
PARTITIONS: Final = 4
_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a benchmark plays: a broker and a directory, both gone afterwards."""

    bootstrap: str
    directory: Path


@contextmanager
def real_kafka() -> Iterator[Stage]:
    """A real Kafka in a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="kpistream-bench-") as name:
        directory = Path(name)
        with KafkaBroker(directory / "kafka") as broker:
            yield Stage(broker.bootstrap, directory)


async def preload(stage: Stage, events: int, clicks: Clicks, topic: str = CLICKS) -> int:
    """Fill a topic with at least so many clicks in ready-made batches; how many it has."""
    spec = TopicSpec(topic, PARTITIONS, {TIMESTAMP_TYPE: "LogAppendTime"})
    await ensure_topics(stage.bootstrap, [spec], replication_factor=1)
    sent = 0
    async with BulkSender(lambda: new_producer(stage.bootstrap)) as sender:
        while sent < events:
            now_ms = time.time_ns() // 1_000_000
            rows: dict[tuple[str, int], list[Row]] = {
                (topic, partition): [(None, v) for v in clicks.values(_AT_ONCE, now_ms)]
                for partition in range(PARTITIONS)
            }
            await sender.send_all(rows)
            sent += _AT_ONCE * PARTITIONS
    return sent
