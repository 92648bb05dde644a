from __future__ import annotations

import pytest

from kpistream.core.alerting.chance.quotients import Quotient, quotient
from kpistream.core.alerting.chance.shapes import Share, amount_in, linear_of, share_of
from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import parse
from kpistream.core.kpis.measures import Measure

MEASURES = {
    name: Measure(name, "click", "count", None, (), "count")
    for name in ("a", "b", "known", "level")
}
AMOUNTS = {"a": 6.0, "b": 3.0, "known": 4.0, "level": 5.0}


def form(formula: str) -> Quotient:
    return quotient(Expression(parse(formula), MEASURES))


def is_random(name: str) -> bool:
    return name in ("a", "b")


@pytest.mark.parametrize(
    ("formula", "share"),
    [
        ("a / b", Share(0, 1, "a", "b")),
        ("1 - a / b", Share(1, -1, "a", "b")),
        ("(b - a) / b", Share(1, -1, "a", "b")),
        ("100 * a / known", Share(0, 100, "a", "known")),
    ],
)
def test_a_share_is_one_measure_in_another(formula: str, share: Share) -> None:
    assert share_of(form(formula)) == share


@pytest.mark.parametrize(
    "formula", ["a", "a / 2", "(a - b) / known", "a / (b + known)", "a * a / b", "a / b / known"]
)
def test_all_else_is_no_share(formula: str) -> None:
    assert share_of(form(formula)) is None


@pytest.mark.parametrize(
    ("formula", "factors", "fixed", "exposure", "inverse"),
    [
        ("a", {"a": 1}, 0, 1, False),
        ("(a - b) / known", {"a": 1, "b": -1}, 0, 4, False),
        ("(a - known) / known", {"a": 1}, -4, 4, False),
        ("a * level - known * known", {"a": 5}, -16, 1, False),
        ("known / a", {"a": 1}, 0, 4, True),
        ("1000 * known / a", {"a": 1}, 0, 4000, True),
    ],
)
def test_a_sum_is_linear_in_what_comes_at_random(
    formula: str, factors: dict[str, float], fixed: float, exposure: float, inverse: bool
) -> None:
    linear = linear_of(form(formula), is_random)

    assert linear is not None
    assert linear.inverse is inverse
    assert {name: amount_in(by, AMOUNTS) for name, by in linear.terms.items()} == factors
    assert amount_in(linear.fixed, AMOUNTS) == fixed
    assert amount_in(linear.exposure, AMOUNTS) == exposure


@pytest.mark.parametrize("formula", ["a / b", "a * a", "a * b", "known / (a + b)", "-known / a"])
def test_all_else_is_no_sum(formula: str) -> None:
    assert linear_of(form(formula), is_random) is None
