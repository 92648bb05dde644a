"""The log of alerts: the changes that people were told of, read back from the topic of alerts.

A change is told again with newer values while it lasts. The broker keeps the newest telling of each
(see :func:`change_key`), so that the log grows with the changes, however long alerts fire.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.edges.web.changes import Changes
from kpistream.edges.web.desk import BrokerAway
from kpistream.stream.connection import Connection
from kpistream.stream.controls import is_control
from kpistream.stream.layout import NOTIFIER

PATIENCE_S: Final = 20.0
"""How long reading the log may take: who asks is a person."""

_POLL_MS: Final = 500
_MOST_AT_ONCE: Final = 500


def change_key(alert: Alert) -> bytes:
    """What names a change of an alert on the topic: the same whenever it is told again."""
    return f"{alert.fingerprint}:{alert.state.value}:{alert.changed_at:.3f}".encode()


async def read_alert_log(
    link: Connection, topic: str, from_ms: int, to_ms: int, most: int
) -> Changes:
    """What changed between two moments (epoch milliseconds), each change once, the oldest first.

    Of a change that was told several times, the newest telling until ``to_ms`` is taken, or else
    the first that is kept. Raises BrokerAway.
    """
    try:
        async with asyncio.timeout(PATIENCE_S), _reader(link) as consumer:
            partition = TopicPartition(topic, NOTIFIER)
            since_ms = await _since_ms(consumer, partition, to_ms)
            async with aclosing(_records(consumer, partition, from_ms)) as records:
                return await _changes(records, from_ms, to_ms, most, since_ms)
    except (KafkaError, OSError) as error:  # a timeout is an OSError, too
        raise BrokerAway("the broker does not answer") from error


async def _changes(
    records: AsyncIterable[tuple[int, Alert]],
    from_ms: int,
    to_ms: int,
    most: int,
    since_ms: int | None,
) -> Changes:
    found: dict[Any, Alert] = {}
    async for at_ms, alert in records:
        if not alert.is_news:
            continue
        if alert.identity in found:
            if at_ms < to_ms:
                found[alert.identity] = alert
        elif from_ms <= alert.changed_at * 1000 < to_ms:
            if len(found) >= most:
                return Changes(_in_order(found), is_truncated=True, since_ms=since_ms)
            found[alert.identity] = alert
    return Changes(_in_order(found), since_ms=since_ms)


def _in_order(found: Mapping[Any, Alert]) -> list[Alert]:
    return sorted(found.values(), key=lambda alert: alert.changed_at)


@asynccontextmanager
async def _reader(link: Connection) -> AsyncGenerator[AIOKafkaConsumer, None]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=link.servers, enable_auto_commit=False, **link.client_options()
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _records(
    consumer: AIOKafkaConsumer, partition: TopicPartition, from_ms: int
) -> AsyncGenerator[tuple[int, Alert], None]:
    """The alerts of a partition from a moment on, to the end that it has now, with their times."""
    consumer.assign([partition])
    end = (await consumer.end_offsets([partition]))[partition]
    start = (await consumer.offsets_for_times({partition: from_ms}))[partition]
    if start is None or start.offset >= end:
        return
    consumer.seek(partition, start.offset)
    while await consumer.position(partition) < end:
        batches = await consumer.getmany(partition, timeout_ms=_POLL_MS, max_records=_MOST_AT_ONCE)
        for record in batches.get(partition, ()):
            if record.offset < end and record.value and not is_control(record.key or b""):
                yield record.timestamp, alerts.decode(record.value)


async def _since_ms(
    consumer: AIOKafkaConsumer, partition: TopicPartition, to_ms: int
) -> int | None:
    """From when on the log holds all that was told; None if nothing of it is gone.

    That is when its oldest record was told. Nothing older is sure to be there, whatever the topic's
    settings say: they may be newer than the log.
    """
    if not (await consumer.beginning_offsets([partition]))[partition]:
        return None
    oldest = (await consumer.offsets_for_times({partition: 0}))[partition]
    return to_ms if oldest is None else oldest.timestamp
