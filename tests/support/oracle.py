"""The oracle: what a log comes to, computed all at once, exactly, and without any of the core.

It is the independent answer that the pipeline is compared with: json, integers and fractions, one
record after the other, no partials, no panes that are added up, no restarts, real people in sets.

    oracle = Oracle(windows=("1h", "today"), zone="Europe/Paris", rates="date,currency,rate\\n...")
    oracle.take("click", partition=0, offset=17, timestamp_ms=1_772_359_200_000, value=b"{...}")
    oracle.outcomes()                                   # how many were accepted, duplicate, ...
    oracle.view((("channel", "email"),), "today", now_s=...)
    oracle.kpi("click_through_rate", ())                # Fraction(3, 100)

What it takes for granted, as DESIGN.md states it:

- A partition's records come in the order of their offsets. Its watermark is the largest timestamp
  so far, of records that are valid and not from the future. No timestamp is far ahead of the
  reader's clock; what a log without one cannot tell, the oracle does not judge.
- An id is a duplicate within its (event type, partition) for a horizon of arrival time, counted in
  sixteenths: seen in bucket `b` of the watermark, it is known up to and including bucket `b + 16`.
  A late event's id counts as seen.
- An event's tier follows from its age at arrival (timestamp - occurred_at): the first one whose
  reach is larger. Its pane is `occurred_at` aligned to that tier's width. A pane closes its tier's
  reach after its end; an out-of-order record that comes later is late.
- An event with a period is late if its start is too old; each instant of the period goes where an
  event of that instant would. Amounts are divided by milliseconds, rounded down where a part ends.
- A level is what was counted before the window's end (or start), since ever. Once something was,
  it is known to have been 0 before.
- Money in other currencies is worth what it was on its local date; without a rate it stays apart.
  A level is worth what it was on the day that it is told of: today, if that is still to come.
- A record has one fault at most; with two at once the reason could be either.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from tests.support.oracle_events import (
    DIMENSIONS,
    FIELDS,
    FILLED,
    Contract,
    Event,
    Refused,
    check,
    occurred_us,
)
from tests.support.oracle_kpis import kpi_of
from tests.support.oracle_measures import (
    MEASURES,
    Contribution,
    Measured,
    Slice,
    contribution,
    shares,
)
from tests.support.oracle_money import Exchange
from tests.support.oracle_time import NO_END, TIERS_S, Calendar, Span, grain_of

Sums = dict[str, int]

WINDOWS: Final = ("5m", "1h", "24h")
SLICE_SETS: Final = ((), ("channel",), ("campaign",), ("channel", "campaign"))
HORIZONS_MS: Final = {"order": 86_400_000, "cost": 86_400_000}
DEFAULT_HORIZON_MS: Final = 900_000
EVER: Final = Span(-NO_END, NO_END)


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
    """What an event, or a part of its period, comes to, and the pane that it belongs to."""

    start_s: int
    width_s: int
    made: Contribution

    def is_in(self, span: Span) -> bool:
        return self.width_s <= span.grain_s and span.since_s <= self.start_s < span.before_s


@dataclass(slots=True)
class _Partition:
    watermark_ms: int = 0
    seen: dict[str, int] = field(default_factory=dict)


class Oracle:
    """The exact answer for a log, as the windows in use see it; the longest one decides how far."""

    def __init__(
        self,
        *,
        windows: Sequence[str] = WINDOWS,
        zone: str = "UTC",
        rates: str = "",
        reporting: str = "EUR",
        slice_sets: Iterable[Sequence[str]] = SLICE_SETS,
        dimensions: Sequence[str] = DIMENSIONS,
        contract: Contract = FIELDS,
        measures: Mapping[str, Measured] = MEASURES,
        skew_ms: int = 60_000,
        horizons_ms: Mapping[str, int] = HORIZONS_MS,
        max_bytes: int = 65_536,
    ) -> None:
        self.taken: list[Taken] = []
        self.calendar = Calendar(zone)
        self.exchange = Exchange(rates, reporting)
        self.measures = measures
        widest = max(map(grain_of, windows))
        self._tiers = [tier for tier in TIERS_S if tier[0] <= widest]
        self._dimensions = dimensions
        self._slice_sets = [tuple(d for d in dimensions if d in names) for names in slice_sets]
        self._contract = contract
        self._skew_us = skew_ms * 1000
        self._horizons_ms = horizons_ms
        self._max_bytes = max_bytes
        self._partitions: dict[tuple[str, int], _Partition] = {}
        self._counted: dict[Slice, list[_Counted]] = {}
        self._views: dict[tuple[Slice, Span, float], Sums] = {}

    def take(
        self, event_type: str, partition: int, offset: int, timestamp_ms: int, value: bytes | None
    ) -> Taken:
        """Judge the next record of a partition."""
        state = self._partitions.setdefault((event_type, partition), _Partition())
        outcome, reason = "accepted", None
        try:
            self._judge(event_type, state, timestamp_ms, value)
        except Refused as refusal:
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

    def sums(self, part: Slice = (), span: Span = EVER) -> Sums:
        """What was added up over a span: no levels, no people, every currency by itself."""
        total: Counter[str] = Counter()
        for one in self._counted.get(part, ()):
            if one.is_in(span):
                total.update({key: n for key, n in one.made.sums.items() if not self._level(key)})
        return dict(total)

    def amounts(self, part: Slice = (), span: Span = EVER) -> Sums:
        """How many amounts of each total were in other currencies, as `ad_cost#USD`."""
        total: Counter[str] = Counter()
        for one in self._counted.get(part, ()):
            if one.is_in(span):
                total.update(one.made.amounts)
        return {k: n for k, n in total.items() if not k.endswith(f"#{self.exchange.reporting}")}

    def people(self, part: Slice = (), span: Span = EVER) -> dict[str, set[str]]:
        """Who was seen, by the measure that counts them."""
        found: dict[str, set[str]] = {}
        for one in self._counted.get(part, ()):
            if one.is_in(span):
                for name, people in one.made.people.items():
                    found.setdefault(name, set()).update(people)
        return found

    def levels(self, part: Slice = (), span: Span = EVER) -> Sums:
        """The levels at the end, or at the start, of a span."""
        total: Counter[str] = Counter(dict(self._openings(part)))
        for one in self._counted.get(part, ()):
            for key, change in one.made.sums.items():
                if self._level(key):
                    total[key] += change if one.start_s < self._read_at(key, span) else 0
        return dict(total)

    def priced(self, part: Slice = (), span: Span = EVER, now_s: float = NO_END) -> Sums:
        """Foreign totals in the reporting currency, times the scale of rates, as `revenue@*`.

        Those without a rate are apart: `revenue!USD`, and how many they were, `revenue!#USD`.
        """
        total: Counter[str] = Counter()
        for one in self._counted.get(part, ()):
            if one.is_in(span):
                sums = {key: n for key, n in one.made.sums.items() if not self._level(key)}
                total.update(self._worth(sums, one.start_s))
                total.update(self._worth(one.made.amounts, one.start_s))
        for key, level in self.levels(part, span).items():
            total.update(self._worth({key: level}, max(0, min(self._read_at(key, span), now_s))))
        return dict(total)

    def view(self, part: Slice, window: str, now_s: float, *, before: bool = False) -> Sums:
        """Everything that KPIs over a window (or the one before it) are evaluated on."""
        return self.view_of(part, self.calendar.span(window, now_s, before=before), now_s)

    def view_of(self, part: Slice = (), span: Span = EVER, now_s: float = 0.0) -> Sums:
        """Everything that KPIs over a span are evaluated on."""
        found = self._views.get((part, span, now_s))
        if found is None:
            crowds = {name: len(people) for name, people in self.people(part, span).items()}
            sums = self.sums(part, span) | self.amounts(part, span) | self.levels(part, span)
            found = sums | crowds | self.priced(part, span, now_s)
            self._views[part, span, now_s] = found
        return found

    def kpi(
        self,
        kpi_id: str,
        part: Slice = (),
        *,
        currency: str = "EUR",
        window: str | None = None,
        now_s: float = 0.0,
    ) -> Fraction | None:
        """A shipped KPI, exactly, in major units and seconds; None without a denominator.

        Over everything ever counted, unless a window is given.
        """
        span = EVER if window is None else self.calendar.span(window, now_s)
        return kpi_of(kpi_id, self.view_of(part, span, now_s), currency)

    def _level(self, key: str) -> bool:
        return self.measures[key.split("@")[0]].kind == "level"

    def _read_at(self, key: str, span: Span) -> int:
        is_start = self.measures[key.split("@")[0]].at == "start"
        return span.since_s if is_start else span.before_s

    def _openings(self, part: Slice) -> Iterator[tuple[str, int]]:
        for name, measured in self.measures.items():
            for (of_slice, currency), amount in measured.opening.items():
                if of_slice == part:
                    yield f"{name}@{currency}" if currency else name, amount

    def _worth(self, sums: Sums, at_s: float) -> Counter[str]:
        """What money of other currencies was worth on a day, or the same set apart."""
        worth: Counter[str] = Counter()
        for key, amount in sums.items():
            mark = "#" if "#" in key else "@"
            name, _, currency = key.partition(mark)
            if currency in ("", self.exchange.reporting):
                continue
            factor = self.exchange.factor(currency, self.calendar.date_of(at_s))
            if factor is None:
                worth[f"{name}!{mark.strip('@')}{currency}"] += amount
            elif mark == "@":
                worth[f"{name}@*"] += amount * factor ** self.measures[name].power
        return worth

    # -- how it judges -----------------------------------------------------------------------------

    def _judge(
        self, event_type: str, state: _Partition, timestamp_ms: int, value: bytes | None
    ) -> None:
        event = self._read(event_type, value)
        at_us = occurred_us(event["occurred_at"])
        if timestamp_ms * 1000 - at_us < -self._skew_us:
            raise Refused("rejected", "in_future")
        state.watermark_ms = max(state.watermark_ms, timestamp_ms)
        self._deduplicate(event_type, state, event["event_id"])
        if _covers_period(event, self._contract[event_type]):
            panes = self._panes_of_period(occurred_us(event["period_start"]), at_us, timestamp_ms)
        else:
            panes = [(*self._pane(at_us, timestamp_ms), 1)]
        for width_s, start_s, _ in panes:
            closes_s = self.calendar.end_of(width_s, start_s) + dict(self._tiers)[width_s]
            if closes_s * 1000 < state.watermark_ms:
                raise Refused("late", "pane_closed")
        self._count(event_type, event, panes)

    def _deduplicate(self, event_type: str, state: _Partition, event_id: str) -> None:
        horizon_ms = self._horizons_ms.get(event_type, DEFAULT_HORIZON_MS)
        bucket = state.watermark_ms // max(1, horizon_ms // 16)
        first_bucket = state.seen.get(event_id)
        if first_bucket is not None and bucket <= first_bucket + 16:
            raise Refused("duplicate", None)
        state.seen[event_id] = bucket

    def _pane(self, at_us: int, timestamp_ms: int) -> tuple[int, int]:
        for width_s, reach_s in self._tiers:
            if timestamp_ms * 1000 - at_us < reach_s * 1_000_000:
                return width_s, self.calendar.start_of(width_s, at_us // 1_000_000)
        raise Refused("late", "too_old")

    def _panes_of_period(
        self, start_us: int, end_us: int, timestamp_ms: int
    ) -> list[tuple[int, int, int]]:
        self._pane(start_us, timestamp_ms)
        start_ms, end_ms = round(Fraction(start_us, 1000)), round(Fraction(end_us, 1000))
        reach_s = self._tiers[-1][1]
        return self.calendar.parts(start_ms, max(end_ms, start_ms + 1), timestamp_ms, reach_s)

    def _count(self, event_type: str, event: Event, panes: Sequence[tuple[int, int, int]]) -> None:
        filled = {**FILLED.get(event_type, {}), **event}
        whole = contribution(self.measures, self._contract, event_type, filled)
        parts = shares(whole, [weight for _, _, weight in panes], self.measures)
        counted = [
            _Counted(start_s, width_s, made)
            for (width_s, start_s, _), made in zip(panes, parts, strict=True)
        ]
        self._views.clear()
        members = {d: _member(event.get(d)) for d in self._dimensions}
        for names in self._slice_sets:
            part = tuple((name, members[name]) for name in names)
            self._counted.setdefault(part, []).extend(counted)

    def _read(self, event_type: str, value: bytes | None) -> dict[str, Any]:
        if value is None or (len(value) <= self._max_bytes and not value.strip(b" \t\n\r\v\f")):
            raise Refused("rejected", "empty")
        if len(value) > self._max_bytes:
            raise Refused("rejected", "too_large")
        try:
            event = json.loads(value, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise Refused("rejected", "malformed_json") from None
        if not isinstance(event, dict):
            raise Refused("rejected", "invalid_event")
        check(self._contract, event_type, self._dimensions, event)
        return event


def _covers_period(event: Event, fields: Mapping[str, Any]) -> bool:
    """Whether an event stands for a period."""
    return "period_start" in fields and event.get("period_start") is not None


def _member(value: str | None) -> str:
    folded = unicodedata.normalize("NFC", (value or "").casefold())
    text = "".join(c if c.isprintable() else " " for c in folded).strip()
    return text[:64].rstrip() or "(not set)"
