"""Measures: the additive quantities of events that KPIs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import inspect

from kpistream.core.events import EVENT_TYPES
from kpistream.core.money import Money
from kpistream.core.units import DIMENSIONS, Dimension, MeasureUnit

MeasureKind = Literal["count", "total"]
"""How many events there are, or the total of one of their fields."""

Scalar = str | int | bool
"""What a field may be compared with."""

Where = tuple[tuple[str, frozenset[Scalar]], ...]
"""The fields that must have one of some values."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A sum over the events of one type: `impressions` counts impressions.

    ``where`` holds the fields that must have one of some values for an event to be included;
    ``field`` is what is added up, None for a count.
    """

    name: str
    event: str
    kind: MeasureKind
    field: str | None
    where: Where
    unit: MeasureUnit

    @property
    def is_money(self) -> bool:
        """Whether sums are kept per currency, as `name@EUR`."""
        return self.unit == "money"

    @property
    def dimension(self) -> Dimension:
        """The unit as powers of money, time and number."""
        return DIMENSIONS[self.unit]

    def key(self, currency: str) -> str:
        """The name that the measure's sum has; only money is kept per currency."""
        return f"{self.name}@{currency}" if self.is_money else self.name


def additive_fields(event: str) -> Mapping[str, MeasureUnit]:
    """The fields of an event type that can be added up, with their units."""
    units = {name: _unit(name, declared) for name, declared in _fields(event).items()}
    return {name: unit for name, unit in units.items() if unit is not None}


def comparable_fields(event: str) -> tuple[str, ...]:
    """The fields of an event type that can be compared with a value."""
    return tuple(name for name, declared in _fields(event).items() if _is_comparable(declared))


def possible_values(event: str, field: str) -> tuple[str, ...] | None:
    """The values that a field can have, where its type lists them."""
    kind = inspect.type_info(_fields(event)[field])
    return tuple(map(str, kind.values)) if isinstance(kind, inspect.LiteralType) else None


def can_have(event: str, field: str, value: Scalar) -> bool:
    """Whether an event's field could ever have this value."""
    try:
        msgspec.convert(value, _fields(event)[field], strict=True)
    except msgspec.ValidationError:
        return False
    return True


@cache
def _fields(event: str) -> Mapping[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(EVENT_TYPES[event])}


def _unit(name: str, declared: Any) -> MeasureUnit | None:
    if declared is Money:
        return "money"
    if not isinstance(inspect.type_info(declared), inspect.IntType):
        return None
    return "milliseconds" if name.endswith("_ms") else "count"


def _is_comparable(declared: Any) -> bool:
    kind = inspect.type_info(declared)
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    simple = (inspect.StrType, inspect.IntType, inspect.BoolType, inspect.LiteralType)
    return all(isinstance(member, (*simple, inspect.NoneType)) for member in members)
