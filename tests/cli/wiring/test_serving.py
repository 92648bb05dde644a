"""A worker that is told to stop before it has started."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from kpistream.cli.wiring.serving import Worker
from kpistream.cli.wiring.wiring import build_plan
from kpistream.settings import load_settings
from tests.cli.conftest import Run


@pytest.fixture
def silent_broker() -> Iterator[str]:
    """Where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def test_a_worker_stops_at_once_while_it_waits_for_the_broker(silent_broker: str) -> None:
    settings = load_settings(broker=silent_broker, web_port=0)
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(Worker(settings, build_plan(settings)).run(stop, ready.set))
    await asyncio.sleep(0.3)
    assert not running.done()

    stop.set()
    await asyncio.wait_for(running, 30)
    assert not ready.is_set()


async def test_a_start_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_settings: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("kpistream.cli.wiring.serving.create_topics", broken)
    settings = load_settings(web_port=0)
    with pytest.raises(OSError, match="no route"):
        await Worker(settings, build_plan(settings)).run(asyncio.Event(), lambda: None)


def test_a_receiver_that_cannot_be_told_ends_a_worker_before_it_connects(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", "http://10.1.2.3/s3cr3t")
    ran = kpistream("worker", "--web-port", 0)
    assert ran.code == 2
    assert "KPISTREAM_WEBHOOKS[0]: 10.1.2.3 is denied: it is a private address" in ran.err
    assert "s3cr3t" not in ran.err


def test_sigterm_ends_a_worker_that_waits_for_the_broker_with_0(silent_broker: str) -> None:
    environment = {**os.environ, "KPISTREAM_BROKER": silent_broker, "KPISTREAM_WEB_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "kpistream", "worker"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        killer = threading.Timer(120, process.kill)
        killer.start()
        assert process.stderr is not None
        for line in process.stderr:
            if "starting" in line:
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait() == 0, rest
        killer.cancel()
    assert "Traceback" not in rest
    assert "stopped" in rest
