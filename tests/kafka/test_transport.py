"""The transport, recovery and sender on a real Kafka: counts stay exact whatever happens."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from kpistream.stream.recovery import read_to_ends
from kpistream.stream.sender import BulkSender, SendError, new_producer
from kpistream.stream.topics import TopicSpec, ensure_topics
from kpistream.stream.transport import Record
from tests.kafka.counting_app import Counts
from tests.support.kafka_broker import KafkaBroker

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("counting_app.py")
PARTITIONS = 4
KEYS = [f"key-{n}".encode() for n in range(300)]
COMMITTED_WITHIN_S = 120.0
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@dataclass
class Worker:
    """The counting app as a process."""

    process: Process

    async def ready(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            if line.startswith(b"ready"):
                return
        raise AssertionError(f"worker ended with {await self.process.wait()}")

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


@dataclass
class Count:
    """One topic to count, with its changelog and group."""

    bootstrap: str
    topic: str = field(default_factory=lambda: f"events-{uuid4().hex[:8]}")
    produced: int = 0
    workers: list[Worker] = field(default_factory=list)

    @property
    def changelog(self) -> str:
        return f"{self.topic}-changelog"

    async def create(self) -> None:
        await ensure_topics(
            self.bootstrap,
            [
                TopicSpec(self.topic, PARTITIONS, {"message.timestamp.type": "LogAppendTime"}),
                TopicSpec(self.changelog, PARTITIONS, {"cleanup.policy": "compact"}),
            ],
            1,
        )

    async def worker(self, *options: str) -> Worker:
        arguments = ["--bootstrap", self.bootstrap, "--id", self.topic, "--topic", self.topic]
        arguments += ["--changelog", self.changelog, "--partitions", str(PARTITIONS)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            *arguments,
            *options,
            stdout=PIPE,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
        )
        self.workers.append(Worker(process))
        return self.workers[-1]

    async def produce(self, sender: BulkSender, rows: int) -> None:
        chosen = [random.choice(KEYS) for _ in range(rows)]
        share = rows // PARTITIONS
        await sender.send_all(
            {
                (self.topic, p): [(key, b"x" * 100) for key in chosen[p * share : (p + 1) * share]]
                for p in range(PARTITIONS)
            }
        )
        self.produced += share * PARTITIONS

    @asynccontextmanager
    async def traffic(self, rows_per_s: int = 40_000) -> AsyncIterator[None]:
        """Produce all the time, in small batches."""

        async def run() -> None:
            async with BulkSender(lambda: new_producer(self.bootstrap)) as sender:
                while not stop.is_set():
                    await self.produce(sender, rows_per_s // 50)
                    await asyncio.sleep(0.02)

        stop = asyncio.Event()
        task = asyncio.create_task(run())
        try:
            yield
        finally:
            stop.set()
            await task

    async def committed(self) -> int:
        """The sum of the group's committed offsets; there are no holes in the topic."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(self.topic)
        finally:
            await admin.close()
        return sum(o.offset for tp, o in offsets.items() if tp.topic == self.topic)

    async def all_committed(self) -> None:
        deadline = time.monotonic() + COMMITTED_WITHIN_S
        while (done := await self.committed()) < self.produced:
            assert time.monotonic() < deadline, f"{done} of {self.produced} committed"
            await asyncio.sleep(0.1)

    async def counted(self) -> int:
        """The sum of all rows, as a new owner of every partition would recover them."""
        counts = Counts()

        def deliver(tp: TopicPartition, records: list[Record]) -> None:
            counts.on_rows(tp.partition, records)

        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            partitions = [TopicPartition(self.changelog, p) for p in range(PARTITIONS)]
            consumer.assign(partitions)
            await read_to_ends(consumer, await consumer.end_offsets(partitions), deliver)
        finally:
            await consumer.stop()
        return sum(count for rows in counts.rows.values() for count, _ in rows.values())


@pytest.fixture
async def count(broker: KafkaBroker) -> AsyncIterator[Count]:
    made = Count(broker.bootstrap)
    await made.create()
    yield made
    for worker in made.workers:
        if worker.process.returncode is None:
            await worker.kill()


async def test_a_worker_that_stops_leaves_its_group_so_that_the_next_need_not_wait(
    count: Count,
) -> None:
    for _ in range(2):
        worker = await count.worker("--session-timeout", f"{PATIENCE_S + 20}")
        async with asyncio.timeout(PATIENCE_S):
            await worker.ready()
        assert await worker.stop() == 0


async def test_kill_9_at_random_points_leaves_the_count_exact(count: Count) -> None:
    async with count.traffic():
        worker = await count.worker()
        for _ in range(3):
            await worker.ready()
            await asyncio.sleep(random.uniform(0.3, 2.0))
            await worker.kill()
            worker = await count.worker()
        await worker.ready()
    await count.all_committed()
    assert await worker.stop() == 0
    assert await count.counted() == count.produced > 50_000


async def test_workers_that_join_and_leave_leave_the_count_exact(count: Count) -> None:
    async with count.traffic():
        first = await count.worker()
        await first.ready()
        for end in ("stop", "kill", "stop"):
            second = await count.worker()
            await second.ready()
            await asyncio.sleep(random.uniform(0.5, 1.5))
            await getattr(second, end)()
        await asyncio.sleep(0.5)
        third = await count.worker()
        await third.ready()
        assert await first.stop() == 0
    await count.all_committed()
    assert await third.stop() == 0
    assert await count.counted() == count.produced > 50_000


async def test_a_worker_that_froze_and_wakes_up_leaves_the_count_exact(count: Count) -> None:
    async with count.traffic():
        frozen = await count.worker()
        await frozen.ready()
        await asyncio.sleep(1)
        frozen.process.send_signal(signal.SIGSTOP)
        other = await count.worker()
        await other.ready()  # when the session of the frozen one has ended
        await asyncio.sleep(1)
        frozen.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(3)
    await count.all_committed()
    assert await other.stop() == 0
    await count.all_committed()
    assert await count.counted() == count.produced > 50_000


async def test_a_broker_that_crashes_and_comes_back_leaves_the_count_exact(
    broker: KafkaBroker, count: Count
) -> None:
    async with count.traffic():
        worker = await count.worker()
        await worker.ready()
        await asyncio.sleep(1)
        await asyncio.to_thread(broker.kill)
        await asyncio.sleep(3)
        broker.start()
        await asyncio.sleep(3)
    assert worker.process.returncode is None, "a worker outlives a short absence of the broker"
    await count.all_committed()
    assert await worker.stop() == 0
    assert await count.counted() == count.produced > 50_000


async def test_an_error_in_an_agent_ends_the_process_without_a_commit(count: Count) -> None:
    async with BulkSender(lambda: new_producer(count.bootstrap)) as sender:
        await count.produce(sender, 1000)
    worker = await count.worker("--fail-at", "1")
    assert await asyncio.wait_for(worker.process.wait(), PATIENCE_S) != 0
    assert await count.committed() == 0
    assert await count.counted() == 0
    worker = await count.worker()
    await count.all_committed()
    assert await worker.stop() == 0
    assert await count.counted() == count.produced


async def test_stopping_flushes_what_was_folded(count: Count) -> None:
    async with BulkSender(lambda: new_producer(count.bootstrap)) as sender:
        worker = await count.worker("--flush-every", "3600")
        await worker.ready()
        await count.produce(sender, 4000)
        await asyncio.sleep(1)
        assert await count.counted() == 0
        assert await worker.stop() == 0
    assert await count.counted() == await count.committed() == count.produced


async def test_rows_to_an_unknown_topic_are_a_named_error(broker: KafkaBroker) -> None:
    def impatient() -> object:
        return new_producer(broker.bootstrap, request_timeout_s=1)

    async with BulkSender(impatient) as sender:  # type: ignore[arg-type]
        with pytest.raises(SendError, match="nowhere-0"):
            await sender.send("nowhere", 0, [(b"k", b"v")])


async def test_topics_are_created_once_and_then_reported(broker: KafkaBroker) -> None:
    spec = TopicSpec(f"made-{uuid4().hex[:8]}", 3, {"message.timestamp.type": "LogAppendTime"})
    first = (await ensure_topics(broker.bootstrap, [spec], 1))[spec.name]
    other = TopicSpec(spec.name, 5, {"message.timestamp.type": "CreateTime"})
    again = (await ensure_topics(broker.bootstrap, [other], 1))[spec.name]
    assert (first.created, first.partitions, first.timestamp_type) == (True, 3, "LogAppendTime")
    assert not again.created
    assert again.differences(spec) == {}
    assert again.differences(other) == {
        "partitions": ("5", "3"),
        "message.timestamp.type": ("CreateTime", "LogAppendTime"),
    }
