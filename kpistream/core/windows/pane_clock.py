"""The pane clock: which panes no source can change any more, as time goes on."""

from __future__ import annotations

from typing import Final

from kpistream.core.windows.panes import Pane, Tiers

STEP_MS: Final = 10_000
"""Windows move and panes close at multiples of this alone."""

MOST_STEPS: Final = 500
"""Who has to look at more panes of a width than this had better look at those that there are."""


class PaneClock:
    """The time up to which panes are complete, and where the oldest open pane of a width starts."""

    def __init__(self, tiers: Tiers) -> None:
        self.closed_ms = 0
        """The time that every source has reached, when panes were closed last."""
        self._tiers = tiers
        self._starts: dict[int, int] = {}

    def is_open(self, pane: Pane) -> bool:
        """Whether a source may still change this pane."""
        if not self._tiers.has_width(pane[0]):
            return False
        return self._tiers.closes_at_s(pane) * 1000 >= self.closed_ms

    def reach(self, closed_ms: int) -> bool:
        """Move on; whether panes can have become complete since."""
        if closed_ms // STEP_MS == self.closed_ms // STEP_MS:
            return False
        self.closed_ms = closed_ms
        return True

    def closable(self, width: int) -> list[Pane] | None:
        """The panes to be closed since the last call; None if there may be older ones, or many."""
        start, first_open = self._starts.get(width), self._first_open(width)
        self._starts[width] = first_open
        if start is None or first_open - start > width * MOST_STEPS:
            return None
        panes = []
        while start < first_open:
            panes.append((width, start))
            start = self._tiers.end_of((width, start))
        return panes

    def is_closable(self, pane: Pane) -> bool:
        """Whether a pane is to be closed: it and all others of its width in the same parent."""
        return self._tiers.last_child_closes_at_s(pane) * 1000 < self.closed_ms

    def _first_open(self, width: int) -> int:
        """Where the oldest open pane of a width starts: not far from where it did."""
        start = self._starts.get(width)
        if start is None:
            return self._search_first_open(width)
        for _ in range(MOST_STEPS):
            if not self.is_closable((width, start)):
                return start
            start = self._tiers.end_of((width, start))
        return self._search_first_open(width)

    def _search_first_open(self, width: int) -> int:
        start = self._tiers.start_of(width, self.closed_ms / 1000)
        while not self.is_closable((width, start)):
            start = self._tiers.start_of(width, start - 1)
        return self._tiers.end_of((width, start))

    def between(self, lo_s: int, hi_s: int, grain_s: int) -> list[Pane] | None:
        """The panes no wider than a grain that start in a span, closed ones left out.

        None if there are very many.
        """
        panes: list[Pane] = []
        for width in self._tiers.widths if lo_s < hi_s else ():
            if width > grain_s:
                break
            start = max(self._tiers.start_of(width, lo_s), self._starts.get(width, lo_s))
            if start < lo_s:
                start = self._tiers.end_of((width, start))
            if hi_s - start > width * MOST_STEPS:
                return None
            while start < hi_s:
                panes.append((width, start))
                start = self._tiers.end_of((width, start))
        return panes
