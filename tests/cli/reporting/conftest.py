from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kpistream.cli.backtesting.arrivals import arrivals
from kpistream.cli.reporting.play import Play
from kpistream.cli.wiring.wiring import build_plan
from kpistream.settings import load_settings
from tests.cli.reporting.events import settings_in, two_weeks
from tests.cli.reporting.reported import document


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings, rules and the events of two weeks."""
    folder = settings_in(tmp_path_factory.mktemp("report"))
    two_weeks().to(folder / "weeks.ndjson")
    return folder


@pytest.fixture(scope="session")
def found(place: Path) -> dict[str, Any]:
    """The report of the second week."""
    return document(place / "weeks.ndjson", "--config", place / "ruled.yml", "--board", "small")


@pytest.fixture(scope="session")
def played(place: Path) -> Play:
    """What a worker has heard that was there for two weeks."""
    plan = build_plan(load_settings(place / "ruled.yml"))
    play = Play(plan)
    play.take(arrivals([str(place / "weeks.ndjson")], tuple(plan.topics)))
    return play
