"""Which dashboards a report is of unless somebody says so, from files and from a worker alike."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from kpistream.cli.backtesting.arrivals import arrivals
from kpistream.cli.reporting.play import Play
from kpistream.cli.wiring.wiring import build_plan
from kpistream.settings import load_settings, settings_of
from tests.cli.reporting.events import two_days
from tests.cli.reporting.reported import document
from tests.cli.reporting.worker import Worker

MINE = "  mine: [sessions, orders]\n"


@pytest.fixture(scope="module")
def shipped() -> Mapping[str, Sequence[str]]:
    """The dashboards of the package."""
    return build_plan(settings_of()).catalogue.dashboards


def settings(folder: Path, own: str, gone: Sequence[str]) -> Path:
    """Settings with a dashboard of one's own, and without some of the shipped ones."""
    path = folder / "kpistream.yml"
    removed = "".join(f"  {name}: null\n" for name in gone)
    path.write_text(f"rules: []\nslices: [[], [channel]]\ndashboards:\n{own}{removed}")
    return path


@pytest.mark.parametrize(
    ("own", "gone", "board"),
    [(MINE, 0, "overview"), (MINE, 1, "acquisition"), (MINE, None, "mine"), ("", None, "all")],
    ids=["the overview", "the first of the package", "one's own", "the first KPIs"],
)
def test_it_is_the_overview_or_else_the_first_there_is(
    own: str,
    gone: int | None,
    board: str,
    shipped: Mapping[str, Sequence[str]],
    tmp_path: Path,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("werkzeug"), "disabled", True)
    config = settings(tmp_path, own, list(shipped)[:gone])
    events = two_days().to(tmp_path / "days.ndjson")
    plan = build_plan(load_settings(config))
    play = Play(plan)
    play.take(arrivals([str(events)], tuple(plan.topics)))
    httpserver.expect_request(re.compile("/api/v1/.*")).respond_with_handler(Worker(play).answer)
    days = "--period", "day", "--ending", "2026-03-03"

    of_files = document(events, "--config", config, *days)["boards"]
    of_worker = document("--url", httpserver.url_for(""), *days)["boards"]

    first = list(plan.catalogue.kpis)[:7]
    expected = {"mine": ["sessions", "orders"], "all": first, **shipped}[board]
    assert of_files == of_worker == {board: list(expected)}
