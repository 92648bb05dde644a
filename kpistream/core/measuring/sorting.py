"""Sorting: from the records of a source partition to groups of events, or to why they are none.

Records are taken in lots. Where the broker stamps the time, nearly every lot is calm: its arrivals
are in order. Such a lot is sorted column by column, in half the time that single records take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter
from typing import Any, Final, Protocol

import xxhash

from kpistream.core.events.dead_letters import MAX_VALUE, DeadLetter
from kpistream.core.events.decode import Decoder, Rejected
from kpistream.core.events.outcomes import Outcome, Reason
from kpistream.core.measuring.dedupe import SeenIds
from kpistream.core.measuring.ledger import Counts
from kpistream.core.measuring.partials import Source
from kpistream.core.plan import Plan
from kpistream.core.slices import RawValues
from kpistream.core.windows.panes import Pane

MAX_CLOCK_LEAD_MS: Final = 600_000
"""A record whose own timestamp is further ahead of the clock than this is rejected.

Less than the reach of the finest panes, so that one producer's clock closes no pane of the others.
"""

LATE_AFTER_S: Final = 60
"""What arrives later than this after the end of its pane is kept in a row of its own.

Few events do, so that the other rows of a pane are no longer needed in memory from then on.
"""

LOT: Final = 1024
"""How many records to sort at once.

The events of a lot take the memory of the lot before, which the processor still has in its caches.
"""

AGE_EVERY: Final = 64
"""One age is noted for so many accepted events of a lot, and one for each smaller lot."""

GroupKey = tuple[int, int, RawValues]
"""Pane width, pane start and raw dimension values: the finest key events are folded into.

The width is negative for the late part of a pane.
"""


@dataclass(frozen=True, slots=True)
class Spread:
    """An event that covers a period: the panes it is spread over, with milliseconds in each."""

    event: Any
    values: RawValues
    parts: list[tuple[Pane, int]]


_PANE_CLOSED: Final = "its pane closed before it arrived out of order"

_digest = xxhash.xxh3_64_intdigest


class Record(Protocol):
    """A record of an event topic as a Kafka client hands it over."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """When it arrived, in epoch milliseconds (the broker's clock)."""

    @property
    def value(self) -> bytes | None:
        """The event as it was sent."""


@dataclass(slots=True)
class Sorted:
    """A lot after decoding, deduplication and lateness."""

    groups: dict[GroupKey, list[Any]] = field(default_factory=dict)
    spreads: list[Spread] = field(default_factory=list)
    counts: Counts = field(default_factory=dict)
    """Records by outcome; the accepted ones are in the groups and spreads."""
    dead_letters: list[DeadLetter] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)
    """How long after they occurred accepted events arrived: of each one that is not sampled."""
    sampled_lags_s: Sequence[float] = ()
    """The same of some events of a calm lot, one in :data:`AGE_EVERY`."""
    sampled: int = 0
    """How many events those stand for."""

    @property
    def accepted(self) -> int:
        """The number of events that count."""
        return sum(map(len, self.groups.values())) + len(self.spreads)


class Sorter:
    """What the fate of a partition's next record depends on: the ids seen, and the watermark."""

    def __init__(self, event: str, source: Source, plan: Plan) -> None:
        self.watermark_ms = 0
        self.ages_s: list[float] = []
        """Ages at arrival of some accepted events since it was last cleared."""
        self.seen = SeenIds(plan.horizon_ms(event))
        self._source = source
        self._tiers = plan.tiers
        self._young_s = min(LATE_AFTER_S, plan.tiers.finest.reach_s - 1)
        self._skew_s = plan.skew_ms / 1000
        self._id_key = plan.id_key
        event_type = plan.catalogue.events[event]
        self._covers_period = event_type.covers_period
        self._decode_all = Decoder(event_type.struct, plan.max_event_bytes).decode_all
        self._values = _values_of(plan.slicing.dimensions)

    def reach(self, watermark_ms: int) -> None:
        """Move the watermark on; it never goes back."""
        if watermark_ms > self.watermark_ms:
            self.watermark_ms = watermark_ms
            if watermark_ms >= self.seen.rolls_at_ms:
                self.seen.roll(watermark_ms)

    def sort(self, records: Sequence[Record], now_ms: int) -> Sorted:
        """Sort a lot of at least one record; ``now_ms`` is the reader's clock."""
        events = self._decode_all([record.value for record in records])
        arrivals_ms = [record.timestamp for record in records]
        if not self._covers_period and self._is_calm(arrivals_ms, now_ms):
            return self._sort_columns(records, events, arrivals_ms)
        return self._sort_each(records, events, now_ms)

    # -- a calm lot, by columns --------------------------------------------------------------------

    def _is_calm(self, arrivals_ms: list[int], now_ms: int) -> bool:
        """Whether no record of a lot can change how another one is judged, repeats apart.

        The arrivals are in order, so no pane can be closed for any of them, and no bucket of ids
        is forgotten on the way.
        """
        return (
            arrivals_ms[0] >= self.watermark_ms
            and arrivals_ms[-1] < self.seen.rolls_at_ms
            and arrivals_ms[-1] <= now_ms + MAX_CLOCK_LEAD_MS
            and arrivals_ms == sorted(arrivals_ms)
        )

    def _sort_columns(
        self, records: Sequence[Record], events: Sequence[Any], arrivals_ms: Sequence[int]
    ) -> Sorted:
        lot = Sorted()
        is_event = [type(event) is not Rejected for event in events]
        if not all(is_event):
            self._drop_rejected(lot, records, events)
            records, events, arrivals_ms = _keep(is_event, records, events, arrivals_ms)
        occurred_s = [event.occurred_at.timestamp() for event in events]
        ages_s = [at / 1000 - when for at, when in zip(arrivals_ms, occurred_s, strict=True)]
        if min(ages_s, default=0.0) < -self._skew_s:
            is_past = self._drop_future(lot, records, ages_s)
            records, events, ages_s = _keep(is_past, records, events, ages_s)
            arrivals_ms, occurred_s = _keep(is_past, arrivals_ms, occurred_s)
        if not events:
            return lot
        self.watermark_ms = arrivals_ms[-1]
        is_new = self._note_ids(records, events)
        if is_new is not None:
            lot.counts[Outcome.duplicate, None] = is_new.count(False)
            records, events = _keep(is_new, records, events)
            ages_s, occurred_s = _keep(is_new, ages_s, occurred_s)
        is_young = [age_s <= self._young_s for age_s in ages_s]
        if all(is_young):
            lot.groups = self._group(events, occurred_s)
            self._sample(lot, ages_s)
            return lot
        young, young_ages_s, since_s = _keep(is_young, events, ages_s, occurred_s)
        lot.groups = self._group(young, since_s)
        self._sample(lot, young_ages_s)
        # After the young ones, since one that is old may belong to a group of theirs.
        self._place_old(lot, records, events, ages_s, occurred_s)
        return lot

    def _sample(self, lot: Sorted, ages_s: Sequence[float]) -> None:
        lot.sampled_lags_s, lot.sampled = ages_s[::AGE_EVERY], len(ages_s)
        self.ages_s += lot.sampled_lags_s

    def _place_old(
        self,
        lot: Sorted,
        records: Sequence[Record],
        events: Sequence[Any],
        ages_s: Sequence[float],
        occurred_s: Sequence[float],
    ) -> None:
        """Place the events that may be late, or too old for the finest panes."""
        for record, event, age_s, when in zip(records, events, ages_s, occurred_s, strict=True):
            if age_s > self._young_s:
                self._place(lot, record, event, when, age_s, record.timestamp)

    def _drop_rejected(self, lot: Sorted, records: Sequence[Record], events: Sequence[Any]) -> None:
        for record, event in zip(records, events, strict=True):
            if type(event) is Rejected:
                self._drop(lot, record, event.reason, event.detail)

    def _drop_future(
        self, lot: Sorted, records: Sequence[Record], ages_s: Sequence[float]
    ) -> list[bool]:
        is_past = [age_s >= -self._skew_s for age_s in ages_s]
        for record, age_s, past in zip(records, ages_s, is_past, strict=True):
            if not past:
                self._drop(lot, record, Reason.in_future, _lead(age_s, 0))
        return is_past

    def _note_ids(self, records: Sequence[Record], events: Sequence[Any]) -> list[bool] | None:
        """Note the ids; which of them are new, or None if all are."""
        id_key = self._id_key
        hashes = [_digest(event.event_id.encode(), id_key) for event in events]
        offsets = [record.offset for record in records]
        if self.seen.add_new(hashes, offsets):
            return None
        return [self.seen.add_new([one], [at]) for one, at in zip(hashes, offsets, strict=True)]

    def _group(
        self, events: Sequence[Any], occurred_s: Sequence[float]
    ) -> dict[GroupKey, list[Any]]:
        """Events of the finest tier by pane and dimension values."""
        width, values = self._tiers.finest.width_s, self._values
        numbers = [int(when // width) for when in occurred_s]
        groups: dict[tuple[int, RawValues], list[Any]] = {}
        for key, event in zip(zip(numbers, map(values, events), strict=True), events, strict=True):
            group = groups.get(key)
            if group is None:
                groups[key] = [event]
            else:
                group.append(event)
        return {(width, number * width, raw): group for (number, raw), group in groups.items()}

    # -- any lot, record by record -----------------------------------------------------------------

    def _sort_each(self, records: Sequence[Record], events: Sequence[Any], now_ms: int) -> Sorted:
        lot = Sorted()
        for record, event in zip(records, events, strict=True):
            if type(event) is Rejected:
                self._drop(lot, record, event.reason, event.detail)
            else:
                self._sort_one(lot, record, event, now_ms)
        return lot

    def _sort_one(self, lot: Sorted, record: Record, event: Any, now_ms: int) -> None:
        arrived_ms = record.timestamp
        occurred_s = event.occurred_at.timestamp()
        age_s = arrived_ms / 1000 - occurred_s
        if age_s < -self._skew_s or arrived_ms > now_ms + MAX_CLOCK_LEAD_MS:
            self._drop(lot, record, Reason.in_future, _lead(age_s, arrived_ms - now_ms))
            return
        self.reach(arrived_ms)
        id_hash = _digest(event.event_id.encode(), self._id_key)
        if not self.seen.add_new([id_hash], [record.offset]):
            key = (Outcome.duplicate, None)
            lot.counts[key] = lot.counts.get(key, 0) + 1
            return
        self._place(lot, record, event, occurred_s, age_s, self.watermark_ms)

    def _place(
        self,
        lot: Sorted,
        record: Record,
        event: Any,
        occurred_s: float,
        age_s: float,
        reached_ms: int,
    ) -> None:
        """Put an event into the group of its pane, or drop it as late.

        ``reached_ms`` is the watermark when the record is its newest one.
        """
        if self._covers_period and event.period_start is not None:
            self._place_period(lot, record, event, age_s, reached_ms)
            return
        pane = self._tiers.pane(occurred_s, age_s)
        if pane is None:
            self._drop(lot, record, Reason.too_old, self._too_old(age_s))
        elif self._tiers.closes_at_s(pane) * 1000 < reached_ms:
            self._drop(lot, record, Reason.pane_closed, _PANE_CLOSED)
        else:
            key = (*_part(pane, reached_ms), self._values(event))
            lot.groups.setdefault(key, []).append(event)
            self._note_age(lot, age_s, age_s)

    def _place_period(
        self, lot: Sorted, record: Record, event: Any, age_s: float, reached_ms: int
    ) -> None:
        """Spread an event over the panes of its period, or drop it if one of them is closed."""
        start_s, end_s = event.period_start.timestamp(), event.occurred_at.timestamp()
        parts = self._tiers.spread(start_s, end_s, record.timestamp / 1000)
        if parts is None:
            detail = self._too_old(age_s + end_s - start_s)
            self._drop(lot, record, Reason.too_old, detail)
        elif any(self._tiers.closes_at_s(pane) * 1000 < reached_ms for pane, _ in parts):
            self._drop(lot, record, Reason.pane_closed, _PANE_CLOSED)
        else:
            placed = [(_part(pane, reached_ms), weight) for pane, weight in parts]
            lot.spreads.append(Spread(event, self._values(event), placed))
            self._note_age(lot, age_s, age_s + end_s - start_s)

    def _note_age(self, lot: Sorted, age_s: float, lag_s: float) -> None:
        self.ages_s.append(age_s)
        lot.lags_s.append(lag_s)

    def _too_old(self, age_s: float) -> str:
        return f"{age_s:.0f} s old at arrival, {self._tiers.reach_s} s is the limit"

    def _drop(self, lot: Sorted, record: Record, reason: Reason, detail: str) -> None:
        key = (reason.outcome, reason)
        lot.counts[key] = lot.counts.get(key, 0) + 1
        at = (record.offset, record.timestamp)
        value = record.value
        kept = None if value is None else value[:MAX_VALUE]
        size = len(value or b"")
        lot.dead_letters.append(DeadLetter(*self._source, *at, *key, detail, kept, size))


def late_from_ms(pane: Pane) -> int:
    """The watermark after which an event of this pane belongs to its late part."""
    return (sum(pane) + LATE_AFTER_S) * 1000


def _part(pane: Pane, reached_ms: int) -> Pane:
    """The part of a pane that an event belongs to which brings the watermark there."""
    width, start = pane
    return pane if reached_ms <= late_from_ms(pane) else (-width, start)


def whole(pane: Pane) -> Pane:
    """The pane that this is, or is the late part of."""
    return abs(pane[0]), pane[1]


def _keep(wanted: Sequence[bool], *columns: Sequence[Any]) -> list[list[Any]]:
    """The rows of some columns that are wanted."""
    return [list(compress(column, wanted)) for column in columns]


def _values_of(dimensions: tuple[str, ...]) -> Any:
    if not dimensions:
        return lambda event: ()
    if len(dimensions) == 1:
        value = attrgetter(dimensions[0])
        return lambda event: (value(event),)
    return attrgetter(*dimensions)


def _lead(age_s: float, lead_ms: int) -> str:
    if lead_ms > MAX_CLOCK_LEAD_MS:
        return f"its timestamp is {lead_ms / 1000:.0f} s ahead of the clock"
    return f"occurred {-age_s:.0f} s after its arrival"
