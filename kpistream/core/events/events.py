"""The events that KPIs are made of, one struct each; docs/events.md is their contract.

The docstrings and the descriptions of the fields are what the generated contract says of them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct

from kpistream.core.money.money import Money

MAX_PERIOD: Final = timedelta(days=31, hours=1)
"""The longest period that one event covers: a month of 31 days in which clocks go back."""

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Person = Annotated[str, Meta(max_length=128)]
Label = Annotated[str, Meta(max_length=128)]
Moment = Annotated[datetime, Meta(tz=True)]
Duration = Annotated[int, Meta(ge=0, le=86_400_000)]


class Event(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What every event carries: its identity, its moment, and where it belongs."""

    NEEDED: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Of events with a `kind`: the kind to an optional field that it cannot do without."""

    event_id: Annotated[
        Id, Meta(description="identity: the same id again within the horizon is a duplicate")
    ]
    occurred_at: Annotated[
        Moment, Meta(description="when it happened, or when the period it covers ended")
    ]
    visitor_id: Annotated[Person, Meta(description="a browser or device")] | None = None
    customer_id: Annotated[Person, Meta(description="a known customer")] | None = None
    channel: Annotated[Label, Meta(description="`email`, `paid_search`, `social` ...")] | None = (
        None
    )
    campaign: Annotated[Label, Meta(description="the campaign's name")] | None = None
    segment: Annotated[Label, Meta(description="the audience")] | None = None
    device: Annotated[Label, Meta(description="`mobile`, `desktop` ...")] | None = None
    country: Annotated[Label, Meta(description="ISO 3166 code, by convention")] | None = None
    site: Annotated[Label, Meta(description="the shop or site")] | None = None


class CoversPeriod(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An event that may stand for a period: what it carries is spread evenly over it."""

    period_start: (
        Annotated[
            Moment,
            Meta(description="the event covers the time from then, included, to `occurred_at`"),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        if self.period_start is None:
            return
        if not timedelta(0) < self.occurred_at - self.period_start <= MAX_PERIOD:
            raise ValueError(
                "`period_start` is not before `occurred_at`, or more than 31 days and an hour"
            )


class Impression(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An advertisement or a message was shown to somebody."""


class Click(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Somebody clicked on what was shown, or on a call to action of a site."""

    kind: Annotated[
        Literal["ad", "cta"],
        Meta(description="on an advertisement or a message, or on a call to action"),
    ] = "ad"


class Session(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A visit to a site, sent when it has ended."""

    duration_ms: Annotated[Duration, Meta(description="how long the visit lasted, in milliseconds")]
    page_views: Annotated[int, Meta(ge=1, le=10_000, description="pages seen; 1 is a bounce")]


class Order(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A purchase, or the refund of one; the revenue has no sign, the kind gives it."""

    order_id: Annotated[Id, Meta(description="the shop's order number")]
    revenue: Annotated[Money, Meta(description="what was paid, or paid back")]
    kind: Annotated[
        Literal["purchase", "refund"], Meta(description="whether money came in or went back")
    ] = "purchase"
    order_number: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=1_000_000,
                description="1 for the first order of its customer, 2 for the second ...",
            ),
        ]
        | None
    ) = None


class Cost(CoversPeriod, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Money spent on marketing, at a moment or evenly over a period."""

    amount: Annotated[Money, Meta(description="what was spent")]
    platform: Annotated[Label, Meta(description="who was paid")] | None = None


class Email(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something that happened to one e-mail sent to one person."""

    kind: Annotated[
        Literal["delivered", "opened", "clicked", "unsubscribed", "bounced", "complained"],
        Meta(description="what happened"),
    ]
    machine_open: Annotated[
        bool, Meta(description="opened by a privacy proxy, not by a person")
    ] = False


class Cart(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A shopping cart was begun, or became an order."""

    kind: Annotated[Literal["created", "checked_out"], Meta(description="what happened to it")]
    cart_id: Annotated[Id, Meta(description="the shop's number of the cart")]
    value: Annotated[Money, Meta(description="what is in it")] | None = None


class Lead(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Somebody who may buy reached a stage on the way to it."""

    stage: Annotated[
        Literal["lead", "mql", "sql", "opportunity", "won", "lost"],
        Meta(description="the stage reached; `mql` and `sql` are qualified by marketing, by sales"),
    ]
    lead_id: Annotated[Id, Meta(description="the same at every stage")]
    value: Annotated[Money, Meta(description="what the deal is worth")] | None = None
    created_at: (
        Annotated[Moment, Meta(description="when the lead began; not after `occurred_at`")] | None
    ) = None

    def __post_init__(self) -> None:
        if self.created_at is not None and self.created_at > self.occurred_at:
            raise ValueError("`created_at` is after `occurred_at`")


class Customer(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A customer came or left, or pays more or less from now on."""

    kind: Annotated[
        Literal["created", "churned", "upgraded", "downgraded"],
        Meta(description="what happened; it gives `mrr` its sign"),
    ]
    mrr: (
        Annotated[
            Money, Meta(description="by how much monthly recurring revenue changes, without a sign")
        ]
        | None
    ) = None
    lifetime_days: (
        Annotated[
            int,
            Meta(ge=0, le=36_525, description="how long somebody who left was a customer, in days"),
        ]
        | None
    ) = None


class Interaction(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Somebody reacted to content, such as a post."""

    kind: Annotated[
        Literal["like", "comment", "share", "save", "follow", "reply", "other"],
        Meta(description="how"),
    ]
    content: Annotated[Label, Meta(description="what to")] | None = None


class Survey(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The answer of one person to one question."""

    NEEDED: ClassVar[Mapping[str, str]] = MappingProxyType({"nps": "score", "recall": "recalled"})

    kind: Annotated[
        Literal["nps", "recall"],
        Meta(description="would recommend (Net Promoter Score), or remembers the advertisement"),
    ]
    score: (
        Annotated[int, Meta(ge=0, le=10, description="how likely, 0 to 10; `nps` needs it")] | None
    ) = None
    recalled: (
        Annotated[bool, Meta(description="whether it is remembered; `recall` needs it")] | None
    ) = None

    def __post_init__(self) -> None:
        needed = self.NEEDED[self.kind]
        if getattr(self, needed) is None:
            raise ValueError(f"a survey of kind `{self.kind}` needs `{needed}`")


class Activity(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something that sales or marketing did."""

    kind: Annotated[
        Literal["call", "meeting", "mail", "demo", "visit", "message", "other"],
        Meta(description="what was done"),
    ]
    duration_ms: (
        Annotated[Duration, Meta(description="how long it took, in milliseconds")] | None
    ) = None


class Metric(Event, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A number from elsewhere, such as a market share, for KPIs of one's own."""

    name: Annotated[str, Meta(min_length=1, max_length=128, description="which number it is")]
    value: Annotated[Decimal, Meta(description="the number itself")]


EVENT_TYPES: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        "impression": Impression,
        "click": Click,
        "session": Session,
        "order": Order,
        "cost": Cost,
        "email": Email,
        "cart": Cart,
        "lead": Lead,
        "customer": Customer,
        "interaction": Interaction,
        "survey": Survey,
        "activity": Activity,
        "metric": Metric,
    }
)
"""Event type name, as in settings and NDJSON files, to its struct."""

DEFAULT_TOPICS: Final[Mapping[str, str]] = MappingProxyType(
    {name: f"{name}s" for name in EVENT_TYPES} | {"activity": "activities"}
)
"""Event type name to the Kafka topic it is read from unless settings say otherwise."""
