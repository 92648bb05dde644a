"""Why an alert fires: what it was judged on, which segments moved, which drivers, what it costs."""

from __future__ import annotations

from typing import Any

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """What a condition was judged on; numbers are in the KPI's unit.

    ``method`` names the test, `raw` if there is none. ``line`` is what the value was compared with.
    ``low`` and ``high`` bound the true value at ``confidence``. ``p`` is how probable so much is in
    a week in which nothing is wrong, over all slices of the rule; None for a raw condition.
    ``covers_s`` is how many seconds the window covers.
    """

    condition: str
    method: str
    numerator: float | None = None
    denominator: float | None = None
    line: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    p: float | None = None
    covers_s: float | None = None


class Segment(msgspec.Struct, frozen=True):
    """What one member of a dimension adds to a change: by its share (mix) and by its own rate.

    The sums over all segments of a dimension are the change. Of a KPI that is no quotient ``mix``
    is 0. ``member`` is empty for what no member explains (people who are in several).
    """

    dimension: str
    member: str
    value: float | None
    before: float | None
    mix: float
    rate: float


class Driver(msgspec.Struct, frozen=True):
    """A KPI that another one is a product of, and its part in the change (in logarithms)."""

    kpi: str
    value: float
    before: float
    effect: float


class Why(msgspec.Struct, frozen=True):
    """What explains a change from ``before`` to ``value``, and what it costs."""

    value: float
    before: float | None
    segments: tuple[Segment, ...] = ()
    drivers: tuple[Driver, ...] = ()
    at_stake_per_hour: float | None = None
    """In major units of ``stake_currency``, the reporting one."""
    stake_currency: str = ""
    stake_formula: str = ""
    sentence: str = ""
    """The most important of it, for a person."""

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain
