from __future__ import annotations

from bench.hot_path import STAGES, shipped_plan
from bench.kpi_cost import MORE_KPIS, measure_kpi_cost, with_more_kpis


def test_more_kpis_need_no_more_measures() -> None:
    plan = shipped_plan()
    more = with_more_kpis(plan, 3)

    assert len(more.catalogue.kpis) == len(plan.catalogue.kpis) + 3
    assert more.catalogue.measures_of("click") == plan.catalogue.measures_of("click")


def test_events_are_measured_with_the_shipped_kpis_and_with_more() -> None:
    found = measure_kpi_cost(shipped_plan(), events=300, rounds=1)

    assert found.more.kpis == found.shipped.kpis + MORE_KPIS
    assert found.more.readings >= found.shipped.readings + MORE_KPIS
    assert found.shipped.event_us > 0
    assert all(set(costs) == {*STAGES, "whole"} for costs in found.by_visitors.values())
