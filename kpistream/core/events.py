"""The events that KPIs are made of, one type each; docs/events.md is their contract."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from kpistream.core.money import Money

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Person = Annotated[str, Meta(max_length=128)]
Label = Annotated[str, Meta(max_length=128)]
Moment = Annotated[datetime, Meta(tz=True)]


class Event(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What every event carries: its identity, its moment, and where it belongs."""

    event_id: Id
    occurred_at: Moment
    visitor_id: Person | None = None
    customer_id: Person | None = None
    channel: Label | None = None
    campaign: Label | None = None
    segment: Label | None = None
    device: Label | None = None
    country: Label | None = None
    site: Label | None = None


class Impression(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An advertisement or a message was shown to somebody."""


class Click(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Somebody clicked on what was shown."""


class Session(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A visit to a site, sent when it has ended."""

    duration_ms: Annotated[int, Meta(ge=0, le=86_400_000)]
    page_views: Annotated[int, Meta(ge=1, le=10_000)]


class Order(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A purchase, or the refund of one; the revenue has no sign, the kind gives it."""

    order_id: Id
    revenue: Money
    kind: Literal["purchase", "refund"] = "purchase"


class Cost(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Money spent on marketing."""

    amount: Money
    platform: Label | None = None


class Email(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something that happened to one e-mail sent to one person."""

    kind: Literal["delivered", "opened", "clicked", "unsubscribed", "bounced", "complained"]
    machine_open: bool = False


EVENT_TYPES: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        "impression": Impression,
        "click": Click,
        "session": Session,
        "order": Order,
        "cost": Cost,
        "email": Email,
    }
)
"""Event type name, as in settings and NDJSON files, to its struct."""

DEFAULT_TOPICS: Final[Mapping[str, str]] = MappingProxyType(
    {name: f"{name}s" for name in EVENT_TYPES}
)
"""Event type name to the Kafka topic it is read from unless settings say otherwise."""
