"""Events as the bytes of records: JSON in the order and the form of docs/events.md.

Written by hand rather than by an encoder: the labels of a journey are ready-made text, and
the faults change records that they know the layout of.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from kpistream.core.money.money import SCALE, exponent, units_per_major

_ID_STARTS: Final = len('{"event_id":"')
_TIME_STARTS: Final = b'"occurred_at":"'
_TIME_LENGTH: Final = len("2026-03-01T10:00:00.250Z")
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_TIMES: Final = re.compile(rb'("(?:occurred_at|created_at|period_start)":")([^"]+)')

UNKNOWN_CURRENCY: Final = "ZZZ"


class Clockface:
    """Instants as RFC 3339 text; the text of a second is kept for its next instant."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def rfc3339(self, at_ms: int) -> str:
        """Epoch milliseconds as text, such as `2026-03-01T10:00:00.250Z`."""
        second, rest = divmod(at_ms, 1000)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._text}.{rest:03d}Z"


class Purse:
    """Amounts of one currency in its smallest unit, as the two forms money travels in."""

    def __init__(self, currency: str) -> None:
        """Raise UnknownCurrency for a code that is no active currency."""
        self.currency = currency
        self._decimals = exponent(currency)
        self._unit = units_per_major(currency) // SCALE

    def minor(self, major: float) -> int:
        """A price in the smallest unit, at least one of them."""
        return max(1, round(major * self._unit))

    def decimal(self, minor: int) -> str:
        """Money as a decimal text."""
        return f'{{"amount":"{self._text(minor)}","currency":"{self.currency}"}}'

    def minors(self, minor: int) -> str:
        """Money as minor units with their exponent."""
        return f'{{"minor":{minor},"exponent":{self._decimals},"currency":"{self.currency}"}}'

    def _text(self, minor: int) -> str:
        if not self._decimals:
            return str(minor)
        whole, rest = divmod(minor, self._unit)
        return f"{whole}.{rest:0{self._decimals}d}"


def event_id(value: bytes) -> bytes:
    """The id of an event this package wrote."""
    return value[_ID_STARTS : value.index(b'"', _ID_STARTS)]


def with_event_id(value: bytes, new: bytes) -> bytes:
    """The same event under another id."""
    return value[:_ID_STARTS] + new + value[value.index(b'"', _ID_STARTS) :]


def occurred_at(value: bytes) -> str:
    """When an event this package wrote occurred, as it says."""
    start = value.index(_TIME_STARTS) + len(_TIME_STARTS)
    return value[start : start + _TIME_LENGTH].decode()


def moved(value: bytes, to_ms: int) -> bytes:
    """The same event at another moment; what else it names as a moment moves with it."""
    by = _EPOCH + timedelta(milliseconds=to_ms) - datetime.fromisoformat(occurred_at(value))
    return _TIMES.sub(lambda found: found[1] + _later(found[2], by), value)


def _later(text: bytes, by: timedelta) -> bytes:
    moment = datetime.fromisoformat(text.decode()) + by
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def without_event_id(value: bytes) -> bytes:
    """The same object, whose id has a name that nobody knows."""
    return value.replace(b'"event_id"', b'"id"', 1)


def with_currency(value: bytes, old: str, new: str) -> bytes:
    """The same event with its money in another currency."""
    return value.replace(f'"currency":"{old}"'.encode(), f'"currency":"{new}"'.encode(), 1)


def cut(value: bytes) -> bytes:
    """The first half of an event: never JSON, because its object stays open."""
    return value[: len(value) // 2]
