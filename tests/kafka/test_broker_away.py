"""A worker that no broker answers says so, goes on answering, and comes back by itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from kpistream.edges.web.readiness import BROKER_SILENT
from tests.support.journey import Journey
from tests.support.kafka_broker import KafkaBroker

pytestmark = pytest.mark.kafka

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
async def monitor(broker: KafkaBroker, tmp_path: Path) -> AsyncIterator[Journey]:
    made = Journey(broker.bootstrap, tmp_path, partitions=1)
    await made.create_topics()
    yield made
    made.stop()


class Asker:
    """Asks the first worker of a monitor."""

    def __init__(self, session: ClientSession, monitor: Journey) -> None:
        self._session = session
        self._monitor = monitor

    async def get(self, path: str) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self._monitor.workers[0].port}{path}"
        async with self._session.get(url) as answer:
            return answer.status, await answer.json(content_type=None)

    async def until(self, path: str, status: int) -> Any:
        """Ask again and again until the answer has this status."""
        found: Any = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    found = await self.get(path)
                    if found[0] == status:
                        return found[1]
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{path} still answers {found}") from None

    async def clicks(self, wanted: int) -> None:
        """Wait until so many clicks are told."""
        found: Any = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while [one["value"] for one in (found or {}).get("readings", ())] != [wanted]:
                    _, found = await self.get("/api/v1/readings?kpi=clicks&window=5m&slice=total")
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"still {found}") from None


@contextmanager
def frozen(broker: KafkaBroker) -> Iterator[None]:
    """A broker whose connections stay open, and which says nothing."""
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.pid, signal.SIGCONT)


async def test_a_broker_that_freezes_is_told_of_and_when_it_is_back_the_worker_goes_on(
    broker: KafkaBroker, monitor: Journey
) -> None:
    worker = monitor.add_worker()
    await asyncio.to_thread(worker.wait_ready)
    async with ClientSession() as session:
        asker = Asker(session, monitor)
        await monitor.send("click", _clicks(0, 10))
        await asker.clicks(10)
        assert await _metric(session, worker.port) == "1.0"
        with frozen(broker):
            ready = await asker.until("/readyz", 503)
            _, health = await asker.get("/api/v1/health")
            status, readings = await asker.get("/api/v1/readings?kpi=clicks&window=5m&slice=total")
            gauge = await _metric(session, worker.port)
        [reason] = ready["reasons"]
        assert reason.startswith(BROKER_SILENT)
        assert (ready["status"], health["status"], gauge) == ("not ready", "degraded", "0.0")
        assert (status, [one["value"] for one in readings["readings"]]) == (200, [10])
        assert [one["reason"] for one in readings["missing"]] == [reason]
        await asker.until("/readyz", 200)
        await monitor.send("click", _clicks(10, 5))
        await asker.clicks(15)
        assert await asker.get("/readyz") == (200, {"status": "ready", "reasons": []})


def _clicks(first: int, number: int) -> list[bytes]:
    now = datetime.now(UTC).isoformat()
    return [
        json.dumps({"event_id": f"c{n}", "occurred_at": now, "kind": "ad"}).encode()
        for n in range(first, first + number)
    ]


async def _metric(session: ClientSession, port: int) -> str:
    """The sample of the worker's readiness."""
    async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    [sample] = [line for line in lines if line.startswith("kpistream_ready ")]
    return sample.removeprefix("kpistream_ready ")
