from __future__ import annotations

from fractions import Fraction

import pytest

from kpistream.core.alerting.chance.quotients import Quotient, TooManyTerms, quotient
from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import parse
from kpistream.core.kpis.measures import Measure

MEASURES = {name: Measure(name, "click", "count", None, (), "count") for name in "abcdefgh"}


def written(formula: str) -> Quotient:
    return quotient(Expression(parse(formula), MEASURES))


@pytest.mark.parametrize(
    ("formula", "same"),
    [
        ("1 - a / b", "(b - a) / b"),
        ("(a - b) / b", "a / b - 1"),
        ("a / b / c", "a / (b * c)"),
        ("a / (b / c)", "a * c / b"),
        ("a * (b / a)", "b"),
        ("a * b / (2 * a)", "b / 2"),
        ("-(a - b)", "b - a"),
        ("a / b + c / b", "(a + c) / b"),
        ("a / b + c / d", "(a * d + c * b) / (b * d)"),
        ("a * day / hour", "24 * a"),
        ("a - a + b", "b"),
    ],
)
def test_formulas_that_mean_the_same_have_one_form(formula: str, same: str) -> None:
    assert written(formula) == written(same)


def test_a_form_is_a_polynomial_over_a_polynomial() -> None:
    assert written("(2 * a - b * b / d) / c") == Quotient(
        {(("a", 1), ("d", 1)): Fraction(2), (("b", 2),): Fraction(-1)},
        {(("c", 1), ("d", 1)): Fraction(1)},
    )


def test_lengths_of_time_are_in_seconds() -> None:
    assert written("a * minute") == Quotient({(("a", 1),): Fraction(60)}, {(): Fraction(1)})


def test_another_kpi_is_written_out() -> None:
    inner = Expression(parse("a / b"), MEASURES)
    outer = Expression(parse("1 - rate"), {**MEASURES, "rate": inner})

    assert quotient(outer) == written("(b - a) / b")


def test_a_formula_that_grows_without_end_is_given_up() -> None:
    every = "(a + b + c + d + e + f + g + h)"
    with pytest.raises(TooManyTerms):
        written(f"{every} * {every} * {every} * {every}")
