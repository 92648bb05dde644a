"""The log of alerts on a real Apache Kafka: thinned by the broker, and cut where it is too old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.edges.web.changes import Changes
from kpistream.stream.alert_log import change_key, read_alert_log
from kpistream.stream.connection import Connection
from kpistream.stream.layout import NOTIFIER, Layout
from kpistream.stream.topics import TopicSpec, ensure_topics
from tests.edges.boards import alert
from tests.support.kafka_broker import KafkaBroker

pytestmark = pytest.mark.kafka

T0 = 1_772_359_200
FAR_MS = 4_102_444_800_000
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    often = {
        "log.cleaner.backoff.ms": "100",
        "log.cleaner.min.cleanable.ratio": "0.01",
        "log.initial.task.delay.ms": "1000",
        "log.retention.check.interval.ms": "200",
    }
    with KafkaBroker(tmp_path_factory.mktemp("kafka"), extra=often) as started:
        yield started


class Log:
    """A topic of alerts."""

    def __init__(self, broker: KafkaBroker, **differently: str) -> None:
        layout = Layout(f"k{uuid4().hex[:8]}", {}, {}, 1)
        [spec] = [one for one in layout.specs() if one.name == layout.alerts]
        config = {key.replace("_", "."): value for key, value in differently.items()}
        self.spec = TopicSpec(spec.name, spec.partitions, {**spec.config, **config})
        self.partition = TopicPartition(spec.name, NOTIFIER)
        self.bootstrap = broker.bootstrap

    async def create(self) -> None:
        made = await ensure_topics(self.bootstrap, [self.spec])
        assert made[self.spec.name].differences(self.spec) == {}

    async def tell(self, told: Sequence[Alert]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        try:
            for one in told:
                row = {"key": change_key(one), "value": alerts.encode(one)}
                await producer.send_and_wait(self.spec.name, partition=NOTIFIER, **row)
        finally:
            await producer.stop()

    async def read(self) -> Changes:
        return await read_alert_log(Connection(self.bootstrap), self.spec.name, 0, FAR_MS, 1000)

    async def held(self) -> list[int]:
        """The times of the records that the broker has, in milliseconds."""
        async with self._consumer() as consumer:
            consumer.assign([self.partition])
            end = (await consumer.end_offsets([self.partition]))[self.partition]
            begin = (await consumer.beginning_offsets([self.partition]))[self.partition]
            consumer.seek(self.partition, begin)
            found: list[int] = []
            while await consumer.position(self.partition) < end:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [record.timestamp for record in records]
            return found

    async def begin(self) -> int:
        """The offset at which the log begins."""
        async with self._consumer() as consumer:
            begins: dict[TopicPartition, int] = await consumer.beginning_offsets([self.partition])
            return begins[self.partition]

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def forget_before(self, offset: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.delete_records({self.partition: RecordsToDelete(before_offset=offset)})
        finally:
            await admin.close()


def change(at_s: int, value: float = 0.5, state: AlertState = AlertState.firing) -> Alert:
    return msgspec.structs.replace(alert(), state=state, changed_at=T0 + at_s, value=value)


async def test_a_change_that_is_told_a_hundred_times_is_in_the_log_a_few_times(
    broker: KafkaBroker,
) -> None:
    log = Log(broker, min_compaction_lag_ms="0", segment_ms="50")
    await log.create()
    await log.tell([change(1, n / 100) for n in range(1, 101)])
    await log.tell([change(2, 0.0, AlertState.resolved), change(3, 0.25)])

    async with asyncio.timeout(PATIENCE_S):
        while len(await log.held()) > 20:
            await log.tell([change(3, 0.25)])  # a segment is closed by what comes after it

    found = await log.read()
    told = [(one.changed_at - T0, one.value) for one in found.alerts]
    assert told == [(1, 1.0), (2, 0.0), (3, 0.25)]
    assert found.since_ms is None


async def test_a_log_that_was_cut_says_since_when_it_knows(broker: KafkaBroker) -> None:
    log = Log(broker)
    await log.create()
    await log.tell([change(n) for n in range(4)])
    assert (await log.read()).since_ms is None

    await log.forget_before(2)

    found = await log.read()
    assert [one.changed_at - T0 for one in found.alerts] == [2, 3]
    assert found.since_ms == (await log.held())[0]
    await log.forget_before(4)
    assert await log.read() == ([], False, FAR_MS)


async def test_what_is_too_old_goes_although_the_broker_puts_together_what_it_thinned(
    broker: KafkaBroker,
) -> None:
    log = Log(broker, min_compaction_lag_ms="0", segment_ms="100", retention_ms="8000")
    await log.create()
    long = (msgspec.structs.replace(change(n), summary="x" * 900_000) for n in range(1000))
    await log.tell([next(long) for _ in range(60)])

    async with asyncio.timeout(PATIENCE_S):
        while await log.begin() == 0:
            await log.tell([next(long)])
            await asyncio.sleep(0.2)

    assert (await log.read()).since_ms is not None
