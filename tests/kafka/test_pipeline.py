"""The whole pipeline on a real Apache Kafka: exact whatever happens to its workers."""

from __future__ import annotations

import asyncio
import json
import math
import random
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kpistream.core.kpis.kpi import Kpi
from kpistream.core.measuring.sketch import STANDARD_ERROR
from kpistream.core.slices import Slice, set_of
from kpistream.edges.receiver import Receiver
from tests.support.builders import shipped_catalogue
from tests.support.journey import Journey
from tests.support.kafka_broker import KafkaBroker
from tests.support.oracle import Oracle
from tests.support.worker import wait_until

pytestmark = pytest.mark.kafka

CAUGHT_UP_S = 90.0
RULES = """
rules:
  - name: roas_below_one
    kpi: return_on_ad_spend
    slice: {channel: "*", campaign: "*"}
    window: 5m
    below: 1
    for: 2s
    confidence: raw
    minimum_sample: 10
    severity: critical
    owner: performance marketing
    action: Pause the campaign.
    summary: A campaign earns less than it costs.
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@asynccontextmanager
async def journey(broker: KafkaBroker, folder: Path, **settings: str) -> AsyncIterator[Journey]:
    made = Journey(broker.bootstrap, folder, settings=settings)
    await made.create_topics()
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("seed", [1, 2])
async def test_kill_9_at_random_points_leaves_every_count_and_cent_exact(
    broker: KafkaBroker, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with journey(broker, tmp_path) as monitor:
        worker = monitor.add_worker()
        worker.wait_ready()
        traffic = monitor.play("chaos", rate=2000, seconds=15, seed=seed)
        for _ in range(4):
            await asyncio.sleep(chance.uniform(0.3, 4))
            worker.kill()
            worker.start()
        await _finished(monitor, traffic)
        await _equals_the_oracle(monitor)
        assert worker.stop() == 0


async def test_workers_that_join_die_and_leave_leave_every_count_and_cent_exact(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    chance = random.Random(3)
    async with journey(broker, tmp_path) as monitor:
        first = monitor.add_worker()
        first.wait_ready()
        traffic = monitor.play("chaos", rate=2000, seconds=25, seed=3)
        await asyncio.sleep(chance.uniform(2, 4))
        second = monitor.add_worker()
        await asyncio.sleep(chance.uniform(4, 6))
        first.kill()
        await asyncio.sleep(chance.uniform(0, 3))
        first.start()
        await asyncio.sleep(chance.uniform(4, 6))
        # Before it hears of signals, one ends it without a word.
        await asyncio.to_thread(second.wait_ready)
        assert second.stop() == 0
        second.start()
        await _finished(monitor, traffic)
        await _equals_the_oracle(monitor)
        assert [worker.stop() for worker in monitor.workers] == [0, 0]


async def test_what_was_measured_is_still_there_after_a_clean_restart(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    async with journey(broker, tmp_path) as monitor:
        worker = monitor.add_worker()
        worker.wait_ready()
        await _finished(monitor, monitor.play("steady", rate=1000, seconds=3, seed=4))
        assert worker.stop() == 0
        worker.start()
        worker.wait_ready()
        await _equals_the_oracle(monitor)


async def test_a_return_on_ad_spend_below_one_becomes_one_webhook_call(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES, encoding="utf-8")
    async with Receiver() as receiver:
        settings = {"RULES": json.dumps([str(rules)]), "WEBHOOKS": receiver.url}
        async with journey(broker, tmp_path, **settings) as monitor:
            worker = monitor.add_worker()
            worker.wait_ready()
            await monitor.send("cost", [_event("cost", amount=_euro("100.00"))])
            await monitor.send("click", [_event(f"click{n}") for n in range(40)])
            await monitor.send("order", [_event("o1", order_id="o1", revenue=_euro("59.99"))])

            fired = await asyncio.wait_for(receiver.next(), CAUGHT_UP_S)
            assert (fired.status, fired.labels["alertname"]) == ("firing", "roas_below_one")
            assert (fired.labels["channel"], fired.labels["campaign"]) == ("display", "autumn")

            worker.kill()
            worker.start()
            worker.wait_ready()
            await monitor.send("order", [_event("o2", order_id="o2", revenue=_euro("200.00"))])
            resolved = await asyncio.wait_for(receiver.next(), CAUGHT_UP_S)
            assert (resolved.status, resolved.fingerprint) == ("resolved", fired.fingerprint)
            assert resolved.startsAt == fired.startsAt
            await asyncio.sleep(3)
            assert receiver.waiting == 0


def _event(name: str, **fields: Any) -> bytes:
    common = {
        "event_id": name,
        "occurred_at": datetime.now(UTC).isoformat(),
        "channel": "display",
        "campaign": "autumn",
    }
    return json.dumps(common | fields).encode()


def _euro(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def _finished(monitor: Journey, traffic: threading.Thread) -> None:
    """Wait until everything sent is judged."""
    await asyncio.to_thread(traffic.join)
    produced = monitor.tally.count()
    for worker in monitor.workers:
        await asyncio.to_thread(worker.wait_ready)
    await asyncio.to_thread(
        wait_until,
        lambda: sum(monitor.outcomes().values()) == produced,
        CAUGHT_UP_S,
        lambda: f"{monitor.outcomes()} of {produced}",
    )


async def _equals_the_oracle(monitor: Journey) -> None:
    """What is shown becomes what the oracle says, and stays so."""
    oracle = Oracle()
    for event in await monitor.log():
        oracle.take(
            event.event_type, event.partition, event.offset, event.timestamp_ms, event.value
        )
    assert monitor.outcomes() == _without_reasons(oracle.outcomes())
    assert sum(monitor.outcomes().values()) == monitor.tally.count()
    expected = {kpi.id: _expected(kpi, oracle) for kpi in shipped_catalogue().kpis.values()}

    def is_shown() -> bool:
        return all(_found(monitor, kpi) == values for kpi, values in expected.items())

    # The last partials pass through the merge stage.
    with suppress(AssertionError):
        await asyncio.to_thread(wait_until, is_shown, CAUGHT_UP_S)
    await asyncio.sleep(2)
    for kpi, values in expected.items():
        assert _found(monitor, kpi) == values, kpi


def _expected(kpi: Kpi, oracle: Oracle) -> Any:
    exact = {part: oracle.kpi(kpi.id, part) for part in _shown(kpi, oracle)}
    values = {part: float(value) for part, value in exact.items() if value is not None}
    counts_people = any(measure.kind == "distinct" for measure in kpi.measures)
    return pytest.approx(values, rel=4 * STANDARD_ERROR if counts_people else 0, abs=0)


def _found(monitor: Journey, kpi: str) -> dict[Any, float]:
    """The values by slice; those of slices that two workers show are no numbers."""
    readings = monitor.readings(kpi=kpi, window="24h")
    found = {tuple(r["slice"].items()): r["value"] for r in readings}
    return found if len(found) == len(readings) else dict.fromkeys(found, math.nan)


def _shown(kpi: Kpi, oracle: Oracle) -> Iterable[Slice]:
    """The slices that a KPI is read for: those of its own sets, or all if it is read on demand."""
    everywhere = kpi.slices is None or "24h" not in kpi.windows
    return [p for p in oracle.slices() if everywhere or set_of(p) in (kpi.slices or ())]


def _without_reasons(outcomes: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for (outcome, _), number in outcomes.items():
        found[str(outcome)] = found.get(str(outcome), 0) + number
    return found
