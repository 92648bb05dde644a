"""From the measures as they are written to measures that fit the events."""

from __future__ import annotations

from collections.abc import Mapping

from kpistream.core.catalogue_file import MeasureShape, Mistakes
from kpistream.core.events import EVENT_TYPES
from kpistream.core.located_yaml import Path, did_you_mean
from kpistream.core.measures import (
    Measure,
    Scalar,
    Where,
    additive_fields,
    can_have,
    comparable_fields,
    possible_values,
)


def read_measures(shapes: Mapping[str, MeasureShape], mistakes: Mistakes) -> dict[str, Measure]:
    """The measures that are right; what is wrong is reported."""
    read = {name: _measure(name, shape, mistakes) for name, shape in shapes.items()}
    return {name: measure for name, measure in read.items() if measure is not None}


def _measure(name: str, shape: MeasureShape, mistakes: Mistakes) -> Measure | None:
    at: Path = ("measures", name)
    if shape.count is not None and shape.total is None:
        return _count(at, name, shape.count, shape, mistakes)
    if shape.total is not None and shape.count is None:
        return _total(at, name, shape.total, shape, mistakes)
    problem = "a measure is either a count of events or the total of a field"
    mistakes.report(at, problem, ("count: <event>", "total: <event>.<field>"))
    return None


def _count(
    at: Path, name: str, event: str, shape: MeasureShape, mistakes: Mistakes
) -> Measure | None:
    if event not in EVENT_TYPES:
        mistakes.unknown((*at, "count"), "event", event, EVENT_TYPES)
        return None
    where = _where((*at, "where"), event, shape, mistakes)
    return Measure(name, event, "count", None, where, "count")


def _total(
    at: Path, name: str, written: str, shape: MeasureShape, mistakes: Mistakes
) -> Measure | None:
    totals = {
        f"{event}.{field}": (event, field, unit)
        for event in EVENT_TYPES
        for field, unit in additive_fields(event).items()
    }
    if written not in totals:
        mistakes.unknown((*at, "total"), "number or amount", written, totals)
        return None
    event, field, unit = totals[written]
    where = _where((*at, "where"), event, shape, mistakes)
    return Measure(name, event, "total", field, where, unit)


def _where(at: Path, event: str, shape: MeasureShape, mistakes: Mistakes) -> Where:
    where = []
    fields = comparable_fields(event)
    for field, written in shape.where.items():
        values = written if isinstance(written, list) else [written]
        if field not in fields:
            mistakes.unknown((*at, field), f"field of {event}", field, fields)
            continue
        if not values:
            mistakes.report((*at, field), "an empty list lets no event through")
        for value in values:
            _check_value((*at, field), event, field, value, mistakes)
        where.append((field, frozenset(values)))
    return tuple(where)


def _check_value(path: Path, event: str, field: str, value: Scalar, mistakes: Mistakes) -> None:
    if not can_have(event, field, value):
        possible = possible_values(event, field)
        hint = did_you_mean(str(value), possible or ())
        mistakes.report(path, f"{event}.{field} is never {value!r}{hint}", possible)
