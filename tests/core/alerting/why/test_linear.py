"""Which KPIs are a sum, or a quotient of two sums: only of these each member has a part."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpistream.core.alerting.why.linear import Linear, Sides, linear
from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import parse
from kpistream.core.kpis.measures import Measure
from kpistream.core.money.rates import RATE_SCALE
from tests.support.builders import shipped_catalogue

CATALOGUE = shipped_catalogue()
EUR = 10**6


def form(formula: str) -> Linear | None:
    terms: dict[str, Measure | Expression] = {
        **{name: kpi.expression for name, kpi in CATALOGUE.kpis.items()},
        **CATALOGUE.measures,
    }
    return linear(Expression(parse(formula), terms))


@pytest.mark.parametrize(
    ("formula", "divides"),
    [
        ("clicks", False),
        ("2 * (gross_revenue - refunds) / 3", False),
        ("-clicks", False),
        ("clicks / impressions", True),
        ("1000 * ad_cost / (2 * impressions)", True),
        ("1 - churn_rate", True),
        ("promoters / nps_answers - detractors / nps_answers", True),
        ("(revenue - ad_cost) / ad_cost", True),
        ("click_through_rate / 2", True),
        ("clicks / (impressions + sessions)", True),
    ],
)
def test_a_sum_and_a_quotient_of_sums_are_linear(formula: str, divides: bool) -> None:
    found = form(formula)
    assert found is not None
    assert found.divides == divides


@pytest.mark.parametrize(
    "formula",
    [
        "clicks * impressions",
        "clicks / impressions * conversion_rate",
        "clicks / impressions - orders / clicks",
        "clicks * orders / impressions",
        "session_time + minute",
        "minute / sessions",
        "customer_lifetime_value",
        "pipeline_velocity",
    ],
)
def test_what_multiplies_sums_is_not_and_nor_is_what_adds_a_number(formula: str) -> None:
    assert form(formula) is None


@pytest.mark.parametrize("kpi", CATALOGUE.kpis)
def test_a_linear_kpi_has_the_same_value(kpi: str) -> None:
    expression = CATALOGUE.kpis[kpi].expression
    found = linear(expression)
    currencies = ("EUR", "*")
    keys = {m.key(c) for m in expression.measures for c in currencies}
    view = {key: 1009 + 2 * n for n, key in enumerate(sorted(keys))}
    if found is None:
        assert kpi in ("customer_lifetime_value", "pipeline_velocity")
    else:
        assert found.value(found.sides(view, "EUR")) == expression.exact(view, "EUR")


def test_sides_hold_the_money_that_was_converted() -> None:
    found = form("ad_cost / clicks")
    assert found is not None
    sides = found.sides(
        {"ad_cost@EUR": EUR, "ad_cost@*": EUR * RATE_SCALE // 2, "clicks": 5}, "EUR"
    )
    assert sides == Sides(Fraction(3, 2), Fraction(5))
    assert found.value(Sides(Fraction(1), Fraction(0))) is None
