"""One worker notifies, on a real Apache Kafka: what people say reaches it, and outlives it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from kpistream.edges.receiver import Receiver
from tests.support.journey import Journey
from tests.support.kafka_broker import KafkaBroker
from tests.support.worker import WorkerProcess

pytestmark = pytest.mark.kafka

RULES = """
rules:
  - name: many_clicks
    kpi: clicks
    slice: {channel: "*"}
    window: 5m
    above: 5
    confidence: raw
    minimum_sample: 1
    severity: warning
    owner: marketing
    action: Look.
    summary: Many clicks.
"""
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


async def test_a_silence_reaches_the_notifier_by_any_worker_and_survives_its_death(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    async with Receiver() as receiver, ClientSession() as session:
        settings = {
            "RULES": json.dumps([str(tmp_path / "rules.yml")]),
            "RECEIVERS": json.dumps(
                [{"name": "shop", "url": receiver.url, "group_by": ["channel"], "group_wait": 0}]
            ),
        }
        monitor = Journey(broker.bootstrap, tmp_path, settings=settings)
        await monitor.create_topics()
        try:
            workers = [monitor.add_worker(), monitor.add_worker()]
            for worker in workers:
                await asyncio.to_thread(worker.wait_ready)
            owner = await _owner(session, workers)
            [other] = [worker for worker in workers if worker is not owner]

            body = {"matchers": ["channel=email"], "for": "2h", "author": "ana"}
            made = await _ask(session, "POST", other, "silences", 202, body)
            await _until_known(session, owner, made["id"])
            await monitor.send("click", _clicks("email") + _clicks("ads"))
            told = await asyncio.wait_for(receiver.next(), PATIENCE_S)
            assert told.labels["channel"] == "ads"

            owner.kill()
            assert await _owner(session, [other]) is other
            await _until_known(session, other, made["id"])
            assert receiver.waiting == 0
            await _ask(session, "DELETE", other, f"silences/{made['id']}", 202, {"author": "bo"})
            told = await asyncio.wait_for(receiver.next(), PATIENCE_S)
            assert (told.status, told.labels["channel"]) == ("firing", "email")

            deliveries = await _ask(session, "GET", other, "deliveries", 200)
            assert {d["group"]["channel"]: d["outcome"] for d in deliveries["deliveries"]} == {
                "ads": "delivered",
                "email": "delivered",
            }
        finally:
            monitor.stop()


def _clicks(channel: str) -> list[bytes]:
    now = datetime.now(UTC).isoformat()
    return [
        json.dumps(
            {"event_id": f"{channel}{n}", "occurred_at": now, "channel": channel, "campaign": "c"}
        ).encode()
        for n in range(10)
    ]


async def _owner(session: ClientSession, workers: list[WorkerProcess]) -> WorkerProcess:
    """The worker that notifies, as soon as there is one."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for worker in workers:
                async with session.get(_url(worker, "silences")) as answer:
                    if answer.status == 200:
                        return worker
            await asyncio.sleep(0.2)


async def _until_known(session: ClientSession, worker: WorkerProcess, id: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await _ask(session, "GET", worker, "silences", 200)
            if [one["id"] for one in found["silences"]] == [id]:
                return
            await asyncio.sleep(0.2)


async def _ask(
    session: ClientSession,
    method: str,
    worker: WorkerProcess,
    path: str,
    status: int,
    body: Any = None,
) -> Any:
    """Its answer, once the workers have agreed on who notifies."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with session.request(method, _url(worker, path), json=body) as answer:
                if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    assert answer.status == status, await answer.text()
                    return await answer.json()
            await asyncio.sleep(0.2)


def _url(worker: WorkerProcess, path: str) -> str:
    return f"http://127.0.0.1:{worker.port}/api/v1/{path}"
