"""History: what slices came to, hour by hour, over the last weeks.

What is unusual on a Tuesday at nine follows from what other Tuesdays at nine had. So once an hour
of UTC is over and late events have had their time, its sums are recorded, and kept for eight weeks
and the one that goes on. An hour of which nothing is known for sure is a gap, and never taken for
one in which nothing occurred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final, Protocol

import msgspec

from kpistream.core.alerting.past.history_day import (
    DAY_S,
    SLOT_S,
    HistoryDay,
    decode_day,
    encode_day,
)
from kpistream.core.measuring.owned_rows import OwnedRows, Row, row_name
from kpistream.core.measuring.partials import Sums
from kpistream.core.slices import Slice, set_of, slice_from_key, slice_key
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import ALL_TIERS

HISTORY_PREFIX: Final = b"w"
"""Of the keys of its rows, for weeks."""

WEEKS: Final = 8
"""How many weeks back history is complete, unless it has gaps or is younger."""

KEPT_S: Final = (WEEKS + 1) * 7 * DAY_S

LOOKS_A_CALL: Final = 100
"""How many slots of slices are recorded at once, so that no beat takes long."""

LOOK_BACK_S: Final = max(tier.reach_s for tier in ALL_TIERS if SLOT_S % tier.width_s == 0)
"""How far back panes may be that fit into slots; further back there is no need to look."""

MOST_STRETCH: Final = 0.1
"""The part of a span by which it may be longer or shorter in another week."""

_FORMAT: Final = 1


class Summing(Protocol):
    """Where sums come from: a merger."""

    @property
    def slices(self) -> Iterable[Slice]:
        """The slices of which anything is known."""

    def sums_between(self, part: Slice, lo_s: int, hi_s: int) -> Sums | None:
        """A slice's sums over a span of epoch seconds; None where they would not be exact."""


class _Row(msgspec.Struct, frozen=True, array_like=True):
    version: int
    day: bytes


_encode_row = msgspec.msgpack.Encoder().encode
_decode_row = msgspec.msgpack.Decoder(_Row).decode
_NOTHING_READ: Final = _Row(-1, encode_day(HistoryDay()))


class History:
    """The sums of measures by slice and slot: an hour of UTC, named by the second it starts at.

    Sums of money are per currency, as views have them: `revenue@EUR`, and `revenue@*` for what
    others are worth. Numbers of people are estimates, and levels are what they were at the edge:
    neither adds up over more than one slot.
    """

    def __init__(
        self,
        wanted: Mapping[tuple[str, ...], frozenset[str]],
        days: Days,
        owner: bytes = b"",
        most_slices: int = 1000,
        settle_s: int = 3600,
    ) -> None:
        """Record the ``wanted`` measures of the slices with these sets of dimensions.

        Weeks are those of ``days``. ``owner`` names this ownership of the partition, and no other.
        Beyond ``most_slices`` there is no room, first come. A slot is recorded when it ended
        ``settle_s`` seconds ago; what arrives after that is not in it.
        """
        self._wanted = {names: measures for names, measures in wanted.items() if measures}
        self._clocks = days
        self._most_slices = most_slices
        self._settle_s = settle_s
        self._days: dict[Slice, dict[int, bytes]] = {}
        """By slice and number of a day since the epoch, days at rest."""
        self._due = -1
        """The newest slot to be recorded."""
        self._next: dict[Slice, int] = {}
        """By slice, those without a history yet included, the first slot not looked at."""
        self._waiting: dict[Slice, None] = {}
        """Slices with slots to look at, those that have waited longest first."""
        self._table = OwnedRows(owner)
        self._restored: dict[bytes, bytes] = {}
        self._dirty: dict[tuple[Slice, int], None] = {}

    def __len__(self) -> int:
        """How many slices have a history."""
        return len(self._days)

    def knows(self, part: Slice) -> bool:
        """Whether a slice has a history."""
        return part in self._days

    @property
    def left_out(self) -> int:
        """How many slices with wanted measures there was no room for."""
        return len(self._next.keys() - self._days.keys()) if self._is_full else 0

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable; None says that it was removed."""
        self._table.restore(key, value)
        if value is None:
            self._restored.pop(key, None)
        else:
            self._restored[key] = value

    def restored(self) -> None:
        """Finish restoring: where copies of a day differ, the row of the larger version is right.

        What is not wanted any more is removed.
        """
        rows = [(row_name(key), _read(value)) for key, value in self._restored.items()]
        for name, row in sorted(rows, key=lambda one: one[1].version):
            part, number = _day_of(name)
            if set_of(part) in self._wanted:
                self._take_up(part, number, row.day)
            else:
                self._table.remove(name)
        self._restored = {}
        oldest_first = sorted(self._days, key=lambda part: min(self._days[part]))
        for part in oldest_first[self._most_slices :]:
            self._forget(part)

    def _take_up(self, part: Slice, number: int, newer: bytes) -> None:
        days = self._days.setdefault(part, {})
        older = days.get(number)
        if older is None:
            days[number] = newer
            return
        day = decode_day(older)
        day.take(decode_day(newer))
        days[number] = encode_day(day)

    # -- learning ----------------------------------------------------------------------------------

    def learn(self, merger: Summing, now_s: float) -> None:
        """Record the slots that are due, a few at a time; nothing is done if there are none.

        ``now_s`` is the arrival time that every source has reached: of a slot that some source has
        yet to measure, nothing can be said. Not to be called while messages are read again.
        """
        due = int((now_s - self._settle_s) // SLOT_S) * SLOT_S - SLOT_S
        if due > self._due:
            self._due = due
            self._note_due(merger.slices)
        looks = LOOKS_A_CALL
        while self._waiting and looks > 0:
            part = next(iter(self._waiting))
            looks -= self._look(merger, part, looks)
            if self._next[part] > self._due:
                del self._waiting[part]

    def _note_due(self, slices: Iterable[Slice]) -> None:
        """Let all slices wait, those that do so already before the others."""
        parts = dict.fromkeys(self._days)
        parts.update(dict.fromkeys(part for part in slices if set_of(part) in self._wanted))
        self._next = {part: self._next.get(part, 0) for part in parts}
        self._waiting = {p: None for p in (*self._waiting, *parts) if p in parts}

    def _look(self, merger: Summing, part: Slice, most: int) -> int:
        """Record slots of a slice; how many were looked at."""
        self._forget_old_days(part)
        slot = first = max(self._next[part], self._due - LOOK_BACK_S, self._begin(part))
        while slot <= self._due and slot - first < most * SLOT_S:
            self._learn_slot(merger, part, slot)
            slot += SLOT_S
        self._next[part] = slot
        return max(1, (slot - first) // SLOT_S)

    def _begin(self, part: Slice) -> int:
        """The first slot of a slice's history: before it, the slice may not have been there."""
        days = self._days.get(part)
        if not days:
            return 0
        number = min(days)
        return number * DAY_S + decode_day(days[number]).first_slot * SLOT_S

    def _learn_slot(self, merger: Summing, part: Slice, slot: int) -> None:
        """Record a slot unless it is known already; the first of a slice has something in it."""
        measures = self._wanted[set_of(part)]
        number, hour = divmod(slot // SLOT_S, DAY_S // SLOT_S)
        is_new = part not in self._days
        day = self._day(part, number)
        if (is_new and self._is_full) or day.read(hour, measures) is not None:
            return
        sums = merger.sums_between(part, slot, slot + SLOT_S)
        if sums is None or (is_new and not any(sums.values())):
            return
        day.write(hour, measures, sums)
        self._days.setdefault(part, {})[number] = encode_day(day)
        self._dirty[part, number] = None

    @property
    def _is_full(self) -> bool:
        return len(self._days) >= self._most_slices

    def _forget_old_days(self, part: Slice) -> None:
        """Forget days that are too old; all of a slice in which nothing has occurred since."""
        days = self._days.get(part, {})
        oldest = (self._due + SLOT_S - KEPT_S) // DAY_S
        old = [number for number in days if number < oldest]
        for number in old:
            self._forget_day(part, number)
        if old and all(decode_day(day).is_empty for day in days.values()):
            self._forget(part)

    def _forget(self, part: Slice) -> None:
        for number in list(self._days[part]):
            self._forget_day(part, number)
        del self._days[part]

    def _forget_day(self, part: Slice, number: int) -> None:
        del self._days[part][number]
        self._dirty.pop((part, number), None)
        self._table.remove(_day_name(part, number))

    # -- reading -----------------------------------------------------------------------------------

    def slots(
        self, part: Slice, lo_s: int, hi_s: int, measures: frozenset[str] | None = None
    ) -> list[tuple[int, Sums | None]]:
        """The slots that any of a span lies in, oldest first; None is a gap, and {} nothing.

        A slot is a gap unless all the ``measures`` were recorded in it: by default those wanted.
        """
        wanted = self._measures(part, measures)
        found: list[tuple[int, Sums | None]] = []
        day, number = HistoryDay(), -1
        for slot in range(lo_s // SLOT_S, -(-hi_s // SLOT_S)):
            if slot * SLOT_S // DAY_S != number:
                number = slot * SLOT_S // DAY_S
                day = self._day(part, number)
            found.append((slot * SLOT_S, day.read(slot % (DAY_S // SLOT_S), wanted)))
        return found

    def weeks(
        self,
        part: Slice,
        lo_s: int,
        hi_s: int,
        back: int = WEEKS,
        skip: Callable[[date], bool] | None = None,
        measures: frozenset[str] | None = None,
    ) -> list[Sums]:
        """What a span had in each of the weeks before, newest first: by the same local clocks.

        Of a slot that lies partly in the span that part is counted, as if events came evenly;
        sums are rounded, halves up. A week is left out if it has a gap, if ``skip`` holds for one
        of its dates, or if the clocks are changed in it so that it is not comparable: by more than
        :data:`MOST_STRETCH` longer or shorter than the span.
        """
        spans = (self._weeks_before(lo_s, hi_s, n) for n in range(1, back + 1))
        usable = (s for s in spans if _is_like(s, hi_s - lo_s) and not self._is_skipped(s, skip))
        found = (self._between(part, *span, measures) for span in usable)
        return [sums for sums in found if sums is not None]

    def _weeks_before(self, lo_s: int, hi_s: int, weeks: int) -> tuple[int, int]:
        clocks, ago = self._clocks, timedelta(days=7 * weeks)
        return clocks.instant(clocks.wall(lo_s) - ago), clocks.instant(clocks.wall(hi_s) - ago)

    def _is_skipped(self, span: tuple[int, int], skip: Callable[[date], bool] | None) -> bool:
        if skip is None:
            return False
        first, last = self._clocks.date(span[0]), self._clocks.date(span[1] - 1)
        return any(skip(first + timedelta(days=n)) for n in range((last - first).days + 1))

    def _between(
        self, part: Slice, lo_s: int, hi_s: int, measures: frozenset[str] | None
    ) -> Sums | None:
        """The sums over a span; None if there is a gap in it."""
        weighted: Sums = {}
        for start, sums in self.slots(part, lo_s, hi_s, measures):
            if sums is None:
                return None
            inside_s = min(hi_s, start + SLOT_S) - max(lo_s, start)
            for key, amount in sums.items():
                weighted[key] = weighted.get(key, 0) + amount * inside_s
        return {key: (2 * amount + SLOT_S) // (2 * SLOT_S) for key, amount in weighted.items()}

    def _measures(self, part: Slice, measures: frozenset[str] | None) -> frozenset[str]:
        return self._wanted.get(set_of(part), frozenset()) if measures is None else measures

    def _day(self, part: Slice, number: int) -> HistoryDay:
        held = self._days.get(part, {}).get(number)
        return HistoryDay() if held is None else decode_day(held)

    # -- flushing ----------------------------------------------------------------------------------

    def drain(self, version: int) -> list[Row]:
        """The rows that must become durable since the last call, a row a slice and day.

        ``version`` is the offset up to which all that was learned from is in; of two owners' rows
        the larger one wins.
        """
        rows = self._table.begin()
        for part, number in self._dirty:
            row = _Row(version, self._days[part][number])
            value = bytes([_FORMAT]) + _encode_row(row)
            rows.append(self._table.put(_day_name(part, number), value))
        self._dirty = {}
        return rows


def _is_like(span: tuple[int, int], length_s: int) -> bool:
    """Whether a span is one, and about so many seconds long."""
    found_s = span[1] - span[0]
    return found_s > 0 and abs(found_s - length_s) <= MOST_STRETCH * length_s


def _read(value: bytes) -> _Row:
    """A row; one that another version of the program wrote in another format says nothing."""
    return _decode_row(value[1:]) if value[:1] == bytes([_FORMAT]) else _NOTHING_READ


def _day_name(part: Slice, number: int) -> bytes:
    return b"%b%d|%b" % (HISTORY_PREFIX, number, slice_key(part))


def _day_of(name: bytes) -> tuple[Slice, int]:
    number, part = name.removeprefix(HISTORY_PREFIX).split(b"|", 1)
    return slice_from_key(part), int(number)
