"""The notify stage: alerts in, webhook calls out, with what was delivered kept in a table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol, cast

import msgspec
import structlog

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.notices import Notice, Notices
from kpistream.core.slices import partition_of
from kpistream.edges.webhook import Delivery, DeliveryOutcome
from kpistream.stream.gate import FlushGate
from kpistream.stream.layout import Layout
from kpistream.stream.ownership import new_owner
from kpistream.stream.sender import BulkSender, Row
from kpistream.stream.transport import Chunk, Record, chunk_events

log = structlog.get_logger(__name__)

_to_json: Final = msgspec.json.Encoder().encode


class Receiver(Protocol):
    """Somebody who is told of alerts."""

    @property
    def name(self) -> str:
        """What the settings call it."""

    async def tell(self, alert: Alert) -> Delivery:
        """Deliver, or give up."""


class Notifying:
    """The partitions of the alerts topic that this worker has, and the deliveries they ask for.

    An alert is a row of the table before its message is acknowledged, and the row is marked done
    after its delivery, so that a restart neither loses a notification nor repeats a finished one.
    What a receiver did not take is a dead letter.
    """

    def __init__(self, receivers: Sequence[Receiver], layout: Layout, sender: BulkSender) -> None:
        self._receivers = {receiver.name: receiver for receiver in receivers}
        self._layout = layout
        self._sender = sender
        self._notices: dict[int, Notices] = {}
        self._recovering: dict[int, Notices] = {}
        self._work = {name: asyncio.Event() for name in self._receivers}
        self._gate = FlushGate("what is to be told")

    # -- the table ---------------------------------------------------------------------------------

    def on_partition_assigned(self, partition: int) -> None:
        """Start the partition's state anew."""
        self.on_partition_revoked(partition)
        self._recovering[partition] = Notices(self._receivers.keys(), new_owner())

    def on_rows(self, partition: int, records: list[Record]) -> None:
        """Take up rows of the changelog."""
        restore = self._recovering[partition].restore
        for record in records:
            restore(record.key or b"", record.value)

    def on_partition_recovered(self, partition: int, end_offset: int) -> None:
        """Go on with the deliveries that were not done."""
        notices = self._recovering.pop(partition)
        notices.restored()
        self._notices[partition] = notices
        self._wake()

    def on_partition_revoked(self, partition: int) -> None:
        """Leave the deliveries of the partition to its next owner."""
        self._recovering.pop(partition, None)
        self._notices.pop(partition, None)

    # -- the agent ---------------------------------------------------------------------------------

    async def run(self, stream: Any) -> None:
        """The agent: note each alert for each receiver, durably, then acknowledge."""
        async for event in chunk_events(stream):
            chunk = cast(Chunk, event.value)
            await self.note(chunk.partition, chunk.take())
            event.ack()
            self._wake()

    async def note(self, partition: int, records: Sequence[Record]) -> None:
        """Note each alert for each receiver, durably."""
        notices = self._notices[partition]
        for record in records:
            notices.note(record.offset, alerts.decode(record.value or b""))
        notices.forget()
        await self._save(partition, notices)

    async def _save(self, partition: int, notices: Notices) -> None:
        await self._gate.run(partial(self._flush, partition, notices))

    async def _flush(self, partition: int, notices: Notices) -> None:
        await self._sender.send_all({(self._layout.notified_table, partition): notices.drain()})

    def _wake(self) -> None:
        for event in self._work.values():
            event.set()

    # -- the deliveries ----------------------------------------------------------------------------

    async def deliver(self, name: str) -> None:
        """The task of one receiver: deliver what waits for it, oldest first, without an end."""
        work = self._work[name]
        while True:
            work.clear()
            while (waiting := self._next(name)) is not None:
                await self._deliver(name, *waiting)
            await work.wait()

    @property
    def receivers(self) -> Mapping[str, Receiver]:
        """The receivers by name; each has a task of its own."""
        return self._receivers

    def _next(self, name: str) -> tuple[int, Notice] | None:
        waiting = [
            (partition, notice)
            for partition, notices in self._notices.items()
            for notice in notices.waiting(name)
        ]
        return min(waiting, key=lambda item: (item[1].offset, item[0]), default=None)

    async def _deliver(self, name: str, partition: int, notice: Notice) -> None:
        alert = notice.alert
        delivery = await self._receivers[name].tell(alert)
        delivered = delivery.outcome is DeliveryOutcome.delivered
        tell = log.info if delivered else log.error
        tell(
            "alert delivery",
            receiver=name,
            outcome=delivery.outcome.value,
            rule=alert.rule,
            state=alert.state.value,
            fingerprint=alert.fingerprint,
            tries=delivery.tries,
            problem=delivery.problem,
        )
        if not delivered:
            await self._bury(name, alert, delivery)
        notices = self._notices.get(partition)
        if notices is not None:
            notices.done(name, notice)
            await self._save(partition, notices)

    async def _bury(self, name: str, alert: Alert, delivery: Delivery) -> None:
        key = alert.fingerprint.encode()
        headers = [
            ("receiver", name.encode()),
            ("outcome", delivery.outcome.value.encode()),
            ("problem", delivery.problem.encode()),
        ]
        row: Row = (key, _to_json(alert.to_dict()), headers)
        partition = partition_of(key, self._layout.partitions)
        await self._sender.send_all({(self._layout.dead_letters, partition): [row]})
