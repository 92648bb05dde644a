from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpistream.cli.kpi_words import Place, decimal_text, document, number_text, rows, value_text
from kpistream.cli.pages.kpis_page import shipped
from kpistream.core.catalogue.catalogue import Catalogue
from tests.cli.conftest import Run

OWN = """
events:
  test_drive: {fields: {model: text}}
measures:
  test_drives: {count: test_drive}
kpis:
  test_drives:
    name: {en: Test drives, fr: Essais}
    unit: count
    direction: up
    formula: test_drives
  bounce_rate: {owner: Ada}
"""

OPENINGS = """
events:
  deal:
    fields:
      kind: {kind: choice, values: [opened, closed]}
      amount: money
      work_days: decimal
measures:
  active_customers:
    level: customer
    plus: {kind: created}
    minus: {kind: churned}
    opening: [{value: 1200}, {slice: {channel: Email}, value: 300}]
  open_amount:
    level: deal.amount
    plus: {kind: opened}
    minus: {kind: closed}
    opening: 50000.00 EUR
  open_work:
    level: deal.work_days
    plus: {kind: opened}
    minus: {kind: closed}
    opening: 2.5
kpis:
  levels:
    name: {en: Open money a day, fr: Argent par jour}
    unit: money
    direction: up
    formula: open_amount / (open_work / day) / active_customers
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return shipped()


def test_all_kpis_are_listed_with_their_formula(kpistream: Run, catalogue: Catalogue) -> None:
    ran = kpistream("kpis")
    assert (ran.code, ran.err) == (0, "")
    for kpi in catalogue.kpis.values():
        assert f" {kpi.id} " in ran.out
    assert "clicks / impressions" in ran.out
    assert "Bounce rate" in ran.out


def test_names_are_listed_in_french_when_asked(kpistream: Run) -> None:
    ran = kpistream("kpis", "--language", "fr")
    assert "Taux de rebond" in ran.out
    assert "Bounce rate" not in ran.out


def test_a_kpi_is_explained_from_its_formula_to_where_it_can_be_seen(kpistream: Run) -> None:
    ran = kpistream("kpis", "return_on_ad_spend")
    assert ran.code == 0
    for text in (
        "return_on_ad_spend: Return on ad spend (ROAS)",
        "revenue / ad_cost",
        "(gross_revenue - refunds) / ad_cost",
        "gross_revenue = total(order.revenue where kind = purchase)",
        "order (topic orders)",
        "urgent below 1",
        "performance marketing",
        "Pause the campaign",
        "S0",
        "total, channel, campaign, channel + campaign",
        "900 € of revenue for 1,000 € of advertising: 0.9",
        'kpistream_kpi{kpi="return_on_ad_spend", window=',
        "/api/v1/readings?kpi=return_on_ad_spend&window=",
        "overview, acquisition",
    ):
        assert text in ran.out


def test_a_kpi_is_explained_in_french_when_asked(kpistream: Run) -> None:
    ran = kpistream("kpis", "sales_cycle_length", "-l", "fr")
    assert "Durée du cycle de vente" in ran.out
    assert "la baisse est bonne" in ran.out
    assert "des signatures après 20 et 40 jours : 30 jours" in ran.out


@pytest.mark.parametrize(
    ("kpi", "en", "fr"),
    [
        ("bounce_rate", "ratio, 0.03 for 3 %", "ratio, 0,03 pour 3 %"),
        (
            "return_on_ad_spend",
            "ratio of money, 0.9 for 0.90 EUR per EUR",
            "ratio d'argent, 0,9 pour 0,90 EUR par EUR",
        ),
        ("revenue", "money, per currency", "monnaie, par devise"),
    ],
)
def test_the_unit_says_how_its_values_are_read(
    catalogue: Catalogue, kpi: str, en: str, fr: str
) -> None:
    assert rows(catalogue.kpis[kpi], catalogue, Place(), "en")["unit"] == [en]
    assert rows(catalogue.kpis[kpi], catalogue, Place(), "fr")["unit"] == [fr]


@pytest.mark.parametrize(
    ("kpi", "text"),
    [
        ("bounce_rate", "good up to 40 %"),
        ("return_on_investment", "urgent below 0"),
    ],
)
def test_limits_are_told_by_the_side_they_are_on(catalogue: Catalogue, kpi: str, text: str) -> None:
    assert rows(catalogue.kpis[kpi], catalogue, Place(), "en")["limits"] == [text]


@pytest.mark.parametrize("name", ["roas", "ROAS"])
def test_a_kpi_is_found_by_the_short_name_that_people_use(kpistream: Run, name: str) -> None:
    ran = kpistream("kpis", name)
    assert ran.code == 0
    assert ran.out.startswith("return_on_ad_spend: Return on ad spend (ROAS)")


def test_an_unknown_kpi_is_told_with_the_nearest_one(kpistream: Run) -> None:
    ran = kpistream("kpis", "bounce_rat")
    assert ran.code == 2
    assert "unknown KPI 'bounce_rat'; did you mean 'bounce_rate'?" in ran.err


def test_for_programs_each_kpi_is_a_line_of_json(kpistream: Run, catalogue: Catalogue) -> None:
    lines = [json.loads(line) for line in kpistream("kpis", "--json").out.splitlines()]
    assert [line["id"] for line in lines] == list(catalogue.kpis)
    [one] = kpistream("kpis", "churn_rate", "--json").out.splitlines()
    assert json.loads(one) == next(line for line in lines if line["id"] == "churn_rate")
    assert json.loads(one)["examples"][0]["value"] == 0.02


def test_kpis_of_ones_own_are_listed_and_overridden_ones_as_they_are(
    kpistream: Run, tmp_path: Path
) -> None:
    config = tmp_path / "kpistream.yml"
    config.write_text(OWN, encoding="utf-8")
    assert "test_drives" in kpistream("kpis", "--config", config).out
    assert "Ada" in kpistream("kpis", "bounce_rate", "--config", config).out
    assert "count(test_drive)" in kpistream("kpis", "test_drives", "--config", config).out


def test_a_mistake_in_the_catalogue_is_told(kpistream: Run, tmp_path: Path) -> None:
    config = tmp_path / "kpistream.yml"
    config.write_text(OWN.replace("{count: test_drive}", "{count: test_drives}"), encoding="utf-8")
    ran = kpistream("kpis", "--config", config)
    assert ran.code == 2
    assert f"{config}:5: measures.test_drives.count: unknown event" in ran.err


def test_what_a_level_began_with_is_told_by_slice(kpistream: Run, tmp_path: Path) -> None:
    config = tmp_path / "kpistream.yml"
    config.write_text(OPENINGS, encoding="utf-8")
    customers = kpistream("kpis", "active_customers", "--config", config).out
    assert "active_customers = 1200 (total)" in customers
    assert "active_customers = 300 (channel=email)" in customers
    levels = kpistream("kpis", "levels", "--config", config).out
    assert "open_amount = 50000.00 EUR (total)" in levels
    assert "open_work = 2.5 (total)" in levels


def test_an_event_without_a_topic_is_said_to_be_unread(catalogue: Catalogue) -> None:
    place = Place(topics={"order": "shop.orders"})
    kpi = catalogue.kpis["session_conversion_rate"]
    assert rows(kpi, catalogue, place, "en")["events"] == [
        "order (topic shop.orders)",
        "session (not read: no topic is set)",
    ]
    assert document(kpi, catalogue, place)["events"] == {"order": "shop.orders", "session": None}


def test_the_query_is_for_a_window_that_is_read(catalogue: Catalogue) -> None:
    kpi = catalogue.kpis["churn_rate"]
    assert kpi.windows[0] == "24h"
    for windows, shown in [((), "24h"), (("5m", "30d"), "30d"), (("5m",), "5m")]:
        assert f'window="{shown}"' in rows(kpi, catalogue, Place("", windows), "en")["promql"][0]


@pytest.mark.parametrize(
    ("kpi", "value", "en", "fr"),
    [
        ("bounce_rate", 0.375, "37.5 %", "37,5 %"),
        ("return_on_ad_spend", 0.9, "0.9", "0,9"),
        ("revenue", 48_500.5, "48,500.5 EUR", "48 500,5 EUR"),
        ("sessions", 1000, "1,000", "1 000"),
        ("session_duration", 60, "1 minute", "1 minute"),
        ("session_duration", 0.5, "0.5 seconds", "0,5 secondes"),
        ("sales_cycle_length", 2_592_000, "30 days", "30 jours"),
        ("net_promoter_score", -12.5, "-12.5", "-12,5"),
    ],
)
def test_a_value_is_written_as_its_unit_is_read(
    catalogue: Catalogue, kpi: str, value: float, en: str, fr: str
) -> None:
    assert value_text(catalogue.kpis[kpi], value, "en") == en
    assert value_text(catalogue.kpis[kpi], value, "fr").replace("\N{NO-BREAK SPACE}", " ") == fr


def test_a_number_has_no_needless_zeros() -> None:
    assert [number_text(value, "en") for value in (0, 100, 1.5, 1666.666)] == [
        "0",
        "100",
        "1.5",
        "1,666.67",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.005, "1.01"),
        (2.675, "2.68"),
        (-1.005, "-1.01"),
        (1.0049, "1.00"),
        (1234567.125, "1,234,567.13"),
        (0.0, "0.00"),
        (1e23, "100,000,000,000,000,000,000,000.00"),
    ],
)
def test_half_a_cent_is_rounded_up_as_people_do(value: float, text: str) -> None:
    assert decimal_text(value, 2) == text


def test_what_drives_a_kpi_and_what_it_costs_are_told_where_they_are_declared() -> None:
    kpis = shipped().kpis
    told = rows(kpis["return_on_ad_spend"], shipped(), Place(), "fr")
    assert told["drivers"] == ["average_order_value * orders_per_click / cost_per_click"]
    assert told["stake"] == ["(baseline - return_on_ad_spend) * ad_cost"]
    assert not {"drivers", "stake"} & rows(kpis["bounce_rate"], shipped(), Place(), "fr").keys()


def test_programs_are_told_of_drivers_and_stakes_too() -> None:
    kpis = shipped().kpis
    revenue = document(kpis["revenue"], shipped(), Place())
    assert revenue["drivers"] == "visitors * conversion_rate * average_order_value"
    assert revenue["stake"] == "baseline - revenue"
    bounce_rate = document(kpis["bounce_rate"], shipped(), Place())
    assert (bounce_rate["drivers"], bounce_rate["stake"]) == (None, None)
