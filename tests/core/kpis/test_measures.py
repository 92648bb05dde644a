from __future__ import annotations

import pytest

from kpistream.core.kpis.measures import Measure, MeasureKind, milliseconds_in
from kpistream.core.kpis.units import DIMENSIONS, Dimension


def measure(kind: MeasureKind, field: str | None, unit: str, scale: int = 1) -> Measure:
    return Measure("m", "event", kind, field, (), unit, scale=scale)  # type: ignore[arg-type]


def test_money_is_summed_per_currency() -> None:
    revenue = Measure("revenue", "order", "total", "revenue", (), "money")
    assert revenue.is_money
    assert revenue.key("EUR") == "revenue@EUR"
    assert revenue.amounts_key("USD") == "revenue#USD"


def test_all_else_is_summed_whatever_the_currency() -> None:
    clicks = Measure("clicks", "click", "count", None, (), "count")
    assert not clicks.is_money
    assert clicks.key("EUR") == "clicks"


@pytest.mark.parametrize(
    ("field", "milliseconds"),
    [
        ("duration_ms", 1),
        ("wait_s", 1_000),
        ("lifetime_days", 86_400_000),
        ("page_views", None),
        ("days", None),
        ("items", None),
    ],
)
def test_the_name_of_a_duration_ends_in_its_unit(field: str, milliseconds: int | None) -> None:
    assert milliseconds_in(field) == milliseconds


@pytest.mark.parametrize(
    ("counted", "factor"),
    [
        (measure("total", "duration_ms", "milliseconds"), 1),
        (measure("total", "lifetime_days", "milliseconds"), 86_400_000),
        (measure("squares", "wait_s", "milliseconds"), 1_000),
        (measure("elapsed", "asked_s", "milliseconds"), 1),
        (measure("distinct", "size_s", "count"), 1),
        (measure("count", None, "count"), 1),
    ],
)
def test_durations_are_kept_in_milliseconds(counted: Measure, factor: int) -> None:
    assert counted.factor == factor


def test_squares_have_the_square_of_the_unit_and_of_the_scale() -> None:
    assert measure("squares", "revenue", "money").dimension == Dimension(money=2)
    assert measure("squares", "wait_s", "milliseconds").dimension == Dimension(time=2)
    assert measure("squares", "value", "count", 10**6).units_per_one == 10**12
    assert measure("total", "value", "count", 10**6).units_per_one == 10**6
    assert measure("total", "revenue", "money").dimension == DIMENSIONS["money"]


@pytest.mark.parametrize(
    ("divided", "is_spread"),
    [
        (measure("total", "amount", "money"), True),
        (measure("level", "amount", "count"), True),
        (measure("level", None, "count"), False),
        (measure("count", None, "count"), False),
        (measure("squares", "amount", "money"), False),
        (measure("distinct", "visitor_id", "count"), False),
        (measure("elapsed", "created_at", "milliseconds"), False),
    ],
)
def test_only_amounts_are_spread_over_a_period(divided: Measure, is_spread: bool) -> None:
    assert divided.is_spread is is_spread
