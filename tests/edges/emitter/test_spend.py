from __future__ import annotations

from kpistream.core.money.money import SCALE
from kpistream.edges.emitter.spend import Bill, Spend
from kpistream.edges.emitter.traffic import Traffic


def spending(traffic: Traffic) -> Spend:
    spend = Spend("EUR", price_level=1, start_ms=1_000)
    spend.charge(traffic)
    return spend


def minor(bill: Bill | None) -> int:
    return 0 if bill is None else bill.minor


def test_spend_is_reported_one_report_late() -> None:
    spend = spending(Traffic(cost_per_click=0.25))
    spend.click()
    reports = [spend.report(at_ms) for at_ms in (2_000, 3_000, 4_000)]
    assert reports == [None, Bill(25, from_ms=1_000, until_ms=2_000), None]


def test_what_is_settled_covers_all_that_was_not_reported() -> None:
    spend = spending(Traffic(cost_per_click=0.25))
    for at_ms in (2_000, 3_000):
        spend.click()
        spend.report(at_ms)
    spend.click()
    assert spend.settle(3_500) == Bill(50, from_ms=2_000, until_ms=3_500)
    assert spend.settle(4_000) is None


def test_parts_of_a_cent_stay_for_the_next_report() -> None:
    spend = spending(Traffic(cost_per_mille=4))
    reports = []
    for at_ms in range(10):
        spend.view()
        reports.append(minor(spend.report(at_ms)))
    assert sum(reports) + minor(spend.settle(10)) == 4
    assert set(reports) == {0, 1}


def test_each_event_costs_what_its_traffic_says() -> None:
    spend = spending(Traffic(cost_per_mille=1000, cost_per_click=2, commission=0.1))
    spend.view()
    spend.click()
    spend.order(5_000)
    assert minor(spend.settle(2_000)) == 100 + 200 + 500


def test_another_price_counts_from_then_on() -> None:
    spend = spending(Traffic(cost_per_click=1))
    spend.click()
    spend.charge(Traffic(cost_per_click=3))
    spend.click()
    assert minor(spend.settle(2_000)) == 400


def test_prices_are_in_the_major_unit_of_the_currency() -> None:
    spend = Spend("JPY", price_level=160, start_ms=0)
    spend.charge(Traffic(cost_per_click=0.5))
    spend.click()
    assert minor(spend.settle(2_000)) * SCALE == 80 * SCALE
