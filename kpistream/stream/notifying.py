"""The notify stage: alerts in, webhook calls out, with what was delivered kept in a table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import msgspec
import structlog

from kpistream.core import alerts
from kpistream.core.alerts import Alert
from kpistream.edges.webhook import Delivery, DeliveryOutcome
from kpistream.stream.transport import Chunk, Record, chunk_events

log = structlog.get_logger(__name__)

_SEPARATOR: Final = b"|"


class Receiver(Protocol):
    """Somebody who is told of alerts."""

    @property
    def name(self) -> str:
        """What the settings call it."""

    async def tell(self, alert: Alert) -> Delivery:
        """Deliver, or give up."""


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """The newest alert of a fingerprint for a receiver, and whether it is done with."""

    offset: int
    done: bool
    alert: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Row).decode

Rows = dict[int, list[tuple[bytes, bytes | None]]]
Persist = Callable[[Rows], Awaitable[None]]


class Notifying:
    """The partitions of the alerts topic that this worker has, and the deliveries they ask for.

    An alert is a row of the table before its message is acknowledged, and the row is marked done
    after its delivery, so that a restart neither loses a notification nor repeats a finished one.
    Of one fingerprint the newest state wins: what became outdated while a receiver was down is
    not delivered any more.
    """

    def __init__(self, receivers: Sequence[Receiver], persist: Persist) -> None:
        self._receivers = {receiver.name: receiver for receiver in receivers}
        self._persist = persist
        self._rows: dict[int, dict[bytes, _Row]] = {}
        self._recovering: dict[int, dict[bytes, _Row]] = {}
        self._work = {name: asyncio.Event() for name in self._receivers}

    # -- the table ---------------------------------------------------------------------------------

    def on_partition_assigned(self, partition: int) -> None:
        """Start the partition's state anew."""
        self.on_partition_revoked(partition)
        self._recovering[partition] = {}

    def on_rows(self, partition: int, records: list[Record]) -> None:
        """Take up rows of the changelog; of two, the one of the later alert stays."""
        rows = self._recovering[partition]
        for record in records:
            key = record.key or b""
            if record.value is None:
                rows.pop(key, None)
                continue
            row = _decode(record.value)
            held = rows.get(key)
            if held is None or (row.offset, row.done) >= (held.offset, held.done):
                rows[key] = row

    def on_partition_recovered(self, partition: int, end_offset: int) -> None:
        """Go on with the deliveries that were not done."""
        self._rows[partition] = self._recovering.pop(partition)
        self._wake()

    def on_partition_revoked(self, partition: int) -> None:
        """Leave the deliveries of the partition to its next owner."""
        self._recovering.pop(partition, None)
        self._rows.pop(partition, None)

    # -- the agent ---------------------------------------------------------------------------------

    async def run(self, stream: Any) -> None:
        """The agent: note each alert for each receiver, durably, then acknowledge."""
        async for event in chunk_events(stream):
            chunk = cast(Chunk, event.value)
            await self._note(chunk.partition, chunk.take())
            event.ack()
            self._wake()

    async def _note(self, partition: int, records: Sequence[Record]) -> None:
        rows = self._rows.get(partition, {})
        noted: dict[bytes, _Row] = {}
        for record in records:
            alert = alerts.decode(record.value or b"")
            if not alert.is_news:
                continue
            for name in self._receivers:
                key = name.encode() + _SEPARATOR + alert.fingerprint.encode()
                if not _is_repeat(alert, rows.get(key)):
                    noted[key] = _Row(record.offset, False, alerts.encode(alert))
        if noted:
            await self._persist({partition: [(key, _encode(row)) for key, row in noted.items()]})
            rows.update(noted)

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

    def _next(self, name: str) -> tuple[int, bytes, _Row] | None:
        prefix = name.encode() + _SEPARATOR
        waiting = [
            (row.offset, partition, key, row)
            for partition, rows in self._rows.items()
            for key, row in rows.items()
            if not row.done and key.startswith(prefix)
        ]
        if not waiting:
            return None
        _, partition, key, row = min(waiting, key=lambda item: item[:3])
        return partition, key, row

    async def _deliver(self, name: str, partition: int, key: bytes, row: _Row) -> None:
        alert = alerts.decode(row.alert)
        delivery = await self._receivers[name].tell(alert)
        tell = log.info if delivery.outcome is DeliveryOutcome.delivered else log.error
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
        rows = self._rows.get(partition)
        if rows is not None and rows.get(key) is row:
            done = rows[key] = _Row(row.offset, True, row.alert)
            await self._persist({partition: [(key, _encode(done))]})


def _is_repeat(alert: Alert, row: _Row | None) -> bool:
    return row is not None and alerts.decode(row.alert).changed_at >= alert.changed_at
