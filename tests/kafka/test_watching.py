"""Any worker answers for the whole cluster, on a real Apache Kafka, and says so when it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

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
QUESTIONS = (
    "readings?kpi=clicks&window=5m",
    "series?kpi=clicks&window=5m&channel=email",
    "slices?slice=channel_campaign",
    "view?board=acquisition&window=5m",
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@asynccontextmanager
async def two_workers(broker: KafkaBroker, folder: Path) -> AsyncIterator[Journey]:
    """Two workers that share the partitions, with clicks of two channels."""
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    settings = {"RULES": json.dumps([str(folder / "rules.yml")])}
    monitor = Journey(broker.bootstrap, folder, settings=settings)
    await monitor.create_topics()
    try:
        for worker in (monitor.add_worker(), monitor.add_worker()):
            await asyncio.to_thread(worker.wait_ready)
        await monitor.send("click", _clicks("email") + _clicks("ads"))
        yield monitor
    finally:
        monitor.stop()


async def test_both_of_two_workers_tell_all_that_there_is(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    async with two_workers(broker, tmp_path) as monitor, ClientSession() as session:
        first = monitor.workers[0]
        await _until(session, first, "alerts", lambda found: len(found["alerts"]) == 2)
        health = await _ask(session, first, "health")
        assert {one["url"] for one in health["workers"]} == {
            f"http://127.0.0.1:{worker.port}" for worker in monitor.workers
        }
        owned = [p for one in health["workers"] for p in one["partitions"]]
        assert sorted(owned) == [0, 1, 2]
        assert all(one["partitions"] for one in health["workers"])
        await _until(session, first, QUESTIONS[0], lambda found: _values(found) == [10, 10, 20])
        for question in QUESTIONS:
            await _agree(session, monitor.workers, question)
        alerts = [
            sorted(one["fingerprint"] for one in (await _ask(session, worker, "alerts"))["alerts"])
            for worker in monitor.workers
        ]
        assert alerts[0] == alerts[1]
        view = await _ask(session, first, "view?board=acquisition&window=5m&kpi=clicks&by=channel")
        assert {row["member"]: row["value"] for row in view["breakdown"]["rows"]} == {
            "ads": 10,
            "email": 10,
        }
        assert view["funnel"]["steps"][1] == {"kpi": "clicks", "value": 20}


async def test_a_worker_that_hangs_is_named_and_the_others_answer_all_the_same(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    async with two_workers(broker, tmp_path) as monitor, ClientSession() as session:
        first, second = monitor.workers
        await _until(session, first, "health", lambda found: len(found["workers"]) == 2)
        process = second._running()
        os.kill(process.pid, signal.SIGSTOP)
        try:
            found = await _ask(session, first, "health")
            assert found["status"] == "degraded"
            [missing] = found["missing"]
            assert missing["worker"] == f"http://127.0.0.1:{second.port}"
            assert missing["reason"] == "did not answer in time"
            assert missing["slices"]
        finally:
            os.kill(process.pid, signal.SIGCONT)


async def test_when_a_worker_dies_the_other_takes_over_what_it_owned(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    async with two_workers(broker, tmp_path) as monitor, ClientSession() as session:
        first, second = monitor.workers
        question = "readings?kpi=clicks&window=5m&slice=channel&slice=total"
        await _until(session, first, question, lambda found: len(found["readings"]) == 3)
        second.kill()
        whole = await _until(
            session,
            first,
            question,
            lambda found: not found["missing"] and len(found["readings"]) == 3,
        )
        assert sorted(one["value"] for one in whole["readings"]) == [10, 10, 20]


async def test_the_log_of_alerts_tells_what_fired_from_any_worker(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    async with two_workers(broker, tmp_path) as monitor, ClientSession() as session:
        first, second = monitor.workers
        question = f"alerts/history?from={_rfc3339(since)}"
        for worker in (first, second):
            found = await _until(
                session, worker, question, lambda found: len(found["transitions"]) == 2
            )
            assert {one["slice"]["channel"] for one in found["transitions"]} == {"email", "ads"}
            assert {one["state"] for one in found["transitions"]} == {"firing"}
        before = await _ask(
            session, first, f"alerts/history?from=2020-01-01T00:00:00Z&to={_rfc3339(since)}"
        )
        assert before["transitions"] == []


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clicks(channel: str) -> list[bytes]:
    now = datetime.now(UTC).isoformat()
    common = {"occurred_at": now, "channel": channel, "campaign": "c", "kind": "ad"}
    return [json.dumps({"event_id": f"{channel}{n}{now}", **common}).encode() for n in range(10)]


def _values(answer: Any) -> list[float]:
    return sorted(one["value"] for one in answer["readings"])


async def _agree(session: ClientSession, workers: Sequence[WorkerProcess], path: str) -> None:
    """Ask all again and again until they tell the same: time goes on between two questions."""
    answers: list[Any] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answers = [_stable(await _ask(session, worker, path)) for worker in workers]
                if answers[0]["missing"] == [] and all(one == answers[0] for one in answers):
                    return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{path} is answered differently: {answers}") from None


def _stable(answer: Any) -> Any:
    """An answer without the moments at which it was given, and in one order."""
    if isinstance(answer, dict):
        return {
            name: _stable(part)
            for name, part in answer.items()
            if name not in ("as_of", "edges", "points", "alerts")
        }
    if isinstance(answer, list):
        return sorted(map(_stable, answer), key=json.dumps)
    return answer


async def _until(session: ClientSession, worker: WorkerProcess, path: str, holds: Any) -> Any:
    """Ask again and again until the answer is as it should be."""
    found: Any = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with session.get(_url(worker, path)) as answer:
                    found = await answer.json(content_type=None)
                    if answer.status == 200 and holds(found):
                        return found
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{path} still answers {found}") from None


async def _ask(session: ClientSession, worker: WorkerProcess, path: str) -> Any:
    async with session.get(_url(worker, path)) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


def _url(worker: WorkerProcess, path: str) -> str:
    return f"http://127.0.0.1:{worker.port}/api/v1/{path}"
