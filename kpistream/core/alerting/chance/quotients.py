"""Quotients: a KPI's formula written out as one polynomial of its measures over another.

So two formulas that mean the same have the same form, however they are written:
`1 - churned / customers` and `(customers - churned) / customers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpistream.core.alerting.chance.gradients import number
from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import Formula, Name, Negation, Number, Operation, Operator

MAX_TERMS: Final = 60
"""The most terms of a polynomial that is still looked at."""

Monomial = tuple[tuple[str, int], ...]
"""A product of measures: their names, in order, with their powers. `()` is 1."""

Polynomial = Mapping[Monomial, Fraction]
"""Products of measures, each with its factor, which is not 0."""

ONE: Final[Polynomial] = {(): Fraction(1)}


class TooManyTerms(ValueError):
    """A formula that is too long when it is written out."""


@dataclass(frozen=True, slots=True)
class Quotient:
    """One polynomial over another; measures are in major units of money, and seconds."""

    above: Polynomial
    below: Polynomial

    def shortened(self) -> Quotient:
        """The same without what both have in common, if only one term stands below."""
        if len(self.below) != 1 or not self.above:
            return self
        ((under, factor),) = self.below.items()
        shared = dict(under)
        for monomial in self.above:
            powers = dict(monomial)
            shared = {name: min(power, powers.get(name, 0)) for name, power in shared.items()}
        above = {_without(one, shared): value / factor for one, value in self.above.items()}
        return Quotient(above, {_without(under, shared): Fraction(1)})


def quotient(expression: Expression) -> Quotient:
    """The formula as a quotient, shortened. Raises TooManyTerms."""
    return _quotient(expression.formula, expression).shortened()


def _quotient(part: Formula, expression: Expression) -> Quotient:
    match part:
        case Number():
            value = Fraction(*number(part))
            return Quotient({(): value} if value else {}, ONE)
        case Name(name):
            term = expression.terms[name]
            if isinstance(term, Expression):
                return quotient(term)
            return Quotient({((name, 1),): Fraction(1)}, ONE)
        case Negation(operand):
            inner = _quotient(operand, expression)
            return Quotient(_times(inner.above, {(): Fraction(-1)}), inner.below)
        case Operation(operator, left, right):
            first = _quotient(left, expression)
            return _worked_out(operator, first, _quotient(right, expression))


def _worked_out(operator: Operator, left: Quotient, right: Quotient) -> Quotient:
    match operator:
        case "*":
            return Quotient(_times(left.above, right.above), _times(left.below, right.below))
        case "/":
            return Quotient(_times(left.above, right.below), _times(left.below, right.above))
    sign = Fraction(1 if operator == "+" else -1)
    if left.below == right.below:
        return Quotient(_plus(left.above, right.above, sign), left.below)
    mine, theirs = _times(left.above, right.below), _times(right.above, left.below)
    return Quotient(_plus(mine, theirs, sign), _times(left.below, right.below))


def _plus(one: Polynomial, other: Polynomial, sign: Fraction) -> Polynomial:
    result = dict(one)
    for monomial, factor in other.items():
        result[monomial] = result.get(monomial, Fraction(0)) + sign * factor
    return _checked(result)


def _times(one: Polynomial, other: Polynomial) -> Polynomial:
    if len(one) * len(other) > MAX_TERMS * MAX_TERMS:
        raise TooManyTerms
    result: dict[Monomial, Fraction] = {}
    for mine, factor in one.items():
        for theirs, other_factor in other.items():
            product = _product(mine, theirs)
            result[product] = result.get(product, Fraction(0)) + factor * other_factor
    return _checked(result)


def _checked(polynomial: Mapping[Monomial, Fraction]) -> Polynomial:
    if len(polynomial) > MAX_TERMS:
        raise TooManyTerms
    return {monomial: factor for monomial, factor in polynomial.items() if factor}


def _product(one: Monomial, other: Monomial) -> Monomial:
    powers = dict(one)
    for name, power in other:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted(powers.items()))


def _without(monomial: Monomial, shared: Mapping[str, int]) -> Monomial:
    left = ((name, power - shared.get(name, 0)) for name, power in monomial)
    return tuple((name, power) for name, power in left if power)
