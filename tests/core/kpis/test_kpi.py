from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import parse
from kpistream.core.kpis.kpi import Kpi, Value, evaluate
from kpistream.core.money.money import UnknownCurrency, parse_amount
from kpistream.core.money.rates import RATE_SCALE

SHIPPED = Path(__file__).parents[3] / "kpistream" / "catalogue.yml"
CATALOGUE = Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")

MEASURES = """
measures:
  a: {count: click}
  b: {count: impression}
  c: {count: session}
  cost: {total: cost.amount}
  paid: {total: order.revenue}
  spread: {squares: cost.amount}
  time: {total: session.duration_ms}
  v: {total: metric.value}
  w: {squares: metric.value}
  people: {distinct: session.visitor_id}
  active: {level: customer, plus: {kind: created}, minus: {kind: churned}}
  recurring: {level: customer.mrr, plus: {kind: created}, minus: {kind: churned}}
  life: {total: customer.lifetime_days, where: {kind: churned}}
  left: {count: customer, where: {kind: churned}}
kpis:
"""


def eur(text: str) -> int:
    return parse_amount(text, "EUR")


SHAPE = "name: {en: a, fr: a}, direction: up, sample: a"


def kpi_of(formula: str, unit: str) -> Kpi:
    text = f'{MEASURES}  tried: {{{SHAPE}, unit: {unit}, formula: "{formula}"}}'
    return Catalogue.load(text, "tried.yml").kpis["tried"]


TRIED = kpi_of("a", "count")
DECLARED = Catalogue.load(f"{MEASURES}  k: {{{SHAPE}, unit: count, formula: a}}", "k.yml").measures


def kpi_of_ratio(formula: str) -> Kpi:
    """A KPI made without reading a file, for properties that try many."""
    return replace(TRIED, expression=Expression(parse(formula), DECLARED))


def shipped(kpi: str, sums: dict[str, int], currency: str = "EUR") -> Value | None:
    return evaluate(CATALOGUE.kpis[kpi], sums, currency)


@pytest.mark.parametrize(
    ("kpi", "sums", "expected"),
    [
        (
            "click_through_rate",
            {"clicks": 1_200, "impressions": 40_000},
            Value(0.03, 1_200.0, 40_000.0, 40_000),
        ),
        (
            "cost_per_click",
            {"ad_cost@EUR": eur("500"), "clicks": 2_000},
            Value(0.25, 500.0, 2_000.0, 2_000),
        ),
        (
            "average_order_value",
            {"gross_revenue@EUR": eur("50000"), "orders": 1_000},
            Value(50.0, 50_000.0, 1_000.0, 1_000),
        ),
        (
            "email_open_rate",
            {"email_opens": 2_500, "emails_delivered": 10_000},
            Value(0.25, 2_500.0, 10_000.0, 10_000),
        ),
        (
            "email_click_to_open_rate",
            {"email_clicks": 400, "email_opens": 2_500},
            Value(0.16, 400.0, 2_500.0, 2_500),
        ),
    ],
)
def test_the_worked_examples_of_the_articles(
    kpi: str, sums: dict[str, int], expected: Value
) -> None:
    assert shipped(kpi, sums) == expected


@pytest.mark.parametrize(
    ("kpi", "value"),
    [
        ("impressions", 8_000.0),
        ("clicks", 200.0),
        ("sessions", 100.0),
        ("orders", 10.0),
        ("revenue", 950.5),
        ("ad_cost", 400.0),
        ("click_through_rate", 0.025),
        ("cost_per_click", 2.0),
        ("cost_per_mille", 50.0),
        ("cost_per_acquisition", 40.0),
        ("return_on_ad_spend", 2.37625),
        ("return_on_investment", 1.37625),
        ("session_conversion_rate", 0.1),
        ("average_order_value", 95.05),
        ("bounce_rate", 0.35),
        ("session_duration", 90.5),
        ("email_open_rate", 0.4),
        ("email_click_to_open_rate", 0.25),
        ("email_click_rate", 0.1),
        ("unsubscribe_rate", 0.005),
    ],
)
def test_every_shipped_kpi_over_one_set_of_sums(kpi: str, value: float) -> None:
    sums = {
        "impressions": 8_000,
        "clicks": 200,
        "sessions": 100,
        "one_page_sessions": 35,
        "session_time": 9_050_000,
        "orders": 10,
        "gross_revenue@EUR": eur("1000.00"),
        "refunds@EUR": eur("49.50"),
        "ad_cost@EUR": eur("400"),
        "marketing_cost@EUR": eur("400"),
        "cost_reports": 4,
        "emails_delivered": 1_000,
        "email_opens": 400,
        "email_clicks": 100,
        "email_unsubscribes": 5,
    }
    reading = shipped(kpi, sums)
    assert reading is not None
    assert reading.value == value


@pytest.mark.parametrize("sums", [{}, {"clicks": 5}, {"clicks": 5, "impressions": 0}])
def test_no_denominator_no_reading(sums: dict[str, int]) -> None:
    assert shipped("click_through_rate", sums) is None


def test_an_absent_numerator_is_zero() -> None:
    assert shipped("click_through_rate", {"impressions": 5}) == Value(0.0, 0.0, 5.0, 5)
    roas = shipped("return_on_ad_spend", {"ad_cost@EUR": eur("10"), "clicks": 3})
    assert roas == Value(0.0, 0.0, 10.0, 3)


def test_a_total_that_was_never_fed_has_no_reading() -> None:
    assert shipped("revenue", {"clicks": 1}) is None


def test_a_total_is_read_as_soon_as_one_of_its_measures_was_fed() -> None:
    assert shipped("revenue", {"refunds@EUR": eur("2.50")}) == Value(-2.5, -2.5, None, 0)
    assert shipped("clicks", {"clicks": 0}) == Value(0.0, 0.0, None, 0)


def test_only_money_of_the_reporting_currency_counts() -> None:
    sums = {"ad_cost@EUR": eur("1"), "ad_cost@JPY": parse_amount("700", "JPY"), "clicks": 2}
    assert shipped("cost_per_click", sums, "EUR") == Value(0.5, 1.0, 2.0, 2)
    assert shipped("cost_per_click", sums, "JPY") == Value(350.0, 700.0, 2.0, 2)
    assert shipped("ad_cost", sums, "USD") is None


def test_money_of_other_currencies_joins_it_once_converted() -> None:
    # 2.00 EUR, and what came to 1.000000000001 EUR.
    sums = {"ad_cost@EUR": eur("2"), "ad_cost@*": 10**6 * RATE_SCALE + 10**6, "clicks": 2}
    assert shipped("cost_per_click", sums) == Value(
        float(Fraction(3 * 10**12 + 1, 2 * 10**12)), float(Fraction(3 * 10**12 + 1, 10**12)), 2.0, 2
    )
    assert shipped("ad_cost", {"ad_cost@*": eur("5") * RATE_SCALE}) == Value(5.0, 5.0, None, 0)


def test_squares_of_money_are_converted_by_the_square_of_the_rate() -> None:
    kpi = kpi_of("spread / cost", "money")
    both = {"spread@EUR": eur("3") ** 2, "spread@*": (eur("4") * RATE_SCALE) ** 2}
    assert evaluate(kpi, {**both, "cost@EUR": eur("5")}, "EUR") == Value(5.0, 25.0, 5.0, 0)


def test_yen_and_dinars_are_read_in_their_own_decimals() -> None:
    for currency in ("JPY", "KWD"):
        one = parse_amount("1", currency)
        sums = {f"cost@{currency}": 3 * one, "cost@*": 2 * one * RATE_SCALE, "a": 2}
        assert evaluate(kpi_of("cost / a", "money"), sums, currency) == Value(2.5, 5.0, 2.0, 2)


def test_numbers_with_decimals_are_read_in_ones() -> None:
    sums = {"v": 2_500_000, "w": 6_250_000_000_000, "a": 2}
    assert evaluate(kpi_of("v", "count"), sums, "EUR") == Value(2.5, 2.5, None, 2)
    assert evaluate(kpi_of("v / a", "points"), sums, "EUR") == Value(1.25, 2.5, 2.0, 2)
    assert evaluate(kpi_of("w / v", "count"), sums, "EUR") == Value(2.5, 6.25, 2.5, 2)


def test_scales_do_not_show_in_the_numerator_and_the_denominator() -> None:
    sums = {"v": 1_000_000, "a": 4, "c": 2}
    assert evaluate(kpi_of("1 - v / a", "ratio"), sums, "EUR") == Value(0.75, 3.0, 4.0, 4)
    assert evaluate(kpi_of("0.5 - 0.125 * a / c", "ratio"), sums, "EUR") == Value(0.25, 0.5, 2, 4)
    assert evaluate(kpi_of("(v / a + c / a) / 4", "ratio"), sums, "EUR") == Value(
        0.1875, 3.0, 16.0, 4
    )


def test_people_and_levels_are_read_as_the_view_has_them() -> None:
    sums = {"people": 40, "active": 10, "recurring@EUR": eur("500"), "a": 3}
    assert evaluate(kpi_of("a / people", "ratio"), sums, "EUR") == Value(0.075, 3.0, 40.0, 3)
    assert evaluate(kpi_of("recurring / active", "money"), sums, "EUR") == Value(50, 500.0, 10.0, 3)


def test_customer_lifetime_value_is_money() -> None:
    kpi = kpi_of("(recurring / active) * 12 * (life / left) / year", "money")
    # 50 EUR a month, two customers who stayed one year and two: 50 x 12 x 1.5.
    sums = {"recurring@EUR": eur("500"), "active": 10, "left": 2, "life": 3 * 31_557_600_000}
    value = evaluate(kpi, sums, "EUR")
    assert value is not None
    assert (value.value, value.denominator) == (900.0, 20.0)


def test_pipeline_velocity_is_money_a_day() -> None:
    # 20 opportunities, a quarter won, 1000 EUR each, after 10 days: 500 EUR a day.
    kpi = kpi_of("a * (b / a) * (cost / c) / (time / c) * day", "money")
    sums = {"a": 20, "b": 5, "c": 4, "cost@EUR": eur("4000"), "time": 40 * 86_400_000}
    value = evaluate(kpi, sums, "EUR")
    assert value is not None
    assert value.value == 500.0


def test_dividing_by_a_length_of_time_is_no_denominator() -> None:
    days = evaluate(kpi_of("time / day", "ratio"), {"time": 43_200_000}, "EUR")
    assert days == Value(0.5, 0.5, None, 0)


def test_an_unknown_currency_is_an_error_only_where_money_is_involved() -> None:
    with pytest.raises(UnknownCurrency):
        shipped("ad_cost", {}, "ABC")
    assert shipped("clicks", {"clicks": 2}, "ABC") == Value(2.0, 2.0, None, 2)


def test_money_and_time_are_given_in_major_units_and_seconds() -> None:
    cost_of_time = kpi_of("cost * time / time", "money")
    spent = evaluate(cost_of_time, {"cost@KWD": 20_000_000, "time": 1_500}, "KWD")
    assert spent == Value(2.0, 3.0, 1.5, 0)
    duration = evaluate(kpi_of("time / c", "seconds"), {"time": 1_500, "c": 2}, "EUR")
    assert duration == Value(0.75, 1.5, 2.0, 0)


def test_a_ratio_of_ratios_keeps_an_honest_numerator_and_denominator() -> None:
    value = evaluate(kpi_of("(a / b) / (c / b)", "ratio"), {"a": 3, "b": 4, "c": 5}, "EUR")
    assert value == Value(0.6, 0.75, 1.25, 3)


def test_a_division_inside_a_sum_still_shows_what_was_divided_by() -> None:
    sums = {"cost@EUR": eur("6"), "a": 4}
    per_click_twice = evaluate(kpi_of("cost / a + cost / a", "money"), sums, "EUR")
    assert per_click_twice == Value(3.0, 48.0, 16.0, 4)
    assert evaluate(kpi_of("1 - a / b", "ratio"), {"a": 1, "b": 4}, "EUR") == Value(0.75, 3, 4, 1)


def test_dividing_by_a_number_is_no_denominator() -> None:
    assert evaluate(kpi_of("a / 4", "count"), {"a": 3}, "EUR") == Value(0.75, 0.75, None, 3)
    assert evaluate(kpi_of("a / 4", "count"), {}, "EUR") is None


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("(a - b) / (a / c)", "count"),
        ("a / (b / c)", "count"),
        ("1 - a / c", "ratio"),
        ("0 * a / c", "ratio"),
        ("a / b * (a / c) * 0", "ratio"),
    ],
)
def test_a_division_by_zero_anywhere_is_no_reading(formula: str, unit: str) -> None:
    assert evaluate(kpi_of(formula, unit), {"a": 3, "b": 2, "c": 0}, "EUR") is None


def test_zero_over_a_negative_number_has_no_sign() -> None:
    value = evaluate(kpi_of("a / (b - c)", "ratio"), {"c": 5}, "EUR")
    assert value is not None
    assert str(value.value) == "0.0"


def test_a_number_too_large_for_a_float_is_no_reading() -> None:
    many = " * ".join(["a"] * 20)
    kpi = kpi_of(f"({many}) / ({many})", "ratio")
    assert evaluate(kpi, {"a": 2}, "EUR") == Value(1.0, 2.0**20, 2.0**20, 2)
    assert evaluate(kpi, {"a": 10**18}, "EUR") is None


# --- the property: values are those of exact arithmetic, rounded once ------------------------

Sums = Mapping[str, int]
Exact = Callable[[Sums], Fraction]
Written = tuple[str, Exact]
"""A formula as text, and what it means in exact arithmetic."""


def measure(name: str) -> Written:
    return name, lambda sums: Fraction(sums[name])


def number(text: str) -> Written:
    return text, lambda sums: Fraction(text)


def added(pair: tuple[Written, Written]) -> Written:
    (left, first), (right, second) = pair
    return f"({left} + {right})", lambda sums: first(sums) + second(sums)


def subtracted(pair: tuple[Written, Written]) -> Written:
    (left, first), (right, second) = pair
    return f"({left} - {right})", lambda sums: first(sums) - second(sums)


def multiplied(pair: tuple[Written, Written]) -> Written:
    (left, first), (right, second) = pair
    return f"{left} * {right}", lambda sums: first(sums) * second(sums)


def divided(pair: tuple[Written, Written]) -> Written:
    (left, first), (right, second) = pair
    return f"{left} / ({right})", lambda sums: first(sums) / second(sums)


def negated(operand: Written) -> Written:
    text, exact = operand
    return f"-({text})", lambda sums: -exact(sums)


def in_millionths(name: str, power: int) -> Written:
    return name, lambda sums: Fraction(sums[name], 10 ** (6 * power))


def money(name: str, power: int = 1) -> Written:
    scale = RATE_SCALE**power
    return name, lambda sums: Fraction(
        sums[f"{name}@EUR"] * scale + sums.get(f"{name}@*", 0), scale
    )


atoms = [*(measure(name) for name in "abc"), in_millionths("v", 1), measure("active")]
counts = st.recursive(
    st.sampled_from(atoms),
    lambda inner: st.tuples(inner, inner).map(added) | st.tuples(inner, inner).map(subtracted),
    max_leaves=3,
)
amounts = st.recursive(
    st.sampled_from([money("cost"), money("paid"), money("recurring")]),
    lambda inner: st.tuples(inner, inner).map(added) | st.tuples(inner, inner).map(subtracted),
    max_leaves=3,
)
squares = st.tuples(
    st.just(money("spread", 2)), st.tuples(amounts, amounts).map(multiplied)
) | st.tuples(st.just(in_millionths("w", 2)), st.tuples(counts, counts).map(multiplied))
divisions = (st.tuples(counts, counts) | st.tuples(amounts, amounts) | squares).map(divided)
numbers = st.sampled_from([number(text) for text in ("2", "0.1", "1000", "33.333")])
ratios = st.recursive(
    divisions | numbers,
    lambda inner: st.one_of(
        inner.map(negated),
        st.tuples(inner, inner).map(added),
        st.tuples(inner, inner).map(subtracted),
        st.tuples(inner, divisions).map(multiplied),
        # A divisor made of numbers only could be zero, which is refused.
        st.tuples(inner, numbers | st.tuples(inner, divisions).map(added)).map(divided),
    ),
    max_leaves=4,
)
MONEY = ("cost", "paid", "recurring", "spread")
KEYS = ["a", "b", "c", "v", "w", "active", *(f"{name}@EUR" for name in MONEY)]
some_sums = st.fixed_dictionaries(
    {key: st.integers(-20, 10**15) for key in KEYS},
    optional={f"{name}@*": st.integers(-20, 10**27) for name in MONEY},
)


@settings(deadline=None)
@given(written=st.tuples(ratios, divisions).map(added), sums=some_sums)
def test_the_value_of_a_sum_is_the_exact_one_rounded_once(
    written: Written, sums: dict[str, int]
) -> None:
    assert_exact(written, sums)


@settings(deadline=None)
@given(written=st.tuples(ratios, divisions).map(divided), sums=some_sums)
def test_the_value_of_a_division_is_the_exact_one_rounded_once(
    written: Written, sums: dict[str, int]
) -> None:
    assert_exact(written, sums)


def assert_exact(written: Written, sums: dict[str, int]) -> None:
    text, exact = written
    value = evaluate(kpi_of_ratio(text), sums, "EUR")
    try:
        expected = float(exact(sums))
    except ZeroDivisionError:
        assert value is None
        return
    assert value is not None
    assert value.value == expected
    assert value.denominator
    assert math.isclose(value.numerator / value.denominator, expected, rel_tol=1e-12)


@settings(deadline=None)
@given(revenue=st.integers(0, 10**20), refunds=st.integers(0, 10**20), cost=st.integers(1, 10**20))
def test_return_on_ad_spend_is_exact_to_the_last_bit(revenue: int, refunds: int, cost: int) -> None:
    sums = {"gross_revenue@EUR": revenue, "refunds@EUR": refunds, "ad_cost@EUR": cost}
    value = shipped("return_on_ad_spend", sums)
    assert value is not None
    assert value.value == float(Fraction(revenue - refunds, cost))
    assert value.numerator == float(Fraction(revenue - refunds, 10**6))
    assert value.denominator == float(Fraction(cost, 10**6))
