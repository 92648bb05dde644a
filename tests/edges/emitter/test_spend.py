from __future__ import annotations

from kpistream.core.money import SCALE
from kpistream.edges.emitter.spend import Spend
from kpistream.edges.emitter.traffic import Traffic


def spending(traffic: Traffic) -> Spend:
    spend = Spend("EUR", price_level=1)
    spend.charge(traffic)
    return spend


def test_spend_is_reported_one_report_late() -> None:
    spend = spending(Traffic(cost_per_click=0.25))
    spend.click()
    assert [spend.report(), spend.report(), spend.report()] == [0, 25, 0]


def test_parts_of_a_cent_stay_for_the_next_report() -> None:
    spend = spending(Traffic(cost_per_mille=4))
    reports = []
    for _ in range(10):
        spend.view()
        reports.append(spend.report())
    assert sum(reports) + spend.settle() == 4
    assert set(reports) == {0, 1}


def test_each_event_costs_what_its_traffic_says() -> None:
    spend = spending(Traffic(cost_per_mille=1000, cost_per_click=2, commission=0.1))
    spend.view()
    spend.click()
    spend.order(5_000)
    assert spend.settle() == 100 + 200 + 500


def test_another_price_counts_from_then_on() -> None:
    spend = spending(Traffic(cost_per_click=1))
    spend.click()
    spend.charge(Traffic(cost_per_click=3))
    spend.click()
    assert spend.settle() == 400


def test_prices_are_in_the_major_unit_of_the_currency() -> None:
    spend = Spend("JPY", price_level=160)
    spend.charge(Traffic(cost_per_click=0.5))
    spend.click()
    assert spend.settle() * SCALE == 80 * SCALE
