"""A stage for dashboards: a worker under seeded traffic, and a Prometheus that scrapes it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from urllib.request import urlopen

from kpistream.cli.wiring.wiring import read_plan
from kpistream.edges.embedded_broker import EmbeddedBroker, free_port
from kpistream.edges.emitter.kafka_sink import KafkaSink
from kpistream.edges.emitter.scenario import Scenario
from kpistream.edges.emitter.shipped import CHAOS, STEADY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.settings import settings_of
from tests.repo.promql import chosen, label_values, substituted, variables
from tests.support.worker import WorkerProcess, wait_until

RATE: Final = 200
SECONDS: Final = 90
PAST_SECONDS: Final = 120
"""How long the traffic of earlier goes on: until deals are won, and customers leave."""

AGO_S: Final = {"yesterday": 30 * 3_600, "the hour before": 90 * 60}
"""When traffic was that windows are compared with."""

EVERYWHERE: Final = {
    "generic": "anniversary",
    "lookalike": "Anniversary",
    "newsletter": "ANNIVERSARY",
    "bookmark": "anniversarY",
}
"""Campaigns that are one in several channels, so that one has every KPI: case is folded."""

_LAST: Final = (
    'kpistream_alerts{rule="ends", state="resolved"} > 0',
    'kpistream_alerts{rule="waits", state="pending"} > 0',
    'rate(kpistream_webhook_deliveries_total{receiver="chat", outcome="delivered"}[1m])',
    'rate(kpistream_webhook_deliveries_total{receiver="nobody", outcome="failed"}[1m])',
    "increase(kpistream_alert_changes_total[1m]) > 0",
    'increase(kpistream_events_total{outcome="duplicate"}[1m]) > 0',
    "kpistream_unpriced_amount > 0",
    'kpistream_kpi_before{kpi="revenue", window="24h", slice="channel"}',
    'kpistream_kpi{kpi="revenue", window="24h", slice="channel_campaign"}',
)
"""Each finds something once the traffic has been measured, judged, told and scraped."""

_AT_ONCE: Final = 500
_READ_S: Final = 60.0


def rules() -> list[dict[str, Any]]:
    """Rules with the names of those that are shipped, all of which fire; one waits, one ends."""
    common = {
        "kpi": "revenue",
        "window": "1h",
        "confidence": "raw",
        "minimum_sample": 1,
        "severity": "warning",
        "owner": "tests",
        "action": "Nothing.",
        "summary": "Seeded traffic.",
    }
    plan, _ = read_plan(settings_of())
    firing = [{"name": rule.name, "above": 0, **common} for rule in plan.rules]
    waiting = {"name": "waits", "above": 0, "for": "1h", **common}
    ends = {**common, "name": "ends", "kpi": "impressions", "below": 2000, "damp_flaps": False}
    return [*firing, waiting, ends]


def settings_file(folder: Path, broker: str, receiver: str) -> Path:
    """Settings of a shop with customers and objectives, and nobody at home at one receiver."""
    today = datetime.now(UTC).date()
    span = {"start": str(today - timedelta(days=10)), "deadline": str(today + timedelta(days=30))}
    told = {"group_wait": 0.1, "group_interval": 1}
    channels = ("affiliate", "direct", "display", "email", "search", "social")
    opening = [{"value": 600}, *({"slice": {"channel": one}, "value": 100} for one in channels)]
    document = {
        "broker": broker,
        "app_id": "boards",
        "partitions": 1,
        "rules": ["rules.json"],
        "receivers": [
            {"name": "chat", "url": receiver, **told},
            {"name": "nobody", "url": f"http://127.0.0.1:{free_port()}/", **told},
        ],
        "objectives": {
            name: {"name": {"en": name, "fr": name}, "kpi": kpi, "target": target, **span}
            for name, kpi, target in (
                ("sales", "revenue", 100_000),
                ("opens", "email_open_rate", 1),
            )
        },
        "measures": {
            "customers_at_start": {
                "level": "customer",
                "plus": {"kind": "created"},
                "minus": {"kind": "churned"},
                "at": "start",
                "opening": opening,
            }
        },
    }
    (folder / "rules.json").write_text(json.dumps({"rules": rules()}))
    path = folder / "kpistream.yml"
    path.write_text(json.dumps(document))
    return path


@contextmanager
def stage(folder: Path) -> Iterator[Prometheus]:
    """A Prometheus that has seen all that happens."""
    with ExitStack() as stack:
        broker = stack.enter_context(_broker())
        receiver = stack.enter_context(_receiver())
        worker = WorkerProcess(
            folder / "worker.log", {"CONFIG": str(settings_file(folder, broker, receiver))}
        )
        worker.start()
        stack.callback(worker.stop)
        worker.wait_ready()
        prometheus = Prometheus(stack.enter_context(_prometheus(worker.port, folder)))
        # What a counter stands at when it is seen first is no growth.
        wait_until(lambda: prometheus.has_scraped(2), _READ_S, lambda: "Prometheus scraped nothing")
        sent = asyncio.run(_play(broker))
        wait_until(lambda: sum(worker.outcomes().values()) >= sent, _READ_S, worker.log_tail)
        wait_until(prometheus.is_settled, _READ_S, worker.log_tail)
        yield prometheus


class Prometheus:
    """A Prometheus by the address of its API; it answers for the moment ``at``, once that is set.

    A scrape that fails afterwards, on a busy machine, then takes nothing away.
    """

    def __init__(self, api: str) -> None:
        self._api = api
        self.at: float | None = None

    def query(self, query: str) -> list[Any]:
        """What it answers; raises for an error."""
        return self._ask("query", query=query, **({"time": str(self.at)} if self.at else {}))

    def course(self, query: str, span_s: int, step_s: int = 1) -> list[Any]:
        """What it answers for each step of a span up to that moment."""
        end = self.at or time.time()
        span = {"start": str(end - span_s), "end": str(end), "step": str(step_s)}
        return self._ask("query_range", query=query, **span)

    def choices(self, query: str, values: Mapping[str, str]) -> list[str]:
        """What there is to choose for a variable."""
        selector, label = label_values(query)
        return self._ask(f"label/{label}/values", **{"match[]": substituted(selector, values)})

    def opened(self, dashboard: dict[str, Any]) -> dict[str, str]:
        """What each variable stands at when somebody opens a dashboard."""
        values = chosen(dashboard)
        for variable in variables(dashboard):
            if variable["name"] not in values:
                values[variable["name"]] = self.choices(variable["query"], values)[0]
        return values

    def has_scraped(self, times: int) -> bool:
        """Whether it has read the worker's page so often."""
        try:
            found = self.query("sum(count_over_time(kpistream_build_info[5m]))")
        except OSError:
            return False
        return bool(found) and float(found[0]["value"][1]) >= times

    def is_settled(self) -> bool:
        """Whether it has seen the last of what the traffic brings about; if so, that moment."""
        self.at = time.time()
        if all(self.query(query) for query in _LAST):
            return True
        self.at = None
        return False

    def _ask(self, path: str, **parameters: str) -> list[Any]:
        url = f"{self._api}/{path}?{urlencode(parameters)}"
        with urlopen(url, timeout=10) as answer:  # noqa: S310
            data = json.load(answer)["data"]
        return list(data["result"] if isinstance(data, dict) else data)


async def _play(broker: str) -> int:
    """Send traffic of earlier and of now, a part of it in money without a rate; how much."""
    sent = 0
    now_ms = time.time_ns() // 1_000_000
    steady, chaos = _with_one_everywhere(STEADY), _with_one_everywhere(CHAOS)
    async with KafkaSink(broker) as sink:
        for seed, ago_s in enumerate(AGO_S.values()):
            past = Simulator(steady, RATE, seed, now_ms - ago_s * 1000, PAST_SECONDS)
            sent += await _send(sink, past)
        for seed, scenario in enumerate((chaos, replace(steady, currency="USD")), start=9):
            # Slower than it can be, so that counters are seen to grow.
            start_ms = time.time_ns() // 1_000_000 - SECONDS * 1000
            now = Simulator(scenario, RATE, seed, start_ms, SECONDS)
            sent += await _send(sink, now, pause_s=0.15)
    return sent


def _with_one_everywhere(scenario: Scenario) -> Scenario:
    campaigns = [
        replace(one, name=EVERYWHERE.get(one.name, one.name)) for one in scenario.campaigns
    ]
    return replace(scenario, campaigns=tuple(campaigns))


async def _send(sink: KafkaSink, traffic: Simulator, pause_s: float = 0.0) -> int:
    emissions = iter(traffic)
    sent = 0
    while batch := list(islice(emissions, _AT_ONCE)):
        await sink.send(batch)
        await asyncio.sleep(pause_s)
        sent += len(batch)
    return sent


@contextmanager
def _broker() -> Iterator[str]:
    with asyncio.Runner() as runner:
        broker = EmbeddedBroker()
        runner.run(broker.start())
        try:
            yield broker.bootstrap
        finally:
            runner.run(broker.stop())


@contextmanager
def _receiver() -> Iterator[str]:
    """Somebody who takes every message."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _prometheus(port: int, folder: Path) -> Iterator[str]:
    config = {
        "global": {"scrape_interval": "2s", "scrape_timeout": "2s"},
        "scrape_configs": [
            {"job_name": "kpistream", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield f"http://{address}/api/v1"
        finally:
            process.terminate()
            process.wait(timeout=30)
