"""The money that a KPI's deviation costs, as the catalogue declares it."""

from __future__ import annotations

import pytest

from kpistream.core.kpis.kpi import Kpi
from tests.support.builders import extended_catalogue, shipped_catalogue

KPIS = shipped_catalogue().kpis


@pytest.mark.parametrize(
    ("kpi", "text"),
    [
        ("return_on_ad_spend", "(baseline - value) * denominator"),
        ("conversion_rate", "(baseline - value) * denominator * average_order_value"),
        ("cost_per_click", "(value - baseline) * denominator"),
        ("revenue", "baseline - value"),
    ],
)
def test_the_kpis_that_cost_money_say_how_much(kpi: str, text: str) -> None:
    stake = KPIS[kpi].stake
    assert stake is not None
    assert stake.text == text


@pytest.mark.parametrize("kpi", ["unsubscribe_rate", "churn_rate", "net_promoter_score"])
def test_of_what_nobody_knows_the_worth_there_is_no_stake(kpi: str) -> None:
    assert KPIS[kpi].stake is None


@pytest.mark.parametrize("kpi", [kpi for kpi in KPIS.values() if kpi.stake], ids=lambda k: k.id)
def test_a_shipped_stake_is_what_is_lost_on_the_bad_side(kpi: Kpi) -> None:
    lost = {"up": "baseline - value", "down": "value - baseline"}
    assert kpi.stake
    assert kpi.stake.text.removeprefix("(").startswith(lost[kpi.direction])


def test_a_shipped_stake_that_still_is_money_stays() -> None:
    own = "kpis: {conversion_rate: {formula: buyers / visitors}}"
    assert extended_catalogue(own).kpis["conversion_rate"].stake == KPIS["conversion_rate"].stake


@pytest.mark.parametrize(
    "own",
    [
        pytest.param("{conversion_rate: {formula: orders, unit: count}}", id="it divides no more"),
        pytest.param("{conversion_rate: {formula: revenue / orders, unit: money}}", id="no money"),
        pytest.param("{average_order_value: null}", id="a KPI in it is removed"),
        pytest.param("{conversion_rate: {stake: null}}", id="the stake is removed"),
    ],
)
def test_a_shipped_stake_that_a_users_file_makes_wrong_is_left_out(own: str) -> None:
    dashboards = "dashboards: {overview: null, shop: null}"
    kpis = extended_catalogue(f"kpis: {own}\n{dashboards}").kpis
    assert kpis["conversion_rate"].stake is None


def test_a_user_may_say_what_something_costs() -> None:
    own = "kpis: {unsubscribe_rate: {stake: (value - baseline) * denominator * cost_per_lead}}"
    stake = extended_catalogue(own).kpis["unsubscribe_rate"].stake
    assert stake is not None
    assert stake.text == "(value - baseline) * denominator * cost_per_lead"
