"""From the bytes of a record to an event, or to the reason why it is none."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

import msgspec

from kpistream.core.events import Event
from kpistream.core.money import InvalidMoney, Money
from kpistream.core.outcomes import MAX_DETAIL, Reason, Rejected

__all__ = ["MAX_BYTES", "Decoder", "Rejected"]

MAX_BYTES: Final = 65_536
"""The largest record that is read unless settings say otherwise."""

E = TypeVar("E", bound=Event)


class Decoder(Generic[E]):
    """The reader of one event type. It judges any bytes and never raises on them."""

    __slots__ = ("_max_bytes", "_money", "_money_path", "_typed")

    def __init__(self, event_type: type[E], max_bytes: int = MAX_BYTES) -> None:
        money = _money_field(event_type)
        self._typed: Any = msgspec.json.Decoder(event_type).decode
        self._max_bytes = max_bytes
        self._money: Any = attrgetter(money) if money else None
        self._money_path = f"`$.{money}" if money else None

    def decode_all(self, values: Sequence[bytes | None]) -> list[E | Rejected]:
        """What :meth:`decode` makes of each value, faster."""
        if self._money is not None or not self._have_sizes(values):
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
                return events

    def _have_sizes(self, values: Sequence[bytes | None]) -> bool:
        return all(values) and max(map(len, filter(None, values)), default=0) <= self._max_bytes

    def decode(self, value: bytes | None) -> E | Rejected:
        """The event in a record's value, its money checked, or why it is rejected."""
        try:
            if value is not None and len(value) <= self._max_bytes:
                event: E = self._typed(value)
                if self._money is not None:
                    self._money(event).scaled()
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
        if not isinstance(error, msgspec.ValidationError):
            return Reason.malformed_json
        if self._money_path and self._money_path in _place(error):
            return Reason.invalid_money
        return Reason.invalid_event


def _money_field(event_type: type[Event]) -> str | None:
    fields = msgspec.structs.fields(event_type)
    return next((field.name for field in fields if field.type is Money), None)


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
    if isinstance(error, msgspec.DecodeError | InvalidMoney):
        return str(error)
    return type(error).__name__
