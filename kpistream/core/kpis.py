"""KPIs: what the catalogue says of them, and their values over sums of measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from kpistream.core.expressions import Expression
from kpistream.core.measures import Measure
from kpistream.core.partials import Sums
from kpistream.core.units import KpiUnit

Language = Literal["en", "fr"]

Direction = Literal["up", "down"]
"""Which way is good."""

Stage = Literal["acquisition", "activation", "retention", "referral", "revenue"]
"""The AARRR stages."""

KpiClass = Literal[
    "strategic", "operational", "functional", "leading", "lagging", "activity", "impact"
]
"""What a KPI is for, whether it foretells or confirms, and whether it shows effort or effect."""


class Value(msgspec.Struct, frozen=True, gc=False):
    """A KPI's value and what it was made of, in major money units and seconds.

    ``denominator`` is None for a KPI that divides by no measure; its numerator is the value.
    ``sample`` is the number of events that the value rests on.
    """

    value: float
    numerator: float
    denominator: float | None
    sample: int


@dataclass(frozen=True, slots=True)
class Kpi:
    """A key performance indicator as the catalogue declares it."""

    id: str
    name: Mapping[Language, str]
    description: Mapping[Language, str]
    unit: KpiUnit
    direction: Direction
    formula: str
    sample: str
    """The count measure that says how many events a value rests on."""
    classes: tuple[KpiClass, ...]
    stage: Stage | None
    owner: str
    action: str
    """What to do when the value deviates."""
    source: tuple[str, ...]
    """Who asks for it."""
    target: float | None
    """From here on a value is good."""
    urgent: float | None
    """From here on a value is alarming."""
    expression: Expression = field(repr=False, compare=False)

    @property
    def has_money(self) -> bool:
        """Whether the value belongs to a currency; a ratio of money does, too."""
        return self.expression.has_money

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures in the formula, those of the KPIs in it included."""
        return self.expression.measures


def evaluate(kpi: Kpi, sums: Sums, currency: str) -> Value | None:
    """The KPI's value over some sums, money being that of one currency (`revenue@EUR`).

    None when a denominator is 0 or missing, when nothing that the formula needs was ever seen,
    or when a number is too large for a float. Raises UnknownCurrency.
    """
    expression = kpi.expression
    program = expression.programs.get(currency) or expression.program(currency)
    try:
        outcome = program(sums)
    except (ZeroDivisionError, OverflowError):
        return None
    if outcome is None:
        return None
    value, numerator, denominator = outcome
    return Value(value, numerator, denominator, sums.get(kpi.sample, 0))
