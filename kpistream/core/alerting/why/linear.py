"""Linear forms: the KPIs that are a sum over measures, or a quotient of two such sums.

Of these alone each member of a dimension has a part: the parts of a sum add up to it. A product of
sums, or a difference of quotients, has no such parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from kpistream.core.kpis.expressions import Expression, View
from kpistream.core.kpis.formulas import Formula, Name, Negation, Number, Operation
from kpistream.core.kpis.measures import ANY_OTHER_CURRENCY, Measure
from kpistream.core.money.money import units_per_major
from kpistream.core.money.rates import RATE_SCALE

Form = Mapping[Measure | None, Fraction]
"""What each measure is multiplied by before all is added up; None stands for the number 1."""

_ONE: Final[Form] = {None: Fraction(1)}


class Sides(NamedTuple):
    """A KPI's numerator and denominator, exactly; their quotient is in the KPI's unit.

    A KPI that divides by nothing is its numerator; its denominator says nothing, and is 0.
    """

    above: Fraction
    below: Fraction

    def plus(self, other: Sides) -> Sides:
        """The sides of both together."""
        return Sides(self.above + other.above, self.below + other.below)

    def less(self, other: Sides) -> Sides:
        """The sides of what is left without another."""
        return Sides(self.above - other.above, self.below - other.below)


@dataclass(frozen=True, slots=True)
class Linear:
    """A KPI as a sum over measures, or as one over another; ``below`` is empty for the former."""

    expression: Expression
    above: Form
    below: Form

    @property
    def divides(self) -> bool:
        """Whether it is a quotient."""
        return bool(self.below)

    def value(self, sides: Sides) -> Fraction | None:
        """The KPI of two sums; None without a denominator."""
        if not self.divides:
            return sides.above
        return sides.above / sides.below if sides.below else None

    def sides(self, view: View, currency: str) -> Sides:
        """The two sums over a view. Raises UnknownCurrency."""
        units = units_per_major(currency) if self.expression.has_money else 1
        up, down = self.expression.dimension.scale(units)
        above = _sum(self.above, view, currency) * Fraction(up, down)
        return Sides(above, _sum(self.below, view, currency))


def linear(expression: Expression) -> Linear | None:
    """The KPI as one or two sums over its measures; None if it is neither."""
    found = _quotient(expression.formula, expression)
    if found is None:
        return None
    above, below = found
    if _is_constant(below):
        above, below = _times(above, 1 / below[None]), {}
    return None if None in above or None in below else Linear(expression, above, below)


def _sum(form: Form, view: View, currency: str) -> Fraction:
    amounts = (
        factor * (_amount(measure, view, currency) if measure else 1)
        for measure, factor in form.items()
    )
    return sum(amounts, Fraction(0))


def _amount(measure: Measure, view: View, currency: str) -> Fraction:
    """A sum in the units that a formula is worked out in, with money that was converted."""
    amount = Fraction(view.get(measure.key(currency), 0))
    if measure.is_money:
        converted = view.get(measure.key(ANY_OTHER_CURRENCY), 0)
        amount += Fraction(converted, RATE_SCALE**measure.power)
    return amount / measure.units_per_one


_Quotient = tuple[Form, Form]


def _quotient(part: Formula, expression: Expression) -> _Quotient | None:
    match part:
        case Number(numerator, denominator):
            return {None: Fraction(numerator, denominator)}, _ONE
        case Name(name):
            term = expression.terms[name]
            if isinstance(term, Expression):
                return _quotient(term.formula, term)
            return {term: Fraction(1)}, _ONE
        case Negation(operand):
            found = _quotient(operand, expression)
            return found and (_times(found[0], Fraction(-1)), found[1])
        case Operation(sign, left, right):
            first, second = _quotient(left, expression), _quotient(right, expression)
            if first is None or second is None:
                return None
            if sign in "+-":
                return _added(first, second, Fraction(1 if sign == "+" else -1))
            return _multiplied(first, second if sign == "*" else second[::-1])


def _added(first: _Quotient, second: _Quotient, turn: Fraction) -> _Quotient | None:
    if first[1] == second[1]:
        return _plus(first[0], _times(second[0], turn)), first[1]
    left, right = _product(first[0], second[1]), _product(second[0], first[1])
    below = _product(first[1], second[1])
    if left is None or right is None or below is None:
        return None
    return _plus(left, _times(right, turn)), below


def _multiplied(first: _Quotient, second: _Quotient) -> _Quotient | None:
    above, below = _product(first[0], second[0]), _product(first[1], second[1])
    return (above, below) if above is not None and below is not None else None


def _product(one: Form, other: Form) -> Form | None:
    """The product, if it is linear still: at least one is a number."""
    if _is_constant(one):
        return _times(other, one.get(None, Fraction(0)))
    return _times(one, other.get(None, Fraction(0))) if _is_constant(other) else None


def _is_constant(form: Form) -> bool:
    return not form.keys() - {None}


def _times(form: Form, factor: Fraction) -> Form:
    return {measure: one * factor for measure, one in form.items() if factor}


def _plus(one: Form, other: Form) -> Form:
    both = {m: one.get(m, Fraction(0)) + other.get(m, Fraction(0)) for m in {**one, **other}}
    return {measure: factor for measure, factor in both.items() if factor}
