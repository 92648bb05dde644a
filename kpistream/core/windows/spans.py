"""Spans: which panes the windows hold, and how that changes as time goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kpistream.core.windows.pane_clock import PaneClock
from kpistream.core.windows.panes import Pane
from kpistream.core.windows.windows import Window


class Span(NamedTuple):
    """Which panes a view holds: those that start in ``[lo_s, hi_s)``, no wider than the grain."""

    lo_s: int
    hi_s: int
    grain_s: int

    def holds(self, pane: Pane) -> bool:
        """Whether a pane is in it."""
        return pane[0] <= self.grain_s and self.lo_s <= pane[1] < self.hi_s


Steps = tuple[list[Pane], list[Pane]]
"""The panes that leave a span, and those that enter it."""


class Spans:
    """The spans of windows by index, and of the windows before them by its complement."""

    def __init__(self, windows: Sequence[Window], clock: PaneClock) -> None:
        self._windows = tuple(windows)
        self._clock = clock
        self._spans: dict[int, Span] = {}

    def __getitem__(self, number: int) -> Span:
        """The span of a window, or of the one before it."""
        return self._spans[number]

    def move(self, now_s: float) -> Iterator[tuple[int, Steps | None]]:
        """Move on; the number of each span that changed, with what is better done in steps.

        None where views had better be made anew.
        """
        for index, window in enumerate(self._windows):
            current = Span(*window.bounds(now_s), window.grain_s)
            before = Span(*window.bounds_before(now_s), window.grain_s)
            for number, span in ((index, current), (~index, before)):
                old = self._spans.get(number)
                if span != old:
                    self._spans[number] = span
                    yield number, None if old is None else self._steps(old, span)

    def finest_grain_s(self, newest_s: int) -> int | None:
        """The finest grain of those that have not ended before the newest pane starts."""
        grains = [span.grain_s for span in self._spans.values() if newest_s >= span.lo_s]
        return min(grains, default=None)

    def _steps(self, old: Span, new: Span) -> Steps | None:
        if new.lo_s < old.lo_s or new.hi_s < old.hi_s or new.lo_s >= old.hi_s:
            return None
        leaving = self._clock.between(old.lo_s, new.lo_s, new.grain_s)
        entering = self._clock.between(old.hi_s, new.hi_s, new.grain_s)
        return None if leaving is None or entering is None else (leaving, entering)
