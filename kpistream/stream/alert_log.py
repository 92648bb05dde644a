"""The log of alerts: the changes that people were told of, read back from the topic of alerts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.edges.web.desk import BrokerAway
from kpistream.stream.connection import Connection
from kpistream.stream.controls import is_control
from kpistream.stream.layout import NOTIFIER

PATIENCE_S: Final = 20.0
"""How long reading the log may take: who asks is a person."""

TOLD_AFTER_MS: Final = 3_600_000
"""A change is told so much later at most, after a restart for instance."""

_POLL_MS: Final = 500
_MOST_AT_ONCE: Final = 500


async def read_alert_log(
    link: Connection, topic: str, from_ms: int, to_ms: int, most: int
) -> tuple[list[Alert], bool]:
    """What changed between two moments (epoch milliseconds), each change once, the oldest first.

    A change is told again with newer values while it lasts: the newest until ``to_ms`` stays. Also,
    whether there are more than ``most``. Raises BrokerAway.
    """
    try:
        async with asyncio.timeout(PATIENCE_S), aclosing(_records(link, topic, from_ms)) as records:
            return await _changes(records, from_ms, to_ms, most)
    except (KafkaError, OSError) as error:  # a timeout is an OSError, too
        raise BrokerAway("the broker does not answer") from error


async def _changes(
    records: AsyncIterable[tuple[int, Alert]], from_ms: int, to_ms: int, most: int
) -> tuple[list[Alert], bool]:
    found: dict[Any, Alert] = {}
    async for at_ms, alert in records:
        if at_ms >= to_ms + TOLD_AFTER_MS:
            break
        if not alert.is_news:
            continue
        if alert.identity in found:
            if at_ms < to_ms:
                found[alert.identity] = alert
        elif from_ms <= alert.changed_at * 1000 < to_ms:
            if len(found) >= most:
                return _in_order(found), True
            found[alert.identity] = alert
    return _in_order(found), False


def _in_order(found: Mapping[Any, Alert]) -> list[Alert]:
    return sorted(found.values(), key=lambda alert: alert.changed_at)


async def _records(
    link: Connection, topic: str, from_ms: int
) -> AsyncGenerator[tuple[int, Alert], None]:
    """The alerts in the topic from a moment on, to the end that it has now, with their times."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=link.servers, enable_auto_commit=False, **link.client_options()
    )
    await consumer.start()
    try:
        partition = TopicPartition(topic, NOTIFIER)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        start = (await consumer.offsets_for_times({partition: from_ms}))[partition]
        if start is None or start.offset >= end:
            return
        consumer.seek(partition, start.offset)
        while await consumer.position(partition) < end:
            batches = await consumer.getmany(
                partition, timeout_ms=_POLL_MS, max_records=_MOST_AT_ONCE
            )
            for record in batches.get(partition, ()):
                if record.offset < end and record.value and not is_control(record.key or b""):
                    yield record.timestamp, alerts.decode(record.value)
    finally:
        await consumer.stop()
