"""The events of Kafka topics in the order in which they arrived, however many there are."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from kpistream.cli.backtesting.arrivals import Arrival
from kpistream.cli.failures import Failure
from kpistream.stream.connection import Connection
from kpistream.stream.topics import describe_topics

log: Final = structlog.get_logger(__name__)

BUFFERED_RECORDS: Final = 1_000
"""How many records of a partition are held at a time; the client holds a fetch of each beside."""

PATIENCE_S: Final = 30.0
"""How long the brokers may send nothing of what they have."""

_POLL_MS: Final = 500

_Head = tuple[int, str, int]
"""What records are ordered by: when they arrived, their topic and their partition."""


def kafka_arrivals(
    connection: Connection,
    topics: Mapping[str, str],
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> Iterator[Arrival]:
    """The events of topics (event type to topic), merged over partitions by their timestamps.

    From the beginning, or the first that arrived at ``from_ms``; to where the topics end when this
    begins, or before ``to_ms``. No group is joined, and nothing is committed. Raises Failure or
    TopicError if the brokers cannot be reached, or have none of the topics.
    """
    with asyncio.Runner() as runner:
        try:
            log = runner.run(_Log.opened(connection, topics, from_ms, to_ms))
            try:
                yield from _merged(runner, log)
            finally:
                runner.run(log.consumer.stop())
        except KafkaError as error:
            raise Failure(f"{connection.bootstrap}: {error!r}") from error


def _merged(runner: asyncio.Runner, log: _Log) -> Iterator[Arrival]:
    """Always the earliest of the partitions' next records: each of them must be known."""
    heads = ((runner.run(log.fetched_head(tp)), tp) for tp in log.partitions)
    heap = [(head, tp) for head, tp in heads if head is not None]
    heapq.heapify(heap)
    while heap:
        _, tp = heap[0]
        yield log.take(tp)
        head = log.head(tp) or runner.run(log.fetched_head(tp))
        if head is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (head, tp))


class _Log:
    """The partitions of the topics, each with a buffer that is filled when it is empty."""

    def __init__(self, consumer: AIOKafkaConsumer, types: Mapping[str, str]) -> None:
        self.consumer = consumer
        self.partitions: list[TopicPartition] = []
        self._types = types
        self._ends: dict[TopicPartition, int] = {}
        self._buffers: dict[TopicPartition, deque[Any]] = {}
        self._reached_ms: dict[TopicPartition, int] = {}

    @classmethod
    async def opened(
        cls,
        connection: Connection,
        topics: Mapping[str, str],
        from_ms: int | None,
        to_ms: int | None,
    ) -> Self:
        """Connect, and look up where each partition begins and ends."""
        partitions = await _partitions(connection, topics)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=connection.servers,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **connection.client_options(),
        )
        opened = cls(consumer, {topic: event for event, topic in topics.items()})
        try:
            await consumer.start()
            await opened._assign(partitions, from_ms, to_ms)
        except BaseException:
            await consumer.stop()
            raise
        return opened

    async def fetched_head(self, tp: TopicPartition) -> _Head | None:
        """What the partition's next record is ordered by; None if there is none left."""
        if not self._buffers[tp]:
            await self._fill(tp)
        return self.head(tp)

    def head(self, tp: TopicPartition) -> _Head | None:
        """The same of the records that are here; None if that is none."""
        if not self._buffers[tp]:
            return None
        # Within a partition the order is the log's, whatever producers said of the time.
        at_ms = max(self._reached_ms[tp], self._buffers[tp][0].timestamp)
        return at_ms, tp.topic, tp.partition

    def take(self, tp: TopicPartition) -> Arrival:
        """The partition's next record."""
        record = self._buffers[tp].popleft()
        self._reached_ms[tp] = max(self._reached_ms[tp], record.timestamp)
        return Arrival(record.timestamp, self._types[tp.topic], record.value)

    async def _assign(
        self, partitions: list[TopicPartition], from_ms: int | None, to_ms: int | None
    ) -> None:
        consumer = self.consumer
        consumer.assign(partitions)
        self.partitions = partitions
        self._buffers = {tp: deque() for tp in partitions}
        self._reached_ms = dict.fromkeys(partitions, 0)
        self._ends = await consumer.end_offsets(partitions)
        self._ends |= await self._firsts_at(to_ms) if to_ms is not None else {}
        starts = await consumer.beginning_offsets(partitions)
        if from_ms is not None:
            starts = {**self._ends, **await self._firsts_at(from_ms)}
        for tp in partitions:
            consumer.seek(tp, starts[tp])

    async def _firsts_at(self, at_ms: int) -> dict[TopicPartition, int]:
        """The offset of the first record of each partition that arrived then, if there is one."""
        found = await self.consumer.offsets_for_times(dict.fromkeys(self.partitions, at_ms))
        return {tp: at.offset for tp, at in found.items() if at is not None}

    async def _fill(self, tp: TopicPartition) -> None:
        """Fetch the partition's next records; at its end let the others be fetched alone."""
        waited_ms = 0
        while await self.consumer.position(tp) < self._ends[tp]:
            got = await self.consumer.getmany(tp, timeout_ms=_POLL_MS, max_records=BUFFERED_RECORDS)
            self._buffers[tp].extend(r for r in got.get(tp, ()) if r.offset < self._ends[tp])
            if self._buffers[tp]:
                return
            waited_ms += _POLL_MS
            if waited_ms > PATIENCE_S * 1000:
                raise Failure(f"{tp.topic}-{tp.partition}: nothing came for {PATIENCE_S:.0f} s")
        self.consumer.pause(tp)


async def _partitions(connection: Connection, topics: Mapping[str, str]) -> list[TopicPartition]:
    """The partitions of the topics that there are; a topic that is missing has no events."""
    names = list(topics.values())
    found = await describe_topics(connection.servers, names, **connection.client_options())
    if not found:
        raise Failure(f"{connection.bootstrap} has none of the topics {', '.join(names)}")
    if missing := [name for name in names if name not in found]:
        log.warning(f"there is no topic {', '.join(missing)}: it counts as empty")
    return [
        TopicPartition(name, partition)
        for name in names
        if name in found
        for partition in range(found[name].partitions)
    ]
