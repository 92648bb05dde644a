"""What a KPI's deviation costs, in money per hour."""

from __future__ import annotations

import pytest

from kpistream.core.alerting.why.stake import in_words, stake
from kpistream.core.measuring.partials import Sums
from kpistream.core.money.money import parse_amount
from tests.support.builders import extended_catalogue, shipped_catalogue

KPIS = shipped_catalogue().kpis
OWN = extended_catalogue("""
kpis:
  waiting:
    name: {en: Waiting, fr: Attente}
    unit: seconds
    direction: down
    formula: session_time / (sessions + clicks)
    stake: -(baseline - value) * numerator / numerator * denominator / hour * ad_cost
  kept:
    name: {en: Sessions without a click, fr: Sessions sans clic}
    unit: ratio
    direction: up
    formula: 1 - clicks / sessions
    stake: (baseline - value) * denominator * cost_per_click
""").kpis

HOUR = 3600.0


def eur(text: str) -> int:
    return parse_amount(text, "EUR")


SUMS: Sums = {
    "clicks": 400,
    "orders": 20,
    "visitors": 1000,
    "sessions": 1200,
    "impressions": 50_000,
    "gross_revenue@EUR": eur("800"),
    "ad_cost@EUR": eur("200"),
    "carts_created": 50,
    "carts_checked_out": 20,
}


def lost(kpi: str, baseline: float | None, covers_s: float = HOUR, **changed: int) -> float | None:
    found = stake(KPIS[kpi], KPIS, SUMS | changed, SUMS, baseline, covers_s, "EUR")
    return found and found[0]


@pytest.mark.parametrize(
    ("kpi", "baseline", "money"),
    [
        pytest.param("return_on_ad_spend", 5, 200, id="1 less on each of 200 EUR"),
        pytest.param("revenue", 1000, 200, id="200 EUR less"),
        pytest.param("conversion_rate", 0.03, 400, id="10 orders of 40 EUR from 1,000 people"),
        pytest.param("cost_per_click", 0.25, 100, id="0.25 EUR more for each of 400 clicks"),
        pytest.param("cost_per_mille", 3, 50, id="1 EUR more for each of 50 thousand"),
        pytest.param("clicks", 500, 200, id="100 clicks, of which 5 order for 40 EUR"),
        pytest.param("cart_abandonment_rate", 0.5, 200, id="5 carts more of 40 EUR"),
        pytest.param("ad_cost", 150, 50, id="50 EUR more spent"),
    ],
)
def test_a_deviation_costs_money(kpi: str, baseline: float, money: float) -> None:
    assert lost(kpi, baseline) == pytest.approx(money, abs=1e-9)


def test_it_is_told_per_hour_whatever_the_window() -> None:
    assert lost("revenue", 1000, 4 * HOUR) == 50
    assert lost("revenue", 1000, HOUR / 4) == 800


@pytest.mark.parametrize(
    ("kpi", "baseline", "covers_s"),
    [
        pytest.param("revenue", 800, HOUR, id="as it should be"),
        pytest.param("revenue", 700, HOUR, id="better than it should be"),
        pytest.param("cost_per_click", 0.75, HOUR, id="better, where down is good"),
        pytest.param("revenue", None, HOUR, id="nobody knows how it should be"),
        pytest.param("revenue", 1000, 0, id="over no time"),
        pytest.param("bounce_rate", 0.1, HOUR, id="no stake is declared"),
        pytest.param("cost_per_lead", 0.1, HOUR, id="no value"),
    ],
)
def test_where_nothing_is_lost_or_known_there_is_no_stake(
    kpi: str, baseline: float | None, covers_s: float
) -> None:
    assert lost(kpi, baseline, covers_s) is None


def test_an_order_is_worth_what_it_was_before_where_nobody_orders() -> None:
    sums = {"orders": 0, "gross_revenue@EUR": 0}
    assert lost("conversion_rate", 0.02, **sums) == pytest.approx(800)


def test_what_nothing_ever_told_the_worth_of_has_no_stake() -> None:
    people = {"visitors": 1000}
    assert stake(KPIS["conversion_rate"], KPIS, people, {}, 0.02, HOUR, "EUR") is None


def test_times_in_a_stake_are_those_of_the_clock() -> None:
    """1,600 times 45 s longer is 20 hours, each of 200 EUR."""
    now = SUMS | {"session_time": 1600 * 105_000}
    found = stake(OWN["waiting"], OWN, now, SUMS, 60.0, HOUR, "EUR")
    assert found is not None
    assert found[0] == pytest.approx(4000.0)


def test_a_stake_over_kpis_that_are_not_read_is_none() -> None:
    some = {name: kpi for name, kpi in KPIS.items() if name != "average_order_value"}
    assert stake(KPIS["conversion_rate"], some, SUMS, SUMS, 0.5, HOUR, "EUR") is None


@pytest.mark.parametrize(
    ("kpi", "words"),
    [
        ("return_on_ad_spend", "(baseline - return_on_ad_spend) * ad_cost"),
        ("conversion_rate", "(baseline - conversion_rate) * visitors * average_order_value"),
        ("revenue", "baseline - revenue"),
        ("kept", "(baseline - kept) * denominator * cost_per_click"),
        (
            "waiting",
            "-(baseline - waiting) * session_time / session_time * (sessions + clicks) / hour"
            " * ad_cost",
        ),
    ],
)
def test_its_formula_names_what_it_stands_on(kpi: str, words: str) -> None:
    declared = {**KPIS, **OWN}[kpi]
    assert declared.stake
    assert in_words(declared, declared.stake) == words


def test_the_formula_comes_with_the_money() -> None:
    found = stake(KPIS["revenue"], KPIS, SUMS, SUMS, 1000.0, HOUR, "EUR")
    assert found == (200.0, "baseline - revenue")
