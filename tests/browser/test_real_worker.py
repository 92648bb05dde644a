"""The page of a real worker, with real events on their way through a broker."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kpistream.edges.embedded_broker import EmbeddedBroker
from kpistream.edges.emitter.kafka_sink import KafkaSink
from kpistream.settings import DEFAULT_TOPICS
from tests.support.worker import WorkerProcess

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

RULES = """
rules:
  - name: many_clicks
    kpi: clicks
    slice: {channel: "*"}
    window: 20s
    above: 5
    confidence: raw
    minimum_sample: 1
    damp_flaps: false
    severity: warning
    owner: media buying
    action: Look who clicks.
    summary: Far more clicks than usual.
  - name: flood_of_clicks
    kpi: clicks
    slice: {channel: "*"}
    window: 5m
    above: 20
    confidence: raw
    minimum_sample: 1
    severity: critical
    owner: media buying
    action: Pause the campaign.
    summary: A flood of clicks.
"""
CONFIG = """
partitions: 1
windows: [20s, 5m, 1h]
rules: [rules.yml]
dashboards: {overview: [clicks, revenue, conversion_rate, visitors, sessions]}
"""
PATIENCE_MS = 60_000
_ids = count()

Send = Callable[[str, int], None]


@contextmanager
def elsewhere() -> Iterator[Callable[[Any], Any]]:
    """Does asynchronous work in another thread: the browser's driver has a loop in this one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_MS / 1000)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[tuple[WorkerProcess, Send]]:
    """A worker, and a way to send clicks of a channel."""
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    config = tmp_path / "kpistream.yml"
    config.write_text(CONFIG, encoding="utf-8")
    with elsewhere() as done:
        broker = EmbeddedBroker()
        done(broker.start())
        settings = {"BROKER": broker.bootstrap, "APP_ID": "page", "CONFIG": str(config)}
        worker = WorkerProcess(tmp_path / "worker.log", settings)
        worker.start()
        try:
            worker.wait_ready()
            yield worker, lambda *clicks: done(_send(broker.bootstrap, *clicks))
        finally:
            if worker.alive:
                worker.stop()
            done(broker.stop())


async def _send(broker: str, channel: str, clicks: int) -> None:
    topics = dict(DEFAULT_TOPICS)
    async with KafkaSink(broker, topics) as sink:
        await sink.send([_Click(_click(channel)) for _ in range(clicks)])


class _Click:
    event_type = "click"
    key = b"key"
    at_ms = 0

    def __init__(self, value: bytes) -> None:
        self.value = value


def _click(channel: str) -> bytes:
    told = {"event_id": f"c-{next(_ids)}", "occurred_at": datetime.now(UTC).isoformat()}
    return json.dumps({**told, "kind": "ad", "channel": channel, "campaign": "autumn"}).encode()


def opened(chromium: Browser, worker: WorkerProcess, query: str) -> Page:
    page = chromium.new_page(locale="en-GB")
    page.goto(f"http://127.0.0.1:{worker.port}/{query}")
    page.wait_for_selector("#status[data-state=live]", timeout=PATIENCE_MS)
    return page


def test_an_event_changes_the_page_and_an_alert_appears_and_resolves(
    chromium: Browser, stage: tuple[WorkerProcess, Send]
) -> None:
    worker, send = stage
    send("email", 3)
    page = opened(chromium, worker, "?window=5m&kpi=clicks&by=channel")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    tile = page.locator(".tile[data-kpi=clicks] .tile-value")
    expect(tile).to_have_text("3", timeout=PATIENCE_MS)
    expect(page.locator("tr[data-member=email]")).to_contain_text("3")

    send("display", 4)
    expect(tile).to_have_text("7", timeout=PATIENCE_MS)
    expect(page.locator("tr[data-member=display]")).to_contain_text("4")
    active = page.locator("#active-alerts")
    expect(active).not_to_contain_text("Far more clicks than usual.")

    send("display", 9)
    expect(active).to_contain_text("Far more clicks than usual.", timeout=PATIENCE_MS)
    expect(active).to_contain_text("display")
    expect(active).to_contain_text("media buying")
    expect(active).not_to_contain_text("Far more clicks than usual.", timeout=PATIENCE_MS)
    resolved = page.locator("#resolved-alerts")
    expect(resolved).to_have_count(1)
    assert errors == []
    page.close()


def test_an_alert_is_acknowledged_silenced_and_told_again(
    chromium: Browser, stage: tuple[WorkerProcess, Send]
) -> None:
    worker, send = stage
    send("display", 25)
    page = opened(chromium, worker, "?window=5m")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    card = page.locator(".alert").filter(has_text="A flood of clicks.")
    expect(card).to_have_attribute("data-state", "firing", timeout=PATIENCE_MS)

    card.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Your name").fill("ana")
    page.get_by_role("button", name="Acknowledge", exact=True).click()
    expect(card).to_contain_text("Acknowledged by ana", timeout=PATIENCE_MS)

    card.get_by_role("button", name="Silence", exact=False).click()
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(card).to_contain_text("Silenced", timeout=PATIENCE_MS)

    card.get_by_role("button", name="End silence").click()
    page.get_by_role("button", name="End silence", exact=True).click()
    expect(card).not_to_contain_text("Silenced", timeout=PATIENCE_MS)
    expect(card).to_contain_text("Acknowledged by ana")
    assert errors == []
    page.close()


def test_when_the_worker_stops_the_page_says_so_and_goes_on_when_it_is_back(
    chromium: Browser, stage: tuple[WorkerProcess, Send]
) -> None:
    worker, send = stage
    send("email", 3)
    page = opened(chromium, worker, "?window=5m")
    tile = page.locator(".tile[data-kpi=clicks] .tile-value")
    expect(tile).to_have_text("3", timeout=PATIENCE_MS)
    assert worker.stop() == 0
    page.wait_for_selector("#status:not([data-state=live])", timeout=PATIENCE_MS)
    worker.start()
    page.wait_for_selector("#status[data-state=live]", timeout=PATIENCE_MS)
    send("email", 2)
    expect(tile).to_have_text("5", timeout=PATIENCE_MS)
    page.close()
