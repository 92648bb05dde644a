"""Gradients: a formula's value, and how much it changes with each of its measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import Formula, Name, Negation, Number, Operation, Operator
from kpistream.core.kpis.units import MILLISECONDS_PER_SECOND

Slopes = Mapping[str, float]
"""Name of a measure to the derivative of a formula with respect to it; 0 for those left out."""


class Dual(NamedTuple):
    """A value with its slopes: a dual number, as of Clifford (1873)."""

    value: float
    slopes: Slopes


def gradient(expression: Expression, amounts: Mapping[str, float]) -> Dual:
    """The formula's value and slopes where its measures have these amounts.

    Amounts, of all its measures, are in the units that people read: major units of money, seconds.
    Forward automatic differentiation (Wengert 1964): exact but for rounding. Raises
    ZeroDivisionError where the formula divides by zero.
    """
    return _dual(expression.formula, expression, amounts)


def combined(one: Slopes, factor: float, other: Slopes, other_factor: float) -> dict[str, float]:
    """The slopes of one times its factor plus the other times its own."""
    slopes = {name: factor * slope for name, slope in one.items()}
    for name, slope in other.items():
        slopes[name] = slopes.get(name, 0.0) + other_factor * slope
    return slopes


def number(part: Number) -> tuple[int, int]:
    """A number of a formula as a fraction; a length of time in seconds."""
    return part.numerator, part.denominator * MILLISECONDS_PER_SECOND**part.dimension.time


def _dual(part: Formula, expression: Expression, amounts: Mapping[str, float]) -> Dual:
    match part:
        case Number():
            numerator, denominator = number(part)
            return Dual(numerator / denominator, {})
        case Name(name):
            term = expression.terms[name]
            if isinstance(term, Expression):
                return gradient(term, amounts)
            return Dual(amounts[name], {name: 1.0})
        case Negation(operand):
            value, slopes = _dual(operand, expression, amounts)
            return Dual(-value, combined(slopes, -1.0, {}, 0.0))
        case Operation(operator, left, right):
            first = _dual(left, expression, amounts)
            return _worked_out(operator, first, _dual(right, expression, amounts))


def _worked_out(operator: Operator, left: Dual, right: Dual) -> Dual:
    (a, a_slopes), (b, b_slopes) = left, right
    match operator:
        case "+":
            return Dual(a + b, combined(a_slopes, 1.0, b_slopes, 1.0))
        case "-":
            return Dual(a - b, combined(a_slopes, 1.0, b_slopes, -1.0))
        case "*":
            return Dual(a * b, combined(a_slopes, b, b_slopes, a))
        case "/":
            return Dual(a / b, combined(a_slopes, 1 / b, b_slopes, -a / (b * b)))
