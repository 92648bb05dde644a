from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.chance.gradients import combined, gradient
from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import parse
from kpistream.core.kpis.measures import Measure

MEASURES = {name: Measure(name, "click", "count", None, (), "count") for name in "abc"}


def expression(formula: str, **inner: str) -> Expression:
    terms: dict[str, Measure | Expression] = {**MEASURES}
    for name, text in inner.items():
        terms[name] = Expression(parse(text), MEASURES)
    return Expression(parse(formula), terms)


@pytest.mark.parametrize(
    ("formula", "value", "slopes"),
    [
        ("a", 6, {"a": 1}),
        ("-a", -6, {"a": -1}),
        ("a + b", 9, {"a": 1, "b": 1}),
        ("a - 2 * b", 0, {"a": 1, "b": -2}),
        ("a * b", 18, {"a": 3, "b": 6}),
        ("a / b", 2, {"a": 1 / 3, "b": -2 / 3}),
        ("(a - b) / a", 0.5, {"a": 3 / 36, "b": -1 / 6}),
        ("a / b / c", 1, {"a": 1 / 6, "b": -1 / 3, "c": -1 / 2}),
        ("100 * (a - b) / c", 150, {"a": 50, "b": -50, "c": -75}),
        ("a * a", 36, {"a": 12}),
        ("a * hour / day", 0.25, {"a": 1 / 24}),
    ],
)
def test_slopes_are_the_derivatives(formula: str, value: float, slopes: dict[str, float]) -> None:
    found = gradient(expression(formula), {"a": 6.0, "b": 3.0, "c": 2.0})

    assert found.value == pytest.approx(value)
    assert found.slopes == pytest.approx(slopes)


def test_another_kpi_is_written_out() -> None:
    found = gradient(expression("a * rate", rate="b / c"), {"a": 6.0, "b": 3.0, "c": 2.0})

    assert found.value == 9
    assert found.slopes == pytest.approx({"a": 1.5, "b": 3, "c": -4.5})


def test_lengths_of_time_are_in_seconds() -> None:
    assert gradient(expression("a * minute"), {"a": 2.0}) == (120.0, {"a": 60.0})


def test_a_division_by_zero_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        gradient(expression("a / b"), {"a": 1.0, "b": 0.0})


amounts = st.floats(1, 1_000)


@given(amounts, amounts, amounts)
def test_slopes_foretell_small_steps(a: float, b: float, c: float) -> None:
    formula = expression("(a - b) * c / (a + 2 * c)")
    at = {"a": a, "b": b, "c": c}
    value, slopes = gradient(formula, at)
    for name in at:
        step = 1e-6 * at[name]
        moved, _ = gradient(formula, {**at, name: at[name] + step})
        scale = abs(value) + abs(slopes[name] * at[name]) + a + b + c
        assert moved - value == pytest.approx(slopes[name] * step, abs=1e-10 * scale)


def test_slopes_are_combined_name_by_name() -> None:
    assert combined({"a": 1.0}, 2.0, {"a": 3.0, "b": 1.0}, -1.0) == {"a": -1.0, "b": -1.0}
