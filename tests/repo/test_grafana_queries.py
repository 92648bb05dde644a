"""Every query of a dashboard finds something in a Prometheus that scrapes a worker's metrics."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from grafana.overview import SHOWN
from kpistream.core.alerts import AlertState
from kpistream.core.outcomes import Outcome
from kpistream.core.readings import Board, Reading
from kpistream.core.slices import Slice
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from tests.edges.boards import alert, board, reading
from tests.repo.files import json_of
from tests.repo.promql import panel_queries, substituted, variable_queries

pytestmark = pytest.mark.prometheus

SLICES: list[Slice] = [
    (),
    (("channel", "email"),),
    (("campaign", "autumn"),),
    (("channel", "email"), ("campaign", "autumn")),
]
DASHBOARD = json_of("grafana/dashboards/overview.json")


def full_board() -> Board:
    readings: list[Reading] = [
        reading(kpi, part, currency="EUR") for kpi in SHOWN for part in SLICES
    ]
    return board(*readings)


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
def worker_page() -> Iterator[int]:
    """A worker's metrics page on a free port; each scrape finds that more has happened."""
    telemetry = busy_telemetry()
    collector = WorkerCollector(
        board=full_board,
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
        "global": {"scrape_interval": "500ms"},
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
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    with worker_page() as port, prometheus_scraping(port, folder) as address:
        wait_for_scrapes(address, wanted=4)
        yield address


@pytest.mark.parametrize("query", panel_queries(DASHBOARD))
def test_a_panel_finds_something_to_show(api: str, query: str) -> None:
    assert ask(f"{api}/query", query=substituted(query))


@pytest.mark.parametrize("query", variable_queries(DASHBOARD))
def test_a_variable_finds_values_to_choose_from(api: str, query: str) -> None:
    selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", query).groups()  # type: ignore[union-attr]
    assert ask(f"{api}/label/{label}/values", **{"match[]": substituted(selector)})


def test_a_query_for_nothing_finds_nothing(api: str) -> None:
    assert ask(f"{api}/query", query='kpistream_kpi{kpi="nothing"}') == []
