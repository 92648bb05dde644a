"""Random events of every type, of any age, with all that may be missing or wrong about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final

from tests.support.oracle_events import (
    DECIMAL,
    FIELDS,
    FLAG,
    LABEL,
    MOMENT,
    MONEY,
    Contract,
    choice,
    whole,
)
from tests.support.oracle_measures import Measured, between, is_, known, not_

Fields = dict[str, Any]

USERS_FILE: Final = """
dimensions: [store]
events:
  test_drive:
    topic: test_drives
    covers_period: true
    fields:
      grade: {kind: choice, values: [a, b, c]}
      price: {kind: money, required: false}
      rating: {kind: decimal, required: false}
      minutes: {kind: integer, min: -600, max: 600, required: false}
      waited_s: {kind: integer, min: 0, max: 86400, required: false}
      driver: {kind: text, required: false}
      sunny: {kind: boolean, required: false}
      booked_at: {kind: moment, required: false}
measures:
  drives: {count: test_drive}
  drive_prices: {total: test_drive.price}
  drive_prices_squared: {squares: test_drive.price, where: {grade: [a, b]}}
  drive_ratings: {total: test_drive.rating}
  drive_ratings_squared: {squares: test_drive.rating}
  good_drives: {count: test_drive, where: {rating: {at_least: 4.5}}}
  middling_drives: {count: test_drive, where: {rating: {at_least: -1, at_most: 3}}}
  drive_minutes: {total: test_drive.minutes, where: {grade: {not: c}}}
  drive_minutes_squared: {squares: test_drive.minutes}
  drive_waits: {total: test_drive.waited_s}
  drivers: {distinct: test_drive.driver, where: {sunny: {not: false}}}
  drive_notice: {elapsed: test_drive.booked_at}
  known_drivers: {count: test_drive, where: {driver: {known: true}}}
  unknown_drivers: {count: test_drive, where: {driver: {known: false}}}
  drive_balance: {level: test_drive, plus: {grade: a}, minus: {grade: [b, c]}, opening: 1000}
  drive_credit:
    level: test_drive.price
    plus: {grade: [a, b]}
    minus: {grade: [b, c]}
    opening:
      - {value: 500.00 EUR}
      - {slice: {channel: ads}, value: 20.5 USD}
  rating_at_start:
    {level: test_drive.rating, plus: {grade: a}, minus: {grade: b}, at: start, opening: -2.5}
  credit_at_start:
    {level: test_drive.price, plus: {grade: a}, minus: {grade: b}, at: start, opening: 9.99 USD}
  order_squares: {squares: order.revenue}
  cart_values: {total: cart.value}
  lead_customers: {distinct: lead.customer_id}
  call_time: {total: activity.duration_ms, where: {kind: call}}
  metric_values: {total: metric.value, where: {name: [share, margin]}}
"""
"""What a user might add: a type with a field of every kind, and measures of every kind."""

CONTRACT: Final[Contract] = {
    **FIELDS,
    "test_drive": {
        "grade": choice("a", "b", "c"),
        "price": MONEY.or_none,
        "rating": DECIMAL.or_none,
        "minutes": whole(-600, 600).or_none,
        "waited_s": whole(0, 86_400).or_none,
        "driver": LABEL,
        "sunny": FLAG.or_none,
        "booked_at": MOMENT.or_none,
        "period_start": MOMENT.or_none,
    },
}

USERS_MEASURES: Final[Mapping[str, Measured]] = {
    "drives": Measured("test_drive"),
    "drive_prices": Measured("test_drive", "total", "price"),
    "drive_prices_squared": Measured("test_drive", "squares", "price", {"grade": is_("a", "b")}),
    "drive_ratings": Measured("test_drive", "total", "rating"),
    "drive_ratings_squared": Measured("test_drive", "squares", "rating"),
    "good_drives": Measured("test_drive", where={"rating": between(4.5, 10**12)}),
    "middling_drives": Measured("test_drive", where={"rating": between(-1, 3)}),
    "drive_minutes": Measured("test_drive", "total", "minutes", {"grade": not_("c")}),
    "drive_minutes_squared": Measured("test_drive", "squares", "minutes"),
    "drive_waits": Measured("test_drive", "total", "waited_s"),
    "drivers": Measured("test_drive", "distinct", "driver", {"sunny": not_(False)}),
    "drive_notice": Measured("test_drive", "elapsed", "booked_at"),
    "known_drivers": Measured("test_drive", where={"driver": known}),
    "unknown_drivers": Measured("test_drive", where={"driver": is_(None, "")}),
    "drive_balance": Measured(
        "test_drive",
        "level",
        None,
        {"grade": is_("a")},
        {"grade": is_("b", "c")},
        "end",
        {((), ""): 1000},
    ),
    "drive_credit": Measured(
        "test_drive",
        "level",
        "price",
        {"grade": is_("a", "b")},
        {"grade": is_("b", "c")},
        "end",
        {((), "EUR"): 500_000_000, ((("channel", "ads"),), "USD"): 20_500_000},
    ),
    "rating_at_start": Measured(
        "test_drive",
        "level",
        "rating",
        {"grade": is_("a")},
        {"grade": is_("b")},
        "start",
        {((), ""): -2_500_000},
    ),
    "credit_at_start": Measured(
        "test_drive",
        "level",
        "price",
        {"grade": is_("a")},
        {"grade": is_("b")},
        "start",
        {((), "USD"): 9_990_000},
    ),
    "order_squares": Measured("order", "squares", "revenue"),
    "cart_values": Measured("cart", "total", "value"),
    "lead_customers": Measured("lead", "distinct", "customer_id"),
    "call_time": Measured("activity", "total", "duration_ms", {"kind": is_("call")}),
    "metric_values": Measured("metric", "total", "value", {"name": is_("share", "margin")}),
}

AGES_S: Final = (900, 7_800, 187_200, 1_296_000, 5_529_600, 16_416_000)
"""Where the tiers meet."""

_PRICES: Final = (
    ("EUR", "49.99"),
    ("EUR", "0.01"),
    ("EUR", "0"),
    ("USD", "10"),
    ("USD", "0.333333"),
    ("JPY", "700"),
    ("KWD", "1.005"),
    ("CHF", "12.50"),
)
_BROKEN: Final = (
    None,
    b"",
    b'{"event_id": "x-1", "occurred',
    b"[]",
    b'{"id": "x-2", "occurred_at": "2026-03-01T10:00:00Z"}',
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at_us: int) -> str:
    """A point in time as it travels."""
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat().replace("+00:00", "Z")


class AnyEvents:
    """Makes records: some new, some again, some broken."""

    def __init__(self, random: Random, types: Sequence[str] = ()) -> None:
        self._random = random
        self._types = types or tuple(_MAKERS)
        self._ids = count()
        self._sent: list[tuple[str, bytes]] = []

    def record(self, now_ms: int) -> tuple[str, bytes | None]:
        """An event type, and what arrives as one of its events at this time."""
        chance = self._random.random()
        if chance < 0.1 and self._sent:
            return self._random.choice(self._sent[-40:])
        event_type = self._random.choice(self._types)
        if chance < 0.15:
            return event_type, self._random.choice(_BROKEN)
        value = json.dumps(self.event(event_type, now_ms)).encode()
        self._sent.append((event_type, value))
        return event_type, value

    def event(self, event_type: str, now_ms: int) -> Fields:
        """An event of this type."""
        random = self._random
        at_us = now_ms * 1000 - self._age_us()
        event = {
            "event_id": f"{next(self._ids)}",
            "occurred_at": moment(at_us),
            "visitor_id": random.choice([None, "", "ann", "bob", "cem", f"v{random.random()}"]),
            "customer_id": random.choice([None, "ann", "dan", f"c{random.randrange(9)}"]),
            "channel": random.choice(["email", "ads", " ADS ", None]),
            "campaign": random.choice(["autumn", "Autumn", "spring"]),
            "store": random.choice([None, "E\u0301toile", "\u00e9toile"]),
        }
        made = _MAKERS[event_type](random, at_us)
        return {**event, **{name: value for name, value in made.items() if value is not None}}

    def _age_us(self) -> int:
        """Mostly now, sometimes long ago, at the very edge of a tier, or ahead."""
        random = self._random
        edge_us = random.choice((*AGES_S, -60)) * 1_000_000 + random.choice([0, 1, -1, 1000, -1000])
        ages_us = [int(random.random() * most * 1_000_000) for most in (5, 60, 1200, *AGES_S, -90)]
        return random.choices([*ages_us, edge_us], [40, 20, 10, 5, 5, 5, 5, 5, 2, 4, 8])[0]


def _money(random: Random) -> Fields:
    currency, amount = random.choice(_PRICES)
    return {"amount": amount, "currency": currency}


def _maybe(random: Random, value: Any) -> Any:
    return value if random.random() < 0.7 else None


def _period_start(random: Random, at_us: int) -> Any:
    """The start of a period in milliseconds; sometimes it is none, or too long."""
    lengths_s = [10 * random.random(), 3600, 86_400, 90_000, 32 * 86_400 * random.random()]
    length_ms = random.choice([1, *(int(s * 1000) for s in lengths_s), 0, 2_681_999_999])
    return _maybe(random, moment((at_us // 1000 - length_ms) * 1000))


def _nothing(random: Random, at_us: int) -> Fields:
    return {}


def _click(random: Random, at_us: int) -> Fields:
    return {"kind": random.choice([None, "ad", "cta"])}


def _session(random: Random, at_us: int) -> Fields:
    return {"duration_ms": random.randint(0, 900_000), "page_views": random.randint(1, 3)}


def _order(random: Random, at_us: int) -> Fields:
    return {
        "order_id": f"o{random.randrange(20)}",
        "revenue": _money(random),
        "kind": random.choice([None, "purchase", "refund"]),
        "order_number": _maybe(random, random.randint(1, 3)),
    }


def _cost(random: Random, at_us: int) -> Fields:
    return {
        "amount": _money(random),
        "platform": random.choice([None, "google", "tools", "agency"]),
        "period_start": _period_start(random, at_us),
    }


def _email(random: Random, at_us: int) -> Fields:
    kinds = ["delivered", "opened", "clicked", "unsubscribed", "bounced", "complained"]
    return {"kind": random.choice(kinds), "machine_open": random.choice([None, True, False])}


def _cart(random: Random, at_us: int) -> Fields:
    kind = random.choice(["created", "checked_out"])
    return {"kind": kind, "cart_id": "c1", "value": _maybe(random, _money(random))}


def _lead(random: Random, at_us: int) -> Fields:
    began_us = at_us - random.choice([0, 1, 999, 1_000_000, 10**13])
    return {
        "stage": random.choice(["lead", "mql", "sql", "opportunity", "won", "lost"]),
        "lead_id": "l1",
        "value": _maybe(random, _money(random)),
        "created_at": _maybe(random, moment(began_us)),
    }


def _customer(random: Random, at_us: int) -> Fields:
    return {
        "kind": random.choice(["created", "churned", "upgraded", "downgraded"]),
        "mrr": _maybe(random, _money(random)),
        "lifetime_days": _maybe(random, random.randrange(2000)),
    }


def _interaction(random: Random, at_us: int) -> Fields:
    return {"kind": random.choice(["like", "comment", "share", "save", "follow", "reply"])}


def _survey(random: Random, at_us: int) -> Fields:
    return {
        "kind": random.choice(["nps", "recall"]),
        "score": _maybe(random, random.randint(0, 10)),
        "recalled": _maybe(random, random.random() < 0.5),
    }


def _activity(random: Random, at_us: int) -> Fields:
    kind = random.choice(["call", "meeting", "demo"])
    return {"kind": kind, "duration_ms": _maybe(random, random.randrange(10**6))}


def _decimal(random: Random) -> Any:
    return random.choice([0, 3, -2, 1.5, "4.500000", "-0.000001", "12345.678901", 0.1])


def _metric(random: Random, at_us: int) -> Fields:
    return {"name": random.choice(["share", "margin", "stock"]), "value": _decimal(random)}


def _test_drive(random: Random, at_us: int) -> Fields:
    return {
        "grade": random.choice("abc"),
        "price": _maybe(random, _money(random)),
        "rating": _maybe(random, _decimal(random)),
        "minutes": _maybe(random, random.randint(-600, 600)),
        "waited_s": _maybe(random, random.randrange(86_400)),
        "driver": random.choice([None, "", "ann", "bob"]),
        "sunny": random.choice([None, True, False]),
        "booked_at": _maybe(random, moment(at_us + random.choice([-1, -999_999, 0, 10**6]))),
        "period_start": _period_start(random, at_us),
    }


_MAKERS: Final[Mapping[str, Any]] = {
    "impression": _nothing,
    "click": _click,
    "session": _session,
    "order": _order,
    "cost": _cost,
    "email": _email,
    "cart": _cart,
    "lead": _lead,
    "customer": _customer,
    "interaction": _interaction,
    "survey": _survey,
    "activity": _activity,
    "metric": _metric,
    "test_drive": _test_drive,
}
