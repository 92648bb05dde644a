"""The dashboards: built from their source, complete, and asking only for what workers export."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from grafana.build import FOLDER, dashboards, render, shipped_catalogue
from grafana.kpis import thresholds_of, unit_of
from kpistream.core.kpis import Direction
from kpistream.core.slices import set_name
from kpistream.edges.metrics.families import FAMILIES
from kpistream.settings import load_settings
from tests.repo.files import json_of, yaml_of
from tests.repo.promql import chosen, queries, substituted

CATALOGUE = shipped_catalogue()
DASHBOARDS = dashboards(CATALOGUE)
PATHS = [f"grafana/dashboards/{name}" for name in DASHBOARDS]
OVERVIEW = "grafana/dashboards/overview.json"
LABELS = {family.name: {*family.labels, "le"} for family in FAMILIES}


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def unknown_names(query: str) -> Iterator[str]:
    """The metrics, and labels in selectors, of a query that no worker exports."""
    for metric, selector in re.findall(r"(kpistream_\w+)(\{[^}]*\})?", query):
        family = re.sub(r"_(bucket|sum|count)$", "", metric)
        if family not in LABELS:
            yield metric
            continue
        known = LABELS[family]
        yield from (label for label in re.findall(r"(\w+)=", selector) if label not in known)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_committed_dashboard_is_what_its_source_builds(name: str) -> None:
    built = render(DASHBOARDS[name])
    assert (FOLDER / name).read_text(encoding="utf-8") == built, "run: make grafana"


def test_no_dashboard_lies_about_that_has_no_source() -> None:
    assert {path.name for path in FOLDER.iterdir()} == DASHBOARDS.keys()


def test_every_dashboard_of_the_catalogue_is_built() -> None:
    assert {f"{name}.json" for name in CATALOGUE.dashboards} == DASHBOARDS.keys()


def test_every_kpi_reads_in_a_unit_of_grafana() -> None:
    units = {kpi.id: unit_of(kpi) for kpi in CATALOGUE.kpis.values()}
    assert set(units.values()) == {"percentunit", "none", "short", "s"}
    assert (units["net_promoter_score"], units["revenue"]) == ("none", "none")
    assert (units["bounce_rate"], units["return_on_ad_spend"]) == ("percentunit", "none")


@pytest.mark.parametrize(
    ("direction", "urgent", "target", "colours"),
    [
        ("up", None, None, {None: "text"}),
        ("up", 1.0, None, {None: "red", 1.0: "green"}),
        ("up", None, 2.0, {None: "text", 2.0: "green"}),
        ("up", 1.0, 2.0, {None: "red", 1.0: "text", 2.0: "green"}),
        ("down", 0.6, None, {None: "green", 0.6: "red"}),
        ("down", None, 0.4, {None: "green", 0.4: "text"}),
        ("down", 0.6, 0.4, {None: "green", 0.4: "text", 0.6: "red"}),
    ],
)
def test_colours_say_no_more_than_the_catalogue(
    direction: Direction,
    urgent: float | None,
    target: float | None,
    colours: dict[float | None, str],
) -> None:
    kpi = replace(CATALOGUE.kpis["bounce_rate"], direction=direction, urgent=urgent, target=target)
    assert {step.value: step.color for step in thresholds_of(kpi)} == colours


@pytest.mark.parametrize("name", CATALOGUE.dashboards)
def test_a_dashboard_opens_with_a_window_that_all_of_its_kpis_are_read_for(name: str) -> None:
    window = chosen(json_of(f"grafana/dashboards/{name}.json"))["window"]
    assert all(window in CATALOGUE.kpis[kpi].windows for kpi in CATALOGUE.dashboards[name])


@pytest.mark.parametrize("name", CATALOGUE.dashboards)
def test_a_kpi_is_shown_for_the_slices_that_it_is_read_for(name: str) -> None:
    asked = [
        re.search(r'kpi="(\w+)".*slice="(\w+)"', target["expr"])
        for panel in panels(json_of(f"grafana/dashboards/{name}.json"))
        for target in panel["targets"]
    ]
    shown = {set_name(dimensions) for dimensions in load_settings().slices} - {"campaign"}
    assert sorted(found.groups() for found in asked if found) == sorted(
        (kpi, dims)
        for kpi in CATALOGUE.dashboards[name]
        for dims in map(set_name, CATALOGUE.kpis[kpi].slices or ())
        if dims in shown
    )


@pytest.mark.parametrize("path", PATHS)
class TestDashboard:
    def test_every_panel_says_what_it_shows(self, path: str) -> None:
        for panel in panels(json_of(path)):
            assert panel["title"]
            assert panel["description"].endswith("."), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert [target["refId"] for target in panel["targets"]] == ["A"]

    def test_panels_have_ids_of_their_own(self, path: str) -> None:
        ids = [panel["id"] for panel in json_of(path)["panels"]]
        assert len(set(ids)) == len(ids)

    def test_panels_lie_within_the_grid_and_side_by_side(self, path: str) -> None:
        places = [panel["gridPos"] for panel in json_of(path)["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        for one, other in combinations(places, 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            assert beside or below, (one, other)

    def test_queries_ask_only_for_metrics_and_labels_that_workers_export(self, path: str) -> None:
        for query in queries(json_of(path)):
            assert list(unknown_names(query)) == [], query

    def test_queries_use_only_variables_that_exist(self, path: str) -> None:
        dashboard = json_of(path)
        for query in queries(dashboard):
            assert "$" not in substituted(query, chosen(dashboard)), query
        named = {variable["name"] for variable in dashboard["templating"]["list"]}
        assert named == {"datasource", "window", "channel", "campaign", "currency"}

    def test_panels_read_the_data_source_that_was_chosen(self, path: str) -> None:
        for panel in panels(json_of(path)):
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_a_metric_or_label_that_nobody_exports_is_found() -> None:
    assert list(unknown_names("rate(kpistream_nothing_total[5m])")) == ["kpistream_nothing_total"]
    assert list(unknown_names('kpistream_kpi{kpi="x", colour="red"}')) == ["colour"]


def test_a_return_on_ad_spend_below_one_is_red() -> None:
    stat = next(panel for panel in panels(json_of(OVERVIEW)) if "ROAS" in panel["title"])
    steps = stat["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [(step["value"], step["color"]) for step in steps] == [(None, "red"), (1, "green")]


def test_the_data_source_has_a_fixed_uid_and_the_address_compose_gives_it() -> None:
    (source,) = yaml_of("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert source["uid"] == "kpistream-prometheus"
    assert source["url"] == "http://prometheus:9090"


def test_dashboards_cannot_be_changed_beside_their_source() -> None:
    (provider,) = yaml_of("grafana/provisioning/dashboards/kpistream.yaml")["providers"]
    assert provider["allowUiUpdates"] is False
    mounts = yaml_of("docker-compose.yml")["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts
