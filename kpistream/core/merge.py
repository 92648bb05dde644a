"""Merging: the one owner of each slice adds up what all sources have contributed to it.

The state of a partition of the partials topic is rows, one a slice and pane. A row holds, per
source, the newest partial; once no source can change a pane any more, its row is folded into the
next coarser pane, which names the panes it holds, so that doing it twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final

import msgspec

from kpistream.core.owned_rows import OwnedRows, Row, pane_row_name, pane_row_of, row_name
from kpistream.core.panes import Pane, Tiers
from kpistream.core.partials import Mark, Partial, Source, Sums, add, difference
from kpistream.core.slices import Slice
from kpistream.core.windows import Window

META_KEY: Final = b"meta"


class _PaneRow(msgspec.Struct, array_like=True):
    """A slice's pane: live partials by source, what was folded into it, and from which panes."""

    live: dict[str, tuple[int, Sums]]
    base: Sums
    held: list[tuple[int, int]]
    version: int = -1
    """The offset of the partials topic up to which the row includes everything."""


class _Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far every source is known to have been measured, and the time reached, at an offset."""

    now_ms: int
    marks: list[tuple[str, int, int]]
    version: int


class _Meta(msgspec.Struct, frozen=True, array_like=True):
    """The progress at a flush, and at the one before: all rows of that one are durable."""

    newest: _Progress
    before: _Progress


_encode = msgspec.json.Encoder().encode
_decode_row = msgspec.json.Decoder(_PaneRow).decode
_decode_meta = msgspec.json.Decoder(_Meta).decode


class _SliceState:
    """A slice's panes, and the sums of the windows over them as far as they are known."""

    __slots__ = ("before", "current", "panes")

    def __init__(self, windows: int) -> None:
        self.panes: dict[Pane, _PaneRow] = {}
        self.current: list[Sums | None] = [None] * windows
        self.before: list[Sums | None] = [None] * windows


class Merger:
    """The slices of one partition of the partials topic, and the time in it."""

    def __init__(
        self,
        tiers: Tiers,
        windows: Sequence[Window],
        sources: Iterable[Source],
        owner: bytes = b"",
    ) -> None:
        """Wait for the marks of all ``sources`` before a pane is taken to be complete.

        ``owner`` names this ownership of the partition, and no other.
        """
        self.now_ms = 0
        self.stale_panes = 0
        """Panes sent again after they were closed: already in, so left out."""
        self._tiers = tiers
        self._windows = tuple(windows)
        self._starts_s = [0] * len(self._windows)
        self._watermarks: dict[Source, int] = dict.fromkeys(sources, 0)
        self._closed_ms = 0
        self._slices: dict[Slice, _SliceState] = {}
        self._dirty: dict[tuple[Slice, Pane], _PaneRow] = {}
        self._gone: list[bytes] = []
        self._table = OwnedRows(owner)
        self._restored: dict[bytes, bytes] = {}
        self._progress = _Progress(0, [], -1)
        self._not_yet_sure: dict[bytes, _Progress] = {}
        self._held = -1
        self._offset = -1
        self._flushed = -1

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable; None says that it was removed."""
        if self._table.restore(key, value) == META_KEY:
            if value is not None:
                self._restore_meta(key, _decode_meta(value))
        elif value is None:
            self._restored.pop(key, None)
        else:
            self._restored[key] = value

    def _restore_meta(self, key: bytes, meta: _Meta) -> None:
        self._held = max(self._held, meta.newest.version)
        self._not_yet_sure[key] = meta.newest
        self._take_up(meta.before)

    def _take_up(self, progress: _Progress) -> None:
        self.now_ms = max(self.now_ms, progress.now_ms)
        for topic, partition, watermark_ms in progress.marks:
            self.mark(Mark(topic, partition, watermark_ms, -1))
        self._progress = max(self._progress, progress, key=lambda one: one.version)
        self._closed_ms = self._complete_until_ms()

    def restored(self) -> None:
        """Finish restoring: drop the rows that a coarser row holds already."""
        for key, value in self._restored.items():
            self._restore_row(*pane_row_of(row_name(key)), _decode_row(value))
        self._restored = {}
        for part, state in self._slices.items():
            held = {child for row in state.panes.values() for child in row.held}
            for pane in [p for p in state.panes if self._is_held(p, held)]:
                del state.panes[pane]
                self._gone.append(pane_row_name(pane, part))
        self._move_windows()

    def resume(self, offset: int) -> None:
        """Take up the progress as of ``offset``, the first message that is read (again).

        That of a flush which may be durable in part must wait for the messages that led to it: with
        it alone, a pane that is read again would be taken for a complete one.
        """
        if not self._not_yet_sure:
            return
        for progress in self._not_yet_sure.values():
            if progress.version < offset:
                self._take_up(progress)
        self._not_yet_sure = {}
        self._move_windows()

    def _restore_row(self, pane: Pane, part: Slice, row: _PaneRow) -> None:
        """Take up a row; of several copies, the newest partials and the most panes folded stay."""
        if not self._tiers.has_width(pane[0]):
            return
        self._held = max(self._held, row.version)
        panes = self._state(part).panes
        other = panes.get(pane)
        panes[pane] = row if other is None else _joined(row, other)

    def _is_held(self, pane: Pane | None, held: Container[Pane]) -> bool:
        while pane is not None:
            if pane in held:
                return True
            pane = self._tiers.parent(pane)
        return False

    # -- merging -----------------------------------------------------------------------------------

    def merge(self, part: Slice, partial: Partial) -> None:
        """Take in a partial, unless a newer one of its source is already in."""
        source = f"{partial.topic}|{partial.partition}"
        state = self._state(part)
        for width, start, sums in partial.panes:
            pane = (width, start)
            row = state.panes.get(pane)
            if row is None:
                if not self._is_open(pane) or self._is_folded(state, pane):
                    self.stale_panes += 1
                    continue
                row = state.panes[pane] = _PaneRow({}, {}, [])
            old = row.live.get(source)
            if old is not None and old[0] >= partial.fence:
                continue
            row.live[source] = (partial.fence, sums)
            self._shift(state, pane, difference(sums, old[1]) if old else sums)
            self._dirty[part, pane] = row

    def _is_open(self, pane: Pane) -> bool:
        if not self._tiers.has_width(pane[0]):
            return False
        return self._tiers.closes_at_s(pane) * 1000 >= self._closed_ms

    def _is_folded(self, state: _SliceState, pane: Pane) -> bool:
        """Whether a coarser pane holds this one, so that it is in although its row is gone."""
        child, parent = pane, self._tiers.parent(pane)
        while parent is not None:
            row = state.panes.get(parent)
            if row is not None and child in row.held:
                return True
            child, parent = parent, self._tiers.parent(parent)
        return False

    def mark(self, mark: Mark) -> None:
        """Learn how far a source has been measured."""
        source = (mark.topic, mark.partition)
        known = self._watermarks.get(source)
        if known is not None and mark.watermark_ms > known:
            self._watermarks[source] = mark.watermark_ms

    def reached(self, offset: int) -> None:
        """Note that every record of the partials partition up to ``offset`` is in."""
        self._offset = max(self._offset, offset)

    def advance(self, now_ms: int) -> None:
        """Move time on to ``now_ms``; it never goes back."""
        if now_ms <= self.now_ms:
            return
        self.now_ms = now_ms
        self._move_windows()
        self._close()

    def _shift(self, state: _SliceState, pane: Pane, delta: Sums) -> None:
        for index, window in enumerate(self._windows):
            start = self._starts_s[index]
            current, before = state.current[index], state.before[index]
            if current is not None and window.holds(pane, start):
                add(current, delta)
            elif before is not None and window.held_before(pane, start):
                add(before, delta)

    def _move_windows(self) -> None:
        now_s = self.now_ms / 1000
        for index, window in enumerate(self._windows):
            start = window.start_s(now_s)
            if start != self._starts_s[index]:
                self._starts_s[index] = start
                for state in self._slices.values():
                    state.current[index] = state.before[index] = None

    # -- closing -----------------------------------------------------------------------------------

    def _close(self) -> None:
        """Fold the panes that no source can change any more into coarser ones; drop the oldest."""
        closed_ms = self._complete_until_ms()
        if closed_ms // 10_000 == self._closed_ms // 10_000:
            return
        self._closed_ms = closed_ms
        for part, state in list(self._slices.items()):
            self._close_slice(part, state, closed_ms)
            if not state.panes:
                del self._slices[part]

    def _complete_until_ms(self) -> int:
        """The time that every source has reached, as far as it is past already."""
        return min(self.now_ms, *self._watermarks.values()) if self._watermarks else 0

    def _close_slice(self, part: Slice, state: _SliceState, closed_ms: int) -> None:
        for pane in sorted(state.panes):
            parent = self._tiers.parent(pane)
            last = pane if parent is None else (pane[0], sum(parent) - pane[0])
            if self._tiers.closes_at_s(last) * 1000 >= closed_ms:
                continue
            row = state.panes.pop(pane)
            self._dirty.pop((part, pane), None)
            self._gone.append(pane_row_name(pane, part))
            if parent is not None:
                self._fold_into(state, part, parent, pane, row)

    def _fold_into(
        self, state: _SliceState, part: Slice, parent: Pane, pane: Pane, row: _PaneRow
    ) -> None:
        into = state.panes.get(parent)
        if into is None:
            into = state.panes[parent] = _PaneRow({}, {}, [])
        add(into.base, _total(row))
        into.held.append(pane)
        self._dirty[part, parent] = into

    # -- reading -----------------------------------------------------------------------------------

    @property
    def slices(self) -> Iterable[Slice]:
        """The slices that have panes."""
        return self._slices.keys()

    @property
    def panes_held(self) -> int:
        """How many rows, one a slice and pane, are held."""
        return sum(len(state.panes) for state in self._slices.values())

    def sums(self, part: Slice, window: int, *, before: bool = False) -> Sums:
        """A slice's sums over the window of this index, or the window before it; do not change."""
        state = self._slices.get(part)
        if state is None:
            return {}
        views = state.before if before else state.current
        found = views[window]
        if found is None:
            found = views[window] = self._sum_panes(state, window, before)
        return found

    def _sum_panes(self, state: _SliceState, index: int, before: bool) -> Sums:
        window, start = self._windows[index], self._starts_s[index]
        belongs = window.held_before if before else window.holds
        sums: Sums = {}
        for pane, row in state.panes.items():
            if belongs(pane, start):
                add(sums, row.base)
                for _, contributed in row.live.values():
                    add(sums, contributed)
        return sums

    def silent_topics(self, silence_ms: int) -> set[str]:
        """The topics with a partition measured less far than ``silence_ms`` before now."""
        oldest = self.now_ms - silence_ms
        return {topic for (topic, _), at in self._watermarks.items() if at < oldest}

    # -- flushing ----------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """The offset of the partials topic up to which everything is in, in some row at least."""
        return max(self._offset, self._held)

    @property
    def is_replaying(self) -> bool:
        """Whether rows may be of different ages, until what the newest includes was read again."""
        return self._offset < self._held

    def drain(self) -> list[Row]:
        """The rows that must become durable since the last call; empty if there are none."""
        if self._offset == self._flushed and not self._dirty:
            return []
        self._flushed = self._offset
        rows = self._table.begin()
        for (part, pane), row in self._dirty.items():
            row.version = self.version
            rows.append(self._table.put(pane_row_name(pane, part), _encode(row)))
        for name in self._gone:
            self._table.remove(name)
        self._dirty, self._gone = {}, []
        marks = [(*source, at) for source, at in self._watermarks.items()]
        before, self._progress = self._progress, _Progress(self.now_ms, marks, self.version)
        rows.append(self._table.replace(META_KEY, _encode(_Meta(self._progress, before))))
        return rows

    def _state(self, part: Slice) -> _SliceState:
        state = self._slices.get(part)
        if state is None:
            state = self._slices[part] = _SliceState(len(self._windows))
        return state


def _joined(row: _PaneRow, other: _PaneRow) -> _PaneRow:
    """What two owners' copies of a row come to."""
    live = dict(row.live)
    for source, partial in other.live.items():
        if source not in live or live[source][0] < partial[0]:
            live[source] = partial
    folded = row if len(row.held) > len(other.held) else other
    return _PaneRow(live, folded.base, folded.held, max(row.version, other.version))


def _total(row: _PaneRow) -> Sums:
    sums = dict(row.base)
    for _, contributed in row.live.values():
        add(sums, contributed)
    return sums
