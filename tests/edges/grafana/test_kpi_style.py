"""How a KPI reads in Grafana."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpistream.core.kpis.kpi import Direction, Kpi
from kpistream.edges.grafana.kpi_style import change_colours, decimals_of, thresholds_of, unit_of
from tests.edges.grafana.grounds import shipped

KPIS = shipped().catalogue.kpis


def test_every_kpi_reads_in_a_unit_of_grafana() -> None:
    units = {kpi.id: unit_of(kpi) for kpi in KPIS.values()}
    assert set(units.values()) == {"percentunit", "locale", "none", "short", "s"}
    assert (units["net_promoter_score"], units["revenue"]) == ("none", "locale")
    assert (units["bounce_rate"], units["return_on_ad_spend"]) == ("percentunit", "none")


def test_money_has_two_decimals() -> None:
    assert decimals_of(KPIS["revenue"]) == decimals_of(KPIS["return_on_ad_spend"]) == 2
    assert decimals_of(KPIS["bounce_rate"]) is None


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
    kpi = replace(KPIS["bounce_rate"], direction=direction, urgent=urgent, target=target)
    assert {step.value: step.color for step in thresholds_of(kpi)} == colours


@pytest.mark.parametrize(
    ("kpi", "colours"),
    [
        ("revenue", {None: "red", -0.02: "text", 0.02: "green"}),
        ("cost_per_click", {None: "green", -0.02: "text", 0.02: "red"}),
        ("net_promoter_score", {None: "red", -1.0: "text", 1.0: "green"}),
    ],
)
def test_a_change_is_green_the_good_way(kpi: str, colours: dict[float | None, str]) -> None:
    assert {step.value: step.color for step in change_colours(_kpi(kpi))} == colours


def _kpi(name: str) -> Kpi:
    return KPIS[name]
