"""The oracle's contract of events: what each type must and may carry, as docs/events.md says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tests.support.oracle_money import NotMoney, scaled

Event = dict[str, Any]
Check = Callable[[Any], bool]

DIMENSIONS: Final = ("channel", "campaign", "segment", "device", "country", "site")
LONGEST_PERIOD_US: Final = (31 * 86_400 + 3600) * 1_000_000
DECIMAL_SCALE: Final = 10**6
LARGEST_DECIMAL: Final = 10**12 * DECIMAL_SCALE

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


class Refused(Exception):
    """The outcome and the reason of a record that is not counted."""


def occurred_us(text: str) -> int:
    """The epoch microseconds of a moment such as `2026-03-01T10:00:00Z`."""
    return (datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND


def _text(most: int, least: int = 0) -> Check:
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def _integer(least: int, most: int) -> Check:
    return lambda value: type(value) is int and least <= value <= most


def _one_of(*values: str) -> Check:
    return lambda value: value in values


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_moment(value: Any) -> bool:
    """Whether it is a point in time with its offset."""
    return isinstance(value, str) and _INSTANT.fullmatch(value) is not None


def _is_decimal(value: Any) -> bool:
    is_text = isinstance(value, str) and _DECIMAL.fullmatch(value) is not None
    if not is_text and type(value) not in (int, Decimal):
        return False
    scaled_value = Decimal(value) * DECIMAL_SCALE
    return scaled_value == int(scaled_value) and abs(scaled_value) <= LARGEST_DECIMAL


def _is_money(value: Any) -> bool:
    try:
        scaled(value)
    except NotMoney:
        raise Refused("rejected", "invalid_money") from None
    return True


class Field(NamedTuple):
    """What a field must be, and whether it must be there; ``unit`` says how it is added up."""

    is_right: Check
    required: bool = True
    unit: str = "number"

    @property
    def or_none(self) -> Field:
        """The same, when it may be left out."""
        return self._replace(required=False)


ID: Final = Field(_text(64, least=1))
LABEL: Final = Field(_text(128)).or_none
MONEY: Final = Field(_is_money, unit="money")
DECIMAL: Final = Field(_is_decimal, unit="decimal")
MOMENT: Final = Field(is_moment)
FLAG: Final = Field(_is_flag)


def whole(least: int, most: int) -> Field:
    """A whole number within bounds."""
    return Field(_integer(least, most))


def choice(*values: str) -> Field:
    """One of some words."""
    return Field(_one_of(*values))


_COMMON: Final[Mapping[str, Field]] = {
    "event_id": ID,
    "occurred_at": MOMENT,
    "visitor_id": LABEL,
    "customer_id": LABEL,
}

Contract = Mapping[str, Mapping[str, Field]]

FIELDS: Final[Contract] = {
    "impression": {},
    "click": {"kind": choice("ad", "cta").or_none},
    "session": {"duration_ms": whole(0, 86_400_000), "page_views": whole(1, 10_000)},
    "order": {
        "order_id": ID,
        "revenue": MONEY,
        "kind": choice("purchase", "refund").or_none,
        "order_number": whole(1, 10**6).or_none,
    },
    "cost": {"amount": MONEY, "platform": LABEL, "period_start": MOMENT.or_none},
    "email": {
        "kind": choice("delivered", "opened", "clicked", "unsubscribed", "bounced", "complained"),
        "machine_open": FLAG.or_none,
    },
    "cart": {"kind": choice("created", "checked_out"), "cart_id": ID, "value": MONEY.or_none},
    "lead": {
        "stage": choice("lead", "mql", "sql", "opportunity", "won", "lost"),
        "lead_id": ID,
        "value": MONEY.or_none,
        "created_at": MOMENT.or_none,
    },
    "customer": {
        "kind": choice("created", "churned", "upgraded", "downgraded"),
        "mrr": MONEY.or_none,
        "lifetime_days": whole(0, 36_525).or_none,
    },
    "interaction": {
        "kind": choice("like", "comment", "share", "save", "follow", "reply", "other"),
        "content": LABEL,
    },
    "survey": {
        "kind": choice("nps", "recall"),
        "score": whole(0, 10).or_none,
        "recalled": FLAG.or_none,
    },
    "activity": {
        "kind": choice("call", "meeting", "mail", "demo", "visit", "message", "other"),
        "duration_ms": whole(0, 86_400_000).or_none,
    },
    "metric": {"name": Field(_text(128, least=1)), "value": DECIMAL},
}
"""Event type to its own fields."""

FILLED: Final[Mapping[str, Mapping[str, Any]]] = {
    "click": {"kind": "ad"},
    "order": {"kind": "purchase"},
    "email": {"machine_open": False},
}
"""What fields are when an event does not say."""


def check(contract: Contract, event_type: str, dimensions: Iterable[str], event: Event) -> None:
    """Raise Refused unless the event keeps the contract of its type."""
    fields = {**_COMMON, **dict.fromkeys(dimensions, LABEL), **contract[event_type]}
    for name, field in fields.items():
        value = event.get(name)
        is_right = field.is_right(value) if value is not None else not field.required
        if not is_right:
            raise Refused("rejected", "invalid_event")
    if not _is_whole(event_type, event):
        raise Refused("rejected", "invalid_event")


def _is_whole(event_type: str, event: Event) -> bool:
    """Whether what belongs together is together."""
    if event_type == "survey":
        return event.get("score" if event["kind"] == "nps" else "recalled") is not None
    start, at_us = event.get("period_start"), occurred_us(event["occurred_at"])
    if event_type == "lead" and event.get("created_at") is not None:
        return occurred_us(event["created_at"]) <= at_us
    return start is None or 0 < at_us - occurred_us(start) <= LONGEST_PERIOD_US
