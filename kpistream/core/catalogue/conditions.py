"""From a measure's filters as they are written to conditions that events can meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from math import ceil, floor
from typing import Final

from kpistream.core.catalogue.catalogue_file import ConditionShape, Scalars, Written
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.decimals import InvalidDecimal, scaled_decimal
from kpistream.core.events.event_types import EventField, EventType, FieldKind
from kpistream.core.kpis.measures import Condition, Scalar, Where
from kpistream.core.located_yaml import Path, did_you_mean

_COMPARABLE: Final = ("text", "choice", "integer", "decimal", "boolean")
_NUMBERS: Final = ("integer", "decimal")
_NOUNS: Final[Mapping[FieldKind, str]] = {
    "text": "text",
    "choice": "a choice",
    "integer": "a number",
    "decimal": "a number",
    "boolean": "true or false",
    "money": "money",
    "moment": "a moment",
}
_FORMS: Final = ("at_least and at_most", "known", "not")


def read_where(
    at: Path, event: EventType, written: Mapping[str, Written], mistakes: Mistakes
) -> Where:
    """The conditions on the fields of an event; what no event can meet is reported."""
    read = (_condition((*at, name), event, name, one, mistakes) for name, one in written.items())
    return tuple(condition for condition in read if condition is not None)


def _condition(
    at: Path, event: EventType, name: str, written: Written, mistakes: Mistakes
) -> Condition | None:
    field = event.field(name)
    knowing = isinstance(written, ConditionShape) and written.known is not None
    usable = [field.name for field in event.fields if knowing or field.kind in _COMPARABLE]
    if field is None:
        mistakes.unknown(at, f"field of {event.name}", name, usable)
        return None
    if name not in usable:
        problem = f"{event.name}.{name} is {described(field)}, which is compared with nothing"
        mistakes.report(at, problem, usable)
        return None
    return _Reader(at, event.name, field, mistakes).condition(written)


class _Reader:
    """Reads what is asked of one field."""

    def __init__(self, at: Path, event: str, field: EventField, mistakes: Mistakes) -> None:
        self._at = at
        self._name = f"{event}.{field.name}"
        self._field = field
        self._mistakes = mistakes

    def condition(self, written: Written) -> Condition | None:
        if not isinstance(written, ConditionShape):
            return Condition(self._field.name, self._values(self._at, written))
        asked = written.asked
        if asked == {"known"}:
            return self._known(written)
        if asked == {"excluded"} and written.excluded is not None:
            return self._excluded(written.excluded)
        if asked and asked <= {"at_least", "at_most"}:
            return self._bounded(written)
        self._mistakes.report(self._at, "exactly one of these is asked of a field", _FORMS)
        return None

    def _known(self, written: ConditionShape) -> Condition:
        if written.known is False and not _can_be_missing(self._field):
            self._mistakes.report((*self._at, "known"), f"{self._name} is always known")
        return Condition(self._field.name, known=written.known)

    def _excluded(self, written: Scalars) -> Condition:
        at = (*self._at, "not")
        values = self._values(at, written)
        possible = _possible(self._field)
        if possible and values >= possible and not _can_be_missing(self._field):
            self._mistakes.report(at, f"{self._name} is always one of these, so no event is left")
        return Condition(self._field.name, values, negated=True)

    def _bounded(self, written: ConditionShape) -> Condition | None:
        field, name = self._field, self._name
        if field.kind not in _NUMBERS:
            self._mistakes.report(
                self._at, f"{name} is {described(field)}; only numbers have bounds"
            )
            return None
        lowest, highest = _exact(written.at_least), _exact(written.at_most)
        if lowest is not None and highest is not None and not _between(field, lowest, highest):
            whole = "whole " if lowest <= highest else ""
            problem = f"no {whole}number is at least {lowest} and at most {highest}"
            self._mistakes.report(self._at, problem)
        self._check_reach(lowest, highest)
        return Condition(field.name, at_least=lowest, at_most=highest)

    def _check_reach(self, lowest: int | Decimal | None, highest: int | Decimal | None) -> None:
        """Report bounds that all of the field's values are beyond."""
        least, most = self._field.minimum, self._field.maximum
        if lowest is not None and most is not None and lowest > most:
            self._mistakes.report(
                (*self._at, "at_least"), f"{self._name} is never more than {most}"
            )
        if highest is not None and least is not None and highest < least:
            self._mistakes.report(
                (*self._at, "at_most"), f"{self._name} is never less than {least}"
            )

    def _values(self, at: Path, written: Scalars) -> frozenset[Scalar | Decimal]:
        values = written if isinstance(written, list) else [written]
        if not values:
            excludes = at != self._at
            problem = "excludes nothing" if excludes else "lets no event through"
            self._mistakes.report(at, f"an empty list {problem}")
        return frozenset(self._checked(at, values))

    def _checked(self, at: Path, values: Iterable[Scalar | float]) -> Iterator[Scalar | Decimal]:
        for value in values:
            if not can_have(self._field, value):
                possible = self._field.values
                hint = did_you_mean(str(value), possible)
                problem = f"{self._name} is never {value!r}{hint}"
                self._mistakes.report(at, problem, possible or None)
            yield _exact_scalar(value)


def described(field: EventField) -> str:
    """What a field holds, as a noun."""
    return _NOUNS[field.kind]


def can_have(field: EventField, value: Scalar | float) -> bool:
    """Whether an event's field could ever have this value."""
    match field.kind:
        case "boolean":
            return isinstance(value, bool)
        case "choice":
            return value in field.values
        case "text":
            return isinstance(value, str) and _is_within(field, len(value))
        case "integer":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            return is_whole and _is_within(field, int(value))
        case "decimal":
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return is_number and _is_decimal_of(field, Decimal(repr(value)))
    return False


def _is_decimal_of(field: EventField, value: Decimal) -> bool:
    try:
        scaled_decimal(value)
    except InvalidDecimal:
        return False
    return _is_within(field, value)


def _is_within(field: EventField, number: int | Decimal) -> bool:
    above = field.minimum is None or number >= field.minimum
    return above and (field.maximum is None or number <= field.maximum)


def _can_be_missing(field: EventField) -> bool:
    # An empty text counts as none.
    may_be_empty = field.kind == "text" and not field.minimum
    return may_be_empty or (not field.required and field.default is None)


def _possible(field: EventField) -> frozenset[Scalar]:
    """All the values that a field can have, where they are few."""
    return frozenset((False, True) if field.kind == "boolean" else field.values)


def _between(field: EventField, lowest: int | Decimal, highest: int | Decimal) -> bool:
    """Whether there is a number between the two."""
    return ceil(lowest) <= floor(highest) if field.kind == "integer" else lowest <= highest


def _exact(number: float | None) -> int | Decimal | None:
    """A number as it was written, not as floats hold it."""
    return Decimal(repr(number)) if isinstance(number, float) else number


def _exact_scalar(value: Scalar | float) -> Scalar | Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else value
