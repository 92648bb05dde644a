"""The grid: where the panels of a dashboard lie, and what numbers they have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import GridPos

from kpistream.edges.grafana.parts import AnyPanel

WIDTH: Final = 24
"""The columns of Grafana's grid."""


class Grid:
    """Places rows of panels one below the other, and numbers the panels in that order."""

    def __init__(self, board: dashboard.Dashboard) -> None:
        """Start at the top of ``board``."""
        self._board = board
        self._ids = count(1)
        self._top = 0

    def row(
        self, title: str | None, panels: Sequence[AnyPanel], *, columns: int, height: int
    ) -> None:
        """Add a row with panels of equal size, ``columns`` side by side; nothing for none."""
        lines = [panels[at : at + columns] for at in range(0, len(panels), columns)]
        for number, line in enumerate(lines):
            self.line(None if number else title, line, [WIDTH // columns] * len(line), height)

    def line(
        self, title: str | None, panels: Sequence[AnyPanel], widths: Sequence[int], height: int
    ) -> None:
        """Add panels of these widths side by side, below a title or what is there."""
        if title is not None:
            heading = dashboard.Row(title).id(next(self._ids))
            self._board.with_row(heading.grid_pos(GridPos(h=1, w=WIDTH, x=0, y=self._top)))
            self._top += 1
        left = 0
        for panel, width in zip(panels, widths, strict=True):
            place = GridPos(h=height, w=width, x=left, y=self._top)
            self._board.with_panel(panel.id(next(self._ids)).grid_pos(place))
            left += width
        self._top += height
