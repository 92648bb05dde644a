"""Merging: partials of all sources, added up per slice and pane, and read as sums of windows.

The state of a partition of the partials topic is rows, one a slice and pane. A row holds, per
source, the newest partial; once no source can change a pane any more, its row is folded into the
next coarser pane, which names the panes it holds, so that doing it twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from kpistream.core.kpis.measures import ANY_OTHER_CURRENCY
from kpistream.core.measuring.owned_rows import OwnedRows, Row, pane_row_of, row_name
from kpistream.core.measuring.partials import Crowds, Mark, Partial, Source, Sums, add, difference
from kpistream.core.merging.members import Members
from kpistream.core.merging.merge_rules import MergeRules
from kpistream.core.merging.pane_rows import (
    Live,
    PaneRow,
    StoredRow,
    bring_home,
    decode_stored,
    encode_row,
    joined,
    member_of,
    member_source,
    shard_name,
    shard_of,
    shard_pane_name,
    stored,
    thawed,
)
from kpistream.core.merging.pricing import APART, Pricing
from kpistream.core.merging.slice_state import (
    EVER_PREFIX,
    Ever,
    SliceState,
    View,
    decode_ever,
    encode_ever,
    exact_grain_s,
)
from kpistream.core.slices import Slice, slice_from_key, slice_key
from kpistream.core.windows.pane_clock import STEP_MS, PaneClock
from kpistream.core.windows.panes import Pane
from kpistream.core.windows.spans import Span, Spans, Steps

META_KEY: Final = b"meta"

LATE: Final = "~"
"""Marks the late part of a source's panes, after the name of the source."""

REST_S: Final = 60
"""A pane that ended this long ago is rarely touched any more, so its rows are kept as bytes."""

_LONGEST_STEP_S: Final = 900
"""Midnights, at which calendars turn, are multiples of this everywhere."""

_MOST_SHARED: Final = 10_000

_TURN_MS: Final = 60_000
"""How often members that wait for a place are compared with those that have one."""


class _Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far every source is known to have been measured, and the time reached, at an offset."""

    now_ms: int
    marks: list[tuple[str, int, int]]
    version: int
    lags: list[tuple[str, int, int]] = []
    """The lags of sources in seconds, as their marks told them."""


class _Meta(msgspec.Struct, frozen=True, array_like=True):
    """The progress at a flush, and at the one before: all rows of that one are durable."""

    newest: _Progress
    before: _Progress


class Whole(NamedTuple):
    """The sums over a step of time, and whether all that belongs to it could be counted."""

    sums: Sums
    is_whole: bool


_encode_meta = msgspec.json.Encoder().encode
_decode_meta = msgspec.json.Decoder(_Meta).decode


class Merger:
    """The slices of one partition of the partials topic, and the time in it."""

    def __init__(self, rules: MergeRules, sources: Iterable[Source], owner: bytes = b"") -> None:
        """Wait for the marks of all ``sources`` before a pane is taken to be complete.

        ``owner`` names this ownership of the partition, and no other.
        """
        self.now_ms = 0
        self.touched: dict[Slice, set[str]] = {}
        """Slices that got something since this was last cleared, with the topics it came from."""
        self.gone: list[Slice] = []
        """Slices that have nothing left since this was last cleared."""
        self.moved: dict[int, set[Slice]] = {}
        """By index of a window, the slices that it moved on for since this was last cleared."""
        self._rules = rules
        self._tiers = rules.tiers
        self._pricing = Pricing(rules.rates, rules.days, rules.measures)
        self._members = Members(rules.limits)
        self._clock = PaneClock(rules.tiers)
        self._spans = Spans(rules.windows, self._clock)
        self._today_s = 0
        self._watermarks: dict[Source, int] = dict.fromkeys(sources, 0)
        self._lags: dict[Source, int] = {}
        self._names: dict[Source, str] = {}
        self._panes: dict[Pane, Pane] = {}
        self._slices: dict[Slice, SliceState] = {}
        self._away: dict[Slice, dict[Pane, Slice]] = {}
        """Slices with panes that were put into those of `__other__`."""
        self._folded_away: dict[tuple[Slice, Pane], Slice] = {}
        """Such panes that are folded already, until none of their partials can come again."""
        self._is_newly_away = False
        """Whether some were put there since the last flush, so that nothing durable says so yet."""
        self._hot: dict[Pane, dict[Slice, PaneRow]] = {}
        """The rows that are not kept as bytes."""
        self._dirty: dict[tuple[Slice, Pane], set[int]] = {}
        """The rows to be made durable, with the shards that changed."""
        self._dirty_ever: dict[Slice, None] = {}
        self._gone: list[bytes] = []
        self._gone_before: list[bytes] = []
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
        lags = {(topic, partition): lag_s for topic, partition, lag_s in progress.lags}
        for topic, partition, watermark_ms in progress.marks:
            lag_s = lags.get((topic, partition), 0)
            self.mark(Mark(topic, partition, watermark_ms, -1, lag_s))
        self._progress = max(self._progress, progress, key=lambda one: one.version)
        self._clock.closed_ms = self._complete_until_ms()

    def restored(self) -> None:
        """Finish restoring: drop the rows that a coarser row holds already."""
        rows: dict[tuple[Slice, Pane], StoredRow] = {}
        for key, value in self._restored.items():
            name = row_name(key)
            if name[:1] == EVER_PREFIX:
                self._restore_ever(slice_from_key(name[1:]), decode_ever(value))
            else:
                self._restore_row(rows, name, decode_stored(value))
        self._restored = {}
        self._dirty.update(bring_home(rows))
        by_slice: dict[Slice, dict[Pane, StoredRow]] = {}
        for (part, pane), row in rows.items():
            by_slice.setdefault(part, {})[pane] = row
        for part, held in by_slice.items():
            self._restore_slice(part, self._state(part), held)
        for state in self._slices.values():
            add(state.levels, state.ever.levels)
        for part, pane in self._dirty:
            self._row(part, self._slices[part], pane)
        self._move_windows()

    def _restore_row(
        self, rows: dict[tuple[Slice, Pane], StoredRow], name: bytes, row: StoredRow
    ) -> None:
        """Take up a row; of several copies, the newest partials and the most panes folded stay."""
        pane, part = pane_row_of(shard_pane_name(name))
        if not self._tiers.has_width(pane[0]):
            return
        self._held = max(self._held, row.version)
        pane = self._shared(pane)
        other = rows.get((part, pane))
        rows[part, pane] = row if other is None else joined(row, other)

    def _restore_ever(self, part: Slice, ever: Ever) -> None:
        state = self._state(part)
        self._held = max(self._held, ever.version)
        if ever.until_s > state.ever.until_s:
            state.ever = ever

    def _restore_slice(
        self, part: Slice, state: SliceState, rows: Mapping[Pane, StoredRow]
    ) -> None:
        """Take up a slice's rows, but for those in a coarser pane already, or before all panes."""
        folded = {child for row in rows.values() for child in row.held}
        oldest = self._tiers.widths[-1], state.ever.until_s
        events = 0
        for pane, row in rows.items():
            is_past = pane[0] == oldest[0] and pane[1] < oldest[1]
            if is_past or self._is_held(pane, folded):
                self._leave_out(part, pane, row.live)
            else:
                events += self._take_stock(part, state, pane, row.row())
                state.take_up(pane, row)
        self._members.keep(part, events)

    def _leave_out(self, part: Slice, pane: Pane, live: Live) -> None:
        for member in filter(None, map(member_of, live)):
            self._folded_away[member, pane] = part
        self._dirty.pop((part, pane), None)
        self._gone += [shard_name(pane, part, n) for n in {0, *map(shard_of, live)}]

    def _is_held(self, pane: Pane | None, held: Container[Pane]) -> bool:
        while pane is not None:
            if pane in held:
                return True
            pane = self._tiers.parent(pane)
        return False

    def _take_stock(self, part: Slice, state: SliceState, pane: Pane, row: PaneRow) -> int:
        """Note the levels in a row and the members that are in it; the number of its events."""
        total = row.total()
        self._count_levels(state, pane, total)
        for member in filter(None, map(member_of, row.live)):
            self._away.setdefault(member, {})[pane] = part
        return self._events(total)

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

    # -- merging -----------------------------------------------------------------------------------

    def merge(self, part: Slice, partial: Partial) -> None:
        """Take in a partial, unless a newer one of its source is already in."""
        source = self._source(partial)
        for width, start, sums, crowds in partial.panes:
            pane = self._shared((abs(width), start))
            home = self._home(part, pane)
            name = source if width > 0 else source + LATE
            name = name if home == part else member_source(name, part)
            delta = self._merge_pane(home, pane, name, (partial.fence, sums), crowds)
            if delta is None:
                continue
            self.touched.setdefault(home, set()).add(partial.topic)
            if self._rules.limits:
                self._note_member(part, home, pane, delta)

    def _shared(self, pane: Pane) -> Pane:
        """The same pane as one object for all slices."""
        shared = self._panes.get(pane)
        if shared is None:
            if len(self._panes) >= _MOST_SHARED:
                self._panes.clear()
            shared = self._panes[pane] = pane
        return shared

    def _source(self, partial: Partial) -> str:
        source = (partial.topic, partial.partition)
        name = self._names.get(source)
        if name is None:
            name = self._names[source] = f"{partial.topic}|{partial.partition}"
        return name

    def _home(self, part: Slice, pane: Pane) -> Slice:
        """The slice that a pane of ``part`` is kept in: where it is, or else where there is room.

        So all sources agree on it, and nothing ever moves from one slice to another.
        """
        away = self._away.get(part)
        if away is not None and pane in away:
            return away[pane]
        state = self._slices.get(part)
        if state is not None and pane in state.panes:
            return part
        if not self._rules.limits:
            return part
        folded = self._folded_away.get((part, pane))
        if folded is not None:
            return folded
        place = self._members.place(part)
        if place != part and state is not None and self._is_folded(state, pane):
            return part
        return place

    def _note_member(self, part: Slice, home: Slice, pane: Pane, delta: Sums) -> None:
        self._members.weigh(part, self._events(delta))
        if home != part:
            away = self._away.setdefault(part, {})
            self._is_newly_away |= pane not in away
            away[pane] = home

    def _events(self, sums: Sums) -> int:
        counts = self._rules.counts
        return sum(amount for name, amount in sums.items() if name in counts)

    def _merge_pane(
        self, part: Slice, pane: Pane, source: str, newest: tuple[int, Sums], crowds: Crowds
    ) -> Sums | None:
        """What a partial adds to a pane; None if it is in already."""
        state = self._state(part)
        row = self._row(part, state, pane)
        if row is None:
            return None
        old = row.live.get(source)
        if old is not None and old[0] >= newest[0]:
            self._gather(part, state, pane, crowds)
            return None
        row.live[source] = newest
        delta = difference(newest[1], old[1]) if old else newest[1]
        self._shift(state, pane, delta, crowds)
        state.gather(pane, crowds)
        self._dirty.setdefault((part, pane), {0}).add(shard_of(source))
        return delta

    def _gather(self, part: Slice, state: SliceState, pane: Pane, crowds: Crowds) -> None:
        """Take the people of a partial that is in: if its shard is durable, shard 0 may not be."""
        if crowds:
            self._shift(state, pane, {}, crowds)
            state.gather(pane, crowds)
            self._dirty.setdefault((part, pane), {0})

    def _row(self, part: Slice, state: SliceState, pane: Pane) -> PaneRow | None:
        """The row of a pane, to be changed; None if the pane is closed."""
        row = state.panes.get(pane)
        if isinstance(row, PaneRow):
            return row
        if row is not None:
            row = thawed(row)
        elif self._clock.is_open(pane) and not self._is_folded(state, pane):
            row = PaneRow({}, {}, [])
        else:
            return None
        state.panes[pane] = row
        self._hot.setdefault(pane, {})[part] = row
        return row

    def _is_folded(self, state: SliceState, pane: Pane) -> bool:
        """Whether a coarser pane holds this one, so that it is in although its row is gone."""
        child, parent = pane, self._tiers.parent(pane)
        while parent is not None:
            row = state.panes.get(parent)
            if row is not None and child in thawed(row).held:
                return True
            child, parent = parent, self._tiers.parent(parent)
        return child[1] < state.ever.until_s

    def mark(self, mark: Mark) -> None:
        """Learn how far a source has been measured, and how late its events arrive."""
        source = (mark.topic, mark.partition)
        known = self._watermarks.get(source)
        if known is not None and mark.watermark_ms >= known:
            self._watermarks[source] = mark.watermark_ms
            self._lags[source] = mark.lag_s

    def reached(self, offset: int) -> None:
        """Note that every record of the partials partition up to ``offset`` is in."""
        self._offset = max(self._offset, offset)

    def advance(self, now_ms: int) -> None:
        """Move time on to ``now_ms``; it never goes back."""
        if now_ms <= self.now_ms:
            return
        before_ms, self.now_ms = self.now_ms, now_ms
        if now_ms // STEP_MS != before_ms // STEP_MS:
            self._move_windows()
            self._rest()
        if self._rules.limits and now_ms // _TURN_MS != before_ms // _TURN_MS:
            settled = (part for part, s in self._slices.items() if any(s.levels.values()))
            self._members.turn(self._slices, settled)
        self._close()

    # -- levels ------------------------------------------------------------------------------------

    def _count_levels(self, state: SliceState, pane: Pane, sums: Sums) -> None:
        if self._rules.levels:
            steps = {key: amount for key, amount in sums.items() if self._rules.level_of(key)}
            if steps:
                state.take_steps(pane, steps)

    # -- windows -----------------------------------------------------------------------------------

    def _shift(self, state: SliceState, pane: Pane, delta: Sums, crowds: Crowds) -> None:
        self._count_levels(state, pane, delta)
        for number, view in state.views.items():
            if self._spans[number].holds(pane):
                view.enter(pane, delta, crowds, self._pricing)
            else:
                view.shown = None

    def _move_windows(self) -> None:
        now_s = self.now_ms / 1000
        for number, steps in self._spans.move(now_s):
            self._slide(number, steps)
        self._price_levels(now_s)

    def _price_levels(self, now_s: float) -> None:
        """On a new day, levels in other currencies have another worth, whether or not they move."""
        today_s = self._rules.days.start(now_s)
        if today_s == self._today_s or not self._rules.levels:
            return
        self._today_s = today_s
        for part, state in self._slices.items():
            if state.levels:
                for number, view in state.views.items():
                    view.shown = None
                    self.moved.setdefault(number, set()).add(part)

    def _slide(self, number: int, steps: Steps | None) -> None:
        """Move a view of every slice on, pane by pane where the steps are few."""
        for part, state in self._slices.items():
            if number not in state.views:
                continue
            if steps is None:
                del state.views[number]
            elif not state.slide(number, *steps, self._pricing):
                continue
            self.moved.setdefault(number, set()).add(part)

    # -- closing -----------------------------------------------------------------------------------

    def _close(self) -> None:
        """Fold the panes that no source can change any more into coarser ones; drop the oldest.

        Where members are kept must be durable before it is folded: or else, when their partials are
        read again after a crash, they might be put elsewhere.
        """
        if self._is_newly_away:
            return
        if not self._clock.reach(self._complete_until_ms()):
            return
        for width in self._tiers.widths:
            self._close_width(width)
        if self._folded_away:
            self._folded_away = {
                k: v for k, v in self._folded_away.items() if self._clock.is_open(k[1])
            }
        for part in [p for p, s in self._slices.items() if s.is_empty]:
            self._forget(part)

    def _forget(self, part: Slice) -> None:
        state = self._slices.pop(part)
        if state.ever.until_s:
            self._gone.append(EVER_PREFIX + slice_key(part))
            self._dirty_ever.pop(part, None)
        self.gone.append(part)

    def _complete_until_ms(self) -> int:
        """The time that every source has reached, as far as it is past already."""
        return min(self.now_ms, *self._watermarks.values()) if self._watermarks else 0

    def _close_width(self, width: int) -> None:
        """Close the panes of one width: those since the last time, or all that there are."""
        panes = self._clock.closable(width)
        if panes is not None and not panes:
            return
        for part, state in self._slices.items():
            found = (
                sorted(p for p in state.panes if p[0] == width and self._clock.is_closable(p))
                if panes is None
                else [pane for pane in panes if pane in state.panes]
            )
            for pane in found:
                self._close_pane(part, state, pane)

    def _close_pane(self, part: Slice, state: SliceState, pane: Pane) -> None:
        row = self._row(part, state, pane)
        if row is None:
            return
        parent = self._tiers.parent(pane)
        if parent is None:
            self._keep_levels(part, state, pane, row)
        else:
            self._fold_into(part, state, self._shared(parent), pane, row)
        self._remove(part, state, pane)

    def _remove(self, part: Slice, state: SliceState, pane: Pane) -> None:
        """Let go of a pane's row, its shards and its members."""
        live = thawed(state.panes.pop(pane)).live
        state.crowds.pop(pane, None)
        state.steps.pop(pane, None)
        self._hot.get(pane, {}).pop(part, None)
        self._dirty.pop((part, pane), None)
        self._gone += [shard_name(pane, part, n) for n in {0, *map(shard_of, live)}]
        for member in filter(None, map(member_of, live)):
            away = self._away.get(member, {})
            away.pop(pane, None)
            if not away:
                self._away.pop(member, None)

    def _keep_levels(self, part: Slice, state: SliceState, pane: Pane, row: PaneRow) -> None:
        """Keep the levels of a pane that is too old to be kept itself."""
        level_of = self._rules.level_of
        levels = {key: amount for key, amount in row.total().items() if level_of(key)}
        if levels:
            add(levels, state.ever.levels)
            state.ever = Ever(pane[1] + 1, levels, -1)
            self._dirty_ever[part] = None

    def _fold_into(
        self, part: Slice, state: SliceState, parent: Pane, pane: Pane, row: PaneRow
    ) -> None:
        into = self._row(part, state, parent)
        if into is None:
            into = PaneRow({}, {}, [])
            state.panes[parent] = into
            self._hot.setdefault(parent, {})[part] = into
        add(into.base, row.total())
        into.held.append(pane)
        state.fold_steps(pane, parent)
        state.gather(parent, state.crowds_in(pane))
        self._dirty.setdefault((part, parent), {0})

    def _rest(self) -> None:
        """Keep the rows of panes that ended a while ago as bytes: a third of the memory."""
        ended_s = self.now_ms // 1000 - REST_S
        for pane in [pane for pane in self._hot if sum(pane) <= ended_s]:
            rows = self._hot.pop(pane)
            busy = {part: row for part, row in rows.items() if (part, pane) in self._dirty}
            for part, row in rows.items():
                if part not in busy:
                    self._slices[part].rest(pane, row)
            if busy:
                self._hot[pane] = busy

    # -- reading -----------------------------------------------------------------------------------

    @property
    def slices(self) -> Iterable[Slice]:
        """The slices that have panes."""
        return self._slices.keys()

    def sums(self, part: Slice, window: int, *, before: bool = False, keep: bool = True) -> Sums:
        """A slice's view over the window of this index, or the one before; do not change it.

        Besides sums it has the number of people, levels, and what foreign money is worth. What is
        asked for once need not be kept up to date from then on.
        """
        state = self._slices.get(part)
        if state is None:
            return {}
        number = ~window if before else window
        view = state.views.get(number)
        if view is None:
            view = state.make_view(self._spans[number], self._pricing)
            if keep:
                state.views[number] = view
        if view.shown is None:
            view.shown = self._show(state, self._spans[number], view)
        return view.shown

    def unwatch(self, part: Slice, window: int, *, before: bool) -> None:
        """Keep a view up to date no more; it is made anew if it is asked for again."""
        state = self._slices.get(part)
        if state is not None:
            state.views.pop(~window if before else window, None)

    def sums_between(self, part: Slice, lo_s: int, hi_s: int) -> Sums | None:
        """What a view over a span of epoch seconds shows, as of now; do not change it.

        None where it would not be exact, because panes that reach beyond the span may hold some of
        it, or were dropped. So {} means that nothing is known to have occurred.
        """
        span = self._exact_span(lo_s, hi_s)
        state = self._slices.get(part)
        if span is None or state is None:
            return None if span is None else {}
        if state.is_cut(span, self._tiers):
            return None
        return self._show(state, span, state.make_view(span, self._pricing))

    def sums_along(self, part: Slice, edges: Sequence[int]) -> list[Whole | None]:
        """What views over the steps between edges (epoch seconds, ascending) show, as of now.

        None for a step that is finer than what is kept, or of which something was dropped.
        """
        spans = [self._exact_span(lo_s, hi_s) for lo_s, hi_s in pairwise(edges)]
        state = self._slices.get(part)
        if state is None:
            return [None if span is None else Whole({}, True) for span in spans]
        views, cut = state.views_along(edges, spans, self._tiers, self._pricing)
        return [
            None if span is None else Whole(self._show(state, span, view), number not in cut)
            for number, (span, view) in enumerate(zip(spans, views, strict=True))
        ]

    def _exact_span(self, lo_s: int, hi_s: int) -> Span | None:
        grain_s = exact_grain_s(self._tiers, lo_s, hi_s, self.complete_s)
        return None if grain_s is None else Span(lo_s, hi_s, grain_s)

    def _show(self, state: SliceState, span: Span, view: View) -> Sums:
        if not state.levels and not state.crowds:
            return view.sums
        shown = dict(view.sums)
        people = state.crowds_of(view, span)
        shown.update((name, crowd.estimate()) for name, crowd in people.items())
        for key in state.levels:
            self._show_level(shown, state, span, key)
        return shown

    def _show_level(self, shown: Sums, state: SliceState, span: Span, key: str) -> None:
        measure = self._rules.level_of(key)
        if measure is None:
            return
        edge_s = span.hi_s if measure.at == "end" else span.lo_s
        level = shown[key] = state.level_at(key, edge_s)
        name, _, currency = key.partition("@")
        if currency and currency != self._rules.currency:
            factor = self._pricing.factor(currency, min(edge_s, self.now_ms // 1000))
            apart = f"{name}{APART}{currency}"
            worth = apart if factor is None else measure.key(ANY_OTHER_CURRENCY)
            shown[worth] = shown.get(worth, 0) + level * (1 if factor is None else factor)

    @property
    def quiet_step_s(self) -> int:
        """How long nothing can change, unless something comes: the finest step of any window.

        A window that is empty, as the one before it is, has no steps any more.
        """
        newest_s = max((pane[1] for s in self._slices.values() for pane in s.panes), default=0)
        return min(self._spans.finest_grain_s(newest_s) or _LONGEST_STEP_S, _LONGEST_STEP_S)

    def born_s(self, part: Slice) -> float:
        """When the oldest pane of a slice starts, in epoch seconds; now if it has none."""
        state = self._slices.get(part)
        if state is None:
            return self.now_ms / 1000
        return min((start for _, start in state.panes), default=self.now_ms / 1000)

    @property
    def complete_s(self) -> float:
        """The time that every source has reached, as far as it is past already."""
        return self._complete_until_ms() / 1000

    def lag_s(self, topic: str) -> int:
        """The seconds after which nearly all events of a topic have arrived; 0 if not known.

        That of the partition in which they take longest.
        """
        return max((lag for (of, _), lag in self._lags.items() if of == topic), default=0)

    def heard_s(self, topics: Container[str]) -> float:
        """How far every source of some topics has been measured, and time has come (epoch s)."""
        reached = (at for (topic, _), at in self._watermarks.items() if topic in topics)
        return min(reached, default=self.now_ms) / 1000

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
        """The rows that must become durable since the last call; empty if there are none.

        What was folded is removed a flush late: as long as the time at which it was closed may not
        be durable, it says which members' partials must not be taken in again.
        """
        if self._offset == self._flushed and not self._dirty:
            return []
        self._flushed = self._offset
        rows = self._table.begin()
        for (part, pane), shards in self._dirty.items():
            rows += self._stored(part, pane, shards)
        for part in self._dirty_ever:
            ever = msgspec.structs.replace(self._slices[part].ever, version=self.version)
            rows.append(self._table.put(EVER_PREFIX + slice_key(part), encode_ever(ever)))
        for name in self._gone_before:
            self._table.remove(name)
        self._dirty, self._dirty_ever = {}, {}
        self._gone_before, self._gone = self._gone, []
        marks = [(*source, at) for source, at in self._watermarks.items()]
        lags = [(*source, lag_s) for source, lag_s in self._lags.items()]
        before, self._progress = self._progress, _Progress(self.now_ms, marks, self.version, lags)
        rows.append(self._table.replace(META_KEY, _encode_meta(_Meta(self._progress, before))))
        self._is_newly_away = False
        self._close()
        return rows

    def _stored(self, part: Slice, pane: Pane, shards: set[int]) -> list[Row]:
        state = self._slices[part]
        row = thawed(state.panes[pane])
        row.version = self.version
        return [
            self._table.put(shard_name(pane, part, shard), encode_row(piece))
            for shard, piece in stored(row, state.crowds_in(pane), shards)
        ]

    def _state(self, part: Slice) -> SliceState:
        state = self._slices.get(part)
        if state is None:
            state = self._slices[part] = SliceState(self._rules.openings.get(part, {}))
        return state
