"""Windows: the spans of time a KPI is read for, as sums of panes.

A rolling window of length ``L`` read at time ``t`` holds the events that occurred since
``floor(t - L, grain)``: at least the last ``L`` seconds and less than one grain more. The window
before it is the ``L`` seconds before that start. The grain is the width of the coarsest pane the
window is made of; finer panes lie wholly inside or outside, so the sum is exact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kpistream.core.panes import ALL_TIERS, Pane, Tier, Tiers

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window: its name (``5m``), its length and its grain, in seconds."""

    name: str
    length_s: int
    grain_s: int

    def start_s(self, now_s: float) -> int:
        """The start of the window at ``now_s``, aligned to the grain."""
        return int((now_s - self.length_s) // self.grain_s) * self.grain_s

    def holds(self, pane: Pane, start_s: int) -> bool:
        """Whether a pane belongs to the window that starts at ``start_s``."""
        return pane[0] <= self.grain_s and pane[1] >= start_s

    def held_before(self, pane: Pane, start_s: int) -> bool:
        """Whether a pane belongs to the window before the one that starts at ``start_s``."""
        return pane[0] <= self.grain_s and start_s - self.length_s <= pane[1] < start_s


def parse_length(name: str) -> int:
    """The seconds in a length such as ``30s``, ``5m``, ``24h`` or ``7d``; ValueError otherwise."""
    match = re.fullmatch(r"([1-9]\d{0,5})([smhd])", name)
    if match is None:
        raise ValueError(f"{name!r} is not a length such as 30s, 5m, 24h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def parse_window(name: str, tiers: Sequence[Tier] = ALL_TIERS) -> Window:
    """The rolling window with this name, on the finest tier that reaches twice its length."""
    length = parse_length(name)
    for tier in tiers:
        if length % tier.width_s == 0 and tier.reach_s >= 2 * (length + tier.width_s):
            return Window(name, length, tier.width_s)
    raise ValueError(
        f"window {name!r} does not fit: use a multiple of {tiers[0].width_s}s, at most "
        f"{(tiers[-1].reach_s // 2 - tiers[-1].width_s) // 86_400}d"
    )


def tiers_for(windows: Sequence[Window]) -> Tiers:
    """The tiers that these windows need, up to the coarsest grain among them."""
    coarsest = max(window.grain_s for window in windows)
    return Tiers([tier for tier in ALL_TIERS if tier.width_s <= coarsest])
