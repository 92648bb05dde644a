"""Past objectives: how an objective stood when a period ended, from how it stands now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from kpistream.core.catalogue.objectives import Objective, exact
from kpistream.core.monitoring.progress import Status, assess
from kpistream.core.reporting.findings import Point
from kpistream.core.reporting.period import Period
from kpistream.core.slices import Slice

LookUp = Callable[[str, Slice, Period], Point | None]
"""Looks up what a KPI of a slice came to over some days; None if that is not known."""

_MOVING: Final = (
    *("status", "value", "expected", "projected", "done", "needed_per_day", "days_left", "as_of"),
)
"""What of a published objective moves with time."""


def stood(
    objectives: Iterable[Mapping[str, Any]], period: Period, look_up: LookUp
) -> Sequence[Mapping[str, Any]]:
    """Published objectives as they were at the end of a period; as they are if that is not known.

    What runs on after ``as_of`` of a period that is not over yet is as it is.
    """
    return [_stood(one, period, look_up) for one in objectives]


def _stood(one: Mapping[str, Any], period: Period, look_up: LookUp) -> Mapping[str, Any]:
    if datetime.fromisoformat(one["as_of"]).timestamp() <= period.to_s:
        return one
    objective = _objective(one)
    if objective.start >= period.end:
        return {**one, **_at(objective, None, period, one), "status": Status.not_started}
    way = Period("span", objective.start, min(objective.end, period.end), period.days)
    point = look_up(objective.kpi, objective.slice, way)
    if point is None or not point.complete:
        return one
    return {**one, **_at(objective, point.value, period, one)}


def _at(
    objective: Objective, value: float | None, period: Period, one: Mapping[str, Any]
) -> dict[str, Any]:
    """What moves with time, at the end of a period."""
    then = assess(objective, value, None, period.to_s, period.days, one["currency"]).to_dict()
    return {name: then[name] for name in _MOVING}


def _objective(one: Mapping[str, Any]) -> Objective:
    """The objective as far as its pace goes; it set out from where it is said to have."""
    start = one["start_value"]
    return Objective(
        id=one["id"],
        name={},
        kpi=one["kpi"],
        kind=one["counts"],
        unit=one["unit"],
        direction=one["direction"],
        target=exact(one["target"]),
        slice=tuple(one["slice"].items()),
        start=date.fromisoformat(one["start"]),
        deadline=date.fromisoformat(one["deadline"]),
        owner="",
        kpis=(),
        baseline=None if start is None else exact(start),
    )
