"""How far an objective is on its way: its pace, what each day left must add, and its status.

The formulas and thresholds are in `docs/objectives.md`. Time is counted in local days, whole ones
and parts, and all arithmetic is of exact fractions: a float is taken for the decimal number that
it is written as.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from kpistream.core.catalogue.objectives import Objective, exact
from kpistream.core.instants import rfc3339
from kpistream.core.windows.days import Days

ON_TRACK_WITHIN: Final = Fraction(1, 20)
"""How far behind the plan a value may be and still be on track."""

AT_RISK_WITHIN: Final = Fraction(1, 5)
"""How far behind the plan a value may be before it is off track."""


class Status(StrEnum):
    """How an objective stands; each is one state of a gauge."""

    not_started = "not_started"
    on_track = "on_track"
    at_risk = "at_risk"
    off_track = "off_track"
    achieved = "achieved"
    missed = "missed"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an objective is at ``as_of`` (epoch seconds); numbers are in the KPI's unit.

    ``start_value`` is where the way begins, ``expected`` where a steady pace would be by now,
    ``projected`` where the pace so far leads to by the deadline. ``done`` is the part of the way
    that has been made (0-1 and beyond). ``needed_per_day`` is what each day left must add; of a
    limit, what it may add. All of these are None where they make no sense or are not known.
    """

    objective: Objective
    status: Status
    value: float | None
    currency: str | None
    start_value: float | None
    expected: float | None
    projected: float | None
    done: float | None
    needed_per_day: float | None
    days_left: float
    as_of: float

    @property
    def target(self) -> float:
        """The value to be reached."""
        return float(self.objective.target)

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        objective = self.objective
        return {
            "kind": "objective",
            "id": objective.id,
            "name": dict(objective.name),
            "kpi": objective.kpi,
            "counts": objective.kind,
            "unit": objective.unit,
            "direction": objective.direction,
            "slice": dict(objective.slice),
            "start": objective.start.isoformat(),
            "deadline": objective.deadline.isoformat(),
            "owner": objective.owner,
            "kpis": list(objective.kpis),
            "status": self.status.value,
            "target": self.target,
            "value": self.value,
            "start_value": self.start_value,
            "expected": self.expected,
            "projected": self.projected,
            "done": self.done,
            "needed_per_day": self.needed_per_day,
            "days_left": self.days_left,
            "currency": self.currency,
            "as_of": rfc3339(self.as_of),
        }


def assess(
    objective: Objective,
    value_now: float | None,
    value_at_start: float | None,
    now_s: float,
    days: Days,
    currency: str | None = None,
) -> Progress:
    """How an objective stands at ``now_s`` (epoch seconds).

    ``value_now`` is the KPI's value over [start, now], of a level the value now; None when there
    is no reading. ``value_at_start`` is used of a level only. ``currency`` is that of the reading.
    Formulas and thresholds: docs/objectives.md.
    """
    time = _Time.of(objective, now_s, days)
    value = None if value_now is None else exact(value_now)
    origin = _origin(objective, value_at_start)
    return Progress(
        objective=objective,
        status=_status(objective, value, origin, time),
        value=value_now,
        currency=currency,
        start_value=_float(origin),
        expected=_float(_planned(objective, origin, time.passed)),
        projected=_float(_projected(objective, value, origin, time)),
        done=_float(_done(objective, value, origin)),
        needed_per_day=_float(_needed_per_day(objective, value, time)),
        days_left=float(time.left),
        as_of=now_s,
    )


@dataclass(frozen=True, slots=True)
class _Time:
    """Local days of an objective: all of them, and those that have passed (today in part)."""

    total: int
    passed: Fraction
    is_before: bool

    @classmethod
    def of(cls, objective: Objective, now_s: float, days: Days) -> _Time:
        passed = _day_number(now_s, days) - objective.start.toordinal()
        total = objective.days
        return cls(total, min(max(passed, Fraction(0)), Fraction(total)), passed < 0)

    @property
    def left(self) -> Fraction:
        return self.total - self.passed

    @property
    def is_over(self) -> bool:
        return not self.left


def _day_number(at_s: float, days: Days) -> Fraction:
    """An instant counted in local days, each one day long even if it has 23 or 25 hours."""
    midnight = days.start(at_s)
    part = (Fraction(at_s) - midnight) / (days.after(midnight) - midnight)
    return part + days.date(at_s).toordinal()


def _origin(objective: Objective, value_at_start: float | None) -> Fraction | None:
    if objective.kind == "cumulative":
        return Fraction(0)
    if objective.kind == "level" and value_at_start is not None:
        return exact(value_at_start)
    return objective.baseline


def _planned(objective: Objective, origin: Fraction | None, passed: Fraction) -> Fraction | None:
    """Where a steady pace would be after so many days; a ratio shall be at its target always."""
    if objective.kind == "ratio":
        return objective.target
    if origin is None:
        return None
    return origin + (objective.target - origin) * passed / objective.days


def _projected(
    objective: Objective, value: Fraction | None, origin: Fraction | None, time: _Time
) -> Fraction | None:
    if objective.kind == "ratio":
        return value
    if value is None or origin is None or not time.passed:
        return None
    return origin + (value - origin) * time.total / time.passed


def _done(objective: Objective, value: Fraction | None, origin: Fraction | None) -> Fraction | None:
    if origin is None and objective.direction == "up":
        origin = Fraction(0)
    if value is None or origin is None or origin == objective.target:
        return None
    return (value - origin) / (objective.target - origin)


def _needed_per_day(objective: Objective, value: Fraction | None, time: _Time) -> Fraction | None:
    if objective.kind == "ratio" or value is None or time.is_over:
        return None
    missing = objective.target - value
    falls = objective.direction == "down" and not objective.is_a_limit
    missing = min(missing, Fraction(0)) if falls else max(missing, Fraction(0))
    # On the last day all that is missing is needed, not a rate that grows without end.
    return missing / max(time.left, Fraction(1))


def _status(
    objective: Objective, value: Fraction | None, origin: Fraction | None, time: _Time
) -> Status:
    if time.is_before:
        return Status.not_started
    if value is None:
        return Status.unknown
    is_reached = objective.sign * (value - objective.target) >= 0
    if time.is_over:
        return Status.achieved if is_reached else Status.missed
    if is_reached and _is_decided_when_reached(objective):
        return Status.achieved
    return _status_on_the_way(objective, value, origin, time)


def _is_decided_when_reached(objective: Objective) -> bool:
    """A ratio and a limit can still get worse by what is yet to come."""
    return objective.kind != "ratio" and not objective.is_a_limit


def _status_on_the_way(
    objective: Objective, value: Fraction, origin: Fraction | None, time: _Time
) -> Status:
    planned = _planned(objective, origin, _days_judged(objective, time))
    if planned is None:
        return Status.unknown
    behind = objective.sign * (planned - value)
    way = abs(_way(objective, origin, planned))
    if behind <= ON_TRACK_WITHIN * way:
        return Status.on_track
    return Status.at_risk if behind <= AT_RISK_WITHIN * way else Status.off_track


def _days_judged(objective: Objective, time: _Time) -> Fraction:
    """Whole days, with the benefit of the doubt for today: a night without orders is no alarm."""
    over = time.passed // 1
    return Fraction(over + 1 if objective.is_a_limit else over)


def _way(objective: Objective, origin: Fraction | None, planned: Fraction) -> Fraction:
    """What being behind is a fraction of: of a sum the plan so far, else the whole way."""
    if objective.kind == "cumulative":
        return planned
    return objective.target - (origin or 0)


def _float(number: Fraction | None) -> float | None:
    return None if number is None else float(number)
