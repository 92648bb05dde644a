"""A card: what there is to say of one thing, above the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from kpistream.cli.terminal.colours import STRONG


class Card(ModalScreen[None]):
    """Names and texts, below a title; ends with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, "dismiss", show=False) for key in ("escape", "q", "enter", "question_mark")
    ]

    def __init__(self, title: str, rows: Sequence[tuple[str, str]], closing: str) -> None:
        super().__init__()
        self._name_of_it = title
        self._rows = rows
        self._how_to_close = closing

    def compose(self) -> ComposeResult:
        """A table that scrolls if it is long."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, text in self._rows:
            table.add_row(Text(name, STRONG), Text(text))
        with VerticalScroll(id="card") as card:
            card.border_title = Text(self._name_of_it)
            card.border_subtitle = Text(self._how_to_close)
            yield Static(table, markup=False)
