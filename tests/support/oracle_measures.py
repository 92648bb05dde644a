"""The oracle's measures: what each shipped one counts, written down once more.

    Measured("order", "total", "revenue", {"kind": is_("refund")})

`contributions` says what one event adds to each of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from tests.support.oracle_events import DECIMAL_SCALE, Contract, Event, occurred_us
from tests.support.oracle_money import scaled

Slice = tuple[tuple[str, str], ...]
Where = Mapping[str, Callable[[Any], bool]]
"""Field to what its value must be, None where an event says nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What is added up, of which events; ``opening`` is what a level was before the first one."""

    event: str
    kind: str = "count"
    field: str | None = None
    where: Where = dataclasses.field(default_factory=dict)
    minus: Where | None = None
    at: str = "end"
    opening: Mapping[tuple[Slice, str], int] = dataclasses.field(default_factory=dict)

    @property
    def is_spread(self) -> bool:
        """Whether it is divided over the period that an event covers."""
        return self.kind in ("total", "level") and self.field is not None

    @property
    def power(self) -> int:
        """The power of the unit in the sum."""
        return 2 if self.kind == "squares" else 1


@dataclasses.dataclass(slots=True)
class Contribution:
    """What one event, or a part of its period, adds: sums, people, amounts by currency."""

    sums: dict[str, int] = dataclasses.field(default_factory=dict)
    people: dict[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    amounts: dict[str, int] = dataclasses.field(default_factory=dict)
    """Key such as `ad_cost#USD` to how many amounts."""


def is_(*values: Any) -> Callable[[Any], bool]:
    """One of these values."""
    return lambda value: value in values


def not_(*values: Any) -> Callable[[Any], bool]:
    """None of these values; nothing is none of them, too."""
    return lambda value: value not in values


def between(least: Any, most: Any) -> Callable[[Any], bool]:
    """A number from ``least`` to ``most``."""
    return lambda value: value is not None and least <= Decimal(str(value)) <= most


def known(value: Any) -> bool:
    """Somebody, or something."""
    return value not in (None, "")


def _orders(**where: Callable[[Any], bool]) -> Where:
    return {"kind": is_("purchase"), **where}


def _at_stage(stage: str, **where: Callable[[Any], bool]) -> Where:
    return {"stage": is_(stage), **where}


_AT_LEAST_TWO: Final = between(2, 10**6)
_PUBLIC: Final = not_("agency", "content", "salaries", "tools")
_GONE: Final = {"kind": is_("churned")}
_COME: Final = {"kind": is_("created")}

MEASURES: Final[Mapping[str, Measured]] = {
    "impressions": Measured("impression"),
    "reach": Measured("impression", "distinct", "visitor_id"),
    "clicks": Measured("click", where={"kind": is_("ad")}),
    "unique_clickers": Measured("click", "distinct", "visitor_id", {"kind": is_("ad")}),
    "cta_clicks": Measured("click", where={"kind": is_("cta")}),
    "interactions": Measured("interaction"),
    "shares": Measured("interaction", where={"kind": is_("share")}),
    "sessions": Measured("session"),
    "visitors": Measured("session", "distinct", "visitor_id"),
    "one_page_sessions": Measured("session", where={"page_views": is_(1)}),
    "session_time": Measured("session", "total", "duration_ms"),
    "session_time_squared": Measured("session", "squares", "duration_ms"),
    "page_views": Measured("session", "total", "page_views"),
    "page_views_squared": Measured("session", "squares", "page_views"),
    "marketing_cost": Measured("cost", "total", "amount"),
    "ad_cost": Measured("cost", "total", "amount", {"platform": _PUBLIC}),
    "cost_reports": Measured("cost"),
    "orders": Measured("order", where=_orders()),
    "gross_revenue": Measured("order", "total", "revenue", _orders()),
    "gross_revenue_squared": Measured("order", "squares", "revenue", _orders()),
    "refunds": Measured("order", "total", "revenue", {"kind": is_("refund")}),
    "refunds_squared": Measured("order", "squares", "revenue", {"kind": is_("refund")}),
    "numbered_orders": Measured("order", where=_orders(order_number=known)),
    "repeat_orders": Measured("order", where=_orders(order_number=_AT_LEAST_TWO)),
    "buyers": Measured("order", "distinct", "customer_id", _orders()),
    "returning_buyers": Measured(
        "order", "distinct", "customer_id", _orders(order_number=_AT_LEAST_TWO)
    ),
    "carts_created": Measured("cart", where={"kind": is_("created")}),
    "carts_checked_out": Measured("cart", where={"kind": is_("checked_out")}),
    "emails_delivered": Measured("email", where={"kind": is_("delivered")}),
    "email_opens": Measured("email", where={"kind": is_("opened"), "machine_open": is_(False)}),
    "email_clicks": Measured("email", where={"kind": is_("clicked")}),
    "email_unsubscribes": Measured("email", where={"kind": is_("unsubscribed")}),
    "leads": Measured("lead", where=_at_stage("lead")),
    "marketing_qualified_leads": Measured("lead", where=_at_stage("mql")),
    "sales_qualified_leads": Measured("lead", where=_at_stage("sql")),
    "opportunities": Measured("lead", where=_at_stage("opportunity")),
    "opportunity_value": Measured("lead", "total", "value", _at_stage("opportunity")),
    "opportunity_value_squared": Measured("lead", "squares", "value", _at_stage("opportunity")),
    "valued_opportunities": Measured("lead", where=_at_stage("opportunity", value=known)),
    "won_leads": Measured("lead", where=_at_stage("won")),
    "dated_wins": Measured("lead", where=_at_stage("won", created_at=known)),
    "sales_cycle_time": Measured("lead", "elapsed", "created_at", _at_stage("won")),
    "calls": Measured("activity", where={"kind": is_("call")}),
    "new_customers": Measured("customer", where=_COME),
    "churned_customers": Measured("customer", where=_GONE),
    "active_customers": Measured("customer", "level", None, _COME, _GONE),
    "customers_at_start": Measured("customer", "level", None, _COME, _GONE, "start"),
    "monthly_recurring_revenue": Measured(
        "customer",
        "level",
        "mrr",
        {"kind": is_("created", "upgraded")},
        {"kind": is_("churned", "downgraded")},
    ),
    "known_lifetimes": Measured("customer", where={**_GONE, "lifetime_days": known}),
    "customer_lifetimes": Measured("customer", "total", "lifetime_days", _GONE),
    "customer_lifetimes_squared": Measured("customer", "squares", "lifetime_days", _GONE),
    "nps_answers": Measured("survey", where={"kind": is_("nps")}),
    "promoters": Measured("survey", where={"kind": is_("nps"), "score": between(9, 10)}),
    "detractors": Measured("survey", where={"kind": is_("nps"), "score": between(0, 6)}),
    "recall_answers": Measured("survey", where={"kind": is_("recall")}),
    "recalls": Measured("survey", where={"kind": is_("recall"), "recalled": is_(True)}),
}
"""The shipped measures."""

_MILLISECONDS: Final = {"_ms": 1, "_s": 1000, "_days": 86_400_000}


def contribution(
    measures: Mapping[str, Measured], contract: Contract, event_type: str, event: Event
) -> Contribution:
    """What an event adds to each measure; ``event`` has its defaults filled in."""
    made = Contribution()
    for name, measured in measures.items():
        if measured.event != event_type:
            continue
        for where, sign in ((measured.where, 1), (measured.minus, -1)):
            if where is not None and all(holds(event.get(key)) for key, holds in where.items()):
                _add(made, name, measured, sign, contract[event_type], event)
    return made


def _add(
    made: Contribution,
    name: str,
    measured: Measured,
    sign: int,
    fields: Mapping[str, Any],
    event: Event,
) -> None:
    value: Any = 1 if measured.field is None else event.get(measured.field)
    if value is None:
        return
    key, number = name, value
    if measured.kind == "distinct":
        if value:
            made.people[name] = frozenset([value])
        return
    if measured.kind == "elapsed":
        number = (occurred_us(event["occurred_at"]) - occurred_us(value)) // 1000
    elif measured.field is not None and fields[measured.field].unit == "money":
        currency, number = scaled(value)
        key = f"{name}@{currency}"
        if measured.kind == "total":
            made.amounts[f"{name}#{currency}"] = 1
    elif measured.field is not None:
        number = _number(measured.field, fields[measured.field].unit, value)
    number **= measured.power
    made.sums[key] = made.sums.get(key, 0) + sign * number


def _number(name: str, unit: str, value: Any) -> int:
    number = int(Decimal(str(value)) * DECIMAL_SCALE) if unit == "decimal" else value
    for ending, milliseconds in _MILLISECONDS.items():
        if name.endswith(ending):
            return int(number * milliseconds)
    return int(number)


def shares(
    made: Contribution, weights: list[int], measures: Mapping[str, Measured]
) -> list[Contribution]:
    """What each part of a period gets of what is spread over it; the last one gets the rest."""
    parts = [Contribution() for _ in weights]
    parts[-1].people, parts[-1].amounts = made.people, made.amounts
    for key, amount in made.sums.items():
        if not measures[key.split("@")[0]].is_spread:
            parts[-1].sums[key] = amount
            continue
        for index, part in enumerate(parts):
            upto, before = sum(weights[: index + 1]), sum(weights[:index])
            part.sums[key] = amount * upto // sum(weights) - amount * before // sum(weights)
    return parts
