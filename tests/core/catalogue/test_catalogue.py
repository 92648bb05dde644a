from __future__ import annotations

from pathlib import Path

import pytest

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.events.event_types import SHIPPED as SHIPPED_EVENTS
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.kpis.measures import Condition, Measure
from kpistream.core.located_yaml import ConfigErrors, load

HERE = Path(__file__).parent
SHIPPED = HERE.parents[2] / "kpistream" / "catalogue.yml"

REQUIRED = {
    "impressions",
    "reach",
    "ad_recall_rate",
    "visitors",
    "sessions",
    "session_duration",
    "page_duration",
    "bounce_rate",
    "cta_rate",
    "click_through_rate",
    "unique_click_through_rate",
    "cost_per_click",
    "cost_per_mille",
    "cost_per_lead",
    "cost_per_acquisition",
    "customer_acquisition_cost",
    "return_on_ad_spend",
    "return_on_investment",
    "revenue_to_investment",
    "return_on_marketing_investment",
    "conversion_rate",
    "lead_rate",
    "customer_rate",
    "engagement_rate_by_reach",
    "engagement_rate_by_impressions",
    "amplification_rate",
    "email_open_rate",
    "email_click_to_open_rate",
    "email_click_rate",
    "unsubscribe_rate",
    "average_order_value",
    "cart_abandonment_rate",
    "repeat_purchase_rate",
    "revenue",
    "average_revenue_per_account",
    "monthly_recurring_revenue",
    "customer_lifetime_value",
    "retention_rate",
    "loyalty_rate",
    "churn_rate",
    "net_promoter_score",
    "leads",
    "marketing_qualified_leads",
    "sales_qualified_leads",
    "mql_to_sql_rate",
    "lead_to_opportunity_rate",
    "opportunity_win_rate",
    "pipeline_velocity",
    "sales_cycle_length",
    "calls",
}
"""Every KPI of the articles, and the industry's cost per mille."""

EARLIER = {"clicks", "orders", "ad_cost", "session_conversion_rate"}
"""Ids that rules and dashboards of earlier versions name."""

SMALL = """
measures:
  clicks: {count: click}
  impressions: {count: impression}
  gross_revenue: {total: order.revenue, where: {kind: purchase}}
  opens: {count: email, where: {kind: [opened, clicked], machine_open: false}}
kpis:
  click_through_rate:
    name: {en: Click-through rate, fr: Taux de clics}
    unit: ratio
    direction: up
    formula: clicks / impressions
  clicks_per_mille:
    name: {en: Clicks per mille, fr: Clics pour mille}
    unit: ratio
    direction: up
    formula: click_through_rate * 1000
"""

ERRORS = HERE / "catalogue_errors"
BAD_FILES = sorted(ERRORS.glob("*.yml"))
"""Each begins with a comment that is the error it deserves."""

BAD_OWN_FILES = sorted((ERRORS / "own").glob("*.yml"))
"""The same for files of a user's own, which extend `own/base/shipped.yml`."""


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")


@pytest.fixture
def small() -> Catalogue:
    return Catalogue.load(SMALL, "small.yml")


def shipped_kpis() -> list[Kpi]:
    return list(Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml").kpis.values())


def test_the_shipped_catalogue_has_the_kpis_that_were_asked_for(shipped: Catalogue) -> None:
    assert set(shipped.kpis) >= REQUIRED | EARLIER


@pytest.mark.parametrize("kpi", shipped_kpis(), ids=lambda kpi: kpi.id)
def test_a_shipped_kpi_says_everything_about_itself(kpi: Kpi) -> None:
    assert kpi.name["en"] != kpi.description["en"]
    assert kpi.name["fr"] != kpi.description["fr"]
    assert kpi.stage
    assert kpi.owner != "marketing"
    assert kpi.action != "Find the slice that changed, and ask its owner why."
    assert kpi.texts.keys() == {kpi.owner, kpi.action}
    assert kpi.texts[kpi.action]["fr"] not in (kpi.action, "")
    assert len({"leading", "lagging"} & set(kpi.classes)) == 1
    assert len({"activity", "impact"} & set(kpi.classes)) == 1
    assert len({"strategic", "operational", "functional"} & set(kpi.classes)) == 1
    assert set(kpi.source) <= {"S0", "S1", "S2", "S3", "S4"}
    assert 1 <= len(kpi.windows) <= 5
    assert kpi.slices is not None
    assert kpi.slices[:2] == ((), ("channel",))
    assert kpi.examples


def test_only_what_the_industry_adds_to_the_articles_has_no_source(shipped: Catalogue) -> None:
    unsourced = [kpi.id for kpi in shipped.kpis.values() if not kpi.source]
    assert unsourced == ["cost_per_mille", "orders_per_click"]


def test_every_shipped_measure_is_used(shipped: Catalogue) -> None:
    used = {measure.name for kpi in shipped.kpis.values() for measure in kpi.measures}
    samples = {kpi.sample for kpi in shipped.kpis.values()}
    squares = {name for name, measure in shipped.measures.items() if measure.kind == "squares"}
    assert used | samples | squares == set(shipped.measures)


def test_each_shipped_total_of_what_happens_has_its_squares(shipped: Catalogue) -> None:
    measures = shipped.measures.values()
    squared = {(m.event, m.field, m.where) for m in measures if m.kind == "squares"}
    totals = {(m.event, m.field, m.where) for m in measures if m.kind == "total"}
    assert squared == {total for total in totals if total[0] != "cost"}


def test_every_event_type_feeds_a_shipped_measure_but_the_one_for_numbers_from_elsewhere(
    shipped: Catalogue,
) -> None:
    unused = [event for event in SHIPPED_EVENTS if not shipped.measures_of(event)]
    assert unused == ["metric"]


def test_there_is_one_north_star(shipped: Catalogue) -> None:
    assert [kpi.id for kpi in shipped.kpis.values() if kpi.north_star] == ["revenue"]


def test_a_shipped_dashboard_has_five_to_seven_kpis_and_most_of_them_show_impact(
    shipped: Catalogue,
) -> None:
    assert len(shipped.dashboards) >= 5
    for ids in shipped.dashboards.values():
        impact = [kpi for kpi in ids if "impact" in shipped.kpis[kpi].classes]
        assert 5 <= len(ids) <= 7
        assert len(impact) >= 0.7 * len(ids)


def test_both_readings_ship_where_the_articles_disagree(shipped: Catalogue) -> None:
    formulas = {kpi.id: kpi.formula for kpi in shipped.kpis.values()}
    for one, other in [
        ("return_on_investment", "revenue_to_investment"),
        ("engagement_rate_by_reach", "engagement_rate_by_impressions"),
        ("click_through_rate", "unique_click_through_rate"),
        ("conversion_rate", "customer_rate"),
        ("customer_rate", "qualified_lead_conversion_rate"),
    ]:
        assert formulas[one] != formulas[other]


def test_activity_is_read_for_shorter_windows_than_strategy(shipped: Catalogue) -> None:
    for kpi in shipped.kpis.values():
        assert ("this_quarter" in kpi.windows) == ("strategic" in kpi.classes) or (
            "functional" in kpi.classes
        )


def test_cost_that_buys_no_impression_is_marketing_but_not_advertising(shipped: Catalogue) -> None:
    [condition] = shipped.measures["ad_cost"].where
    assert condition.field == "platform"
    assert condition.negated
    assert shipped.measures["marketing_cost"].where == ()


def test_the_thresholds_of_the_articles_are_in_the_catalogue(shipped: Catalogue) -> None:
    assert shipped.kpis["return_on_ad_spend"].urgent == 1
    assert shipped.kpis["return_on_investment"].urgent == 0
    assert shipped.kpis["bounce_rate"].target == 0.4


def test_measures_are_found_by_the_event_that_feeds_them(small: Catalogue) -> None:
    assert small.measures_of("click") == (Measure("clicks", "click", "count", None, (), "count"),)
    assert small.measures_of("cost") == ()


def test_a_filter_holds_the_values_that_let_an_event_through(small: Catalogue) -> None:
    assert small.measures["opens"].where == (
        Condition("kind", frozenset({"opened", "clicked"})),
        Condition("machine_open", frozenset({False})),
    )


def test_the_measures_of_a_kpi_include_those_of_the_kpis_it_stands_on(small: Catalogue) -> None:
    used = small.kpis["clicks_per_mille"].measures
    assert [measure.name for measure in used] == ["clicks", "impressions"]


def test_a_kpi_may_be_as_short_as_name_unit_direction_and_formula(small: Catalogue) -> None:
    kpi = small.kpis["click_through_rate"]
    assert kpi.description == kpi.name == {"en": "Click-through rate", "fr": "Taux de clics"}
    assert (kpi.owner, kpi.classes, kpi.stage, kpi.source) == ("marketing", (), None, ())
    assert kpi.action == "Find the slice that changed, and ask its owner why."


def test_the_sample_is_what_is_divided_by_unless_the_file_says_otherwise(small: Catalogue) -> None:
    assert small.kpis["click_through_rate"].sample == "impressions"
    assert small.kpis["clicks_per_mille"].sample == "clicks"


def test_only_kpis_that_rest_on_money_depend_on_the_currency(shipped: Catalogue) -> None:
    assert shipped.kpis["return_on_ad_spend"].has_money
    assert shipped.kpis["average_order_value"].has_money
    assert not shipped.kpis["click_through_rate"].has_money


@pytest.mark.parametrize("path", BAD_FILES, ids=lambda path: path.stem)
def test_a_bad_file_is_refused_with_its_line_its_key_and_what_is_allowed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = text.splitlines()[0].removeprefix("# ")
    with pytest.raises(ConfigErrors) as refused:
        Catalogue.load(text, path.name)
    assert len(refused.value) == 1
    assert str(refused.value).splitlines()[0] == f"{path.name}:{expected}"


def test_there_are_bad_files() -> None:
    assert len(BAD_FILES) >= 46
    assert len(BAD_OWN_FILES) >= 80


@pytest.mark.parametrize("path", BAD_OWN_FILES, ids=lambda path: path.stem)
def test_a_bad_file_of_a_users_own_is_refused_in_that_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = text.splitlines()[0].removeprefix("# ")
    base = ERRORS / "own" / "base" / "shipped.yml"
    files = [load(base.read_text(encoding="utf-8"), base.name), load(text, path.name)]
    with pytest.raises(ConfigErrors) as refused:
        Catalogue.read(files)
    assert len(refused.value) == 1
    assert str(refused.value).splitlines()[0] == f"{path.name}:{expected}"


def test_a_mistake_in_a_formula_is_pointed_at() -> None:
    text = SMALL.replace("clicks / impressions", "clicks / impresions")
    with pytest.raises(ConfigErrors) as refused:
        Catalogue.load(text, "small.yml")
    assert str(refused.value).splitlines()[1:] == [
        "    clicks / impresions",
        "             ^",
    ]


def test_all_mistakes_of_a_file_are_told_at_once_and_only_where_they_are_made() -> None:
    text = SMALL.replace("total: order.revenue", "total: order.income").replace(
        "clicks / impressions", "clicks / impresions + clics"
    )
    with pytest.raises(ConfigErrors) as refused:
        Catalogue.load(text, "small.yml")
    assert [error.key for error in refused.value] == [
        "measures.gross_revenue.total",
        "kpis.click_through_rate.formula",
        "kpis.click_through_rate.formula",
    ]


def test_a_chain_of_kpis_is_limited_in_whichever_order_it_is_written() -> None:
    head, _, _ = SMALL.partition("kpis:")
    shape = "name: {en: a, fr: a}, unit: count, direction: up"
    lines = [f"  k{i}: {{{shape}, formula: k{i - 1}}}" for i in range(1, 11)]
    lines.insert(0, f"  k0: {{{shape}, formula: clicks}}")
    for order in (lines, lines[::-1]):
        with pytest.raises(ConfigErrors, match=r"k10\.formula: more than 10 KPIs"):
            Catalogue.load("\n".join([head, "kpis:", *order]), "chain.yml")


def test_a_kpi_is_left_out_when_an_event_it_needs_is_not_read() -> None:
    catalogue = Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")
    without_costs = catalogue.over({"impression", "click", "session", "order", "email"})

    assert "return_on_ad_spend" not in without_costs.kpis
    assert "cost_per_acquisition" not in without_costs.kpis
    assert without_costs.kpis["click_through_rate"] is catalogue.kpis["click_through_rate"]
    assert {m.event for m in without_costs.measures.values()}.isdisjoint({"cost"})


def test_what_is_left_without_some_events_hangs_together() -> None:
    catalogue = Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")
    left = catalogue.over({"session", "order"})

    assert set(left.events) == {"session", "order"}
    assert left.dashboards["shop"] == (
        "sessions",
        "bounce_rate",
        "conversion_rate",
        "average_order_value",
        "repeat_purchase_rate",
        "revenue",
    )
    assert "brand" not in left.dashboards
    assert all(kpi in left.kpis for ids in left.dashboards.values() for kpi in ids)


def test_the_events_of_a_kpi_include_those_of_its_sample(shipped: Catalogue) -> None:
    assert shipped.events_of("return_on_ad_spend") == ("order", "cost", "click")


def test_a_kpi_that_counts_people_rests_on_people() -> None:
    catalogue = Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")
    assert catalogue.kpis["conversion_rate"].sample == "visitors"
    assert catalogue.kpis["churn_rate"].sample == "customers_at_start"
