"""The oracle: what a log comes to, computed all at once, exactly, and without any of the core.

It is the independent answer that the pipeline is compared with: json, integers and fractions, one
record after the other, no partials, no panes that are added up, no restarts.

    oracle = Oracle()
    oracle.take("click", partition=0, offset=17, timestamp_ms=1_772_359_200_000, value=b"{...}")
    oracle.outcomes()                                   # how many were accepted, duplicate, ...
    oracle.sums((("channel", "email"),), since_s=..., before_s=...)
    oracle.kpi("click_through_rate", ())                # Fraction(3, 100)

What it takes for granted, as DESIGN.md states it:

- A partition's records come in the order of their offsets. Its watermark is the largest timestamp
  so far, of records that are valid and not from the future. No timestamp is far ahead of the
  reader's clock; what a log without one cannot tell, the oracle does not judge.
- An id is a duplicate within its (event type, partition) for a horizon of arrival time, counted in
  sixteenths: seen in bucket `b` of the watermark, it is known up to and including bucket `b + 16`.
  A late event's id counts as seen.
- An event's tier follows from its age at arrival (timestamp - occurred_at): the first one whose
  reach is larger. Its pane is `occurred_at` aligned to that tier's width. A pane closes its width
  and its tier's reach after its start; an out-of-order record that comes later is late.
- A record has one fault at most; with two at once the reason could be either.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

Slice = tuple[tuple[str, str], ...]
Sums = dict[str, int]

TIERS_S: Final = (
    (10, 900),
    (60, 10_800),
    (900, 259_200),
    (7_200, 1_814_400),
    (21_600, 7_776_000),
)
"""Width and reach of the panes, in seconds."""

DIMENSIONS: Final = ("channel", "campaign", "segment", "device", "country", "site")
SLICE_SETS: Final = ((), ("channel",), ("campaign",), ("channel", "campaign"))
HORIZONS_MS: Final = {"order": 86_400_000, "cost": 86_400_000}
DEFAULT_HORIZON_MS: Final = 900_000
DECIMALS: Final = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "JPY": 0, "KWD": 3}
"""The currencies the oracle knows; tests stick to them."""

MEASURES: Final[Mapping[str, tuple[str, str | None, Mapping[str, tuple[Any, ...]]]]] = {
    "impressions": ("impression", None, {}),
    "clicks": ("click", None, {}),
    "sessions": ("session", None, {}),
    "one_page_sessions": ("session", None, {"page_views": (1,)}),
    "session_time": ("session", "duration_ms", {}),
    "orders": ("order", None, {"kind": ("purchase",)}),
    "gross_revenue": ("order", "revenue", {"kind": ("purchase",)}),
    "refunds": ("order", "revenue", {"kind": ("refund",)}),
    "ad_cost": ("cost", "amount", {}),
    "cost_reports": ("cost", None, {}),
    "emails_delivered": ("email", None, {"kind": ("delivered",)}),
    "email_opens": ("email", None, {"kind": ("opened",), "machine_open": (False,)}),
    "email_clicks": ("email", None, {"kind": ("clicked",)}),
    "email_unsubscribes": ("email", None, {"kind": ("unsubscribed",)}),
}
"""The shipped measures: event type, field that is added up, and what the event must be."""

EMAIL_KINDS: Final = ("delivered", "opened", "clicked", "unsubscribed", "bounced", "complained")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_AMOUNT: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")


class _Refused(Exception):
    """The reason why a record is not counted."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a record."""

    event_type: str
    partition: int
    offset: int
    outcome: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Counted:
    occurred_us: int
    width_s: int
    members: Mapping[str, str]
    contribution: Sums


@dataclass(slots=True)
class _Partition:
    watermark_ms: int = 0
    seen: dict[str, int] = field(default_factory=dict)


class Oracle:
    """The exact answer for a log; ``reach_s`` is that of the coarsest tier in use."""

    def __init__(
        self,
        *,
        reach_s: int = 259_200,
        slice_sets: Iterable[Sequence[str]] = SLICE_SETS,
        skew_ms: int = 60_000,
        horizons_ms: Mapping[str, int] = HORIZONS_MS,
        max_bytes: int = 65_536,
    ) -> None:
        self.taken: list[Taken] = []
        self._tiers = [tier for tier in TIERS_S if tier[1] <= reach_s]
        self._slice_sets = [tuple(d for d in DIMENSIONS if d in names) for names in slice_sets]
        self._skew_us = skew_ms * 1000
        self._horizons_ms = horizons_ms
        self._max_bytes = max_bytes
        self._partitions: dict[tuple[str, int], _Partition] = {}
        self._counted: dict[Slice, list[_Counted]] = {}

    def take(
        self, event_type: str, partition: int, offset: int, timestamp_ms: int, value: bytes | None
    ) -> Taken:
        """Judge the next record of a partition."""
        state = self._partitions.setdefault((event_type, partition), _Partition())
        outcome, reason = "accepted", None
        try:
            self._judge(event_type, state, timestamp_ms, value)
        except _Refused as refusal:
            outcome, reason = refusal.args
        taken = Taken(event_type, partition, offset, outcome, reason)
        self.taken.append(taken)
        return taken

    # -- what it says ------------------------------------------------------------------------------

    def outcomes(self, event_type: str | None = None) -> Counter[tuple[str, str | None]]:
        """How many records ended how, and why."""
        chosen = [t for t in self.taken if event_type in (None, t.event_type)]
        return Counter((t.outcome, t.reason) for t in chosen)

    def dead_letters(self) -> set[tuple[str, int, int, str | None]]:
        """Event type, partition, offset and reason of the late and the rejected."""
        return {
            (t.event_type, t.partition, t.offset, t.reason)
            for t in self.taken
            if t.outcome in ("late", "rejected")
        }

    def slices(self) -> set[Slice]:
        """The slices that something was counted in."""
        return set(self._counted)

    def sums(
        self,
        part: Slice = (),
        *,
        since_s: float | None = None,
        before_s: float | None = None,
        grain_s: int | None = None,
    ) -> Sums:
        """The measures over what occurred in ``[since_s, before_s)``; those never fed are left out.

        ``grain_s`` leaves out what arrived too old for panes of that width: a window of five
        minutes does not see it, and need not, since it occurred long before.
        """
        total: Counter[str] = Counter()
        for one in self._counted.get(part, ()):
            is_in = since_s is None or one.occurred_us >= since_s * 1_000_000
            is_in &= before_s is None or one.occurred_us < before_s * 1_000_000
            if is_in and (grain_s is None or one.width_s <= grain_s):
                total.update(one.contribution)
        return dict(total)

    def window(self, part: Slice, length_s: int, grain_s: int, now_s: float) -> Sums:
        """The measures of a rolling window read at ``now_s``."""
        since_s = (now_s - length_s) // grain_s * grain_s
        return self.sums(part, since_s=since_s, grain_s=grain_s)

    def window_before(self, part: Slice, length_s: int, grain_s: int, now_s: float) -> Sums:
        """The measures of the window before a rolling window read at ``now_s``."""
        end_s = (now_s - length_s) // grain_s * grain_s
        return self.sums(part, since_s=end_s - length_s, before_s=end_s, grain_s=grain_s)

    def kpi(
        self,
        kpi_id: str,
        part: Slice = (),
        *,
        currency: str = "EUR",
        since_s: float | None = None,
        before_s: float | None = None,
        grain_s: int | None = None,
    ) -> Fraction | None:
        """A shipped KPI, exactly, in major units and seconds; None without a denominator."""
        sums = self.sums(part, since_s=since_s, before_s=before_s, grain_s=grain_s)
        return kpi_of(kpi_id, sums, currency)

    # -- how it judges -----------------------------------------------------------------------------

    def _judge(
        self, event_type: str, state: _Partition, timestamp_ms: int, value: bytes | None
    ) -> None:
        event = self._read(event_type, value)
        occurred_us = _occurred_us(event)
        age_us = timestamp_ms * 1000 - occurred_us
        if age_us < -self._skew_us:
            raise _Refused("rejected", "in_future")
        state.watermark_ms = max(state.watermark_ms, timestamp_ms)
        bucket = state.watermark_ms // self._bucket_ms(event_type)
        first_bucket = state.seen.get(event["event_id"])
        if first_bucket is not None and bucket <= first_bucket + 16:
            raise _Refused("duplicate", None)
        state.seen[event["event_id"]] = bucket
        width_s, reach_s = self._tier(age_us)
        start_s = occurred_us // (width_s * 1_000_000) * width_s
        if (start_s + width_s + reach_s) * 1000 < state.watermark_ms:
            raise _Refused("late", "pane_closed")
        self._count(event_type, event, occurred_us, width_s)

    def _bucket_ms(self, event_type: str) -> int:
        return max(1, self._horizons_ms.get(event_type, DEFAULT_HORIZON_MS) // 16)

    def _tier(self, age_us: int) -> tuple[int, int]:
        for width_s, reach_s in self._tiers:
            if age_us < reach_s * 1_000_000:
                return width_s, reach_s
        raise _Refused("late", "too_old")

    def _count(
        self, event_type: str, event: dict[str, Any], occurred_us: int, width_s: int
    ) -> None:
        members = {d: _member(event.get(d)) for d in DIMENSIONS}
        counted = _Counted(occurred_us, width_s, members, _contribution(event_type, event))
        for names in self._slice_sets:
            part = tuple((name, members[name]) for name in names)
            self._counted.setdefault(part, []).append(counted)

    def _read(self, event_type: str, value: bytes | None) -> dict[str, Any]:
        if value is None or (len(value) <= self._max_bytes and not value.strip(b" \t\n\r\v\f")):
            raise _Refused("rejected", "empty")
        if len(value) > self._max_bytes:
            raise _Refused("rejected", "too_large")
        try:
            event = json.loads(value)
        except (ValueError, RecursionError):
            raise _Refused("rejected", "malformed_json") from None
        if not isinstance(event, dict) or not _is_valid(event_type, event):
            raise _Refused("rejected", "invalid_event")
        return event


# --- the contract of an event ------------------------------------------------------------------


def _is_valid(event_type: str, event: dict[str, Any]) -> bool:
    if not _is_id(event.get("event_id")):
        return False
    if not isinstance(event.get("occurred_at"), str) or not _INSTANT.fullmatch(
        event["occurred_at"]
    ):
        return False
    labels = ("visitor_id", "customer_id", "platform", *DIMENSIONS)
    if not all(_is_label(event.get(name)) for name in labels):
        return False
    match event_type:
        case "session":
            return _is_between(event, "duration_ms", 0, 86_400_000) and _is_between(
                event, "page_views", 1, 10_000
            )
        case "order":
            _amount(event.get("revenue"))
            kinds = ("purchase", "refund")
            return _is_id(event.get("order_id")) and event.get("kind", kinds[0]) in kinds
        case "cost":
            _amount(event.get("amount"))
        case "email":
            is_flag = isinstance(event.get("machine_open", False), bool)
            return event.get("kind") in EMAIL_KINDS and is_flag
    return True


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 64


def _is_label(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 128)


def _is_between(event: dict[str, Any], name: str, least: int, most: int) -> bool:
    value = event.get(name)
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _amount(money: Any) -> tuple[str, int]:
    """Currency and amount in ten-thousandths of its smallest unit."""
    if not isinstance(money, dict):
        raise _Refused("rejected", "invalid_event" if money is None else "invalid_money")
    currency = money.get("currency")
    if currency not in DECIMALS:
        raise _Refused("rejected", "invalid_money")
    text, minor, exponent = (money.get(name) for name in ("amount", "minor", "exponent"))
    if isinstance(text, str) and minor is None and exponent is None and _AMOUNT.fullmatch(text):
        exact = Decimal(text)
    elif text is None and isinstance(minor, int) and isinstance(exponent, int) and minor >= 0:
        exact = Decimal(minor).scaleb(-exponent)
    else:
        raise _Refused("rejected", "invalid_money")
    scaled = exact.scaleb(DECIMALS[currency] + 4)
    if scaled != scaled.to_integral_value() or scaled > 10**17:
        raise _Refused("rejected", "invalid_money")
    return currency, int(scaled)


def _occurred_us(event: dict[str, Any]) -> int:
    return (datetime.fromisoformat(event["occurred_at"].upper()) - _EPOCH) // _MICROSECOND


def _member(value: str | None) -> str:
    text = "".join(c if c.isprintable() else " " for c in value or "").strip().casefold()
    return text[:64] or "(not set)"


def _contribution(event_type: str, event: dict[str, Any]) -> Sums:
    sums: Sums = {}
    filled = {"kind": "purchase", "machine_open": False, **event}
    for name, (of_type, added, where) in MEASURES.items():
        if of_type != event_type or any(filled[key] not in one for key, one in where.items()):
            continue
        if added is None:
            sums[name] = 1
        elif isinstance(event[added], dict):
            currency, amount = _amount(event[added])
            sums[f"{name}@{currency}"] = amount
        else:
            sums[name] = event[added]
    return sums


# --- the KPIs ----------------------------------------------------------------------------------


def kpi_of(kpi_id: str, sums: Sums, currency: str = "EUR") -> Fraction | None:
    """A shipped KPI over some sums; None without a denominator, or if nothing was ever seen."""

    def count(name: str) -> Fraction:
        return Fraction(sums.get(name, 0))

    def money(name: str) -> Fraction:
        return Fraction(sums.get(f"{name}@{currency}", 0), 10 ** (DECIMALS[currency] + 4))

    plain = {
        "impressions": ("impressions",),
        "clicks": ("clicks",),
        "sessions": ("sessions",),
        "orders": ("orders",),
        "revenue": (f"gross_revenue@{currency}", f"refunds@{currency}"),
        "ad_cost": (f"ad_cost@{currency}",),
    }
    if kpi_id in plain and sums.keys().isdisjoint(plain[kpi_id]):
        return None
    revenue = money("gross_revenue") - money("refunds")
    cost = money("ad_cost")
    one = Fraction(1)
    above, below = {
        "impressions": (count("impressions"), one),
        "clicks": (count("clicks"), one),
        "sessions": (count("sessions"), one),
        "orders": (count("orders"), one),
        "revenue": (revenue, one),
        "ad_cost": (cost, one),
        "click_through_rate": (count("clicks"), count("impressions")),
        "cost_per_click": (cost, count("clicks")),
        "cost_per_mille": (1000 * cost, count("impressions")),
        "cost_per_acquisition": (cost, count("orders")),
        "return_on_ad_spend": (revenue, cost),
        "return_on_investment": (revenue - cost, cost),
        "session_conversion_rate": (count("orders"), count("sessions")),
        "average_order_value": (revenue, count("orders")),
        "bounce_rate": (count("one_page_sessions"), count("sessions")),
        "session_duration": (count("session_time") / 1000, count("sessions")),
        "email_open_rate": (count("email_opens"), count("emails_delivered")),
        "email_click_to_open_rate": (count("email_clicks"), count("email_opens")),
        "email_click_rate": (count("email_clicks"), count("emails_delivered")),
        "unsubscribe_rate": (count("email_unsubscribes"), count("emails_delivered")),
    }[kpi_id]
    return above / below if below else None
