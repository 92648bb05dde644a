"""KPIs: what the catalogue says of them, and their values over sums of measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import msgspec

from kpistream.core.kpis.expressions import Expression, View
from kpistream.core.kpis.formulas import Formula
from kpistream.core.kpis.measures import Measure
from kpistream.core.kpis.units import KpiUnit

Language = Literal["en", "fr"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

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
class Example:
    """A worked example of a KPI: with these sums it has this value."""

    text: Mapping[Language, str]
    given: Mapping[str, float]
    """What each measure amounts to: numbers, major money units, seconds."""
    value: float


@dataclass(frozen=True, slots=True)
class Drivers:
    """The KPIs that another one is a product of, and in which power each is in it."""

    text: str
    powers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stake:
    """What a KPI's deviation costs over its window, as a formula that yields money."""

    text: str
    formula: Formula = field(repr=False, compare=False)


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
    """The measure that says how many events or people a value rests on."""
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
    windows: tuple[str, ...] = ()
    """The windows it is read for unless settings say otherwise; none stands for all."""
    slices: tuple[tuple[str, ...], ...] | None = None
    """The sets of dimensions it is read for, likewise; None stands for all."""
    minimum_sample: int = 1
    """A value that rests on less than this says little."""
    north_star: bool = False
    """Whether it is the one KPI that all others serve."""
    examples: tuple[Example, ...] = ()
    drivers: Drivers | None = None
    stake: Stake | None = None
    texts: Mapping[str, Mapping[Language, str]] = field(default_factory=dict)
    """The owner and the action in both languages, where they are written so."""

    @property
    def has_money(self) -> bool:
        """Whether the value belongs to a currency; a ratio of money does, too."""
        return self.expression.has_money

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures in the formula, those of the KPIs in it included."""
        return self.expression.measures


def evaluate(kpi: Kpi, view: View, currency: str) -> Value | None:
    """The KPI's value over a window's sums, money being that of the reporting currency.

    None when a denominator is 0 or missing, when nothing that the formula needs was ever seen,
    or when a number is too large for a float. Raises UnknownCurrency.
    """
    expression = kpi.expression
    program = expression.programs.get(currency) or expression.program(currency)
    try:
        outcome = program(view)
    except (ZeroDivisionError, OverflowError):
        return None
    if outcome is None:
        return None
    value, numerator, denominator = outcome
    return Value(value, numerator, denominator, view.get(kpi.sample, 0))
