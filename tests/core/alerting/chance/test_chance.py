from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.chance.chance import Chance, Moments
from kpistream.core.alerting.chance.sizes import AGAINST
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.measuring.partials import Sums
from kpistream.core.measuring.sketch import STANDARD_ERROR
from kpistream.core.money.money import parse_amount

SHIPPED = Path(__file__).parents[4] / "kpistream" / "catalogue.yml"
OWN = """
measures:
  sold: {total: order.revenue}
  sold_squared: {squares: order.revenue}
  small_number: {total: order.revenue, where: {order_number: {at_most: 3}}}
  small_number_squared: {squares: order.revenue, where: {order_number: {at_most: 3}}}
  large_number: {count: order, where: {order_number: {at_least: 2}}}
  every_order: {count: order}
  firsts: {count: order, where: {order_number: 1}}
  buyers: {distinct: order.customer_id}
  first_buyers: {distinct: order.customer_id, where: {order_number: 1}}
  pages: {total: session.page_views}
  pages_squared: {squares: session.page_views}
  visit_time: {total: session.duration_ms}
  visit_time_squared: {squares: session.duration_ms}
  numbers: {total: metric.value}
  numbers_squared: {squares: metric.value}
  spent: {total: cost.amount}
  reports: {count: cost}
  mrr: {level: customer.mrr, plus: {kind: created}, minus: {kind: churned}}
  cycle: {elapsed: lead.created_at}
kpis:
  k: {name: {en: k, fr: k}, unit: count, direction: up, formula: every_order}
"""
CATALOGUE = Catalogue.load(OWN, "own.yml")
EUR = parse_amount("1", "EUR")


def chance(*names: str) -> Chance:
    return Chance([CATALOGUE.measures[name] for name in names], CATALOGUE, "EUR")


def variance(sums: Sums, **slopes: float) -> float:
    return chance(*slopes).moments(slopes, sums, {}).variance


ORDERS: Sums = {
    "every_order": 10,
    "firsts": 4,
    "large_number": 5,
    "buyers": 8,
    "first_buyers": 3,
    "sold@EUR": 100 * EUR,
    "sold_squared@EUR": 1_500 * EUR**2,
    "small_number@EUR": 60 * EUR,
    "small_number_squared@EUR": 700 * EUR**2,
}


def test_a_count_has_its_own_number_as_variance() -> None:
    assert variance({"every_order": 10}, every_order=1.0) == 10
    assert variance({"every_order": 10}, every_order=3.0) == 90


def test_a_total_has_its_squares_as_variance() -> None:
    assert variance(ORDERS, sold=1.0) == 1_500


def test_a_number_of_people_has_the_sketchs_error_too_once_it_is_an_estimate() -> None:
    assert variance({"buyers": 1_000}, buyers=1.0) == 1_000
    assert variance({"buyers": 10**6}, buyers=1.0) == pytest.approx(
        10**6 + (10**6 * STANDARD_ERROR) ** 2
    )


@pytest.mark.parametrize("name", ["spent", "reports", "mrr"])
def test_what_is_reported_for_a_period_and_levels_are_known(name: str) -> None:
    moves = chance(name)
    assert not moves.is_random(name)
    assert moves.unmodelled == ()
    assert moves.moments({name: 1.0}, {name: 5, f"{name}@EUR": 5}, {}) == Moments(0.0, 0.0)


@pytest.mark.parametrize("name", ["cycle", "sold_squared"])
def test_what_has_no_squares_has_no_model(name: str) -> None:
    assert chance(name).unmodelled == (name,)


def test_squares_of_other_events_are_no_squares_of_a_total() -> None:
    measures = dict(CATALOGUE.measures)
    measures["sold_squared"] = measures["small_number_squared"]
    moves = Chance([measures["sold"]], replace(CATALOGUE, measures=measures), "EUR")
    assert moves.unmodelled == ("sold",)


COVARIANCES = [
    ("every_order", "firsts", 4.0),
    ("every_order", "sold", 100.0),
    ("every_order", "small_number", 60.0),
    ("sold", "small_number", 700.0),
    ("buyers", "first_buyers", 3.0),
    ("firsts", "large_number", 0.0),
]


@pytest.mark.parametrize(("one", "other", "covariance"), COVARIANCES)
def test_two_measures_share_what_both_hold(one: str, other: str, covariance: float) -> None:
    both = variance(ORDERS, **{one: 1.0, other: 1.0})
    apart = variance(ORDERS, **{one: 1.0}) + variance(ORDERS, **{other: 1.0})

    assert both - apart == pytest.approx(2 * covariance)


def test_measures_of_different_events_share_nothing() -> None:
    sums = {"every_order": 10, "pages": 30, "pages_squared": 100}
    assert variance(sums, every_order=1.0, pages=1.0) == 110


def test_where_it_is_open_what_two_share_it_is_the_most_that_may_be() -> None:
    sums = {"visit_time": 40_000, "visit_time_squared": 400 * 10**6, "pages": 9}
    sums["pages_squared"] = 25
    assert variance(sums, visit_time=1.0, pages=1.0) == 400 + 25 + 2 * 20 * 5
    assert variance(sums, visit_time=1.0, pages=-1.0) == 400 + 25


def test_a_sum_that_is_not_there_is_left_to_no_chance() -> None:
    assert chance("sold", "every_order").moments({"sold": 1.0}, {}, {}) == Moments(0.0, 0.0)


@pytest.mark.parametrize(
    ("slopes", "known"),
    [
        ({"every_order": 1.0}, 10),
        ({"every_order": 7.0}, 10),
        ({"sold": 1.0}, 100**2 / 1_500),
        ({"every_order": 1.0, "sold": 1e-9}, 10),
    ],
)
def test_moments_stand_for_so_many_events_of_one_size(
    slopes: dict[str, float], known: float
) -> None:
    assert chance(*slopes).moments(slopes, ORDERS, {}).known == pytest.approx(known)


def test_a_raised_variance_counts_as_raised() -> None:
    moves = chance("sold")
    assert moves.moments({"sold": 1.0}, ORDERS, {"sold": 2.0}).variance == 3_000


def test_numbers_may_be_negative_where_nothing_says_otherwise() -> None:
    moves = chance("numbers", "pages", "sold", "every_order")
    positive = [name for name in moves.measures if moves.never_negative(name)]
    assert positive == ["pages", "sold", "every_order"]


def test_a_weight_is_the_variance_of_each_unit() -> None:
    moves = chance("every_order", "sold", "buyers")
    assert moves.weight("every_order", {}, AGAINST) == 1
    assert moves.weight("sold", ORDERS, None) == 15
    assert moves.weight("sold", {}, None) is None


def test_a_reference_tells_the_weight_where_it_holds_more() -> None:
    more = {name: 1_000 * amount for name, amount in ORDERS.items()}
    moves = chance("sold", "every_order")

    assert moves.weight("sold", {}, None, more) == 15
    assert moves.weight("sold", {}, AGAINST, more) == pytest.approx(15, rel=0.1)
    assert (moves.weight("sold", ORDERS, AGAINST) or 0) > 30
    assert moves.weight("sold", more, None, ORDERS) == 15


orders = st.tuples(st.integers(1, 9), st.integers(1, 5))


@given(st.lists(orders, max_size=20), st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_a_variance_is_the_sum_of_what_each_event_does_squared(
    events: list[tuple[int, int]], factors: list[float]
) -> None:
    """Campbell's theorem, event by event: with slopes g, each event adds (sum of g f)^2."""
    names = ["every_order", "firsts", "sold", "small_number"]
    slopes = dict(zip(names, factors, strict=False))
    sums = {
        "every_order": len(events),
        "firsts": sum(number == 1 for _, number in events),
        "sold@EUR": sum(amount for amount, _ in events) * EUR,
        "sold_squared@EUR": sum(amount**2 for amount, _ in events) * EUR**2,
        "small_number@EUR": sum(amount for amount, n in events if n <= 3) * EUR,
        "small_number_squared@EUR": sum(amount**2 for amount, n in events if n <= 3) * EUR**2,
    }
    exact = 0.0
    for amount, number in events:
        adds = (1, number == 1, amount, amount * (number <= 3))
        exact += sum(slopes[name] * add for name, add in zip(names, adds, strict=True)) ** 2
    # Nobody adds up the first orders' amounts, so what counts and totals of them share is open.
    is_open = slopes["firsts"] and (slopes["sold"] or slopes["small_number"])
    found = chance(*names).moments(slopes, sums, {}).variance
    if is_open:
        assert found >= exact - 1e-6
    else:
        assert found == pytest.approx(exact)


def test_no_two_shipped_measures_of_one_kpi_are_more_alike_than_themselves() -> None:
    shipped = Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")
    nested = [
        (one.name, other.name)
        for kpi in shipped.kpis.values()
        for one, other in combinations(kpi.measures, 2)
        if Chance(kpi.measures, shipped, "EUR").is_nested(one.name, other.name)
    ]
    assert dict(nested) == {
        "recalls": "recall_answers",
        "one_page_sessions": "sessions",
        "repeat_orders": "numbered_orders",
        "returning_buyers": "buyers",
        "promoters": "nps_answers",
        "detractors": "nps_answers",
    }
