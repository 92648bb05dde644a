"""What a merger holds, for tests that its state does not grow with time."""

from __future__ import annotations

from kpistream.core.merging.merge import Merger


def panes_held(merger: Merger) -> int:
    """How many rows, one a slice and pane, are held."""
    return sum(len(state.panes) for state in merger._slices.values())
