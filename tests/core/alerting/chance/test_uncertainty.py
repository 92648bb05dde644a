from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.chance.chance import Chance
from kpistream.core.alerting.chance.delta_model import DeltaModel
from kpistream.core.alerting.chance.sides import Side
from kpistream.core.alerting.chance.uncertainty import Uncertainty, Way
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.measuring.partials import Sums
from kpistream.core.money.money import UnknownCurrency, parse_amount
from kpistream.core.money.rates import RATE_SCALE

SHIPPED = Path(__file__).parents[4] / "kpistream" / "catalogue.yml"
CATALOGUE = Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")
EUR = parse_amount("1", "EUR")

PROPORTIONS = (
    "ad_recall_rate",
    "click_through_rate",
    "unique_click_through_rate",
    "engagement_rate_by_reach",
    "engagement_rate_by_impressions",
    "amplification_rate",
    "bounce_rate",
    "orders_per_click",
    "cta_rate",
    "conversion_rate",
    "session_conversion_rate",
    "qualified_lead_conversion_rate",
    "cart_abandonment_rate",
    "repeat_purchase_rate",
    "email_open_rate",
    "email_click_to_open_rate",
    "email_click_rate",
    "unsubscribe_rate",
    "lead_rate",
    "lead_to_mql_rate",
    "mql_to_sql_rate",
    "sql_to_opportunity_rate",
    "lead_to_opportunity_rate",
    "opportunity_win_rate",
    "customer_rate",
    "churn_rate",
    "retention_rate",
    "loyalty_rate",
)
COUNTS = (
    "impressions",
    "clicks",
    "sessions",
    "carts_created",
    "carts_checked_out",
    "won_leads",
    "cost_per_click",
    "cost_per_mille",
    "cost_per_lead",
    "cost_per_acquisition",
    "customer_acquisition_cost",
    "orders",
    "leads",
    "marketing_qualified_leads",
    "sales_qualified_leads",
    "opportunities",
    "calls",
    "new_customers",
)
TOTALS = (
    "reach",
    "visitors",
    "revenue",
    "return_on_ad_spend",
    "return_on_investment",
    "revenue_to_investment",
    "return_on_marketing_investment",
)
DELTA = (
    "session_duration",
    "page_duration",
    "average_order_value",
    "customer_lifetime_value",
    "net_promoter_score",
)
KNOWN = (
    "ad_cost",
    "marketing_cost",
    "active_customers",
    "monthly_recurring_revenue",
    "average_revenue_per_account",
)
UNKNOWN = ("sales_cycle_length", "pipeline_velocity")

MODELS = {
    **dict.fromkeys(PROPORTIONS, ("proportion", "exact binomial")),
    **dict.fromkeys(COUNTS, ("sum", "exact Poisson (Garwood)")),
    **dict.fromkeys(TOTALS, ("sum", "gamma (Fay & Feuer)")),
    **dict.fromkeys(DELTA, ("delta", "delta method")),
    **dict.fromkeys(KNOWN, ("none", "known exactly")),
    **dict.fromkeys(UNKNOWN, ("none", "no squares of `sales_cycle_time`")),
}


def of(kpi: str, currency: str = "EUR") -> Uncertainty:
    return Uncertainty(CATALOGUE.kpis[kpi], CATALOGUE, currency)


def delta_of(kpi: str) -> DeltaModel:
    """The delta method, for a KPI that has an exact model too."""
    chosen = CATALOGUE.kpis[kpi]
    return DeltaModel(chosen.expression, Chance(chosen.measures, CATALOGUE, "EUR"))


def sold(*amounts: float, cost: float | None = None, refunds: tuple[float, ...] = ()) -> Sums:
    """Orders of these amounts in euros, refunds, and what advertising cost."""
    sums: Sums = {}
    if amounts:
        sums["orders"] = len(amounts)
        sums |= _money("gross_revenue", amounts)
    if refunds:
        sums |= _money("refunds", refunds)
    if cost is not None:
        sums["ad_cost@EUR"] = sums["marketing_cost@EUR"] = round(cost * EUR)
    return sums


def _money(name: str, amounts: tuple[float, ...]) -> Sums:
    raw = [round(amount * EUR) for amount in amounts]
    return {f"{name}@EUR": sum(raw), f"{name}_squared@EUR": sum(one * one for one in raw)}


def added(*sums: Sums) -> Sums:
    return {key: sum(one.get(key, 0) for one in sums) for one in sums for key in one}


def test_each_shipped_kpi_has_the_model_that_fits_its_formula() -> None:
    found = {kpi: (of(kpi).kind, of(kpi).method) for kpi in CATALOGUE.kpis}
    assert found == MODELS


def test_money_needs_a_currency_that_exists() -> None:
    with pytest.raises(UnknownCurrency):
        of("revenue", "EURO")


# -- standard errors -------------------------------------------------------------------------------


def test_the_error_of_a_share_is_that_of_a_binomial() -> None:
    sums = {"one_page_sessions": 30, "sessions": 100}
    assert of("bounce_rate").error(sums) == pytest.approx(math.sqrt(0.3 * 0.7 / 100))


def test_the_delta_method_finds_the_same_error_of_a_share_of_nested_counts() -> None:
    sums = {"one_page_sessions": 30, "sessions": 100}
    assert delta_of("bounce_rate").error(sums) == pytest.approx(math.sqrt(0.3 * 0.7 / 100))


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30))
def test_the_error_of_a_mean_is_that_of_its_amounts(amounts: list[int]) -> None:
    n, mean = len(amounts), sum(amounts) / len(amounts)
    variance = (sum(amount**2 for amount in amounts) - n * mean**2) / n**2
    error = of("average_order_value").error(sold(*amounts))

    assert error is not None
    assert error**2 == pytest.approx(variance, abs=1e-9 * mean**2)


@pytest.mark.parametrize(
    ("kpi", "sums", "error"),
    [
        ("orders", sold(10, 20, 30, 40), 2.0),
        ("revenue", sold(30, 40), 50.0),
        ("revenue", sold(3, 4, refunds=(12,)), 13.0),
        ("return_on_ad_spend", sold(30, 40, cost=100), 0.5),
        ("return_on_investment", sold(30, 40, cost=100), 0.5),
        ("cost_per_acquisition", sold(1, 1, 1, 1, cost=100), 12.5),
        ("ad_cost", sold(cost=5), 0.0),
        ("sales_cycle_length", {"sales_cycle_time": 1_000, "dated_wins": 2}, None),
        ("click_through_rate", {}, None),
        ("return_on_ad_spend", sold(1), None),
        ("ad_cost", {}, None),
    ],
)
def test_the_error_is_in_the_units_of_the_kpi(kpi: str, sums: Sums, error: float | None) -> None:
    assert of(kpi).error(sums) == pytest.approx(error)


def test_converted_money_has_the_same_error_as_money_of_the_reporting_currency() -> None:
    own = sold(30, 40, 50, cost=100)
    foreign = {"orders": own["orders"]}
    for key, amount in own.items():
        name, is_money, _ = key.partition("@")
        if is_money:
            foreign[f"{name}@*"] = amount * RATE_SCALE ** (2 if "squared" in name else 1)
    for kpi in ("revenue", "average_order_value", "return_on_ad_spend"):
        assert of(kpi).error(foreign) == pytest.approx(of(kpi).error(own))


# -- values past a line ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kpi", "sums", "line", "way"),
    [
        ("bounce_rate", {"one_page_sessions": 30, "sessions": 100}, 0.3, "above"),
        ("bounce_rate", {"one_page_sessions": 30, "sessions": 100}, 0.3, "below"),
        ("revenue", sold(30, 40), 50, "below"),
        ("cost_per_acquisition", sold(1, cost=10), 20, "above"),
        ("average_order_value", sold(*range(1, 40)), 10, "below"),
        ("ad_cost", sold(cost=5), 5, "above"),
    ],
)
def test_a_value_that_is_not_past_the_line_is_no_evidence(
    kpi: str, sums: Sums, line: float, way: Way
) -> None:
    assert of(kpi).tail(sums, line, way) == 1.0


@pytest.mark.parametrize(
    ("kpi", "sums", "line", "way", "p"),
    [
        # 2 of 20 where the chance is 0.3: sum of C(20, i) 0.3^i 0.7^(20 - i), i up to 2.
        ("bounce_rate", {"one_page_sessions": 2, "sessions": 20}, 0.3, "below", 0.035483),
        # Retention of at most 18 of 20 is churn of at least 2.
        (
            "retention_rate",
            {"churned_customers": 2, "customers_at_start": 20},
            0.95,
            "below",
            1 - 0.95**20 - 20 * 0.05 * 0.95**19,
        ),
        ("orders", {"orders": 1}, 5, "below", 6 * math.exp(-5)),
        ("orders", {"orders": 2}, 0.5, "above", 1 - 1.5 * math.exp(-0.5)),
        # One order for 100 euros; 20 euros an order would have brought 5.
        ("cost_per_acquisition", sold(9, cost=100), 20, "above", 6 * math.exp(-5)),
        ("cost_per_acquisition", sold(cost=100), 20, "above", math.exp(-5)),
        # More clicks than impressions are no share: they are compared as counts.
        ("click_through_rate", {"clicks": 2, "impressions": 1}, 0.5, "above", 0.090204),
        ("ad_cost", sold(cost=6), 5, "above", 0.0),
        ("sales_cycle_length", {"sales_cycle_time": 9_000, "dated_wins": 1}, 5, "above", 1.0),
        ("click_through_rate", {}, 0.5, "below", 1.0),
        ("return_on_ad_spend", sold(5), 1, "below", 1.0),
    ],
)
def test_small_counts_have_exact_p_values(
    kpi: str, sums: Sums, line: float, way: Way, p: float
) -> None:
    assert of(kpi).tail(sums, line, way) == pytest.approx(p, rel=1e-4)


def test_a_share_cannot_truly_lie_beyond_one_or_zero() -> None:
    sums = {"one_page_sessions": 30, "sessions": 100}
    assert of("bounce_rate").tail(sums, 1.5, "below") == 0.0
    assert of("bounce_rate").tail(sums, -0.5, "above") == 0.0


HUNDRED_ORDERS = sold(*([20, 40, 60, 80] * 25), cost=5_000)


def test_no_revenue_is_evidence_only_if_it_is_known_how_large_orders_are() -> None:
    nothing = sold(cost=1_000)
    roas = of("return_on_ad_spend")

    assert roas.tail(nothing, 1.0, "below") == 1.0
    p = roas.tail(nothing, 1.0, "below", reference=HUNDRED_ORDERS)
    # Orders of a size-biased mean of 60 euros: nearly 17 were to be expected, and a few large ones.
    assert math.exp(-1_000 / 60) < p < math.exp(-1_000 / 120)


def test_with_a_reference_few_orders_say_more() -> None:
    few = sold(50, 50, cost=1_000)
    alone = of("return_on_ad_spend").tail(few, 1.0, "below")
    assert of("return_on_ad_spend").tail(few, 1.0, "below", HUNDRED_ORDERS) < alone / 10


def test_one_giant_order_is_hardly_evidence_that_revenue_is_high() -> None:
    roas = of("return_on_ad_spend")
    many = roas.tail(sold(*([50] * 40), cost=1_000), 1.0, "above")
    giant = roas.tail(sold(2_000, cost=1_000), 1.0, "above")

    assert many < 1e-3
    assert giant > 0.3


def test_refunds_make_less_revenue_and_more_chance() -> None:
    roas = of("return_on_ad_spend")
    plain = sold(*([50] * 100), cost=10_000)
    refunded = sold(*([50] * 120), refunds=(50,) * 20, cost=10_000)

    assert roas.value(plain) == roas.value(refunded)
    assert roas.tail(plain, 1.0, "below") < roas.tail(refunded, 1.0, "below") < 1e-4


def test_only_refunds_are_evidence_once_orders_are_known() -> None:
    only_refunds = sold(refunds=(50,) * 20, cost=1_000)
    p = of("return_on_ad_spend").tail(only_refunds, 1.0, "below", HUNDRED_ORDERS)
    assert 0 < p < 1e-4


def test_a_profit_is_compared_less_its_cost() -> None:
    roi, roas = of("return_on_investment"), of("return_on_ad_spend")
    sums = sold(*([20, 60] * 50), cost=6_000)
    assert roi.tail(sums, 0.0, "below") == pytest.approx(roas.tail(sums, 1.0, "below"))


def test_ten_events_are_the_fewest_for_the_delta_method() -> None:
    aov = of("average_order_value")
    assert aov.tail(sold(*([10, 12] * 4)), 1_000, "below") == 1.0
    assert aov.tail(sold(*([10, 12] * 200)), 1_000, "below") < 1e-12


def test_a_score_of_zero_has_a_p_value_though_it_is_no_number_of_events() -> None:
    sums = {"promoters": 100, "detractors": 100, "nps_answers": 300}
    error = 100 * math.sqrt(200) / 300

    assert of("net_promoter_score").error(sums) == pytest.approx(error)
    assert of("net_promoter_score").tail(sums, 2 * error, "below") == pytest.approx(
        0.02275, rel=0.1
    )


def test_where_all_answers_are_alike_the_next_need_not_be() -> None:
    sums = {"promoters": 20, "nps_answers": 20}
    # Of 20 answers none was from anybody but a promoter: 0.9^20 is 0.12.
    assert 0.05 < of("net_promoter_score").tail(sums, 90, "above") < 0.3


@pytest.mark.parametrize("kpi", ["average_order_value", "revenue", "return_on_ad_spend"])
def test_totals_from_before_there_were_squares_say_nothing(kpi: str) -> None:
    sums = {name: n for name, n in HUNDRED_ORDERS.items() if "squared" not in name}
    assert of(kpi).tail(sums, 1e9, "below") == 1.0
    assert of(kpi).interval(sums, 0.95) is None
    assert of(kpi).compare(sums, of("cost_per_acquisition"), 100, "below") == 1.0


@pytest.mark.parametrize(("kpi", "is_told"), [("ad_cost", True), ("sales_cycle_length", False)])
def test_of_known_figures_it_is_told_that_there_is_no_chance(kpi: str, is_told: bool) -> None:
    assert of(kpi).kind == "none"
    assert of(kpi).is_told is is_told


tails = st.tuples(st.integers(0, 50), st.integers(1, 200), st.floats(0.001, 0.999))


@given(tails)
def test_a_p_value_falls_as_the_line_moves_away(tried: tuple[int, int, float]) -> None:
    part, more, line = tried
    sums = {"one_page_sessions": part, "sessions": part + more}
    rate = of("bounce_rate")
    value = rate.value(sums) or 0.0
    way: Way = "below" if line > value else "above"
    farther = (line + (1.0 if line > value else 0.0)) / 2

    assert 0.0 <= rate.tail(sums, farther, way) <= rate.tail(sums, line, way) <= 1.0


# -- changes ---------------------------------------------------------------------------------------


def test_a_rise_of_counts_is_told_by_the_exact_test_of_two() -> None:
    # 9 of 12 in the one of two equal halves: (220 + 66 + 12 + 1) / 4096.
    assert of("orders").change({"orders": 9}, {"orders": 3}, "rises") == pytest.approx(299 / 4096)
    assert of("orders").change({"orders": 3}, {"orders": 9}, "falls") == pytest.approx(299 / 4096)


def test_what_did_not_move_that_way_is_no_evidence() -> None:
    assert of("orders").change({"orders": 9}, {"orders": 3}, "falls") == 1.0
    assert of("ad_cost").change(sold(cost=5), sold(cost=5), "rises") == 1.0
    assert of("orders").change({}, {"orders": 3}, "rises") == 1.0


def test_a_window_that_lasts_half_as_long_has_half_as_many() -> None:
    orders = of("orders")
    assert orders.change({"orders": 100}, {"orders": 200}, "falls", spans=0.5) > 0.4
    assert orders.change({"orders": 100}, {"orders": 100}, "rises", spans=0.5) < 1e-5


def test_the_length_of_windows_does_not_matter_to_what_is_spent_on() -> None:
    roas = of("return_on_ad_spend")
    now, then = sold(*([50] * 30), cost=1_000), sold(*([50] * 10), cost=1_000)
    assert roas.change(now, then, "rises", spans=0.5) == roas.change(now, then, "rises")


@pytest.mark.parametrize(
    ("kpi", "low", "high"),
    [
        ("bounce_rate", {"one_page_sessions": 10, "sessions": 100}, {"one_page_sessions": 40}),
        ("orders", {"orders": 20}, {"orders": 60}),
        ("revenue", sold(*([20, 60] * 10)), sold(*([20, 60] * 40))),
        ("return_on_investment", sold(*([50] * 20), cost=1_000), sold(*([50] * 60), cost=1_000)),
        ("average_order_value", sold(*([20, 30] * 100)), sold(*([50, 60] * 100))),
        ("click_through_rate", {"clicks": 30, "impressions": 20}, {"clicks": 90}),
    ],
)
def test_a_clear_change_is_seen_in_its_direction_only(kpi: str, low: Sums, high: Sums) -> None:
    high = {**low, **high}
    chosen = of(kpi)

    assert chosen.change(high, low, "rises") < 0.001
    assert chosen.change(low, high, "falls") < 0.001
    assert chosen.change(high, low, "falls") == chosen.change(low, high, "rises") == 1.0


def test_a_cost_rises_as_its_orders_fall() -> None:
    cpa = of("cost_per_acquisition")
    now, then = sold(*([5] * 20), cost=1_000), sold(*([5] * 60), cost=1_000)
    assert cpa.change(now, then, "rises") < 1e-4
    assert cpa.change(then, now, "falls") < 1e-4


def test_known_figures_change_for_certain() -> None:
    assert of("ad_cost").change(sold(cost=6), sold(cost=5), "rises") == 0.0


def test_unknown_ones_never_do() -> None:
    now, then = ({"sales_cycle_time": ms, "dated_wins": 5} for ms in (9_000, 1_000))
    assert of("sales_cycle_length").change(now, then, "rises") == 1.0


# -- intervals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kpi", "sums", "low", "high"),
    [
        # Newcombe (1998), table I: Wilson's interval for 81 of 263.
        ("bounce_rate", {"one_page_sessions": 81, "sessions": 263}, 0.2553, 0.3662),
        ("retention_rate", {"churned_customers": 81, "customers_at_start": 263}, 0.6338, 0.7447),
        # Garwood (1936) for a count of 10.
        ("orders", {"orders": 10}, 4.7954, 18.3904),
        ("cost_per_acquisition", {"orders": 10, "marketing_cost@EUR": 100 * EUR}, 5.4376, 20.8533),
        ("ad_cost", sold(cost=5), 5.0, 5.0),
    ],
)
def test_an_interval_holds_what_the_true_value_may_be(
    kpi: str, sums: Sums, low: float, high: float
) -> None:
    found = of(kpi).interval(sums, 0.95)
    assert found == pytest.approx((low, high), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("kpi", "sums"),
    [
        ("bounce_rate", {}),
        ("revenue", {}),
        ("average_order_value", sold(10, 20)),
        ("sales_cycle_length", {"sales_cycle_time": 9_000, "dated_wins": 5}),
        ("ad_cost", {}),
    ],
)
def test_without_enough_events_there_is_no_interval(kpi: str, sums: Sums) -> None:
    assert of(kpi).interval(sums, 0.95) is None


@pytest.mark.parametrize("kpi", ["revenue", "average_order_value", "return_on_ad_spend"])
def test_an_interval_holds_the_value_and_widens_with_confidence(kpi: str) -> None:
    chosen = of(kpi)
    value = chosen.value(HUNDRED_ORDERS)
    narrow, wide = (chosen.interval(HUNDRED_ORDERS, confidence) for confidence in (0.8, 0.99))

    assert narrow is not None
    assert wide is not None
    assert value is not None
    assert wide[0] < narrow[0] < value < narrow[1] < wide[1]


# -- two KPIs --------------------------------------------------------------------------------------


def test_a_kpi_is_compared_with_so_many_times_another() -> None:
    cpa, aov = of("cost_per_acquisition"), of("average_order_value")
    sums = HUNDRED_ORDERS

    assert cpa.compare(sums, aov, 1.0, "above") == 1.0  # 50 euros for orders of 50
    assert cpa.compare(sums, aov, 0.5, "above") < 1e-6
    assert cpa.compare(sums, aov, 2.0, "below") < 1e-3
    assert cpa.compare(sums, aov, 0.98, "above") > 0.3


def test_what_both_share_does_not_count() -> None:
    """Cost per order against revenue per order is cost against revenue: their orders cancel."""
    cpa, aov, roas = of("cost_per_acquisition"), of("average_order_value"), of("return_on_ad_spend")
    sums = {**HUNDRED_ORDERS, "gross_revenue@EUR": 4_000 * EUR}
    delta = delta_of("return_on_ad_spend")

    assert roas.value(sums) == 0.8
    p = cpa.compare(sums, aov, 1.0, "above")
    assert p == pytest.approx(delta.tail(sums, 1.0, Side.below, None), rel=0.5)


def test_a_kpi_is_never_past_itself() -> None:
    aov = of("average_order_value")
    assert aov.compare(HUNDRED_ORDERS, aov, 1.0, "above") == 1.0
    assert aov.compare(HUNDRED_ORDERS, aov, 0.5, "above") == 0.0


def test_without_events_nothing_can_be_compared() -> None:
    cpa, aov = of("cost_per_acquisition"), of("average_order_value")
    assert cpa.compare({}, aov, 1.0, "above") == 1.0
    assert cpa.compare(sold(1, 2, cost=1_000), aov, 1.0, "above") == 1.0
    assert of("sales_cycle_length").compare(HUNDRED_ORDERS, aov, 1.0, "above") == 1.0
