"""A whole monitor on a real Kafka: its topics, workers and traffic, and the log to judge by."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from kpistream.core.events.events import DEFAULT_TOPICS
from kpistream.edges.emitter.kafka_sink import KafkaSink
from kpistream.edges.emitter.play import play
from kpistream.edges.emitter.shipped import SCENARIOS
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally
from kpistream.stream.layout import Layout
from kpistream.stream.topics import ensure_topics
from tests.support.worker import WorkerProcess


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A record of an event topic, as it stands in the log."""

    event_type: str
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes | None


@dataclass
class Journey:
    """One monitor with topics of its own on a shared broker."""

    bootstrap: str
    folder: Path
    partitions: int = 3
    settings: Mapping[str, str] = field(default_factory=dict)
    app_id: str = field(default_factory=lambda: f"t{uuid4().hex[:8]}")
    workers: list[WorkerProcess] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def topics(self) -> dict[str, str]:
        """Event type to topic."""
        return {event: f"{self.app_id}.{topic}" for event, topic in DEFAULT_TOPICS.items()}

    async def create_topics(self) -> None:
        """Create every topic, with broker timestamps."""
        partitions = dict.fromkeys(self.topics, self.partitions)
        layout = Layout(self.app_id, self.topics, partitions, self.partitions)
        await ensure_topics(self.bootstrap, layout.specs())

    def add_worker(self) -> WorkerProcess:
        """Start one more worker."""
        settings = {
            "BROKER": self.bootstrap,
            "APP_ID": self.app_id,
            "TOPICS": json.dumps(self.topics),
            "PARTITIONS": str(self.partitions),
            "SESSION_TIMEOUT": "6",
            **self.settings,
        }
        worker = WorkerProcess(self.folder / f"worker-{len(self.workers)}.log", settings)
        self.workers.append(worker)
        worker.start()
        return worker

    def stop(self) -> None:
        """End every worker."""
        for worker in self.workers:
            if worker.alive:
                worker.kill()

    def play(self, scenario: str, rate: float, seconds: float, seed: int) -> threading.Thread:
        """Send a scenario in the background; join the thread to wait for its end."""
        job = self._play(scenario, rate, seconds, seed)
        thread = threading.Thread(target=asyncio.run, args=(job,), daemon=True)
        thread.start()
        return thread

    async def _play(self, scenario: str, rate: float, seconds: float, seed: int) -> None:
        async with KafkaSink(self.bootstrap, self.topics) as sink:
            start_ms = time.time_ns() // 1_000_000
            emissions = Simulator(SCENARIOS[scenario], rate, seed, start_ms, seconds)
            await play(emissions, sink, start_ms, tally=self.tally)

    async def send(self, event_type: str, values: list[bytes]) -> None:
        """Send events to the first partition of their topic."""
        async with KafkaSink(self.bootstrap, self.topics) as sink:
            await sink.send([_Plain(event_type, b"key", value) for value in values])

    def outcomes(self) -> dict[str, int]:
        """Events by outcome, over all workers."""
        found: dict[str, int] = {}
        for worker in self.workers:
            for (_, outcome, _), number in worker.outcomes().items():
                if number:
                    found[outcome] = found.get(outcome, 0) + number
        return found

    def readings(self, **query: str) -> list[dict[str, Any]]:
        """The readings that each worker owns, of all workers."""
        own = {"scope": "worker", **query}
        return [reading for worker in self.workers for reading in worker.readings(**own)]

    async def log(self) -> list[LoggedEvent]:
        """Every record of the event topics."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            return [event async for event in self._read(consumer)]
        finally:
            await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer) -> AsyncIterator[LoggedEvent]:
        types = {topic: event for event, topic in self.topics.items()}
        partitions = [TopicPartition(t, p) for t in types for p in range(self.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        left = sum(ends.values())
        while left:
            for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                left -= len(records)
                for r in records:
                    yield LoggedEvent(types[tp.topic], tp.partition, r.offset, r.timestamp, r.value)


@dataclass(frozen=True, slots=True)
class _Plain:
    event_type: str
    key: bytes
    value: bytes
    at_ms: int = 0
