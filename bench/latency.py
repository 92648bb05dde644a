"""Latency under load: from an event on Kafka to the gauge that counts it, and to a webhook call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bench.gauge import LOOK_EVERY_S, Gauge
from bench.probes import Probes
from bench.processes import ChildError
from bench.sending import Irregular, SingleClicks, steady_emitter
from bench.stage import Stage, real_kafka
from bench.worker import Worker
from kpistream.core.alerting.telling.routing import FINGERPRINT
from kpistream.edges.receiver import Receiver
from kpistream.settings import settings_of

APP: Final = "bench-latency"
_WARM_UP_S: Final = 5.0
_PATIENCE_S: Final = 20.0
_GROUP_S: Final = 0.2
"""How long an alert waits for others of its group: shorter than is shipped, and not nothing."""

PROBE_RULE: Final = "probe_arrived"

_RULES: Final = f"""\
rules:
  - name: {PROBE_RULE}
    kpi: clicks
    slice: {{channel: alert_probe, campaign: "*"}}
    window: 5m
    above: 0
    confidence: raw
    for: 0s
    minimum_sample: 1
    severity: info
    owner: benchmark
    action: Note the time.
    summary: A click of a campaign that had none.
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the broker's acknowledgement of a probe to its sight."""

    events_per_s: float
    """What the worker accepted meanwhile."""
    gauge_s: list[float]
    webhook_s: list[float]


def measure_latency(
    rate: float, seconds: float, gauge_probes: int, webhook_probes: int, tell: Callable[[str], None]
) -> Latency:
    """Send probes for so many seconds while the emitter plays `steady` at `rate` events/s.

    The worker judges the rules that it is shipped with, and one more, which probes make fire.
    """
    with real_kafka() as stage:
        rules = stage.directory / "rules.yml"
        rules.write_text(_RULES)
        return asyncio.run(
            _Measurement(stage, rules, rate, seconds, tell).run(gauge_probes, webhook_probes)
        )


class _Measurement:
    def __init__(
        self, stage: Stage, rules: Path, rate: float, seconds: float, tell: Callable[[str], None]
    ) -> None:
        self._stage = stage
        self._rules = rules
        self._rate = rate
        self._seconds = seconds
        self._tell = tell
        self._on_webhook: Probes[str] = Probes()

    async def run(self, gauge_probes: int, webhook_probes: int) -> Latency:
        lasts_s = _WARM_UP_S + self._seconds + _PATIENCE_S + 60
        async with Receiver() as receiver:
            with self._worker(receiver.url) as worker:
                await asyncio.to_thread(worker.wait_ready)
                with steady_emitter(self._stage, self._rate, lasts_s) as emitter:
                    self._tell(
                        f"probing for {self._seconds:.0f} s at {self._rate:,.0f} events/s ..."
                    )
                    await asyncio.sleep(_WARM_UP_S)
                    before, started_s = await _accepted(worker), time.monotonic()
                    async with SingleClicks(self._stage.bootstrap) as clicks:
                        gauge = Gauge(clicks)
                        async with self._watching(gauge, worker, receiver):
                            await asyncio.gather(
                                gauge.send(gauge_probes, self._seconds),
                                self._send_to_webhook(clicks, webhook_probes),
                            )
                            accepted = await _accepted(worker) - before
                            took_s = time.monotonic() - started_s
                            emitter.check()
                            await self._wait_for_all(worker, gauge)
        return Latency(accepted / took_s, gauge.probes.latencies_s, self._on_webhook.latencies_s)

    def _worker(self, webhook: str) -> Worker:
        # Each probe is an alert of its own: in one group they would wait for each other's message.
        told = {"name": "bench", "url": webhook, "group_by": [FINGERPRINT], "group_wait": _GROUP_S}
        settings = {
            "broker": self._stage.bootstrap,
            "app_id": APP,
            "rules": _json([*map(str, settings_of().rules), str(self._rules)]),
            "receivers": _json([told]),
        }
        return Worker(self._stage.directory / "worker.log", settings)

    @asynccontextmanager
    async def _watching(
        self, gauge: Gauge, worker: Worker, receiver: Receiver
    ) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            watchers = [
                tasks.create_task(gauge.watch(worker)),
                tasks.create_task(self._watch_webhook(receiver)),
            ]
            yield
            for watcher in watchers:
                watcher.cancel()

    async def _send_to_webhook(self, clicks: SingleClicks, probes: int) -> None:
        async for number in Irregular().moments(probes, self._seconds):
            campaign = f"probe_{number}"
            await clicks.send(f"w-{number}", "alert_probe", campaign)
            self._on_webhook.sent(campaign, time.monotonic())

    async def _watch_webhook(self, receiver: Receiver) -> None:
        async for alert in receiver.alerts():
            if alert.labels["alertname"] == PROBE_RULE:
                self._on_webhook.seen(alert.labels["campaign"], time.monotonic())

    async def _wait_for_all(self, worker: Worker, gauge: Gauge) -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while missing := gauge.probes.missing + self._on_webhook.missing:
            worker.check()
            if time.monotonic() > deadline_s:
                raise ChildError(f"{missing} probes never came out")
            await asyncio.sleep(LOOK_EVERY_S)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def _accepted(worker: Worker) -> int:
    return await asyncio.to_thread(worker.accepted)
