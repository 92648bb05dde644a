"""The commands that talk to Kafka, on an embedded broker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from kpistream.edges.embedded_broker import EmbeddedBroker, free_port
from tests.cli.conftest import Run

pytestmark = pytest.mark.slow

TRAFFIC = ("--rate", 200, "--seed", 5)


@pytest.fixture
def broker() -> Iterator[str]:
    """The address of a broker without topics."""
    with asyncio.Runner() as runner:
        running = EmbeddedBroker()
        runner.run(running.start())
        yield running.bootstrap
        runner.run(running.stop())


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_topics_are_created_once(kpistream: Run, broker: str) -> None:
    first = objects(kpistream("topics", "create", "--broker", broker, "--json").out)
    assert {topic["topic"] for topic in first} >= {"clicks", "kpistream.partials"}
    assert {topic["created"] for topic in first} == {True}

    again = kpistream("topics", "create", "--broker", broker)
    assert again.code == 0
    assert again.out.count("exists") == len(first)


def test_check_tells_of_topics_that_are_missing_and_creates_none(
    kpistream: Run, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_ID_KEY", "of the tests")
    for _ in range(2):
        ran = kpistream("check", "--broker", broker)
        assert ran.code == 0
        assert "topics that do not exist yet" in ran.err
    kpistream("topics", "create", "--broker", broker)
    ran = kpistream("check", "--broker", broker)
    assert (ran.code, ran.err) == (0, "")


def test_check_refuses_tables_with_other_partitions(
    kpistream: Run, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kpistream("topics", "create", "--broker", broker)
    monkeypatch.setenv("KPISTREAM_PARTITIONS", "7")
    ran = kpistream("check", "--broker", broker)
    assert ran.code == 2
    assert "broker: kpistream.merged: has 4 partitions, not 7" in ran.err


def test_emit_asks_for_topics_and_creates_none(kpistream: Run, broker: str) -> None:
    for _ in range(2):
        ran = kpistream("emit", "--broker", broker, *TRAFFIC, "--duration", 1)
        assert ran.code == 1
        assert "has no topic impressions, clicks" in ran.err
        assert "kpistream topics create" in ran.err


def test_emit_sends_a_scenario_and_tells_what(kpistream: Run, broker: str) -> None:
    kpistream("topics", "create", "--broker", broker)
    played = kpistream("emit", "--broker", broker, *TRAFFIC, "--duration", 2, "--json")
    [tally] = objects(played.out)
    assert tally["produced"] == tally["acknowledged"] > 100
    fast = kpistream(
        "emit", "--broker", broker, *TRAFFIC, "--duration", "30s", "--speed", 20, "--json"
    )
    assert objects(fast.out)[0]["acknowledged"] > 1000


def test_emit_sends_the_events_of_files(kpistream: Run, broker: str, tmp_path: Path) -> None:
    kpistream("topics", "create", "--broker", broker)
    path = tmp_path / "events.ndjson"
    written = objects(
        kpistream("emit", "--to-file", path, *TRAFFIC, "--duration", 5, "--json").out
    )[0]
    sent = objects(kpistream("emit", "--broker", broker, path, "--json").out)[0]
    assert sent["produced"] == written["produced"]


def test_a_worker_measures_and_ends_on_a_signal(kpistream: Run, broker: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "kpistream", "worker", "-b", broker, "--web-port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ)) as worker:
        try:
            _wait_until_ready(port)
            tally = objects(
                kpistream("emit", "--broker", broker, *TRAFFIC, "--duration", 3, "--json").out
            )[0]
            _wait_until_measured(port, tally["events"]["impression"])
        finally:
            worker.send_signal(signal.SIGTERM)
            _, logged = worker.communicate(timeout=90)
    assert worker.returncode == 0
    assert "Traceback" not in logged.decode()
    assert logged.decode().rstrip().splitlines()[-1].endswith("stopped")


DEALER = Path(__file__).parents[2] / "examples" / "car-dealer" / "kpistream.yml"


def test_a_worker_measures_events_of_ones_own(kpistream: Run, broker: str) -> None:
    missing = kpistream("check", "--broker", broker, "--config", DEALER)
    assert missing.code == 0
    assert " test_drives," in missing.err
    made = objects(kpistream("topics", "create", "-b", broker, "-c", DEALER, "--json").out)
    assert {topic["topic"] for topic in made} >= {"test_drives", "car-dealer.measured.test_drives"}
    own: dict[str, list[dict[str, Any]]] = {
        "leads": [{"stage": "lead", "lead_id": str(n)} for n in range(4)],
        "test_drives": [{"model": "One", "minutes": 30}, {"model": "One", "minutes": 0}],
    }
    port = free_port()
    with _worker("-b", broker, "-c", str(DEALER), "--web-port", str(port)):
        _wait_until_ready(port)
        asyncio.run(_send(broker, own))
        found = _reading(port, "kpi=lead_to_test_drive_rate&window=24h&slice=brand")
        assert (found["value"], found["slice"]) == (0.25, {"brand": "aurora"})
        shown = _metric(port, "test_drives", "1h", "brand")
        assert 'brand="aurora"' in shown
        assert shown.endswith(" 1.0")


async def _send(broker: str, events: dict[str, list[dict[str, Any]]]) -> None:
    """Send events of now to topics, all of one brand."""
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for topic, bodies in events.items():
            for number, body in enumerate(bodies):
                now = datetime.now(UTC).isoformat()
                common = {"event_id": f"{topic}-{number}", "occurred_at": now, "brand": "Aurora"}
                await producer.send_and_wait(topic, json.dumps(common | body).encode())


@contextmanager
def _worker(*arguments: str) -> Iterator[None]:
    command = [sys.executable, "-m", "kpistream", "worker", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ)) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=90)
    assert process.returncode == 0
    assert "Traceback" not in logged.decode()


def _reading(port: int, query: str) -> dict[str, Any]:
    """The one reading asked for, once both topics have been measured."""
    deadline = time.monotonic() + 90
    while True:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/readings?{query}")
        found = json.load(answer)["readings"]
        if found and found[0]["sample"] == 4 and found[0]["numerator"]:
            return dict(found[0])
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def _wait_until_measured(port: int, impressions: int) -> None:
    url = f"http://127.0.0.1:{port}/api/v1/readings?slice=total&window=1h&kpi=impressions"
    deadline = time.monotonic() + 90
    while True:
        found = json.load(urllib.request.urlopen(url))["readings"]
        if [reading["value"] for reading in found] == [impressions]:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def _metric(port: int, kpi: str, window: str, part: str) -> str:
    """The line of a KPI's gauge, which follows at the next flush."""
    labels = (f'kpi="{kpi}"', f'window="{window}"', f'slice="{part}"')
    deadline = time.monotonic() + 90
    while True:
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        for line in page.splitlines():
            if line.startswith("kpistream_kpi{") and all(label in line for label in labels):
                return str(line)
        assert time.monotonic() < deadline, page
        time.sleep(0.2)


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return
