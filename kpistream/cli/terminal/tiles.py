"""Tiles: the KPIs of a board in a grid that suits the width; one of them is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message

from kpistream.cli.terminal.drawing import Drawing
from kpistream.cli.terminal.frame import Tile
from kpistream.cli.terminal.tile import tile_text
from kpistream.cli.terminal.voice import Voice

LEAST_WIDTH: Final = 20
"""How wide a tile is at least, its margins included."""

USUAL_WIDTH: Final = 26
"""How wide a tile is at least where there is room."""

ROOMY: Final = 120


class TileView(Drawing, can_focus=True):
    """A tile on the screen."""

    class Chosen(Message):
        """Somebody wants to know more of a KPI."""

        def __init__(self, kpi: str) -> None:
            super().__init__()
            self.kpi = kpi

    def __init__(self, kpi: str) -> None:
        super().__init__()
        self.kpi = kpi

    def on_focus(self) -> None:
        self.post_message(self.Chosen(self.kpi))


class Tiles(Container):
    """The grid of tiles."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "go(-1, 0)", show=False),
        Binding("right", "go(1, 0)", show=False),
        Binding("up", "go(0, -1)", show=False),
        Binding("down", "go(0, 1)", show=False),
        Binding("enter", "app.details", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = 1
        self._views: list[TileView] = []

    @property
    def kpis(self) -> list[str]:
        """The KPIs that have a tile, in order."""
        return [view.kpi for view in self._views]

    async def show(self, voice: Voice, tiles: Sequence[Tile], chosen: str | None) -> None:
        """Show these tiles; the views are new only if the KPIs are others."""
        if [tile.kpi for tile in tiles] != self.kpis:
            await self.remove_children()
            if not self.is_running:
                return
            self._views = [TileView(tile.kpi) for tile in tiles]
            self._arrange()
            await self.mount_all(self._views)
        for view, tile in zip(self._views, tiles, strict=True):
            view.set_class(view.kpi == chosen, "chosen")
            view.show(lambda width, tile=tile: tile_text(voice, tile, width))  # type: ignore[misc]

    def take_focus(self, kpi: str | None) -> None:
        """Focus the tile of a KPI, or else the first."""
        for view in [view for view in self._views if view.kpi == kpi] or self._views[:1]:
            view.focus()

    def action_go(self, right: int, down: int) -> None:
        """Focus the neighbour of the focused tile."""
        places = [place for place, view in enumerate(self._views) if view.has_focus]
        for place in places:
            there = place + right + down * self._columns
            if 0 <= there < len(self._views):
                self._views[there].focus()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """As many columns as there is room for, in as few and as full rows as can be."""
        if self._views:
            width = self.app.size.width
            most = max(1, width // (USUAL_WIDTH if width >= ROOMY else LEAST_WIDTH))
            rows = ceil(len(self._views) / most)
            self._columns = ceil(len(self._views) / rows)
            self.styles.grid_size_columns = self._columns
