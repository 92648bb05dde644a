"""Every query of a dashboard finds something in a Prometheus that scrapes a live worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.repo.files import json_of
from tests.repo.grafana_stage import Prometheus, stage
from tests.repo.promql import panel_queries, substituted, variable_queries
from tests.repo.test_grafana import FOLDER

pytestmark = pytest.mark.prometheus

DASHBOARDS = {
    path.stem: json_of(f"grafana/dashboards/{path.name}") for path in sorted(FOLDER.glob("*.json"))
}


def asked(queries: Callable[[Any], list[str]]) -> list[Any]:
    """Each query of each dashboard, with the dashboard's name."""
    return [
        pytest.param(name, query, id=f"{name}-{number}")
        for name, dashboard in DASHBOARDS.items()
        for number, query in enumerate(queries(dashboard))
    ]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with stage(tmp_path_factory.mktemp("stage")) as scraping:
        yield scraping


@pytest.fixture(scope="module")
def values(prometheus: Prometheus) -> dict[str, dict[str, str]]:
    """What the variables of each dashboard stand at when it is opened."""
    return {name: prometheus.opened(dashboard) for name, dashboard in DASHBOARDS.items()}


@pytest.mark.parametrize(("name", "query"), asked(panel_queries))
def test_a_panel_finds_something_to_show(
    prometheus: Prometheus, values: dict[str, dict[str, str]], name: str, query: str
) -> None:
    assert prometheus.query(substituted(query, values[name]))


@pytest.mark.parametrize(("name", "query"), asked(variable_queries))
def test_a_variable_finds_values_to_choose_from(
    prometheus: Prometheus, values: dict[str, dict[str, str]], name: str, query: str
) -> None:
    found = prometheus.choices(query, values[name])
    assert found
    if query.endswith(", window)"):
        assert values[name]["window"] in found


def test_no_series_was_left_out_of_the_page(prometheus: Prometheus) -> None:
    [dropped] = prometheus.query("kpistream_series_dropped")
    assert dropped["value"][1] == "0"


def test_a_query_for_nothing_finds_nothing(prometheus: Prometheus) -> None:
    assert prometheus.query('kpistream_kpi{kpi="nothing"}') == []
