"""Conditions: what a rule looks for, as a tree of leaves joined by `all`, `any` and `not`.

A leaf looks at one KPI over one window. How each is judged, and by which formula, is in
:mod:`kpistream.core.alerting.scales`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

Side = Literal["below", "above"]
"""Which side of a line is alarming."""

Way = Literal["up", "down", "any"]
"""Which way a change is alarming."""

BEFORE: Final = "before"
"""Compared with the window of the same length just before."""

SEASON: Final = "season"
"""Compared with the same hours of the same weekday in past weeks."""


class Line(msgspec.Struct, frozen=True, tag=True):
    """The value is past a line: a number in the KPI's unit, or another KPI's value.

    An alert that fires goes on until the value is back past ``until`` (the line itself unless
    written). ``times`` multiplies the other KPI.
    """

    kpi: str
    window: str
    side: Side
    at: float = 0.0
    other: str = ""
    times: float = 1.0
    until: float | None = None


class Change(msgspec.Struct, frozen=True, tag=True):
    """The value differs from what it was by at least a fraction ``by`` (0.5 is 50 %).

    ``against`` is :data:`BEFORE`, :data:`SEASON`, or a longer window, of which the rest before
    this window is taken.
    """

    kpi: str
    window: str
    way: Way
    by: float
    against: str = BEFORE


class Unusual(msgspec.Struct, frozen=True, tag=True):
    """The value is far from its exponentially weighted mean, hour by hour."""

    kpi: str
    window: str
    way: Way
    half_life_s: float = 86_400.0


class Drift(msgspec.Struct, frozen=True, tag=True):
    """The value has moved slowly and lastingly (CUSUM), by ``shift`` deviations or more."""

    kpi: str
    window: str
    way: Way
    shift: float = 0.5


class Absence(msgspec.Struct, frozen=True, tag=True):
    """Nothing came over the window, though by the window ``against`` something should have."""

    kpi: str
    window: str
    against: str


class Behind(msgspec.Struct, frozen=True, tag=True):
    """An objective is off track; or at risk already, if ``at_risk``."""

    kpi: str
    window: str
    objective: str
    at_risk: bool = False


class Forecast(msgspec.Struct, frozen=True, tag=True):
    """The value will be past a line ``within_s`` seconds, if its trend goes on."""

    kpi: str
    window: str
    side: Side
    at: float
    within_s: float


Leaf = Line | Change | Unusual | Drift | Absence | Behind | Forecast


class All(msgspec.Struct, frozen=True, tag=True):
    """Every part holds."""

    parts: tuple[Condition, ...]


class Any(msgspec.Struct, frozen=True, tag=True):
    """At least one part holds."""

    parts: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    """The part does not hold, as far as its value tells."""

    part: Condition


Condition = Leaf | All | Any | Not


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The leaves of a condition, in the order written."""
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


def in_words(condition: Condition) -> str:
    """A condition as a short sentence says it: `below 1`, `rises by 50 % against the season`."""
    match condition:
        case All(parts):
            return " and ".join(map(_nested, parts))
        case Any(parts):
            return " or ".join(map(_nested, parts))
        case Not(part):
            return f"not ({in_words(part)})"
        case _:
            return _leaf_in_words(condition)


def _nested(condition: Condition) -> str:
    if isinstance(condition, All | Any):
        return f"({in_words(condition)})"
    if isinstance(condition, Not):
        return in_words(condition)
    return f"{condition.kpi} {in_words(condition)}"


def _leaf_in_words(leaf: Leaf) -> str:
    match leaf:
        case Line(side=side, at=at, other=other, times=times):
            factor = "" if times == 1 else f"{times:g} x "
            return f"{side} {factor}{other}" if other else f"{side} {at:g}"
        case Change(way=way, by=by, against=against):
            verb = {"up": "rises", "down": "falls", "any": "changes"}[way]
            return f"{verb} by {by:.0%} against {_reference(against)}"
        case Unusual(way=way):
            return f"unusual ({way})" if way != "any" else "unusual"
        case Drift(way=way):
            return f"drifts {way}" if way != "any" else "drifts"
        case Absence():
            return "absent"
        case Behind(objective=objective, at_risk=at_risk):
            return f"{objective} {'at risk' if at_risk else 'off track'}"
        case Forecast(side=side, at=at, within_s=within):
            return f"will be {side} {at:g} within {within / 3600:g} h"


def _reference(against: str) -> str:
    if against == BEFORE:
        return "the window before"
    return "the same hours of past weeks" if against == SEASON else f"the rest of the {against}"
