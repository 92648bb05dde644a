"""Folding: from events to sums, for every kind of measure and filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpistream.core.events.event_types import EventField, event_type
from kpistream.core.kpis.measures import Condition, Measure, Where
from kpistream.core.measuring.fold import Fold, Folded, split
from kpistream.core.measuring.people import People
from kpistream.core.money.money import SCALE, Money

CENT = SCALE
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = People(b"a key")

RIDE = event_type(
    "ride",
    "rides",
    [
        EventField("kind", "choice", values=("out", "back", "both")),
        EventField("shared", "boolean"),
        EventField("seats", "integer", required=False),
        EventField("wait_s", "integer", required=False),
        EventField("rating", "decimal", required=False),
        EventField("fare", "money", required=False),
        EventField("ordered_at", "moment", required=False),
    ],
    "A ride was taken.",
)


def ride(**fields: Any) -> Any:
    """A ride out, of which little is known."""
    given = {"event_id": "1", "occurred_at": NOON, "kind": "out", "shared": False, **fields}
    return RIDE.struct(**given)


def euros(amount: str) -> Money:
    return Money(currency="EUR", amount=amount)


def one_of(field: str, *values: Any) -> Where:
    return (Condition(field, frozenset(values)),)


def measure(kind: Any, field: str | None = None, where: Where = (), **more: Any) -> Measure:
    return Measure("m", "ride", kind, field, where, more.pop("unit", "count"), **more)


def folded(counted: Measure | Sequence[Measure], *events: Any) -> Folded:
    measures = [counted] if isinstance(counted, Measure) else counted
    return Fold(measures, PEOPLE, "EUR")(events)


# --- kinds ------------------------------------------------------------------------------------


def test_a_count_is_how_many_events_there_are() -> None:
    assert folded(measure("count"), ride(), ride()) == {"m": 2}


def test_a_total_leaves_out_what_is_not_known() -> None:
    seats = measure("total", "seats")
    assert folded(seats, ride(seats=2), ride(), ride(seats=3)) == {"m": 5}
    assert folded(seats, ride(seats=0)) == {"m": 0}
    assert folded(seats, ride()) == {}


def test_durations_become_milliseconds() -> None:
    wait = measure("total", "wait_s", unit="milliseconds")
    assert folded(wait, ride(wait_s=2), ride(wait_s=3)) == {"m": 5_000}
    squares = measure("squares", "wait_s", unit="milliseconds")
    assert folded(squares, ride(wait_s=2), ride(wait_s=3)) == {"m": 13_000_000}


def test_decimals_become_millionths() -> None:
    total, squares = (measure(kind, "rating", scale=10**6) for kind in ("total", "squares"))
    rides = ride(rating=Decimal("4.5")), ride(rating=Decimal("-0.000001")), ride()
    assert folded(total, *rides) == {"m": 4_499_999}
    assert folded(squares, *rides) == {"m": 4_500_000**2 + 1}


def test_money_is_kept_per_currency_and_foreign_amounts_are_counted() -> None:
    yen = Money(currency="JPY", amount="7")
    rides = ride(fare=euros("12.34")), ride(fare=euros("0.01")), ride(fare=yen), ride(fare=yen)
    total = folded(measure("total", "fare", unit="money"), *rides, ride())
    assert total == {"m@EUR": 1235 * CENT, "m@JPY": 14 * SCALE, "m#JPY": 2}


def test_squares_of_money_are_kept_per_currency() -> None:
    squares = measure("squares", "fare", unit="money")
    yen = Money(currency="JPY", amount="3")
    assert folded(squares, ride(fare=euros("0.02")), ride(fare=euros("0.01")), ride(fare=yen)) == {
        "m@EUR": 5 * CENT**2,
        "m@JPY": 9 * SCALE**2,
    }


def test_amounts_too_large_for_a_float_add_up_exactly() -> None:
    fare = measure("total", "fare", unit="money")
    most = ride(fare=euros("100000000000.00"))
    assert folded(fare, most, ride(fare=euros("0.01"))) == {"m@EUR": (10**13 + 1) * CENT}


def test_distinct_people_are_a_set_of_hashes_that_an_empty_id_is_not_in() -> None:
    visitors = measure("distinct", "visitor_id")
    rides = [ride(visitor_id=name) for name in ("ann", "bob", "ann", "", None)]
    assert folded(visitors, *rides) == {"m": PEOPLE.hashes(["ann", "bob"])}
    assert folded(visitors, ride(visitor_id=""), ride()) == {}


def test_elapsed_time_is_from_a_moment_to_the_event_in_whole_milliseconds() -> None:
    wait = measure("elapsed", "ordered_at", unit="milliseconds")
    ago = [timedelta(minutes=1), timedelta(microseconds=1_999), timedelta(seconds=-1)]
    rides = [ride(ordered_at=NOON - span) for span in ago]
    assert folded(wait, *rides, ride()) == {"m": 60_000 + 1 - 1_000}
    assert folded(wait, ride()) == {}


OUT, BACK = one_of("kind", "out", "both"), one_of("kind", "back")


def test_a_level_takes_away_what_meets_its_other_filter() -> None:
    away = measure("level", where=OUT, minus=BACK)
    assert folded(away, ride(), ride(kind="both"), ride(kind="back")) == {"m": 1}
    assert folded(away, ride(kind="back")) == {"m": -1}
    assert folded(away, ride(), ride(kind="back")) == {"m": 0}


def test_a_level_of_money_has_a_sign_per_currency_and_counts_no_amounts() -> None:
    paid = measure("level", "fare", OUT, unit="money", minus=BACK)
    dollar = Money(currency="USD", amount="1")
    rides = ride(fare=euros("5")), ride(kind="back", fare=euros("7")), ride(fare=dollar)
    assert folded(paid, *rides) == {"m@EUR": -200 * CENT, "m@USD": 100 * CENT}


def test_a_level_counts_an_event_that_is_both_added_and_taken_away_as_nothing() -> None:
    both = measure("level", where=one_of("kind", "out"), minus=one_of("shared", True))
    assert folded(both, ride(shared=True)) == {"m": 0}


# --- filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "passes", "fails"),
    [
        (Condition("seats", at_least=2), {"seats": 2}, {"seats": 1}),
        (Condition("seats", at_least=2), {"seats": 3}, {}),
        (Condition("seats", at_most=2), {"seats": 2}, {"seats": 3}),
        (Condition("seats", at_most=2), {"seats": 0}, {}),
        (Condition("seats", at_least=1, at_most=2), {"seats": 1}, {"seats": 3}),
        (
            Condition("rating", at_least=Decimal("4.1")),
            {"rating": Decimal("4.1")},
            {"rating": Decimal("4.09")},
        ),
        (
            Condition("rating", frozenset({Decimal("0.1")})),
            {"rating": Decimal("0.10")},
            {"rating": Decimal("0.11")},
        ),
        (Condition("customer_id", known=True), {"customer_id": "c"}, {"customer_id": ""}),
        (Condition("customer_id", known=True), {"customer_id": "c"}, {}),
        (Condition("customer_id", known=False), {}, {"customer_id": "c"}),
        (Condition("seats", known=True), {"seats": 0}, {}),
        (Condition("fare", known=True), {"fare": euros("0")}, {}),
        (Condition("shared", frozenset({True}), negated=True), {"shared": False}, {"shared": True}),
        (Condition("channel", frozenset({"a"}), negated=True), {}, {"channel": "a"}),
        (Condition("channel", frozenset({"a", "b"})), {"channel": "b"}, {"channel": "c"}),
        (Condition("channel", frozenset({"a"})), {"channel": "a"}, {}),
    ],
)
def test_a_condition_lets_events_through_or_not(
    condition: Condition, passes: dict[str, Any], fails: dict[str, Any]
) -> None:
    counted = measure("count", where=(condition,))
    assert folded(counted, ride(**passes), ride(**fails)) == {"m": 1}
    assert folded(counted, ride(**fails)) == {}


def test_measures_with_filters_on_one_field_do_not_disturb_each_other() -> None:
    filters = {
        "out": one_of("kind", "out"),
        "any": one_of("kind", "out", "back"),
        "shared": (*one_of("shared", True), *one_of("kind", "out")),
        "all": (),
    }
    counts = [Measure(n, "ride", "count", None, where, "count") for n, where in filters.items()]
    rides = ride(), ride(shared=True), ride(kind="back"), ride(kind="both")
    assert folded(counts, *rides) == {"out": 2, "any": 3, "shared": 1, "all": 4}


# --- the property: as if each event were looked at by itself ----------------------------------

conditions = st.one_of(
    st.builds(Condition, st.just("kind"), st.sets(st.sampled_from(["out", "back"])).map(frozenset)),
    st.builds(Condition, st.just("shared"), st.just(frozenset({True})), negated=st.booleans()),
    st.builds(Condition, st.just("seats"), at_least=st.integers(0, 3)),
    st.builds(Condition, st.just("seats"), at_least=st.integers(0, 1), at_most=st.integers(2, 3)),
    st.builds(
        Condition, st.just("rating"), at_most=st.sampled_from([Decimal("0.5"), Decimal(1), 0])
    ),
    st.builds(Condition, st.sampled_from(["channel", "fare", "seats"]), known=st.booleans()),
    st.builds(Condition, st.just("channel"), st.just(frozenset({"a", "b"})), negated=st.booleans()),
)
wheres = st.lists(conditions, max_size=2).map(tuple)
sources = st.sampled_from(
    [
        ("count", None, "count", 1),
        ("total", "seats", "count", 1),
        ("total", "wait_s", "milliseconds", 1),
        ("total", "rating", "count", 10**6),
        ("total", "fare", "money", 1),
        ("squares", "seats", "count", 1),
        ("squares", "wait_s", "milliseconds", 1),
        ("squares", "rating", "count", 10**6),
        ("squares", "fare", "money", 1),
        ("distinct", "visitor_id", "count", 1),
        ("elapsed", "ordered_at", "milliseconds", 1),
        ("level", None, "count", 1),
        ("level", "seats", "count", 1),
        ("level", "rating", "count", 10**6),
        ("level", "fare", "money", 1),
    ]
)


@st.composite
def some_measures(draw: st.DrawFn) -> list[Measure]:
    made = []
    for number, (kind, field, unit, scale) in enumerate(draw(st.lists(sources, max_size=6))):
        minus = draw(wheres) if kind == "level" else None
        name = f"m{number}"
        where = draw(wheres)
        made.append(
            Measure(name, "ride", kind, field, where, unit, minus, scale=scale)  # type: ignore[arg-type]
        )
    return made


def known(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


rides = st.builds(
    ride,
    kind=st.sampled_from(["out", "back", "both"]),
    shared=st.booleans(),
    seats=known(st.integers(0, 4)),
    wait_s=known(st.integers(0, 100)),
    rating=known(st.sampled_from(["0", "0.5", "-1.25", "0.000001"]).map(Decimal)),
    fare=known(
        st.builds(
            Money,
            currency=st.sampled_from(["EUR", "USD", "JPY"]),
            amount=st.integers(0, 99).map(str),
        )
    ),
    ordered_at=known(
        st.integers(-(10**6), 10**9).map(lambda us: NOON - timedelta(microseconds=us))
    ),
    visitor_id=known(st.sampled_from(["", "ann", "bob", "eve"])),
    channel=known(st.sampled_from(["a", "b", "c"])),
)


def meets(condition: Condition, event: Any) -> bool:
    value = getattr(event, condition.field)
    if condition.known is not None:
        return condition.known == (value is not None and value != "")
    if condition.allowed is not None:
        return any(value == one for one in condition.allowed) != condition.negated
    low = condition.at_least is None or (value is not None and value >= condition.at_least)
    high = condition.at_most is None or (value is not None and value <= condition.at_most)
    return low and high


def looked_at_one_by_one(measures: Sequence[Measure], events: Sequence[Any]) -> Folded:
    sums: dict[str, Any] = {}
    for counted in measures:
        for sign, where in ((1, counted.where), (-1, counted.minus)):
            if where is None:
                continue
            for event in events:
                if all(meets(condition, event) for condition in where):
                    for key, amount in amounts(counted, event).items():
                        if isinstance(amount, set):
                            sums[key] = sums.get(key, set()) | amount
                        else:
                            sums[key] = sums.get(key, 0) + sign * amount
    return sums


def amounts(counted: Measure, event: Any) -> Mapping[str, Any]:
    if counted.field is None:
        return {counted.name: 1}
    value = getattr(event, counted.field)
    if value is None or (counted.kind == "distinct" and not value):
        return {}
    if counted.kind == "distinct":
        return {counted.name: PEOPLE.hashes([value])}
    if counted.kind == "elapsed":
        return {counted.name: (NOON - value) // timedelta(milliseconds=1)}
    power = 2 if counted.kind == "squares" else 1
    if counted.field == "fare":
        made = {f"{counted.name}@{value.currency}": value.scaled() ** power}
        if counted.kind == "total" and value.currency != "EUR":
            made[f"{counted.name}#{value.currency}"] = 1
        return made
    unit = {"wait_s": 1_000, "rating": 10**6}.get(counted.field, 1)
    return {counted.name: int(Fraction(value) * unit) ** power}


@settings(deadline=None, max_examples=300)
@given(measures=some_measures(), events=st.lists(rides, min_size=1, max_size=12))
def test_the_sums_are_those_of_a_look_at_each_event_by_itself(
    measures: list[Measure], events: list[Any]
) -> None:
    assert folded(measures, *events) == looked_at_one_by_one(measures, events)


# --- periods ----------------------------------------------------------------------------------

COST = Measure("cost", "cost", "total", "amount", (), "money")
REPORTS = Measure("reports", "cost", "count", None, (), "count")
PAID = Measure("paid", "cost", "distinct", "platform", (), "count")
SPREAD = [COST, REPORTS, PAID]


def test_a_day_of_costs_is_divided_over_its_hours() -> None:
    folded_cost: Folded = {"cost@EUR": 100, "cost@USD": 7, "cost#USD": 1, "reports": 2, "paid": {5}}
    assert split(folded_cost, [1, 1, 2], SPREAD) == [
        {"cost@EUR": 25, "cost@USD": 1},
        {"cost@EUR": 25, "cost@USD": 2},
        {"cost@EUR": 50, "cost@USD": 4, "cost#USD": 1, "reports": 2, "paid": {5}},
    ]


def test_one_pane_gets_everything() -> None:
    assert split({"cost@EUR": 3, "reports": 1}, [60_000], SPREAD) == [{"cost@EUR": 3, "reports": 1}]


@given(
    amount=st.integers(-(10**20), 10**20),
    weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any),
)
def test_shares_add_up_and_none_is_a_whole_unit_off(amount: int, weights: list[int]) -> None:
    shares = [share["cost@EUR"] for share in split({"cost@EUR": amount}, weights, SPREAD)]
    assert all(isinstance(share, int) for share in shares)
    assert sum(share for share in shares if isinstance(share, int)) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert isinstance(share, int)
        assert abs(Fraction(amount * weight, sum(weights)) - share) < 1


@given(
    amount=st.integers(0, 10**12),
    parts=st.lists(st.lists(st.integers(1, 10**6), min_size=1, max_size=4), min_size=1, max_size=5),
)
def test_wider_panes_hold_exactly_what_their_narrow_ones_would(
    amount: int, parts: list[list[int]]
) -> None:
    wide = split({"cost@EUR": amount}, [sum(part) for part in parts], SPREAD)
    narrow = iter(
        split({"cost@EUR": amount}, [weight for part in parts for weight in part], SPREAD)
    )
    for share, part in zip(wide, parts, strict=True):
        held = [next(narrow)["cost@EUR"] for _ in part]
        assert share["cost@EUR"] == sum(one for one in held if isinstance(one, int))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 2]])
def test_weights_that_divide_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split({"reports": 1}, weights, SPREAD)
