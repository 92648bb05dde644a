from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError

from kpistream.edges.emitter import kafka_sink
from kpistream.edges.emitter.kafka_sink import KafkaSink
from kpistream.edges.emitter.replay import Replayed
from kpistream.edges.emitter.sink import SinkError

CLICK = Replayed("click", b"v1", b"{}", 1_000)
ORDER = Replayed("order", None, b"{}", None)


class Producer:
    """An AIOKafkaProducer without a broker: the test confirms the records."""

    made: Producer
    unreachable = False

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.sent: list[tuple[Any, ...]] = []
        self.answers: list[asyncio.Future[object]] = []
        self.stopped = False
        Producer.made = self

    async def start(self) -> None:
        if self.unreachable:
            raise KafkaConnectionError("nobody there")

    async def stop(self) -> None:
        self.stopped = True

    async def send(
        self, topic: str, value: bytes, key: bytes | None, timestamp_ms: int | None
    ) -> asyncio.Future[object]:
        self.sent.append((topic, value, key, timestamp_ms))
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return answer


@pytest.fixture(autouse=True)
def producer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_sink, "AIOKafkaProducer", Producer)


def confirm_all() -> None:
    for answer in Producer.made.answers:
        answer.set_result(None)


async def test_records_go_to_the_topic_of_their_type() -> None:
    async with KafkaSink("broker:9092", {"click": "web.clicks", "order": "orders"}) as sink:
        await sink.send([CLICK, ORDER])
        confirm_all()
    assert Producer.made.sent == [
        ("web.clicks", b"{}", b"v1", None),
        ("orders", b"{}", None, None),
    ]
    assert Producer.made.stopped


async def test_records_can_carry_their_own_time() -> None:
    async with KafkaSink("broker:9092", timestamps=True) as sink:
        await sink.send([CLICK])
        confirm_all()
    assert Producer.made.sent == [("clicks", b"{}", b"v1", 1_000)]


async def test_the_producer_waits_for_all_replicas_and_repeats_nothing() -> None:
    async with KafkaSink("broker:9092", options={"security_protocol": "SSL"}):
        arguments = Producer.made.arguments
    assert arguments["acks"] == "all"
    assert arguments["enable_idempotence"] is True
    assert arguments["bootstrap_servers"] == "broker:9092"
    assert arguments["security_protocol"] == "SSL"


async def test_only_confirmed_records_count_and_flush_waits_for_them() -> None:
    async with KafkaSink("broker:9092") as sink:
        await sink.send([CLICK, ORDER])
        assert sink.acknowledged == 0
        flush = asyncio.create_task(sink.flush())
        await asyncio.sleep(0)
        assert not flush.done()
        confirm_all()
        await flush
        assert sink.acknowledged == 2


async def test_a_record_that_is_not_confirmed_is_an_error() -> None:
    async def one_fails() -> None:
        async with KafkaSink("broker:9092") as sink:
            await sink.send([CLICK, ORDER])
            Producer.made.answers[0].set_result(None)
            Producer.made.answers[1].set_exception(KafkaTimeoutError("too slow"))

    with pytest.raises(SinkError, match=r"1 records were not acknowledged: .*too slow"):
        await one_fails()
    assert Producer.made.stopped


async def test_a_broker_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Producer, "unreachable", True)
    with pytest.raises(SinkError, match="no connection to Kafka at broker:9092"):
        await KafkaSink("broker:9092").__aenter__()
    assert Producer.made.stopped


async def test_a_broker_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_sink, "_SILENCE_S", 0.0)
    with pytest.raises(SinkError, match="1 records wait"):
        async with KafkaSink("broker:9092") as sink:
            await sink.send([CLICK])
    assert Producer.made.stopped
