"""How much each factor of a KPI changed it."""

from __future__ import annotations

from math import fsum, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.why.drivers import drivers
from kpistream.core.alerting.why.why import Driver
from kpistream.core.kpis.kpi import Kpi, evaluate
from kpistream.core.measuring.partials import Sums
from tests.support.builders import shipped_catalogue

KPIS = shipped_catalogue().kpis
EUR = 10**6
DRIVEN = [kpi for kpi in KPIS.values() if kpi.drivers]

SUMS: Sums = {"gross_revenue@EUR": 800 * EUR, "orders": 20, "clicks": 400, "ad_cost@EUR": 200 * EUR}


def roas(**changed: int) -> tuple[Driver, ...]:
    now = SUMS | {key.replace("_eur", "@EUR"): amount for key, amount in changed.items()}
    return drivers(KPIS["return_on_ad_spend"], KPIS, now, SUMS, "EUR")


def test_a_driver_has_its_values_and_the_logarithm_of_its_change() -> None:
    halved = roas(gross_revenue_eur=400 * EUR)
    assert halved[0] == Driver("average_order_value", 20.0, 40.0, log(20) - log(40))
    assert {one.kpi: one.effect for one in halved[1:]} == {
        "orders_per_click": 0,
        "cost_per_click": 0,
    }


def test_what_is_divided_by_works_the_other_way_round() -> None:
    dearer = roas(ad_cost_eur=400 * EUR)
    assert dearer[0] == Driver("cost_per_click", 1.0, 0.5, -(log(1) - log(0.5)))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"orders": 0}, id="a driver without a value"),
        pytest.param({"gross_revenue_eur": 0}, id="a driver of 0"),
        pytest.param({"gross_revenue_eur": -EUR}, id="a driver below 0"),
    ],
)
def test_without_a_logarithm_there_are_no_drivers(changed: dict[str, int]) -> None:
    assert roas(**changed) == ()


def test_a_kpi_that_declares_none_has_none() -> None:
    assert drivers(KPIS["bounce_rate"], KPIS, SUMS, SUMS, "EUR") == ()


def test_drivers_of_which_one_is_not_read_are_none() -> None:
    some = {name: kpi for name, kpi in KPIS.items() if name != "orders_per_click"}
    assert drivers(KPIS["return_on_ad_spend"], some, SUMS, SUMS, "EUR") == ()


@pytest.mark.parametrize("kpi", DRIVEN, ids=lambda kpi: kpi.id)
@given(data=st.data())
def test_the_effects_add_up_to_the_change_of_the_logarithm(kpi: Kpi, data: st.DataObject) -> None:
    assert kpi.drivers
    measures = [m for name in (kpi.id, *kpi.drivers.powers) for m in KPIS[name].measures]
    keys = dict.fromkeys(m.key("EUR") for m in measures if m.name != "refunds")
    views = st.fixed_dictionaries(dict.fromkeys(keys, st.integers(1, 10**9)))
    now, before = data.draw(views), data.draw(views)
    value, earlier = evaluate(kpi, now, "EUR"), evaluate(kpi, before, "EUR")
    assert value
    assert earlier
    found = drivers(kpi, KPIS, now, before, "EUR")
    assert {one.kpi for one in found} == kpi.drivers.powers.keys()
    assert fsum(one.effect for one in found) == pytest.approx(
        log(value.value) - log(earlier.value), abs=1e-9
    )
