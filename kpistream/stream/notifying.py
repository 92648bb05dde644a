"""The notify stage: alerts and what people say about them in, messages to receivers out."""

from __future__ import annotations

import asyncio
import random as randomness
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

import msgspec
import structlog

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.dispatches import Burial, Delivery
from kpistream.core.alerting.telling.notifier import Control, Notifier
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.core.slices import partition_of
from kpistream.edges.metrics import Telemetry
from kpistream.edges.web.desk import BrokerAway
from kpistream.stream.controls import decode_control, encode_control, is_control
from kpistream.stream.courier import Courier, Receiver, Surroundings
from kpistream.stream.gate import FlushGate
from kpistream.stream.layout import NOTIFIER, Layout
from kpistream.stream.ownership import new_owner
from kpistream.stream.sender import BulkSender, Row, SendError
from kpistream.stream.transport import Chunk, Record, chunk_events

SAY_S: Final = 10.0
"""How long who says something waits for the broker's acknowledgement, in seconds."""

OLD_S: Final = 86_400.0
"""A firing that was told last so long ago is not told to people: it is over, or told again.

Whoever judges tells again of all that fires after each rebalance. Where the log is read anew, since
the group's offsets were lost, this keeps what ended long ago from being told as if it began.
"""

log = structlog.get_logger(__name__)

_to_json: Final = msgspec.json.Encoder().encode


class Notifying:
    """The notifier, if this worker has it, and the couriers of its receivers.

    One worker of all has the one partition of the topic of alerts. What it takes in is durable
    before it is acknowledged. What a receiver did not take in the end is a dead letter.
    """

    def __init__(
        self,
        receivers: Sequence[Receiver],
        layout: Layout,
        sender: BulkSender,
        telemetry: Telemetry,
        clock_s: Callable[[], float],
        random: Callable[[], float] = randomness.random,
    ) -> None:
        self._plans = [receiver.plan for receiver in receivers]
        self._layout = layout
        self._sender = sender
        self._telemetry = telemetry
        self._clock_s = clock_s
        self._notifier: Notifier | None = None
        self._recovering: Notifier | None = None
        self._gate = FlushGate("what is to be told")
        self._saying: set[asyncio.Task[None]] = set()
        around = Surroundings(self._save, telemetry, clock_s, random)
        self._couriers = {one.name: one for one in (Courier(each, around) for each in receivers)}

    @property
    def couriers(self) -> Mapping[str, Courier]:
        """Who carries messages, by the name of the receiver; each needs a task of its own."""
        return self._couriers

    # -- the table ---------------------------------------------------------------------------------

    def on_partition_assigned(self, partition: int) -> None:
        """Start the state anew."""
        self.on_partition_revoked(partition)
        self._recovering = Notifier(self._plans, new_owner())

    def on_rows(self, partition: int, records: list[Record]) -> None:
        """Take up rows of the changelog."""
        notifier = self._recovering
        for record in records:
            if notifier is not None:
                notifier.restore(record.key or b"", record.value)

    def on_partition_recovered(self, partition: int, end_offset: int) -> None:
        """Go on with what was begun."""
        notifier, self._recovering = self._recovering, None
        if notifier is None:
            return
        notifier.restored()
        self._notifier = notifier
        for courier in self._couriers.values():
            courier.start(notifier)

    def on_partition_revoked(self, partition: int) -> None:
        """Leave what is under way to the next owner."""
        self._recovering = self._notifier = None
        for courier in self._couriers.values():
            courier.stop()

    async def flush(self) -> None:
        """Make durable what is known, as before the partition is given away."""
        if self._notifier is not None:
            await self._save(self._notifier)

    # -- the agent ---------------------------------------------------------------------------------

    async def run(self, stream: Any) -> None:
        """The agent: take in each chunk, durably, then acknowledge."""
        async for event in chunk_events(stream):
            await self.take(cast(Chunk, event.value).take())
            event.ack()

    async def take(self, records: Iterable[Record]) -> None:
        """Take in alerts and what people say about them, durably."""
        notifier = self._notifier
        if notifier is None:
            raise RuntimeError("records of a partition that this worker has not")
        for record in records:
            self._take(notifier, record)
        self._telemetry.left_out(notifier.left_out)
        await self._save(notifier)
        for courier in self._couriers.values():
            courier.wake()

    def _take(self, notifier: Notifier, record: Record) -> None:
        key, value = record.key or b"", record.value or b""
        try:
            if is_control(key):
                notifier.control(record.offset, decode_control(value), self._clock_s())
            else:
                self._take_alert(notifier, record, alerts.decode(value))
        except ValueError as error:
            log.error(
                "left out of the topic of alerts",
                offset=record.offset,
                key=key[:100].decode(errors="replace"),
                problem=str(error),
            )

    def _take_alert(self, notifier: Notifier, record: Record, alert: Alert) -> None:
        now_s = self._clock_s()
        told_ago_s = now_s - record.timestamp / 1000
        if alert.state is AlertState.firing and told_ago_s > OLD_S:
            log.info("fired long ago", rule=alert.rule, offset=record.offset)
            return
        notifier.alert(record.offset, alert, now_s)

    # -- what becomes durable ----------------------------------------------------------------------

    async def _save(self, notifier: Notifier) -> None:
        await self._gate.run(partial(self._flush, notifier))

    async def _flush(self, notifier: Notifier) -> None:
        """Dead letters before the rows that say that a message was given up."""
        letters, rows = self._letters(notifier.buried()), notifier.drain()
        if letters:
            await self._sender.send_all(letters)
        if rows:
            await self._sender.send_all({(self._layout.notified_table, NOTIFIER): rows})
            self._telemetry.flushed(self._layout.notified_table, len(rows))

    def _letters(self, burials: Iterable[Burial]) -> dict[tuple[str, int], list[Row]]:
        letters: dict[tuple[str, int], list[Row]] = {}
        for burial in burials:
            for alert in burial.dispatch.alerts:
                key = alert.fingerprint.encode()
                partition = partition_of(key, self._layout.partitions)
                row: Row = (key, _to_json(alert.to_dict()), _headers(burial))
                letters.setdefault((self._layout.dead_letters, partition), []).append(row)
        return letters

    # -- what people ask and say -------------------------------------------------------------------

    @property
    def is_owner(self) -> bool:
        """Whether this worker is the one that notifies, and has recovered."""
        return self._notifier is not None

    @property
    def disabled(self) -> frozenset[str]:
        """The receivers that said they are gone for good."""
        return frozenset() if self._notifier is None else self._notifier.disabled

    def suppression(self, alert: Alert) -> Suppression | None:
        """What keeps people from being told of an alert; None if another worker knows."""
        notifier = self._notifier
        return None if notifier is None else notifier.status(alert, self._clock_s())

    def suppression_of(self, fingerprint: str) -> Suppression | None:
        """The same for an alert that was told; None if it is not known here."""
        notifier = self._notifier
        return None if notifier is None else notifier.status_of(fingerprint, self._clock_s())

    def silences(self) -> Sequence[Silence]:
        """The silences that hold, are to come or ended not long ago, the newest first."""
        return () if self._notifier is None else self._notifier.silences(self._clock_s())

    def deliveries(self, limit: int) -> Sequence[Delivery]:
        """The newest message of each receiver and group, the newest first."""
        return () if self._notifier is None else self._notifier.deliveries(limit)

    async def say(self, control: Control) -> None:
        """Put a silence or an acknowledgement where the notifier takes it in.

        Returns when the broker has it; raises BrokerAway when it does not say so in time, in which
        case it may have it all the same.
        """
        rows: list[Row] = [encode_control(control)]
        # What is sent cannot be taken back: who goes away leaves it to finish.
        task = asyncio.create_task(self._sender.send(self._layout.alerts, NOTIFIER, rows))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(SAY_S):
                await asyncio.shield(task)
        except (SendError, TimeoutError) as error:
            raise BrokerAway("the broker has not acknowledged it") from error


def _headers(burial: Burial) -> list[tuple[str, bytes]]:
    dispatch = burial.dispatch
    return [
        ("receiver", dispatch.receiver.encode()),
        ("outcome", b"gave_up"),
        ("problem", burial.problem.encode()),
        ("message_id", dispatch.message_id.encode()),
    ]
