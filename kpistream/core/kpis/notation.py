"""Measures and formulas as people write them: `count(click where kind = ad)`, `a / (b + c)`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import Formula, Name, Negation, Number, Operation, Operator
from kpistream.core.kpis.measures import Condition, Measure, Where
from kpistream.core.kpis.units import TIME, TIME_UNITS

_STRENGTH: Final[Mapping[Operator, int]] = {"+": 1, "-": 1, "*": 2, "/": 2}
_WEAKEST, _SIGNED, _WHOLE = 1, 2, 3

_TIMES: Final = {milliseconds: name for name, milliseconds in TIME_UNITS.items()}


def written_out(expression: Expression) -> str:
    """A formula over measures alone, the KPIs in it replaced by their own formulas."""
    return _text(expression.formula, expression)[0]


def _text(part: Formula, expression: Expression) -> tuple[str, int]:
    """A part of a formula, and how strongly its outermost operation binds."""
    match part:
        case Number():
            return _number(part), _WHOLE
        case Name(name):
            term = expression.terms[name]
            return _text(term.formula, term) if isinstance(term, Expression) else (name, _WHOLE)
        case Negation(operand):
            return f"-{_bound(operand, expression, _WHOLE)}", _SIGNED
        case Operation(operator, left, right):
            strength = _STRENGTH[operator]
            # a - (b + c) and a / (b * c) need their parentheses, a + (b + c) does not.
            after = strength + (operator in "-/")
            texts = _bound(left, expression, strength), _bound(right, expression, after)
            return f" {operator} ".join(texts), strength


def _bound(part: Formula, expression: Expression, strength: int) -> str:
    """A part, in parentheses unless it binds at least as strongly."""
    text, binds = _text(part, expression)
    return text if binds >= strength else f"({text})"


def _number(number: Number) -> str:
    if number.dimension == TIME:
        return _TIMES[number.numerator]
    return f"{Decimal(number.numerator) / number.denominator:f}"


def measure_text(measure: Measure) -> str:
    """What is added up, as one expression."""
    of = f"{measure.event}.{measure.field}" if measure.field else measure.event
    if measure.kind != "level":
        return f"{measure.kind}({of}{_filter(' where ', measure.where)})"
    plus, minus = _filter(", plus ", measure.where), _filter(", minus ", measure.minus or ())
    at = ", at start" if measure.at == "start" else ""
    return f"level({of}{plus}{minus}{at})"


def _filter(before: str, where: Where) -> str:
    return before + " and ".join(map(_condition, where)) if where else ""


def _condition(condition: Condition) -> str:
    field = condition.field
    if condition.allowed is not None:
        values = " or ".join(sorted(map(_value, condition.allowed)))
        return f"{field} {'is not' if condition.negated else '='} {values}"
    if condition.known is not None:
        return f"{field} is {'known' if condition.known else 'not known'}"
    bounds = {">=": condition.at_least, "<=": condition.at_most}
    return " and ".join(
        f"{field} {sign} {bound}" for sign, bound in bounds.items() if bound is not None
    )


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
