"""What is known of one slice: its panes, the views over them, and its levels since ever."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from kpistream.core.measuring.partials import Crowds, Sums, add
from kpistream.core.measuring.sketch import EXACT_LIMIT, Sketch
from kpistream.core.merging.pane_rows import PaneRow, StoredRow, encode_row, thawed
from kpistream.core.merging.pricing import Pricing
from kpistream.core.windows.panes import Pane, Tiers, longest
from kpistream.core.windows.spans import Span

WINDOW_EXACT: Final = 16_384
"""So many people are counted exactly over a window, as long as each of its panes is exact."""

EVER_PREFIX: Final = b"e"


class View:
    """The sums of a slice over a span, kept up to date; what is None is made when asked for."""

    __slots__ = ("crowds", "shown", "sums")

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        self.crowds: dict[str, Sketch] | None = None
        self.shown: Sums | None = None
        """The sums with people, levels and foreign money, as KPIs are evaluated on them."""

    def enter(self, pane: Pane, sums: Sums, crowds: Crowds, pricing: Pricing) -> None:
        """Add what is new in a pane of the span."""
        self.shown = None
        pricing.enter(self.sums, sums, pane[1])
        if self.crowds is not None:
            _gather(self.crowds, crowds, WINDOW_EXACT)


class Ever(msgspec.Struct, array_like=True, frozen=True):
    """The levels that the oldest panes left behind: those that started before ``until_s``."""

    until_s: int
    levels: Sums
    version: int


_encode_crowds = msgspec.msgpack.Encoder().encode
_decode_crowds = msgspec.msgpack.Decoder(Crowds).decode
encode_ever = msgspec.json.Encoder().encode
decode_ever = msgspec.json.Decoder(Ever).decode


class SliceState:
    """A slice's panes by width and start, and the views over them by number."""

    __slots__ = ("crowds", "ever", "levels", "panes", "steps", "views")

    def __init__(self, opening: Sums) -> None:
        """Start with what levels were before the first event."""
        self.panes: dict[Pane, PaneRow | bytes] = {}
        """Rows that rest are kept as bytes."""
        self.crowds: dict[Pane, dict[str, Sketch] | bytes] = {}
        """The people of panes; of those that rest as bytes."""
        self.views: dict[int, View] = {}
        self.levels = dict(opening)
        """What level measures have come to by now, panes and the time before them included."""
        self.steps: dict[Pane, Sums] = {}
        """What levels changed by, in the panes in which they did."""
        self.ever = Ever(0, {}, -1)

    def total(self, pane: Pane) -> Sums:
        """The sums of a pane."""
        return thawed(self.panes[pane]).total()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left: no pane, and no level that has not come back to 0."""
        return not self.panes and not any(self.levels.values())

    def take_up(self, pane: Pane, row: StoredRow) -> None:
        """Take up a pane that was made durable, at rest."""
        self.panes[pane] = encode_row(row.row())
        if row.crowds:
            self.crowds[pane] = _encode_crowds(row.crowds)

    def rest(self, pane: Pane, row: PaneRow) -> None:
        """Keep a pane as bytes from now on, as long as nobody changes it."""
        self.panes[pane] = encode_row(row)
        if pane in self.crowds:
            self.crowds[pane] = _encode_crowds(self.crowds_in(pane))

    def gather(self, pane: Pane, crowds: Crowds) -> None:
        """Add people to those of a pane."""
        if not crowds:
            return
        held = self.crowds.get(pane)
        if not isinstance(held, dict):
            held = self.crowds[pane] = {n: Sketch(c) for n, c in self.crowds_in(pane).items()}
        _gather(held, crowds)

    def crowds_in(self, pane: Pane) -> Crowds:
        """The people of a pane, as they are made durable."""
        held = self.crowds.get(pane)
        if held is None:
            return {}
        if isinstance(held, bytes):
            return _decode_crowds(held)
        return {name: crowd.to_bytes() for name, crowd in held.items()}

    def make_view(self, span: Span, pricing: Pricing) -> View:
        """Add up the panes of a span."""
        view = View({})
        for pane in self.panes:
            if span.holds(pane):
                pricing.enter(view.sums, self.total(pane), pane[1])
        return view

    def views_along(
        self, edges: Sequence[int], spans: Sequence[Span | None], tiers: Tiers, pricing: Pricing
    ) -> tuple[list[View], set[int]]:
        """Add up the panes of consecutive spans between edges, in one pass over the panes.

        Also, the numbers of the spans in which a pane that is too wide for them lies partly.
        """
        views = [View({}) for _ in spans]
        crowds: list[dict[str, Sketch]] = [{} for _ in spans]
        cut: set[int] = set()
        for pane in self.panes:
            number = bisect_right(edges, pane[1]) - 1
            span = spans[number] if 0 <= number < len(spans) else None
            if span is not None and span.holds(pane):
                pricing.enter(views[number].sums, self.total(pane), pane[1])
                _gather(crowds[number], self.crowds_in(pane), WINDOW_EXACT)
            else:
                cut.update(_crossed(pane, edges, tiers))
        for view, people in zip(views, crowds, strict=True):
            view.crowds = people
        return views, cut

    def is_cut(self, span: Span, tiers: Tiers) -> bool:
        """Whether a pane that is too wide for the span lies partly in it."""
        lo, hi, grain = span
        wide = [p for p in self.panes if p[0] > grain and p[1] < hi and p[1] + longest(p[0]) > lo]
        return any(tiers.end_of(pane) > lo for pane in wide)

    def slide(
        self, number: int, leaving: Iterable[Pane], entering: Iterable[Pane], pricing: Pricing
    ) -> bool:
        """Move a view on; whether it may show something else now.

        One from which a sum vanishes is made anew when it is asked for.
        """
        left = [pane for pane in leaving if pane in self.panes]
        entered = [pane for pane in entering if pane in self.panes]
        if not left and not entered and not self.levels:
            return False
        view = self.views[number]
        view.shown = view.crowds = None
        for pane in entered:
            pricing.enter(view.sums, self.total(pane), pane[1])
        vanished = [pricing.leave(view.sums, self.total(pane), pane[1]) for pane in left]
        if any(vanished):
            del self.views[number]
        return True

    def crowds_of(self, view: View, span: Span) -> dict[str, Sketch]:
        """The people in a view."""
        if view.crowds is None:
            view.crowds = {}
            for pane in self.crowds:
                if span.holds(pane):
                    _gather(view.crowds, self.crowds_in(pane), WINDOW_EXACT)
        return view.crowds

    def take_steps(self, pane: Pane, steps: Sums) -> None:
        """Let levels change in a pane."""
        add(self.levels, steps)
        add(self.steps.setdefault(pane, {}), steps)

    def fold_steps(self, pane: Pane, into: Pane) -> None:
        """Move what levels changed by in a pane to a coarser one."""
        steps = self.steps.pop(pane, None)
        if steps:
            add(self.steps.setdefault(into, {}), steps)

    def level_at(self, key: str, at_s: int) -> int:
        """A level at a moment: without what it changed by in panes that start then or later."""
        return self.levels[key] - sum(
            steps.get(key, 0) for pane, steps in self.steps.items() if pane[1] >= at_s
        )


def exact_grain_s(tiers: Tiers, lo_s: int, hi_s: int, reached_s: float) -> int | None:
    """The width of the widest panes that end at both edges of a span, as the grain for it.

    None if wider ones may hold some of what occurred in it and arrived until ``reached_s``, or if
    panes of it may have been dropped: then what finer panes are left says too little.
    """
    fitting = [
        tier
        for tier in tiers.tiers
        if all(tiers.start_of(tier.width_s, edge) == edge for edge in (lo_s, hi_s))
    ]
    if not fitting:
        return None
    wider = tiers.parent((fitting[-1].width_s, lo_s))
    oldest_s = lo_s if wider is None else wider[1]
    return fitting[-1].width_s if oldest_s > reached_s - fitting[-1].reach_s else None


def _crossed(pane: Pane, edges: Sequence[int], tiers: Tiers) -> range:
    """The numbers of the spans between edges that a pane is a part of, or has a part in."""
    first = max(0, bisect_right(edges, pane[1]) - 1)
    last = min(len(edges) - 1, bisect_left(edges, tiers.end_of(pane)))
    return range(first, last)


def _gather(into: dict[str, Sketch], crowds: Crowds, exact: int = EXACT_LIMIT) -> None:
    for name, crowd in crowds.items():
        held = into.get(name)
        if held is None:
            held = into[name] = Sketch(exact=exact)
        held.merge(crowd)
