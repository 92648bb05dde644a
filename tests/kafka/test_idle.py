"""Logs that are not what a simple producer leaves: markers, expired records, another log."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete

from tests.support.journey import Journey
from tests.support.kafka_broker import KafkaBroker
from tests.support.worker import WorkerProcess, wait_until

pytestmark = pytest.mark.kafka

SOON_S = 150.0
LAG = "kpistream_lag_records"
WATERMARK = "kpistream_watermark_timestamp_seconds"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
async def monitor(broker: KafkaBroker, tmp_path: Path) -> AsyncIterator[Journey]:
    made = Journey(broker.bootstrap, tmp_path, partitions=1, settings={"SILENCE": "30s"})
    await made.create_topics()
    yield made
    made.stop()


@pytest.fixture
async def admin(broker: KafkaBroker) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await client.start()
    yield client
    await client.close()


def clicks(number: int, first: int = 0) -> list[bytes]:
    now = datetime.now(UTC).isoformat()
    return [
        json.dumps({"event_id": f"e{n}", "occurred_at": now}).encode()
        for n in range(first, first + number)
    ]


async def test_a_topic_with_holes_at_its_end_becomes_idle_and_its_watermark_moves_on(
    monitor: Journey, admin: AIOKafkaAdminClient
) -> None:
    async with transactions(monitor) as producer:
        for value in clicks(20):
            await producer.send(monitor.topics["click"], value)
    expired = TopicPartition(monitor.topics["impression"], 0)
    await monitor.send("impression", clicks(20))
    await admin.delete_records({expired: RecordsToDelete(before_offset=20)})
    worker = monitor.add_worker()
    worker.wait_ready()
    await asyncio.to_thread(wait_until, lambda: accepted(worker, monitor) == 20, SOON_S)
    measured_s = time.time()
    topics = [monitor.topics[event] for event in ("click", "impression")]

    def have_moved() -> bool:
        return all((sample(worker, WATERMARK, t) or 0) > measured_s + 20 for t in topics)

    await asyncio.to_thread(wait_until, have_moved, SOON_S)
    assert [sample(worker, LAG, topic) for topic in topics] == [0, 0]

    def are_provisional() -> bool:
        return {one["trust"] for one in worker.readings(kpi="clicks")} == {"provisional"}

    await asyncio.to_thread(wait_until, are_provisional, SOON_S)


async def test_a_topic_that_was_deleted_and_made_again_stops_the_worker(
    monitor: Journey, admin: AIOKafkaAdminClient
) -> None:
    topic = monitor.topics["click"]
    worker = monitor.add_worker()
    worker.wait_ready()
    await monitor.send("click", clicks(20))
    await asyncio.to_thread(wait_until, lambda: accepted(worker, monitor) == 20, SOON_S)
    assert worker.stop() == 0
    await deleted(admin, topic)
    await monitor.create_topics()
    await monitor.send("click", clicks(10, first=20))
    worker.start()
    await asyncio.to_thread(wait_until, lambda: not worker.alive, SOON_S)
    assert f"{topic}-0 ends at offset 10, but 20 were read of it" in worker.log_tail()
    assert worker.stop() == 1


async def test_partials_that_were_deleted_stop_the_worker(
    monitor: Journey, admin: AIOKafkaAdminClient
) -> None:
    worker = monitor.add_worker()
    worker.wait_ready()
    await monitor.send("click", clicks(20))
    await asyncio.to_thread(wait_until, lambda: bool(worker.readings(kpi="clicks")), SOON_S)
    assert worker.stop() == 0
    await deleted(admin, f"{monitor.app_id}.partials")
    worker.start()
    await asyncio.to_thread(wait_until, lambda: not worker.alive, SOON_S)
    assert f"{monitor.app_id}.partials-0 ends at offset 0, but" in worker.log_tail()
    assert worker.stop() == 1


async def test_a_topic_that_was_given_partitions_goes_on_with_what_was_counted(
    monitor: Journey, admin: AIOKafkaAdminClient
) -> None:
    topic = monitor.topics["click"]
    worker = monitor.add_worker()
    worker.wait_ready()
    await monitor.send("click", clicks(20))
    await asyncio.to_thread(wait_until, lambda: accepted(worker, monitor) == 20, SOON_S)
    assert worker.stop() == 0
    await admin.create_partitions({topic: NewPartitions(3)})
    worker.start()
    worker.wait_ready()
    async with AIOKafkaProducer(bootstrap_servers=monitor.bootstrap) as producer:
        for partition, value in enumerate(clicks(3, first=20)):
            await producer.send_and_wait(topic, value, partition=partition)
    await asyncio.to_thread(wait_until, lambda: accepted(worker, monitor) == 23, SOON_S)


async def deleted(admin: AIOKafkaAdminClient, topic: str) -> None:
    """Delete a topic, and wait until the broker knows no more of it."""
    await admin.delete_topics([topic])
    async with asyncio.timeout(SOON_S):
        while topic in await admin.list_topics():  # noqa: ASYNC110 - brokers forget in silence
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)


@asynccontextmanager
async def transactions(monitor: Journey) -> AsyncIterator[AIOKafkaProducer]:
    """One transaction; its commit leaves a marker at the end of the log."""
    options = {"bootstrap_servers": monitor.bootstrap, "transactional_id": monitor.app_id}
    async with AIOKafkaProducer(**options) as producer, producer.transaction():
        yield producer


def accepted(worker: WorkerProcess, monitor: Journey) -> int:
    return worker.outcomes().get((monitor.topics["click"], "accepted", ""), 0)


def sample(worker: WorkerProcess, metric: str, topic: str) -> float | None:
    page = (worker._get("/metrics") or b"").decode()
    found = re.search(rf'^{metric}\{{[^}}]*topic="{re.escape(topic)}"[^}}]*\}} (\S+)', page, re.M)
    return float(found[1]) if found else None
