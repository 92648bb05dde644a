"""Every query of a dashboard finds something in a Prometheus that scrapes a worker's metrics."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from grafana.build import FOLDER
from kpistream.cli.wiring import build_plan
from kpistream.core.alerting.alerts import AlertState
from kpistream.core.driver import Driver
from kpistream.core.outcomes import Outcome
from kpistream.core.readings import Board
from kpistream.edges.emitter.shipped import STEADY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from kpistream.settings import load_settings
from tests.edges.boards import alert
from tests.repo.files import json_of
from tests.repo.promql import chosen, panel_queries, substituted, variable_queries

pytestmark = pytest.mark.prometheus

SECONDS = 30
START_MS = 1_760_000_000_000
DASHBOARDS = {path.stem: json_of(f"grafana/dashboards/{path.name}") for path in FOLDER.iterdir()}

CUSTOMERS_BEFORE = """
measures:
  customers_at_start:
    level: customer
    plus: {kind: created}
    minus: {kind: churned}
    at: start
    opening: [{value: 500}, {slice: {channel: email}, value: 100}]
"""
"""A shop without customers has no share of customers who leave."""


def asked(queries: Callable[[Any], list[str]]) -> list[Any]:
    """Each query of each dashboard, with what the variables of that dashboard stand at."""
    return [
        pytest.param(query, chosen(dashboard), id=f"{name}-{number}")
        for name, dashboard in DASHBOARDS.items()
        for number, query in enumerate(queries(dashboard))
    ]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """What a worker reads of half a minute of the emitter's traffic."""
    config = tmp_path_factory.mktemp("settings") / "kpistream.yml"
    config.write_text(CUSTOMERS_BEFORE)
    driver = Driver(build_plan(load_settings(config)))
    for emission in Simulator(STEADY, 200, 1, START_MS, SECONDS):
        deque(driver.feed(emission.event_type, emission.value, emission.at_ms), maxlen=0)
    deque(driver.finish(), maxlen=0)
    return driver.board


def busy_telemetry() -> Telemetry:
    telemetry = Telemetry()
    telemetry.outcomes("clicks", 0, {(Outcome.accepted, None): 5})
    telemetry.lateness("clicks", [0.1])
    telemetry.watermark("clicks", 0, time.time() - 1)
    telemetry.lag("clicks", 0, 42)
    telemetry.stage("decode", 0.002)
    telemetry.delivery("chat", "delivered")
    return telemetry


@contextmanager
def worker_page(board: Board) -> Iterator[int]:
    """A worker's metrics page on a free port; each scrape finds that more has happened."""
    telemetry = busy_telemetry()
    collector = WorkerCollector(
        board=lambda: board,
        telemetry=telemetry,
        alerts=lambda: [alert("roas", AlertState.firing), alert("roas", AlertState.pending)],
        dimensions=("channel", "campaign"),
        rules=("roas",),
        version="1.2.3",
    )
    exposition = Exposition(collector)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            telemetry.stage("decode", 0.002)
            telemetry.lateness("clicks", [0.1])
            page = exposition.page()
            self.send_response(200)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def prometheus_scraping(port: int, folder: Path) -> Iterator[str]:
    config = {
        "global": {"scrape_interval": "3s"},
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
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield f"http://{address}/api/v1"
        finally:
            process.terminate()
            process.wait(timeout=30)


def ask(url: str, **parameters: str) -> list[Any]:
    with urlopen(f"{url}?{urlencode(parameters)}", timeout=10) as answer:  # noqa: S310
        data = json.load(answer)["data"]
    return list(data["result"] if isinstance(data, dict) else data)


def wait_for_scrapes(api: str, wanted: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    query = "sum(count_over_time(kpistream_build_info[1m]))"
    while time.monotonic() < deadline:
        try:
            found = ask(f"{api}/query", query=query)
        except OSError:
            found = []
        if found and float(found[0]["value"][1]) >= wanted:
            return
        time.sleep(0.2)
    raise AssertionError("Prometheus did not scrape the worker in time")


@pytest.fixture(scope="module")
def api(played: Board, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    with worker_page(played) as port, prometheus_scraping(port, folder) as address:
        wait_for_scrapes(address, wanted=3)
        yield address


@pytest.mark.parametrize(("query", "values"), asked(panel_queries))
def test_a_panel_finds_something_to_show(api: str, query: str, values: dict[str, str]) -> None:
    assert ask(f"{api}/query", query=substituted(query, values))


@pytest.mark.parametrize(("query", "values"), asked(variable_queries))
def test_a_variable_finds_values_to_choose_from(
    api: str, query: str, values: dict[str, str]
) -> None:
    found = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
    assert found is not None
    selector, label = found.groups()
    choices = ask(f"{api}/label/{label}/values", **{"match[]": substituted(selector, values)})
    assert choices
    if label == "window":
        assert values["window"] in choices


def test_no_series_was_left_out_of_the_page(api: str) -> None:
    [dropped] = ask(f"{api}/query", query="kpistream_series_dropped")
    assert dropped["value"][1] == "0"


def test_a_query_for_nothing_finds_nothing(api: str) -> None:
    assert ask(f"{api}/query", query='kpistream_kpi{kpi="nothing"}') == []
