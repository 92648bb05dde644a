"""Writes many rows at once, as ready-made batches, and returns when the broker has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from mode import Service

BATCH_BYTES = 512 * 1024
"""The largest batch; a broker takes 1 MiB (`message.max.bytes`) unless told otherwise."""

_STOP_S = 5.0

Headers = list[tuple[str, bytes]]  # a list: aiokafka's builder takes nothing else
Row = tuple[bytes | None, bytes | None] | tuple[bytes | None, bytes | None, Headers]
"""Key, value (None deletes the key from a compacted topic) and, if any, headers."""

_NO_HEADERS: Headers = []


class SendError(RuntimeError):
    """Rows are not, or not surely, on the broker: do not acknowledge what they stand for."""


class RowTooLargeError(SendError):
    """A single row exceeds the largest batch."""

    def __init__(self, topic: str, partition: int, key: bytes | None, size: int, most: int) -> None:
        super().__init__(
            f"{topic}-{partition}: the row with key {key!r:.120} takes {size} bytes,"
            f" more than a batch may hold ({most} bytes)"
        )


class Batch(Protocol):
    """aiokafka's `BatchBuilder`."""

    def append(
        self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers
    ) -> object | None:
        """Add a record; None when the batch is full."""

    def size(self) -> int:
        """The bytes of the batch so far."""

    def close(self) -> None:
        """Let nothing more in."""


class Producer(Protocol):
    """What is used of aiokafka's `AIOKafkaProducer`."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Send what is pending and disconnect."""

    def create_batch(self) -> Batch:
        """An empty batch."""

    async def send_batch(
        self, batch: Batch, topic: str, *, partition: int
    ) -> Awaitable[object | None]:
        """Queue the batch; the future ends when the broker acknowledged it."""


def new_producer(
    bootstrap: str | list[str],
    *,
    batch_bytes: int = BATCH_BYTES,
    request_timeout_s: float = 30.0,
    **options: Any,
) -> AIOKafkaProducer:
    """Build an idempotent producer that waits for all replicas. Needs a running loop.

    `options` are AIOKafkaProducer's, for example `security_protocol`, `compression_type`.
    """
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        max_batch_size=batch_bytes,
        linger_ms=0,
        request_timeout_ms=int(request_timeout_s * 1000),
        **options,
    )


class BulkSender(Service):
    """A producer of its own, for rows that go to known partitions.

    Start it before and stop it after the app (`async with sender:` around it), since the last
    flush happens while the app stops. `make_producer` is called on start, in the running loop.
    Rows that are not acknowledged after `delivery_timeout_s` are a SendError (an idempotent
    producer of aiokafka retries forever), after which the process should end.
    """

    def __init__(
        self,
        make_producer: Callable[[], Producer],
        *,
        batch_bytes: int = BATCH_BYTES,
        delivery_timeout_s: float = 30.0,
        **kwargs: Any,
    ) -> None:
        self._make_producer = make_producer
        self._batch_bytes = batch_bytes
        self._delivery_timeout_s = delivery_timeout_s
        self._producer: Producer | None = None
        self._begun = 0
        self._under_way: dict[int, None] = {}
        super().__init__(**kwargs)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    async def on_start(self) -> None:
        """Connect the producer; one that could not be is closed again."""
        producer = self._make_producer()
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def on_stop(self) -> None:
        """Disconnect the producer."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), _STOP_S)
        except TimeoutError:
            self.log.warning("the producer was not stopped in order: the broker is away")

    @property
    def oldest_write(self) -> int | None:
        """The number of the oldest write that is not acknowledged yet; None if all are."""
        return next(iter(self._under_way), None)

    async def send(self, topic: str, partition: int, rows: Sequence[Row]) -> None:
        """Write rows to one partition, in order, and wait for the broker's acknowledgement.

        Raises SendError.
        """
        await self.send_all({(topic, partition): rows})

    async def send_all(self, rows: Mapping[tuple[str, int], Sequence[Row]]) -> None:
        """Write rows to many (topic, partition)s at once, each in order, and wait for all.

        Raises SendError after every partition ended: part of the rows may then be written.
        """
        jobs = [self._deliver(*tp, batch) for tp, batch in rows.items() if batch]
        self._begun += 1
        number = self._begun
        self._under_way[number] = None
        try:
            async with asyncio.timeout(self._delivery_timeout_s):
                ends = await asyncio.gather(*jobs, return_exceptions=True)
        except TimeoutError:
            late = f"no acknowledgement within {self._delivery_timeout_s:g} s"
            raise SendError(f"{', '.join(f'{t}-{p}' for t, p in rows)}: {late}") from None
        finally:
            del self._under_way[number]
        for end in ends:
            if end is not None:
                raise end

    async def _deliver(self, topic: str, partition: int, rows: Sequence[Row]) -> None:
        if self._producer is None:
            raise SendError("the sender is not started")
        acks: list[Awaitable[object | None]] = []
        error: BaseException | None = None
        try:
            for batch in self._batches(self._producer, topic, partition, rows):
                acks.append(await self._producer.send_batch(batch, topic, partition=partition))
        except KafkaError as caught:
            error = caught
        results = await asyncio.gather(*acks, return_exceptions=True)
        error = error or next((r for r in results if isinstance(r, BaseException)), None)
        if error is not None:
            raise SendError(f"{topic}-{partition}: {len(rows)} rows not sent: {error!r}") from error

    def _batches(
        self, producer: Producer, topic: str, partition: int, rows: Sequence[Row]
    ) -> Iterator[Batch]:
        batch = producer.create_batch()
        append = batch.append
        empty = True
        for row in rows:
            key, value, headers = row if len(row) == 3 else (*row, _NO_HEADERS)
            if append(timestamp=None, key=key, value=value, headers=headers) is not None:
                if empty:
                    self._check_size(batch, topic, partition, key)
                    empty = False
                continue
            yield _closed(batch)
            batch = producer.create_batch()
            append = batch.append
            append(timestamp=None, key=key, value=value, headers=headers)
            self._check_size(batch, topic, partition, key)
        yield _closed(batch)

    def _check_size(self, batch: Batch, topic: str, partition: int, key: bytes | None) -> None:
        """A batch takes its first row whatever its size; the broker would refuse it."""
        if batch.size() > self._batch_bytes:
            raise RowTooLargeError(topic, partition, key, batch.size(), self._batch_bytes)


def _closed(batch: Batch) -> Batch:
    batch.close()
    return batch
