"""A backtest of what a worker measured live tells of the same alerts: it is the same core."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from kpistream.cli.backtesting import kafka_arrivals
from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.stream.connection import Connection
from tests.cli.conftest import invoke
from tests.support.journey import Journey
from tests.support.kafka_broker import KafkaBroker

pytestmark = pytest.mark.kafka

APART_S = 8.0
PATIENCE_S = 90.0
"""How far apart the worker and the backtest may be: the worker judges when the next beat comes."""

RULES = """
rules:
  - name: roas_below_one
    kpi: return_on_ad_spend
    slice: {channel: "*", campaign: "*"}
    window: 30s
    below: 1
    confidence: raw
    for: 3s
    minimum_sample: 5
    severity: critical
    owner: performance marketing
    action: Pause the campaign.
    summary: A campaign earns less than it costs.
  - name: many_orders
    kpi: orders
    slice: {channel: "*"}
    window: 30s
    above: 24
    confidence: raw
    minimum_sample: 1
    severity: info
    owner: shop
    action: Be glad.
    summary: Many orders.
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@asynccontextmanager
async def journey(broker: KafkaBroker, folder: Path) -> AsyncIterator[Journey]:
    rules = folder / "rules.yml"
    rules.write_text(RULES, encoding="utf-8")
    settings = {"RULES": json.dumps([str(rules)]), "WINDOWS": "30s"}
    made = Journey(broker.bootstrap, folder, settings=settings)
    await made.create_topics()
    try:
        yield made
    finally:
        made.stop()


async def test_a_backtest_tells_of_the_alerts_that_a_worker_told_of_live(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journey(broker, tmp_path) as monitor:
        worker = monitor.add_worker()
        worker.wait_ready()
        await _traffic(monitor)
        told = await _told_to_the_end(monitor)
        sent = sum(worker.outcomes().values())
        assert worker.stop() == 0
    for name, value in _settings(monitor).items():
        monkeypatch.setenv(f"KPISTREAM_{name}", value)
    ran = await asyncio.to_thread(invoke, "backtest", "--from-kafka", "--json")
    assert (ran.code, ran.err) == (0, "")
    documents = [json.loads(line) for line in ran.out.splitlines()]
    [whole] = [one for one in documents if one["kind"] == "backtest"]
    assert whole["events"] == sent
    found = _transitions([one for one in documents if one["kind"] == "firing"])
    assert {"roas_below_one", "many_orders"} == {rule for rule, *_ in told}
    assert {key: [state for state, _ in steps] for key, steps in found.items()} == {
        key: [state for state, _ in steps] for key, steps in told.items()
    }
    for key, steps in told.items():
        for (_, live_s), (_, past_s) in zip(steps, found[key], strict=True):
            assert abs(live_s - past_s) <= APART_S, (key, live_s, past_s)


async def test_a_span_is_read_from_its_beginning_to_its_end(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journey(broker, tmp_path) as monitor:
        moments = []
        for number in range(3):
            await _send(monitor, "click", f"{number}", 50)
            await asyncio.sleep(0.2)
            moments.append(datetime.now(UTC).isoformat())
            await asyncio.sleep(0.2)
    for name, value in _settings(monitor).items():
        monkeypatch.setenv(f"KPISTREAM_{name}", value)

    async def events(*span: str) -> int:
        ran = await asyncio.to_thread(invoke, "backtest", "--from-kafka", "--json", *span)
        documents = [json.loads(line) for line in ran.out.splitlines()]
        return next(int(one["events"]) for one in documents if one["kind"] == "backtest")

    assert await events() == 150
    assert await events("--from", moments[0]) == 100
    assert await events("--to", moments[0]) == 50
    assert await events("--from", moments[0], "--to", moments[1]) == 50
    assert await events("--from", moments[2]) == 0


async def test_the_events_of_all_partitions_come_in_the_order_of_their_arrival(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_arrivals, "BUFFERED_RECORDS", 7)
    async with journey(broker, tmp_path) as monitor:
        playing = monitor.play("steady", rate=500, seconds=4, seed=1)
        await asyncio.to_thread(playing.join)
        logged = await monitor.log()
    read = await asyncio.to_thread(
        lambda: list(kafka_arrivals.kafka_arrivals(Connection(broker.bootstrap), monitor.topics))
    )
    assert [event.arrived_ms for event in read] == sorted(one.timestamp_ms for one in logged)
    assert len({(one.event_type, one.partition) for one in logged}) > 10
    assert Counter((event.event_type, event.value) for event in read) == Counter(
        (one.event_type, one.value) for one in logged
    )


async def test_a_topic_that_is_not_there_counts_as_empty_and_all_of_them_as_a_failure(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journey(broker, tmp_path) as monitor:
        await _send(monitor, "click", "a", 5)
    rules = monitor.settings["RULES"]
    for name, value in {"BROKER": broker.bootstrap, "RULES": rules, "WINDOWS": "30s"}.items():
        monkeypatch.setenv(f"KPISTREAM_{name}", value)
    topics = {event: f"nowhere.{event}" for event in ("click", "cost", "order")}
    for found, code, told in (
        ({}, 1, f"{broker.bootstrap} has none of the topics nowhere.click, nowhere.cost"),
        ({"click": monitor.topics["click"]}, 0, "there is no topic nowhere.cost, nowhere.order"),
    ):
        monkeypatch.setenv("KPISTREAM_TOPICS", json.dumps(topics | found))
        ran = await asyncio.to_thread(invoke, "backtest", "--from-kafka", "--json")
        assert ran.code == code
        assert told in ran.err


def _settings(monitor: Journey) -> dict[str, str]:
    """What the worker was set to."""
    return {
        "BROKER": monitor.bootstrap,
        "APP_ID": monitor.app_id,
        "TOPICS": json.dumps(monitor.topics),
        **monitor.settings,
    }


async def _traffic(monitor: Journey) -> None:
    """A campaign that loses money and recovers, twice; and a rush of orders in between."""
    for round_ in range(2):
        await _send(monitor, "click", f"{round_}", 8)
        await _send(monitor, "cost", f"{round_}", 1, amount=_euro("100.00"))
        await _send(monitor, "order", f"{round_}-few", 1, revenue=_euro("20.00"))
        await asyncio.sleep(8)
        await _send(monitor, "order", f"{round_}-rush", 30, revenue=_euro("50.00"))
        await asyncio.sleep(8)
    # Until everything has left the window, and what it raised has ended.
    await asyncio.sleep(45)
    await _send(monitor, "impression", "last", 1)


async def _send(monitor: Journey, kind: str, name: str, times: int, **fields: Any) -> None:
    common = {"channel": "display", "campaign": "autumn", **fields}
    if kind == "order":
        common["order_id"] = name
    now = datetime.now(UTC).isoformat()
    values = [
        json.dumps({"event_id": f"{kind}-{name}-{n}", "occurred_at": now, **common}).encode()
        for n in range(times)
    ]
    await monitor.send(kind, values)


def _euro(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def _told_to_the_end(monitor: Journey) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """What people are told of, once all of it has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await asyncio.sleep(3)
            told = await _told(monitor)
            if {steps[-1][0] for steps in told.values()} == {"resolved"}:
                return told


async def _told(monitor: Journey) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """The states that people are told of, by rule and slice, as the worker's topic has them."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for alert in await _alerts(monitor):
        if alert.is_news:
            key = alert.rule, json.dumps(dict(alert.slice))
            step = alert.state.value, alert.changed_at
            if step not in found[key]:
                found[key].append(step)
    return dict(found)


async def _alerts(monitor: Journey) -> list[Alert]:
    consumer = AIOKafkaConsumer(bootstrap_servers=monitor.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        tp = TopicPartition(f"{monitor.app_id}.alerts", 0)
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = (await consumer.end_offsets([tp]))[tp]
        found: list[Alert] = []
        while await consumer.position(tp) < end:
            for record in (await consumer.getmany(tp, timeout_ms=500)).get(tp, []):
                found.append(alerts.decode(record.value))
        return found
    finally:
        await consumer.stop()


def _transitions(
    firings: list[dict[str, Any]],
) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """The same of a backtest's firings."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for firing in firings:
        steps = found[firing["rule"], json.dumps(firing["slice"])]
        steps.append(("firing", datetime.fromisoformat(firing["from"]).timestamp()))
        if firing["to"] is not None:
            steps.append(("resolved", datetime.fromisoformat(firing["to"]).timestamp()))
    return dict(found)
