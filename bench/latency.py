"""Latency under load: from an event on Kafka to the gauge that counts it, and to a webhook call."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from aiokafka import AIOKafkaProducer

from bench.probes import Probes
from bench.processes import Child, ChildError
from bench.stage import CLICKS, Stage, real_kafka
from bench.worker import Worker
from kpistream.core.alerting.telling.routing import FINGERPRINT
from kpistream.core.survey import DETAIL_WINDOWS
from kpistream.edges.emitter.wire import Clockface
from kpistream.edges.receiver import Receiver
from kpistream.settings import settings_of

APP: Final = "bench-latency"
_GAUGE_CAMPAIGN: Final = "gauge"
_GAUGE_WINDOW: Final = DETAIL_WINDOWS[0]
"""One that the board has of every campaign: what it has not is worked out for whoever asks."""
_WARM_UP_S: Final = 5.0
_PATIENCE_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.02
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


class _Readings(msgspec.Struct):
    readings: list[_Reading]


class _Reading(msgspec.Struct):
    value: float


_decode: Final = msgspec.json.Decoder(_Readings).decode


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
        self._clock = Clockface()
        self._random = random.Random(1)  # noqa: S311 - when to send a probe is no secret
        self._on_gauge: Probes[int] = Probes()
        self._on_webhook: Probes[str] = Probes()

    async def run(self, gauge_probes: int, webhook_probes: int) -> Latency:
        async with Receiver() as receiver:
            with self._worker(receiver.url) as worker:
                await asyncio.to_thread(worker.wait_ready)
                with self._emitter() as emitter:
                    self._tell(
                        f"probing for {self._seconds:.0f} s at {self._rate:,.0f} events/s ..."
                    )
                    await asyncio.sleep(_WARM_UP_S)
                    before, started_s = await _accepted(worker), time.monotonic()
                    async with self._producer() as producer, self._watching(worker, receiver):
                        await asyncio.gather(
                            self._send_to_gauge(producer, gauge_probes),
                            self._send_to_webhook(producer, webhook_probes),
                        )
                        accepted = await _accepted(worker) - before
                        took_s = time.monotonic() - started_s
                        emitter.check()
                        await self._wait_for_all(worker)
        return Latency(accepted / took_s, self._on_gauge.latencies_s, self._on_webhook.latencies_s)

    # -- who takes part ----------------------------------------------------------------------------

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

    def _emitter(self) -> Child:
        lasts_s = _WARM_UP_S + self._seconds + _PATIENCE_S + 60
        arguments = ["-m", "kpistream", "emit", "--broker", self._stage.bootstrap]
        arguments += ["--scenario", "steady", "--rate", str(self._rate), "--seed", "1"]
        arguments += ["--duration", f"{lasts_s:.0f}s"]
        return Child(arguments, self._stage.directory / "emitter.log")

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(bootstrap_servers=self._stage.bootstrap, acks="all")
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    @asynccontextmanager
    async def _watching(self, worker: Worker, receiver: Receiver) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            watchers = [
                tasks.create_task(self._watch_gauge(worker)),
                tasks.create_task(self._watch_webhook(receiver)),
            ]
            yield
            for watcher in watchers:
                watcher.cancel()

    # -- sending -----------------------------------------------------------------------------------

    async def _send_to_gauge(self, producer: AIOKafkaProducer, probes: int) -> None:
        for number in range(1, probes + 1):
            await self._pause(probes)
            await self._send(producer, f"g-{number}", "gauge_probe", _GAUGE_CAMPAIGN)
            self._on_gauge.sent(number, time.monotonic())

    async def _send_to_webhook(self, producer: AIOKafkaProducer, probes: int) -> None:
        for number in range(1, probes + 1):
            await self._pause(probes)
            campaign = f"probe_{number}"
            await self._send(producer, f"w-{number}", "alert_probe", campaign)
            self._on_webhook.sent(campaign, time.monotonic())

    async def _pause(self, probes: int) -> None:
        """Wait irregularly, so that probes do not keep step with the worker's flushes."""
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._seconds / probes)

    async def _send(
        self, producer: AIOKafkaProducer, event_id: str, channel: str, campaign: str
    ) -> None:
        occurred_at = self._clock.rfc3339(time.time_ns() // 1_000_000)
        event = {"event_id": event_id, "occurred_at": occurred_at}
        event |= {"channel": channel, "campaign": campaign}
        await producer.send_and_wait(CLICKS, msgspec.json.encode(event))

    # -- seeing ------------------------------------------------------------------------------------

    async def _watch_gauge(self, worker: Worker) -> None:
        """Each probe adds one click to one gauge: its value says which probes are in."""
        query = {"kpi": "clicks", "window": _GAUGE_WINDOW}
        query |= {"slice": "campaign", "campaign": _GAUGE_CAMPAIGN}
        address = f"http://127.0.0.1:{worker.port}/api/v1/readings"
        known = 0
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(address, params=query) as answer:
                    found = _decode(await answer.read()).readings
                now_s = time.monotonic()
                value = int(found[0].value) if found else 0
                for number in range(known + 1, value + 1):
                    self._on_gauge.seen(number, now_s)
                known = max(known, value)
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _watch_webhook(self, receiver: Receiver) -> None:
        async for alert in receiver.alerts():
            if alert.labels["alertname"] == PROBE_RULE:
                self._on_webhook.seen(alert.labels["campaign"], time.monotonic())

    async def _wait_for_all(self, worker: Worker) -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while missing := self._on_gauge.missing + self._on_webhook.missing:
            worker.check()
            if time.monotonic() > deadline_s:
                raise ChildError(f"{missing} probes never came out")
            await asyncio.sleep(_LOOK_EVERY_S)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def _accepted(worker: Worker) -> int:
    return await asyncio.to_thread(worker.accepted)
