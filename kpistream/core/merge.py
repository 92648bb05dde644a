"""Merging: the one owner of each slice adds up what all sources have contributed to it.

The state of a partition of the partials topic is rows, one a slice and pane. A row holds, per source,
the newest partial; once no source can change a pane any more, its row is folded into the next coarser
pane, which names the panes it holds, so that doing it twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from kpistream.core.panes import Pane, Tiers
from kpistream.core.partials import Mark, Partial, Source, Sums, add, difference
from kpistream.core.slices import Slice, slice_from_key, slice_key
from kpistream.core.windows import Window

META_KEY: Final = b"meta"


class _PaneRow(msgspec.Struct, array_like=True):
    """A slice's pane: live partials by source, what was folded into it, and from which panes."""

    live: dict[str, tuple[int, Sums]]
    base: Sums
    held: list[tuple[int, int]]
    version: int = -1
    """The offset of the partials topic up to which the row includes everything."""


class _Meta(msgspec.Struct, array_like=True):
    """How far every source is known to have been measured, and the time reached."""

    now_ms: int
    marks: list[tuple[str, int, int]]
    version: int


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

    def __init__(self, tiers: Tiers, windows: Sequence[Window], sources: Iterable[Source]) -> None:
        """Wait for the marks of all ``sources`` before a pane is taken to be complete."""
        self.now_ms = 0
        self.stale_panes = 0
        """Panes sent again after they were closed: already in, so left out."""
        self._tiers = tiers
        self._windows = tuple(windows)
        self._starts_s = [0] * len(self._windows)
        self._watermarks: dict[Source, int] = dict.fromkeys(sources, 0)
        self._closed_ms = 0
        self._slices: dict[Slice, _SliceState] = {}
        self._dirty: dict[tuple[Slice, Pane], _PaneRow | None] = {}
        self._offset = -1
        self._flushed = -1

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable; of two, the newer version stays."""
        if key == META_KEY:
            if value is not None:
                self._restore_meta(_decode_meta(value))
            return
        pane, part = _row_from_key(key)
        if value is None:
            self._remove(part, pane)
        elif self._tiers.has_width(pane[0]):
            row = _decode_row(value)
            panes = self._state(part).panes
            held = panes.get(pane)
            if held is None or row.version >= held.version:
                panes[pane] = row

    def _restore_meta(self, meta: _Meta) -> None:
        self.now_ms = max(self.now_ms, meta.now_ms)
        self._offset = self._flushed = max(self._offset, meta.version)
        for topic, partition, watermark_ms in meta.marks:
            source = (topic, partition)
            if source in self._watermarks:
                self._watermarks[source] = max(self._watermarks[source], watermark_ms)

    def restored(self) -> None:
        """Finish restoring: drop the rows that a coarser row holds already."""
        for part, state in list(self._slices.items()):
            held = {child for row in state.panes.values() for child in map(tuple, row.held)}
            for pane in [p for p in state.panes if self._is_held(p, held)]:
                self._remove(part, pane)
                self._dirty[part, pane] = None
        self._move_windows()
        self._closed_ms = min(self._watermarks.values(), default=0)

    def _is_held(self, pane: Pane | None, held: set[tuple[int, ...]]) -> bool:
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
                if not self._is_open(pane):
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
        closed_ms = min(self._watermarks.values(), default=0)
        if closed_ms // 10_000 == self._closed_ms // 10_000:
            return
        self._closed_ms = closed_ms
        for part, state in list(self._slices.items()):
            self._close_slice(part, state, closed_ms)
            if not state.panes:
                del self._slices[part]

    def _close_slice(self, part: Slice, state: _SliceState, closed_ms: int) -> None:
        for pane in sorted(state.panes):
            parent = self._tiers.parent(pane)
            last = pane if parent is None else (pane[0], sum(parent) - pane[0])
            if self._tiers.closes_at_s(last) * 1000 >= closed_ms:
                continue
            row = state.panes.pop(pane)
            self._dirty[part, pane] = None
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

    def drain(self) -> list[tuple[bytes, bytes | None]]:
        """The rows that must become durable since the last call; empty if there are none."""
        if self._offset == self._flushed and not self._dirty:
            return []
        self._flushed = self._offset
        rows: list[tuple[bytes, bytes | None]] = []
        for (part, pane), row in self._dirty.items():
            if row is not None:
                row.version = self._offset
            rows.append((_row_key(part, pane), None if row is None else _encode(row)))
        self._dirty = {}
        marks = [(*source, at) for source, at in self._watermarks.items()]
        rows.append((META_KEY, _encode(_Meta(self.now_ms, marks, self._offset))))
        return rows

    def _state(self, part: Slice) -> _SliceState:
        state = self._slices.get(part)
        if state is None:
            state = self._slices[part] = _SliceState(len(self._windows))
        return state

    def _remove(self, part: Slice, pane: Pane) -> None:
        state = self._slices.get(part)
        if state is not None:
            state.panes.pop(pane, None)


def _total(row: _PaneRow) -> Sums:
    sums = dict(row.base)
    for _, contributed in row.live.values():
        add(sums, contributed)
    return sums


def _row_key(part: Slice, pane: Pane) -> bytes:
    return b"p%d|%d|%b" % (*pane, slice_key(part))


def _row_from_key(key: bytes) -> tuple[Pane, Slice]:
    width, start, part = key[1:].split(b"|", 2)
    return (int(width), int(start)), slice_from_key(part)

