"""Prometheus's own linter reads what a worker exports; promtool has to be on the path."""

from __future__ import annotations

import subprocess

import pytest

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.events.outcomes import Outcome, Reason
from kpistream.core.merging.unpriced import Unpriced
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from tests.edges.boards import alert, board, on_its_way, reading

pytestmark = pytest.mark.prometheus


def telemetry_of_a_busy_worker() -> Telemetry:
    telemetry = Telemetry()
    telemetry.outcomes(
        "clicks", 0, {(Outcome.accepted, None): 5, (Outcome.late, Reason.too_old): 1}
    )
    telemetry.lateness("clicks", [0.1, 60.0, 3_000_000.0])
    telemetry.watermark("clicks", 0, 1_772_359_200.0)
    telemetry.lag("clicks", 0, 42)
    telemetry.batch("clicks", 500)
    telemetry.stage("decode", 0.002)
    telemetry.flushed("partials", 3)
    telemetry.delivery("chat", "delivered")
    return telemetry


def page_of_a_busy_worker() -> bytes:
    readings = board(
        reading(),
        reading(part=(("channel", 'a "quoted" \\ name'), ("campaign", "été\n"))),
        reading("revenue", value=12.34, denominator=None, currency="EUR"),
    )
    collector = WorkerCollector(
        board=lambda: readings,
        telemetry=telemetry_of_a_busy_worker(),
        alerts=lambda: [alert(), alert("ctr", AlertState.pending)],
        dimensions=("channel", "campaign", "country"),
        rules=("roas_below_one",),
        version="1.2.3",
        objectives=lambda: [on_its_way()],
        unpriced=lambda: [Unpriced("GBP", 1_234.5, 17)],
    )
    return Exposition(collector).page().body


def check(page: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)


def test_promtool_finds_nothing_to_say_about_the_metrics_page() -> None:
    checked = check(page_of_a_busy_worker())
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_promtool_would_have_said_so() -> None:
    assert check(b"# TYPE clicks counter\nclicks 1\n").returncode != 0
