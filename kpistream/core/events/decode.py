"""From the bytes of a record to an event, or to the reason why it is none."""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

import msgspec

from kpistream.core.decimals import InvalidDecimal, scaled_decimal
from kpistream.core.events.event_types import EventField, fields_of
from kpistream.core.events.events import Event
from kpistream.core.events.outcomes import MAX_DETAIL, Reason, Rejected
from kpistream.core.money.money import InvalidMoney

__all__ = ["MAX_BYTES", "Decoder", "Rejected"]

MAX_BYTES: Final = 65_536
"""The largest record that is read unless settings say otherwise."""

_FIRST_NAME: Final = re.compile(r"`\$\.([a-z0-9_]+)")

Check = Callable[[Any], object]
"""Looks at an event once it is decoded, and raises ValueError if something is wrong."""

E = TypeVar("E", bound=Event)


class Decoder(Generic[E]):
    """The reader of one event type. It judges any bytes and never raises on them."""

    __slots__ = ("_check", "_max_bytes", "_money", "_typed")

    def __init__(self, event_type: type[E], max_bytes: int = MAX_BYTES) -> None:
        fields = fields_of(event_type)
        self._typed: Any = msgspec.json.Decoder(event_type).decode
        self._max_bytes = max_bytes
        self._money = {field.name for field in fields if field.kind == "money"}
        self._check = _check_of(fields)

    def decode_all(self, values: Sequence[bytes | None]) -> list[E | Rejected]:
        """What :meth:`decode` makes of each value, faster."""
        if not self._have_sizes(values):
            return list(map(self.decode, values))
        events: list[E | Rejected] = []
        rest = iter(values)
        while True:
            try:
                # Before an error, what was decoded is in the list, and its value is taken.
                events.extend(map(self._typed, rest))
            except MemoryError:
                raise
            except Exception:
                events.append(self.decode(values[len(events)]))
            else:
                return self._checked(values, events)

    def _have_sizes(self, values: Sequence[bytes | None]) -> bool:
        return all(values) and max(map(len, filter(None, values)), default=0) <= self._max_bytes

    def _checked(
        self, values: Sequence[bytes | None], events: list[E | Rejected]
    ) -> list[E | Rejected]:
        check = self._check
        if check is not None:
            for at, event in enumerate(events):
                if type(event) is not Rejected:
                    try:
                        check(event)
                    except ValueError as error:
                        events[at] = self._refused(values[at], error)
        return events

    def decode(self, value: bytes | None) -> E | Rejected:
        """The event in a record's value, its numbers checked, or why it is rejected."""
        try:
            if value is not None and len(value) <= self._max_bytes:
                event: E = self._typed(value)
                if self._check is not None:
                    self._check(event)
                return event
        except MemoryError:
            # Not the record's fault: rejecting it would lose a good event.
            raise
        except Exception as error:
            return self._refused(value, error)
        return self._unread(value)

    def _unread(self, value: bytes | None) -> Rejected:
        if value is None:
            return Rejected(Reason.empty, "no value")
        return Rejected(Reason.too_large, f"{len(value)} bytes, at most {self._max_bytes}")

    def _refused(self, value: bytes | None, error: Exception) -> Rejected:
        if not value or value.isspace():
            return Rejected(Reason.empty, "no value")
        return Rejected(self._reason(error), _detail(error)[:MAX_DETAIL])

    def _reason(self, error: Exception) -> Reason:
        if isinstance(error, InvalidMoney):
            return Reason.invalid_money
        if isinstance(error, InvalidDecimal):
            return Reason.invalid_event
        if not isinstance(error, msgspec.ValidationError):
            return Reason.malformed_json
        name = _FIRST_NAME.match(_place(error))
        return Reason.invalid_money if name and name[1] in self._money else Reason.invalid_event


# -- what msgspec does not check -------------------------------------------------------------------


def _check_of(fields: Sequence[EventField]) -> Check | None:
    """All checks of an event type in one, None if it needs none."""
    checks = [made for made in map(_field_check, fields) if made is not None]
    if len(checks) <= 1:
        return next(iter(checks), None)

    def check_all(event: Any) -> None:
        for check in checks:
            check(event)

    return check_all


def _field_check(field: EventField) -> Check | None:
    value = attrgetter(field.name)
    match field.kind:
        case "money":
            return _money_check(value, field.required)
        case "decimal":
            return _decimal_check(value, field)
        case _:
            return None


def _money_check(value: Callable[[Any], Any], required: bool) -> Check:
    if required:
        return lambda event: value(event).scaled()

    def check(event: Any) -> None:
        money = value(event)
        if money is not None:
            money.scaled()

    return check


def _decimal_check(value: Callable[[Any], Any], field: EventField) -> Check:
    low, high = field.minimum, field.maximum

    def check(event: Any) -> None:
        number = value(event)
        if number is None:
            return
        try:
            scaled_decimal(number)
        except InvalidDecimal as error:
            raise InvalidDecimal(f"{error} - at `$.{field.name}`") from None
        if not low <= number <= high:
            raise InvalidDecimal(f"Expected {low} to {high} - at `$.{field.name}`")

    return check


# -- words -----------------------------------------------------------------------------------------


def _place(error: msgspec.ValidationError) -> str:
    """Where in the event the error is, such as `$.revenue.amount`."""
    return str(error).rpartition(" - at ")[2]


def _detail(error: Exception) -> str:
    """What is wrong, in words that never repeat a value: it could be personal data."""
    if isinstance(error, RecursionError):
        return "JSON is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8: {error.reason}"
    if isinstance(error, msgspec.ValidationError) and str(error).startswith("Invalid enum value"):
        return f"Not one of the allowed values - at {_place(error)}"
    if isinstance(error, msgspec.DecodeError | InvalidMoney | InvalidDecimal):
        return str(error)
    return type(error).__name__
