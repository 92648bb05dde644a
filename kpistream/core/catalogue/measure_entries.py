"""From the measures as they are written to measures that fit the events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from kpistream.core.catalogue.catalogue_file import MEASURE_KINDS, MeasureShape
from kpistream.core.catalogue.conditions import described, read_where
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.catalogue.openings import read_opening
from kpistream.core.decimals import DECIMAL_SCALE
from kpistream.core.events.event_types import EventField, EventType
from kpistream.core.kpis.measures import Measure, MeasureKind, Where, milliseconds_in
from kpistream.core.kpis.units import TIME_UNITS, MeasureUnit
from kpistream.core.located_yaml import Path
from kpistream.core.slices import DIMENSIONS

_FORMS: Final = (
    "count: <event>",
    *(f"{kind}: <event>.<field>" for kind in ("total", "squares", "distinct", "elapsed")),
    "level: <event>",
    "level: <event>.<field>",
)

_ONLY_LEVELS: Final = ("plus", "minus", "at", "opening")


class _Noun(NamedTuple):
    """Which fields a kind of measure is made of, and what they are called."""

    name: str
    fits: Callable[[EventField], bool]


_AMOUNT: Final = _Noun(
    "number or amount", lambda field: field.kind in ("integer", "decimal", "money")
)
_TEXT: Final = _Noun("text", lambda field: field.kind == "text")
_MOMENT: Final = _Noun(
    "moment", lambda field: field.kind == "moment" and field.name != "occurred_at"
)

_NOUNS: Final[Mapping[MeasureKind, _Noun]] = {
    "total": _AMOUNT,
    "squares": _AMOUNT,
    "distinct": _TEXT,
    "elapsed": _MOMENT,
    "level": _AMOUNT,
}


def read_measures(
    shapes: Mapping[str, MeasureShape],
    events: Mapping[str, EventType],
    mistakes: Mistakes,
    dimensions: Sequence[str] = DIMENSIONS,
    wrong: Collection[str] = (),
) -> dict[str, Measure]:
    """The measures that are right; what is wrong is reported.

    Those of the event types in `wrong`, which are reported themselves, are left out.
    """
    reader = _Reader(events, mistakes, dimensions, wrong)
    read = {name: reader.measure(name, shape) for name, shape in shapes.items()}
    return {name: measure for name, measure in read.items() if measure is not None}


class _Reader:
    """Reads measures, given the events there are, and the names of those that are wrong."""

    def __init__(
        self,
        events: Mapping[str, EventType],
        mistakes: Mistakes,
        dimensions: Sequence[str],
        wrong: Collection[str],
    ) -> None:
        self._events = events
        self._mistakes = mistakes
        self._dimensions = dimensions
        self._wrong = wrong

    def measure(self, name: str, shape: MeasureShape) -> Measure | None:
        at: Path = ("measures", name)
        if name in TIME_UNITS:
            self._mistakes.report(at, f"in formulas, {name!r} is a length of time")
            return None
        written = {kind: text for kind in MEASURE_KINDS if (text := getattr(shape, kind))}
        if len(written) != 1:
            self._mistakes.report(at, "a measure is exactly one of these", _FORMS)
            return None
        ((kind, text),) = written.items()
        self._check_keys(at, kind, shape)
        source = self._source((*at, kind), kind, text)
        return self._made(at, name, kind, shape, *source) if source else None

    def _check_keys(self, at: Path, kind: MeasureKind, shape: MeasureShape) -> None:
        """Report keys that do not go with the kind, and those that it needs."""
        if kind != "level":
            for key in _ONLY_LEVELS:
                if key in shape.model_fields_set:
                    self._mistakes.report((*at, key), f"only a level has this, not a {kind}")
            return
        if "where" in shape.model_fields_set:
            problem = "a level has `plus` and `minus` instead: what is added, what is taken away"
            self._mistakes.report((*at, "where"), problem)
        for key in ("plus", "minus"):
            if not getattr(shape, key):
                self._mistakes.report((*at, key), "a level needs this key: which events, by field")

    def _source(
        self, at: Path, kind: MeasureKind, text: str
    ) -> tuple[EventType, EventField | None] | None:
        """The event type, and the field unless events are counted."""
        name, dot, _ = text.partition(".")
        if name in self._wrong:
            return None
        event = self._events.get(name)
        if event is None or (kind == "count" and dot):
            written = text if kind == "count" else name
            known = dict.fromkeys((*self._events, *self._wrong))
            self._mistakes.unknown(at, "event", written, known)
            return None
        if kind == "count" or (kind == "level" and not dot):
            return event, None
        field = self._field(at, event, text, _NOUNS[kind])
        return (event, field) if field else None

    def _field(self, at: Path, event: EventType, text: str, noun: _Noun) -> EventField | None:
        fitting = [f"{event.name}.{field.name}" for field in event.fields if noun.fits(field)]
        field = event.field(text.partition(".")[2])
        if field is None:
            self._mistakes.unknown(at, noun.name, text, fitting)
        elif noun.fits(field):
            return field
        elif field.name == "occurred_at":
            self._mistakes.report(at, "no time passes between an event and itself", fitting)
        else:
            problem = f"{text} is {described(field)}, not a {noun.name}"
            self._mistakes.report(at, problem, fitting)
        return None

    def _made(
        self,
        at: Path,
        name: str,
        kind: MeasureKind,
        shape: MeasureShape,
        event: EventType,
        field: EventField | None,
    ) -> Measure:
        where, minus = self._filters(at, kind, shape, event)
        self._check_own_field((*at, "plus" if kind == "level" else "where"), field, where)
        measure = Measure(
            name=name,
            event=event.name,
            kind=kind,
            field=field.name if field else None,
            where=where,
            unit=_unit(kind, field),
            minus=minus,
            at=shape.at or "end",
            scale=DECIMAL_SCALE if field and field.kind == "decimal" else 1,
        )
        if kind != "level" or shape.opening is None:
            return measure
        path = (*at, "opening")
        return read_opening(path, measure, shape.opening, self._dimensions, self._mistakes)

    def _filters(
        self, at: Path, kind: MeasureKind, shape: MeasureShape, event: EventType
    ) -> tuple[Where, Where | None]:
        """Which events are included, and for a level which are taken away."""
        if kind != "level":
            return read_where((*at, "where"), event, shape.where, self._mistakes), None
        plus = read_where((*at, "plus"), event, shape.plus, self._mistakes)
        minus = read_where((*at, "minus"), event, shape.minus, self._mistakes)
        if plus and plus == minus:
            self._mistakes.report((*at, "minus"), "takes away exactly the events that are added")
        return plus, minus

    def _check_own_field(self, at: Path, field: EventField | None, where: Where) -> None:
        for condition in where:
            if field and condition.field == field.name and condition.known is False:
                problem = "the measure is made of this field, so it must be known"
                self._mistakes.report((*at, field.name), problem)


def _unit(kind: MeasureKind, field: EventField | None) -> MeasureUnit:
    if kind == "elapsed":
        return "milliseconds"
    if field is None or kind == "distinct":
        return "count"
    if field.kind == "money":
        return "money"
    return "milliseconds" if milliseconds_in(field.name) else "count"
