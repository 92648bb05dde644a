"""Pricing: foreign money at the rate of its day, or apart."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.kpis.measures import Measure, MeasureKind
from kpistream.core.measuring.partials import Sums
from kpistream.core.merging.pricing import Pricing
from kpistream.core.money.rates import RATE_SCALE, Rates
from kpistream.core.windows.days import Days

PARIS = Days("Europe/Paris")
RATES = Rates.load(
    "date,currency,rate\n2026-03-01,USD,0.90\n2026-03-02,USD,0.80\n"
    "2026-03-01,JPY,0.0061\n2026-03-01,KWD,3.0\n",
    "rates.csv",
    "EUR",
)
MIDNIGHT = PARIS.midnight(dt.date(2026, 3, 2))


def _measure(name: str, kind: MeasureKind) -> Measure:
    return Measure(name, "order", kind, "revenue", (), "money")


PRICING = Pricing(
    RATES,
    PARIS,
    [
        _measure("revenue", "total"),
        _measure("squares", "squares"),
        _measure("mrr", "level"),
        Measure("orders", "order", "count", None, (), "count"),
    ],
)


def _priced(sums: Sums, start_s: int = MIDNIGHT - 10) -> Sums:
    into: Sums = {}
    PRICING.enter(into, sums, start_s)
    return into


def _euros(text: str) -> int:
    """An amount in euros, scaled, times the scale of rates."""
    return int(float(text) * 1000) * 1000 * RATE_SCALE


@pytest.mark.parametrize(
    ("start_s", "euros"), [(MIDNIGHT - 10, "9.00"), (MIDNIGHT, "8.00"), (MIDNIGHT + 86_399, "8.00")]
)
def test_an_amount_is_worth_what_it_was_on_the_local_day_of_its_pane(
    start_s: int, euros: str
) -> None:
    ten_dollars = 10 * 100 * 10_000
    assert _priced({"revenue@USD": ten_dollars}, start_s)["revenue@*"] == _euros(euros)


def test_yen_have_no_decimals_and_dinars_three() -> None:
    thousand_yen, a_dinar = 1000 * 10_000, 1000 * 10_000

    assert _priced({"revenue@JPY": thousand_yen})["revenue@*"] == _euros("6.10")
    assert _priced({"revenue@KWD": a_dinar})["revenue@*"] == _euros("3.00")


def test_squares_take_the_square_of_the_rate() -> None:
    factor = RATES.factor("USD", dt.date(2026, 3, 1))
    assert factor is not None
    assert _priced({"squares@USD": 49})["squares@*"] == 49 * factor**2


def test_what_has_no_rate_is_apart_with_how_many_they_were() -> None:
    sums = {"revenue@CHF": 70, "revenue#CHF": 3, "revenue@EUR": 5}

    assert _priced(sums) == {**sums, "revenue!CHF": 70, "revenue!#CHF": 3}


def test_what_has_a_rate_is_not_counted_apart() -> None:
    assert "revenue!#USD" not in _priced({"revenue@USD": 1, "revenue#USD": 1})


def test_levels_and_other_sums_are_left_alone() -> None:
    sums = {"mrr@USD": 5, "orders": 2, "unknown@USD": 1}
    assert _priced(sums) == sums


some_sums = st.dictionaries(
    st.sampled_from(["revenue@EUR", "revenue@USD", "revenue#USD", "revenue@CHF", "orders"]),
    st.integers(-5, 5),
)
moments = st.integers(MIDNIGHT - 10, MIDNIGHT + 10)


@given(some_sums, some_sums, moments, moments)
def test_what_leaves_takes_all_away_that_it_brought(
    stays: Sums, leaves: Sums, one: int, other: int
) -> None:
    into = _priced(stays, one)
    PRICING.enter(into, leaves, other)
    vanished = PRICING.leave(into, leaves, other)

    expected = _priced(stays, one)
    assert {k: n for k, n in into.items() if n} == {k: n for k, n in expected.items() if n}
    assert vanished or into == expected
