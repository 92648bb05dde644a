"""Stakes: what a KPI's deviation from its baseline costs, in money per hour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import Formula, Name, Negation, Number, Operation, constant, names
from kpistream.core.kpis.kpi import Kpi, Stake, Value, evaluate
from kpistream.core.kpis.notation import written_out
from kpistream.core.measuring.partials import Sums

HOUR_S: Final = 3600

_SIDE: Final = re.compile(r"\b(value|numerator|denominator)\b")


def stake(
    kpi: Kpi,
    kpis: Mapping[str, Kpi],
    now: Sums,
    before: Sums,
    baseline: float | None,
    covers_s: float,
    currency: str,
) -> tuple[float, str] | None:
    """What a KPI's deviation costs in major units per hour, and the formula in words.

    ``baseline`` is what the value should be, ``covers_s`` how many seconds ``now`` is of. A KPI in
    the formula that has no value now, such as an order's value where nobody orders, is that of
    ``before``. None without a stake, a value, a baseline or a time, and where nothing is lost.
    Raises UnknownCurrency.
    """
    value = evaluate(kpi, now, currency)
    if kpi.stake is None or value is None or baseline is None or covers_s <= 0:
        return None
    own = {**_own(value), "baseline": baseline}
    known = _known(kpi.stake, own, kpis, (now, before), currency)
    try:
        money = constant(_filled(kpi.stake.formula, known))
    except (KeyError, ZeroDivisionError):
        return None
    if money is None or money <= 0:
        return None
    return float(money / Fraction(covers_s) * HOUR_S), in_words(kpi, kpi.stake)


def in_words(kpi: Kpi, stake: Stake) -> str:
    """A stake's formula with what `value`, `numerator` and `denominator` stand for."""
    words = {"value": kpi.id, **_sides_in_words(kpi.expression)}
    return _SIDE.sub(lambda found: words.get(found[0], found[0]), stake.text)


def _sides_in_words(expression: Expression) -> dict[str, str]:
    match expression.formula:
        case Name(name) if isinstance(inner := expression.terms[name], Expression):
            return _sides_in_words(inner)
        case Operation("/", above, below) if expression.divisor:
            sides = {"numerator": above, "denominator": below}
            return {name: _in_words(side, expression) for name, side in sides.items()}
    return {}


def _in_words(side: Formula, expression: Expression) -> str:
    text = written_out(Expression(side, expression.terms))
    return f"({text})" if " " in text else text


def _own(value: Value) -> dict[str, float]:
    own = {"value": value.value, "numerator": value.numerator}
    return own if value.denominator is None else {**own, "denominator": value.denominator}


def _known(
    stake: Stake,
    own: Mapping[str, float],
    kpis: Mapping[str, Kpi],
    views: Iterable[Sums],
    currency: str,
) -> dict[str, float]:
    """What the names in a stake are; those that nothing is known of are missing."""
    known = dict(own)
    for leaf in names(stake.formula):
        if leaf.name not in own and leaf.name in kpis:
            values = (evaluate(kpis[leaf.name], view, currency) for view in views)
            value = next((found for found in values if found is not None), None)
            known |= {} if value is None else {leaf.name: value.value}
    return known


def _filled(formula: Formula, known: Mapping[str, float]) -> Formula:
    """A formula with numbers for its names, and seconds for its times; raises KeyError."""
    match formula:
        case Number(numerator, denominator, column):
            up, down = formula.dimension.scale(1)
            return Number(numerator * up, denominator * down, column)
        case Name(name, column):
            return Number(*known[name].as_integer_ratio(), column)
        case Negation(operand):
            return replace(formula, operand=_filled(operand, known))
        case Operation(_, left, right):
            return replace(formula, left=_filled(left, known), right=_filled(right, known))
