from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaTimeoutError

from kpistream.stream.sender import BulkSender, Row, RowTooLargeError, SendError


class FakeBatch:
    """Takes rows up to `most` bytes, and always its first row, as aiokafka's does."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows: list[tuple[bytes | None, bytes | None]] = []
        self.headers: list[Any] = []
        self.closed = False

    def append(self, *, timestamp: Any, key: Any, value: Any, headers: Any) -> object | None:
        if self.rows and self.size() + len(key or b"") + len(value or b"") > self.most:
            return None
        self.rows.append((key, value))
        self.headers.append(headers)
        return object()

    def size(self) -> int:
        return sum(len(key or b"") + len(value or b"") for key, value in self.rows)

    def close(self) -> None:
        self.closed = True


class FakeProducer:
    def __init__(self, most: int) -> None:
        self.most = most
        self.sent: list[tuple[str, int, FakeBatch]] = []
        self.acks: list[asyncio.Future[None]] = []
        self.acknowledge = True
        self.error: Exception | None = None
        self.started = False

    async def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.started = False

    def create_batch(self) -> FakeBatch:
        return FakeBatch(self.most)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[None]:
        assert batch.closed
        self.sent.append((topic, partition, batch))
        ack: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.acks.append(ack)
        if self.error is not None:
            ack.set_exception(self.error)
        elif self.acknowledge:
            ack.set_result(None)
        return ack

    def batches(self, partition: int = 0) -> list[list[tuple[bytes | None, bytes | None]]]:
        return [batch.rows for _, p, batch in self.sent if p == partition]


@pytest.fixture
def producer() -> FakeProducer:
    return FakeProducer(most=10)


@pytest.fixture
async def sender(producer: FakeProducer) -> Any:
    async with BulkSender(lambda: cast(Any, producer), batch_bytes=producer.most) as started:
        yield started


def rows(*values: bytes) -> list[Row]:
    return [(b"k", value) for value in values]


async def test_rows_are_split_into_batches_in_their_order(
    sender: BulkSender, producer: FakeProducer
) -> None:
    await sender.send("rows", 0, rows(b"aaaa", b"bbbb", b"cccc", b"d"))
    assert producer.batches() == [
        [(b"k", b"aaaa"), (b"k", b"bbbb")],
        [(b"k", b"cccc"), (b"k", b"d")],
    ]


async def test_a_none_value_and_headers_are_passed_on(
    sender: BulkSender, producer: FakeProducer
) -> None:
    await sender.send("rows", 0, [(b"k", None), (b"k", b"v", [("why", b"late")])])
    assert producer.batches() == [[(b"k", None), (b"k", b"v")]]
    assert producer.sent[0][2].headers == [[], [("why", b"late")]]


async def test_it_returns_only_when_every_batch_is_acknowledged(
    sender: BulkSender, producer: FakeProducer
) -> None:
    producer.acknowledge = False
    sending = asyncio.create_task(
        sender.send_all({("rows", 0): rows(b"aaaaaaaa", b"bbbbbbbb"), ("rows", 1): rows(b"c")})
    )
    await asyncio.sleep(0.01)
    assert len(producer.acks) == 3
    for ack in producer.acks:
        assert not sending.done()
        ack.set_result(None)
        await asyncio.sleep(0)
    await asyncio.wait_for(sending, 60)


async def test_it_says_which_write_has_waited_longest_for_its_acknowledgement(
    sender: BulkSender, producer: FakeProducer
) -> None:
    oldest = [sender.oldest_write]
    producer.acknowledge = False
    first = asyncio.create_task(sender.send("rows", 0, rows(b"a")))
    second = asyncio.create_task(sender.send("rows", 1, rows(b"b")))
    await asyncio.sleep(0.01)
    oldest.append(sender.oldest_write)
    producer.acks[0].set_result(None)
    await asyncio.wait_for(first, 60)
    oldest.append(sender.oldest_write)
    producer.acks[1].set_exception(KafkaTimeoutError())
    with pytest.raises(SendError):
        await asyncio.wait_for(second, 60)
    oldest.append(sender.oldest_write)
    assert oldest == [None, 1, 2, None]


async def test_no_rows_are_no_batch(sender: BulkSender, producer: FakeProducer) -> None:
    await sender.send_all({("rows", 0): []})
    assert producer.sent == []


async def test_a_failure_names_topic_and_partition(
    sender: BulkSender, producer: FakeProducer
) -> None:
    producer.error = KafkaTimeoutError()
    with pytest.raises(SendError, match="rows-7: 1 rows not sent: KafkaTimeoutError"):
        await sender.send("rows", 7, rows(b"a"))


async def test_rows_nobody_acknowledges_are_an_error(producer: FakeProducer) -> None:
    producer.acknowledge = False
    async with BulkSender(lambda: cast(Any, producer), delivery_timeout_s=0.01) as sender:
        with pytest.raises(SendError, match=r"rows-0, rows-1: no acknowledgement within 0.01 s"):
            await sender.send_all({("rows", 0): rows(b"a"), ("rows", 1): rows(b"b")})


@pytest.mark.parametrize("before", [[], [b"a"]], ids=["alone", "after others"])
async def test_a_row_larger_than_a_batch_is_an_error_that_names_its_key(
    sender: BulkSender, before: list[bytes]
) -> None:
    with pytest.raises(RowTooLargeError, match=r"rows-0: the row with key b'k' takes 12 bytes"):
        await sender.send("rows", 0, rows(*before, b"x" * 11))


async def test_it_refuses_rows_while_it_is_not_started() -> None:
    with pytest.raises(SendError, match="not started"):
        await BulkSender(lambda: cast(Any, None)).send("rows", 0, rows(b"a"))


async def test_it_starts_and_stops_its_producer(producer: FakeProducer) -> None:
    async with BulkSender(lambda: cast(Any, producer)):
        assert producer.started
    assert not producer.started
