"""From a user's event types and dimensions as they are written to types that events are read as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from kpistream.core.catalogue.catalogue_file import EventShape, FieldShape
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.events.event_types import (
    LIMITS,
    SHIPPED,
    EventField,
    EventType,
    InvalidEventType,
    event_type,
    with_dimensions,
)
from kpistream.core.located_yaml import Path
from kpistream.core.slices import DIMENSIONS

RESERVED: Final = frozenset(
    {
        "total",
        *("kpi", "window", "slice", "currency", "objective", "before"),
        *("type", "le", "quantile", "region", "zone", "cluster", "job", "instance"),
        *("board", "by", "from", "to", "step", "scope", "limit", "fingerprint"),
        *("lang", "theme", "embed"),
    }
)
"""What no dimension can be called: labels and parameters that say something else."""


def read_events(shapes: Mapping[str, EventShape], mistakes: Mistakes) -> dict[str, EventType]:
    """The shipped types and those of the user that are right; what is wrong is reported."""
    types = dict(SHIPPED)
    for name, shape in shapes.items():
        at: Path = ("events", name)
        if name in SHIPPED:
            mistakes.report(at, "an event type of this name is shipped; take another name", None)
            continue
        topic = shape.topic or f"{name}s"
        holders = [kind.name for kind in types.values() if kind.topic == topic]
        if holders:
            mistakes.report((*at, "topic"), f"{topic!r} is the topic of {holders[0]} already")
            continue
        made = _event_type(at, name, topic, shape, mistakes)
        if made is not None:
            types[name] = made
    return types


def wrong_events(
    shapes: Mapping[str, EventShape], types: Mapping[str, EventType]
) -> frozenset[str]:
    """The user's event types that were reported: what uses them is not to blame for that."""
    return frozenset(name for name in shapes if name in SHIPPED or name not in types)


def _event_type(
    at: Path, name: str, topic: str, shape: EventShape, mistakes: Mistakes
) -> EventType | None:
    fields = [_field(at, *item, mistakes) for item in shape.fields.items()]
    if None in fields:
        return None
    right = [field for field in fields if field is not None]
    try:
        return event_type(name, topic, right, shape.description, shape.covers_period)
    except InvalidEventType as error:
        mistakes.report(_blamed(at, error), str(error))
        return None


def _field(at: Path, name: str, shape: FieldShape, mistakes: Mistakes) -> EventField | None:
    problem = _default_problem(shape) or _bounds_problem(shape)
    if problem is not None:
        mistakes.report((*at, "fields", name), problem)
        return None
    try:
        return EventField(
            name,
            shape.kind,
            shape.required,
            values=tuple(shape.values),
            minimum=_bound(shape.min),
            maximum=_bound(shape.max),
            default=shape.default,
            description=shape.description,
        )
    except InvalidEventType as error:
        mistakes.report((*at, "fields", name), str(error))
        return None


def _default_problem(shape: FieldShape) -> str | None:
    if shape.required and shape.default is not None:
        return "a required field has no default; write `required: false` beside it"
    return None


def _bounds_problem(shape: FieldShape) -> str | None:
    bounds = [bound for bound in (shape.min, shape.max) if bound is not None]
    if bounds and shape.kind not in LIMITS:
        return f"only {', '.join(LIMITS)} have min and max, not {shape.kind}"
    if shape.kind != "decimal" and any(isinstance(bound, float) for bound in bounds):
        return f"min and max of {shape.kind} are whole numbers"
    return None


def _bound(written: float | None) -> int | Decimal | None:
    """A bound as it was written; that of a decimal number may be a fraction."""
    return Decimal(repr(written)) if isinstance(written, float) else written


def _blamed(at: Path, error: InvalidEventType) -> Path:
    return at if error.field is None else (*at, "fields", error.field)


def read_dimensions(
    names: Sequence[str], types: Mapping[str, EventType], mistakes: Mistakes
) -> tuple[tuple[str, ...], Mapping[str, EventType]]:
    """All dimensions, and the types with those of the user; what is wrong is reported."""
    own: list[str] = []
    for index, name in enumerate(names):
        at: Path = ("dimensions", index)
        if name in RESERVED:
            problem = f"{name!r} says something else in metrics or questions"
            mistakes.report(at, f"{problem}; take another name")
        elif name in (*DIMENSIONS, *own):
            mistakes.report(at, f"{name!r} is a dimension already")
        else:
            types = _with_dimension(at, name, types, mistakes)
            own.append(name)
    return (*DIMENSIONS, *own), types


def _with_dimension(
    at: Path, name: str, types: Mapping[str, EventType], mistakes: Mistakes
) -> Mapping[str, EventType]:
    try:
        return with_dimensions(types, [name])
    except InvalidEventType as error:
        mistakes.report(at, str(error))
        return types
