"""Why a KPI changed, put together: segments, drivers, what it costs, and a sentence."""

from __future__ import annotations

from math import fsum

import pytest

from kpistream.core.alerting.why.explain import Children, Explainer
from kpistream.core.alerting.why.why import Why
from kpistream.core.measuring.partials import Sums, add
from kpistream.core.money.money import parse_amount
from tests.support import builders

EXPLAINER = Explainer(builders.plan())
HOUR = 3600.0


def campaign(revenue: str, orders: int, clicks: int = 1000, cost: str = "500") -> Sums:
    return {
        "gross_revenue@EUR": parse_amount(revenue, "EUR"),
        "orders": orders,
        "clicks": clicks,
        "ad_cost@EUR": parse_amount(cost, "EUR"),
    }


SPRING = campaign("1000", 20), campaign("1050", 20)
AUTUMN = campaign("200", 18), campaign("1050", 20)
CAMPAIGNS = {"autumn": AUTUMN, "spring": SPRING}
DEVICES = {
    "mobile": (campaign("720", 23, 1200, "600"), campaign("1260", 24, 1200, "600")),
    "desktop": (campaign("480", 15, 800, "400"), campaign("840", 16, 800, "400")),
}


def total(number: int) -> Sums:
    sums: Sums = {}
    for member in CAMPAIGNS.values():
        add(sums, member[number])
    return sums


NOW, BEFORE = total(0), total(1)


def why(
    kpi: str = "return_on_ad_spend",
    children: Children | None = None,
    now: Sums = NOW,
    before: Sums = BEFORE,
    baseline: float | None = 2.1,
    part: tuple[tuple[str, str], ...] = (),
) -> Why | None:
    found = {"device": DEVICES, "campaign": CAMPAIGNS} if children is None else children
    return EXPLAINER.why(kpi, part, now, before, baseline, HOUR, found)


def test_one_campaign_ruins_the_return_of_all() -> None:
    found = why()
    assert found is not None
    assert (found.value, found.before) == (1.2, 2.1)
    assert found.sentence == (
        "Fell from 2.1 to 1.2: 94 % of it by campaign=autumn (its own rate); "
        "average_order_value explains 91 %."
    )
    assert found.at_stake_per_hour == pytest.approx(900)
    assert found.stake_formula == "(baseline - return_on_ad_spend) * ad_cost"
    assert [one.kpi for one in found.drivers] == [
        *("average_order_value", "orders_per_click", "cost_per_click"),
    ]


def test_the_dimension_with_the_member_that_stands_out_comes_first() -> None:
    found = why()
    assert found is not None
    assert [(one.dimension, one.member) for one in found.segments] == [
        *(("campaign", "autumn"), ("campaign", "spring")),
        *(("device", "mobile"), ("device", "desktop")),
    ]


def test_the_segments_of_each_dimension_add_up_to_the_change() -> None:
    found = why()
    assert found is not None
    for dimension in ("campaign", "device"):
        parts = [one.mix + one.rate for one in found.segments if one.dimension == dimension]
        assert fsum(parts) == pytest.approx(-0.9)


def test_a_change_that_is_the_same_everywhere_is_nobodys() -> None:
    found = why(children={"device": DEVICES})
    assert found is not None
    assert found.sentence == "Fell from 2.1 to 1.2: average_order_value explains 91 %."


def test_a_dimension_that_the_slice_has_already_explains_nothing() -> None:
    found = why(part=(("campaign", "autumn"),))
    assert found is not None
    assert {one.dimension for one in found.segments} == {"device"}


def test_without_a_value_before_only_the_stake_is_told() -> None:
    found = why("revenue", before={}, baseline=2200.0)
    assert found == Why(1200.0, None, (), (), 1000.0, "EUR", "baseline - revenue")


def test_without_a_baseline_there_is_no_stake() -> None:
    found = why(baseline=None)
    assert found is not None
    assert (found.at_stake_per_hour, found.stake_formula) == (None, "")
    assert found.sentence


def test_without_parts_or_drivers_the_values_are_told() -> None:
    now, before = {"orders": 10, "sessions": 100}, {"orders": 20, "sessions": 100}
    found = why("session_conversion_rate", {}, now, before, 0.2)
    assert found is not None
    assert found.segments == ()
    assert found.sentence == "Fell from 20 % to 10 %: orders explains 100 %."


def test_without_a_value_there_is_nothing_to_explain() -> None:
    assert why(now={}) is None


def test_a_kpi_that_is_not_read_is_an_error() -> None:
    with pytest.raises(KeyError):
        why("unknown")


def test_it_is_published_in_plain_types() -> None:
    found = why()
    assert found is not None
    published = found.to_dict()
    assert published["segments"][0]["member"] == "autumn"
    assert published["drivers"][0]["kpi"] == "average_order_value"
