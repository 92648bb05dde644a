"""The KPIs that another one is a product of: proved when the catalogue is read."""

from __future__ import annotations

import pytest

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Drivers
from tests.support.builders import extended_catalogue, shipped_catalogue

KPIS = shipped_catalogue().kpis

MEASURES = """
measures:
  clicks: {count: click}
  impressions: {count: impression}
  cost: {total: cost.amount}
  time: {total: session.duration_ms}
  sessions: {count: session}
kpis:
  ctr: {name: {en: a, fr: a}, unit: ratio, direction: up, formula: clicks / impressions}
  cpc: {name: {en: a, fr: a}, unit: money, direction: down, formula: cost / clicks}
  cpm: {name: {en: a, fr: a}, unit: money, direction: down, formula: 1000 * cost / impressions}
  spent: {name: {en: a, fr: a}, unit: seconds, direction: up, sample: sessions, formula: time}
"""
SHAPE = "name: {en: a, fr: a}, direction: up, sample: clicks"


def driven(unit: str, formula: str, drivers: str) -> Drivers | None:
    own = f"  tried: {{{SHAPE}, unit: {unit}, formula: {formula}, drivers: {drivers}}}"
    return Catalogue.load(MEASURES + own, "own.yml").kpis["tried"].drivers


@pytest.mark.parametrize(
    ("unit", "formula", "drivers", "powers"),
    [
        ("money", "cost / impressions", "cpc * ctr", {"cpc": 1, "ctr": 1}),
        ("money", "1000 * cost / impressions", "1000 * cpc * ctr", {"cpc": 1, "ctr": 1}),
        ("money", "cost / clicks", "cpm / (1000 * ctr)", {"cpm": 1, "ctr": -1}),
        ("money", "cost / clicks", "cpm / 1000 / ctr * ctr / ctr", {"cpm": 1, "ctr": -1}),
        ("ratio", "ctr * ctr", "ctr * ctr", {"ctr": 2}),
        ("money", "cost / clicks", "cpc * ctr / ctr", {"cpc": 1}),
        ("ratio", "time / minute", "spent / minute", {"spent": 1}),
        ("ratio", "2 / ctr", "2 / ctr", {"ctr": -1}),
    ],
)
def test_a_product_has_the_powers_of_its_factors(
    unit: str, formula: str, drivers: str, powers: dict[str, int]
) -> None:
    assert driven(unit, formula, drivers) == Drivers(drivers, powers)


def test_a_kpi_that_says_nothing_of_drivers_has_none() -> None:
    assert KPIS["bounce_rate"].drivers is None


@pytest.mark.parametrize(
    ("kpi", "powers"),
    [
        (
            "return_on_ad_spend",
            {"average_order_value": 1, "orders_per_click": 1, "cost_per_click": -1},
        ),
        ("cost_per_acquisition", {"marketing_cost": 1, "visitors": -1, "conversion_rate": -1}),
        ("revenue", {"visitors": 1, "conversion_rate": 1, "average_order_value": 1}),
        ("email_click_rate", {"email_open_rate": 1, "email_click_to_open_rate": 1}),
    ],
)
def test_the_kpis_that_alerts_are_about_have_drivers(kpi: str, powers: dict[str, int]) -> None:
    drivers = KPIS[kpi].drivers
    assert drivers is not None
    assert drivers.powers == powers


@pytest.mark.parametrize(
    "own",
    [
        pytest.param("{clicks: {count: click}}", id="a measure that both rest on"),
        pytest.param("{ad_cost: {total: cost.amount}}", id="another one"),
    ],
)
def test_shipped_drivers_that_are_still_true_stay(own: str) -> None:
    kpis = extended_catalogue(f"measures: {own}").kpis
    assert kpis["return_on_ad_spend"].drivers == KPIS["return_on_ad_spend"].drivers


@pytest.mark.parametrize(
    "own",
    [
        pytest.param("{return_on_ad_spend: {formula: gross_revenue / ad_cost}}", id="the KPI"),
        pytest.param("{cost_per_click: {formula: marketing_cost / clicks}}", id="a driver"),
        pytest.param("{orders_per_click: null}", id="a driver is removed"),
        pytest.param("{return_on_ad_spend: {drivers: null}}", id="the drivers are removed"),
    ],
)
def test_shipped_drivers_that_a_users_file_makes_untrue_are_left_out(own: str) -> None:
    assert extended_catalogue(f"kpis: {own}").kpis["return_on_ad_spend"].drivers is None


def test_a_user_may_name_other_drivers() -> None:
    own = "kpis: {return_on_ad_spend: {drivers: revenue / ad_cost}}"
    drivers = extended_catalogue(own).kpis["return_on_ad_spend"].drivers
    assert drivers == Drivers("revenue / ad_cost", {"revenue": 1, "ad_cost": -1})
