"""Builders of events, records and plans: name what matters, the rest is ordinary.

click(at="10s", channel="email")        # ten seconds after START
order("50.00", at="2m", kind="refund")
plan(windows=("5m",), rules=[...])
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.driver import DrivenRecord, Driver
from kpistream.core.located_yaml import load
from kpistream.core.money.rates import Rates
from kpistream.core.plan import Plan
from kpistream.core.slices import Slicing
from kpistream.core.windows.days import Days
from kpistream.core.windows.windows import parse_window

START_S: Final = 1_772_359_200
"""2026-03-01T10:00:00Z, when every test begins."""

START_MS: Final = START_S * 1000
SLICE_SETS: Final = ((), ("channel",), ("campaign",), ("channel", "campaign"))
SHIPPED: Final = Path(__file__).parents[2] / "kpistream" / "catalogue.yml"

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_ids = count()


def seconds(at: str) -> float:
    """Seconds in a length of time: ``10s``, ``2m``, ``-1h``."""
    return float(at[:-1]) * _UNITS[at[-1]]


def at_ms(at: str) -> int:
    """Epoch milliseconds of a moment after START."""
    return START_MS + round(seconds(at) * 1000)


def rfc3339(at: str) -> str:
    """The text of a moment after START."""
    moment = datetime.fromtimestamp(START_S, UTC) + timedelta(seconds=seconds(at))
    return moment.isoformat().replace("+00:00", "Z")


def event(at: str = "0s", **fields: Any) -> bytes:
    """An event with an id of its own, as it travels."""
    named = {"event_id": f"event-{next(_ids)}", "occurred_at": rfc3339(at), **fields}
    return json.dumps(named).encode()


click = impression = event
"""Events without fields of their own."""


def session(at: str = "0s", duration_ms: int = 60_000, page_views: int = 3, **fields: Any) -> bytes:
    """A visit of a minute and three pages."""
    return event(at, duration_ms=duration_ms, page_views=page_views, **fields)


def order(amount: str = "50.00", at: str = "0s", currency: str = "EUR", **fields: Any) -> bytes:
    """A purchase."""
    named = {"order_id": f"order-{next(_ids)}", "revenue": money(amount, currency), **fields}
    return event(at, **named)


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    """An amount as it travels."""
    return {"amount": amount, "currency": currency}


def cost(
    amount: str = "10.00",
    at: str = "0s",
    currency: str = "EUR",
    since: str | None = None,
    **fields: Any,
) -> bytes:
    """A cost report; with ``since`` it covers the period from then to ``at``."""
    period = {} if since is None else {"period_start": rfc3339(since)}
    return event(at, amount=money(amount, currency), **period, **fields)


def email(kind: str = "delivered", at: str = "0s", **fields: Any) -> bytes:
    """Something that happened to an e-mail."""
    return event(at, kind=kind, **fields)


def cart(kind: str = "created", at: str = "0s", **fields: Any) -> bytes:
    """A cart that was begun or checked out."""
    return event(at, kind=kind, **{"cart_id": f"cart-{next(_ids)}", **fields})


def lead(
    stage: str = "lead",
    at: str = "0s",
    value: str | None = None,
    currency: str = "EUR",
    since: str | None = None,
    **fields: Any,
) -> bytes:
    """A lead that reached a stage; ``since`` is when it began."""
    named = {"lead_id": f"lead-{next(_ids)}", **fields}
    named |= {} if value is None else {"value": money(value, currency)}
    named |= {} if since is None else {"created_at": rfc3339(since)}
    return event(at, stage=stage, **named)


def customer(
    kind: str = "created",
    at: str = "0s",
    mrr: str | None = None,
    currency: str = "EUR",
    **fields: Any,
) -> bytes:
    """A customer who came, left or changed a subscription by ``mrr`` a month."""
    recurring = {} if mrr is None else {"mrr": money(mrr, currency)}
    return event(at, kind=kind, **recurring, **fields)


def interaction(kind: str = "like", at: str = "0s", **fields: Any) -> bytes:
    """Somebody's reaction to content."""
    return event(at, kind=kind, **fields)


def nps(score: int = 10, at: str = "0s", **fields: Any) -> bytes:
    """How likely somebody would recommend us."""
    return event(at, kind="nps", score=score, **fields)


def recall(recalled: bool = True, at: str = "0s", **fields: Any) -> bytes:
    """Whether somebody remembers an advertisement."""
    return event(at, kind="recall", recalled=recalled, **fields)


def activity(kind: str = "call", at: str = "0s", **fields: Any) -> bytes:
    """Something that sales or marketing did."""
    return event(at, kind=kind, **fields)


def metric(name: str, value: float | str, at: str = "0s", **fields: Any) -> bytes:
    """A number from elsewhere."""
    return event(at, name=name, value=value, **fields)


def record(offset: int, value: bytes | None, arrived: str = "0s") -> DrivenRecord:
    """A record of an event topic."""
    return DrivenRecord(offset, at_ms(arrived), value)


def records(values: Iterable[bytes | None], first: int = 0, arrived: str = "0s") -> list[Any]:
    """Records with consecutive offsets that arrived at once."""
    return [record(first + n, value, arrived) for n, value in enumerate(values)]


@cache
def shipped_catalogue() -> Catalogue:
    """The catalogue as it ships."""
    return extended_catalogue()


@cache
def extended_catalogue(*texts: str) -> Catalogue:
    """The catalogue as it ships, and what users' files add to it."""
    files = [load(text, f"{number}.yml") for number, text in enumerate(texts, 1)]
    return Catalogue.read([load(SHIPPED.read_text(encoding="utf-8"), SHIPPED.name), *files])


def plan(
    *,
    windows: Sequence[str] = ("5m", "1h", "24h"),
    slices: Iterable[Sequence[str]] = SLICE_SETS,
    rules: Iterable[Rule] = (),
    events: Iterable[str] | None = None,
    catalogue: Catalogue | None = None,
    zone: str = "UTC",
    currency: str = "EUR",
    rates: str = "",
    **named: Any,
) -> Plan:
    """The plan that settings would make unless they say otherwise; ``rates`` are a file's text."""
    catalogue = catalogue or shipped_catalogue()
    days = Days(zone)
    ordinary = {
        "catalogue": catalogue,
        "topics": {event: catalogue.events[event].topic for event in events or catalogue.events},
        "slicing": Slicing(slices, catalogue.dimensions),
        "windows": tuple(parse_window(name, days) for name in windows),
        "rules": tuple(rules),
        "currency": currency,
        "rates": Rates.load(rates, "rates.csv", currency) if rates else Rates.none(currency),
        "days": days,
        "horizons_ms": {"order": 86_400_000, "cost": 86_400_000},
    }
    return Plan(**{**ordinary, **named})


def driven(happened: Iterable[tuple[str, bytes]], at: str = "0s", **named: Any) -> Driver:
    """A driver that was fed events of these types, all at one moment, and finished."""
    driver = Driver(plan(**named))
    for event_type, value in happened:
        list(driver.feed(event_type, value, at_ms(at)))
    list(driver.finish())
    return driver
