"""Panes and tiers: the spans of time that sums are kept for.

A pane is ``(width_s, start_s)``: the half-open span of event time from ``start_s``, ``width_s``
seconds long. A tier is one width together with its reach: the ages at arrival that it takes. An
event's pane follows from the event's record alone, so a replay finds the same pane.

Panes of up to a quarter of an hour are aligned to the epoch. Wider ones are pieces of a local day,
counted from its start; the last piece of a day that is no multiple of the width is shorter, and a
pane of 24 hours is a whole day, however long. So no pane holds a local midnight, and each pane lies
wholly in one of the next tier.

A slice with events of all ages holds at most 923 panes when every window is on: 97 of 10 s, 131 of
1 min, 208 of 15 min, 158 of 2 h, 201 of 6 h and 128 of a day. Without windows beyond a week it is
594, without those beyond 24 hours 436. A long objective needs more days, one pane each: up to 738.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from kpistream.core.windows.days import QUARTER_S, Days

Pane = tuple[int, int]

DAY_S: Final = 86_400
"""The nominal width of a pane that is one local day."""

LONGEST_DAY_S: Final = 27 * 3600
"""The longest day of any zone since 1995: Casey, in Antarctica, turns its clocks back by three."""

_CACHE_LIMIT: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Tier:
    """Panes of one width, for events whose age at arrival is below ``reach_s`` seconds."""

    width_s: int
    reach_s: int


ALL_TIERS: Final = (
    Tier(10, 15 * 60),
    Tier(60, 130 * 60),
    Tier(15 * 60, 52 * 3600),
    Tier(2 * 3600, 15 * DAY_S),
    Tier(6 * 3600, 64 * DAY_S),
    Tier(DAY_S, 190 * DAY_S),
)


def start_of(days: Days, width_s: int, at_s: float) -> int:
    """The start of the pane of this width that an instant lies in."""
    if width_s <= QUARTER_S:
        return int(at_s // width_s) * width_s
    midnight = days.start(at_s)
    if width_s == DAY_S:
        return midnight
    return midnight + int((at_s - midnight) // width_s) * width_s


def longest(width_s: int) -> int:
    """The most seconds that a pane of this width may span."""
    return LONGEST_DAY_S if width_s == DAY_S else width_s


class Tiers:
    """The tiers in use, finest first; the panes of each are parts of those of the next."""

    def __init__(self, tiers: Sequence[Tier], days: Days | None = None) -> None:
        """Raise ValueError unless widths and reaches grow and panes are parts of the next tier's.

        ``days`` are those that wide panes are pieces of; UTC's by default.
        """
        if not tiers:
            raise ValueError("at least one tier is needed")
        for tier in tiers:
            if QUARTER_S % tier.width_s and (tier.width_s % QUARTER_S or DAY_S % tier.width_s):
                raise ValueError(
                    f"{tier}: its width must divide 900 s, or a day into quarter hours"
                )
        for fine, coarse in pairwise(tiers):
            if coarse.width_s % fine.width_s or coarse.reach_s <= fine.reach_s:
                raise ValueError(f"tier {coarse} does not extend tier {fine}")
        self.tiers = tuple(tiers)
        self.days = Days() if days is None else days
        self._by_width = {tier.width_s: tier for tier in tiers}
        self._coarser = {fine.width_s: coarse.width_s for fine, coarse in pairwise(tiers)}
        self._last_child_closes: dict[Pane, int] = {}

    @property
    def finest(self) -> Tier:
        """The tier that live events fall into."""
        return self.tiers[0]

    @property
    def reach_s(self) -> int:
        """The age at arrival, in seconds, from which an event is too old for any pane."""
        return self.tiers[-1].reach_s

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of the panes, in seconds, finest first."""
        return tuple(self._by_width)

    def has_width(self, width_s: int) -> bool:
        """Whether a tier has panes of this width."""
        return width_s in self._by_width

    def start_of(self, width_s: int, at_s: float) -> int:
        """The start of the pane of this width that an instant lies in."""
        return start_of(self.days, width_s, at_s)

    def end_of(self, pane: Pane) -> int:
        """Where the pane ends: after its width, or earlier or later with its local day."""
        width, start = pane
        if width <= QUARTER_S:
            return start + width
        midnight = self.days.after(self.days.start(start))
        return midnight if width == DAY_S else min(start + width, midnight)

    def pane(self, occurred_s: float, age_s: float) -> Pane | None:
        """The pane of an event that was ``age_s`` old at arrival; None if it is too old."""
        for tier in self.tiers:
            if age_s < tier.reach_s:
                return tier.width_s, self.start_of(tier.width_s, occurred_s)
        return None

    def closes_at_s(self, pane: Pane) -> int:
        """The arrival time from which no event can fall into this pane any more."""
        return self.end_of(pane) + self._by_width[pane[0]].reach_s

    def parent(self, pane: Pane) -> Pane | None:
        """The pane of the next coarser tier that covers this one; None for the coarsest."""
        width, start = pane
        coarser = self._coarser.get(width)
        return None if coarser is None else (coarser, self.start_of(coarser, start))

    def last_child_closes_at_s(self, pane: Pane) -> int:
        """When the last pane of this width inside this one's parent closes.

        Then the parent can take them all up at once. The coarsest panes have no parent: their own
        closing time.
        """
        found = self._last_child_closes.get(pane)
        if found is None:
            if len(self._last_child_closes) >= _CACHE_LIMIT:
                self._last_child_closes.clear()
            end = self.end_of(self.parent(pane) or pane)
            found = self._last_child_closes[pane] = end + self._by_width[pane[0]].reach_s
        return found

    # -- periods -----------------------------------------------------------------------------------

    def spread(
        self, start_s: float, end_s: float, arrived_s: float
    ) -> list[tuple[Pane, int]] | None:
        """The panes that the period [start, end) covers, each with the milliseconds in it.

        Each instant of the period goes where an event of that instant would, by its own age at
        arrival: so where tiers meet, a wide pane gets the part of it that is older, and the finer
        panes the rest. The milliseconds add up to the whole; a period below one counts as one.
        None if an event of the start would be too old for any pane.
        """
        start_ms, arrived_ms = round(start_s * 1000), round(arrived_s * 1000)
        end_ms = max(round(end_s * 1000), start_ms + 1)
        if arrived_ms - start_ms >= self.reach_s * 1000:
            return None
        parts: list[tuple[Pane, int]] = []
        for tier in reversed(self.tiers):
            finer_from_ms = self._finer_from_ms(tier, arrived_ms, end_ms)
            parts += self._cut(tier.width_s, start_ms, min(end_ms, finer_from_ms))
            start_ms = max(start_ms, finer_from_ms)
        return parts

    def _finer_from_ms(self, tier: Tier, arrived_ms: int, end_ms: int) -> int:
        """Where the ages begin that finer tiers take; for the finest, the end."""
        at = self.tiers.index(tier)
        return arrived_ms - self.tiers[at - 1].reach_s * 1000 if at else end_ms

    def _cut(self, width_s: int, start_ms: int, end_ms: int) -> Iterator[tuple[Pane, int]]:
        while start_ms < end_ms:
            pane = (width_s, self.start_of(width_s, start_ms // 1000))
            until_ms = min(end_ms, self.end_of(pane) * 1000)
            yield pane, until_ms - start_ms
            start_ms = until_ms
