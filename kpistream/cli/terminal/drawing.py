"""A drawing: text that is made anew for each width."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import RenderableType
from textual.widgets import Static


class Drawing(Static):
    """Shows what a function draws for the width that there is."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._draw: Callable[[int], RenderableType] | None = None

    def show(self, draw: Callable[[int], RenderableType] | None) -> None:
        """Draw this from now on; take no room if there is nothing to draw."""
        self._draw = draw
        self.display = draw is not None
        self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        if self._draw and self.content_size.width:
            self.update(self._draw(self.content_size.width))
