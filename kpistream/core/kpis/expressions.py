"""Expressions: formulas with resolved names, compiled into exact arithmetic over sums.

A part of a formula is worked out as a pair of integers, numerator over denominator. The only
floats are made at the end, each by one division of two integers, which Python rounds correctly.

Where some money was converted, all money is worked out in parts of RATE_SCALE of a scaled smallest
unit: so the converted joins what was in the reporting currency from the start without rounding.
"""

from __future__ import annotations

import fractions
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from operator import add, sub

from kpistream.core.kpis.formulas import (
    Formula,
    Name,
    Negation,
    Number,
    Operation,
    constant,
    dimension,
    leaves,
    names,
)
from kpistream.core.kpis.measures import ANY_OTHER_CURRENCY, Measure
from kpistream.core.kpis.units import PLAIN, Dimension
from kpistream.core.money.money import units_per_major
from kpistream.core.money.rates import RATE_SCALE

Fraction = tuple[int, int]
"""Numerator and denominator, not reduced."""

Outcome = tuple[float, float, float | None]
"""Value, numerator and denominator, in major money units and seconds."""

View = dict[str, int]
"""What is evaluated: sums over a window, levels and numbers of people by measure name.

Money is that of one currency (`revenue@EUR`), and what all other currencies come to in the
reporting one (`revenue@*`), as an exact integer times RATE_SCALE (squares: its square).
"""

Program = Callable[[View], Outcome | None]
"""A compiled expression; raises ZeroDivisionError where it divides by zero."""

_Step = Callable[[View], Fraction]


class Expression:
    """A formula whose names are resolved: to measures, and to the expressions of other KPIs."""

    def __init__(self, formula: Formula, terms: Mapping[str, Measure | Expression]) -> None:
        """Check the units; raises FormulaError where unlike things are added."""
        self.formula = formula
        self.terms = terms
        self.programs: dict[str, Program] = {}
        """What is compiled already, by reporting currency."""
        self.dimension = self.dimension_of(formula)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The measures in it, those of other KPIs included."""
        return tuple(dict.fromkeys(self.measures_in(self.formula)))

    @cached_property
    def has_money(self) -> bool:
        """Whether any measure in it is money, so that it needs a currency."""
        return any(measure.is_money for measure in self.measures)

    @cached_property
    def divides(self) -> bool:
        """Whether a measure stands below any division in it."""
        return _divides(self.formula, self)

    @cached_property
    def size(self) -> int:
        """How many names and numbers it has when other KPIs are written out."""
        return sum(
            self._inner[leaf.name].size
            if isinstance(leaf, Name) and leaf.name in self._inner
            else 1
            for leaf in leaves(self.formula)
        )

    @cached_property
    def chain(self) -> int:
        """How many KPIs stand on each other in it, itself included."""
        return 1 + max((inner.chain for inner in self._inner.values()), default=0)

    @cached_property
    def _inner(self) -> Mapping[str, Expression]:
        return {name: term for name, term in self.terms.items() if isinstance(term, Expression)}

    @cached_property
    def divisor(self) -> tuple[Measure, ...]:
        """The measures below the outermost division; none if the formula is no division."""
        match self.formula:
            case Name(name) if isinstance(inner := self.terms[name], Expression):
                return inner.divisor
            case Operation("/", _, below):
                return tuple(dict.fromkeys(self.measures_in(below)))
        return ()

    @cached_property
    def sides(self) -> tuple[Dimension, Dimension] | None:
        """What numerator and denominator are counted in; None if it divides by no measure."""
        match self.formula:
            case Name(name) if isinstance(inner := self.terms[name], Expression):
                return inner.sides
            case Operation("/", above, below) if self.divisor:
                return self.dimension_of(above), self.dimension_of(below)
        if not self.divides:
            return None
        below_dimension = _dimension_below(self.formula, self)
        return self.dimension.times(below_dimension), below_dimension

    def measures_in(self, part: Formula) -> Iterator[Measure]:
        """The measures in a part of the formula, repetitions included."""
        for leaf in names(part):
            term = self.terms[leaf.name]
            if isinstance(term, Expression):
                yield from term.measures
            else:
                yield term

    def dimension_of(self, part: Formula) -> Dimension:
        """What a part of the formula is counted in."""
        return dimension(part, {name: term.dimension for name, term in self.terms.items()})

    def program(self, currency: str) -> Program:
        """The expression compiled for a reporting currency, and kept. Raises UnknownCurrency."""
        units = units_per_major(currency) if self.has_money else 1
        program = _Compiler(currency, units).program(self)
        if self.has_money:
            converted = _Compiler(currency, units, RATE_SCALE).program(self)
            program = self._either(program, converted)
        self.programs[currency] = program
        return program

    def exact(self, view: View, currency: str) -> fractions.Fraction | None:
        """The value with nothing rounded, in major money units and seconds.

        None where something is divided by zero, and of a total that was never fed. Raises
        UnknownCurrency.
        """
        if not self.divides and view.keys().isdisjoint(_keys(self, currency)):
            return None
        units = units_per_major(currency) if self.has_money else 1
        try:
            amount, parts = _Compiler(currency, units, RATE_SCALE).step(self)(view)
        except ZeroDivisionError:
            return None
        up, down = self.dimension.scale(units * RATE_SCALE)
        return fractions.Fraction(amount * up, parts * down)

    def _either(self, program: Program, converted: Program) -> Program:
        """The first, whose numbers are smaller, unless a view has money that was converted."""
        keys = [measure.key(ANY_OTHER_CURRENCY) for measure in self.measures if measure.is_money]

        def run(view: View) -> Outcome | None:
            for key in keys:
                if key in view:
                    return converted(view)
            return program(view)

        return run


class _Compiler:
    """Makes closures of expressions, for one currency.

    Money is worked out in parts of ``finer`` of a scaled smallest unit, if any was converted.
    """

    def __init__(self, currency: str, units: int, finer: int | None = None) -> None:
        self._currency = currency
        self._units = units * (finer or 1)
        self._finer = finer

    def program(self, expression: Expression) -> Program:
        formula, sides = expression.formula, expression.sides
        if sides is None:
            return self._total(self.step(expression), expression)
        match formula:
            case Name(name) if isinstance(inner := expression.terms[name], Expression):
                return self.program(inner)
            case Operation("/", above, below) if expression.divisor:
                steps = self._step(above, expression), self._step(below, expression)
                return self._quotient(*steps, *sides)
        numerator, denominator = _parts(self.step(expression), _fixed(formula, expression))
        return self._quotient(numerator, denominator, *sides)

    def step(self, expression: Expression) -> _Step:
        """The value as one pair, in raw units."""
        return self._step(expression.formula, expression)

    def _quotient(
        self, above: _Step, below: _Step, above_dimension: Dimension, below_dimension: Dimension
    ) -> Program:
        above_up, above_down = above_dimension.scale(self._units)
        below_up, below_down = below_dimension.scale(self._units)
        up, down = above_dimension.per(below_dimension).scale(self._units)

        def run(view: View) -> Outcome | None:
            divisor, divisor_parts = below(view)
            if divisor == 0:
                return None
            dividend, dividend_parts = above(view)
            value = (dividend * divisor_parts * up) / (dividend_parts * divisor * down)
            numerator = (dividend * above_up) / (dividend_parts * above_down)
            denominator = (divisor * below_up) / (divisor_parts * below_down)
            # Adding 0.0 turns the -0.0 of 0 / -5 into 0.0.
            return value + 0.0, numerator + 0.0, denominator

        return run

    def _total(self, step: _Step, expression: Expression) -> Program:
        keys = _keys(expression, self._currency)
        up, down = expression.dimension.scale(self._units)

        def run(view: View) -> Outcome | None:
            for key in keys:
                if key in view:
                    break
            else:
                return None
            amount, parts = step(view)
            value = (amount * up) / (parts * down)
            return value, value, None

        return run

    def _step(self, part: Formula, expression: Expression) -> _Step:
        match part:
            case Number(numerator, denominator):
                return _constant(numerator, denominator)
            case Name(name):
                term = expression.terms[name]
                if isinstance(term, Expression):
                    return self._step(term.formula, term)
                return self._lookup(term)
            case Negation(operand):
                return _negated(self._step(operand, expression))
            case Operation(operator, left, right):
                first = self._step(left, expression)
                inverse = _inverse(part)
                if inverse is not None:
                    return _product(first, _constant(*inverse))
                return _OPERATIONS[operator](first, self._step(right, expression))

    def _lookup(self, measure: Measure) -> _Step:
        key = measure.key(self._currency)
        if self._finer is None or not measure.is_money:
            units = measure.units_per_one
            return lambda view: (view.get(key, 0), units)
        converted, finer = measure.key(ANY_OTHER_CURRENCY), self._finer**measure.power
        return lambda view: (view.get(key, 0) * finer + view.get(converted, 0), 1)


def _keys(expression: Expression, currency: str) -> set[str]:
    """The names of the sums that an expression looks for."""
    currencies = (currency, ANY_OTHER_CURRENCY)
    return {measure.key(one) for measure in expression.measures for one in currencies}


def _inverse(part: Operation) -> Fraction | None:
    """What is multiplied by where a formula divides by a number: that is no denominator."""
    divisor = constant(part.right) if part.operator == "/" else None
    return (1 / divisor).as_integer_ratio() if divisor else None


def _constant(numerator: int, denominator: int) -> _Step:
    fraction = numerator, denominator
    return lambda view: fraction


def _negated(operand: _Step) -> _Step:
    def run(view: View) -> Fraction:
        above, below = operand(view)
        return -above, below

    return run


def _sum(operator: Callable[[int, int], int]) -> Callable[[_Step, _Step], _Step]:
    def combine(left: _Step, right: _Step) -> _Step:
        def run(view: View) -> Fraction:
            above, below = left(view)
            other_above, other_below = right(view)
            return operator(above * other_below, other_above * below), below * other_below

        return run

    return combine


def _product(left: _Step, right: _Step) -> _Step:
    def run(view: View) -> Fraction:
        above, below = left(view)
        other_above, other_below = right(view)
        return above * other_above, below * other_below

    return run


def _division(left: _Step, right: _Step) -> _Step:
    def run(view: View) -> Fraction:
        divisor, divisor_parts = right(view)
        if divisor == 0:
            raise ZeroDivisionError
        above, below = left(view)
        return above * divisor_parts, below * divisor

    return run


_OPERATIONS: Mapping[str, Callable[[_Step, _Step], _Step]] = {
    "+": _sum(add),
    "-": _sum(sub),
    "*": _product,
    "/": _division,
}


def _parts(step: _Step, fixed: int) -> tuple[_Step, _Step]:
    """The numerator and the denominator of a step, as steps of their own."""
    return lambda view: (step(view)[0], fixed), lambda view: (step(view)[1], fixed)


def _fixed(part: Formula, expression: Expression) -> int:
    """By what `_step` multiplies both numerator and denominator, to keep them whole numbers."""
    match part:
        case Number(_, denominator):
            return denominator
        case Name(name):
            term = expression.terms[name]
            return (
                _fixed(term.formula, term) if isinstance(term, Expression) else term.units_per_one
            )
        case Negation(operand):
            return _fixed(operand, expression)
        case Operation(_, left, right):
            inverse = _inverse(part)
            other = inverse[1] if inverse else _fixed(right, expression)
            return _fixed(left, expression) * other


def _divides(part: Formula, expression: Expression) -> bool:
    """Whether a measure stands below any division."""
    match part:
        case Name(name):
            term = expression.terms[name]
            return isinstance(term, Expression) and _divides(term.formula, term)
        case Negation(operand):
            return _divides(operand, expression)
        case Operation(operator, left, right):
            if operator == "/" and any(True for _ in expression.measures_in(right)):
                return True
            return _divides(left, expression) or _divides(right, expression)
    return False


def _dimension_below(part: Formula, expression: Expression) -> Dimension:
    """The dimension of the denominator that `_step` works out."""
    match part:
        case Name(name):
            term = expression.terms[name]
            return _dimension_below(term.formula, term) if isinstance(term, Expression) else PLAIN
        case Negation(operand):
            return _dimension_below(operand, expression)
        case Operation(operator, left, right):
            if _inverse(part) is not None:
                return _dimension_below(left, expression)
            both = _dimension_below(left, expression).times(_dimension_below(right, expression))
            return both.times(expression.dimension_of(right)) if operator == "/" else both
    return PLAIN
