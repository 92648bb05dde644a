"""Measuring: from the records of one source partition to partials, exactly.

The state of a partition is rows, each ``(sums, fence)``: a record at or below a row's fence is
already in that row. What becomes of a record follows from the log alone, so reading a part of the
log again ends in the same rows, whatever was durable when the process died.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, Protocol

import msgspec
import xxhash

from kpistream.core.dead_letters import DeadLetter
from kpistream.core.decode import Decoder, Rejected
from kpistream.core.dedupe import Run, SeenIds, decode_run, encode_run
from kpistream.core.events import EVENT_TYPES
from kpistream.core.fold import Fold
from kpistream.core.ledger import LEDGER_KEY, Counts, Ledger
from kpistream.core.outcomes import Outcome, Reason
from kpistream.core.owned_rows import OwnedRows, row_name
from kpistream.core.owned_rows import Row as TableRow
from kpistream.core.panes import Pane
from kpistream.core.partials import Mark, Partial, Source, Sums, add, encode_partial
from kpistream.core.plan import Plan
from kpistream.core.slices import RawValues, Slice, slice_from_key, slice_key

MAX_CLOCK_LEAD_MS: Final = 600_000
"""A record whose own timestamp is further ahead of the clock than this is rejected.

Less than the reach of the finest panes, so that one producer's clock closes no pane of the others.
"""

MAX_PANES: Final = 256
"""The most panes in one partial: a long backlog measured at once must still fit a record."""

GroupKey = tuple[int, int, RawValues]
"""Pane width, pane start and raw dimension values: the finest key events are folded into."""


_PaneSums = tuple[int, int, Sums]


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


class _Row:
    """A slice's sums in one pane, and the offset up to which they include every record."""

    __slots__ = ("fence", "sums")

    def __init__(self, sums: Sums, fence: int) -> None:
        self.sums = sums
        self.fence = fence


class _RowValue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    sums: Sums
    fence: int


_digest = xxhash.xxh3_64_intdigest
_encode_row = msgspec.json.Encoder().encode
_decode_row = msgspec.json.Decoder(_RowValue).decode


@dataclass(slots=True)
class Flush:
    """What one flush makes durable, in this order: dead letters, partials, rows; then the mark."""

    source: Source
    offset: int
    """The last offset included; -1 if none was ever read."""
    dead_letters: list[DeadLetter]
    partials: list[tuple[bytes, bytes]]
    """Slice key and encoded :class:`Partial`."""
    rows: list[TableRow]
    mark: Mark


@dataclass(slots=True)
class _Sorted:
    """A chunk after decoding, deduplication and lateness."""

    groups: dict[GroupKey, list[Any]] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)


class PartitionMeasurer:
    """The measured state of one partition of one event topic."""

    def __init__(self, event: str, partition: int, plan: Plan, owner: bytes = b"") -> None:
        """Start empty; :meth:`restore` rows, if there are any, before the first record.

        ``owner`` names this ownership of the partition, and no other.
        """
        self.source: Source = (plan.topics[event], partition)
        self.ledger = Ledger()
        self.watermark_ms = 0
        self.lateness_s: list[float] = []
        """Age at arrival of the first event of each group since it was last cleared."""
        self._plan = plan
        self._tiers = plan.tiers
        self._decode = Decoder(EVENT_TYPES[event], plan.max_event_bytes).decode
        self._fold = Fold(plan.catalogue.measures_of(event))
        self._values = _values_of(plan.slicing.dimensions)
        self._seen = SeenIds(plan.horizon_ms(event))
        self._rows: dict[Pane, dict[Slice, _Row]] = {}
        self._pending: dict[GroupKey, Sums] = {}
        self._dirty: dict[tuple[Pane, Slice], _Row] = {}
        self._dead_letters: list[DeadLetter] = []
        self._table = OwnedRows(owner)
        self._restored: dict[bytes, bytes] = {}
        self._resumed = False
        self._is_caught_up = False
        self._held = -1
        self._offset = -1
        self._claimed_ms = 0
        self._flushed = (-1, 0)

    @property
    def offset(self) -> int:
        """The last offset that was measured; -1 before the first."""
        return self._offset

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable; None says that it was removed."""
        if self._table.restore(key, value) == LEDGER_KEY:
            if value is not None:
                self.ledger.restore(value)
        elif value is None:
            self._restored.pop(key, None)
        else:
            self._restored[key] = value

    def _read_restored(self) -> list[Run]:
        """Take up the sums; of several copies of a row the one with the largest fence stays."""
        runs: list[Run] = []
        self._held = self.ledger.fence
        for key, value in self._restored.items():
            name = row_name(key)
            if name[:1] == b"d":
                runs.append(decode_run(value))
            else:
                self._restore_sums(name, value)
        self._restored = {}
        return runs

    def _restore_sums(self, name: bytes, value: bytes) -> None:
        row = _decode_row(value)
        pane, part = _row_from_name(name)
        if not self._tiers.has_width(pane[0]):
            return
        self._held = max(self._held, row.fence)
        rows = self._rows.setdefault(pane, {})
        held = rows.get(part)
        if held is None or row.fence > held.fence:
            rows[part] = _Row(row.sums, row.fence)

    def _resume(self, offset: int | None) -> None:
        """Take up the state as of ``offset``, the first that is read (again); None: nothing is."""
        runs = self._read_restored()
        if offset is None:
            offset = self._held + 1
        self._resumed = True
        self.watermark_ms = self.ledger.watermark_below(offset)
        self._seen.restore(runs, offset, self.watermark_ms)
        self._offset = min(offset - 1, self._held)

    # -- measuring ---------------------------------------------------------------------------------

    def measure(self, records: Sequence[Record], now_ms: int) -> None:
        """Take in records in the order of their offsets; ``now_ms`` is the reader's clock."""
        if not records:
            return
        if not self._resumed:
            self._resume(records[0].offset)
        if records[0].offset <= self._held:
            replayed = [record for record in records if record.offset <= self._held]
            for record in replayed:
                self._measure_again(record, now_ms)
            records = records[len(replayed) :]
            if not records:
                return
        if not self._is_caught_up:
            self._is_caught_up = True
            self._reach(self.ledger.watermark_below(self._held + 1))
        self._enter(self._sort(records, now_ms))
        self._offset = records[-1].offset

    def _reach(self, watermark_ms: int) -> None:
        """Move the watermark on; it never goes back."""
        if watermark_ms > self.watermark_ms:
            self.watermark_ms = watermark_ms
            if watermark_ms >= self._seen.rolls_at_ms:
                self._seen.roll(watermark_ms)

    def _enter(self, chunk: _Sorted) -> None:
        accepted = 0
        for key, events in chunk.groups.items():
            accepted += len(events)
            sums = self._fold(events)
            pending = self._pending.get(key)
            if pending is None:
                self._pending[key] = sums
            else:
                add(pending, sums)
        if accepted:
            self.ledger.enter(Outcome.accepted, None, accepted)
        for (outcome, reason), records in chunk.counts.items():
            self.ledger.enter(outcome, reason, records)
        self._dead_letters += chunk.dead_letters

    def _measure_again(self, record: Record, now_ms: int) -> None:
        """Measure a record that some rows may include already."""
        offset = record.offset
        self._reach(self.ledger.watermark_below(offset))
        chunk = self._sort([record], now_ms)
        if offset > self.ledger.fence:
            if chunk.groups:
                self.ledger.enter(Outcome.accepted, None, 1)
            for (outcome, reason), records in chunk.counts.items():
                self.ledger.enter(outcome, reason, records)
            self._dead_letters += chunk.dead_letters
        for (width, start, values), events in chunk.groups.items():
            sums = self._fold(events)
            for part in self._plan.slicing.slices_of(values):
                row = self._row((width, start), part)
                if offset > row.fence:
                    add(row.sums, sums)
                    self._dirty[(width, start), part] = row
        self._offset = offset

    def _sort(self, records: Sequence[Record], now_ms: int) -> _Sorted:
        """Decode each record and find its group, or the reason why it has none."""
        chunk = _Sorted()
        groups = chunk.groups
        seen = self._seen
        hashes, fresh_hashes, fresh_offsets = seen.hashes, seen.fresh_hashes, seen.fresh_offsets
        rolls_at_ms = seen.rolls_at_ms
        decode, values = self._decode, self._values
        id_key = self._plan.id_key
        finest = self._tiers.finest
        width, reach_s = finest.width_s, finest.reach_s
        skew_s = self._plan.skew_ms / 1000
        latest_ms = now_ms + MAX_CLOCK_LEAD_MS
        watermark_ms = self.watermark_ms
        repeats = 0
        for record in records:
            event = decode(record.value)
            if type(event) is Rejected:
                _drop(chunk, self.source, record, Outcome.rejected, event.reason, event.detail)
                continue
            arrived_ms = record.timestamp
            occurred_s = event.occurred_at.timestamp()
            age_s = arrived_ms / 1000 - occurred_s
            if age_s < -skew_s or arrived_ms > latest_ms:
                detail = _lead(age_s, arrived_ms - now_ms)
                _drop(chunk, self.source, record, Outcome.rejected, Reason.in_future, detail)
                continue
            if arrived_ms > watermark_ms:
                watermark_ms = arrived_ms
                if watermark_ms >= rolls_at_ms:
                    seen.roll(watermark_ms)
                    rolls_at_ms = seen.rolls_at_ms
            id_hash = _digest(event.event_id.encode(), id_key)
            if id_hash in hashes:
                repeats += 1
                continue
            hashes.add(id_hash)
            fresh_hashes.append(id_hash)
            fresh_offsets.append(record.offset)
            if age_s < reach_s:
                key = (width, int(occurred_s // width) * width, values(event))
            else:
                pane = self._tiers.pane(occurred_s, age_s)
                if pane is None:
                    detail = f"{age_s:.0f} s old at arrival, {self._tiers.reach_s} s is the limit"
                    _drop(chunk, self.source, record, Outcome.late, Reason.too_old, detail)
                    continue
                key = (*pane, values(event))
            if arrived_ms < watermark_ms and self._is_closed(key, watermark_ms):
                detail = "its pane closed before it arrived out of order"
                _drop(chunk, self.source, record, Outcome.late, Reason.pane_closed, detail)
                continue
            group = groups.get(key)
            if group is None:
                groups[key] = [event]
                self.lateness_s.append(age_s)
            else:
                group.append(event)
        self.watermark_ms = watermark_ms
        if repeats:
            chunk.counts[Outcome.duplicate, None] = repeats
        return chunk

    def _is_closed(self, key: GroupKey, watermark_ms: int) -> bool:
        return self._tiers.closes_at_s((key[0], key[1])) * 1000 < watermark_ms

    def claim(self, watermark_ms: int) -> None:
        """Move an idle partition's watermark on: nothing that arrives can be older than this.

        It counts from the next flush on, for the records after it: a claim is not in the log, so a
        replay can only know those that were durable before the records judged by them.
        """
        if not self._resumed:
            self._resume(None)
        if self._offset >= self._held:
            self._claimed_ms = max(self._claimed_ms, watermark_ms)

    # -- flushing ----------------------------------------------------------------------------------

    def drain(self, committed: int = 0) -> Flush | None:
        """What must become durable since the last call, or None; the state stays.

        ``committed`` is the offset below which no record will ever be read again: what only a
        replay of older records could need is dropped.
        """
        self._reach(self._claimed_ms)
        state = (self._offset, self.watermark_ms)
        if state == self._flushed:
            return None
        self._flushed = state
        self.ledger.mark(self._offset, self.watermark_ms)
        self.ledger.forget(committed)
        self._settle()
        rows = self._table.begin()
        partials, sums = self._encode_dirty()
        rows += sums
        rows += [self._table.put(run.key, encode_run(run)) for run in self._seen.drain()]
        rows.append(self._table.put(*self.ledger.row(self._offset)))
        for name in self._forget(self.ledger.watermark_below(committed)):
            self._table.remove(name)
        dead_letters, self._dead_letters = self._dead_letters, []
        mark = Mark(*self.source, self.watermark_ms, self._offset)
        return Flush(self.source, self._offset, dead_letters, partials, rows, mark)

    def _settle(self) -> None:
        """Spread what was folded into the finest keys over the slices' rows."""
        slices_of = self._plan.slicing.slices_of
        for (width, start, values), sums in self._pending.items():
            pane = (width, start)
            for part in slices_of(values):
                row = self._row(pane, part)
                add(row.sums, sums)
                self._dirty[pane, part] = row
        self._pending = {}

    def _row(self, pane: Pane, part: Slice) -> _Row:
        rows = self._rows.get(pane)
        if rows is None:
            rows = self._rows[pane] = {}
        row = rows.get(part)
        if row is None:
            row = rows[part] = _Row({}, -1)
        return row

    def _encode_dirty(self) -> tuple[list[tuple[bytes, bytes]], list[TableRow]]:
        offset = self._offset
        rows: list[TableRow] = []
        panes: dict[Slice, list[tuple[int, int, Sums]]] = {}
        for (pane, part), row in self._dirty.items():
            row.fence = offset
            value = _encode_row(_RowValue(row.sums, offset))
            rows.append(self._table.put(_row_name(pane, part), value))
            panes.setdefault(part, []).append((*pane, row.sums))
        self._dirty = {}
        topic, partition = self.source
        partials = [
            (slice_key(part), encode_partial(Partial(topic, partition, offset, batch)))
            for part, held in panes.items()
            for batch in _batches(held)
        ]
        return partials, rows

    def _forget(self, committed_watermark_ms: int) -> Iterable[bytes]:
        closes_at_s = self._tiers.closes_at_s
        closed = [p for p in self._rows if closes_at_s(p) * 1000 < committed_watermark_ms]
        for pane in closed:
            for part in self._rows.pop(pane):
                yield _row_name(pane, part)
        yield from self._seen.forget(committed_watermark_ms)


def _values_of(dimensions: tuple[str, ...]) -> Any:
    if not dimensions:
        return lambda event: ()
    if len(dimensions) == 1:
        value = attrgetter(dimensions[0])
        return lambda event: (value(event),)
    return attrgetter(*dimensions)


def _row_name(pane: Pane, part: Slice) -> bytes:
    return b"p%d|%d|%b" % (*pane, slice_key(part))


def _row_from_name(name: bytes) -> tuple[Pane, Slice]:
    width, start, part = name[1:].split(b"|", 2)
    return (int(width), int(start)), slice_from_key(part)


def _batches(panes: list[_PaneSums]) -> Iterator[list[_PaneSums]]:
    return (panes[start : start + MAX_PANES] for start in range(0, len(panes), MAX_PANES))


def _lead(age_s: float, lead_ms: int) -> str:
    if lead_ms > MAX_CLOCK_LEAD_MS:
        return f"its timestamp is {lead_ms / 1000:.0f} s ahead of the clock"
    return f"occurred {-age_s:.0f} s after its arrival"


def _drop(
    chunk: _Sorted, source: Source, record: Record, outcome: Outcome, reason: Reason, detail: str
) -> None:
    counts = chunk.counts
    counts[outcome, reason] = counts.get((outcome, reason), 0) + 1
    chunk.dead_letters.append(
        DeadLetter(*source, record.offset, record.timestamp, outcome, reason, detail, record.value)
    )
