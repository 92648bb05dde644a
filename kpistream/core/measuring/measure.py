"""Measuring: from the records of one source partition to partials, exactly.

The state of a partition is rows, each ``(sums, fence)``: a record at or below a row's fence is
already in that row. What becomes of a record follows from the log alone, so reading a part of the
log again ends in the same rows, whatever was durable when the process died.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, cast

import msgspec

from kpistream.core.events.dead_letters import DeadLetter
from kpistream.core.events.outcomes import Outcome
from kpistream.core.measuring.dedupe import Run, decode_run, encode_run
from kpistream.core.measuring.fold import Fold, Folded, split
from kpistream.core.measuring.lags import USUAL
from kpistream.core.measuring.ledger import LEDGER_KEY, Ledger
from kpistream.core.measuring.owned_rows import OwnedRows, pane_row_name, pane_row_of, row_name
from kpistream.core.measuring.owned_rows import Row as TableRow
from kpistream.core.measuring.partials import (
    Crowds,
    Mark,
    Partial,
    Source,
    Sums,
    add,
    encode_partial,
)
from kpistream.core.measuring.sketch import Sketch, sketch_of
from kpistream.core.measuring.sorting import (
    LOT,
    GroupKey,
    Record,
    Sorted,
    Sorter,
    late_from_ms,
    whole,
)
from kpistream.core.plan import Plan
from kpistream.core.slices import OTHER, Slice, slice_key
from kpistream.core.windows.panes import Pane

MAX_PANES: Final = 256
"""The most panes in one partial: a long backlog measured at once must still fit a record."""

MAX_SUMS: Final = 4_096
"""The most sums in one partial, some 40 bytes each; many currencies make many."""

_SKETCH_BYTES_A_SUM: Final = 30
"""A sketch takes the room of so many sums: its bytes grow by a third as text."""

_SMALL_GROUP: Final = 8
"""Groups of a lot with fewer events than this on average wait for more."""

_MOST_WAITING: Final = 16_384
"""So many events of a partition may wait: some 10 MB."""

EPOCH: Final = 65_536
"""Offsets come in epochs; only at the end of one may a pane turn out to be full."""

_PanePart = tuple[int, int, Sums, Crowds]


class _Row:
    """A slice's sums in one pane, and the offset up to which they include every record.

    People are held from one flush to the next alone. Whoever merges them counts nobody twice, and
    a row is durable only after its partials: so those that a partial brought need not be kept.
    """

    __slots__ = ("_crowds", "born", "fence", "sums")

    def __init__(self, sums: Sums, fence: int, born: int) -> None:
        self.sums = sums
        self.fence = fence
        self.born = born
        """The epoch of the record that the row was made for."""
        self._crowds: dict[str, bytes | Sketch] = {}
        """A sketch is made of those of several keys alone: most slices have but one."""

    def add(self, sums: Sums, crowds: Crowds) -> None:
        """Include what was folded."""
        add(self.sums, sums)
        for name, crowd in crowds.items():
            held = self._crowds.get(name)
            if held is None:
                self._crowds[name] = crowd
                continue
            if type(held) is bytes:
                held = self._crowds[name] = Sketch(held)
            cast(Sketch, held).merge(crowd)

    def value(self) -> _RowValue:
        """The row as it is made durable."""
        return _RowValue(self.sums, self.fence, self.born)

    def take_crowds(self) -> Crowds:
        """The people since the last call."""
        if not self._crowds:
            return {}
        crowds, self._crowds = self._crowds, {}
        return {
            name: crowd if type(crowd) is bytes else cast(Sketch, crowd).to_bytes()
            for name, crowd in crowds.items()
        }


class _RowValue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    sums: Sums
    fence: int
    born: int


_encode_row = msgspec.json.Encoder().encode
_decode_row = msgspec.json.Decoder(_RowValue).decode

_Rows = dict[Slice, _Row | bytes]
"""Rows of late parts, and those that were restored, are kept as bytes until they are needed."""


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


class PartitionMeasurer:
    """The measured state of one partition of one event topic."""

    def __init__(self, event: str, partition: int, plan: Plan, owner: bytes = b"") -> None:
        """Start empty; :meth:`restore` rows, if there are any, before the first record.

        ``owner`` names this ownership of the partition, and no other.
        """
        self.source: Source = (plan.topics[event], partition)
        self.ledger = Ledger()
        self._plan = plan
        self._tiers = plan.tiers
        self._sorter = Sorter(event, self.source, plan)
        self._measures = plan.catalogue.measures_of(event)
        self._fold = Fold(self._measures, plan.people, plan.currency)
        self._rows: dict[Pane, _Rows] = {}
        self._births: dict[Pane, Counter[int]] = {}
        """How many rows of a pane were born in which epoch."""
        self._resting: dict[Pane, tuple[Slice, ...]] = {}
        """The slices of panes whose rows nobody needs any more, until they are removed."""
        self._waiting: dict[GroupKey, list[Any]] = {}
        """Events in groups so small that they wait for more before they are folded."""
        self._waiting_events = 0
        self._pending: dict[GroupKey, Folded] = {}
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
    def watermark_ms(self) -> int:
        """The arrival time that has been reached, in epoch milliseconds."""
        return self._sorter.watermark_ms

    def take_ages_s(self) -> list[float]:
        """Ages at arrival, in seconds, of some of the events accepted since the last call."""
        ages_s, self._sorter.ages_s = self._sorter.ages_s, []
        return ages_s

    @property
    def lag_s(self) -> int:
        """The seconds after which nearly all events have arrived; 0 also if no event is known.

        See :mod:`kpistream.core.measuring.lags`.
        """
        return self.ledger.lags.quantile(USUAL)

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
        pane, part = pane_row_of(name)
        if not self._tiers.has_width(abs(pane[0])):
            return
        self._held = max(self._held, row.fence)
        rows = self._rows.setdefault(pane, {})
        held = rows.get(part)
        if held is None:
            self._births.setdefault(pane, Counter())[row.born] += 1
        if held is None or row.fence > _thawed(held).fence:
            rows[part] = value

    def _resume(self, offset: int | None) -> None:
        """Take up the state as of ``offset``, the first that is read (again); None: nothing is."""
        runs = self._read_restored()
        if offset is None:
            offset = self._held + 1
        self._resumed = True
        self.ledger.forget(offset)
        watermark_ms = self._sorter.watermark_ms = self.ledger.watermark_below(offset)
        self._sorter.seen.restore(runs, offset, watermark_ms)
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
            self._sorter.reach(self.ledger.watermark_below(self._held + 1))
        for lot in _lots(records):
            if lot[0].offset // EPOCH != self._offset // EPOCH:
                self._settle()
            self._enter(self._sorter.sort(lot, now_ms))
            self._offset = lot[-1].offset

    def _enter(self, lot: Sorted) -> None:
        self._enter_outcomes(lot)
        if lot.accepted < _SMALL_GROUP * len(lot.groups):
            self._let_wait(lot)
        for key, folded in self._folded(lot):
            self._note_pending(key, folded)

    def _let_wait(self, lot: Sorted) -> None:
        """Fold small groups later, with the events of further lots: to fold one event costs most.

        Few of them at a time are kept, for events take far more memory than sums.
        """
        for key, events in lot.groups.items():
            waiting = self._waiting.get(key)
            if waiting is None:
                self._waiting[key] = events
            else:
                waiting += events
            self._waiting_events += len(events)
        lot.groups.clear()
        if self._waiting_events >= _MOST_WAITING:
            self._fold_waiting()

    def _fold_waiting(self) -> None:
        for key, events in self._waiting.items():
            self._note_pending(key, self._fold(events))
        self._waiting, self._waiting_events = {}, 0

    def _note_pending(self, key: GroupKey, folded: Folded) -> None:
        pending = self._pending.get(key)
        if pending is None:
            self._pending[key] = folded
        else:
            _add(pending, folded)

    def _folded(self, lot: Sorted) -> Iterator[tuple[GroupKey, Folded]]:
        """What the events of a lot come to, by the finest key."""
        for key, events in lot.groups.items():
            yield key, self._fold(events)
        for spread in lot.spreads:
            weights = [weight for _, weight in spread.parts]
            shares = split(self._fold([spread.event]), weights, self._measures)
            for (pane, _), share in zip(spread.parts, shares, strict=True):
                yield (*pane, spread.values), share

    def _enter_outcomes(self, lot: Sorted) -> None:
        if accepted := lot.accepted:
            self.ledger.enter(Outcome.accepted, None, accepted)
        for (outcome, reason), records in lot.counts.items():
            self.ledger.enter(outcome, reason, records)
        self._enter_lags(lot)
        self._dead_letters += lot.dead_letters

    def _enter_lags(self, lot: Sorted) -> None:
        lags, arrived_s = self.ledger.lags, self.watermark_ms / 1000
        lags.add(lot.lags_s, 1, arrived_s)
        if lot.sampled:
            lags.add(lot.sampled_lags_s, lot.sampled / len(lot.sampled_lags_s), arrived_s)

    def _measure_again(self, record: Record, now_ms: int) -> None:
        """Measure a record that some rows may include already."""
        offset = record.offset
        self._sorter.reach(self.ledger.watermark_below(offset))
        lot = self._sorter.sort([record], now_ms)
        if offset > self.ledger.fence:
            self._enter_outcomes(lot)
        for (width, start, values), folded in self._folded(lot):
            pane, came_to = (width, start), _divided(folded)
            for one in self._plan.slicing.slices_of(values):
                part, row = self._row(pane, one, offset)
                if offset > row.fence:
                    row.add(*came_to)
                    self._dirty[pane, part] = row
        self._offset = offset

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
        self._sorter.reach(self._claimed_ms)
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
        rows += [self._table.put(run.key, encode_run(run)) for run in self._sorter.seen.drain()]
        rows.append(self._table.replace(*self.ledger.row(self._offset)))
        for name in self._forget(self.ledger.watermark_below(committed)):
            self._table.remove(name)
        dead_letters, self._dead_letters = self._dead_letters, []
        mark = Mark(*self.source, self.watermark_ms, self._offset, self.lag_s)
        return Flush(self.source, self._offset, dead_letters, partials, rows, mark)

    def _settle(self) -> None:
        """Spread what was folded into the finest keys over the slices' rows."""
        self._fold_waiting()
        slices_of = self._plan.slicing.slices_of
        for (width, start, values), folded in self._pending.items():
            pane, came_to = (width, start), _divided(folded)
            for one in slices_of(values):
                part, row = self._row(pane, one, self._offset)
                row.add(*came_to)
                self._dirty[pane, part] = row
        self._pending = {}

    def _row(self, pane: Pane, part: Slice, offset: int) -> tuple[Slice, _Row]:
        """The row that a record at ``offset`` belongs to, and the slice that it stands for."""
        rows = self._rows.get(pane)
        if rows is None:
            rows = self._rows[pane] = {}
        row = rows.get(part)
        epoch = offset // EPOCH
        if row is None and self._is_full(pane, epoch):
            part = tuple((dimension, OTHER) for dimension, _ in part)
            row = rows.get(part)
        if type(row) is _Row:
            return part, row
        if pane in self._resting:
            raise RuntimeError(f"pane {pane} got an event that is not late after all")
        if row is None:
            self._births.setdefault(pane, Counter())[epoch] += 1
        row = rows[part] = _Row({}, -1, epoch) if row is None else _thawed(row)
        return part, row

    def _is_full(self, pane: Pane, epoch: int) -> bool:
        """Whether a pane takes no more slices: there were too many before this epoch already.

        That follows from the log alone, whatever was flushed when.
        """
        most = self._plan.max_pane_slices
        if len(self._rows[pane]) < most:
            return False
        return sum(n for born, n in self._births[pane].items() if born < epoch) >= most

    def _encode_dirty(self) -> tuple[list[tuple[bytes, bytes]], list[TableRow]]:
        offset = self._offset
        rows: list[TableRow] = []
        panes: dict[Slice, list[_PanePart]] = {}
        for (pane, part), row in self._dirty.items():
            row.fence = offset
            value = row.value()
            encoded = _encode_row(value)
            rows.append(self._table.put(pane_row_name(pane, part), encoded))
            panes.setdefault(part, []).append((*pane, value.sums, row.take_crowds()))
            if pane[0] < 0:
                self._rows[pane][part] = encoded
        self._dirty = {}
        self._rest()
        topic, partition = self.source
        partials = [
            (slice_key(part), encode_partial(Partial(topic, partition, offset, batch)))
            for part, held in panes.items()
            for batch in _batches(held)
        ]
        return partials, rows

    def _rest(self) -> None:
        """Let go of the rows of panes for which only late events can come: of all but their names.

        Until all is measured again that some row includes, their fences are needed.
        """
        if self._offset < self._held:
            return
        for pane in [p for p in self._rows if p[0] > 0 and self.watermark_ms > late_from_ms(p)]:
            self._resting[pane] = tuple(self._rows.pop(pane))
            self._births.pop(pane, None)

    def _forget(self, committed_watermark_ms: int) -> Iterable[bytes]:
        closes_at_s = self._tiers.closes_at_s
        panes = {*self._rows, *self._resting}
        for pane in [p for p in panes if closes_at_s(whole(p)) * 1000 < committed_watermark_ms]:
            self._births.pop(pane, None)
            for part in (*self._rows.pop(pane, ()), *self._resting.pop(pane, ())):
                yield pane_row_name(pane, part)
        yield from self._sorter.seen.forget(committed_watermark_ms)


def _thawed(row: _Row | bytes) -> _Row:
    if type(row) is _Row:
        return row
    value = _decode_row(cast(bytes, row))
    return _Row(value.sums, value.fence, value.born)


def _divided(folded: Folded) -> tuple[Sums, Crowds]:
    """Sums, and people as sketches: made once for all slices that they belong to."""
    sums: Sums = {}
    crowds: Crowds = {}
    for name, amount in folded.items():
        if type(amount) is int:
            sums[name] = amount
        else:
            crowds[name] = sketch_of(cast(set[int], amount))
    return sums, crowds


def _add(pending: Folded, more: Folded) -> None:
    for name, amount in more.items():
        held = pending.get(name)
        if held is None:
            pending[name] = amount
        elif type(held) is int:
            pending[name] = held + cast(int, amount)
        else:
            cast(set[int], held).update(cast(set[int], amount))


def _lots(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Records in lots, each of one epoch."""
    start = 0
    while start < len(records):
        end = min(start + LOT, len(records))
        last = (records[start].offset // EPOCH + 1) * EPOCH - 1
        if records[end - 1].offset > last:
            end = bisect_right(records, last, start, end, key=attrgetter("offset"))
        yield records[start:end]
        start = end


def _batches(panes: list[_PanePart]) -> Iterator[list[_PanePart]]:
    """Panes in lots that fit a record; at least one a lot."""
    lot: list[_PanePart] = []
    room = 0
    for pane in panes:
        taken = len(pane[2]) + sum(map(len, pane[3].values())) // _SKETCH_BYTES_A_SUM
        if lot and (len(lot) == MAX_PANES or room + taken > MAX_SUMS):
            yield lot
            lot, room = [], 0
        lot.append(pane)
        room += taken
    if lot:
        yield lot
