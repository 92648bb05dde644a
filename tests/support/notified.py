"""A worker with the notifier between lists for topics, by a clock that tests set."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.notifier import Control
from kpistream.core.alerting.telling.silences import Silence
from kpistream.edges.metrics import Telemetry
from kpistream.stream.controls import encode_control
from kpistream.stream.courier import Receiver
from kpistream.stream.layout import Layout
from kpistream.stream.notifying import Notifying
from kpistream.stream.sender import SendError
from tests.support.alerting import START

LAYOUT = Layout("k", {"click": "clicks"}, {"click": 1}, 4)


class Broker:
    """Topics as lists, which takes a moment for each write."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Any]] = {}
        self.written: list[str] = []
        self.is_away = False

    async def send_all(self, rows: Mapping[tuple[str, int], Sequence[Any]]) -> None:
        """Write rows, or fail."""
        await asyncio.sleep(0)
        if self.is_away:
            raise SendError("no broker")
        for (topic, partition), held in rows.items():
            assert topic == LAYOUT.dead_letters or partition == 0
            self.topics.setdefault(topic, []).extend(held)
            self.written.append(topic)

    async def send(self, topic: str, partition: int, rows: Sequence[Any]) -> None:
        """Write rows of one partition."""
        await self.send_all({(topic, partition): rows})

    def knows(self, text: str) -> bool:
        """Whether a row of the table has this text in it."""
        rows = self.topics.get(LAYOUT.notified_table, [])
        return any(text.encode() in (value or b"") for _, value in rows)


class Worker:
    """A worker with the notifier; what it keeps is in the broker, and so outlives it."""

    def __init__(self, broker: Broker, *receivers: Receiver) -> None:
        self.now_s = START
        self.telemetry = Telemetry()
        self.broker = broker
        self.stage = Notifying(
            receivers, LAYOUT, cast(Any, broker), self.telemetry, lambda: self.now_s, _half
        )
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Recover from the broker, and begin to carry."""
        self.stage.on_partition_assigned(0)
        rows = self.broker.topics.get(LAYOUT.notified_table, [])
        self.stage.on_rows(0, cast(Any, [SimpleNamespace(key=k, value=v) for k, v in rows]))
        self.stage.on_partition_recovered(0, len(rows))
        self.tasks = [asyncio.create_task(c.run()) for c in self.stage.couriers.values()]

    async def kill(self) -> None:
        """Stop as by kill -9: nothing else becomes durable."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def take(self, *news: Alert | Control | tuple[bytes, bytes], ago_s: float = 0.0) -> None:
        """Take these, told just now or some time ago, from the log, and do what follows."""
        log = self.broker.topics.setdefault("log", [])
        told_ms = int(1000 * (self.now_s - ago_s))
        records = []
        for one in news:
            key, value = _record(one)
            named = {"offset": len(log), "timestamp": told_ms, "key": key, "value": value}
            records.append(SimpleNamespace(**named))
            log.append(value)
        await self.stage.take(cast(Any, records))
        await settle()

    async def at(self, seconds: float) -> None:
        """So much later."""
        self.now_s = START + seconds
        for courier in self.stage.couriers.values():
            courier.wake()
        await settle()

    @property
    def tries(self) -> dict[tuple[str, str], int]:
        """How often a receiver and an outcome came together."""
        return dict(self.telemetry.snapshot().deliveries)

    @property
    def waiting(self) -> dict[str, int]:
        """How many messages a receiver has not taken yet."""
        return dict(self.telemetry.snapshot().waiting)


def _half() -> float:
    return 0.5


def _record(one: Alert | Control | tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    if isinstance(one, tuple):
        return one
    if isinstance(one, Alert):
        return one.fingerprint.encode(), alerts.encode(one)
    return encode_control(one)


async def settle() -> None:
    """Let everything happen that waits for nothing but its turn."""
    for _ in range(100):
        await asyncio.sleep(0)


def silence(**named: Any) -> Silence:
    """Of the usual rule, for ten minutes."""
    usual = {
        "id": "one",
        "matchers": parse_matchers(["alertname=roas_below_one"]),
        "starts_at": START,
        "ends_at": START + 600,
        "author": "ana",
        "created_at": START,
    }
    return Silence(**{**usual, **named})


def acknowledged(alert: Alert) -> Acknowledgement:
    """That somebody looks after this firing."""
    return Acknowledgement(
        fingerprint=alert.fingerprint, since=alert.changed_at, author="ana", at=START
    )
