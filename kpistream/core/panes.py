"""Panes and tiers: the spans of time that sums are kept for.

A pane is ``(width_s, start_s)``: the half-open span of event time from ``start_s`` for ``width_s``
seconds, aligned to its width. A tier is one width together with its reach: the ages at arrival that
it takes. An event's pane follows from the event's record alone, so a replay finds the same pane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Pane = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tier:
    """Panes of one width, for events whose age at arrival is below ``reach_s`` seconds."""

    width_s: int
    reach_s: int


ALL_TIERS: Final = (
    Tier(10, 15 * 60),
    Tier(60, 3 * 3600),
    Tier(15 * 60, 3 * 86_400),
    Tier(2 * 3600, 21 * 86_400),
    Tier(6 * 3600, 90 * 86_400),
)


class Tiers:
    """The tiers in use, finest first; each width divides the next."""

    def __init__(self, tiers: Sequence[Tier]) -> None:
        """Raise ValueError unless widths and reaches grow and each width divides the next."""
        if not tiers:
            raise ValueError("at least one tier is needed")
        for fine, coarse in pairwise(tiers):
            if coarse.width_s % fine.width_s or coarse.reach_s <= fine.reach_s:
                raise ValueError(f"tier {coarse} does not extend tier {fine}")
        self.tiers = tuple(tiers)
        self._by_width = {tier.width_s: tier for tier in tiers}
        self._coarser = {fine.width_s: coarse.width_s for fine, coarse in pairwise(tiers)}

    @property
    def finest(self) -> Tier:
        """The tier that live events fall into."""
        return self.tiers[0]

    @property
    def reach_s(self) -> int:
        """The age at arrival, in seconds, from which an event is too old for any pane."""
        return self.tiers[-1].reach_s

    def has_width(self, width_s: int) -> bool:
        """Whether a tier has panes of this width."""
        return width_s in self._by_width

    def pane(self, occurred_s: float, age_s: float) -> Pane | None:
        """The pane of an event that was ``age_s`` old at arrival; None if it is too old."""
        for tier in self.tiers:
            if age_s < tier.reach_s:
                return tier.width_s, int(occurred_s // tier.width_s) * tier.width_s
        return None

    def closes_at_s(self, pane: Pane) -> int:
        """The arrival time from which no event can fall into this pane any more."""
        width, start = pane
        return start + width + self._by_width[width].reach_s

    def parent(self, pane: Pane) -> Pane | None:
        """The pane of the next coarser tier that covers this one; None for the coarsest."""
        width, start = pane
        coarser = self._coarser.get(width)
        return None if coarser is None else (coarser, start // coarser * coarser)
