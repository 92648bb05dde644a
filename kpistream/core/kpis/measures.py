"""Measures: the quantities of events that KPIs are made of, each of which can be added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from kpistream.core.kpis.units import DIMENSIONS, Dimension, MeasureUnit
from kpistream.core.slices import Slice

MeasureKind = Literal["count", "total", "squares", "distinct", "elapsed", "level"]
"""What is added up.

count
    how many events there are
total
    one of their fields
squares
    the squares of one of their fields, which a variance needs
distinct
    the different people (or other texts) in one of their fields, as a mergeable sketch
elapsed
    the time between a moment in one of their fields and the event itself
level
    what was added and taken away since ever: active customers, recurring revenue
"""

Edge = Literal["start", "end"]
"""The end of a window at which a level is read."""

Scalar = str | int | bool
"""What a field may be compared with."""

ANY_OTHER_CURRENCY: Final = "*"
"""Stands for a currency in the key of a sum converted from all but the reporting currency."""

MILLISECONDS: Final[Mapping[str, int]] = MappingProxyType(
    {"_ms": 1, "_s": 1_000, "_days": 86_400_000}
)
"""The milliseconds in one of a duration, by how the name of its field ends."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What one field must be for an event to be included; exactly one thing is asked of it.

    ``allowed`` holds the values it must have, or must not have if ``negated``: a field without a
    value has none of them. ``at_least`` and ``at_most`` bound a number, ``known`` asks whether
    there is a value at all.
    """

    field: str
    allowed: frozenset[Scalar | Decimal] | None = None
    at_least: int | Decimal | None = None
    at_most: int | Decimal | None = None
    known: bool | None = None
    negated: bool = False


Where = tuple[Condition, ...]
"""The conditions that an event must meet, all of them."""

Opening = tuple[tuple[Slice, str, int], ...]
"""What a level was before the first event: slice, currency (or nothing), raw amount."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A sum over the events of one type: `impressions` counts impressions.

    ``field`` is what is added up, None where events are counted. An event that meets ``where`` is
    included; for a level, one that meets ``minus`` is taken away. ``scale`` is how many raw units
    make one: 10**6 for decimals; money has its currency's instead.
    """

    name: str
    event: str
    kind: MeasureKind
    field: str | None
    where: Where
    unit: MeasureUnit
    minus: Where | None = None
    at: Edge = "end"
    opening: Opening = ()
    scale: int = 1

    @property
    def is_money(self) -> bool:
        """Whether sums are kept per currency, as `name@EUR`."""
        return self.unit == "money"

    @property
    def is_spread(self) -> bool:
        """Whether it is divided among the panes that an event with a period covers."""
        return self.kind in ("total", "level") and self.field is not None

    @property
    def power(self) -> int:
        """The power in which the field's unit, and its scale, are in the sum: 2 for squares."""
        return 2 if self.kind == "squares" else 1

    @property
    def units_per_one(self) -> int:
        """How many units of the raw sum make one count or one millisecond; 1 for money."""
        units: int = self.scale**self.power
        return units

    @property
    def factor(self) -> int:
        """What the field is multiplied by: the milliseconds in one of a duration, else 1."""
        if self.field is None or self.unit != "milliseconds" or self.kind == "elapsed":
            return 1
        return milliseconds_in(self.field) or 1

    @property
    def dimension(self) -> Dimension:
        """The unit as powers of money, time and number."""
        dimension = DIMENSIONS[self.unit]
        return dimension.times(dimension) if self.kind == "squares" else dimension

    def key(self, currency: str) -> str:
        """The name that the measure's sum has; only money is kept per currency."""
        return f"{self.name}@{currency}" if self.is_money else self.name

    def amounts_key(self, currency: str) -> str:
        """The name of the count of amounts in a currency."""
        return f"{self.name}#{currency}"


def milliseconds_in(field: str) -> int | None:
    """The milliseconds in one unit of a duration such as `lifetime_days`; None for all else."""
    for ending, milliseconds in MILLISECONDS.items():
        if field.endswith(ending):
            return milliseconds
    return None
