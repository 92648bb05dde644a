"""Deliveries: durable before and after, and a dead letter for what a receiver did not take."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.edges.webhook import Delivery, DeliveryOutcome
from kpistream.stream.layout import Layout
from kpistream.stream.notifying import Notifying
from tests.support.alerting import firing, resolved

LAYOUT = Layout("k", {"click": "clicks"}, {"click": 1}, 1)


class Broker:
    def __init__(self) -> None:
        self.topics: dict[str, list[Any]] = {}

    async def send_all(self, rows: Mapping[tuple[str, int], Sequence[Any]]) -> None:
        await asyncio.sleep(0)
        for (topic, _), held in rows.items():
            self.topics.setdefault(topic, []).extend(held)


class Chat:
    name = "chat"

    def __init__(self, outcome: DeliveryOutcome = DeliveryOutcome.delivered) -> None:
        self.outcome = outcome
        self.told: list[str] = []

    async def tell(self, alert: Alert) -> Delivery:
        self.told.append(str(alert.state))
        return Delivery("example.org", "id", self.outcome, 3, 503, "answered 503")


def record(offset: int, alert: Alert) -> Any:
    return SimpleNamespace(offset=offset, key=b"", value=alerts.encode(alert))


async def run(broker: Broker, chat: Chat, *noted: Alert) -> None:
    """A worker that starts with what is durable, takes alerts, delivers, and is killed."""
    stage = Notifying([chat], LAYOUT, cast(Any, broker))
    stage.on_partition_assigned(0)
    rows = broker.topics.get(LAYOUT.notified_table, [])
    stage.on_rows(0, cast(Any, [SimpleNamespace(key=k, value=v) for k, v in rows]))
    stage.on_partition_recovered(0, len(rows))
    if noted:
        await stage.note(0, [record(n, alert) for n, alert in enumerate(noted)])
    delivering = asyncio.create_task(stage.deliver("chat"))
    await asyncio.sleep(0.02)
    delivering.cancel()
    with suppress(asyncio.CancelledError):
        await delivering


async def test_a_delivery_is_not_repeated_by_a_restart() -> None:
    broker, chat = Broker(), Chat()
    await run(broker, chat, firing())
    await run(broker, chat, firing())
    await run(broker, chat, resolved())
    await run(broker, chat)
    assert chat.told == ["firing", "resolved"]
    assert LAYOUT.dead_letters not in broker.topics


@pytest.mark.parametrize("outcome", [DeliveryOutcome.refused, DeliveryOutcome.gave_up])
async def test_what_a_receiver_did_not_take_is_a_dead_letter(outcome: DeliveryOutcome) -> None:
    broker, chat, alert = Broker(), Chat(outcome), firing()
    await run(broker, chat, alert)
    await run(broker, chat)

    [(key, value, headers)] = broker.topics[LAYOUT.dead_letters]
    assert key == alert.fingerprint.encode()
    assert json.loads(value)["changed_at"] == alert.to_dict()["changed_at"]
    assert dict(headers) == {
        "receiver": b"chat",
        "outcome": outcome.value.encode(),
        "problem": b"answered 503",
    }
    assert chat.told == ["firing"]
