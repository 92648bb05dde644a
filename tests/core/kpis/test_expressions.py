"""What an expression says of itself: its exact value, and what its two sides are counted in."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.kpis.kpi import evaluate
from kpistream.core.kpis.units import Dimension
from kpistream.core.money.money import UnknownCurrency
from kpistream.core.money.rates import RATE_SCALE
from tests.support.builders import shipped_catalogue

KPIS = shipped_catalogue().kpis
EUR = 10**6
MONEY, COUNT, TIME = Dimension(money=1), Dimension(number=1), Dimension(time=1)


@pytest.mark.parametrize(
    ("kpi", "view", "value"),
    [
        ("click_through_rate", {"clicks": 1, "impressions": 3}, Fraction(1, 3)),
        ("cost_per_click", {"ad_cost@EUR": EUR, "clicks": 7}, Fraction(1, 7)),
        ("cost_per_click", {"ad_cost@*": 2 * EUR * RATE_SCALE + 1, "clicks": 1}, Fraction(2)),
        ("session_duration", {"session_time": 100, "sessions": 3}, Fraction(1, 30)),
        ("retention_rate", {"churned_customers": 1, "customers_at_start": 3}, Fraction(2, 3)),
        ("revenue", {"refunds@EUR": 1}, Fraction(-1, EUR)),
    ],
)
def test_an_exact_value_is_rounded_nowhere(kpi: str, view: dict[str, int], value: Fraction) -> None:
    tiny = Fraction(1, EUR * RATE_SCALE) if "ad_cost@*" in view else 0
    assert KPIS[kpi].expression.exact(view, "EUR") == value + tiny


@pytest.mark.parametrize(
    ("kpi", "view"),
    [
        ("click_through_rate", {"clicks": 1}),
        ("retention_rate", {"churned_customers": 1}),
        ("revenue", {"clicks": 1}),
    ],
)
def test_there_is_no_exact_value_where_there_is_no_value(kpi: str, view: dict[str, int]) -> None:
    assert evaluate(KPIS[kpi], view, "EUR") is None
    assert KPIS[kpi].expression.exact(view, "EUR") is None


def test_an_exact_amount_in_no_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        KPIS["revenue"].expression.exact({"refunds@XYZ": 1}, "XYZ")


@given(kpi=st.sampled_from(sorted(KPIS)), data=st.data())
def test_a_value_is_the_exact_one_rounded_once(kpi: str, data: st.DataObject) -> None:
    measures = KPIS[kpi].measures
    keys = [m.key(c) for m in measures for c in (("EUR", "*") if m.is_money else ("EUR",))]
    amounts = st.integers(0, 10**20)
    view = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(keys, amounts)))
    exact = KPIS[kpi].expression.exact(view, "EUR")
    value = evaluate(KPIS[kpi], view, "EUR")
    assert (value and value.value) == (None if exact is None else float(exact))


@pytest.mark.parametrize(
    ("kpi", "sides"),
    [
        ("cost_per_click", (MONEY, COUNT)),
        ("return_on_ad_spend", (MONEY, MONEY)),
        ("session_duration", (TIME, COUNT)),
        ("retention_rate", (COUNT, COUNT)),
        ("revenue", None),
        ("monthly_recurring_revenue", None),
    ],
)
def test_the_two_sides_have_units_of_their_own(
    kpi: str, sides: tuple[Dimension, Dimension] | None
) -> None:
    assert KPIS[kpi].expression.sides == sides
